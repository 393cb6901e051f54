"""What is measured after a training, against finite differences and predictions made by hand."""

import dataclasses

import numpy as np
import pytest
import sklearn.metrics as sk

import talweg as tw
from talweg.data.reading.read import read_table
from talweg.descent.stopping import Epochs, Flat, NonFinite, Reached
from talweg.objective.metrics import METRICS
from talweg.run.build import build
from talweg.run.evidence import rule_data
from talweg.run.scoring import predictions, score
from talweg.run.train import member_outputs


def test_rules_are_told_as_they_were_joined():
    rule = NonFinite() | (Flat(patience=3) & Reached("accuracy", 0.9) & Reached("macro_f1", 0.8)) | Epochs(7)
    told = rule_data(rule)["any"]
    assert [next(iter(part)) for part in told] == ["kind", "all", "kind"]
    assert [part["kind"] for part in told[1]["all"]] == ["flat", "reached", "reached"]
    assert told[1]["all"][0] == {
        "kind": "flat",
        "monitor": "train_loss",
        "tolerance": 1e-4,
        "patience": 3,
        "relative": True,
    }
    assert told[2] == {"kind": "max_epochs", "limit": 7}


def test_every_measure_says_which_way_is_up(run):
    for name, told in run.evidence["metrics"].items():
        assert told["greater_is_better"] == METRICS[name].greater_is_better


def test_the_gradient_norm_agrees_with_finite_differences(runs):
    run = runs["iris"]
    job = build(run.settings).job
    told = run.evidence["gradient"]
    assert told["rows"] == len(job.training)
    leaves = [(layer, name) for layer, its in run.params.items() for name in its]

    def loss(params):
        outputs = member_outputs(job.network, params, 0, job.training)
        return score(job.network.row_loss, predictions(job.network, outputs), job.training.y, np.ones(1))["loss"]

    squares = 0.0
    for layer, name in leaves:
        for place in np.ndindex(run.params[layer][name].shape[1:]):
            moved = []
            for step in (-1e-2, 1e-2):
                params = {its: {leaf: np.array(value) for leaf, value in of.items()} for its, of in run.params.items()}
                params[layer][name][(0, *place)] += step
                moved.append(loss(params))
            squares += ((moved[1] - moved[0]) / 2e-2) ** 2
    assert told["end"]["norm"][0] == pytest.approx(np.sqrt(squares), rel=0.02)
    assert told["start"]["norm"][0] > told["end"]["norm"][0]


def test_a_full_batch_misses_nothing(tmp_path):
    run = tw.train("iris", members=1, hidden=(), max_epochs=1, batch_size="full", out=tmp_path / "run")
    assert run.evidence["gradient"]["end"]["batch_error"] is None


def test_importance_is_what_shuffling_a_column_costs(runs):
    """The column that the others do without costs nothing; the sum of the shuffled losses is recomputed."""
    run = runs["iris"]
    told = run.evidence["importance"]
    names = [column["name"] for column in told["columns"]]
    assert names == [encoder.name for encoder in run.preparation.encoders]
    table = read_table("iris").take(np.flatnonzero(run.folder.split() == 1))
    y = run.preparation.targets(table)
    before = sk.log_loss(y, run.predict(table).probabilities)
    assert told["loss"] == pytest.approx(before, rel=1e-5)
    costs = dict.fromkeys(names, 0.0)
    for name in names:
        for seed in range(10):
            mixed = table.columns[name].take(np.random.default_rng(seed).permutation(table.rows))
            columns = {**table.columns, name: mixed}
            costs[name] += (
                sk.log_loss(y, run.predict(dataclasses.replace(table, columns=columns)).probabilities) - before
            )
    rises = [column["rise"] for column in told["columns"]]
    assert np.argmax(rises) == np.argmax(list(costs.values()))


def test_nothing_is_measured_without_a_folder():
    run = tw.train("iris", members=1, hidden=(), max_epochs=1)
    assert run.evidence["gradient"] is None
    assert run.evidence["rules"]["any"][-1] == {"kind": "max_epochs", "limit": 1}
    assert set(run.evaluation) == {"validation", "test"}


def test_predictions_are_kept_as_they_are(run):
    told = run.evaluation["test"]
    table = read_table(run.settings.source).take(np.flatnonzero(run.folder.split() == 2))
    predicted = run.predict(table)
    if predicted.probabilities is None:
        np.testing.assert_allclose(told.ensemble, predicted.values, rtol=1e-5)
        assert run.summary["ensemble"]["test"]["rmse"] == pytest.approx(
            sk.root_mean_squared_error(told.target, told.ensemble), rel=1e-5
        )
        return
    np.testing.assert_allclose(told.ensemble, predicted.probabilities, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(told.confusion, sk.confusion_matrix(told.target, told.ensemble.argmax(1)))
    accuracies = [entry["test"]["accuracy"] for entry in run.summary["members"]]
    np.testing.assert_allclose((told.members == told.target).mean(1), accuracies)

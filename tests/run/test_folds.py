"""Folds as members, and class weights: against trainings of their own and scikit-learn."""

import dataclasses

import jax
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss
from sklearn.utils.class_weight import compute_class_weight

import talweg as tw
from talweg.config.settings import make_settings
from talweg.data.feed import dealt_order
from talweg.errors import ConfigError
from talweg.run.build import build
from talweg.run.job import Rows
from talweg.run.scoring import predictions, score_members
from talweg.run.train import member_outputs, train

QUICK = {"hidden": (4,), "max_epochs": 4, "learning_rate": 0.01}


def build_of(source, **settings):
    return build(make_settings({"source": source, **QUICK, **settings}))


def curves_of(job):
    told = []
    trained = train(job, lambda progress: told.append(progress.curves))
    return trained, told


@pytest.fixture(scope="module")
def folded():
    job = build_of("iris", folds=4, members=8, batch_size="full").job
    return job, *curves_of(job)


@pytest.mark.parametrize("member", [0, 3, 5])
def test_a_member_of_a_fold_is_a_training_of_its_own(folded, member):
    job, trained, told = folded
    seen, held = job.folds.trained_on(member), job.folds.held_out(member)
    assert sorted([*seen, *held]) == list(range(len(job.training)))
    alone = dataclasses.replace(
        job,
        folds=None,
        training=Rows(job.training.x[seen], job.training.y[seen]),
        validation=Rows(job.training.x[held], job.training.y[held]),
    )
    theirs, curves = curves_of(alone)
    for mine, other in zip(told, curves, strict=True):
        for name in other:
            # In full batches the order of the rows shows in rounding alone.
            np.testing.assert_allclose(mine[name][member], other[name][member], rtol=2e-5)
    mine, other = (jax.tree.leaves(jax.tree.map(lambda leaf: leaf[member], t.params)) for t in (trained, theirs))
    for one, two in zip(mine, other, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)


def test_the_ensemble_says_of_a_row_what_those_say_that_never_saw_it(folded):
    job, trained, _ = folded
    each = [predictions(job.network, member_outputs(job.network, trained.params, m, job.training)) for m in range(8)]
    fold = job.folds.fold
    mean = np.array([(each[f][row] + each[f + 4][row]) / 2 for row, f in enumerate(fold)])
    scores = score_members(job, trained.params, job.validation, list(range(8)))
    assert scores.ensemble["log_loss"] == pytest.approx(log_loss(job.training.y, mean))
    assert scores.ensemble["accuracy"] == accuracy_score(job.training.y, mean.argmax(1))
    own = each[6][fold == 2]
    assert scores.members[6]["loss"] == pytest.approx(log_loss(job.training.y[fold == 2], own, labels=[0, 1, 2]))
    # A member that failed is not heard, and where both of a fold failed, both are: no other may.
    lame = score_members(job, trained.params, job.validation, [0, 1, 2, 3, 4])
    mean = np.array([(each[0][row] + each[4][row]) / 2 if f == 0 else each[f][row] for row, f in enumerate(fold)])
    assert lame.ensemble["log_loss"] == pytest.approx(log_loss(job.training.y, mean))


def test_the_members_of_small_batches_see_their_own_rows_once_an_epoch():
    rows = np.array([2, 3, 5, 7, 11, 13, 17])
    order, weight = dealt_order(rows, steps=3, batch_size=4, seed=1, epoch=2, member=0)
    assert sorted(order[weight > 0]) == rows.tolist()
    assert weight.sum(1).tolist() == [3, 2, 2]
    again = dealt_order(rows, 3, 4, seed=1, epoch=2, member=0)
    np.testing.assert_array_equal(order, again[0])
    assert (order != dealt_order(rows, 3, 4, seed=1, epoch=3, member=0)[0]).any()
    # Fewer rows than steps: none is empty.
    assert dealt_order(rows[:2], 5, 1, seed=0, epoch=1, member=0)[1].sum(1).tolist() == [1] * 5


def test_a_run_with_folds_says_so(tmp_path):
    run = tw.train("wine", folds=3, out=tmp_path / "run", **QUICK)
    assert run.settings.members == 3
    assert run.summary["split"] == {"train": 151, "validation": 151, "test": 27, "folds": [51, 50, 50]}
    assert any("3 folds" in note for note in run.summary["notes"])
    marks = np.load(tmp_path / "run" / "split.npy")
    assert np.bincount(marks).tolist() == [0, 0, 27, 0, 0, 0, 0, 0, 0, 0, 51, 50, 50]
    assert len(tw.open_run(tmp_path / "run").predict("wine").values) == 178


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, True), ({"folds": 3}, False), ({"split": "85/0/15"}, False), ({"time": "bmi"}, False)],
)
def test_folds_are_recommended_where_rows_are_few(settings, told):
    notes = tw.check("diabetes", **settings).summary["told"]
    assert any("Few rows" in note and "--folds 8" in note for note in notes) == told


def test_members_that_do_not_fill_the_folds_are_refused():
    with pytest.raises(ConfigError, match="7 members cannot hold out 5 folds alike; give 5, or a multiple of it"):
        build_of("iris", folds=5, members=7)


def test_class_weights_act_alike_on_training_and_validation_loss():
    settings = {"members": 1, "batch_size": "full", "learning_rate": 1e-9, "target": "island"}
    job = build_of("penguins", class_weight="balanced", **settings).job
    weight = compute_class_weight("balanced", classes=np.arange(3), y=job.training.y)
    np.testing.assert_allclose(job.network.class_weight, weight)
    trained, told = curves_of(job)
    for rows, mine in ((job.training, told[-1]["train_loss"][0]), (job.validation, told[-1]["validation_loss"][0])):
        said = predictions(job.network, member_outputs(job.network, trained.params, 0, rows))
        assert mine == pytest.approx(log_loss(rows.y, said, sample_weight=weight[rows.y]), rel=1e-5)
    scores = score_members(job, trained.params, job.validation, [0])
    assert scores.ensemble["loss"] == pytest.approx(told[-1]["validation_loss"][0], rel=1e-5)
    # The metrics count rows as they are.
    assert scores.ensemble["log_loss"] == pytest.approx(log_loss(job.validation.y, said))
    assert told[-1]["log_loss"][0] == pytest.approx(log_loss(job.validation.y, said), rel=1e-5)
    assert scores.ensemble["log_loss"] != pytest.approx(scores.ensemble["loss"], rel=1e-3)


def test_class_weights_need_classes():
    with pytest.raises(ConfigError, match="class_weight balanced is for classes; the target is a quantity"):
        build_of("diabetes", class_weight="balanced")

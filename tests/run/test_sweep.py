"""Sweeps: each member as if alone with its value, and a report checked against SciPy's paired test."""

import io

import jax
import numpy as np
import pytest
from rich.console import Console
from scipy.stats import ttest_rel

from talweg.config.grid import Grid
from talweg.config.settings import SWEPT, make_settings
from talweg.descent import engine
from talweg.descent.stopping import Outcome
from talweg.run.build import build
from talweg.run.probes.sweep import best_combination, chosen_members, paired, sweep_report
from talweg.run.train import train
from talweg.view.terminal.training_summary import training_summary

PLAIN = {"source": "iris", "hidden": (8,), "max_epochs": 4, "optimizer": "momentum", "schedule": "constant"}


def trained(**given):
    job = build(make_settings({**PLAIN, "keep": "last", **given})).job
    return job, train(job, lambda told: None)


def test_a_member_of_a_sweep_is_the_lone_member_with_its_value_and_start():
    """To the bit, with an order of the rows of its own; members that differ in a listed setting alone share both."""
    lists = {"dropout": [0.0, 0.4], "learning_rate": [0.02, 0.1]}
    _, crowd = trained(members=8, member_batches="own", **lists)
    _, two = trained(members=2, member_batches="own", dropout=0.4, learning_rate=0.1)
    for layer, its in two.params.items():
        for name, array in its.items():
            np.testing.assert_array_equal(array, crowd.params[layer][name][6:8])


@pytest.mark.parametrize("name", SWEPT)
def test_a_list_reaches_the_engine_as_one_value_a_member(name):
    job = build(make_settings({**PLAIN, "members": 4, name: [0.25, 0.5]})).job
    leaves = {**job.optimizer.settings, **job.network.settings}
    found = leaves[name] if name in leaves else job.network.model.layers[2].rate
    assert found.tolist() == [0.25, 0.25, 0.5, 0.5]


NEUTRAL = {"label_smoothing": 0.0, "input_noise": 0.0, "initializer_scale": 1.0, "clip_norm": 1e6, "weight_decay": 0.0}


def test_settings_change_their_members_and_neutral_ones_change_nothing():
    lists = {"label_smoothing": [0.0, 0.2], "input_noise": [0.0, 0.5], "initializer_scale": [1.0, 0.5]}
    _, crowd = trained(members=8, **{**NEUTRAL, **lists})
    _, plain = trained(members=1)
    ends = crowd.params["dense_1"]["weights"].reshape(8, -1)
    assert len(np.unique(ends, axis=0)) == 8
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a[0], b[0], rtol=1e-4, atol=1e-5), crowd.params, plain.params)


def test_the_scale_multiplies_weights_alone():
    job, _ = trained(members=2, initializer_scale=[0.5, 2.0], max_epochs=1)
    params = engine.init(job.network, job.optimizer, job.keys).params
    for layer in params.values():
        np.testing.assert_allclose(layer["weights"][1], 4 * layer["weights"][0], rtol=1e-6)


def test_other_values_compile_nothing():
    counts = []
    for rates in ([0.1, 0.2], [0.3, 0.4]):
        trained(members=2, learning_rate=rates, label_smoothing=0.1, max_epochs=len(counts) + 2)
        counts.append(engine._epoch()._cache_size())
    assert counts[0] == counts[1]


GRID = Grid(("learning_rate",), ((0.01,), (0.1,), (1.0,), (10.0,)), 3)
LOSSES = np.array([[0.5, 0.6, 0.4], [0.30, 0.35, 0.28], [0.29, 0.36, 0.31], [np.inf, 0.2, np.inf]])


def outcomes(losses):
    return tuple(Outcome("max_epochs" if np.isfinite(loss) else "diverged", 9, "it was so") for loss in losses.ravel())


def test_paired_differences_are_those_of_scipy():
    told = paired(LOSSES[2], LOSSES[1])
    witness = ttest_rel(LOSSES[2], LOSSES[1])
    low, high = witness.confidence_interval(0.95)
    assert told["mean"] == pytest.approx((LOSSES[2] - LOSSES[1]).mean())
    assert (told["low"], told["high"]) == (pytest.approx(low), pytest.approx(high))
    assert (told["best_wins"], told["starts"]) == (2, 3)
    assert paired(LOSSES[3], LOSSES[1])["starts"] == 1
    assert paired(LOSSES[3], LOSSES[1])["low"] is None


def test_values_with_failures_are_not_the_best():
    assert best_combination(LOSSES) == 1
    assert chosen_members(GRID, outcomes(LOSSES), np.where(np.isfinite(LOSSES), LOSSES, np.nan).ravel()) == (3, 4, 5)
    everything = np.full((4, 3), np.inf)
    assert chosen_members(GRID, outcomes(everything), everything.ravel()) is None


def report(losses, grid=GRID):
    scores = [{"loss": loss, "accuracy": 1 - loss} for loss in losses.ravel()]
    return sweep_report(grid, outcomes(losses), scores, "accuracy")


def test_the_report():
    told = report(LOSSES)
    assert told["best"] == {"learning_rate": 0.1}
    assert told["best_members"] == [3, 4, 5]
    assert [entry["failed"] for entry in told["values"]] == [0, 0, 0, 2]
    first = told["values"][0]
    assert first["validation"]["accuracy"]["mean"] == pytest.approx(0.5)
    assert first["validation"]["loss"]["std"] == pytest.approx(LOSSES[0].std(ddof=1))
    assert told["warnings"] == [
        "members with learning_rate 10 diverged; the largest that did not is 1",
        "3 starts do not tell the best from learning_rate 1",
    ]


def test_a_best_value_at_the_edge_is_warned_of_and_one_start_too():
    told = report(np.array([[0.5], [0.4], [0.3], [0.2]]), Grid(GRID.names, GRID.values, 1))
    assert told["warnings"] == [
        "each value was tried from one start alone; take 8 members to see what is chance",
        "the best learning_rate, 10, is the highest that was tried; try higher ones",
    ]
    lowest = report(LOSSES[[1, 0, 2]], Grid(GRID.names, GRID.values[:3], 3))["warnings"]
    assert lowest[-1] == "the best learning_rate, 0.01, is the lowest that was tried; try lower ones"


def test_without_lists_or_without_validation_rows():
    assert sweep_report(Grid((), ((),), 3), outcomes(LOSSES[:1]), None, "accuracy") is None
    told = sweep_report(GRID, outcomes(LOSSES), None, "accuracy")
    assert told["best"] is None
    assert told["warnings"][-1] == "no value is the best: there is no validation set, or every member failed"


def test_a_sweep_that_chooses_keeps_the_best_members_in_the_ensemble():
    from talweg.run.summary import summarize

    job, result = trained(members=4, learning_rate=[0.001, 0.1], sweep=True, max_epochs=12)
    told = summarize(job, result, {}, "test")
    assert told["sweep"]["best"] == {"learning_rate": 0.1}
    text = shown(training_summary(told))
    assert "over members 2, 3" in text
    rates = [line.split()[6] for line in text.splitlines() if line.split()[:1] in (["0"], ["1"], ["2"], ["3"])]
    assert rates == ["0.001", "0.001", "0.1", "0.1"]
    assert told["ensemble"]["members"] == [2, 3]
    assert told["training"]["settings"]["learning_rate"] == [0.001, 0.001, 0.1, 0.1]
    assert told["training"]["settings"]["momentum"] == 0.9


def shown(text):
    file = io.StringIO()
    Console(file=file, width=200).print(text)
    return file.getvalue()

"""The loop over epochs: promises 2 and 7 through it, and members that fail."""

import dataclasses
import json

import numpy as np
import pytest

from talweg.config.settings import make_settings
from talweg.descent.optimizer import make_optimizer
from talweg.record.history import read_lines, to_line
from talweg.run.build import build
from talweg.run.job import member_keys
from talweg.run.summary import summarize
from talweg.run.train import train


def job_of(source="iris", rates=None, **given):
    settings = {
        "source": source,
        "hidden": (8,),
        "max_epochs": 12,
        "optimizer": "sgd",
        "schedule": "constant",
    }
    job = build(make_settings({**settings, **given})).job
    if rates is None:
        return job
    return dataclasses.replace(
        job, optimizer=make_optimizer("sgd", len(rates), learning_rate=np.array(rates, np.float32))
    )


def trained(job):
    lines = []
    result = train(job, lambda told: lines.append(to_line(told.epoch, told.seconds, told.curves)))
    return result, read_lines(lines)


STOP = "flat(validation_loss, 0.02, patience=2)"


@pytest.mark.parametrize("batches", ["shared", "own"])
def test_promise_2_params_curves_stop_epoch_and_outcome_of_a_member_alone(batches):
    given = {"member_batches": batches, "stop": STOP}
    crowd, curves = trained(job_of(members=3, rates=[0.3, 0.1, 0.5], **given))
    alone, its_curves = trained(job_of(members=1, rates=[0.3], **given))
    assert alone.outcomes[0] == crowd.outcomes[0]
    assert alone.best_epoch[0] == crowd.best_epoch[0]
    for layer, its in alone.params.items():
        for name, array in its.items():
            np.testing.assert_array_equal(array[0], crowd.params[layer][name][0])
    for name in its_curves.names:
        until = alone.outcomes[0].epoch + 1
        np.testing.assert_array_equal(its_curves[name][:until, 0], curves[name][:until, 0])
        assert np.isnan(curves[name][until:, 0]).all()


def test_members_stop_each_at_its_own_epoch_and_tell_nothing_after():
    result, curves = trained(job_of(members=3, rates=[0.5, 0.05, 1e-6], max_epochs=30, stop=STOP))
    epochs = [outcome.epoch for outcome in result.outcomes]
    assert len(set(epochs)) > 1
    for member, epoch in enumerate(epochs):
        told = ~np.isnan(curves["train_loss"][:, member])
        assert np.flatnonzero(told).tolist() == list(range(1, epoch + 1))
    assert curves.epoch[-1] == max(epochs)


def summary_of(job, result):
    summary = summarize(job, result, {}, "test")
    json.dumps(summary, allow_nan=False)
    return summary


@pytest.mark.parametrize("keep", ["best", "last"])
def test_promise_7_a_loss_that_is_no_number_stops_that_member_alone(keep):
    job = job_of(members=3, rates=[0.3, np.inf, 0.3], keep=keep)
    result, _ = trained(job)
    assert [(outcome.kind, outcome.epoch) for outcome in result.outcomes] == [
        ("max_epochs", 12),
        ("non_finite", 1),
        ("max_epochs", 12),
    ]
    others, _ = trained(job_of(members=3, rates=[0.3, 0.3, 0.3], keep=keep))
    for layer, its in result.params.items():
        for name, array in its.items():
            np.testing.assert_array_equal(array[[0, 2]], others.params[layer][name][[0, 2]])
    summary = summary_of(job, result)
    assert summary["ensemble"]["members"] == [0, 2]
    assert summary["warnings"][0] == (
        "member 1 failed and is left out of the ensemble: "
        "the loss is no longer a finite number; a smaller learning rate is the first thing to try"
    )
    for part in ("validation", "test"):
        assert summary["ensemble"][part]["accuracy"] > 0.5
        assert summary["spread"][part]["loss"]["worst"] == max(summary["members"][m][part]["loss"] for m in (0, 2))


def test_all_members_may_fail():
    job = job_of(members=3, rates=[np.inf] * 3, keep="last")
    result, _ = trained(job)
    summary = summary_of(job, result)
    assert summary["warnings"][0].startswith("every member failed: the loss is no longer a finite number")
    assert summary["ensemble"]["members"] == [0, 1, 2]


@pytest.mark.parametrize("split", ["70/15/15", "100/0/0"])
def test_a_far_too_long_step_that_gives_no_nan_is_called_diverged(split):
    """A linear model under the absolute error: its gradient is bounded, so that it never overflows."""
    given = {
        "loss": "mean_absolute_error",
        "hidden": (),
        "split": split,
        "stop": "flat(train_loss, 0.5, patience=6)",
    }
    job = job_of("diabetes", members=2, rates=[0.02, 1000.0], max_epochs=20, **given)
    result, curves = trained(job)
    assert np.isfinite(curves["train_loss"][1:6]).all()
    assert result.outcomes[1].kind == "diverged"
    assert result.outcomes[1].epoch == 5
    assert result.outcomes[0].kind != "diverged"
    assert summary_of(job, result)["ensemble"]["members"] == [0]


def test_a_validation_set_easier_than_the_training_set_is_no_divergence():
    """Outliers among the training rows alone: the training loss stays above the first validation loss."""
    job = job_of("diabetes", members=1, rates=[1e-3], hidden=(), max_epochs=8, loss="mean_absolute_error")
    training = dataclasses.replace(
        job.training,
        y=np.where(np.arange(len(job.training))[:, None] % 20, job.training.y, 50.0).astype(np.float32),
    )
    result, curves = trained(dataclasses.replace(job, training=training))
    assert (curves["train_loss"][1:] > curves["validation_loss"][0]).all(), "else this shows nothing"
    assert result.outcomes[0].kind == "max_epochs"


def test_the_clock_is_only_asked_and_a_time_budget_kept():
    ticks = iter(range(1000))
    job = job_of(members=1, stop="seconds(7)", rates=[0.1])
    result = train(job, lambda told: None, clock=lambda: float(next(ticks)))
    assert result.outcomes[0].kind == "time_budget"
    assert result.outcomes[0].epoch < 12


def test_keys_are_a_pure_function_of_the_seed_and_the_members_number():
    np.testing.assert_array_equal(member_keys(3, 2), member_keys(3, 5)[:2])
    assert len({tuple(key) for seed in range(4) for key in member_keys(seed, 50).tolist()}) == 200
    assert member_keys(2**63 - 1, 1).shape == (1, 2)


def test_a_member_that_diverges_is_restarted_at_half_the_rate_until_it_does_not():
    """The one with a far too long step comes down in the end; the other is as it would have been without it."""
    given = {"max_epochs": 40, "on_divergence": "restart", "stop": "epochs(40)"}
    result, curves = trained(job_of(members=2, rates=[0.1, 200.0], **given))
    alone, _ = trained(job_of(members=1, rates=[0.1], **given))
    assert [outcome.kind for outcome in result.outcomes] == ["max_epochs", "max_epochs"]
    restarts = result.standing.restarts
    assert {restart.member for restart in restarts} == {1}
    assert [restart.rate for restart in restarts] == [0.5**count for count in range(1, len(restarts) + 1)]
    assert (curves["train_loss"][-1] < result.standing.start_loss).all()
    for layer, its in alone.params.items():
        for name, array in its.items():
            np.testing.assert_array_equal(array[0], result.params[layer][name][0])
    summary = summary_of(job_of(members=2, rates=[0.1, 200.0], **given), result)
    assert [entry["restarts"] == [] for entry in summary["members"]] == [True, False]
    assert summary["warnings"][-1].startswith(f"member 1 diverged {len(restarts)} times, last at epoch")


def test_a_rate_without_end_is_given_up_in_the_end():
    result, _ = trained(job_of(members=2, rates=[0.1, np.inf], on_divergence="restart", max_epochs=14))
    assert result.outcomes[1].kind == "non_finite"
    assert len(result.standing.restarts) == 10
    assert result.outcomes[1].epoch == 11

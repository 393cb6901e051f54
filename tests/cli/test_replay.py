"""Replays against the training that another rule really stops, and the rules that a training alone can ask for."""

import dataclasses

import numpy as np
import pytest

import talweg as tw
from talweg.config.settings import make_settings, read_toml
from talweg.errors import ConfigError, ExpressionError
from talweg.objective.losses import LOSSES
from talweg.run.build import build
from talweg.run.probes.lower_bound import lower_bound

PLAIN = {"hidden": (8,), "members": 3, "max_epochs": 20, "optimizer": "sgd", "schedule": "constant"}
STOP = "flat(validation_loss, 0.03, patience=2) or accuracy >= 0.99"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tw.train("iris", stop="epochs(20)", out=tmp_path_factory.mktemp("runs") / "whole", **PLAIN)


def test_a_replay_stops_where_the_rule_itself_would_have(run):
    found = tw.replay(run.folder.path, STOP)
    really = tw.train("iris", stop=STOP, **PLAIN).summary["members"]
    assert found.epochs.tolist() == [member["epochs"] for member in really]
    assert [outcome and outcome.sentence for outcome in found.outcomes] == [
        member["outcome"]["sentence"] if member["outcome"]["kind"] != "max_epochs" else None for member in really
    ]
    assert found.kept[1].tolist() == [member["best_epoch"] for member in really]
    told = found.summary
    for member, entry in zip(told["members"], really, strict=True):
        assert member["replayed"]["validation_loss"] == pytest.approx(entry["validation"]["loss"], rel=1e-5)
    assert told["epochs"]["recorded"] == 60
    assert told["epochs"]["replayed"] == found.epochs.sum() < 60
    assert len(found.figure().axes) > 1


def test_what_was_not_recorded_is_not_made_up(run):
    found = tw.replay(run, tw.Reached("accuracy", 1.0) & tw.Reached("train_loss", 1e-9))
    assert found.outcomes == (None,) * 3
    assert found.summary["not_stopped"] == [0, 1, 2]
    assert found.epochs.tolist() == [20] * 3
    with pytest.raises(ConfigError, match=r"diverged\(\) looks at what a run does not record"):
        tw.replay(run, "diverged() or accuracy >= 0.9")
    with pytest.raises(ExpressionError, match="'gradient_norm' is no curve of this training"):
        tw.replay(run, "small_gradient(1e-3)")


def test_the_command(talweg, run):
    told = talweg("replay", run.folder.path, "--stop", STOP)
    assert told.code == 0
    assert "in place of 60 over all members" in told.out
    assert talweg("replay", run.folder.path, "--stop", STOP, "--json").json()["kind"] == "replay"
    wrong = talweg("replay", run.folder.path, "--stop", "acuracy >= 0.9")
    assert (wrong.code, "Did you mean 'accuracy'?" in wrong.err) == (2, True)


def test_rules_made_in_python_are_those_that_are_typed():
    stop = tw.Flat("train_loss", 1e-3, patience=3) & tw.Reached("accuracy", 0.5) | tw.Epochs(7)
    settings = make_settings({"source": "iris", "stop": stop})
    assert settings.stop == "flat(tolerance=0.001, patience=3) and accuracy >= 0.5 or epochs(7)"
    with pytest.raises(ExpressionError, match="the test set is never monitored"):
        tw.train("iris", stop=tw.Reached("test_accuracy", 0.9))
    with pytest.raises(ConfigError, match="stop must be a string, got 7"):
        tw.train("iris", stop=7)


IDLE = "flat(patience=30) can never hold: a patience of 30 needs 31 epochs, the training has 20"


def test_a_part_of_a_rule_that_can_never_hold_is_told_of(talweg, here):
    short = ["--members", 1, "--hidden", 4, "--epochs", 20, "--stop", "flat(patience=30) or epochs(2)"]
    told = talweg("train", "iris", *short, "--out", "run", "--quiet")
    assert (told.code, told.out, told.err) == (0, "", f"Warning: {IDLE}\n")
    assert f"Warning: {IDLE}" in " ".join(talweg("show", "run").out.split())
    summary = talweg("show", "run", "--json").json()
    assert summary["training"]["idle"] == [IDLE]
    assert IDLE in summary["warnings"]
    assert "A part of the stopping rule had no effect: flat(patience=30)" in (here / "run" / "report.html").read_text()
    with pytest.warns(tw.TalwegWarning, match="patience of 30 needs 31 epochs"):
        tw.train("iris", members=1, hidden=(4,), max_epochs=20, stop="flat(patience=30) or epochs(2)")


def test_of_the_rule_that_is_taken_by_itself_nothing_is_said(talweg, here):
    few = ["--members", 1, "--hidden", 4, "--epochs", 2, "--split", "70/0/30"]
    assert talweg("train", "iris", *few, "--out", "run", "--quiet").err == ""
    assert build(make_settings(read_toml(here / "run" / "run.toml"))).idle == ()


def test_the_full_gradient_is_measured_where_a_rule_looks_at_it():
    run = tw.train("iris", stop="small_gradient(0.3)", **{**PLAIN, "batch_size": "full", "learning_rate": 0.3})
    norms = run.history["gradient_norm"]
    for member, entry in enumerate(run.summary["members"]):
        last = norms[entry["epochs"], member]
        assert (last <= 0.3) == (entry["outcome"]["kind"] == "small_gradient")
    assert "gradient_norm" not in tw.train("iris", **{**PLAIN, "max_epochs": 2}).history.names


def bound_of(x, y, loss, smoothing=None):
    job = build(make_settings({"source": "iris", **PLAIN})).job
    network = dataclasses.replace(job.network, row_loss=LOSSES[loss], classes=3 if y.ndim == 1 else 0)
    if smoothing is not None:
        network = dataclasses.replace(network, settings={"label_smoothing": np.full(3, smoothing, np.float32)})
    return lower_bound(dataclasses.replace(job, network=network, training=dataclasses.replace(job.training, x=x, y=y)))


def test_the_bound_is_what_the_best_prediction_of_equal_rows_leaves():
    """Against the loss itself, at the share of each class, the mean and the median within equal rows."""
    x = np.array([[0.0], [0.0], [0.0], [1.0], [2.0]], np.float32)
    classes = np.array([0, 0, 1, 2, 1])
    share = np.log(np.array([[2 / 3, 1 / 3, 1e-30]] * 3 + [[1e-30, 1e-30, 1.0], [1e-30, 1.0, 1e-30]], np.float32))
    best = np.asarray(LOSSES["softmax_cross_entropy"].per_row(share, classes)).mean()
    np.testing.assert_allclose(bound_of(x, classes, "softmax_cross_entropy"), best, rtol=1e-6)
    smooth = bound_of(x, np.array([0, 0, 0, 1, 2]), "softmax_cross_entropy", 0.3)
    np.testing.assert_allclose(smooth, -(0.8 * np.log(0.8) + 0.2 * np.log(0.1)), rtol=1e-6)
    y = np.array([[1.0], [2.0], [6.0], [5.0], [7.0]], np.float32)
    np.testing.assert_allclose(bound_of(x, y, "mean_squared_error"), np.var([1, 2, 6]) * 3 / 5, rtol=1e-6)
    np.testing.assert_allclose(bound_of(x, y, "mean_absolute_error"), (1 + 0 + 4) / 5, rtol=1e-6)
    np.testing.assert_allclose(bound_of(x, y, "huber"), 0.0)

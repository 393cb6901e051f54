"""The summary: its shape, and every number in it recomputed by scikit-learn from what the run predicts."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from talweg.data.builtin import load
from talweg.record.folder import FILES

NUMBER = (int, float, type(None))
METRICS = {
    "classification": (
        "loss", "accuracy", "error_rate", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc",
    ),
    "regression": ("loss", "rmse", "mae", "r2"),
}  # fmt: skip


def shape_of(task):
    """The documented shape: a type, a list of one shape, or a dict of shapes."""
    metrics = dict.fromkeys(METRICS[task], NUMBER)
    spread = {name: {"mean": NUMBER, "std": NUMBER, "worst": NUMBER, "best": NUMBER} for name in METRICS[task]}
    return {
        "version": int,
        "kind": str,
        "run": {
            "name": str,
            "seed": int,
            "seconds": float,
            "first_epoch_seconds": float,
            "epochs_per_second": NUMBER,
        },
        "task": str,
        "metric": str,
        "data": {
            "name": str,
            "rows": int,
            "rows_without_target": int,
            "target": str,
            "classes": [str],
            "columns": [{"name": str, "kind": str, "reason": str}],
            "features": int,
            "split": str,
            "fingerprint": str,
        },
        "split": {"train": int, "validation": int, "test": int},
        "model": {
            "layers": [{"kind": str, "units": (int, type(None)), "words": str}],
            "inputs": int,
            "params": int,
            "loss": str,
        },
        "training": {
            "optimizer": str,
            "settings": dict,
            "schedule": str,
            "step_length": str,
            "batch_size": int,
            "steps_per_epoch": int,
            "max_epochs": int,
            "stop": str,
            "keep": str,
            "idle": list,
        },
        "members": [
            {
                "member": int,
                "outcome": {"kind": str, "epoch": int, "sentence": str, "numbers": dict},
                "epochs": int,
                "best_epoch": int,
                "restarts": list,
                "validation": metrics,
                "test": metrics,
            }
        ],
        "spread": {"validation": spread, "test": spread},
        "ensemble": {"members": [int], "validation": metrics, "test": metrics},
        "sweep": type(None),
        "sampling_error": {"metric": str, "low": float, "high": float, "method": str},
        "warnings": [str],
        "notes": [str],
        "gate": {"errors": int, "warnings": int, "notes": int, "findings": list},
        "files": {name.split(".")[0]: str for name in FILES},
    }


def check(value, shape, where="summary"):
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        assert value.keys() == shape.keys(), where
        for key in shape:
            check(value[key], shape[key], f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for place, item in enumerate(value):
            check(item, shape[0], f"{where}[{place}]")
    else:
        assert isinstance(value, shape), f"{where} is {value!r}"
        assert not isinstance(value, bool), where
        assert not isinstance(value, float) or math.isfinite(value), where


def test_the_shape_is_the_documented_one(run):
    check(run.summary, shape_of(run.summary["task"]))
    assert run.summary["version"] == 1
    assert run.summary["metric"] in METRICS[run.summary["task"]]


def scores_of(run, member, part):
    """Every metric of a part, by scikit-learn, from what the run predicts for the part's rows."""
    table = load(run.settings.source)
    rows = np.flatnonzero(run.folder.split() == {"train": 0, "validation": 1, "test": 2}[part])
    said = run.predict(table.take(rows), member)
    column = table.column(run.settings.target).take(rows)
    if run.summary["task"] == "regression":
        true, unit = column.values.astype(np.float64), run.preparation.target.scale
        error = np.abs(true - said.values) / unit
        return {
            "loss": np.where(error < 1, error**2 / 2, error - 0.5).mean(),
            "rmse": sk.root_mean_squared_error(true, said.values),
            "mae": sk.mean_absolute_error(true, said.values),
            "r2": sk.r2_score(true, said.values),
        }
    true = np.array(column.levels)[column.codes]
    scores = said.probabilities if len(said.classes) > 2 else said.probabilities[:, 1]
    loss = sk.log_loss(true, said.probabilities, labels=said.classes)
    return {
        "loss": loss,
        "log_loss": loss,
        "accuracy": sk.accuracy_score(true, said.values),
        "error_rate": sk.zero_one_loss(true, said.values),
        "balanced_accuracy": sk.balanced_accuracy_score(true, said.values),
        "macro_f1": sk.f1_score(true, said.values, average="macro"),
        "roc_auc": sk.roc_auc_score(true, scores, multi_class="ovr"),
    }


@pytest.mark.parametrize("part", ["validation", "test"])
def test_numbers_agree_with_scikit_learn(run, part):
    entries = {"ensemble": run.summary["ensemble"][part]}
    entries |= {entry["member"]: entry[part] for entry in run.summary["members"]}
    for member, entry in entries.items():
        expected = scores_of(run, member, part)
        assert entry.keys() == expected.keys()
        for name, value in expected.items():
            assert entry[name] == pytest.approx(value, rel=1e-5, abs=1e-7), (member, name)


def test_the_spread_is_over_the_members(run):
    for part, spread in run.summary["spread"].items():
        for name, told in spread.items():
            values = [entry[part][name] for entry in run.summary["members"]]
            up = name not in ("loss", "error_rate", "log_loss", "rmse", "mae")
            assert told["mean"] == pytest.approx(np.mean(values))
            assert told["std"] == pytest.approx(np.std(values, ddof=1))
            assert told["best"] == (max(values) if up else min(values))
            assert told["worst"] == (min(values) if up else max(values))


def test_the_split_and_the_model_are_counted(run):
    marks = run.folder.split()
    assert run.summary["split"] == {
        "train": (marks == 0).sum(),
        "validation": (marks == 1).sum(),
        "test": (marks == 2).sum(),
    }
    held = sum(array.size for layer in run.params.values() for array in layer.values())
    assert run.summary["model"]["params"] * run.settings.members == held
    steps = run.summary["training"]["steps_per_epoch"]
    assert steps == -(-run.summary["split"]["train"] // run.summary["training"]["batch_size"])


def test_the_outcome_of_each_member_is_in_words(run):
    for entry in run.summary["members"]:
        assert entry["outcome"]["kind"] == "max_epochs"
        assert entry["epochs"] == entry["outcome"]["epoch"] == run.settings.max_epochs
        assert entry["outcome"]["sentence"] == f"all {run.settings.max_epochs} epochs were trained"


def test_the_final_validation_loss_is_that_of_the_curve(run):
    for entry in run.summary["members"]:
        curve = run.history["validation_loss"][:, entry["member"]]
        assert entry["validation"]["loss"] == pytest.approx(curve[entry["best_epoch"]], rel=1e-4)
        assert entry["best_epoch"] == curve[1:].argmin() + 1

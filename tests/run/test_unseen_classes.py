"""Rows of a class that training does not hold: an error, or with a gate that warns rows that no number counts."""

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score, log_loss

import talweg as tw
from talweg.errors import DataError

QUICK = {"members": 2, "hidden": (4,), "max_epochs": 3, "learning_rate": 0.01, "target": "y"}


def table():
    """Of class c one row each stands in validation and test, none in training; one row's class is not known."""
    x = np.random.default_rng(1).normal(size=60)
    y = np.where(x > 0, "a", "b").astype(object)
    split = np.array(["train"] * 30 + ["validation"] * 15 + ["test"] * 15)
    y[[33, 50]], y[40] = "c", None
    return pl.DataFrame({"x": x, "split": split, "y": y.tolist()})


def test_by_default_it_is_an_error_that_says_the_remedy():
    with pytest.raises(DataError, match=r"no row of class 'c'.*leave those rows out, as --gate warn does"):
        tw.train(table(), **QUICK)


@pytest.mark.parametrize("stream", ["no", "yes"])
def test_where_the_gate_warns_no_number_counts_them_and_the_run_says_so(stream, tmp_path):
    table().write_csv(tmp_path / "letters.csv")
    run = tw.train(tmp_path / "letters.csv", gate="warn", stream=stream, out=tmp_path / "run", **QUICK)
    assert run.summary["split"] == {"train": 30, "validation": 13, "test": 14}
    assert run.summary["data"]["classes"] == ["a", "b"]
    (note,) = (note for note in run.summary["notes"] if "which training does not" in note)
    assert note.startswith("Left out of every number: 2 rows of class 'c'")
    finding = run.summary["gate"]["findings"][0]
    assert (finding["check"], finding["grade"], finding["rows"]) == ("classes_missing", "error", [34, 51])
    marks = np.load(tmp_path / "run" / "split.npy")
    assert np.flatnonzero(marks < 0).tolist() == [33, 40, 50]
    told, truth = run.predict(table()), np.array(table()["y"].to_list())
    for part, name in ((1, "validation"), (2, "test")):
        rows = marks == part
        assert run.summary["ensemble"][name]["accuracy"] == accuracy_score(truth[rows], told.values[rows])
        expected = log_loss(truth[rows], told.probabilities[rows], labels=["a", "b"])
        assert run.summary["ensemble"][name]["log_loss"] == pytest.approx(expected, rel=1e-5)


def test_pictures_are_left_out_alike(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 255, (26, 8, 8), np.uint8)
    for part, labels in (("train", "ab"), ("val", "ab"), ("test", "abc")):
        for label in labels:
            (tmp_path / part / label).mkdir(parents=True)
            for number in range(6 if part == "train" else 2):
                Image.fromarray(pixels[number]).save(tmp_path / part / label / f"{number}.png")
    run = tw.train(tmp_path, gate="warn", members=1, layers="globalpool, output", max_epochs=1, augment="none")
    assert run.summary["split"] == {"train": 12, "validation": 4, "test": 4}
    assert any(note.startswith("Left out of every number: 2 rows of class 'c'") for note in run.summary["notes"])

"""`talweg check`, and the gate before a training."""

import json

import numpy as np
import polars
import pytest

import talweg as tw


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    rng = np.random.default_rng(0)
    kind = rng.choice(["up", "down"], 80)
    path = tmp_path_factory.mktemp("data") / "leaky.csv"
    columns = {"north": rng.normal(size=80), "code": np.where(kind == "up", 1, 0), "kind": kind}
    polars.DataFrame(columns).write_csv(path)
    return path


def test_a_sound_table_would_start(talweg):
    told = talweg("check", "penguins", "--json")
    assert told.code == 0
    summary = told.json()
    assert (summary["kind"], summary["errors"], summary["target"]) == ("check", 0, "species")
    assert "a training would start" in talweg("check", "penguins").out


def test_an_error_is_told_with_its_mend_and_ends_with_code_1(talweg, leaky):
    told = talweg("check", leaky, "--target", "kind")
    assert told.code == 1
    assert "'code' is the target again" in " ".join(told.out.split())
    assert "--column code=ignore" in " ".join(told.out.split())
    mended = talweg("check", leaky, "--target", "kind", "--column", "code=ignore", "--json")
    assert mended.code == 0
    assert [c["kind"] for c in mended.json()["columns"]] == ["number", "ignored"]


def test_an_error_stops_a_training_before_anything_is_written(talweg, here, leaky):
    told = talweg("train", leaky, "--target", "kind", "--out", "run")
    assert told.code == 2
    assert "'code' is the target again" in told.err
    assert told.err.strip().count("\n") == 0
    assert "--gate warn" in told.err
    assert not (here / "run").exists()


def test_trained_over_it_is_kept_in_the_run_folder(talweg, here, leaky):
    told = talweg("train", leaky, "--target", "kind", "--out", "run", "--gate", "warn", "--members", 2, "--epochs", 2)
    assert told.code == 0
    assert "Error: Column 'code' is the target again" in told.err
    kept = json.loads((here / "run" / "gate.json").read_text())
    assert kept["errors"] == 1
    assert kept["findings"][0]["check"] == "give_away"
    assert talweg("show", "run", "--json").json()["gate"] == kept


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--column", "north"), "--column takes a column and what it is, such as age=number, got 'north'"),
        (("--column", "north=nmber"), "Unknown kind 'nmber' for column 'north'"),
        (("--column", "nort=number"), "'nort' is not a column of leaky.csv"),
        (("--group", "site"), "'site' is not a column of leaky.csv"),
        (("--time", "north", "--group", "code"), "time and group exclude each other"),
        (("--split-by", "size"), "split_by must be 'seed' or 'hash', got 'size'"),
    ],
)
def test_what_cannot_be_is_one_line(talweg, leaky, words, message):
    told = talweg("check", leaky, "--target", "kind", *words)
    assert told.code == 2
    assert message in told.err
    assert told.err.strip().count("\n") == 0


def test_from_python(leaky):
    checked = tw.check(str(leaky), "kind")
    assert not checked.passed
    assert checked.findings[0].columns == ("code",)
    assert repr(checked) == f"<Checked {leaky}: 1 errors, 0 warnings, 0 notes>"
    assert tw.check(np.eye(60), np.arange(60) % 2).summary["rows"] == 60


def test_a_large_source_is_told_of_while_it_is_prepared(talweg, leaky, here, monkeypatch):
    monkeypatch.setenv("TALWEG_CACHE", str(here / "cache"))
    monkeypatch.setattr("talweg.view.terminal.progress._PLAIN_EVERY", -1.0)  # as if each step took long
    streamed = ("--target", "kind", "--column", "code=ignore", "--stream")
    told = talweg("check", leaky, *streamed, "--json")
    assert "storing 100%" in told.err
    assert "reading 100%" in told.err
    assert told.json()["rows"] == 80
    few = ("--members", "1", "--hidden", "4", "--batch-size", "16")
    assert "encoding" in talweg("find-lr", leaky, *streamed, *few, "--json").err

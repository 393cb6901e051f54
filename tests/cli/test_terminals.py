"""What is shown where: names that look like markup, a narrow terminal, a terminal without arrows and umlauts."""

import io
import sys
from pathlib import Path

import polars
import pytest
from rich.console import Console

from talweg.cli import main
from talweg.record.folder import RunFolder
from talweg.view.terminal.training_summary import training_summary

RUN = Path(__file__).parents[1] / "run" / "fixtures" / "version-3"


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """A table whose columns and classes look like a terminal's markup."""
    path = tmp_path_factory.mktemp("strange") / "[red]table.csv"
    rows = range(40)
    columns = {
        "weight [kg]": [row % 7 for row in rows],
        "all [/b] the same :x:": [1 for row in rows],
        "kind [/m] :x:": ["[/light]" if row % 2 else "[bold]" for row in rows],
    }
    polars.DataFrame(columns).write_csv(path)
    return path


def test_names_that_look_like_markup_are_shown_as_they_are(talweg, here, strange):
    checked = talweg("check", strange)
    assert checked.code == 0
    for word in ("weight [kg]", "all [/b] the same :x:", "[red]table.csv", "kind [/m] :x:"):
        assert word in checked.out
    trained = talweg("train", strange, "--members", 1, "--epochs", 1, "--hidden", "none", "--out", "a run")
    assert trained.code == 0
    assert "'kind [/m] :x:' is taken as the target" in " ".join(trained.err.split())
    assert "[red]table.csv" in trained.out
    assert "talweg predict 'a run' new.csv" in " ".join(trained.out.split())
    assert "Left out  all [/b] the same :x: (constant)" in trained.out
    assert "[red]table.csv" in talweg("runs", ".").out


def test_where_a_class_is_rare_the_metrics_are_shown_by_which_to_judge(talweg):
    summary = RunFolder(RUN).summary()
    rare = {**summary, "gate": {"findings": [{"check": "imbalance"}]}}
    shown = {name: rows_of(training_summary(told)) for name, told in (("usual", summary), ("rare", rare))}
    assert shown["usual"] == ["validation accuracy", "validation loss", "test accuracy", "test loss"]
    assert [row for row in shown["rare"] if row.startswith("test")] == [
        *("test accuracy", "test balanced accuracy", "test macro F1", "test loss")
    ]


def rows_of(shown):
    file = io.StringIO()
    Console(file=file, width=200).print(shown)
    return [
        line.partition("  ")[0] for line in file.getvalue().splitlines() if line.startswith(("validation ", "test "))
    ]


def test_a_narrow_terminal_hides_no_digit(talweg, monkeypatch):
    wide = talweg("show", RUN).out
    monkeypatch.setenv("COLUMNS", "30")
    narrow = talweg("show", RUN).out
    assert "…" not in narrow
    assert narrow.split() != []
    for row in ("validation accuracy", "test loss"):
        assert [line for line in narrow.splitlines() if line.startswith(row)] == [
            line for line in wide.splitlines() if line.startswith(row)
        ]


@pytest.mark.parametrize("words", [("show", RUN), ("sketch", "x²")])
def test_what_a_terminal_cannot_show_is_a_question_mark_and_no_traceback(monkeypatch, here, words):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    monkeypatch.setattr(sys, "argv", ["talweg", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    for stream in streams:
        stream.flush()
    told = b"".join(stream.buffer.getvalue() for stream in streams)
    assert not ended.value.code
    assert b"?" in told
    assert told.isascii()

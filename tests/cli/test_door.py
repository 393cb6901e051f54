"""The front door itself: help, version, bugs that keep their traceback, and what starting up does not import."""

import subprocess
import sys

import pytest

import talweg as package
from talweg.cli import main
from talweg.cli.train import train


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["train", "--help"], ["predict", "-h"], ["runs", "-h"]])
def test_help_is_printed(talweg, words):
    told = talweg(*words)
    assert told.code == 0
    assert told.out.startswith("Usage:")


def test_without_words_the_help_is_shown(talweg):
    assert "Commands:" in talweg().out + talweg().err


def test_an_unknown_command_names_the_nearest(talweg):
    told = talweg("trian", "iris")
    assert told.code == 2
    assert told.message().endswith("Did you mean 'train'?")


def test_the_help_of_a_training_has_sections_and_leaves_no_flag_out(talweg):
    lines = talweg("train", "--help").out.splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        *("Data:", "Pictures:", "Network:", "Loss:", "Steps:", "Members:", "Stopping:", "Run folder:", "Options:")
    ]
    shown = {line.split()[0] for line in lines if line.startswith("  --")}
    assert {option.opts[0] for option in train.params if option.param_type_name == "option"} - shown == {"--quiet"}


def test_version(talweg):
    assert talweg("--version").out == f"talweg {package.__version__}\n"


def test_a_bug_of_ours_keeps_its_traceback(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("talweg.run.written.open_run", broken)
    monkeypatch.setattr(sys, "argv", ["talweg", "predict", "runs/x", "y.csv"])
    with pytest.raises(ZeroDivisionError):
        main()


NOT_UNDERSTOOD = [
    (("train", "iris", "--stop", "epochs(3) or flatt()"), "epochs(3) or flatt()", 14),
    (("train", "iris", "--schedule", "cosine(edn=1)"), "cosine(edn=1)", 8),
    (("train", "digits", "--layers", "dense 8, relo"), "dense 8, relo", 10),
    (("sketch", "2x^^2"), "2x^^2", 4),
    (("hike", "x² + )"), "x² + )", 6),
]


@pytest.mark.parametrize(("words", "text", "position"), NOT_UNDERSTOOD, ids=lambda part: str(part)[:12])
def test_a_caret_stands_below_what_is_not_understood(talweg, here, words, text, position):
    told = talweg(*words, "--json")
    line, shown, below = told.err.splitlines()
    assert told.code == 2
    assert line.endswith(f"at position {position}")
    assert (shown, below) == (f"  {text}", "  " + " " * (position - 1) + "^")
    error = told.json()
    assert (error["kind"], error["error"], error["exit_code"]) == ("error", "ExpressionError", 2)
    assert (f"talweg: {error['message']}", error["text"], error["position"]) == (line, text, position)


@pytest.mark.parametrize(
    ("words", "error"), [(("train", "iris", "--members", 0), "ConfigError"), (("train", "--nothing"), "NoSuchOption")]
)
def test_every_error_is_an_object_where_one_is_asked_for(talweg, here, words, error):
    told = talweg(*words, "--json")
    assert (told.code, told.json()["error"]) == (2, error)
    assert told.err == f"talweg: {told.json()['message']}\n"
    assert talweg(*words).out == ""


def test_starting_up_imports_no_heavy_library():
    code = (
        "import sys, talweg, talweg.cli, click\ntalweg.cli.talweg.get_help(click.Context(talweg.cli.talweg))\n"
        "print([name for name in ('jax', 'polars', 'sympy', 'matplotlib', 'pydantic', 'scipy') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_every_public_name_is_there():
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing

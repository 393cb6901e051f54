"""Symbolic work: bounded in time, given data and never text, and right where it says something."""

import json
import os
import subprocess

import pytest

from talweg.objective.typed.grammar import parse
from talweg.objective.typed.notation import pretty
from talweg.objective.typed.tree import from_data, to_data, variables_of
from talweg.sketching import symbolic
from talweg.sketching.calculus import findings
from talweg.sketching.symbolic import Findings, Study

PATIENT = 120.0


def _study(text: str, time_limit: float = PATIENT, half: float = 7.0) -> Findings:
    tree = parse(text)
    variables = tuple(sorted(variables_of(tree)))
    return Study(tree, variables, ((-half, half),) * len(variables), time_limit).result()


def _here(text: str) -> dict:
    """The same studies in this process."""
    tree = parse(text)
    variables = sorted(variables_of(tree))
    question = {"tree": to_data(tree), "variables": variables, "window": [[-7.0, 7.0]] * len(variables)}
    return json.loads(json.dumps(dict(findings(question))))


def test_it_is_killed_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = 'print(\'{{"study": "ready", "finding": {{}}}}\', flush=True)\nwhile True: pass  # {seconds} {memory}'
    monkeypatch.setattr(symbolic, "_CHILD", endless)
    started = Study(parse("x^2"), ("x",), ((-1.0, 1.0),), 0.2)
    found = started.result()
    assert not found.in_time
    assert started.process.returncode not in (None, 0)
    assert found["stationary"] == {}


def test_what_was_found_before_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = (
        "import time\n"
        'print(\'{{"study": "ready", "finding": {{}}}}\', flush=True)\n'
        'print(\'{{"study": "derivatives", "finding": {{"gradient": []}}}}\', flush=True)\n'
        "print('{{\"study\": \"stat', end='', flush=True)\n"
        "time.sleep(600)  # {seconds} {memory}"
    )
    monkeypatch.setattr(symbolic, "_CHILD", cut)
    found = Study(parse("x^2"), ("x",), ((-1.0, 1.0),), 0.2).result()
    assert found["derivatives"] == {"gradient": []}
    assert not found.in_time


def test_a_child_that_does_not_start_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "_CHILD", "raise SystemExit(3)  # {seconds} {memory}")
    assert not Study(parse("x^2"), ("x",), ((-1.0, 1.0),), PATIENT).result().in_time


def test_modules_of_the_working_folder_are_not_imported(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sympy.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert _study("x^2").in_time


def test_the_child_sees_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = subprocess.Popen

    def spy(*args, **kwargs):
        seen.append((args, kwargs))
        return original(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", spy)
    _study("x^2 + 12345y")
    (((command,), options),) = seen
    assert "12345" not in repr(command)
    assert not options.get("shell")
    assert os.environ.get("PYTHONPATH", "") in options["env"]["PYTHONPATH"]


@pytest.mark.parametrize(
    ("text", "gradient", "points"),
    [
        ("2x^2 + 4x", ["4x + 4"], [(["−1"], "minimum", "−2")]),
        ("x^3 − 3x", ["3x² − 3"], [(["−1"], "maximum", "2"), (["1"], "minimum", "−2")]),
        ("x^4", ["4x³"], [(["0"], "minimum", "0")]),
        ("x^3", ["3x²"], [(["0"], "saddle", "0")]),
        ("log(x) − x", ["−1 + 1/x"], [(["1"], "maximum", "−1")]),
        ("x^2 − y^2", ["2x", "−2y"], [(["0", "0"], "saddle", "0")]),
        ("x² + xy + y² − 3x", ["2x + y − 3", "x + 2y"], [(["2", "−1"], "minimum", "−3")]),
        ("3x^2 − 2y", ["6x", "−2"], []),
        ("x² + y² + z² − xy", ["2x − y", "−x + 2y", "2z"], [(["0", "0", "0"], "minimum", "0")]),
        ("0.1x^2 − 0.3x", ["0.2x − 0.3"], [(["1.5"], "minimum", "−0.225")]),
    ],
)
def test_closed_forms(text: str, gradient: list[str], points: list) -> None:
    found = _here(text)
    assert "end" in found
    assert [pretty(from_data(g)) for g in found["derivatives"]["gradient"]] == gradient
    stationary = found["stationary"]
    assert stationary["complete"]
    assert [
        ([pretty(from_data(c)) for c in p["point"]], p["kind"], pretty(from_data(p["value"])))
        for p in stationary["points"]
    ] == points


def test_no_short_closed_form_is_said_to_be_incomplete() -> None:
    assert _here("x^6 − 3x^5 + x")["stationary"]["complete"] is False
    assert _here("0.1(x² + y²) + sin(x)cos(y)")["stationary"]["complete"] is False

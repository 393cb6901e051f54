"""Live curves in a notebook, with the notebook played by a stand-in."""

import re
import sys
import types

import numpy as np
import pytest

from talweg.view.report.live import EVERY, LiveCurves, live_curves


class Shell:
    """Named as IPython's own, by which a notebook is known."""


Shell.__name__ = "ZMQInteractiveShell"


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook was given to show, one after the other."""
    shown = []

    def display(what, display_id):
        assert display_id
        shown.append(what._repr_html_())
        return types.SimpleNamespace(update=lambda other: shown.append(other._repr_html_()))

    for name in ("IPython", "IPython.display"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["IPython"].get_ipython = Shell
    sys.modules["IPython.display"].display = display
    return shown


def test_outside_a_notebook_there_are_none(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert live_curves() is None


def test_a_training_in_a_notebook_shows_its_curves_to_the_end(notebook):
    import talweg as tw

    run = tw.train("iris", members=3, hidden=(8,), max_epochs=12, learning_rate=0.02)
    last = notebook[-1]
    assert "epoch 12 of 12" in last
    assert "0 of 3 members going" in last
    assert last.count('class="median') == 2
    value = float(np.median(run.history["train_loss"][-1]))
    assert float(re.search(r"training loss ([\d.]+)", last)[1]) == pytest.approx(value, rel=1e-3)


def test_progress_of_ones_own_is_left_alone(notebook):
    import talweg as tw

    told = []
    tw.train("iris", members=3, hidden=(8,), max_epochs=12, learning_rate=0.02, progress=told.append)
    assert len(told) == 13
    assert notebook == []


def test_it_draws_no_more_often_than_the_eye_needs():
    clock, shown = iter(np.arange(0, 100, EVERY / 8)), []

    def show(what):
        shown.append(what)
        return shown.append

    live = LiveCurves(show, lambda: float(next(clock)))
    live.start(types.SimpleNamespace(job=types.SimpleNamespace(settings=types.SimpleNamespace(max_epochs=64))))
    for epoch in range(64):
        curves = {"train_loss": np.array([1.0, np.nan])}
        live.update(types.SimpleNamespace(epoch=epoch, seconds=1.0, curves=curves, active=np.array([True, False])))
    assert 4 <= len(shown) <= 12

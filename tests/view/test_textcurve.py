"""A curve in text: dots where the curve is, under the progress bar of a terminal."""

import io

import numpy as np
import pytest
from rich.console import Console

from talweg.view.terminal.progress import TrainingProgress
from talweg.view.terminal.textcurve import text_curve

DOTS = {0x40: (0, 0), 0x80: (0, 1), 0x04: (1, 0), 0x20: (1, 1), 0x02: (2, 0), 0x10: (2, 1), 0x01: (3, 0), 0x08: (3, 1)}


def heights(lines):
    """The row of the one dot in each column of dots, counted from below."""
    found = {}
    for up, line in enumerate(reversed(lines)):
        for across, letter in enumerate(line):
            for bit, (row, column) in DOTS.items():
                if ord(letter) & bit:
                    found.setdefault(2 * across + column, []).append(4 * up + row)
    assert all(len(rows) == 1 for rows in found.values())
    return np.array([found[column][0] for column in sorted(found)])


@pytest.mark.parametrize("points", [3, 40, 500])
def test_the_dots_are_where_the_curve_is(points):
    values = np.linspace(2, 1, points) ** 2
    rows = heights(text_curve(values, width=20, height=4))
    assert len(rows) == 40
    expected = (np.interp(np.linspace(0, points - 1, 40), np.arange(points), values) - 1) / 3 * 15
    np.testing.assert_allclose(rows, expected, atol=0.51)


def test_far_apart_values_are_drawn_logarithmically():
    rows = heights(text_curve(10.0 ** -np.linspace(0, 6, 40), width=20, height=4))
    np.testing.assert_allclose(rows, np.linspace(15, 0, 40), atol=0.51)


def test_what_is_not_finite_is_left_out():
    assert text_curve(np.array([np.nan, np.inf]), 10) == []
    assert len(text_curve(np.array([1.0, np.nan, 1.0]), 10, 3)) == 3


def test_it_stands_under_the_progress_bar():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with TrainingProgress(console, members=2, max_epochs=9, metric="accuracy") as progress:
        for epoch in range(9):
            loss = np.array([1.0 / (1 + epoch), 1.1 / (1 + epoch)])
            progress.update(epoch, 1.0 + epoch, {"train_loss": loss, "validation_loss": loss}, np.ones(2, bool))
        progress.bar.refresh()
        shown = console.file.getvalue()
    curve = text_curve(np.array([1.05 / (1 + epoch) for epoch in range(1, 9)]), 60, 3)
    for line in curve:
        assert line in shown

"""The history: lines there and back, a last line cut off by a kill, damage."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from talweg.errors import RunFolderError
from talweg.record.history import read_lines, to_line

NUMBER = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(NUMBER, min_size=3, max_size=3), min_size=1, max_size=6))
def test_numbers_come_back_exactly_and_what_is_not_finite_as_nan(values):
    lines = [to_line(epoch, epoch / 3, {"train_loss": np.array(row)}) for epoch, row in enumerate(values)]
    assert all("\n" not in line and "NaN" not in line and "Infinity" not in line for line in lines)
    history = read_lines(lines)
    expected = np.where(np.isfinite(values), values, np.nan)
    np.testing.assert_array_equal(history["train_loss"], expected)
    np.testing.assert_array_equal(history.epoch, np.arange(len(values)))
    np.testing.assert_allclose(history.seconds, np.arange(len(values)) / 3, atol=5e-5)


def test_float32_comes_back_exactly():
    values = np.random.default_rng(0).normal(size=5).astype(np.float32)
    np.testing.assert_array_equal(read_lines([to_line(1, 0.5, {"a": values})])["a"][0], values)


LINES = [
    '{"epoch": 0, "seconds": 0.0, "validation_loss": [1.5, 2.5]}',
    '{"epoch": 1, "seconds": 0.1, "train_loss": [1.0, null], "validation_loss": [0.5, 1.5]}',
]


def test_curves_that_begin_later_are_nan_before():
    history = read_lines(LINES)
    assert history.names == ["train_loss", "validation_loss"]
    np.testing.assert_array_equal(history["train_loss"], [[np.nan, np.nan], [1.0, np.nan]])
    np.testing.assert_array_equal(history["validation_loss"], [[1.5, 2.5], [0.5, 1.5]])


def test_a_last_line_cut_anywhere_is_left_out():
    for cut in range(1, len(LINES[1])):
        history = read_lines([LINES[0], LINES[1][:cut]])
        assert history.epoch.tolist() == [0]
        assert history.names == ["validation_loss"]


def test_a_history_of_the_start_alone_without_a_validation_set_has_no_curves():
    history = read_lines([to_line(0, 0.0, {})])
    assert history.names == []
    assert history.epoch.tolist() == [0]
    assert history.frame().shape == (0, 2)


@pytest.mark.parametrize(
    "damaged",
    [
        '{"epoch": 1, "seco',
        "[]",
        "3",
        '{"seconds": 0.1, "train_loss": [1.0, 2.0]}',
        '{"epoch": 1, "train_loss": [1.0, 2.0]}',
        '{"epoch": 1, "seconds": 0.1, "train_loss": 1.0}',
        '{"epoch": 1, "seconds": 0.1, "train_loss": ["a", "b"]}',
        '{"epoch": "one", "seconds": 0.1, "train_loss": [1.0, 2.0]}',
    ],
)
def test_a_damaged_line_is_named(damaged):
    with pytest.raises(RunFolderError, match=r"^history line 2 is damaged; "):
        read_lines([LINES[1], damaged, LINES[1]])


def test_lines_of_different_numbers_of_members():
    with pytest.raises(RunFolderError, match=r"^the history is damaged: its lines tell of different numbers"):
        read_lines([LINES[1], '{"epoch": 1, "seconds": 0.1, "train_loss": [1.0]}', LINES[1]])


@pytest.mark.parametrize("lines", [[], ["", "\n"], ['{"epo']])
def test_an_empty_history(lines):
    with pytest.raises(RunFolderError, match=r"^the history is empty; the run was stopped before its first epoch$"):
        read_lines(lines)


def test_a_frame_has_a_row_for_each_epoch_and_member_that_told_something():
    frame = read_lines(
        [*LINES, '{"epoch": 2, "seconds": 0.2, "train_loss": [0.25, null], "validation_loss": [0.5, null]}']
    ).frame()
    assert frame.columns == ["epoch", "member", "train_loss", "validation_loss"]
    assert frame["epoch"].to_list() == [0, 0, 1, 1, 2]
    assert frame["member"].to_list() == [0, 1, 0, 1, 0]


def test_a_line_is_plain_json():
    line = to_line(3, 1.23456, {"train_loss": np.array([0.5, np.inf])})
    assert json.loads(line) == {"epoch": 3, "seconds": 1.2346, "train_loss": [0.5, None]}

import numpy as np
import pytest

from talweg.data.feed import epoch_order
from talweg.data.large import sample
from talweg.data.large.sample import is_large, known_rows, sample_rows, witnesses
from talweg.data.reading.frames import from_mapping


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(sample, "blocks", lambda rows: [slice(a, min(a + 7, rows)) for a in range(0, rows, 7)])


def test_a_sample_has_one_row_of_each_strip(monkeypatch):
    monkeypatch.setattr(sample, "MOST_VALUES", 300)
    assert not is_large(100, 3)
    rows = sample_rows(1003, 3)
    assert len(rows) == 100
    strips = np.arange(101) * 1003 // 100
    assert ((rows >= strips[:-1]) & (rows < strips[1:])).all()
    assert len(np.unique(np.diff(rows))) > 5, "no rhythm"
    np.testing.assert_array_equal(rows, sample_rows(1003, 3))


def test_witnesses_are_gaps_extremes_and_one_row_of_each_class(small_blocks):
    table = from_mapping(
        {
            "x": [5.0, -9.0, 1.0, 2.0, None, 3.0, 99.0, 0.0, -1.0, 4.0],
            "word": ["a", "b", None, "a", "a", "a", "a", "a", "a", "a"],
            "y": ["up", "up", "up", "up", "up", "down", "up", "up", "up", "odd"],
        }
    )
    train = np.ones(10, bool)
    assert set(witnesses(table, train, "y", True)) == {4, 1, 6, 2, 0, 5, 9}
    train[[1, 5]] = False
    assert set(witnesses(table, train, "y", True)) == {4, 8, 6, 2, 0, 9}, "only training rows"
    assert set(witnesses(table.select(["x"]), train, "y", False)) == {4, 8, 6}


def test_known_rows_are_those_with_a_value(small_blocks):
    table = from_mapping({"x": [None, 1.0] * 10, "w": ["a", None, None, "b"] * 5})
    assert known_rows(table.columns["x"]).tolist() == list(range(1, 20, 2))
    assert known_rows(table.columns["w"]).tolist() == np.flatnonzero(~table.columns["w"].missing()).tolist()


def test_a_shuffle_of_blocks_is_a_permutation_that_keeps_neighbors_near():
    rows = 1024 * 600 + 37
    order = epoch_order(rows, 64, seed=1, epoch=2, shuffle="block").ravel()[:rows]
    np.testing.assert_array_equal(np.sort(order), np.arange(rows))
    assert (order != epoch_order(rows, 64, seed=1, epoch=3, shuffle="block").ravel()[:rows]).mean() > 0.99
    blocks = [len(np.unique(order[start : start + 1024 * 256] // 1024)) for start in range(0, rows, 1024 * 256)]
    assert max(blocks) <= 258, "a window of the order touches few blocks"
    full = epoch_order(rows, 64, seed=1, epoch=2).ravel()[:rows]
    assert len(np.unique(full[: 1024 * 256] // 1024)) > 590

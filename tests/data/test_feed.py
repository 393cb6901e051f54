"""The feed: an epoch's order as a pure function, padding, and chunks for evaluation."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from talweg.data.feed import chunk_size, chunked, epoch_order, epoch_weight, rows_per_batch


@settings(max_examples=100, deadline=None)
@given(
    rows=st.integers(1, 60),
    batch=st.integers(1, 70),
    seed=st.integers(0, 2**63 - 1),
    epoch=st.integers(0, 2**40),
    member=st.none() | st.integers(0, 65535),
)
def test_an_epoch_is_every_row_once_and_filler_of_weight_zero(rows, batch, seed, epoch, member):
    order = epoch_order(rows, batch, seed, epoch, member)
    weight = epoch_weight(order, np.ones(rows, np.float32))
    assert order.shape == weight.shape == (-(-rows // batch), batch)
    assert sorted(order[weight > 0].tolist()) == list(range(rows))
    assert not weight[:-1].any() or (weight[:-1] == 1).all()
    # The filler stands at the end of the last batch alone.
    assert (weight.ravel()[:rows] == 1).all()
    assert (weight.ravel()[rows:] == 0).all()


def test_the_order_is_a_pure_function_of_seed_epoch_and_member():
    arguments = [(seed, epoch, member) for seed in (0, 1) for epoch in (1, 2) for member in (None, 0, 1)]
    orders = {a: epoch_order(50, 8, *a) for a in arguments}
    np.random.seed(3)  # noqa: NPY002  a global seed must not matter
    for a in reversed(arguments):
        np.testing.assert_array_equal(epoch_order(50, 8, *a), orders[a])
    assert len({tuple(order.ravel()) for order in orders.values()}) == len(arguments), "each differs"


def test_every_order_is_about_as_likely():
    counts = np.zeros((4, 4))
    for epoch in range(2000):
        counts[np.arange(4), epoch_order(4, 1, 0, epoch).ravel()] += 1
    # Binomial(2000, 1/4): five standard deviations are 97.
    assert np.abs(counts - 500).max() < 97


def test_a_full_batch_is_in_the_tables_own_order():
    np.testing.assert_array_equal(epoch_order(5, 5, 0, 1), [[0, 1, 2, 3, 4]])


def test_weights_of_rows_follow_the_order_for_each_member():
    orders = np.stack([epoch_order(7, 3, 0, 1, member) for member in range(2)])
    row_weight = np.arange(1, 8, dtype=np.float32)
    weight = epoch_weight(orders, row_weight)
    assert weight.shape == orders.shape
    for order, its in zip(orders, weight, strict=True):
        np.testing.assert_array_equal(its.ravel()[:7], row_weight[order.ravel()[:7]])
        np.testing.assert_array_equal(its.ravel()[7:], 0)


@pytest.mark.parametrize(("size", "rows", "expected"), [("full", 9, 9), (4, 9, 4), (40, 9, 9)])
def test_rows_per_batch(size, rows, expected):
    assert rows_per_batch(size, rows) == expected


@settings(max_examples=50, deadline=None)
@given(rows=st.integers(0, 40), size=st.integers(1, 17))
def test_chunks_hold_every_row_in_order_and_zeros(rows, size):
    array = np.arange(1, 2 * rows + 1, dtype=np.float32).reshape(rows, 2)
    chunks = chunked(array, size)
    assert chunks.shape == (max(1, -(-rows // size)), size, 2)
    flat = chunks.reshape(-1, 2)
    np.testing.assert_array_equal(flat[:rows], array)
    assert not flat[rows:].any()


def test_chunk_sizes_are_powers_of_two_that_hold_a_small_set_whole():
    sizes = [chunk_size(rows) for rows in range(5000)]
    assert all(size & (size - 1) == 0 and size <= 1024 for size in sizes)
    assert all(rows <= sizes[rows] < max(2 * rows, 2) for rows in range(1025))

"""Which rows of a very large table speak for all of them: some drawn evenly, and a witness for what is rare.

The rows are a pure function of the table's size and content, so that a table in memory and the same one on disk are
prepared alike to the last bit.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Int

from talweg.data.large.store import forget, is_mapped
from talweg.data.table import Column, Table, Text
from talweg.data.task import labels_of

MOST_VALUES = 12_000_000
"""Values of a table that are looked at all together; of a table with more, a sample of rows speaks for all."""
_BLOCK = 2**20
_LONG = 2**24
_STREAM = 0x73616D706C65  # "sample": this room's own half of the generator's key


def is_large(rows: int, columns: int) -> bool:
    """Whether a table is so large that a sample of its rows speaks for all."""
    return rows * columns > MOST_VALUES


def sample_rows(rows: int, columns: int) -> Int[np.ndarray, " some"]:
    """Sorted positions of as many rows as are looked at together: all of them, or one drawn from each of equal strips.

    Not every tenth row, say: tables have rhythms.

    Example:
        >>> sample_rows(5, 3).tolist(), len(sample_rows(10**8, 40))
        ([0, 1, 2, 3, 4], 300000)
    """
    if not is_large(rows, columns):
        return np.arange(rows)
    some = max(MOST_VALUES // columns, 1)
    starts = np.arange(some + 1, dtype=np.int64) * rows // some
    words = np.random.Philox(key=_STREAM).random_raw(some)
    return starts[:-1] + (words % np.diff(starts).astype(np.uint64)).astype(np.int64)


def witnesses(table: Table, train: Bool[np.ndarray, " rows"], target: str, classes: bool) -> Int[np.ndarray, " some"]:
    """Sorted positions of training rows without which a sample would misjudge a column.

    Of each column a row in which it is missing, and those of its least and its greatest value; of each class one row.

    Args:
        table: the whole table.
        train: which rows train.
        target: the column to predict.
        classes: whether it holds classes.
    """
    found: set[int] = set()
    for name, column in table.columns.items():
        found |= set(_extremes(column, train))
        if name == target and classes:
            codes, labels = labels_of(column)
            codes[~train] = -1
            found |= set(_firsts(codes, len(labels)))
    return np.array(sorted(found), np.int64)


def blocks(rows: int, size: int = 0) -> Iterator[slice]:
    """Slices that together are all rows; if their size is not said, each holds a million.

    Example:
        >>> list(blocks(5, 3))
        [slice(0, 3, None), slice(3, 5, None)]
    """
    size = size or _BLOCK
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def places(flags: Bool[np.ndarray, " rows"]) -> Int[np.ndarray, " some"]:
    """Sorted positions of what is true; of a very long array in a type that takes half of the memory.

    Example:
        >>> places(np.array([True, False, True]))
        array([0, 2])
    """
    rows = len(flags)
    found = np.empty(np.count_nonzero(flags), np.int32 if _LONG < rows < 2**31 else np.int64)
    done = 0
    for some in blocks(rows):
        more = np.flatnonzero(flags[some])
        found[done : done + len(more)] = more + some.start
        done += len(more)
    return found


def on_disk(table: Table) -> bool:
    """Whether a table's columns lie on disk."""
    return any(is_mapped(values_of(column)) for column in table.columns.values())


def known_rows(column: Column) -> Int[np.ndarray, " known"]:
    """Sorted positions of the rows in which a column holds something."""
    values = values_of(column)
    known = np.empty(len(values), bool)
    for rows in blocks(len(values)):
        known[rows] = ~_missing(column, values[rows])
        forget(values)
    return places(known)


def values_of(column: Column) -> np.ndarray:
    """The array behind a column."""
    return column.codes if isinstance(column, Text) else column.values


def _extremes(column: Column, train: Bool[np.ndarray, " rows"]) -> Iterator[int]:
    """A training row without a value, and those with the least and the greatest; of words only the first."""
    gap, low, high = -1, -1, -1
    values = values_of(column)
    for rows in blocks(len(values)):
        forget(values)
        part, missing = values[rows], _missing(column, values[rows])
        if gap < 0 and (train[rows] & missing).any():
            gap = rows.start + int(np.argmax(train[rows] & missing))
        known = np.flatnonzero(train[rows] & ~missing)
        if isinstance(column, Text) or not len(known):
            continue
        least, most = (rows.start + int(known[each(part[known])]) for each in (np.argmin, np.argmax))
        low = least if low < 0 or values[least] < values[low] else low
        high = most if high < 0 or values[most] > values[high] else high
    forget(values)
    return (row for row in (gap, low, high) if row >= 0)


def _missing(column: Column, part: np.ndarray) -> Bool[np.ndarray, " rows"]:
    if isinstance(column, Text):
        return part < 0
    return np.isnat(part) if part.dtype.kind == "M" else ~np.isfinite(part)


def _firsts(codes: Int[np.ndarray, " rows"], count: int) -> Iterator[int]:
    """The first row of each code."""
    wanted = np.ones(count, bool)
    for rows in blocks(len(codes)):
        if not wanted.any():
            return
        part = codes[rows]
        known = np.flatnonzero(part >= 0)
        different, first = np.unique(part[known], return_index=True)
        for code, place in zip(different, first, strict=True):
            if wanted[code]:
                wanted[code] = False
                yield rows.start + int(known[place])

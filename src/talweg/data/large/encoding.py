"""A table that may lie on disk becomes features some rows at a time, the same as all at once."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from talweg.data.clean import Preparation
from talweg.data.large.sample import blocks, values_of
from talweg.data.large.store import forget
from talweg.data.reading.words import read_numbers
from talweg.data.table import Column, Numbers, Table, Text
from talweg.data.targets import NumberTarget

_BLOCK_BYTES = 32 * 2**20


def feature_blocks(
    table: Table, preparation: Preparation, rows: Int[np.ndarray, " some"], target: bool
) -> Iterator[tuple[Table, Float[np.ndarray, "block features"]]]:
    """The features of some rows, block by block, each with the table of its rows; one empty block without rows.

    Args:
        table: the whole table.
        preparation: how columns become features.
        rows: positions of the rows, in the order wanted.
        target: whether the tables that come are to have the target too.

    Raises:
        DataError: a column is missing.
    """
    preparation.refuse_other(table)
    numbers = {encoder.name for encoder in preparation.encoders if encoder.kind == "number"}
    names = {encoder.name for encoder in preparation.encoders}
    if target:
        names.add(preparation.target.name)
        numbers |= {preparation.target.name} if isinstance(preparation.target, NumberTarget) else set()
    some = table.select(names)
    # How numbers are written is told by all words of a column, not by those of a block.
    written = {name: _numbers_of(column) for name, column in some.columns.items() if name in numbers}
    size = max(1, _BLOCK_BYTES // (8 * max(1, len(preparation.feature_names))))
    for places in blocks(len(rows), size) if len(rows) else [slice(0, 0)]:
        taken = some.take(rows[places])
        columns = {name: _plain(column, written.get(name)) for name, column in taken.columns.items()}
        block = Table(table.name, columns, taken.rows)
        yield block, preparation.features(block)
        forget(*map(values_of, some.columns.values()))


def _numbers_of(column: Column) -> Float[np.ndarray, " levels"] | None:
    return np.append(read_numbers(column.levels), np.nan) if isinstance(column, Text) else None


def _plain(column: Column, numbers: Float[np.ndarray, " levels"] | None) -> Column:
    """A block's column with no more words than stand in it."""
    if not isinstance(column, Text):
        return column
    if numbers is not None:
        return Numbers(numbers[column.codes])
    used, codes = np.unique(column.codes, return_inverse=True)
    missing = int(len(used) > 0 and used[0] < 0)
    return Text((codes - missing).astype(np.int32), tuple(column.levels[code] for code in used[missing:]))

"""A table that may lie on disk becomes features some rows at a time, the same as all at once."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from talweg.data.clean import Preparation
from talweg.data.columns import as_dates, as_numbers
from talweg.data.large.sample import blocks, values_of
from talweg.data.large.store import forget
from talweg.data.table import Column, Dates, Numbers, Table, Text
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
    kinds = {encoder.name: encoder.kind for encoder in preparation.encoders}
    if target:
        kinds[preparation.target.name] = "number" if isinstance(preparation.target, NumberTarget) else "category"
    some = table.select(kinds)
    # How numbers are written is told by all words of a column, not by those of a block.
    written = {name: _written(column, kinds[name]) for name, column in some.columns.items()}
    size = max(1, _BLOCK_BYTES // (8 * max(1, len(preparation.feature_names))))
    for places in blocks(len(rows), size) if len(rows) else [slice(0, 0)]:
        taken = some.take(rows[places])
        columns = {name: _plain(column, written.get(name)) for name, column in taken.columns.items()}
        block = Table(table.name, columns, taken.rows)
        yield block, preparation.features(block)
        forget(*map(values_of, some.columns.values()))


def _written(column: Column, kind: str) -> Numbers | Dates | None:
    """What each word of a column stands for, where it is to hold numbers or dates; behind them what a gap does."""
    if not isinstance(column, Text) or kind not in ("number", "date"):
        return None
    each = Text(np.append(np.arange(len(column.levels)), -1).astype(np.int32), column.levels)
    return as_numbers(each) if kind == "number" else as_dates(each)


def _plain(column: Column, written: Numbers | Dates | None) -> Column:
    """A block's column with no more words than stand in it."""
    if not isinstance(column, Text):
        return column
    if written is not None:
        return type(written)(written.values[column.codes])
    used, codes = np.unique(column.codes, return_inverse=True)
    missing = int(len(used) > 0 and used[0] < 0)
    return Text((codes - missing).astype(np.int32), tuple(column.levels[code] for code in used[missing:]))

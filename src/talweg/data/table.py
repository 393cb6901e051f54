"""A table in memory: named columns of numbers, text or dates as NumPy arrays. Nothing is read or judged here.

Every source becomes this one shape, whatever library or file it came from: numbers are floats with NaN for
missing; text is stored as codes into its sorted distinct values, so that whatever is asked of the words is
asked once a word, not once a row; dates are NumPy's ``datetime64`` in microseconds with NaT for missing.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from talweg.data.large.gather import gather
from talweg.data.large.store import forget
from talweg.errors import DataError, did_you_mean

_BLOCK = 2**20
"""Rows that are looked at together."""


@dataclasses.dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers.

    Attributes:
        values: the numbers; NaN where missing.
    """

    values: Float[np.ndarray, " rows"]

    def missing(self) -> Bool[np.ndarray, " rows"]:
        """Where there is no value: NaN, or an infinity, which no mean survives."""
        return ~np.isfinite(self.values)

    def take(self, rows: Int[np.ndarray, " some"]) -> "Numbers":
        """The column at `rows`, in their order."""
        return Numbers(gather(self.values, rows))


@dataclasses.dataclass(frozen=True, eq=False)
class Text:
    """A column of words, each distinct one stored once.

    Attributes:
        codes: for each row the position of its word in `levels`; -1 where missing.
        levels: the distinct words, sorted. After `take`, some may stand in no row.
    """

    codes: Int[np.ndarray, " rows"]
    levels: tuple[str, ...]

    @classmethod
    def of(cls, words: Sequence[str | None]) -> "Text":
        """A column from one word (or None) a row.

        Example:
            >>> Text.of(["b", None, "a", "b"])
            Text(codes=array([ 1, -1,  0,  1], dtype=int32), levels=('a', 'b'))
        """
        levels = tuple(sorted({word for word in words if word is not None}))
        place: dict[str | None, int] = {word: code for code, word in enumerate(levels)}
        place[None] = -1
        return cls(np.fromiter((place[word] for word in words), dtype=np.int32, count=len(words)), levels)

    def missing(self) -> Bool[np.ndarray, " rows"]:
        """Where there is no word."""
        return self.codes < 0

    def take(self, rows: Int[np.ndarray, " some"]) -> "Text":
        """The column at `rows`, in their order."""
        return Text(gather(self.codes, rows), self.levels)

    def counts(self) -> Int[np.ndarray, " levels"]:
        """In how many rows each word of `levels` stands."""
        counts = np.zeros(len(self.levels) + 1, np.int64)
        # Block by block, since the codes may lie on disk.
        for start in range(0, len(self.codes), _BLOCK):
            counts += np.bincount(self.codes[start : start + _BLOCK] + 1, minlength=len(counts))
            forget(self.codes)
        return counts[1:]


@dataclasses.dataclass(frozen=True, eq=False)
class Dates:
    """A column of instants.

    Attributes:
        values: ``datetime64[us]``; NaT where missing.
    """

    values: Shaped[np.ndarray, " rows"]

    def missing(self) -> Bool[np.ndarray, " rows"]:
        """Where there is no date."""
        return np.isnat(self.values)

    def take(self, rows: Int[np.ndarray, " some"]) -> "Dates":
        """The column at `rows`, in their order."""
        return Dates(gather(self.values, rows))


Column = Numbers | Text | Dates


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Named columns of equal length.

    Attributes:
        name: what messages call it, such as ``data.csv``.
        columns: the columns by name, in the order of the source.
        rows: how many rows each has.
        notes: what the reader decided and a person should hear, one sentence each.
        target: the column that the source itself names as its target, if it does.
        fingerprint: the table's hash, where it is known already.
    """

    name: str
    columns: Mapping[str, Column]
    rows: int
    notes: tuple[str, ...] = ()
    target: str | None = None
    fingerprint: str = ""

    def column(self, name: str) -> Column:
        """The column called `name`.

        Raises:
            DataError: there is none; the message lists those there are.
        """
        if name not in self.columns:
            raise DataError(unknown_column(name, self.name, self.columns))
        return self.columns[name]

    def select(self, names: Iterable[str]) -> "Table":
        """The table of some columns, in the order of this one."""
        wanted = set(names)
        some = {name: column for name, column in self.columns.items() if name in wanted}
        return dataclasses.replace(self, columns=some, fingerprint="")

    def take(self, rows: Int[np.ndarray, " some"]) -> "Table":
        """The table of `rows`, in their order."""
        taken = {name: column.take(rows) for name, column in self.columns.items()}
        return dataclasses.replace(self, columns=taken, rows=len(rows), fingerprint="")


def unknown_column(name: str, table: str, columns: Iterable[str]) -> str:
    """The message for a column that is not there.

    Example:
        >>> unknown_column("prise", "data.csv", ["price", "area"])
        "'prise' is not a column of data.csv. Columns: price, area. Did you mean 'price'?"
    """
    shown = list(columns)
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    listed = ", ".join(shown[:12])
    return f"{name!r} is not a column of {table}. Columns: {listed}{more}.{did_you_mean(name, shown)}"

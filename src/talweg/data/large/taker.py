"""One column of a source larger than memory: its blocks are read and written as they come. No file is read here.

Words are stored as numbers, each distinct word once; a column with more than a million of them is left out, or becomes
one of numbers if it nearly is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, final

import numpy as np
from jaxtyping import Int, Shaped

from talweg.data.large.glance import Reading, reading_of_words
from talweg.data.large.store import Column as Written, Writer, forget
from talweg.data.reading.series import (
    column_of_series,
    fits_float,
    is_words,
    plain_numbers,
    text_of_series,
    words_of_series,
)
from talweg.data.reading.words import known_words, read_dates, read_in_style
from talweg.data.table import Column, Dates, Numbers, Text

if TYPE_CHECKING:
    import polars as pl

MOST_WORDS = 1_000_000
"""Distinct words of one column that are held in memory."""
_ROWS = 2**18


def words_in(series: "pl.Series") -> Text:
    """The words of a block that stand for something."""
    return known_words(text_of_series(words_of_series(series)))


def values_of_words(words: Sequence[str], reading: Reading) -> Shaped[np.ndarray, " words_and_one"]:
    """What words stand for, as numbers or dates; behind them what stands for a missing one."""
    if reading.kind == "dates":
        return np.append(read_dates(words), np.datetime64("NaT"))
    return np.append(read_in_style(words, reading.style), np.nan)


@final
class Taker:
    """Takes the blocks of one column, of which it is known how they are to be read, and writes them."""

    def __init__(self, name: str, reading: Reading, writer: Writer):
        self.name, self.reading, self.writer = name, reading, writer
        self.codes: dict[str, int] = {}
        self.levels: tuple[str, ...] | None = None
        self.column: Written | None = None
        self.note: str | None = None
        self.left_out = False

    def take(self, series: "pl.Series") -> None:
        """Takes one more block."""
        if self.left_out:
            return
        if self.reading.kind == "words":
            codes = self.coded(words_in(series))
            if len(self.codes) <= MOST_WORDS:
                self.write(codes)
                return
            if self._too_many():
                return
            # Nearly all words are numbers, and from here on they are read as such: this block too.
        column = self._read(series)
        if isinstance(column, Text):
            self.levels = column.levels
            self.write(column.codes.astype(np.int32))
        else:
            self.write(column.values)

    def _read(self, series: "pl.Series") -> Column:
        if self.reading.kind == "typed":
            return column_of_series(series, False)
        words = words_of_series(series)
        if self.reading.kind == "plain":
            import polars as pl

            return Numbers(words.cast(pl.Float64, strict=False).to_numpy())
        text = words_in(words)
        values = values_of_words(text.levels, self.reading)[text.codes]
        return Dates(values) if self.reading.kind == "dates" else Numbers(values)

    def coded(self, text: Text) -> Int[np.ndarray, " rows"]:
        """The words of a block as numbers, in the order in which words were first met."""
        of_level = [self.codes.setdefault(word, len(self.codes)) for word in text.levels]
        return np.array([*of_level, -1], np.int32)[text.codes]

    def _too_many(self) -> bool:
        """There are too many words to hold: the column becomes one of numbers, or is left out. Whether it is."""
        words = f"{self.name!r} holds more than {MOST_WORDS} different words"
        if not self.reading.style:
            self.note = f"{words}; it is left out, as an identifier or a text."
            self.left_out = True
            if self.column is not None:
                self.writer.remove(self.name)
        else:
            self.note = f"{words}, nearly all of them numbers; the others are taken as missing."
            numbers = read_in_style(list(self.codes), self.reading.style)
            self.rewrite(np.append(numbers, np.nan))
            self.reading = Reading("styled", self.reading.style)
        self.codes.clear()
        return self.left_out

    def rewrite(self, of_code: np.ndarray) -> None:
        """Puts something else in the place of each code that was written."""
        if self.column is None:
            return
        codes = self.writer.written(self.name)
        self.writer.remove(self.name)
        self.column = self.writer.column(self.name, of_code.dtype)
        for start in range(0, len(codes), _ROWS):
            self.column.append(of_code[codes[start : start + _ROWS]])
        forget(codes)

    def write(self, values: np.ndarray) -> None:
        """Adds values as they are."""
        if self.column is None:
            self.column = self.writer.column(self.name, values.dtype)
        self.column.append(values)

    def finish(self) -> None:
        """Puts words in their order, as columns of words have them."""
        if self.reading.kind == "words" and not self.left_out:
            order = np.array(sorted(range(len(self.codes)), key=list(self.codes).__getitem__), np.int64)
            place = np.full(len(order) + 1, -1, np.int32)
            place[order] = np.arange(len(order))
            self.rewrite(place)
            self.levels = tuple(sorted(self.codes))


@final
class Hope:
    """Takes the blocks of one column as what the first of them makes it seem: typed values, plain numbers or words.

    Attributes:
        plain: whether it seems to be one of plain numbers.
    """

    def __init__(self, name: str, writer: Writer):
        self.name, self.writer = name, writer
        self.plain = False
        self._taker: Taker | None = None
        self._lost = False
        self._counts = np.zeros(0, np.int64)
        """In how many rows each word stands."""

    def take(self, series: "pl.Series") -> None:
        """Takes one more block."""
        if self._lost:
            return
        kind, values = _seeming(series)
        if self._taker is None:
            self._taker = Taker(self.name, Reading(kind), self.writer)
            self.plain = kind == "plain"
        taker = self._taker
        if taker.reading.kind == "words" and kind in ("words", "plain"):
            self._take_words(taker, series)
        elif taker.reading.kind != kind:
            self._lose()
        elif isinstance(values, Numbers):
            taker.write(values.values)
        else:
            taker.take(series)

    def _take_words(self, taker: Taker, series: "pl.Series") -> None:
        text = words_in(series)
        codes = taker.coded(text)
        if len(taker.codes) > MOST_WORDS:
            self._lose()
            return
        taker.write(codes)
        counts = np.bincount(codes + 1, minlength=len(taker.codes) + 1)[1:]
        counts[: len(self._counts)] += self._counts
        self._counts = counts

    def _lose(self) -> None:
        self._lost, self.plain = True, False
        if self._taker is not None and self._taker.column is not None:
            self.writer.remove(self.name)
        self._taker = None

    def taker(self, decimal_comma: bool) -> Taker | None:
        """What took the column, all blocks having been seen; `None` if it must be taken again."""
        taker = self._taker
        if taker is not None and taker.reading.kind == "words":
            words = list(taker.codes)
            reading = reading_of_words(words, self._counts, decimal_comma)
            if reading.kind != "words":
                taker.rewrite(values_of_words(words, reading))
            taker.reading = reading
        return taker


def _seeming(series: "pl.Series") -> tuple[Literal["typed", "plain", "words"], Column | None]:
    """What a block alone makes its column seem, with its numbers where they are plain."""
    import polars as pl

    if series.dtype == pl.Float64:
        return "plain", Numbers(series.to_numpy())
    if is_words(series):
        numbers = plain_numbers(series.cast(pl.String)) if series.dtype == pl.String else None
        return ("words", None) if numbers is None else ("plain", Numbers(numbers.to_numpy()))
    beyond = series.dtype.is_integer() and not fits_float(series)
    return ("words" if beyond else "typed"), None

"""The first time through a large source: how each column is to be read, found block by block. Nothing is kept of it.

What is found is what `read` finds in a file that is held whole: a column is one of numbers only if every word of it
is one, all in one way of writing.
"""

import dataclasses
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from talweg.data.large.blocks import Blocks, Hear
from talweg.data.reading.series import fits_float, is_words, plain_numbers, text_of_series, words_of_series
from talweg.data.reading.words import are_codes, known_words, read_dates, read_in_style, styles
from talweg.data.table import Text
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_MOST_STRAYS = 0.05
_DECIMAL_COMMA = "decimal comma"
_POINTS_AS_THOUSANDS = r"^[+-]?[0-9]{1,3}(?:\.[0-9]{3})+$"


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a column is read.

    Attributes:
        kind: ``"typed"``: its own type says what it holds; ``"plain"``: words that are numbers as they stand;
            ``"styled"``: words that are numbers in the way of writing `style`; ``"dates"``; ``"words"``.
        style: the way of writing; of words, that in which nearly all of them are numbers, or nothing.
    """

    kind: Literal["typed", "plain", "styled", "dates", "words"]
    style: str = ""


def glance(blocks: Blocks, hear: Hear) -> tuple[int, dict[str, Reading]]:
    """How many rows a source has, and how each of its columns is to be read.

    Raises:
        DataError: the source is damaged, has uneven rows, or none.
    """
    rows = 0
    looks: dict[str, _Look] = {}
    for frame, part in blocks():
        rows += frame.height
        for series in frame.get_columns():
            looks.setdefault(series.name, _Look()).at(series)
        hear("looking over", part)
    if rows == 0:
        raise DataError(f"{blocks.name} has a header but no rows; expected one row of values a line below it.")
    return rows, {name: look.reading(blocks.decimal_comma) for name, look in looks.items()}


@final
class _Look:
    """What is known of a column after the blocks so far."""

    def __init__(self) -> None:
        self.words, self.beyond_floats = False, False
        self.plain, self.codes, self.dates = True, False, True
        self.known = 0
        self.strays = dict.fromkeys(styles(), 0)
        """In how many rows there is a word that is no number, by the way of writing."""

    def at(self, series: "pl.Series") -> None:
        """Looks at one more block."""
        if not is_words(series):
            self.beyond_floats |= series.dtype.is_integer() and not fits_float(series)
            return
        self.words = True
        words = words_of_series(series)
        if (numbers := plain_numbers(words)) is not None:
            self._at_numbers(words, numbers)
            return
        self.plain = False
        self._at_words(known_words(text_of_series(words)))

    def _at_numbers(self, words: "pl.Series", numbers: "pl.Series") -> None:
        known = len(numbers) - numbers.null_count()
        self.known += known
        self.dates &= known == 0
        # A plain number is one in every way of writing, but for its point where commas are decimal.
        pointed = numbers.is_not_null() & words.str.contains(".", literal=True)
        self.strays[_DECIMAL_COMMA] += int((pointed & ~words.str.contains(_POINTS_AS_THOUSANDS)).sum())

    def _at_words(self, text: Text) -> None:
        counts = text.counts()
        self.known += int(counts.sum())
        self.codes |= are_codes(text.levels)
        self.dates = self.dates and not np.isnat(read_dates(text.levels)).any()
        for style in self.strays:
            self.strays[style] += int(counts[np.isnan(read_in_style(text.levels, style))].sum())

    def reading(self, decimal_comma: bool) -> Reading:
        """How the column is to be read, all blocks having been looked at."""
        if not self.words:
            return Reading("words" if self.beyond_floats else "typed")
        if self.plain or not self.known:
            return Reading("plain")
        if self.codes:
            return Reading("words")
        fewest = min(styles(decimal_comma), key=lambda style: self.strays[style])
        if self.strays[fewest] == 0:
            return Reading("styled", fewest)
        if self.dates:
            return Reading("dates")
        return Reading("words", fewest if self.strays[fewest] <= _MOST_STRAYS * self.known else "")

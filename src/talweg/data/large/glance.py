"""How columns of a large source are to be read, found by going through it block by block. Nothing is kept of it.

What is found is what `read` finds in a file that is held whole: a column is one of numbers only if every word of it
is one, all in one way of writing.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, final

import numpy as np
from jaxtyping import Int

from talweg.data.hearing import Hear
from talweg.data.large.blocks import Blocks
from talweg.data.reading.series import fits_float, is_words, plain_numbers, text_of_series, words_of_series
from talweg.data.reading.words import are_codes, known_words, read_dates, read_in_style, styles

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


def glance(blocks: Blocks, names: list[str], hear: Hear) -> dict[str, Reading]:
    """How each of some columns is to be read.

    Raises:
        DataError: the source is damaged, or has uneven rows.
    """
    looks = {name: _Look() for name in names}
    for frame, part in blocks(names):
        for series in frame.get_columns():
            looks[series.name].at(series)
        hear("looking over", part)
    return {name: look.reading(blocks.decimal_comma) for name, look in looks.items()}


def reading_of_words(words: Sequence[str], counts: Int[np.ndarray, " words"], decimal_comma: bool) -> Reading:
    """How a column is to be read of which all distinct words are known, and in how many rows each stands."""
    look = _Look()
    look.words, look.plain = True, False
    look.at_words(words, counts)
    return look.reading(decimal_comma)


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
        text = known_words(text_of_series(words))
        self.at_words(text.levels, text.counts())

    def _at_numbers(self, words: "pl.Series", numbers: "pl.Series") -> None:
        known = len(numbers) - numbers.null_count()
        self.known += known
        self.dates &= known == 0
        # A plain number is one in every way of writing, but for its point where commas are decimal.
        pointed = numbers.is_not_null() & words.str.contains(".", literal=True)
        self.strays[_DECIMAL_COMMA] += int((pointed & ~words.str.contains(_POINTS_AS_THOUSANDS)).sum())

    def at_words(self, words: Sequence[str], counts: Int[np.ndarray, " words"]) -> None:
        """Looks at more words, each standing in some rows."""
        self.known += int(counts.sum())
        self.codes |= are_codes(words)
        self.dates = self.dates and not np.isnat(read_dates(words)).any()
        for style in self.strays:
            self.strays[style] += int(counts[np.isnan(read_in_style(words, style))].sum())

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

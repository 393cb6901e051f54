"""What a written word means: missing, a number, a date. No table is known here, and no file is read.

Real files write numbers in many ways (``3.5``, ``3,5``, ``1,234.5``) and missing values in more. A column of
words is read as a whole, because one word alone (``1,234``) does not say which of them is meant.
"""

import datetime as dt
import itertools
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from talweg.data.table import Column, Dates, Numbers, Text

MISSING = frozenset(["", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "nat", "?", "-", "--", "."])
"""Words, in lower case and without surrounding space, that stand for no value."""

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_WORDED = r"[+-]?(?:inf|infinity)"
_STYLES = {
    "plain": re.compile(rf"[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}|{_WORDED}", re.ASCII | re.IGNORECASE),
    "thousands": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", re.ASCII),
    "decimal comma": re.compile(rf"[+-]?(?:\d+,?\d*|,\d+|\d{{1,3}}(?:\.\d{{3}})+(?:,\d*)?){_EXPONENT}", re.ASCII),
}
_CODE = re.compile(r"[+-]?(?:0\d+|\d{16,})", re.ASCII)
_DATE = re.compile(
    r"(?:\d{4}-\d{2}-\d{2}|(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})|\d{4}/\d{2}/\d{2})(?P<time>[T ].*)?",
    re.ASCII,
)
SLASHED = re.compile(r"\d{1,2}/\d{1,2}/(?:\d{2}|\d{4})(?:[T ].*)?", re.ASCII)
"""A date whose day and month cannot be told apart: 3/4/2024 is in April or in March."""


def is_missing(word: str) -> bool:
    """Whether a word stands for no value.

    Example:
        >>> is_missing(" N/A "), is_missing("0")
        (True, False)
    """
    return word.strip().lower() in MISSING


def text_of(words: Sequence[str | None]) -> Text:
    """A column of words without surrounding space, with the words for missing taken out.

    Example:
        >>> text_of(["cat ", "?", "dog"])
        Text(codes=array([ 0, -1,  1], dtype=int32), levels=('cat', 'dog'))
    """
    return known_words(Text.of([None if word is None else word.strip() for word in words]))


def known_words(text: Text) -> Text:
    """The column without the words that stand for no value.

    Example:
        >>> known_words(Text.of(["cat", "?", "dog"])).codes
        array([ 0, -1,  1], dtype=int32)
    """
    known = np.array([not is_missing(word) for word in text.levels], dtype=bool)
    place = np.append(np.where(known, np.cumsum(known) - 1, -1), -1).astype(np.int32)
    return Text(place[text.codes], tuple(itertools.compress(text.levels, known)))


def read_numbers(words: Sequence[str], decimal_comma: bool = False) -> Float[np.ndarray, " words"]:
    """Words as numbers, in the one way of writing that fits most of them; NaN for a word that is none.

    Args:
        words: the distinct words of one column.
        decimal_comma: whether ``1,234`` is more likely 1.234 than 1234, where nothing else decides.

    Example:
        >>> read_numbers(["1,5", "20"]), read_numbers(["1,234", "1,234,567"]), read_numbers(["1", "kg"])
        (array([ 1.5, 20. ]), array([1.234000e+03, 1.234567e+06]), array([ 1., nan]))
    """
    best = np.full(len(words), np.nan)
    for style in styles(decimal_comma):
        reading = read_in_style(words, style)
        if np.isnan(reading).sum() < np.isnan(best).sum():
            best = reading
        if not np.isnan(best).any():
            break
    return best


def styles(decimal_comma: bool = False) -> tuple[str, ...]:
    """The ways of writing a number, the likelier first; of those that fit all words alike the first is meant."""
    if decimal_comma:
        return "plain", "decimal comma", "thousands"
    return "plain", "thousands", "decimal comma"


def read_in_style(words: Sequence[str], style: str) -> Float[np.ndarray, " words"]:
    """Words as numbers in one way of writing; NaN for a word that is none.

    Example:
        >>> read_in_style(["1.234", "1.5"], "decimal comma")
        array([1234.,   nan])
    """
    plain, fits = _STYLES["plain"].fullmatch, _STYLES[style].fullmatch
    gone, point = {"plain": ("_", "."), "thousands": (",", "."), "decimal comma": (".", ",")}[style]
    values = [
        float(word) if plain(word) and (style != "decimal comma" or "." not in word)
        else float(word.replace(gone, "").replace(point, ".")) if fits(word)
        else np.nan
        for word in words
    ]  # fmt: skip
    return np.array(values, dtype=np.float64)


def are_codes(words: Sequence[str]) -> bool:
    """Whether some word has leading zeros, as postal codes do, or 16 digits, as identifiers do and quantities do not.

    A float would forget the zeros, and would confuse neighbors beyond 2⁵³.

    Example:
        >>> are_codes(["00501", "10001"]), are_codes(["0.5", "0", "10"])
        (True, False)
    """
    return any(_CODE.fullmatch(word) for word in words)


def read_dates(words: Sequence[str]) -> np.ndarray:
    """Words as dates, with or without a time; NaT for a word that is none.

    ISO 8601, turned to UTC; the same with slashes; day, month and year with points. A word alone must say which date it
    is, so 3/4/2024 is none.

    Example:
        >>> read_dates(["2024-02-29", "2024-01-01 12:30", "soon"])
        array(['2024-02-29T00:00:00.000000', '2024-01-01T12:30:00.000000',
                                      'NaT'], dtype='datetime64[us]')
        >>> read_dates(["29.2.2024 12:30", "3/4/2024"])
        array(['2024-02-29T12:30:00.000000',                        'NaT'],
              dtype='datetime64[us]')
    """
    return np.array([_date(word) for word in words], dtype="datetime64[us]")


def _date(word: str) -> dt.datetime | None:
    if not (found := _DATE.fullmatch(word)):
        return None
    if found["day"]:
        word = f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}{found['time'] or ''}"
    try:
        instant = dt.datetime.fromisoformat(word.replace("/", "-"))
    except ValueError:
        return None
    return instant.astimezone(dt.UTC).replace(tzinfo=None) if instant.tzinfo else instant


def understood(text: Text, decimal_comma: bool = False) -> Column:
    """The column that the words stand for: numbers or dates where every word is one, else the words.

    A column without any word is one of missing numbers.

    Example:
        >>> understood(text_of(["1", "N/A", "2.5"])).values
        array([1. , nan, 2.5])
        >>> understood(text_of(["1", "2 kg"])).levels
        ('1', '2 kg')
    """
    if not text.levels:
        return Numbers(np.full(len(text.codes), np.nan))
    if are_codes(text.levels):
        return text
    # One word that is neither settles it, without reading a million.
    if _all_known(numbers := read_numbers(text.levels[:64], decimal_comma)):
        numbers = read_numbers(text.levels, decimal_comma)
        if _all_known(numbers):
            return Numbers(spread(numbers, text))
    elif _DATE.fullmatch(text.levels[0]) and not np.isnat(dates := read_dates(text.levels)).any():
        return Dates(np.append(dates, np.datetime64("NaT"))[text.codes])
    return text


def _all_known(numbers: Float[np.ndarray, " words"]) -> bool:
    unknown: Bool[np.ndarray, " words"] = np.isnan(numbers)
    return not unknown.any()


def spread(numbers: Float[np.ndarray, " levels"], text: Text) -> Float[np.ndarray, " rows"]:
    """The number of each row's word; NaN where there is no word."""
    return np.append(numbers, np.nan)[text.codes]

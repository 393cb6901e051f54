"""A polars series becomes a column: numbers, dates or words, whatever its type. No file is read here."""

from typing import TYPE_CHECKING, cast

import numpy as np

from talweg.data.reading.frames import column_of
from talweg.data.reading.words import are_codes, is_missing, known_words, understood
from talweg.data.table import Column, Dates, Numbers, Text

if TYPE_CHECKING:
    import polars as pl

LARGEST_INTEGER = 2**53
"""Beyond, a float confuses neighbors."""


def column_of_series(series: "pl.Series", decimal_comma: bool) -> Column:
    """The column that a series of any type holds; words are understood as a whole."""
    import polars as pl

    dtype = series.dtype
    if dtype.is_integer() and not fits_float(series):
        # Identifiers of 17 digits and more: a float would confuse neighbors.
        return text_of_series(series.cast(pl.String))
    if dtype.is_numeric() or dtype == pl.Null:
        return Numbers(series.cast(pl.Float64).to_numpy())
    if dtype == pl.Boolean:
        return Text(series.cast(pl.Int32).fill_null(-1).to_numpy(), ("False", "True"))
    if isinstance(dtype, (pl.Datetime, pl.Date)):
        if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
            series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return Dates(series.cast(pl.Datetime("us")).to_numpy())
    if isinstance(dtype, pl.Duration):
        return Numbers(series.dt.total_microseconds().cast(pl.Float64).to_numpy() / 1e6)
    if isinstance(dtype, (pl.String, pl.Categorical, pl.Enum)):
        return _column_of_words(series.cast(pl.String), decimal_comma)
    return column_of(np.array([*series.to_list(), None], dtype=object)[:-1])


def is_words(series: "pl.Series") -> bool:
    """Whether a series holds words, or things that are read as words; the type of any other says what it holds."""
    import polars as pl

    dtype = series.dtype
    plain = (pl.Boolean, pl.Datetime, pl.Date, pl.Duration, pl.Null)
    return not (dtype.is_numeric() or isinstance(dtype, plain) or dtype in plain)


def words_of_series(series: "pl.Series") -> "pl.Series":
    """A series of any type as words without surrounding space."""
    import polars as pl

    if series.dtype.is_integer() or isinstance(series.dtype, (pl.String, pl.Categorical, pl.Enum)):
        return series.cast(pl.String).str.strip_chars()
    words = [None if value is None else str(value).strip() for value in series.to_list()]
    return pl.Series(series.name, words, pl.String)


def fits_float(series: "pl.Series") -> bool:
    """Whether a float can tell all of a series of integers apart."""
    low, high = cast("tuple[int | None, int | None]", (series.min(), series.max()))
    return low is None or high is None or max(abs(low), abs(high)) <= LARGEST_INTEGER


def _column_of_words(words: "pl.Series", decimal_comma: bool) -> Column:
    words = words.str.strip_chars()
    # The quick way for the usual column, every word a plain number; `understood` says the same, more slowly.
    if (numbers := plain_numbers(words)) is not None:
        return Numbers(numbers.to_numpy())
    return understood(known_words(text_of_series(words)), decimal_comma)


def plain_numbers(words: "pl.Series") -> "pl.Series | None":
    """Stripped words as numbers, if every one is a plain number or stands for no value, and none is a code."""
    import polars as pl

    numbers = words.cast(pl.Float64, strict=False)
    others = words.filter(numbers.is_null()).drop_nulls().unique()
    return numbers if all(map(is_missing, others)) and not _has_codes(words) else None


def _has_codes(words: "pl.Series") -> bool:
    return are_codes(words.filter(words.str.contains(r"^[+-]?(?:0\d|\d{16})")).drop_nulls().to_list())


def text_of_series(words: "pl.Series") -> Text:
    """The column of a series of words, as they are."""
    import polars as pl

    levels = words.drop_nulls().unique().sort()
    codes = words.replace_strict(levels, range(len(levels)), default=-1, return_dtype=pl.Int32)
    return Text(codes.to_numpy(), tuple(levels.to_list()))

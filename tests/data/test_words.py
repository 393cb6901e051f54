import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from talweg.data.reading.read import read_table
from talweg.data.reading.words import are_codes, is_missing, read_dates, read_numbers, text_of, understood
from talweg.data.table import Numbers, Text


@pytest.mark.parametrize("word", ["", " ", "N/A", "n/a", "NA", "nan", "NULL", "None", "?", "-", "--", "#N/A", "."])
def test_missing(word):
    assert is_missing(word)


@pytest.mark.parametrize("word", ["0", "no", "Nantes", "...", "-1", "unknown"])
def test_not_missing(word):
    assert not is_missing(word)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["1", "-2.5", "+3", "4e3", ".5", "5."], [1, -2.5, 3, 4000, 0.5, 5]),
        (["1,5", "2"], [1.5, 2]),
        (["0,125", "1,250"], [0.125, 1.25]),
        (["1,250", "2,500"], [1250, 2500]),
        (["1,250.5", "3"], [1250.5, 3]),
        (["1.250,5", "2.000"], [1250.5, 2000]),
        (["1_000", "0x10", "٣", "1e", "--1", "1 000"], [np.nan] * 6),
        (["inf", "-Infinity"], [np.inf, -np.inf]),
    ],
)
def test_numbers(words, numbers):
    np.testing.assert_array_equal(read_numbers(words), numbers)


def test_what_decides_between_comma_and_comma():
    assert read_numbers(["1,250"], decimal_comma=True)[0] == 1.25
    assert read_numbers(["1,250"], decimal_comma=False)[0] == 1250


def test_dates():
    read = read_dates(["2024-02-29", "2024-02-30", "2024-01-01T10:00:00+02:00", "2024-01-01 08:00:00.25", "5"])
    expected = ["2024-02-29", "NaT", "2024-01-01T08:00", "2024-01-01T08:00:00.25", "NaT"]
    np.testing.assert_array_equal(read, np.array(expected, dtype="datetime64[us]"))


def test_codes():
    assert are_codes(["00501", "10001"])
    assert not are_codes(["0", "0.5", "-0.5", "10", "1e01"])
    assert isinstance(understood(text_of(["00501", "10001"])), Text)


WORDS = st.one_of(
    st.from_regex(r"[+-]?\d{0,3}[.,]?\d{0,3}(e\d)?", fullmatch=True).filter(str.isascii),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(["inf", "-Infinity", "nan", "N/A", "x", "1d", "0x1f", "1_0", "1e400", "2024-01-01"]),
)


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_the_quick_way_says_the_same(words):
    """polars' quick conversion in `read` and the careful one here never differ."""
    quick = read_table(pl.DataFrame({"a": words})).columns["a"]
    careful = understood(text_of(words))
    assert type(quick) is type(careful)
    if isinstance(quick, Numbers):
        np.testing.assert_array_equal(quick.values, careful.values)
    elif isinstance(quick, Text):
        assert quick.levels == careful.levels
        np.testing.assert_array_equal(quick.codes, careful.codes)


def test_dates_with_points_and_slashes():
    """Day, month and year with points are one date; 3/4/2024 may be two."""
    read = read_dates(["29.2.2024", "31.12.2023 23:59", "2024/02/29", "30.02.2024", "3/4/2024", "1.234.567"])
    expected = ["2024-02-29", "2023-12-31T23:59", "2024-02-29", "NaT", "NaT", "NaT"]
    np.testing.assert_array_equal(read, np.array(expected, "datetime64[us]"))
    assert understood(text_of(["01.02.2024", "?", "15.02.2024"])).values.dtype == "datetime64[us]"

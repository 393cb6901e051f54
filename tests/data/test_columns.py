import numpy as np
import pytest

from talweg.data.columns import as_dates, as_numbers, as_text, find_kinds
from talweg.data.reading.frames import from_mapping
from talweg.data.table import Dates, Numbers, Text
from talweg.errors import ConfigError, DataError

RANDOM = np.random.default_rng(0)
ROWS = 200
COLUMNS = {
    "size": RANDOM.normal(size=ROWS),
    "gaps": np.where(RANDOM.random(ROWS) < 0.2, np.nan, RANDOM.normal(size=ROWS)),
    "site": RANDOM.choice(["north", "south", "east"], ROWS),
    "flag": RANDOM.random(ROWS) < 0.5,
    "year": RANDOM.choice([2007.0, 2008.0, 2009.0], ROWS),
    "day": np.datetime64("2024-01-01", "D") + RANDOM.integers(0, 300, ROWS),
    "strays": [*map(str, RANDOM.normal(size=ROWS - 3)), "unknown", "unknown", ">90"],
    "zip": [f"0{number}" for number in RANDOM.integers(1000, 1040, ROWS)],
    "patient_id": RANDOM.permutation(ROWS).astype(float),
    "customerID": [f"c{row:05}" for row in range(ROWS)],
    "ticket": [f"{row}-{row * row}" for row in range(ROWS)],
    "remark": [f"the patient came on day {row} and went" for row in range(ROWS)],
    "empty": np.full(ROWS, np.nan),
    "one": np.full(ROWS, 7.0),
    "same_word": ["no"] * ROWS,
    "seldom": [None] * 5 + ["yes"] * (ROWS - 5),
    "time_step": np.arange(ROWS, dtype=float),
    "y": RANDOM.choice(["p", "q"], ROWS),
}
EXPECTED = {
    "size": "number", "gaps": "number", "site": "category", "flag": "category", "year": "number", "day": "date",
    "strays": "number", "zip": "category", "patient_id": "identifier", "customerID": "identifier",
    "ticket": "identifier", "remark": "text", "empty": "constant", "one": "constant", "same_word": "constant",
    "seldom": "category", "time_step": "number", "size_again": "duplicate", "site_again": "duplicate",
}  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return from_mapping(COLUMNS | {"size_again": COLUMNS["size"], "site_again": COLUMNS["site"]}, name="data.csv")


def test_kinds(table):
    found = find_kinds(table, np.arange(ROWS), "y")
    assert {column.name: column.kind for column in found} == EXPECTED
    reasons = {column.name: column.reason for column in found}
    assert reasons["strays"] == "numbers but for '>90', 'unknown', taken as missing"
    assert reasons["one"] == "7 in every training row"
    assert reasons["site_again"] == "the same as 'site' in every training row"
    assert reasons["empty"] == "no value in any training row"


def test_a_word_for_a_gap_is_no_word():
    """However often it stands, one word among many numbers says that there is none."""
    lengths = ["missing" if row % 3 == 0 else f"{row}.5" for row in range(90)]
    table = from_mapping({"length": lengths, "y": ["p", "q"] * 45})
    (found,) = find_kinds(table, np.arange(90), "y")
    assert (found.kind, found.reason) == ("number", "numbers but for 'missing', taken as missing")


def test_only_training_rows_have_a_say(table):
    rows = np.arange(0, ROWS, 2)
    others = dict(table.columns)
    for name in others:
        # Whatever stands in the other rows: here, the value of the row before.
        others[name] = table.columns[name].take(np.repeat(rows, 2))
    changed = type(table)(table.name, others, ROWS)
    assert find_kinds(changed, rows, "y") == find_kinds(table, rows, "y")


def test_declared_kinds_win(table):
    declared = {
        "year": "category",
        "customerID": "category",
        "size": "ignored",
        "zip": "number",
        "size_again": "number",
    }
    found = {column.name: column for column in find_kinds(table, np.arange(ROWS), "y", declared)}
    assert {name: found[name].kind for name in declared} == declared
    assert found["year"].reason == "declared"


@pytest.mark.parametrize(
    ("declared", "error", "message"),
    [
        (
            {"site": "nmber"},
            ConfigError,
            "Unknown kind 'nmber' for column 'site'; expected one of number, category, date,",
        ),
        ({"sight": "number"}, DataError, "'sight' is not a column of data.csv. Columns: size, gaps, site,"),
        (
            {"strays": "number"},
            DataError,
            "Column 'strays' of data.csv was declared a number but holds 'unknown' in row 198; mend that value, leave"
            " it empty, or declare the column a category.",
        ),
        ({"site": "date"}, DataError, "Column 'site' of data.csv was declared a date but holds"),
        ({"size": "date"}, DataError, "Column 'size' of data.csv was declared a date but holds"),
    ],
)
def test_declared_wrongly(table, declared, error, message):
    with pytest.raises(error) as refusal:
        find_kinds(table, np.arange(ROWS), "y", declared)
    assert str(refusal.value).startswith(message)


def test_nothing_to_predict_from():
    table = from_mapping({"id": list(range(30)), "one": [1] * 30, "y": ["a", "b"] * 15}, name="data.csv")
    with pytest.raises(DataError) as refusal:
        find_kinds(table, np.arange(30), "y")
    assert str(refusal.value) == (
        "data.csv has no column to predict 'y' from ('id': identifier, a whole number of its own in every row, and its"
        " name; 'one': constant, 1 in every training row)."
    )
    with pytest.raises(DataError, match="it has no other"):
        find_kinds(from_mapping({"y": [1, 2]}), np.arange(2), "y")


def test_one_column_as_another_sort():
    dates = Dates(np.array(["2024-01-01", "NaT"], dtype="datetime64[us]"))
    words = Text.of(["2024-01-01", "x"])
    np.testing.assert_array_equal(as_dates(words).values, dates.values)
    assert as_dates(Numbers(np.ones(2))).missing().all()
    assert as_numbers(dates).missing().all()
    numbers = as_text(Numbers(np.array([10.0, 9.0, np.nan, 0.5])))
    assert (numbers.levels, numbers.codes.tolist()) == (("0.5", "10", "9"), [1, 2, -1, 0])
    assert as_text(dates).levels == ("2024-01-01 00:00:00",)

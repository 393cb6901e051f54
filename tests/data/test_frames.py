import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from talweg.data.reading.frames import column_of, from_arrays, from_mapping, from_pandas
from talweg.data.reading.read import read_table
from talweg.data.table import Dates, Numbers, Text
from talweg.errors import DataError
from talweg.run.named import with_target


def test_arrays():
    X = np.arange(6.0).reshape(3, 2)
    table = from_arrays(X, np.array([1, 0, 1]))
    assert list(table.columns) == ["x0", "x1", "y"]
    assert (table.rows, table.target) == (3, "y")
    np.testing.assert_array_equal(table.columns["x1"].values, [1, 3, 5])
    assert from_arrays(X).target is None
    assert list(read_table(X).columns) == ["x0", "x1"]


FEATURES = {"size": [1.5, 2.5, 3.5], "site": ["a", "b", None]}
TARGETS = {
    "list": (["p", "q", "p"], "y"),
    "array": (np.array(["p", "q", "p"]), "y"),
    "pandas": (pd.Series(["p", "q", "p"], name="label", index=[7, 8, 9]), "label"),
    "polars": (pl.Series("label", ["p", "q", "p"]), "label"),
    "frame": (pd.DataFrame({"label": ["p", "q", "p"]}), "label"),
}


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, dict])
def test_features_and_targets_apart(make, targets):
    """As scikit-learn takes them; the features keep their names and words."""
    values, name = TARGETS[targets]
    table = with_target(make(FEATURES), values)
    assert list(table.columns) == ["size", "site", name]
    assert table.target == name
    assert table.columns["site"].levels == ("a", "b")
    assert table.columns[name].codes.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["p"], "The columns of the columns differ in length: 'y' has 1 rows and 'size' has 3"),
        (pd.DataFrame({"a": [1] * 3, "b": [2] * 3}), "The targets of the columns are 2 columns; expected one."),
        (pd.Series([1, 2, 3], name="size"), "Column 'size' of the columns stands among the features and is the target"),
    ],
)
def test_targets_that_do_not_fit(targets, message):
    with pytest.raises(DataError) as refusal:
        with_target(FEATURES, targets)
    assert str(refusal.value).startswith(message)


def test_rows_as_dicts():
    table = read_table([{"a": 1}, {"a": 2, "b": "x"}])
    assert table.columns["a"].values.tolist() == [1, 2]
    assert table.columns["b"].codes.tolist() == [-1, 0]


def test_spans_of_time_are_seconds_and_periods_begin():
    frame = pd.DataFrame(
        {"span": pd.to_timedelta([90, None], "s"), "month": pd.period_range("2024-01", periods=2, freq="M")}
    )
    columns = from_pandas(frame).columns
    np.testing.assert_array_equal(columns["span"].values, [90, np.nan])
    np.testing.assert_array_equal(columns["month"].values, np.array(["2024-01-01", "2024-02-01"], "datetime64[us]"))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint64])
def test_numbers_of_every_width(dtype):
    column = column_of(np.array([0, 1, 2], dtype=dtype))
    assert isinstance(column, Numbers)
    np.testing.assert_array_equal(column.values, [0, 1, 2])


@pytest.mark.parametrize(
    ("values", "sort"),
    [
        (np.array([True, False]), Text),
        (np.array(["a", "b"]), Text),
        (np.array(["1", "2"]), Numbers),
        (np.array(["x", "N/A"], dtype=object), Text),
        (np.array([1, None, 2.5], dtype=object), Numbers),
        (np.array([True, None], dtype=object), Text),
        (np.array([None, float("nan")], dtype=object), Numbers),
        (np.array([datetime.date(2024, 1, 1), None], dtype=object), Dates),
        (np.array([pd.Timestamp("2024-01-01"), pd.NaT], dtype=object), Dates),
        (np.array([1, pd.NA], dtype=object), Numbers),
        (np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"), Dates),
    ],
)
def test_sorts(values, sort):
    column = column_of(values)
    assert isinstance(column, sort)
    gone = [value is None or value is pd.NA or value != value or value == "N/A" for value in values.tolist()]
    np.testing.assert_array_equal(column.missing(), gone)


def test_pandas_keeps_what_is_missing():
    frame = pd.DataFrame(
        {
            "int": pd.array([1, None], dtype="Int64"),
            "bool": pd.array([True, None], dtype="boolean"),
            "word": pd.array(["a", None], dtype="string"),
            "sort": pd.Categorical(["b", None]),
            "when": pd.to_datetime(["2024-01-01T12:00+02:00", None], utc=True),
            7: [1.0, np.nan],
        },
        index=[10, 20],
    )
    table = from_pandas(frame)
    assert list(table.columns) == ["int", "bool", "word", "sort", "when", "7"]
    for column in table.columns.values():
        np.testing.assert_array_equal(column.missing(), [False, True])
    assert table.columns["when"].values[0] == np.datetime64("2024-01-01T10:00")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: from_arrays(np.zeros((3, 2)), np.zeros(2)), "differ in length: 'y' has 2 rows and 'x0' has 3;"),
        (lambda: from_arrays(np.zeros((0, 2))), "There are no rows in the arrays;"),
        (lambda: from_arrays(np.zeros((2, 1), complex)), "Complex numbers cannot be used;"),
        (lambda: from_mapping({"a": [1], "b": [1, 2]}), "'a' has 1 rows and 'b' has 2; they must be the same rows"),
        (lambda: from_mapping({"a": np.zeros((2, 2))}), r"Column 'a' has shape \(2, 2\); a column is one-dim"),
        (lambda: from_mapping({}), "There are no rows in the columns;"),
        (lambda: from_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"])), "Column 'a' stands twice in the data frame"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(DataError, match=message):
        make()

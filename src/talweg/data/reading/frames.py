"""Python objects (arrays, dicts of columns, pandas frames) become a `Table`. No file is read here.

A pandas frame that comes in has brought its library with it; polars' own frames are taken by `read`, its one
door.
"""

import dataclasses
import datetime as dt
import decimal
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from talweg.data.reading.words import text_of, understood
from talweg.data.table import Column, Dates, Numbers, Table, Text
from talweg.errors import DataError

IN_MEMORY = ("data", "the arrays", "the columns", "the data frame")
"""What sources are called that came as Python objects."""


def from_arrays(
    X: Shaped[np.ndarray, "rows features"],
    y: Shaped[np.ndarray, " targets"] | None = None,
    name: str = "the arrays",
) -> Table:
    """A table of arrays: columns ``x0``, ``x1``, ..., and ``y`` where given.

    Args:
        X: numbers (any dtype that becomes a float) or, in an object array, words too.
        y: numbers, booleans or words, one a row of `X`; the target.
        name: what messages call it.

    Raises:
        DataError: the two differ in length, there are no rows or no columns, or complex numbers.

    Example:
        >>> from_arrays(np.eye(2), np.array(["no", "yes"])).columns["y"].levels
        ('no', 'yes')
    """
    columns = {f"x{j}": column_of(X[:, j]) for j in range(X.shape[1])}
    if y is not None:
        columns["y"] = column_of(y)
    return dataclasses.replace(table_of(name, columns), target=None if y is None else "y")


def from_mapping(columns: Mapping[str, Any], name: str = "the columns") -> Table:
    """A table of named columns, each a sequence or an array.

    Raises:
        DataError: the columns differ in length, are not one-dimensional, or hold nothing.

    Example:
        >>> from_mapping({"size": [1, None], "sort": ["a", "b"]}).rows
        2
    """
    return table_of(name, {str(key): column_of(_array(key, values)) for key, values in columns.items()})


def from_pandas(frame: Any, name: str = "the data frame") -> Table:
    """A table of a pandas frame; its index is not a column.

    Raises:
        DataError: two columns of the same name, or no rows.
    """
    names = [str(column) for column in frame.columns]
    if twice := sorted({column for column in names if names.count(column) > 1}):
        raise DataError(f"Column {twice[0]!r} stands twice in {name}; rename one of them.")
    return table_of(name, {column: _pandas_column(frame.iloc[:, j]) for j, column in enumerate(names)})


def column_of(values: Shaped[np.ndarray, " rows"]) -> Column:
    """The column that holds the values of a NumPy array of any dtype.

    Booleans become the words ``False`` and ``True``, spans of time seconds; objects become numbers or dates where
    all of them are, and words otherwise, with None and NaN for missing. Words are read as in a file: ``N/A`` is
    missing, ``"3.5"`` a number.

    Raises:
        DataError: complex numbers.
    """
    kind = values.dtype.kind
    if kind == "f" and values.dtype.itemsize in (4, 8):
        return Numbers(values)
    if kind in "iuf":
        return Numbers(values.astype(np.float64))
    if kind == "b":
        return Text(values.astype(np.int32), ("False", "True"))
    if kind == "M":
        return Dates(values.astype("datetime64[us]"))
    if kind == "m":
        return Numbers(np.where(np.isnat(values), np.nan, values / np.timedelta64(1, "s")))
    if kind == "c":
        raise DataError("Complex numbers cannot be used; give their real and imaginary parts as two columns.")
    return _column_of_objects(values.tolist())


def as_array(what: str, values: Any) -> np.ndarray:
    """Lists of lists, or what else is an array already, as one.

    Raises:
        DataError: the inner lists differ in length.
    """
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(f"The rows of {what} differ in length; expected as many values in each.") from None


def one_column(targets: np.ndarray) -> np.ndarray:
    """The values of a target, which may come as an array of one column.

    Raises:
        DataError: an array of another shape.

    Example:
        >>> one_column(np.zeros((3, 1))).shape
        (3,)
    """
    if targets.ndim == 2 and targets.shape[1] == 1:
        return targets[:, 0]
    if targets.ndim != 1:
        raise DataError(
            f"A target has one value for each row, got shape {targets.shape}; classes as zeros and ones become one by"
            " argmax(1)."
        )
    return targets


def _column_of_objects(values: Sequence[Any]) -> Column:
    known = [None if _is_nothing(value) else value for value in values]
    sorts = {type(value) for value in known if value is not None}
    if sorts and all(issubclass(sort, (int, float, np.number, decimal.Decimal)) for sort in sorts - {bool}):
        if bool not in sorts:
            return Numbers(np.array([np.nan if value is None else float(value) for value in known]))
    elif sorts and all(issubclass(sort, (dt.date, np.datetime64)) for sort in sorts):
        return Dates(np.array(known, dtype="datetime64[us]"))
    return understood(text_of([None if value is None else str(value) for value in known]))


def _is_nothing(value: Any) -> bool:
    # NaN and NaT differ from themselves; pandas' NA answers neither yes nor no.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _array(name: str, values: Any) -> np.ndarray:
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    if array.ndim != 1:
        raise DataError(f"Column {name!r} has shape {array.shape}; a column is one-dimensional.")
    return array


def _pandas_column(series: Any) -> Column:
    if getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    elif type(series.dtype).__name__ == "PeriodDtype":
        series = series.dt.to_timestamp()
    # Extension types (nullable integers, strings, categories) come out as objects: missing stays missing.
    return column_of(series.to_numpy() if isinstance(series.dtype, np.dtype) else series.to_numpy(dtype=object))


def table_of(name: str, columns: Mapping[str, Column]) -> Table:
    """The table of columns that should be of one length.

    Raises:
        DataError: they are not, or they hold nothing.
    """
    lengths = {key: len(column.missing()) for key, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shortest, longest = (
            min(lengths, key=lambda key: lengths[key]),
            max(lengths, key=lambda key: lengths[key]),
        )
        raise DataError(
            f"The columns of {name} differ in length: {shortest!r} has {lengths[shortest]} rows and"
            f" {longest!r} has {lengths[longest]}; they must be the same rows in the same order."
        )
    rows = max(lengths.values(), default=0)
    if rows == 0:
        raise DataError(f"There are no rows in {name}; at least one row and one column are needed.")
    return Table(name, columns, rows)

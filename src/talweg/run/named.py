"""A source as Python users hand it over, as settings that name it and data that can be read."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from talweg.config.settings import Settings, make_settings
from talweg.data.images.pictures import Pictures
from talweg.data.reading.frames import column_of, table_of
from talweg.data.reading.read import read_table
from talweg.data.table import Table
from talweg.errors import DataError
from talweg.run.prepare import of_arrays


def named_settings(source: Any, target: Any, given: dict[str, Any]) -> tuple[Settings, Any]:
    """Checked settings, and the source with its target in it.

    Args:
        source: a path, the name of a built-in data set, a data frame, or an array of features.
        target: the column to predict; or its values, an array or a series, for features that come without.
        given: any other settings.

    Raises:
        ConfigError: a setting that is unknown or out of range.
        DataError: features and a target that do not belong together.
    """
    if isinstance(target, int):
        target = str(target)
    if target is not None and not isinstance(target, str):
        source, target = with_target(source, target), None
    if source is None or isinstance(source, str | Path):
        name = str(source or "")
    else:
        name = source.name if isinstance(source, Table | Pictures) else "data"
    return make_settings({"source": name, "target": target, **given}), source


def with_target(source: Any, target: Any) -> Any:
    """Features and a target that came apart, in one; any other source as it is.

    The columns of a data frame keep their names, and so does a series of a name.

    Raises:
        DataError: they do not belong together.

    Example:
        >>> with_target(np.zeros((3, 2)), np.arange(3)).rows
        3
    """
    if target is None:
        return source
    values = _one_column(_array("the target", target))
    if isinstance(source, np.ndarray | list | tuple):
        features = _array("the features", source)
        if features.ndim not in (2, 3, 4):
            raise DataError(
                f"features have a row for each example, of shape (rows, features), got shape {features.shape}; "
                "a single feature becomes one by features.reshape(-1, 1)"
            )
        return of_arrays(features, values)
    table, name = read_table(source), _name_of(target)
    if name in table.columns:
        raise DataError(
            f"the features hold a column {name!r}, as the target is called; leave it out of them, or name it as the "
            f"target: target={name!r}"
        )
    name = name or next(free for free in ("y", "target", "the target") if free not in table.columns)
    columns = {**table.columns, name: column_of(values)}
    return dataclasses.replace(table_of(table.name, columns), target=name)


def _array(what: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(f"the rows of {what} differ in length; expected as many values in each") from None


def _one_column(values: np.ndarray) -> np.ndarray:
    """Values of a target as one axis."""
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"a target has one value for each row, got shape {values.shape}; classes as zeros and ones become one by "
            "target.argmax(1)"
        )
    return values


def _name_of(target: Any) -> str | None:
    """What a series is called, or the one column of a frame."""
    columns = list(getattr(target, "columns", ()))
    name = columns[0] if columns else getattr(target, "name", None)
    return None if name in (None, "") else str(name)

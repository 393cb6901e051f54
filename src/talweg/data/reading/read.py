"""A source becomes a `Table`: a file, a built-in name, a data frame or a dict. The one door to polars.

What a file is, is told from its first bytes before its name. Nothing is judged here, and nothing is ever
written beside the user's data.
"""

import dataclasses
import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from talweg.data import builtin
from talweg.data.reading.delimited import decode, read_words, sniff
from talweg.data.reading.frames import IN_MEMORY, as_array, from_arrays, from_mapping, from_pandas, one_column, table_of
from talweg.data.reading.series import column_of_series
from talweg.data.reading.typed import read_parquet, typed_reader
from talweg.data.reading.unpack import unpack
from talweg.data.table import Column, Table
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def read_table(source: Any) -> Table:
    """The table of a source.

    Args:
        source: a path to a file of delimited rows (CSV, TSV and their kin), Parquet, Arrow or Feather, JSON, NumPy
            (``.npz``, ``.npy``) or a workbook, any of them packed with gzip or Zstandard; a folder of Parquet files;
            the name of a built-in table, such as ``"iris"``; a frame of pandas, polars or Arrow; a mapping of columns;
            a list of rows as dicts; an array; a `Table`.

    Raises:
        DataError: there is no such file, or it does not hold a table; the message says what was found.

    Example:
        >>> table = read_table("penguins")
        >>> table.rows, list(table.columns)[:2]
        (344, ['species', 'island'])
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, (str, os.PathLike)):
        known = isinstance(source, str) and source in builtin.NAMES and not Path(source).exists()
        if source in IN_MEMORY and not Path(source).exists():
            raise DataError(
                f"There is no file called {source!r}; if a run was trained on Python objects, which are not kept, give"
                " them to it again from Python, as source and target."
            )
        return builtin.load(str(source)) if known else read_file(Path(source))
    if isinstance(source, Mapping):
        return from_mapping(source)
    if isinstance(source, np.ndarray) and source.ndim == 2:
        return from_arrays(source)
    if hasattr(source, "collect_schema"):
        return from_polars(source)
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        return from_pandas(source)
    if _is_records(source):
        # Of all rows, since one may lack what another has.
        names = dict.fromkeys(str(key) for row in source for key in row)
        return from_mapping({name: [row.get(name) for row in source] for name in names})
    if hasattr(source, "__arrow_c_stream__") and not hasattr(source, "dtype"):
        import polars as pl

        return from_polars(pl.DataFrame(source))
    raise DataError(
        f"Cannot read a table from {_described(source)}; expected a path, a built-in name, a data frame,"
        " a dict of columns or a two-dimensional array."
    )


def is_frame(source: Any) -> bool:
    """Whether a source has named columns, and no file: a data frame, a mapping, a list of rows as dicts.

    Example:
        >>> is_frame({"size": [1, 2]}), is_frame([[1, 2]]), is_frame("data.csv")
        (True, False, False)
    """
    if isinstance(source, Table | Mapping) or hasattr(source, "collect_schema") or hasattr(source, "iloc"):
        return True
    return hasattr(source, "__arrow_c_stream__") or _is_records(source)


def _is_records(source: Any) -> bool:
    return isinstance(source, list) and bool(source) and all(isinstance(row, Mapping) for row in source)


def with_targets(table: Table, targets: Any) -> Table:
    """A table with its targets in one more column, which has their own name, or else is called ``y``.

    Args:
        table: the features.
        targets: an array, a list, a series of pandas or polars, or a frame of one column; one value a row.

    Raises:
        DataError: they are not one column, or not as many as the rows; a feature has their name.
    """
    if hasattr(targets, "columns"):
        if len(targets.columns) != 1:
            raise DataError(f"The targets of {table.name} are {len(targets.columns)} columns; expected one.")
        targets = targets[targets.columns[0]]
    free = next(name for name in ("y", "target", "the target") if name not in table.columns)
    name = str(targets.name) if getattr(targets, "name", None) else free
    if name in table.columns:
        raise DataError(f"Column {name!r} of {table.name} stands among the features and is the target; leave one out.")
    return dataclasses.replace(
        table_of(table.name, {**table.columns, name: _targets_column(name, targets)}), notes=table.notes, target=name
    )


def _targets_column(name: str, targets: Any) -> Column:
    if hasattr(targets, "iloc"):
        return from_pandas(targets.to_frame()).columns[name]
    if hasattr(targets, "is_null") and hasattr(targets, "to_frame"):
        return column_of_series(targets, False)
    return from_mapping({name: one_column(as_array("the targets", targets))}).columns[name]


def _described(source: Any) -> str:
    return f"an array of shape {source.shape}" if isinstance(source, np.ndarray) else f"a {type(source).__name__}"


def read_file(path: Path) -> Table:
    """The table in a file.

    Raises:
        DataError: see `read_table`.
    """
    path = path.expanduser()
    if path.is_dir():
        return read_folder(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"No such file or built-in table: {path}.{_nearest(path)}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    return read_bytes(data, path.name)


def _nearest(path: Path) -> str:
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    choices = {name.lower(): str(path.parent / name) for name in beside if not name.startswith(".")}
    if path.parent == Path():
        choices |= {name: name for name in builtin.NAMES}
    near = difflib.get_close_matches(path.name.lower(), choices, n=1, cutoff=0.6)
    return f" Did you mean {choices[near[0]]!r}?" if near else f" Built in: {', '.join(builtin.NAMES)}."


def read_bytes(data: bytes, name: str) -> Table:
    """The table in the contents of a file.

    Args:
        data: the whole contents.
        name: the file's name, for messages, and to tell JSON lines from CSV.

    Raises:
        DataError: see `read_table`.
    """
    data, name = unpack(data, name)
    if not data.strip():
        raise DataError(f"{name} is empty; expected a header line and one row of values a line below it.")
    reader = typed_reader(data, name)
    if reader is None:
        return _read_delimited(data, name)
    found = reader(data, name)
    return found if isinstance(found, Table) else from_polars(found, name)


def read_folder(path: Path) -> Table:
    """The table in a folder of Parquet files of the same columns, in the order of their names.

    Raises:
        DataError: there is no such file, or they differ in their columns; the file is named.
    """
    import polars as pl

    files = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in (".parquet", ".pq"))
    if not files:
        raise DataError(f"{path} is a folder without Parquet files or pictures; expected a file, or a folder of them.")
    frames: list[pl.DataFrame] = []
    for file in files:
        frame = read_parquet(file.read_bytes(), f"{path.name}/{file.name}")
        if frames and set(frame.columns) != set(frames[0].columns):
            odd = sorted(set(frame.columns) ^ set(frames[0].columns))[0]
            where = file.name if odd not in frame.columns else files[0].name
            raise DataError(f"Column {odd!r} is missing in {path.name}/{where}; every file needs the same columns.")
        frames.append(frame.select(frames[0].columns) if frames else frame)
    return from_polars(pl.concat(frames, how="vertical_relaxed"), path.name)


def _read_delimited(data: bytes, name: str) -> Table:
    text, encoding = decode(data, name)
    if not text.strip():
        raise DataError(f"{name} is empty; expected a header line and one row of values a line below it.")
    dialect = sniff(text, name)
    table = from_polars(read_words(text, dialect, name), name, dialect.decimal_comma)
    notes = []
    if encoding == "cp1252":
        notes.append(f"{name} is not UTF-8; it was read as Windows-1252.")
    if dialect.headless:
        notes.append(f"{name} has no header line; its columns are called {_names(dialect.header)}.")
    return Table(name, table.columns, table.rows, tuple(notes))


def _names(header: tuple[str, ...]) -> str:
    return ", ".join(header) if len(header) < 4 else f"{header[0]}, {header[1]}, ..., {header[-1]}"


def from_polars(
    frame: "pl.DataFrame | pl.LazyFrame", name: str = "the data frame", decimal_comma: bool = False
) -> Table:
    """A table of a polars frame (eager, or lazy: it is then collected).

    Raises:
        DataError: there are no rows.
    """
    import polars as pl

    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if frame.height == 0:
        raise DataError(f"{name} has a header but no rows; expected one row of values a line below it.")
    columns = {series.name: column_of_series(series, decimal_comma) for series in frame.get_columns()}
    return table_of(name, columns)

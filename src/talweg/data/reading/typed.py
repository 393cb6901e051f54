"""Files that say themselves what their values are: Parquet, Arrow, JSON, NumPy, workbooks. Plain text is elsewhere.

Each reader takes the whole contents and gives a polars frame, or a table where the file names its target.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from talweg.data.reading.frames import column_of, from_arrays, table_of
from talweg.data.table import Table
from talweg.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import polars as pl

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_ZIP, _NPY = b"PK\x03\x04", b"\x93NUMPY"
_FEATURES, _TARGETS = ("x", "X", "data", "features"), ("y", "Y", "target", "labels")


def typed_reader(data: bytes, name: str) -> "Callable[[bytes, str], pl.DataFrame | Table] | None":
    """What reads a file, told from its first bytes and then its name; None for text of delimited rows."""
    lower = name.lower()
    if data.startswith(b"PAR1"):
        return read_parquet
    if data.startswith(b"ARROW1"):
        return _read_arrow
    if data.startswith(_NPY):
        return _read_npy
    if data.startswith(_ZIP):
        return _read_npz if _holds_arrays(data, name) else _read_workbook
    if data.startswith(_OLD_WORKBOOK):
        return _read_workbook
    if lower.endswith((".jsonl", ".ndjson")):
        return frame_of_lines
    return _read_json if lower.endswith(".json") else None


def read_parquet(data: bytes, name: str) -> "pl.DataFrame":
    """The frame in the contents of a Parquet file.

    Raises:
        DataError: it is damaged.
    """
    import polars as pl

    return _whole(lambda: pl.read_parquet(io.BytesIO(data)), name)


def _read_arrow(data: bytes, name: str) -> "pl.DataFrame":
    import polars as pl

    return _whole(lambda: pl.read_ipc(io.BytesIO(data)), name)


def _whole(read: "Callable[[], pl.DataFrame]", name: str) -> "pl.DataFrame":
    import polars as pl

    try:
        return read()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{name} is damaged or cut short: {str(error).splitlines()[0]}") from None


def frame_of_lines(data: bytes, name: str, before: int = 0, schema: "pl.Schema | None" = None) -> "pl.DataFrame":
    """JSON lines as a frame.

    Args:
        data: whole lines.
        name: what messages call the file.
        before: how many lines of the file come before these.
        schema: what is in them; found out if it is absent.

    Raises:
        DataError: a line that is no JSON object, with its number.
    """
    import polars as pl

    try:
        return pl.read_ndjson(io.BytesIO(data), schema=schema, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        _refuse_line(data, name, before)
        raise DataError(f"{name} cannot be read as JSON lines: {str(error).splitlines()[0]}") from None


def _refuse_line(data: bytes, name: str, before: int = 0) -> None:
    """Refuses the first line that is no JSON object, if there is one.

    Args:
        data: whole lines.
        name: what messages call the file.
        before: how many of the file's lines come before these.

    Raises:
        DataError: there is one; the message names its line.
    """
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), start=before + 1):
        if not line.strip():
            continue
        try:
            held = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"Line {number} of {name} is no JSON: {error.msg} in column {error.colno}; expected one object a line."
            ) from None
        if not isinstance(held, dict):
            raise DataError(f"Line {number} of {name} holds no JSON object; expected one a line.")


def _read_json(data: bytes, name: str) -> "pl.DataFrame":
    import polars as pl

    try:
        held = json.loads(data)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{name} is no JSON: {error}; expected a list of objects, one a row.") from None
    if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
        raise DataError(f"{name} holds no list of objects; expected one object a row.")
    return _whole(lambda: pl.DataFrame(held, infer_schema_length=None, strict=False), name)


def _holds_arrays(data: bytes, name: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        raise DataError(f"{name} is damaged or cut short: it begins as a zip archive and does not end as one") from None
    return bool(names) and all(entry.endswith(".npy") for entry in names)


def _read_npy(data: bytes, name: str) -> Table:
    return _of_arrays({"x": _array(data, name, name)}, name)


def _read_npz(data: bytes, name: str) -> Table:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [entry.removesuffix(".npy") for entry in archive.namelist()]
        try:
            held = {entry: _array(archive.read(f"{entry}.npy"), name, entry) for entry in names}
        except (zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{name} is damaged or cut short: {error}") from None
    return _of_arrays(held, name)


def _array(data: bytes, name: str, entry: str) -> np.ndarray:
    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        pickled = "allow_pickle" in str(error)
        why = "holds Python objects, which are never unpickled; save numbers or words" if pickled else "is damaged"
        raise DataError(f"Array {entry!r} of {name} {why}.") from None


def _of_arrays(arrays: dict[str, np.ndarray], name: str) -> Table:
    """A table of arrays: features and targets by their usual names, or else one column an array."""
    features = next((key for key in _FEATURES if key in arrays and arrays[key].ndim == 2), None)
    if features is not None:
        target = next((key for key in _TARGETS if key in arrays and arrays[key].ndim == 1), None)
        targets = None if target is None else arrays[target]
        if targets is not None and len(targets) != len(arrays[features]):
            raise DataError(
                f"In {name}, {features!r} has {len(arrays[features])} rows and {target!r} has {len(targets)}; they must"
                " be the same rows in the same order."
            )
        return from_arrays(arrays[features], targets, name)
    for key, array in arrays.items():
        if array.ndim != 1:
            raise DataError(
                f"Array {key!r} of {name} has shape {array.shape}; expected features 'x' of shape (rows, features) with"
                " targets 'y' of shape (rows,), or one array of shape (rows,) a column."
            )
    return table_of(name, {key: column_of(array) for key, array in arrays.items()})


def _read_workbook(data: bytes, name: str) -> "pl.DataFrame":
    try:
        import fastexcel
    except ImportError:
        raise MissingExtraError("a workbook", "excel") from None
    try:
        book = fastexcel.read_excel(data)
        filled = [sheet for sheet in map(book.load_sheet, book.sheet_names) if sheet.height and sheet.width]
    except fastexcel.FastExcelError as error:
        raise DataError(f"{name} cannot be read as a workbook: {str(error).splitlines()[0]}") from None
    if not filled:
        raise DataError(f"{name} has no sheet with rows; expected a header line and one row of values a line below it.")
    if len(filled) > 1:
        named = ", ".join(repr(sheet.name) for sheet in filled[:4])
        raise DataError(f"{name} has several sheets with rows ({named}); save the one you mean in a file of its own.")
    return filled[0].to_polars()

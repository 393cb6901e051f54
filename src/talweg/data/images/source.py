"""A source becomes `Pictures`: a folder, a table with file names, an `.npz` or IDX file, an array."""

from pathlib import Path
from typing import Any

import numpy as np

from talweg.data.images.arrays import from_idx, from_npz, of_arrays
from talweg.data.images.filed import is_idx
from talweg.data.images.find import Found, find, holds_pictures, is_picture
from talweg.data.images.keep import load_kept
from talweg.data.images.pictures import CLASS, DECIDE, IN_MEMORY, SPLIT, Keeping, Pictures, Wanted
from talweg.data.images.recognize import file_column
from talweg.data.reading.read import read_table
from talweg.data.table import Column, Table, Text
from talweg.errors import DataError


def read_pictures(source: Any, wanted: Wanted = DECIDE, keeping: Keeping = IN_MEMORY) -> Pictures:
    """The pictures of a source.

    Args:
        source: a folder for each class; `train/`, `val/`, `test/` with such folders; a flat folder or a file; a table
            with a column of file names; an `.npz` or IDX file; an array `(pictures, height, width[, channels])`.
        wanted: size, color, and what happens to broken pictures.
        keeping: where decoded pictures may lie.

    Raises:
        DataError: no pictures, or broken ones that are not to be skipped.
    """
    if isinstance(source, Pictures):
        return source
    if isinstance(source, np.ndarray):
        return of_arrays(source, wanted=wanted)
    path = Path(source).expanduser()
    if path.is_dir():
        if holds_pictures(path):
            return _from_found(find(path), wanted, keeping)
        return from_idx(path, wanted, keeping)
    if path.suffix.lower() == ".npz":
        return from_npz(path, wanted, keeping)
    if is_picture(path):
        return _from_found(Found(path.parent, (path,), None, None, ()), wanted, IN_MEMORY)
    return from_idx(path, wanted, keeping) if is_idx(path) else _from_table(read_table(path), path, wanted, keeping)


def _from_found(found: Found, wanted: Wanted, keeping: Keeping) -> Pictures:
    names = found.names()
    loaded = load_kept(found.files, names, wanted, keeping)
    about: dict[str, Column] = {}
    if found.labels is not None:
        about[CLASS] = Text.of([found.labels[place] for place in loaded.kept])
    if found.parts is not None:
        about[SPLIT] = Text.of([found.parts[place] for place in loaded.kept])
    return Pictures(
        found.folder.name or str(found.folder),
        loaded.pixels,
        tuple(names[place] for place in loaded.kept),
        about,
        CLASS if found.labels is not None else None,
        (*found.notes, *loaded.notes),
        loaded.found,
    )


def _from_table(table: Table, path: Path, wanted: Wanted, keeping: Keeping) -> Pictures:
    name = file_column(table)
    if name is None:
        raise DataError(f"{table.name} has no column of picture files, such as cats/001.jpg")
    column = table.columns[name]
    assert isinstance(column, Text), "a column of file names holds words"
    if (column.codes < 0).any():
        raise DataError(f"Column {name!r} of {table.name} names no file in row {int(np.argmax(column.codes < 0)) + 1}")
    words = [column.levels[code] for code in column.codes]
    files = [path.parent / word for word in words]
    if lost := [row for row, file in enumerate(files) if not file.is_file()]:
        raise DataError(
            f"{table.name} names {words[lost[0]]!r} in row {lost[0] + 1}, but there is no file {files[lost[0]]}"
            f"{f' ({len(lost)} files are missing)' if len(lost) > 1 else ''}; paths are taken from the table's folder"
        )
    loaded = load_kept(files, words, wanted, keeping)
    rest = {other: column for other, column in table.columns.items() if other != name}
    about = {other: column.take(np.array(loaded.kept, np.int64)) for other, column in rest.items()}
    return Pictures(
        table.name,
        loaded.pixels,
        tuple(words[place] for place in loaded.kept),
        about,
        next(iter(rest)) if len(rest) == 1 else None,
        (f"The pictures are the files that column {name!r} names.", *loaded.notes),
        loaded.found,
    )

"""Whether a source is one of pictures, told from names and first bytes. Nothing is decoded: tables pass here too."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from talweg.data.images.arrays import is_npz_of_pictures
from talweg.data.images.filed import is_idx
from talweg.data.images.find import holds_pictures, is_picture
from talweg.data.images.pictures import SUFFIXES, Pictures
from talweg.data.reading.read import read_bytes
from talweg.data.table import Table, Text
from talweg.errors import DataError

_HEAD = 2**16


def is_picture_source(source: Any) -> bool:
    """Whether a source is one of pictures; the names of files, and at most their first bytes, decide.

    Example:
        >>> is_picture_source("iris"), is_picture_source(np.zeros((2, 8, 8)))
        (False, True)
    """
    if isinstance(source, Pictures):
        return True
    if isinstance(source, np.ndarray):
        return source.ndim in (3, 4)
    if not isinstance(source, str | os.PathLike):
        return False
    path = Path(source).expanduser()
    if path.is_dir():
        return holds_pictures(path) or any(is_idx(file) for file in path.iterdir() if file.is_file())
    if not path.is_file():
        return False
    if path.suffix.lower() == ".npz":
        return is_npz_of_pictures(path)
    return is_picture(path) or is_idx(path) or names_pictures(path)


def names_pictures(path: Path) -> bool:
    """Whether a file is a table that has a column of picture files, as its first rows tell; no more of it is read."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt", ".jsonl"):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        head = head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1]
        words = head.decode("utf-8", "replace").lower()
        return any(suffix in words for suffix in SUFFIXES) and file_column(read_bytes(head, path.name)) is not None
    except (OSError, DataError):
        return False


def file_column(table: Table) -> str | None:
    """The first column whose words all end as picture files do."""
    for name, column in table.columns.items():
        if isinstance(column, Text):
            used = [column.levels[code] for code in np.flatnonzero(column.counts())]
            if used and all(is_picture(Path(word)) for word in used):
                return name
    return None

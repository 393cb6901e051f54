"""The fingerprints of tables and pictures, by which a run says what data it saw. Nothing is stored here."""

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from talweg.data.large.gather import Stack, gather
from talweg.data.large.store import forget
from talweg.data.table import Column, Dates, Numbers, Table, Text

_ROWS = 2**18
_BYTES = 2**24


def fingerprint(table: Table) -> str:
    """A hash of a table's column names and values: equal for equal tables, from whatever file they came.

    Args:
        table: the table; its name and notes do not count, the order of rows and columns does.

    Returns:
        64 hexadecimal digits (BLAKE2b, RFC 7693).

    Example:
        >>> from talweg.data.reading.frames import from_mapping
        >>> fingerprint(from_mapping({"x": [1, 2]}))[:8] == fingerprint(from_mapping({"x": [2, 1]}))[:8]
        False
    """
    if table.fingerprint:
        return table.fingerprint
    digest = hashlib.blake2b(digest_size=32)
    for name, column in table.columns.items():
        head, width, values = _pieces(column)
        # Each piece is preceded by its length, so that no two tables run into the same bytes.
        for piece in (name.encode(), *head):
            digest.update(len(piece).to_bytes(8, "little") + piece)
        digest.update((width * table.rows).to_bytes(8, "little"))
        for start in range(0, table.rows, _ROWS):
            digest.update(_bytes(values(slice(start, start + _ROWS))))
            forget(column.codes if isinstance(column, Text) else column.values)
    return digest.hexdigest()


def fingerprint_of_pixels(pixels: Shaped[Stack, "pictures height width channels"]) -> str:
    """A hash of decoded pictures: equal for equal pixels, in memory or on disk.

    Returns:
        64 hexadecimal digits (BLAKE2b, RFC 7693).

    Example:
        >>> dark = np.zeros((2, 3, 3, 1), np.uint8)
        >>> fingerprint_of_pixels(dark) == fingerprint_of_pixels(dark + 1)
        False
    """
    digest = hashlib.blake2b(f"{pixels.dtype.str} {pixels.shape}".encode(), digest_size=32)
    step = max(1, _BYTES // max(1, math.prod(pixels.shape[1:]) * pixels.dtype.itemsize))
    for start in range(0, len(pixels), step):
        digest.update(_bytes(gather(pixels, np.arange(start, min(start + step, len(pixels))))))
    return digest.hexdigest()


def same_data(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records of data speak of the same, as far as both go: old runs recorded nothing of pixels.

    Args:
        one: its `fingerprint`, and of pictures that of their `pixels`.
        other: likewise.

    Example:
        >>> same_data({"fingerprint": "ab"}, {"fingerprint": "ab", "pixels": "cd"})
        True
    """
    pixels = one.get("pixels"), other.get("pixels")
    return one.get("fingerprint") == other.get("fingerprint") and (None in pixels or pixels[0] == pixels[1])


def _pieces(column: Column) -> tuple[tuple[bytes, ...], int, Callable[[slice], np.ndarray]]:
    """What comes before a column's values, how many bytes each has, and the values of some rows."""
    match column:
        case Numbers(values):
            # One bit pattern for every NaN, and one for both zeros.
            return (
                (b"numbers",),
                8,
                lambda rows: np.where(np.isnan(values[rows]), np.nan, values[rows].astype(np.float64) + 0.0),
            )
        case Dates(values):
            return (b"dates",), 8, lambda rows: values[rows].astype("datetime64[us]").astype(np.int64)
        case Text(codes, levels):
            used = np.flatnonzero(column.counts())
            renumbered = np.full(len(levels) + 1, -1, np.int32)
            renumbered[used] = np.arange(len(used))
            words = "\0".join(levels[code].replace("\0", "\0\0") for code in used)
            return (b"text", words.encode()), 4, lambda rows: renumbered[codes[rows]]


def _bytes(values: np.ndarray) -> memoryview:
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return little.view(np.uint8).data

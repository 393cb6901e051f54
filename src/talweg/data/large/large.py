"""A source larger than memory becomes a table whose columns lie on disk; how a column is taken is in `taker`.

It is gone through once, in the hope that each column is what its first block makes it seem; columns of which that turns
out wrong are looked at (`glance`) and taken again. Such a table is used as any other: its columns are arrays, read as
they are touched.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talweg.data.fingerprint import fingerprint
from talweg.data.hearing import Hear, quiet
from talweg.data.large.ahead import ahead
from talweg.data.large.blocks import Blocks, Frames, blocks_of, digest_of, files_of
from talweg.data.large.cache import Cache, key_of
from talweg.data.large.glance import glance
from talweg.data.large.store import Store, Writer
from talweg.data.large.taker import Hope, Taker
from talweg.data.table import Column, Dates, Numbers, Table, Text
from talweg.errors import DataError

VERSION = "columns 1"
"""Raised when the same file would become other columns."""


def open_large(path: Path, cache: Cache, hear: Hear = quiet) -> Table:
    """The table in a file or folder, its columns on disk in the cache: made at first, found again later.

    Args:
        path: a file of delimited rows or of JSON lines, plain or packed; a Parquet or Arrow file, or a folder of the
            former.
        cache: where columns are kept.
        hear: is told of the progress.

    Raises:
        DataError: it cannot be read; the disk is full.
    """
    files = files_of(path)
    digest = _known_digest(files, cache, hear)
    size = sum(file.stat().st_size for file in files)

    def make(writer: Writer) -> Mapping[str, Any]:
        return _import(blocks_of(path, hear), writer, hear)

    store = cache.get(key_of(VERSION, digest, path.name), make, f"columns of {path.name}", needed=2 * size)
    return table_of_store(store)


def open_spooled(files: tuple[Path, ...], name: str, cache: Cache, hear: Hear = quiet) -> Table:
    """The table in files that are about to be removed again, as those of a query's result are.

    Args:
        files: Parquet files, in order.
        name: what messages call the table.
        cache: where columns are kept.
        hear: is told of the progress.
    """

    def make(writer: Writer) -> Mapping[str, Any]:
        return _import(Frames(name, files), writer, hear)

    key = key_of(VERSION, digest_of(files, hear), name)
    return table_of_store(cache.get(key, make, f"columns of {name}", needed=8 * sum(f.stat().st_size for f in files)))


def table_of_store(store: Store) -> Table:
    """The table whose columns a store holds."""
    columns: dict[str, Column] = {}
    for name, levels in store.facts["columns"]:
        values = store.arrays[name]
        if levels is not None:
            columns[name] = Text(values, tuple(levels))
        else:
            columns[name] = Dates(values) if values.dtype.kind == "M" else Numbers(values)
    facts = store.facts
    return Table(facts["name"], columns, facts["rows"], tuple(facts["notes"]), fingerprint=facts["fingerprint"])


def _known_digest(files: tuple[Path, ...], cache: Cache, hear: Hear) -> str:
    """The hash of files' contents; read anew only if a file changed its size or its time since it was last read."""
    stats = [(str(file.resolve()), file.stat()) for file in files]
    seen = json.dumps([[name, stat.st_size, stat.st_mtime_ns, stat.st_ino] for name, stat in stats])

    def make(writer: Writer) -> Mapping[str, Any]:
        return {"digest": digest_of(files, hear)}

    about = f"hash of {files[0].name}" + f" and {len(files) - 1} more" * (len(files) > 1)
    return cache.get(key_of("digest", seen), make, about).facts["digest"]


def _import(blocks: Blocks, writer: Writer, hear: Hear) -> Mapping[str, Any]:
    rows, takers = _taken_hopefully(blocks, writer, hear)
    doubtful = [name for name, taker in takers.items() if taker is None]
    again = _taken_again(blocks, doubtful, writer, hear) if doubtful else {}
    notes, columns = list(blocks.notes), []
    for name in takers:
        taker = takers[name] or again[name]
        taker.finish()
        notes += [taker.note] if taker.note else []
        if not taker.left_out:
            columns.append((name, taker.levels))
    written = {name: writer.written(name) for name, _ in columns}
    facts = {"name": blocks.name, "rows": rows, "notes": notes, "columns": columns, "fingerprint": ""}
    table = table_of_store(Store(writer.path, written, facts))
    return {**facts, "fingerprint": fingerprint(table)}


def _taken_hopefully(blocks: Blocks, writer: Writer, hear: Hear) -> tuple[int, dict[str, Taker | None]]:
    """How many rows there are, and each column taken; `None` for those that are not what they seemed at first."""
    rows, hopes, numbers = 0, dict[str, Hope](), set[str]()
    for frame, part in ahead(blocks(hoped=numbers)):
        rows += frame.height
        for series in frame.get_columns():
            hope = hopes.setdefault(series.name, Hope(series.name, writer))
            hope.take(series)
            (numbers.add if hope.plain else numbers.discard)(series.name)
        hear("storing", part)
    if rows == 0:
        raise DataError(f"{blocks.name} has a header but no rows; expected one row of values a line below it.")
    return rows, {name: hope.taker(blocks.decimal_comma) for name, hope in hopes.items()}


def _taken_again(blocks: Blocks, names: list[str], writer: Writer, hear: Hear) -> dict[str, Taker]:
    """Columns looked at from end to end before they are taken."""
    takers = {name: Taker(name, reading, writer) for name, reading in glance(blocks, names, hear).items()}
    for frame, part in ahead(blocks(names)):
        for series in frame.get_columns():
            takers[series.name].take(series)
        hear("storing again", part)
    return takers

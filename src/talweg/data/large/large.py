"""A source larger than memory becomes a table whose columns lie on disk. The second time through it; see `glance`.

Such a table is used as any other: its columns are arrays, read as they are touched. Words are stored as numbers, each
distinct word once; a column with more than a million of them is left out, or becomes one of numbers if it nearly is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from jaxtyping import Int

from talweg.data.fingerprint import fingerprint
from talweg.data.large.blocks import Blocks, Frames, Hear, blocks_of, digest_of, files_of
from talweg.data.large.cache import Cache, key_of
from talweg.data.large.glance import Reading, glance
from talweg.data.large.store import Column as Written
from talweg.data.large.store import Store, Writer, forget
from talweg.data.reading.series import column_of_series, text_of_series, words_of_series
from talweg.data.reading.words import known_words, read_dates, read_in_style
from talweg.data.table import Column, Dates, Numbers, Table, Text

if TYPE_CHECKING:
    import polars as pl

VERSION = "columns 1"
"""Raised when the same file would become other columns."""
MOST_WORDS = 1_000_000
"""Distinct words of one column that are held in memory."""
_ROWS = 2**18


def quiet(doing: str, part: float) -> None:
    """Hears of progress and says nothing."""


def open_large(path: Path, cache: Cache, hear: Hear = quiet) -> Table:
    """The table in a file or folder, its columns on disk in the cache: made at first, found again later.

    Args:
        path: a CSV, TSV, Parquet or Arrow file, or a folder of Parquet files.
        cache: where columns are kept.
        hear: is told of the progress.

    Raises:
        DataError: it cannot be read; the disk is full.
    """
    files = files_of(path)
    digest = _known_digest(files, cache, hear)
    size = sum(file.stat().st_size for file in files)

    def make(writer: Writer) -> Mapping[str, Any]:
        return _import(blocks_of(path), writer, hear)

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
    rows, readings = glance(blocks, hear)
    takers = {name: _Taker(name, reading, writer) for name, reading in readings.items()}
    for frame, part in blocks():
        for series in frame.get_columns():
            takers[series.name].take(series)
        hear("storing", part)
    notes, columns = list(blocks.notes), []
    for name, taker in takers.items():
        taker.finish()
        notes += [taker.note] if taker.note else []
        if not taker.left_out:
            columns.append((name, taker.levels))
    written = {name: writer.written(name) for name, _ in columns}
    facts = {"name": blocks.name, "rows": rows, "notes": notes, "columns": columns, "fingerprint": ""}
    table = table_of_store(Store(writer.path, written, facts))
    return {**facts, "fingerprint": fingerprint(table)}


@final
class _Taker:
    """Takes the blocks of one column and writes them."""

    def __init__(self, name: str, reading: Reading, writer: Writer):
        self.name, self.reading, self.writer = name, reading, writer
        self.codes: dict[str, int] = {}
        self.levels: tuple[str, ...] | None = None
        self.column: Written | None = None
        self.rows = 0
        self.note: str | None = None
        self.left_out = False

    def take(self, series: "pl.Series") -> None:
        """Takes one more block."""
        if self.left_out:
            return
        self.rows += len(series)
        if self.reading.kind == "words":
            text = known_words(text_of_series(words_of_series(series)))
            codes = self._coded(text)
            if len(self.codes) <= MOST_WORDS:
                self._write(codes)
                return
            if self._too_many():
                return
            # Nearly all words are numbers, and from here on they are read as such: this block too.
        column = self._read(series)
        if isinstance(column, Text):
            self.levels = column.levels
            self._write(column.codes.astype(np.int32))
        else:
            self._write(column.values)

    def _read(self, series: "pl.Series") -> Column:
        if self.reading.kind == "typed":
            return column_of_series(series, False)
        words = words_of_series(series)
        if self.reading.kind == "plain":
            import polars as pl

            return Numbers(words.cast(pl.Float64, strict=False).to_numpy())
        text = known_words(text_of_series(words))
        if self.reading.kind == "dates":
            return Dates(np.append(read_dates(text.levels), np.datetime64("NaT"))[text.codes])
        return Numbers(np.append(read_in_style(text.levels, self.reading.style), np.nan)[text.codes])

    def _coded(self, text: Text) -> Int[np.ndarray, " rows"]:
        """The words of a block as numbers, in the order in which words were first met."""
        of_level = [self.codes.setdefault(word, len(self.codes)) for word in text.levels]
        return np.array([*of_level, -1], np.int32)[text.codes]

    def _too_many(self) -> bool:
        """There are too many words to hold: the column becomes one of numbers, or is left out. Whether it is."""
        words = f"{self.name!r} holds more than {MOST_WORDS} different words"
        if not self.reading.style:
            self.note = f"{words}; it is left out, as an identifier or a text."
            self.left_out = True
            if self.column is not None:
                self.writer.remove(self.name)
        else:
            self.note = f"{words}, nearly all of them numbers; the others are taken as missing."
            numbers = read_in_style(list(self.codes), self.reading.style)
            self._rewrite(np.append(numbers, np.nan))
            self.reading = Reading("styled", self.reading.style)
        self.codes.clear()
        return self.left_out

    def _rewrite(self, of_code: np.ndarray) -> None:
        """Puts something else in the place of each code that was written."""
        if self.column is None:
            return
        codes = self.writer.written(self.name)
        self.writer.remove(self.name)
        self.column = self.writer.column(self.name, of_code.dtype)
        for start in range(0, len(codes), _ROWS):
            self.column.append(of_code[codes[start : start + _ROWS]])
        forget(codes)

    def _write(self, values: np.ndarray) -> None:
        if self.column is None:
            self.column = self.writer.column(self.name, values.dtype)
        self.column.append(values)

    def finish(self) -> None:
        """Puts words in their order, as columns of words have them."""
        if self.reading.kind == "words" and not self.left_out:
            order = np.array(sorted(range(len(self.codes)), key=list(self.codes).__getitem__), np.int64)
            place = np.full(len(order) + 1, -1, np.int32)
            place[order] = np.arange(len(order))
            self._rewrite(place)
            self.levels = tuple(sorted(self.codes))

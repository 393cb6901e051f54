"""A file larger than memory, or a folder of them, as frames of some rows at a time. No column is judged here.

Every source can be gone through as often as it takes, always in the same order.
"""

import codecs
import dataclasses
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from talweg.data.reading.delimited import Dialect, decode, read_words, sniff
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl

Hear = Callable[[str, float], None]
"""Is told what is being done, and which part of it, from 0 to 1."""

_BLOCK = 16 * 2**20
"""Characters of text, or bytes of values, that are held at a time."""
_LONGEST_ROW = 64 * 2**20
_HEAD = 2**20


def files_of(path: Path) -> tuple[Path, ...]:
    """The files that a path stands for, in order: itself, or the Parquet files of a folder.

    Raises:
        DataError: there is no such path, or a folder without such files.
    """
    try:
        if not path.is_dir():
            path.stat()
            return (path,)
        files = tuple(sorted(entry for entry in path.iterdir() if entry.suffix.lower() in (".parquet", ".pq")))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if not files:
        raise DataError(f"{path} is a folder without Parquet files or pictures; expected a file, or a folder of them.")
    return files


def in_blocks(path: Path) -> bool:
    """Whether a file or folder is of a kind that can be read in blocks; others can only be read whole."""
    if path.is_dir():
        return True
    with path.open("rb") as file:
        start = file.read(8)
    whole = start.startswith((b"PK\x03\x04", b"(\xb5/\xfd", b"\x93NUMPY"))
    return not whole and path.suffix.lower() not in (".jsonl", ".ndjson")


def blocks_of(path: Path) -> "Blocks":
    """The blocks of a file or folder.

    Raises:
        DataError: it cannot be read, or a text file has no header and rows.
    """
    files = files_of(path)
    with files[0].open("rb") as file:
        if path.is_dir() or file.read(6).startswith((b"PAR1", b"ARROW1")):
            return Frames(path.name, files)
    return Delimited.of(path)


@dataclasses.dataclass(frozen=True)
class Delimited:
    """A text file of delimited rows, plain or gzipped.

    Attributes:
        path: the file.
        name: what messages call it.
        dialect: how it writes its rows.
        encoding: of its text.
        notes: what was decided in reading it.
        decimal_comma: whether ``1,234`` is more likely 1.234 than 1234.
    """

    path: Path
    name: str
    dialect: Dialect
    encoding: str
    notes: tuple[str, ...]
    decimal_comma: bool

    @classmethod
    def of(cls, path: Path) -> "Delimited":
        """The file, its dialect found in its first rows and its encoding in all of it.

        Raises:
            DataError: it is no text, or damaged.
        """
        name = path.name.removesuffix(".gz")
        head, encoding = _head(path, name)
        dialect = sniff(head, name)
        notes = []
        if encoding == "cp1252":
            notes.append(f"{name} is not UTF-8; it was read as Windows-1252.")
        if dialect.headless:
            notes.append(f"{name} has no header line; its columns are called {', '.join(dialect.header)}.")
        return cls(path, name, dialect, encoding, tuple(notes), dialect.decimal_comma)

    def __call__(self, columns: list[str] | None = None) -> Iterator[tuple["pl.DataFrame", float]]:
        rows, body = 0, dataclasses.replace(self.dialect, headless=True)
        for text, part in self._pieces():
            frame = read_words(text, body, self.name, before=rows)
            rows += frame.height
            yield frame if columns is None else frame.select(columns), part

    def _pieces(self) -> Iterator[tuple[str, float]]:
        """The text below the header, cut between rows."""
        size = self.path.stat().st_size
        reader = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self.encoding)(), translate=True)
        rest, header = "", not self.dialect.headless
        with self.path.open("rb") as file:
            stream = _unpacking(file)
            while True:
                data = _read(stream, self.name, _BLOCK)
                rest += reader.decode(data, final=not data)
                end = len(rest) if not data else _end_of_row(rest)
                if header and end:
                    start = _first_row(rest)
                    rest, end, header = rest[start:], end - start, False
                if end and rest[:end].strip():
                    yield rest[:end], min(1.0, file.tell() / size)
                    rest = rest[end:]
                if not data:
                    return
                if len(rest) > _LONGEST_ROW:
                    raise DataError(f"{self.name} has a row of more than 64 MB; a quote is opened and never closed.")


@dataclasses.dataclass(frozen=True)
class Frames:
    """Parquet or Arrow files, one behind the other.

    Attributes:
        name: what messages call them.
        paths: the files, in order.
        notes: what was decided in reading them.
        decimal_comma: whether ``1,234`` is more likely 1.234 than 1234.
    """

    name: str
    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False

    def __call__(self, columns: list[str] | None = None) -> Iterator[tuple["pl.DataFrame", float]]:
        import polars as pl

        try:
            frames = [self._scan(path) for path in self.paths]
            schema = frames[0].collect_schema()
            for path, frame in zip(self.paths[1:], frames[1:], strict=True):
                if frame.collect_schema() != schema:
                    raise DataError(
                        f"{path.name} has other columns than {self.paths[0].name} in {self.name}; all files of a"
                        " folder need the same columns of the same types."
                    )
            total, read = int(pl.concat(frames).select(pl.len()).collect().item()), 0
            if total == 0:
                raise DataError(f"{self.name} has a header but no rows; expected one row of values a line below it.")
            for frame in frames:
                wanted = frame if columns is None else frame.select(columns)
                rows = max(1024, _BLOCK // (16 * max(1, len(columns or schema))))
                for block in wanted.collect_batches(chunk_size=rows, maintain_order=True, lazy=True):
                    read += block.height
                    yield block, read / total
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"{self.name} is damaged or cut short: {str(error).splitlines()[0]}") from None

    def _scan(self, path: Path) -> "pl.LazyFrame":
        import polars as pl

        with path.open("rb") as file:
            return pl.scan_ipc(path) if file.read(6) == b"ARROW1" else pl.scan_parquet(path)


Blocks = Delimited | Frames
"""What can be gone through block by block: called, it gives frames in order, each with the part read so far."""


def _head(path: Path, name: str) -> tuple[str, str]:
    """The first text of a file, and the encoding of all of it."""
    with path.open("rb") as file:
        head = _read(_unpacking(file), name, _HEAD)
    if not head.strip():
        raise DataError(f"{name} is empty; expected a header line and one row of values a line below it.")
    # A cut in the middle of a letter must not look like another encoding; UTF-16 is cut between two letters anyway.
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    whole = head if wide or len(head) < _HEAD else head[: head.rfind(b"\n") + 1] or head
    text, encoding = decode(whole, name)
    marked = {"utf-16-le": "utf-16", "utf-16-be": "utf-16", "utf-8": "utf-8-sig"}
    if encoding == "utf-8" and not _is_utf8(path, name):
        encoding = "cp1252"
    return text, marked.get(encoding, encoding)


def _is_utf8(path: Path, name: str) -> bool:
    reader = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        stream = _unpacking(file)
        try:
            while data := _read(stream, name, _BLOCK):
                reader.decode(data)
            reader.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def _unpacking(file: io.BufferedIOBase) -> io.BufferedIOBase:
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return cast(io.BufferedIOBase, gzip.open(file)) if packed else file


def _read(stream: io.BufferedIOBase, name: str, size: int) -> bytes:
    try:
        return stream.read(size)
    except (OSError, EOFError) as error:
        raise DataError(f"{name} is damaged or cut short: {error}") from None


def _end_of_row(text: str) -> int:
    """Where the last whole row of a text ends: behind a line end that stands in no quotes; 0 without one."""
    end = text.rfind("\n") + 1
    inside = text.count('"', 0, end) % 2 == 1
    while end and inside:
        before = text.rfind("\n", 0, end - 1) + 1
        inside ^= text.count('"', before, end) % 2 == 1
        end = before
    return end


def _first_row(text: str) -> int:
    """Where the row below the header begins."""
    start = len(text) - len(text.lstrip("\n"))
    end = text.find("\n", start) + 1
    while end and text.count('"', start, end) % 2 == 1:
        end = text.find("\n", end) + 1
    return end or len(text)


def digest_of(paths: tuple[Path, ...], hear: Hear) -> str:
    """A hash of the contents of files."""
    total = sum(path.stat().st_size for path in paths)
    digest, done = hashlib.blake2b(digest_size=32), 0
    buffer = memoryview(bytearray(2**20))
    for path in paths:
        digest.update(path.stat().st_size.to_bytes(8, "little"))
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                digest.update(buffer[:count])
                done += count
                hear("reading", done / max(total, 1))
    return digest.hexdigest()

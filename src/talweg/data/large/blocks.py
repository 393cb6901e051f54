"""A file larger than memory, or a folder of them, as frames of some rows at a time. No column is judged here.

Every source can be gone through as often as it takes, always in the same order.
"""

import dataclasses
import hashlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from talweg.data.hearing import Hear
from talweg.data.large.delimited import Delimited, read_packed
from talweg.data.large.json_lines import JsonLines
from talweg.data.reading.unpack import unpacked_name, unpacking
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 16 * 2**20
"""Bytes of values that are held at a time."""
_IN_FRAMES = (b"PAR1", b"ARROW1")
_WHOLE = (b"PK\x03\x04", b"\x93NUMPY", b"\xd0\xcf\x11\xe0")
"""How files begin that hold frames, and those that can only be read whole: archives, arrays, workbooks."""


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
        packed = file.read(4)
        file.seek(0)
        start = read_packed(unpacking(file), path.name, 8)
    if start.startswith(_IN_FRAMES):
        return packed == start[:4]
    return not start.startswith(_WHOLE) and not unpacked_name(path.name).lower().endswith(".json")


def blocks_of(path: Path, hear: Hear) -> "Blocks":
    """The blocks of a file or folder.

    Args:
        path: it.
        hear: is told of the progress, where it takes going through all of it.

    Raises:
        DataError: it cannot be read, or a text file has no header and rows.
    """
    files = files_of(path)
    with files[0].open("rb") as file:
        if path.is_dir() or file.read(6).startswith(_IN_FRAMES):
            return Frames(path.name, files)
    if unpacked_name(path.name).lower().endswith((".jsonl", ".ndjson")):
        return JsonLines.of(path, hear)
    return Delimited.of(path)


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

    def __call__(
        self, columns: list[str] | None = None, hoped: Container[str] = ()
    ) -> Iterator[tuple["pl.DataFrame", float]]:
        """The frames, in order, each with the part read so far; a column's type says what it holds, so hope is idle."""
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


Blocks = Delimited | JsonLines | Frames
"""What can be gone through block by block: called, it gives frames in order, each with the part read so far."""


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

"""Arrays of pictures in files, read from their beginning to their end: IDX and `.npz`. What they mean is in `arrays`.

Of an archive larger than memory only some rows are held at a time, on their way into a store on disk.
"""

import contextlib
import dataclasses
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Shaped

from talweg.data.images.pictures import Keeping, Wanted
from talweg.data.large.cache import key_of
from talweg.data.large.sample import blocks
from talweg.data.large.store import Writer
from talweg.data.reading.unpack import unpacking
from talweg.errors import DataError

_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_BLOCK = 16 * 2**20
"""Bytes that are read at a time."""
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile)


@dataclasses.dataclass(frozen=True)
class Filed:
    """An array in a file.

    Attributes:
        path: the file.
        shape: its axes.
        dtype: of its elements, as they are written.
        opened: gives the file where the first element begins.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    opened: Callable[[], contextlib.AbstractContextManager[io.BufferedIOBase]]

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return self.size * self.dtype.itemsize

    def pieces(self) -> Iterator[Shaped[np.ndarray, "rows *rest"]]:
        """The rows, some at a time.

        Raises:
            DataError: the file is damaged.
        """
        row, done = self.nbytes // max(len(self), 1), 0
        try:
            with self.opened() as file:
                for some in blocks(len(self), max(1, _BLOCK // max(row, 1))):
                    data = file.read((some.stop - some.start) * row)
                    done += len(data)
                    if done < some.stop * row:
                        break
                    yield np.frombuffer(data, self.dtype).reshape(-1, *self.shape[1:])
                done += len(file.read(1))
        except _DAMAGE as error:
            raise DataError(f"{self.path} cannot be read: {error}") from None
        if done != self.nbytes:
            held = done if done < self.nbytes else "more"
            raise DataError(
                f"{self.path} is damaged: its header promises {self.nbytes} bytes of values, it holds {held}"
            )

    def read(self) -> np.ndarray:
        """All of it, in the machine's own order of bytes."""
        whole, done = np.empty(self.shape, self.dtype.newbyteorder("=")), 0
        for piece in self.pieces():
            whole[done : done + len(piece)] = piece
            done += len(piece)
        return whole


def is_idx(path: Path) -> bool:
    """Whether a file holds pictures in IDX format, by its first bytes (of the unpacked file if it is packed)."""
    try:
        with _unpacked(path) as file:
            head = file.read(4)
    except _DAMAGE:
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in _IDX_TYPES and head[3] in (3, 4)


def idx(path: Path) -> Filed:
    """The array in an IDX file (LeCun, Cortes & Burges 1998), packed or not.

    Raises:
        DataError: it is no IDX file, or cut short.
    """
    try:
        with _unpacked(path) as file:
            head = file.read(4)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES:
                raise DataError(f"{path} is no IDX file: its first bytes are {head.hex(' ')}")
            axes = file.read(4 * head[3])
    except _DAMAGE as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if not axes or len(axes) < 4 * head[3]:
        raise DataError(f"{path} is damaged: it ends in its header")

    @contextlib.contextmanager
    def opened() -> Iterator[io.BufferedIOBase]:
        with _unpacked(path) as file:
            file.read(4 + len(axes))
            yield file

    return Filed(path, struct.unpack(f">{head[3]}I", axes), np.dtype(_IDX_TYPES[head[2]]), opened)


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[io.BufferedIOBase]:
    with path.open("rb") as file:
        yield unpacking(file)


def npz(path: Path) -> Mapping[str, np.ndarray | Filed]:
    """The arrays of an `.npz` file, those of three and four axes not yet read.

    Raises:
        DataError: objects in place of numbers, or a damaged file.
    """
    try:
        with np.load(path, allow_pickle=False) as stored, zipfile.ZipFile(path) as archive:
            filed = {name: _filed(path, archive, f"{name}.npy") for name in stored.files}
            return {name: each or stored[name] for name, each in filed.items()}
    except (*_DAMAGE, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def npz_axes(path: Path) -> Mapping[str, int]:
    """The arrays of an `.npz` file and how many axes each has, without reading them; empty if it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy"): len(_header(archive, name)[0]) for name in archive.namelist()}
    except (*_DAMAGE, ValueError):
        return {}


def _header(archive: zipfile.ZipFile, member: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    with archive.open(member) as file:
        return _header_of(cast(io.BufferedIOBase, file))


def _header_of(file: io.BufferedIOBase) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    first = np.lib.format.read_magic(file) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    return shape, by_columns, dtype


def _filed(path: Path, archive: zipfile.ZipFile, member: str) -> Filed | None:
    shape, by_columns, dtype = _header(archive, member)
    if len(shape) not in (3, 4) or by_columns or dtype.hasobject:
        return None

    @contextlib.contextmanager
    def opened() -> Iterator[io.BufferedIOBase]:
        with zipfile.ZipFile(path) as archive, archive.open(member) as opened:
            file = cast(io.BufferedIOBase, opened)
            _header_of(file)
            yield file

    return Filed(path, shape, dtype, opened)


def stacked(arrays: Sequence[np.ndarray | Filed], wanted: Wanted, keeping: Keeping) -> np.ndarray:
    """Arrays of pictures as one: in memory if they fit there, else in a store on disk.

    Only bytes that stay as they are come to lie on disk; what must be scaled or put in another unit is read whole.

    Args:
        arrays: of one shape but for their lengths.
        wanted: size and color.
        keeping: where they may lie.

    Raises:
        DataError: a damaged file; a full disk.
    """
    filed = [array for array in arrays if isinstance(array, Filed)]
    total = sum(array.nbytes for array in filed)
    plain = all(array.dtype == np.uint8 and _stays(array, wanted) for array in filed)
    same = len({array.shape[1:] for array in arrays}) == 1
    if keeping.cache is None or total <= keeping.room or len(filed) < len(arrays) or not plain or not same:
        whole = [array.read() if isinstance(array, Filed) else array for array in arrays]
        return whole[0] if len(whole) == 1 else np.concatenate(whole)
    # Not at the head: a table needs no decoder of pictures.
    from talweg.data.images.keep import known_digest

    def fill(writer: Writer) -> Mapping[str, Any]:
        column, done = writer.column("pixels", np.uint8, filed[0].shape[1:]), 0
        for array in filed:
            for piece in array.pieces():
                column.append(piece)
                done += piece.nbytes
                keeping.hear("unpacking pictures", done / total)
        return {}

    files = list(dict.fromkeys(array.path for array in filed))
    shapes = [str(array.shape) for array in filed]
    key = key_of("array of pictures", known_digest(files, keeping.cache, keeping.hear), *shapes)
    return keeping.cache.get(key, fill, f"pictures of {files[0].name}", needed=total).arrays["pixels"]


def _stays(array: Filed, wanted: Wanted) -> bool:
    """Whether pictures need neither another size nor another color."""
    by_channels = array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] not in (1, 3, 4)
    height, width, channels = ((*array.shape[2:], array.shape[1]) if by_channels else (*array.shape[1:], 1))[:3]
    color = {"gray": 1, "rgb": 3, None: channels}[wanted.color]
    return wanted.size in (None, (height, width)) and color == channels

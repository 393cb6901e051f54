"""Compressed files, unpacked as they are read: gzip and Zstandard. What they hold is for `read` to say."""

import gzip
import io
from collections.abc import Iterator
from typing import Any, cast, final

from talweg.errors import DataError, MissingExtraError

_LARGEST, _PIECE, _PACKED = 16 * 2**30, 2**24, 2**16
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def unpack(data: bytes, name: str) -> tuple[bytes, str]:
    """The contents of a file and its name, both as they were before it was compressed, if it was.

    Raises:
        DataError: it is damaged, or unpacks to more than 16 GiB.
        MissingExtraError: it is packed with Zstandard, and the extra ``zstd`` is not installed.

    Example:
        >>> unpack(gzip.compress(b"a,b"), "data.csv.gz")
        (b'a,b', 'data.csv')
    """
    if not data.startswith((_GZIP, _ZSTD)):
        return data, name
    held, size = [], 0
    try:
        stream = unpacking(io.BytesIO(data))
        while piece := stream.read(_PIECE):
            held.append(piece)
            size += len(piece)
            if size > _LARGEST:
                raise DataError(f"{name} unpacks to more than 16 GiB; unpack it first.")
    except (OSError, EOFError) as error:
        raise DataError(f"{name} is damaged or cut short: {error}") from None
    return b"".join(held), unpacked_name(name)


def unpacking(file: io.BufferedIOBase) -> io.BufferedIOBase:
    """A file's contents as they were before it was compressed, if it was; read from where it stands.

    Reading raises OSError or EOFError where the file is damaged.

    Raises:
        MissingExtraError: it is packed with Zstandard, and the extra ``zstd`` is not installed.
    """
    place = file.tell()
    start = file.read(4)
    file.seek(place)
    if start.startswith(_GZIP):
        return cast(io.BufferedIOBase, gzip.open(file))
    if start == _ZSTD:
        try:
            import zstandard
        except ImportError:
            raise MissingExtraError("a file packed with Zstandard", "zstd") from None
        return io.BufferedReader(_Pieces(_unzstd(file, zstandard)), _PACKED)
    return file


def unpacked_name(name: str) -> str:
    """A file's name before it was compressed.

    Example:
        >>> unpacked_name("data.csv.zst"), unpacked_name("data.csv")
        ('data.csv', 'data.csv')
    """
    endings = (".gz", ".gzip", ".zst", ".zstd")
    return next((name[: -len(ending)] for ending in endings if name.lower().endswith(ending)), name)


def _unzstd(file: io.BufferedIOBase, zstandard: Any) -> Iterator[bytes]:
    """The contents piece by piece. Not the library's own stream, which takes a file cut short for a whole one."""
    frame, begun = zstandard.ZstdDecompressor().decompressobj(), True
    while piece := file.read(_PACKED):
        while piece:
            try:
                yield frame.decompress(piece)
            except zstandard.ZstdError as error:
                raise EOFError(error) from None
            # A file may hold several frames, one after the other.
            piece, begun = frame.unused_data if frame.eof else b"", not frame.eof
            frame = zstandard.ZstdDecompressor().decompressobj() if frame.eof else frame
    if begun:
        raise EOFError("it ends in the middle of a frame")


@final
class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        while not len(self._rest):
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(room), len(self._rest))
        room[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

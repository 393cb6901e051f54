"""Compressed files in memory, unpacked: gzip and Zstandard. What they hold is for `read` to say."""

import gzip
import io
from collections.abc import Iterator

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
    try:
        if data.startswith(_GZIP):
            return _joined(_gunzip(data), name), _without(name, ".gz", ".gzip")
        if data.startswith(_ZSTD):
            return _joined(_unzstd(data), name), _without(name, ".zst", ".zstd")
    except (OSError, EOFError) as error:
        raise DataError(f"{name} is damaged or cut short: {error}") from None
    return data, name


def _gunzip(data: bytes) -> Iterator[bytes]:
    with gzip.open(io.BytesIO(data)) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def _unzstd(data: bytes) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError("a file packed with Zstandard", "zstd") from None
    view, frame = memoryview(data), zstandard.ZstdDecompressor().decompressobj()
    while len(view):
        piece, view = view[:_PACKED], view[_PACKED:]
        try:
            yield frame.decompress(piece)
        except zstandard.ZstdError as error:
            raise EOFError(error) from None
        if frame.eof:
            # A file may hold several frames, one after the other.
            view = memoryview(bytes(frame.unused_data) + bytes(view)) if frame.unused_data else view
            frame = zstandard.ZstdDecompressor().decompressobj() if len(view) else frame
    if not frame.eof:
        raise EOFError("it ends in the middle of a frame")


def _joined(pieces: Iterator[bytes], name: str) -> bytes:
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > _LARGEST:
            raise DataError(f"{name} unpacks to more than 16 GiB; unpack it first.")
    return b"".join(held)


def _without(name: str, *endings: str) -> str:
    return next((name[: -len(ending)] for ending in endings if name.lower().endswith(ending)), name)

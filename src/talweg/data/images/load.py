"""Many picture files become one array: headers first, then decoding in parallel. What one file holds is in `decode`.

Where decoded pictures are kept, on disk or from run to run, is in `keep`.
"""

import dataclasses
import math
import os
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Shaped

from talweg.data.hearing import Hear, quiet
from talweg.data.images.decode import Header, PictureError, decode, read_header
from talweg.data.images.pictures import Color, Size, Wanted
from talweg.data.large.gather import Stack
from talweg.errors import DataError

LARGEST = 64
"""The side that larger pictures are scaled to unless a size is named."""
_TOLD = 64
"""After so many pictures progress is told."""
_NAMED = 5
"""So many broken pictures are named in one message."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, eq=False)
class Loaded:
    """Picture files as one array.

    Attributes:
        pixels: those that could be read, in memory or on disk.
        kept: their positions among the files that were asked for.
        notes: what was done to them, a sentence each.
        found: sizes and modes of the files (see `Pictures.found`).
    """

    pixels: Shaped[Stack, "pictures height width channels"]
    kept: tuple[int, ...]
    notes: tuple[str, ...]
    found: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Look:
    """How many pictures are to come as one array, told from their headers.

    Attributes:
        size: height and width of each.
        color: gray or in color.
        deep: whether some have more than 8 bits, so that all are real numbers.
        notes: what that does to them, a sentence each.
        found: sizes and modes of the files (see `Pictures.found`).
    """

    size: Size
    color: Color
    deep: bool
    notes: tuple[str, ...]
    found: Mapping[str, Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of each."""
        return (*self.size, 1 if self.color == "gray" else 3)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels."""
        return np.dtype(np.float32 if self.deep else np.uint8)

    def bytes(self, pictures: int) -> int:
        """What so many pictures take, decoded."""
        return pictures * math.prod(self.shape) * self.dtype.itemsize


def look_at(files: Sequence[Path], names: Sequence[str], wanted: Wanted, hear: Hear = quiet) -> Look:
    """Reads all headers.

    Args:
        files: the picture files.
        names: what messages call them.
        wanted: size and color, where they are said.
        hear: is told of the progress.

    Raises:
        DataError: no file is a picture.
    """
    header = kept_errors(lambda file, name: read_header(read_bytes(file), name))
    found = list(heard("looking at pictures", in_parallel(header, files, names), len(files), hear))
    sound = [each for each in found if isinstance(each, Header)]
    if not sound:
        raise DataError(broken([each for each in found if isinstance(each, PictureError)], len(files)))
    size, color = wanted.size or _size(sound), wanted.color or _color(sound)
    deep, notes = any(each.deep for each in sound), tuple(_resized(sound, size, color))
    return Look(size, color, deep, notes, _found(sound))


def load(
    files: Sequence[Path], names: Sequence[str], wanted: Wanted, look: Look | None = None, hear: Hear = quiet
) -> Loaded:
    """Decodes files to one size, as many at a time as there are cores.

    Args:
        files: the picture files.
        names: what messages call them.
        wanted: size, color, and what happens to broken ones.
        look: what their headers say, if that is known.
        hear: is told of the progress.

    Raises:
        DataError: a picture cannot be read and broken ones are not to be skipped, or none is left.
    """
    look = look or look_at(files, names, wanted, hear)
    out = np.empty((len(files), *look.shape), look.dtype)
    kept, notes = decode_each(files, names, look, wanted.skip_broken, out.__setitem__, hear)
    return Loaded(out[np.array(kept)] if len(kept) < len(files) else out, kept, notes, look.found)


def decode_each(
    files: Sequence[Path],
    names: Sequence[str],
    look: Look,
    skip_broken: bool,
    put: Callable[[int, Shaped[np.ndarray, "height width channels"]], None],
    hear: Hear = quiet,
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Decodes files and hands each one's pixels on, with its position, in order.

    Returns:
        The positions of those that could be read, and what was done to them, a sentence each.

    Raises:
        DataError: a picture cannot be read and broken ones are not to be skipped, or none is left.
    """
    pixels = kept_errors(lambda file, name: decode(read_bytes(file), name, look.color, look.size))
    told: Counter[str] = Counter()
    failed: list[PictureError] = []
    kept: list[int] = []
    for place, found in enumerate(heard("decoding pictures", in_parallel(pixels, files, names), len(files), hear)):
        if isinstance(found, PictureError):
            failed.append(found)
            continue
        put(place, found.pixels)
        told.update(found.done)
        kept.append(place)
    if failed and not (skip_broken and kept):
        raise DataError(broken(failed, len(files)))
    notes = [*look.notes, *counted(told, len(kept)), *([named_broken(failed)] if failed else [])]
    return tuple(kept), tuple(notes)


def in_parallel(function: Callable[..., T], *columns: Sequence[Any]) -> Iterator[T]:
    """What a function makes of each row of some columns, in order: by as many threads as there are cores.

    Little is made before it is used, so that a slow user does not fill the memory.
    """
    waiting: deque[Future[T]] = deque()
    threads = os.cpu_count() or 1
    with warnings.catch_warnings(), ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter("ignore")  # Pillow's doubts about metadata and large sizes; the bounds are our own
        for row in zip(*columns, strict=True):
            waiting.append(pool.submit(function, *row))
            if len(waiting) > 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def heard(doing: str, things: Iterable[T], count: int, hear: Hear) -> Iterator[T]:
    """The same things; which part of them came so far is told now and then."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % _TOLD == 0 or number == count:
            hear(doing, number / count)


def read_bytes(file: Path) -> bytes:
    """A file's contents.

    Raises:
        PictureError: the system refuses.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise PictureError(f"{file} cannot be read: {error.strerror}") from None


def kept_errors(function: Callable[..., T]) -> Callable[..., T | PictureError]:
    """The same function, which gives back what it would raise of a picture, so that all broken ones are known."""

    def safe(*arguments: object) -> T | PictureError:
        try:
            return function(*arguments)
        except PictureError as error:
            return error

    return safe


def broken(failed: Sequence[PictureError], files: int) -> str:
    """The message about pictures that cannot be used."""
    if len(failed) == files == 1:
        return str(failed[0])
    named = "; ".join(str(error) for error in failed[:_NAMED])
    return (
        f"{len(failed)} of {files} pictures cannot be used: {named}{_more(len(failed))}. Mend or remove them, or leave"
        " them out with --skip-broken"
    )


def named_broken(failed: Sequence[PictureError]) -> str:
    """The note about broken pictures that were left out."""
    named = "; ".join(str(error) for error in failed[:_NAMED])
    return f"{_pictures(len(failed))} left out: {named}{_more(len(failed))}."


def _more(failed: int) -> str:
    return f"; and {failed - _NAMED} more" if failed > _NAMED else ""


def _size(headers: Sequence[Header]) -> Size:
    """One size for all: their own if it is one and small, else a square that most of them fill."""
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1 and max(next(iter(sizes))) <= LARGEST:
        return next(iter(sizes))
    side = int(np.median([min(header.height, header.width) for header in headers]))
    return (min(LARGEST, side),) * 2


def _color(headers: Sequence[Header]) -> Color:
    return "gray" if all(header.color == "gray" for header in headers) else "rgb"


def _found(headers: Sequence[Header]) -> dict[str, Any]:
    sizes = Counter((header.height, header.width) for header in headers)
    (height, width), most = sizes.most_common(1)[0]
    modes = Counter(f"{header.color}, 16 bits" if header.deep else header.color for header in headers)
    return {
        "sizes": len(sizes),
        "smallest": list(min(sizes, key=math.prod)),
        "largest": list(max(sizes, key=math.prod)),
        "commonest": [height, width],
        "commonest_pictures": most,
        "modes": dict(modes.most_common()),
    }


def _resized(headers: Sequence[Header], size: Size, color: Color) -> Iterable[str]:
    sizes = Counter((header.height, header.width) for header in headers)
    if set(sizes) != {size}:
        (low, few), (high, many) = min(sizes, key=np.prod), max(sizes, key=np.prod)
        found = f"of {len(sizes)} sizes, from {low}x{few} to {high}x{many}," if len(sizes) > 1 else f"of {low}x{few}"
        yield (
            f"Pictures {found} are scaled to {size[0]}x{size[1]}; what stands over is cut off evenly"
            " (--image-size sets another size)."
        )
    colors = Counter(header.color for header in headers)
    if len(colors) > 1 or color not in colors:
        mixed = f"{colors['gray']} gray and {colors['rgb']} color pictures"
        yield f"{mixed} are all taken as {'gray' if color == 'gray' else 'color'} (--color sets it)."


def counted(told: Counter[str], pictures: int) -> Iterable[str]:
    """What was done to how many pictures, a sentence each."""
    for done, count in told.items():
        yield f"{count} of {pictures} pictures: each {done}."


def _pictures(count: int) -> str:
    return f"{count} picture{'s are' if count != 1 else ' is'}"

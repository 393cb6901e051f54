"""Photographs that are read one at a time, so that a folder of them may be larger than memory. Nothing is trained here.

What a training takes, all of them at once, is in `photographs`.
"""

import dataclasses
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from talweg.data.images.decode import Header, PictureError, decode, read_header
from talweg.data.images.find import find_all, is_picture
from talweg.data.images.load import broken, in_parallel, kept_errors, named_broken, read_bytes
from talweg.data.images.photographs import ARRAYS, NAMES, Picture, read_photographs
from talweg.data.images.pictures import Color
from talweg.errors import DataError, did_you_mean


@dataclasses.dataclass(frozen=True, eq=False)
class Single:
    """A photograph.

    Attributes:
        name: what it is called.
        pixels: from 0 to 255; real numbers where the file has more than 8 bits.
        done: what was done to it as it was read, as words behind its name.
    """

    name: str
    pixels: Picture
    done: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Shelf:
    """Photographs that wait to be read.

    Attributes:
        name: what messages call the source.
        files: what each is called.
        read: gives the one at a place.
        notes: which broken ones were left out.
    """

    name: str
    files: tuple[str, ...]
    read: Callable[[int], Single]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.files)

    def each(self, skip_broken: bool, note: Callable[[str], object]) -> Iterator[tuple[int, Single]]:
        """One after the other with its place; one that turns out to be broken is told of and left out, or an error."""
        for place in range(len(self)):
            try:
                single = self.read(place)
            except PictureError as error:
                if not skip_broken:
                    raise
                note(named_broken([error]))
                continue
            yield place, single


def open_shelf(source: Any, color: Color, skip_broken: bool = False, unbounded: bool = False) -> Shelf:
    """The photographs of a source, their headers looked at and nothing decoded.

    Args:
        source: a file, a folder, whatever its folders are called, or arrays.
        color: gray or color.
        skip_broken: whether broken pictures are left out rather than an error.
        unbounded: whether the real numbers of arrays may lie beyond black and white, as noise leaves them.

    Raises:
        DataError: no pictures, or broken ones that are not to be skipped.

    Example:
        >>> import numpy as np
        >>> shelf = open_shelf([np.zeros((4, 6), np.uint8)], "gray")
        >>> len(shelf), shelf.read(0).pixels.shape
        (1, (4, 6, 1))
    """
    if not isinstance(source, str | Path):
        whole = read_photographs(source, color=color, unbounded=unbounded)
        return Shelf(ARRAYS, whole.files, lambda place: Single(whole.files[place], whole.pictures[place]))
    folder, files = _files(Path(source).expanduser())
    names = [file.relative_to(folder).as_posix() for file in files]
    headers = list(in_parallel(kept_errors(lambda file, name: read_header(read_bytes(file), name)), files, names))
    failed = [header for header in headers if isinstance(header, PictureError)]
    if failed and (not skip_broken or len(failed) == len(files)):
        raise DataError(broken(failed, len(files)))
    every = zip(files, names, headers, strict=True)
    sound = [(file, name, header.color != color) for file, name, header in every if isinstance(header, Header)]

    def read(place: int) -> Single:
        file, name, other = sound[place]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's doubts about metadata
            found = decode(read_bytes(file), name, color)
        return Single(name, found.pixels, (*found.done, *[f"is taken as {NAMES[color]}"] * other))

    told = (named_broken(failed),) if failed else ()
    return Shelf(folder.name or str(folder), tuple(name for _, name, _ in sound), read, told)


def _files(path: Path) -> tuple[Path, tuple[Path, ...]]:
    """The folder and the picture files in it that a path stands for."""
    if path.is_dir():
        return path, find_all(path).files
    if not path.is_file():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"No such file or folder: {path}.{did_you_mean(path.name, beside)}")
    if not is_picture(path):
        raise DataError(f"{path} is no picture; expected a picture, or a folder of them")
    return path.parent, (path,)

"""Pictures of one size, in memory or on disk, with what is known of each. Where they come from is in `source`."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Int, Shaped

from talweg.data.hearing import Hear, quiet
from talweg.data.large.cache import Cache
from talweg.data.large.gather import Stack, pick
from talweg.data.table import Column, Table

PICTURE, CLASS, SPLIT = "picture", "class", "split"
"""The columns of a table of pictures: the file, its folder as its class, its part where folders say so."""

SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .bmp .gif .tif .tiff .webp .ppm .pgm .pbm .pnm .avif .jp2 .ico .tga".split()  # noqa: SIM905
)
"""How the names of picture files end."""

BUILTIN = "photographs"
"""The name of the built-in photographs."""

Color = Literal["gray", "rgb"]
Size = tuple[int, int]
"""Height and width."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """How pictures are to come.

    Attributes:
        size: height and width; `None` for: decide from the pictures.
        color: ``"gray"`` or ``"rgb"``; `None` likewise.
        skip_broken: whether broken pictures are left out rather than an error.
    """

    size: Size | None = None
    color: Color | None = None
    skip_broken: bool = False


DECIDE = Wanted()
"""Size and color are decided from the pictures; broken ones are an error."""


@dataclasses.dataclass(frozen=True)
class Keeping:
    """Where decoded pictures may lie.

    Attributes:
        cache: where they are kept on disk; `None` keeps nothing.
        room: bytes of pixels that may be in memory; more are left on disk.
        again: whether many that fit into memory are kept all the same, for the next run.
        hear: is told of what takes long.
    """

    cache: Cache | None = None
    room: float = math.inf
    again: bool = True
    hear: Hear = quiet


IN_MEMORY = Keeping()
"""Nothing is kept on disk."""


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one size.

    Attributes:
        name: what messages call the source.
        pixels: from 0 to 255; `uint8`, or `float32` where a file has more than 8 bits.
        files: what each picture is called.
        about: what is known of each: a column `class` from folders, or the columns of a table.
        target: the column that the source names as its target, if it does.
        notes: what was done to them, a sentence each.
        found: of files, as plain data: how many `sizes` there are, the `smallest`, `largest` and `commonest` (height,
            width), of how many pictures that is, and by `modes` how many are gray, in color or of 16 bits.
    """

    name: str
    pixels: Shaped[Stack, "pictures height width channels"]
    files: tuple[str, ...]
    about: Mapping[str, Column]
    target: str | None = None
    notes: tuple[str, ...] = ()
    found: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of each."""
        height, width, channels = self.pixels.shape[1:]
        return height, width, channels

    def table(self) -> Table:
        """What is known of each picture as a table, a picture a row."""
        return Table(self.name, self.about, len(self), self.notes, self.target)

    def take(self, rows: Int[np.ndarray, " some"]) -> "Pictures":
        """The pictures at `rows`, in their order."""
        if len(rows) == len(self) and (rows == np.arange(len(rows))).all():
            return self
        return dataclasses.replace(
            self,
            pixels=pick(self.pixels, rows),
            files=tuple(self.files[row] for row in rows),
            about={name: column.take(rows) for name, column in self.about.items()},
        )

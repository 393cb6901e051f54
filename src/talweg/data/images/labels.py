"""The classes of masks: which values stand for them, found in all masks of a source. How files are read: `masks`.

In memory a mask holds the position of each pixel's class; `Labels` knows the values that stood in the files, so that
predicted masks are written as the given ones were.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

from talweg.data.images.mask_values import Values
from talweg.errors import DataError, RunFolderError

IGNORED = 255
"""Stands in a mask in memory for a pixel of which nothing is said."""
VOID = 255
"""The value that is taken for that, where the others are numbers of classes."""
MOST_CLASSES = 64
"""So many classes a mask may hold."""

Mask = UInt8[np.ndarray, "_ _"]  # height, width; another for each


@dataclasses.dataclass(frozen=True)
class Labels:
    """The classes of masks, and the value by which files hold each.

    Attributes:
        kind: ``"gray"``, ``"palette"`` or ``"rgb"``.
        values: of each class: a gray value, a place in the palette, or a color.
        palette: of a palette the color of each class.
        void: the value of pixels of which nothing is said; `None` if there are none.
    """

    kind: str
    values: tuple[int, ...]
    palette: tuple[int, ...] = ()
    void: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the classes are called: their values, colors as ``#ff0000``."""
        return tuple(f"#{value:06x}" if self.kind == "rgb" else str(value) for value in self.values)

    def codes(self, values: Values, name: str) -> Mask:
        """A mask in memory.

        Raises:
            DataError: a value that stands for no class.
        """
        pixels = values.colors() if self.kind == "rgb" else values.pixels
        known = np.array(self.values)
        place = np.minimum(np.searchsorted(known, pixels), len(known) - 1).astype(np.uint8)
        void = np.zeros(pixels.shape, bool) if self.void is None else pixels == self.void
        if (other := (known[place] != pixels) & ~void).any():
            raise DataError(f"{name} holds the value {pixels[other][0]}, which is none of {', '.join(self.names)}")
        place[void] = IGNORED
        return place

    def picture(self, mask: Mask) -> Shaped[np.ndarray, "height width"]:
        """The values of a mask in memory, as a file holds them."""
        table = np.full(256, self.void or 0, np.uint32)
        table[: len(self.values)] = self.values
        return table[mask]

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Labels":
        """The inverse of `to_dict`.

        Raises:
            RunFolderError: damaged data.
        """
        try:
            return cls(str(data["kind"]), tuple(data["values"]), tuple(data["palette"]), data["void"])
        except (KeyError, TypeError) as error:
            raise RunFolderError(f"The preparation is damaged ({error!r}); train anew.") from None


def labels_of(values: Sequence[Values], files: Sequence[str]) -> Labels:
    """The classes that masks hold.

    Raises:
        DataError: more of them than masks hold, or fewer than two.
    """
    kind, palette = _kind(values)
    seen: set[int] = set()
    for each, file in zip(values, files, strict=True):
        own = np.unique(each.colors() if kind == "rgb" else each.pixels).tolist()
        seen.update(own)
        if len(seen) > MOST_CLASSES:
            raise DataError(
                f"the masks hold more than {MOST_CLASSES} values ({file} alone {len(own)}); a mask holds one value a"
                " class. JPEG and scaling blur masks: write them as PNG, from the original; if the values number"
                " objects, give all objects of a class one value"
            )
    found = sorted(seen)
    void = VOID if kind != "rgb" and _is_void(found) else None
    found = [value for value in found if value != void]
    if len(found) < 2:
        raise DataError(f"the masks hold a single value, {found[0]}: there is nothing to tell apart")
    colors = tuple(palette.get(value, 0) for value in found) if kind == "palette" else ()
    return Labels(kind, tuple(found), colors, void)


def _kind(values: Sequence[Values]) -> tuple[str, dict[int, int]]:
    """What the values are; colors where files differ in what a value stands for, and the palette that all share."""
    kinds, palette = {each.kind for each in values}, dict[int, int]()
    if len(kinds) > 1:
        return "rgb", {}
    for each in values:
        if any(palette.setdefault(place, color) != color for place, color in each.palette.items()):
            return "rgb", {}
    return kinds.pop(), palette


def _is_void(found: Sequence[int]) -> bool:
    """Whether 255 stands beside the numbers of two classes or more, counted from 0 or 1."""
    others = [value for value in found if value != VOID]
    return (
        VOID in found
        and len(others) > 1
        and others == list(range(others[0], others[0] + len(others)))
        and (others[0] <= 1)
    )

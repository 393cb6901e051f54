"""Photographs on their way into the training of a denoiser, as the gate sees them. The checks stand beside it."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Int

from talweg.data.evenly import evenly
from talweg.data.images.photographs import Photographs
from talweg.data.split import Split

MOST_MEASURED = 64
"""So many pictures or pairs are measured, at most, evenly spread."""
SMALL_PATCH = 32
"""Patches below this show too little for a network to learn from."""
NOISY = 3.0
"""Noise in a clean picture that matters, in pixels of 0 to 255."""
_ROWS = 20

Learning = Literal["noise", "pairs", "self", "masks"]


@dataclasses.dataclass(frozen=True, eq=False)
class PhotoCase:
    """Photographs on their way into a training.

    Attributes:
        photographs: all of them.
        parts: which train, validate and test.
        learning: from known `noise`, from `pairs`, from the noisy pictures them`self`, or from `masks`.
        patch: the side of a patch; `None` if it may follow the pictures.
        usual: the side that is taken then, where the pictures are large enough.
        strength: the standard deviation of the noise that is added on middle gray; 0 if none is.
    """

    photographs: Photographs
    parts: Split
    learning: Learning
    patch: int | None
    usual: int
    strength: float = 0.0

    def part(self) -> Int[np.ndarray, " photographs"]:
        """The part of each."""
        return self.parts.marks(len(self.photographs))

    def sides(self) -> Int[np.ndarray, " photographs"]:
        """The shorter side of each."""
        return np.array([min(picture.shape[:2]) for picture in self.photographs.pictures])

    def first(self, chosen: Bool[np.ndarray, " photographs"]) -> str:
        """The file of the first of some."""
        return self.photographs.files[int(np.argmax(chosen))]

    def measured(self) -> list[int]:
        """The photographs that are measured."""
        return evenly(len(self.photographs), MOST_MEASURED).tolist()


def rows_of(chosen: Bool[np.ndarray, " photographs"]) -> dict[str, Any]:
    """The fields `rows` and `count` of a finding, for some of the photographs."""
    return numbered(np.flatnonzero(chosen).tolist())


def numbered(places: Iterable[int]) -> dict[str, Any]:
    """The same for the photographs at some places."""
    rows: Sequence[int] = sorted(place + 1 for place in places)
    return {"rows": tuple(rows[:_ROWS]), "count": len(rows)}


def does(count: int | np.integer, verb: str) -> str:
    """A verb as it goes with so many.

    Example:
        >>> does(1, "show"), does(3, "show")
        ('shows', 'show')
    """
    return f"{verb}s" if count == 1 else verb

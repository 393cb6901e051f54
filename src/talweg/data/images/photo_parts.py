"""Which photographs train, validate and test, and the pairs on which a network is judged. No network here."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Int

from talweg.data.images.middle import middle
from talweg.data.images.photographs import Photographs, Picture
from talweg.data.split import PARTS, Fractions, Split, split
from talweg.errors import DataError

LARGEST_JUDGED = 512
"""The side of what is judged of a photograph: its middle."""
MOST_JUDGED = 12
"""So many photographs of a part are judged, at most."""


@dataclasses.dataclass(frozen=True, eq=False)
class Pair:
    """A picture as it is given, and what is wanted of it.

    Attributes:
        name: what the picture is called.
        given: in pixels of 0 to 255, which noise may leave.
        wanted: the clean picture in pixels of 0 to 255, or a class for each pixel.
    """

    name: str
    given: Picture
    wanted: Picture


def deal_photographs(photographs: Photographs, fractions: Fractions, seed: int) -> tuple[Split, tuple[str, ...]]:
    """Whole photographs dealt to the parts, so that no patch of a test picture is ever trained on.

    Returns:
        The parts, and what a person should hear of how they were made.

    Raises:
        DataError: too few photographs for the parts.
    """
    if photographs.parts is not None:
        given = Split(*(np.flatnonzero(np.array(photographs.parts) == part) for part in PARTS))
        return _with_validation(given, fractions, seed)
    try:
        return split(len(photographs), fractions, seed), ()
    except DataError as error:
        raise DataError(
            f"{len(photographs)} photograph{'s' * (len(photographs) != 1)} cannot be split {fractions}: {error} Whole"
            " photographs are dealt, so that no patch of a test picture is trained on."
        ) from None


def _with_validation(given: Split, fractions: Fractions, seed: int) -> tuple[Split, tuple[str, ...]]:
    """The parts that folders name; where they name none for validation, training gives some, as rows of a table do."""
    train, some = given.train, fractions.of_training()
    if len(given.validation) or round(len(train) * some.validation / 100) == 0:
        return given, ()
    inner = split(len(train), some, seed)
    kept = f"{100 - fractions.test:g}/0/{fractions.test:g}"
    does = "is" if len(inner.validation) == 1 else "are"
    return Split(train[inner.train], train[inner.validation], given.test), (
        f"The folders name no validation, for which {len(inner.validation)} of {len(train)} training pictures {does}"
        f" set apart; --split {kept} leaves all in training.",
    )


def pairs_of(
    photographs: Photographs,
    rows: Int[np.ndarray, " some"],
    noisy_of: Callable[[Picture, np.random.Generator], Picture] | None,
    seed: int,
    neighbors: bool = False,
) -> tuple[Pair, ...]:
    """What a denoiser is judged on: the middles of some photographs, each with its own noise, the same in every run.

    Args:
        photographs: all of them.
        rows: which.
        noisy_of: adds the noise; `None` for pairs.
        seed: the run's.
        neighbors: the pictures are noisy themselves: every other pixel is to predict its neighbor.
    """
    pairs = []
    for row in rows[:MOST_JUDGED]:
        picture = middle(photographs.pictures[row], LARGEST_JUDGED).astype(np.float32)
        if neighbors:
            picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
            noisy, clean = picture[::2, ::2], picture[1::2, 1::2]
        elif photographs.noisy is not None:
            noisy, clean = middle(photographs.noisy[row], LARGEST_JUDGED).astype(np.float32), picture
        else:
            assert noisy_of is not None
            noisy, clean = noisy_of(picture, np.random.Generator(np.random.Philox(key=[seed, int(row)]))), picture
        pairs.append(Pair(photographs.files[row], noisy, clean))
    return tuple(pairs)

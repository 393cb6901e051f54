"""Whether the two pictures of a pair show the same, and how far one is shifted. What the gate says is in `pair_checks`.

The shift is that of the least squared difference: for white noise the likeliest.
"""

import dataclasses

import numpy as np
from jaxtyping import Float, Shaped

from talweg.data.images.middle import middle

MOST_SHIFT = 12
"""So far a shift is looked for, in pixels."""
_SIDE = 256
_CELL = 8
_FLAT = 3.0
"""A picture whose cells differ by less says nothing about what it shows."""
_CLEAR = (30.0, 0.02)
"""How much less the squared difference must be where it is least: in its own mean, and as a share of it."""

Picture = Shaped[np.ndarray, "_ _ _"]  # height, width, channels
Plane = Float[np.ndarray, "_ _"]  # many sizes in one place


@dataclasses.dataclass(frozen=True)
class Alignment:
    """How two pictures lie on each other.

    Attributes:
        down: by how many pixels the first lies lower than the second.
        right: by how many it lies further right.
        likeness: the correlation of their coarse pictures, so aligned; 1 where there is nothing to compare.
    """

    down: int
    right: int
    likeness: float


def alignment(noisy: Picture, clean: Picture) -> Alignment:
    """How a noisy picture lies on its clean one, from the middles of both.

    Example:
        >>> clean = np.random.default_rng(0).integers(0, 255, (80, 80, 1)).repeat(4, 0).repeat(4, 1)
        >>> alignment(np.roll(clean, (0, 3), (0, 1)), clean)
        Alignment(down=0, right=3, likeness=1.0)
    """
    first, second = (middle(picture, _SIDE).astype(np.float64).mean(-1) for picture in (noisy, clean))
    margin = min(MOST_SHIFT, (min(first.shape) - 2 * _CELL) // 2)
    if margin < 1 or _cells(second).std() < _FLAT:
        return Alignment(0, 0, 1.0)
    first = _in_light_of(first, second)
    down, right = _shift(first, second, margin)
    inside = second[margin:-margin, margin:-margin]
    moved = first[margin + down :, margin + right :][: inside.shape[0], : inside.shape[1]]
    likeness = float(np.corrcoef(_cells(moved).ravel(), _cells(inside).ravel())[0, 1])
    return Alignment(down, right, round(likeness, 6) if np.isfinite(likeness) else 0.0)


def _cells(plane: Plane) -> Plane:
    """The means of squares, in which noise is small."""
    high, wide = (side // _CELL for side in plane.shape)
    return plane[: high * _CELL, : wide * _CELL].reshape(high, _CELL, wide, _CELL).mean((1, 3))


def _in_light_of(first: Plane, second: Plane) -> Plane:
    """The first with the brightness and the contrast of the second, as far as their cells' spreads say."""
    ours, theirs = _cells(first), _cells(second)
    factor = theirs.std() / ours.std() if ours.std() > 0 else 1.0
    return (first - ours.mean()) * min(factor, 4.0) + theirs.mean()


def _shift(first: Plane, second: Plane, margin: int) -> tuple[int, int]:
    """Of all shifts up to the margin the one with the least squared difference; none if that is hardly less."""
    inside = second[margin:-margin, margin:-margin]
    # Sums over every window of the first, by Fourier transforms: of its squares, and of its products with the second.
    shape = first.shape
    window = np.fft.rfft2(np.ones(inside.shape), shape).conj()
    squares = np.fft.irfft2(np.fft.rfft2(first**2) * window, shape)
    products = np.fft.irfft2(np.fft.rfft2(first) * np.fft.rfft2(inside, shape).conj(), shape)
    places = np.s_[: 2 * margin + 1, : 2 * margin + 1]
    difference = np.maximum(squares[places] - 2 * products[places] + (inside**2).sum(), 1e-9)
    down, right = np.unravel_index(int(difference.argmin()), difference.shape)
    still, least = difference[margin, margin], difference[down, right]
    fallen = still - least
    if fallen < _CLEAR[0] * least / inside.size or fallen < _CLEAR[1] * still:
        return 0, 0
    return int(down) - margin, int(right) - margin

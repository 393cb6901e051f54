"""How noisy a picture is by itself, from its finest details. What the gate makes of it is in `photo_checks`.

White noise is as strong in the next coarser details as in the finest, texture is stronger there: so the two are told
apart (the estimate from the finest diagonal details is Donoho & Johnstone's, 1994).
"""

import numpy as np
from jaxtyping import Float, Shaped

from talweg.data.images.middle import middle

_SIDE = 512
"""Of the middle that is looked at."""
_BLOCK = 8  # details of a block: 16 pixels
_FLAT = 0.25
"""The share of blocks, those with the least structure, in which noise shows best."""
_WHITE = 1.5
"""The next coarser details of white noise are as strong as the finest; beyond this ratio they are texture."""
_TO_STANDARD_DEVIATION = 0.6744897501960817  # the median of |z|, z standard normal

# Daubechies' wavelet with two vanishing moments.
_LOW = np.array([0.48296291314469025, 0.836516303737469, 0.22414386804185735, -0.12940952255092145])
_HIGH = np.array([-0.12940952255092145, -0.22414386804185735, 0.836516303737469, -0.48296291314469025])

Plane = Float[np.ndarray, "_ _"]  # many sizes in one place


def noise_level(picture: Shaped[np.ndarray, "height width channels"]) -> float:
    """The standard deviation of the white noise in a picture, in pixels of 0 to 255; of its noisiest channel.

    0 where texture hides what there may be, and for pictures too small to tell (a side under 32 pixels).

    Example:
        >>> noisy = 100 + 12 * np.random.default_rng(0).standard_normal((128, 128, 1))
        >>> round(noise_level(noisy))
        12
    """
    looked_at = middle(picture, _SIDE).astype(np.float64)
    return max(_of_plane(looked_at[..., channel]) for channel in range(looked_at.shape[-1]))


def _of_plane(plane: Plane) -> float:
    if min(plane.shape) < 32:
        return 0.0
    coarse, _, _, finest = _bands(plane)
    coarser, across, upward, next_finest = _bands(coarse)
    many = tuple(side // (_BLOCK // 2) for side in next_finest.shape)
    structure = sum((_blocks(band, _BLOCK // 2, many) ** 2).mean(1) for band in (across, upward))
    # Where a picture is black or white, noise was cut off.
    light = _blocks(coarser, _BLOCK // 2, many).mean(1) / 4
    seen = np.flatnonzero((light > 3) & (light < 252))
    if len(seen) < 4:
        return 0.0
    flat = seen[np.argsort(structure[seen], kind="stable")[: max(4, int(_FLAT * len(seen)))]]
    fine, next_fine = (_spread(_blocks(b, s, many)[flat]) for b, s in ((finest, _BLOCK), (next_finest, _BLOCK // 2)))
    return fine if next_fine < _WHITE * fine else 0.0


def _spread(details: Float[np.ndarray, "blocks size"]) -> float:
    return float(np.median(np.abs(details))) / _TO_STANDARD_DEVIATION


def _bands(plane: Plane) -> tuple[Plane, Plane, Plane, Plane]:
    """The coarse picture of half the size, and its details across, upward and diagonal."""
    low, high = _filtered(plane, _LOW).T, _filtered(plane, _HIGH).T
    return _filtered(low, _LOW).T, _filtered(low, _HIGH).T, _filtered(high, _LOW).T, _filtered(high, _HIGH).T


def _filtered(plane: Plane, taps: Float[np.ndarray, " taps"]) -> Plane:
    """Every second row of the plane filtered along its columns, without its border."""
    rows = 2 * ((len(plane) - len(taps)) // 2 + 1)
    return sum(tap * plane[place : place + rows - 1 : 2] for place, tap in enumerate(taps))


def _blocks(band: Plane, size: int, many: tuple[int, ...]) -> Float[np.ndarray, "blocks size"]:
    high, wide = many
    cut = band[: high * size, : wide * size].reshape(high, size, wide, size)
    return cut.swapaxes(1, 2).reshape(high * wide, size * size)

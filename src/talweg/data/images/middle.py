"""The middle of a picture, where its whole is too large to be looked at or shown."""

from jaxtyping import Shaped
from numpy import ndarray

Pixels = Shaped[ndarray, "_ _ *channels"]


def middle(pixels: Pixels, side: int) -> Pixels:
    """The square in the middle of a picture, as large as it goes up to a side.

    Example:
        >>> from numpy import zeros
        >>> middle(zeros((5, 8, 3)), 4).shape, middle(zeros((5, 8, 3)), 6).shape
        ((4, 4, 3), (5, 6, 3))
    """
    top, left = (max(0, (length - side) // 2) for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]

"""Masks as pictures: a color for each class, and what is wrong in a predicted one. Pixels in, pixels out."""

import numpy as np
from jaxtyping import Shaped, UInt8

Codes = UInt8[np.ndarray, "height width"]
Painted = UInt8[np.ndarray, "height width 3"]

_IGNORED = 255
_GRAY = (136, 136, 136)
MISSED, ADDED = (230, 159, 0), (86, 180, 233)
"""Orange and sky blue, which the color-blind tell apart (Okabe & Ito 2008)."""
_CLASSES = ((24, 24, 24), (240, 228, 66), (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), ADDED, MISSED)


def class_colors(classes: int) -> list[tuple[int, int, int]]:
    """The color of each class: the first nearly black, then those of Okabe & Ito; of many classes shades of those.

    Example:
        >>> class_colors(2)
        [(24, 24, 24), (240, 228, 66)]
    """
    found = []
    for label in range(classes):
        shade = 0.72 ** (label // len(_CLASSES))
        red, green, blue = (round(part * shade) for part in _CLASSES[label % len(_CLASSES)])
        found.append((red, green, blue))
    return found


def painted(mask: Codes, classes: int) -> Painted:
    """A mask in the colors of its classes; pixels of which nothing is said are gray."""
    table = np.full((256, 3), _GRAY, np.uint8)
    table[:classes] = class_colors(classes)
    return table[mask]


def difference(picture: Shaped[np.ndarray, "height width channels"], mask: Codes, said: Codes, classes: int) -> Painted:
    """The picture, pale, and over it what is wrong in a predicted mask.

    Args:
        picture: from 0 to 255.
        mask: the true one; where nothing is said, nothing is wrong.
        said: the predicted one.
        classes: of two, what was missed of the second is orange, and what was added to it blue; of more, all that is
            wrong is orange.
    """
    light = 128 + 0.4 * picture.mean(-1)
    shown = np.repeat(light[..., None], 3, -1).astype(np.uint8)
    wrong = (mask != said) & (mask != _IGNORED)
    added = wrong & (mask == 0) & (classes == 2)
    shown[wrong & ~added], shown[added] = MISSED, ADDED
    return shown

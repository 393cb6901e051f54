"""A small curve in text, for terminals: dots of Braille, two across and four upward in each letter."""

import numpy as np
from jaxtyping import Float

_DOTS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])
"""The bits of a Braille letter's dots, from the lowest row up, left and right."""
_FAR_APART = 30.0


def text_curve(values: Float[np.ndarray, " points"], width: int, height: int = 4) -> list[str]:
    r"""A curve as lines of text, the highest first; logarithmic where its values are positive and far apart.

    Args:
        values: the curve; what is not finite is left out.
        width: letters of a line.
        height: lines.

    Returns:
        As many lines as `height`; none if no value is finite.

    Example:
        >>> print("\n".join(text_curve(np.linspace(1.0, 0.0, 40), width=8, height=2)))
        ⠉⠒⠤⣀⠀⠀⠀⠀
        ⠀⠀⠀⠀⠉⠒⠤⣀
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return []
    heights = values[known]
    if heights.min() > 0 and heights.max() > _FAR_APART * heights.min():
        heights = np.log(heights)
    span = float(np.ptp(heights)) or 1.0
    columns, rows = 2 * width, 4 * height
    last = max(len(values) - 1, 1)
    # Each column of dots shows the curve where it passes, so that a short one is a line too.
    at = np.interp(np.linspace(0, last, columns), known, heights)
    row = np.round((at - heights.min()) / span * (rows - 1)).astype(int)
    letters = np.full((height, width), 0x2800)
    for column, up in enumerate(row.tolist()):
        letters[up // 4, column // 2] |= int(_DOTS[up % 4, column % 2])
    return ["".join(map(chr, line)) for line in letters[::-1].tolist()]

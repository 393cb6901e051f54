"""Pictures side by side: each row one photograph, noisy, denoised and clean. A run's are in its folder."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Shaped
from matplotlib.figure import Figure

from talweg.data.images.middle import middle
from talweg.view.style import literal, new_figure, shortened, styled

WIDTH = 3.2
"""Inches of a picture's column."""

Pixels = Shaped[np.ndarray, "_ _ _"]


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """One photograph in several versions.

    Attributes:
        name: what it is called.
        versions: the pixels of 0 to 255 of each version by its heading, from left to right; all of one size.
    """

    name: str
    versions: Mapping[str, Pixels]


@styled
def beside_figure(rows: Sequence[Row], side: int | None = None) -> Figure:
    """Rows of pictures, each under its heading; no pixel is smoothed.

    Args:
        rows: the photographs, each with equally many versions.
        side: only a square of so many pixels from the middle of each, so that noise can be seen; `None` for all of it.

    Example:
        >>> import numpy as np
        >>> black = np.zeros((8, 8, 1), np.uint8)
        >>> figure = beside_figure([Row("night", {"noisy": black, "clean": black})])
        >>> [ax.get_title() for ax in figure.axes]
        ['noisy', 'clean']
    """
    columns = len(rows[0].versions)
    shown = [[pixels if side is None else middle(pixels, side) for pixels in row.versions.values()] for row in rows]
    heights = [WIDTH * one[0].shape[0] / one[0].shape[1] for one in shown]
    figure = new_figure(WIDTH * columns + 0.4, sum(heights) + 0.5 * len(rows))
    axes = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    for row, pictures, places in zip(rows, shown, axes, strict=True):
        for heading, pixels, ax in zip(row.versions, pictures, places, strict=True):
            ax.imshow(np.clip(pixels, 0, 255).astype(np.uint8).squeeze(), cmap="gray", vmin=0, vmax=255)
            ax.get_images()[0].set_interpolation("nearest")
            ax.set_title(literal(heading), fontsize=12, fontweight="normal", loc="center", pad=5)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        places[0].set_ylabel(literal(shortened(row.name, 28)), fontsize=12)
    return figure

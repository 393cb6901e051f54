"""What lies between members: the matrix of passes, and the loss along the lines. What is computed is not known here."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from talweg.view.numerals import format_number
from talweg.view.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    literal,
    new_figure,
    place_legend,
    quiet_frame,
    shortened,
    styled,
)

_MOST_NUMBERED = 16
"""Members up to which every cell carries its number."""

Matrix = Float[np.ndarray, "members members"]


@styled
def barrier_figure(
    matrices: Mapping[str, tuple[Matrix, Int[np.ndarray, " members"]]],
    names: Sequence[str],
    label: str = "loss barrier",
    title: str = "",
) -> Figure:
    """Barriers of all pairs of members, side by side on one scale; members of one basin stand together in a frame.

    Args:
        matrices: for each picture its title, the barriers, and each member's basin.
        names: the members' names.
        label: what the numbers are.
        title: of the whole.

    Returns:
        The figure.

    Example:
        >>> import numpy as np
        >>> passes = np.array([[0.0, 0.9, 0.01], [0.9, 0.0, 0.8], [0.01, 0.8, 0.0]])
        >>> figure = barrier_figure({"as they are": (passes, np.array([0, 1, 0]))}, ["0", "1", "2"])
        >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
        ['0', '2', '1']
    """
    count = len(names)
    side = float(np.clip(0.62 * count, 3.4, 7.0))
    figure = new_figure(len(matrices) * (side + 0.7) + 1.4, side + 1.5)
    axes = figure.subplots(1, len(matrices), squeeze=False)[0]
    finite = np.concatenate([matrix[np.isfinite(matrix)] for matrix, _ in matrices.values()])
    norm = Normalize(0.0, max(float(finite.max(initial=0.0)), 1e-12))
    for ax, (name, (matrix, groups)) in zip(axes, matrices.items(), strict=True):
        _draw_matrix(ax, matrix, groups, names, norm)
        ax.set_title(literal(name), fontsize=14)
    bar = figure.colorbar(ScalarMappable(norm, colormaps["viridis"]), ax=list(axes), aspect=28, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(literal(label))
    if title:
        figure.suptitle(literal(shortened(title, 60)), fontweight="bold", fontsize=16)
    return figure


def _draw_matrix(
    ax: Axes, matrix: Matrix, groups: Int[np.ndarray, " members"], names: Sequence[str], norm: Normalize
) -> None:
    order = np.argsort(groups, kind="stable")
    shown = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)[np.ix_(order, order)]
    ax.imshow(np.ma.masked_invalid(shown), cmap="viridis", norm=norm)
    ax.set_facecolor("#f2f2f2")
    ticks = [literal(names[number]) for number in order]
    ax.set_xticks(range(len(order)), ticks)
    ax.set_yticks(range(len(order)), ticks)
    ax.set(xlabel="member", ylabel="member")
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if len(order) <= _MOST_NUMBERED:
        for row, column in np.argwhere(~np.eye(len(order), dtype=bool)).tolist():
            value = shown[row, column]
            dark = np.isfinite(value) and norm(value) < 0.6
            ax.text(
                column,
                row,
                _short(value, norm.vmax),
                ha="center",
                va="center",
                fontsize=10,
                color="white" if dark else INK,
            )
    _frame_basins(ax, groups[order])


def _short(value: float, top: float | None) -> str:
    """A number with as many decimals as the greatest one needs for three digits."""
    if not np.isfinite(value):
        return format_number(float(value))
    decimals = int(np.clip(2 - np.floor(np.log10(top or 1.0)), 0, 6))
    return f"{value:.{decimals}f}" if (top or 1.0) < 1e4 else format_number(float(value), 2)


def _frame_basins(ax: Axes, groups: Int[np.ndarray, " members"]) -> None:
    """A strong frame around the members of each basin that has two or more."""
    for group in np.unique(groups):
        where = np.flatnonzero(groups == group)
        if len(where) > 1:
            low, high = where[0] - 0.5, where[-1] + 0.5
            ax.plot([low, high, high, low, low], [low, low, high, high, low], color="#e10600", linewidth=2.4, zorder=5,
                    clip_on=False)  # fmt: skip


@styled
def line_figure(
    along: Float[np.ndarray, " steps"],
    heights: Mapping[str, Float[np.ndarray, "lines steps"]],
    label: str = "loss",
    title: str = "",
) -> Figure:
    """The loss along lines between members, from one end to the other.

    Args:
        along: the places on the lines, from 0 to 1.
        heights: for each kind of line its name and the heights of all such lines.
        label: what the heights are.
        title: of the picture.

    Returns:
        The figure.
    """
    figure = new_figure(9.0, 5.6)
    ax = figure.add_subplot()
    handles, words = [], []
    for (name, lines), color in zip(heights.items(), (BLUE, ORANGE, GREEN), strict=False):
        thin = float(np.interp(len(lines), [1, 60], [2.6, 0.8]))
        for line in lines:
            ax.plot(along, line, color=color, linewidth=thin, alpha=0.5 if len(lines) > 1 else 1.0)
        handles.append(ax.plot([], [], color=color, linewidth=2.6)[0])
        words.append(f"{name} ({len(lines)})" if len(lines) > 1 else name)
    ax.set(xlim=(0, 1), xlabel="from one member to another", ylabel=literal(label))
    lowest = min((float(np.nanmin(lines)) for lines in heights.values()), default=0.0)
    ax.set_ylim(bottom=0.0 if lowest >= 0 else None)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["one", "¼", "½", "¾", "other"])
    quiet_frame(ax, "y")
    ax.set_title(literal(shortened(title, 60)))
    place_legend(figure, handles, words)
    return figure

"""Curve sketching: a function of one variable, its derivative and its marked points, as a lecture draws them.

What the points are is decided elsewhere; this draws plain arrays.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from talweg.view.numerals import format_number
from talweg.view.scenes.hikers import Look, dot_marks
from talweg.view.style import (
    BLUE,
    GRAY,
    GREEN,
    INK,
    ORANGE,
    figure_of,
    halo,
    literal,
    new_figure,
    place_legend,
    shortened,
    styled,
)

# x, the value there, the kind, and the label beside it.
Point = tuple[float, float, str, str]

_LOOKS = {
    "minimum": Look("v", 1.2, INK, "minimum"),
    "maximum": Look("^", 1.2, INK, "maximum"),
    "saddle": Look("D", 0.9, "#0b3c8c", "flat inflection"),
    "inflection": Look("o", 0.8, "#00574a", "inflection"),
}
_OTHER = Look("s", 1.0, "#444444", "not decided")
# Where one of the two ranges is so many times the other, function and derivative have a panel each.
_APART = 6.0
_MOST_LABELS = 8


@styled
def sketch_figure(
    x: Float[np.ndarray, " samples"],
    f: Float[np.ndarray, " _samples"],
    derivative: Float[np.ndarray, " _samples"] | None = None,
    points: Sequence[Point] = (),
    *,
    title: str = "",
    labels: tuple[str, str] = ("f(x)", "f′(x)"),
    variable: str = "x",
    ax: Axes | None = None,
) -> Figure:
    """A function and its derivative on axes through the origin, stationary points with their flat tangents.

    Args:
        x: where the function is sampled, increasing.
        f: its values; NaN and infinities where it is not defined.
        derivative: its derivative's values, or None to leave them out.
        points: for each marked point its x, the value there, its kind (``"minimum"``, ``"maximum"``,
            ``"saddle"``, ``"inflection"``; any other is drawn as not decided) and its label; an empty label
            becomes the kind and the coordinates; of more than eight points the lowest and the highest have one.
            All but inflections get a tangent of slope zero.
        title: above the picture, such as the function as typed.
        labels: names of the function and of its derivative.
        variable: the name of the horizontal axis.
        ax: axes to draw everything on; a new figure where absent.

    Returns:
        The figure; two panels, one above the other, where the ranges of f and of its derivative are unlike.

    Raises:
        ValueError: when the arrays' lengths differ or there are fewer than two samples.

    Example:
        >>> import numpy as np
        >>> x = np.linspace(-4, 2, 201)
        >>> figure = sketch_figure(x, 2 * x**2 + 4 * x, 4 * x + 4, [(-1.0, -2.0, "minimum", "")])
        >>> [text.get_text() for text in figure.axes[0].texts if "minimum" in text.get_text()]
        ['minimum (−1, −2)']
    """
    lengths = {len(x), len(f), len(x if derivative is None else derivative)}
    if len(lengths) != 1 or len(x) < 2:
        raise ValueError(f"x, f and the derivative must have one length of at least 2, got {sorted(lengths)}")
    stationary = [(at, value) for at, value, kind, _ in points if kind != "inflection"]
    span = _limits(f, [value for _, value, _, _ in points])
    below = span if derivative is None else _limits(derivative, [0.0])
    apart = ax is None and _apart(span, below)
    figure, upper, lower = _axes(ax, apart)
    if not apart:
        span = below = _shared(span, below)
    curves = [_draw_curve(upper, x, f, span, BLUE, "-")]
    _dress(upper, (float(x[0]), float(x[-1])), span, variable)
    if derivative is not None:
        curves.append(_draw_curve(lower, x, derivative, below, ORANGE, (0, (5, 2))))
        _draw_zeros(lower, stationary, joined=not apart)
    if apart:
        _dress(lower, (float(x[0]), float(x[-1])), below, variable)
    _draw_points(upper, points, figure.get_figheight() * (0.5 if apart else 0.78))
    place_legend(figure if ax is None else ax, curves, [literal(label) for label in labels[: len(curves)]])
    upper.set_title(literal(shortened(title, 58)))
    return figure


def _apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two ranges are too unlike, or too far from each other, for one picture."""
    sizes = sorted((one[1] - one[0], other[1] - other[0]))
    together = max(one[1], other[1]) - min(one[0], other[0])
    return sizes[1] > _APART * sizes[0] or together > 1.8 * sizes[1]


def _axes(ax: Axes | None, apart: bool) -> tuple[Figure, Axes, Axes]:
    """The figure, and the axes of function and derivative (the same where they share them)."""
    if ax is not None:
        return figure_of(ax), ax, ax
    figure = new_figure(9.0, 9.0 if apart else 6.8)
    if not apart:
        both = figure.add_subplot()
        return figure, both, both
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    return figure, upper, lower


def _limits(values: Float[np.ndarray, " samples"], held: Sequence[float]) -> tuple[float, float]:
    """The range drawn: all values, or their bulk where they run to infinity; and what must be held."""
    finite = np.clip(values[np.isfinite(values)], -1e300, 1e300)
    if not finite.size:
        finite = np.array([-1.0, 1.0])
    low, high = float(finite.min()), float(finite.max())
    bulk_low, bulk_high = (float(q) for q in np.quantile(finite, [0.05, 0.95]))
    reach = bulk_high - bulk_low
    if 0 < reach < (high - low) / 4:
        low, high = max(low, bulk_low - 0.2 * reach), min(high, bulk_high + 0.2 * reach)
    known = [value for value in held if np.isfinite(value)]
    low, high = min([low, *known]), max([high, *known])
    margin = 0.18 * (high - low) or 0.5 * abs(high) or 1.0
    return low - margin, high + margin


def _shared(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """One range for two curves, in which the first keeps at least a third."""
    reach = one[1] - one[0]
    return min(one[0], max(other[0], one[0] - reach)), max(one[1], min(other[1], one[1] + reach))


def _draw_curve(
    ax: Axes,
    x: Float[np.ndarray, " samples"],
    y: Float[np.ndarray, " samples"],
    limits: tuple[float, float],
    color: str,
    dashes: str | tuple[int, tuple[int, ...]],
) -> Line2D:
    """A curve with gaps where it is not defined, and at poles, where it must not be joined across."""
    reach = limits[1] - limits[0]
    y = np.where(np.isfinite(y), np.clip(y, limits[0] - 50 * reach, limits[1] + 50 * reach), np.nan)
    beyond = (y < limits[0]).astype(int) - (y > limits[1])
    poles = np.flatnonzero(beyond[:-1] * beyond[1:] < 0) + 1
    x, y = np.insert(x, poles, np.nan), np.insert(y, poles, np.nan)
    return ax.plot(x, y, color=color, linestyle=dashes, linewidth=2.8, zorder=3)[0]


def _draw_zeros(ax: Axes, stationary: Sequence[tuple[float, float]], joined: bool) -> None:
    """Where the derivative is zero; joined to the point of the function by a dotted line."""
    for x, value in stationary if joined else ():
        ax.plot([x, x], [0, value], color=GRAY, linestyle=":", linewidth=1.4, zorder=2)
    ax.plot([x for x, _ in stationary], [0.0] * len(stationary), linestyle="none", marker="o", markersize=8,
            markerfacecolor="white", markeredgecolor=ORANGE, markeredgewidth=2, zorder=4.5)  # fmt: skip


def _draw_points(ax: Axes, points: Sequence[Point], tall: float) -> None:
    """Marks, tangents of slope zero, and labels that keep off each other, on axes so many inches tall."""
    across, height = ax.get_xlim(), ax.get_ylim()
    inches = figure_of(ax).get_figwidth() - 0.4
    taken: list[tuple[float, float, float]] = []
    named = _named(points)
    for x, value, kind, label in points:
        look = _LOOKS.get(kind, _OTHER)
        if kind != "inflection":
            half = 0.06 * (across[1] - across[0]) * min(1.0, _MOST_LABELS / len(points))
            ax.plot([x - half, x + half], [value, value], color=GREEN, linewidth=2.2, zorder=3.5)
        for layer in dot_marks(ax, look, 10.0):
            layer.set_data([x], [value])
        if (x, value) not in named:
            continue
        text = label or f"{look.words} ({format_number(x, 4)}, {format_number(value, 4)})"
        at = np.array([inches * (x - across[0]) / (across[1] - across[0]),
                       tall * (value - height[0]) / (height[1] - height[0])])  # fmt: skip
        place = _free_place(at, 0.05 * len(text), -1 if kind == "minimum" else 1, (inches, tall), taken)
        if place is not None:
            ax.annotate(literal(text), (x, value), 72 * (np.array(place) - at), textcoords="offset points",
                        ha="center", va="center", path_effects=halo(3.5), zorder=6)  # fmt: skip


def _named(points: Sequence[Point]) -> set[tuple[float, float]]:
    """The points that have a label: all, or of many the lowest and the highest, since more could not be read."""
    some = points if len(points) <= _MOST_LABELS else [pick(points, key=lambda point: point[1]) for pick in (min, max)]
    return {(x, value) for x, value, _, _ in some}


def _free_place(
    at: Float[np.ndarray, " 2"],
    half: float,
    side: int,
    size: tuple[float, float],
    taken: list[tuple[float, float, float]],
) -> tuple[float, float] | None:
    """Where a label of so many inches (half its width) stands: by its point, in the picture, on no other.

    Labels that have a place are added to those taken; one that finds none is left out.
    """
    center = float(np.clip(at[0], half, max(size[0] - half, half)))
    for row in range(8):
        # First on its own side of the curve, a few rows outward; then on the other.
        up = float(at[1] + (side if row < 4 else -side) * (0.27 + 0.24 * (row % 4)))
        fits = 0.08 < up < size[1] - 0.08
        if fits and all(abs(up - y) > 0.2 or abs(center - x) > half + wide for x, y, wide in taken):
            taken.append((center, up, half))
            return center, up
    return None


def _dress(ax: Axes, across: tuple[float, float], limits: tuple[float, float], variable: str) -> None:
    """Axes through the origin with arrows, as far as the origin is in the picture."""
    ax.set(xlim=across, ylim=limits)
    # Numbers on the axes stand before the curves.
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_zorder(4)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines["left"].set_position(("data", min(max(0.0, across[0]), across[1])))
    ax.spines["bottom"].set_position(("data", min(max(0.0, limits[0]), limits[1])))
    ax.spines[["left", "bottom"]].set(color=INK, linewidth=1.3, zorder=2.5)
    foot, side = min(max(0.0, limits[0]), limits[1]), min(max(0.0, across[0]), across[1])
    tips: dict[str, Any] = {"color": INK, "clip_on": False, "markersize": 8, "zorder": 2.5}
    ax.plot(1, foot, ">", transform=ax.get_yaxis_transform(), **tips)
    ax.plot(side, 1, "^", transform=ax.get_xaxis_transform(), **tips)
    ax.annotate(literal(variable), (1, foot), (10, -2), xycoords=ax.get_yaxis_transform(),
                textcoords="offset points", fontsize=15, style="italic", va="center")  # fmt: skip
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set(path_effects=halo(3.0), zorder=5)
    # One zero at the crossing is enough, and it would lie on the other axis.
    if across[0] < 0 < across[1] and limits[0] < 0 < limits[1]:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: "" if abs(value) < 1e-12 else format_number(value, 4))

"""One map on given axes: terrain, minima, hikers, color bar, legend. What a figure holds is in `figures`."""

import dataclasses
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from talweg.record.scene import Minimum, Scene
from talweg.view.numerals import format_number
from talweg.view.scenes.contours import draw_contours
from talweg.view.scenes.hikers import (
    Hikers,
    draw_hikers,
    legend_entries,
    show_frame,
    window,
)
from talweg.view.scenes.terrain import LEVELS, HeightScale, basin_image, height_at, hillshade, level_labels
from talweg.view.style import GRAY, INK, halo, literal, place_legend

# Paul Tol's light scheme, without its pink, on which red dots would be lost.
BASIN_COLORS = np.array(
    [to_rgb(c) for c in ("#77aadd", "#eedd88", "#44bb99", "#ee8866", "#99ddff", "#bbcc33", "#aaaa00", "#c7a6d8")]
)
_HOLE: dict[str, Any] = {"facecolor": "#f2f2f2", "edgecolor": "#a0a0a0", "hatch": "///"}
_NOWHERE = (0.82, 0.82, 0.82)
_MARKS = {
    "lowest": ("*", 27.0, "lowest found"),
    "local": ("P", 17.0, "local minimum"),
    "saddle": ("d", 17.0, "saddle"),
}

_Entries = tuple[list[tuple[Artist, ...]], list[str]]


@dataclasses.dataclass(frozen=True)
class Map:
    """A drawn map, and what of it moves.

    Attributes:
        axes: where it is drawn.
        hikers: the artists of its hikers.
        minima: the marks and numbers of minima, which lie between trails and dots.
        counter: the text that names the frame; empty where no frame was asked for.
    """

    axes: Axes
    hikers: Hikers
    minima: tuple[Artist, ...]
    counter: Text


def draw_map(ax: Axes, scene: Scene, scale: HeightScale, *, frame: int | None = None, basins: bool = False) -> Map:
    """Terrain, minima and hikers on axes, without color bar, title and legend."""
    count = scene.paths.shape[1]
    if frame is not None and not 0 <= frame < max(count, 1):
        raise ValueError(f"frame must lie between 0 and {count - 1}, got {frame}")
    draw_terrain(ax, scene, scale, basins=basins)
    minima = _draw_minima(ax, scene, numbered=basins)
    hikers = draw_hikers(ax, scene)
    counter = ax.text(1, 1.02, "", transform=ax.transAxes, ha="right", fontsize=14, color=INK)
    drawn = Map(ax, hikers, minima, counter)
    if frame is not None:
        show_map_frame(drawn, frame)
    return drawn


def show_map_frame(drawn: Map, frame: int) -> None:
    """Move the hikers of a drawn map to a frame, counted from 0, and name it."""
    scene = drawn.hikers.scene
    show_frame(drawn.hikers, frame)
    if len(scene.frames):
        number = scene.frames[min(frame, len(scene.frames) - 1)]
        drawn.counter.set(text=f"{literal(scene.frame_label)} {number}")


def draw_terrain(ax: Axes, scene: Scene, scale: HeightScale, *, basins: bool = False) -> None:
    """Fill levels, draw contour lines and shade slopes; holes stay hatched."""
    low, high = window(scene)
    height = np.where(np.isfinite(scene.height), scene.height, np.nan).astype(np.float64)
    elevation = scale.elevation(height)
    if np.isnan(height).any():
        ax.patch.set(**_HOLE, linewidth=0)
    elevation, reached = _evenly(scene, elevation)
    if basins and reached is not None:
        _draw_image(ax, scene, basin_image(reached, elevation, BASIN_COLORS, _NOWHERE), "nearest")
    elif np.isfinite(height).any():
        colors, norm = level_colors(scale)
        ax.contourf(scene.x, scene.y, height, levels=scale.levels, cmap=colors, norm=norm, zorder=1)
    _draw_image(ax, scene, hillshade(elevation), "bilinear")
    draw_contours(ax, scene, height, scale)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ax.set(xlabel=literal(scene.axis_labels[0]), ylabel=literal(scene.axis_labels[1]))
    ratio = (high[0] - low[0]) / (high[1] - low[1])
    # Gradients stand upright on contour lines only where both axes have one unit.
    ax.set_aspect("equal" if 0.4 <= ratio <= 2.5 else "auto")
    if scene.note:
        note = literal("\n".join(note_lines(scene)))
        ax.annotate(note, (0.5, 0), (0, -6), xycoords=ax.xaxis.label, textcoords="offset points", ha="center",
                    va="top", fontsize=11, color=GRAY, annotation_clip=False)  # fmt: skip


def map_size(scene: Scene) -> tuple[float, float]:
    """Width and height of a map's axes in inches, by the shape of its window."""
    ratio = float((scene.x[-1] - scene.x[0]) / (scene.y[-1] - scene.y[0]))
    if not 0.4 <= ratio <= 2.5:
        ratio = 1.2
    tall = 6.4 / max(ratio, 0.9) ** 0.7
    return tall * ratio, tall


def note_lines(scene: Scene) -> list[str]:
    """The note below a map, in lines that are no wider than its figure."""
    return textwrap.wrap(scene.note, int(np.clip((map_size(scene)[0] + 1.4) / 0.092, 36, 84)))


def _evenly(
    scene: Scene, elevation: Float[np.ndarray, "depth width"]
) -> tuple[Float[np.ndarray, "depth width"], Int[np.ndarray, "depth width"] | None]:
    """Elevation and basins on an even grid, as images need them; as they are where the grid is even."""
    (left, bottom), (right, top) = window(scene)
    x, y = np.linspace(left, right, len(scene.x)), np.linspace(bottom, top, len(scene.y))
    if np.allclose(x, scene.x, atol=1e-6 * (right - left)) and np.allclose(y, scene.y, atol=1e-6 * (top - bottom)):
        return elevation, scene.basins
    lifted = height_at(scene.x, scene.y, elevation, np.stack(np.meshgrid(x, y), axis=-1))
    if scene.basins is None:
        return lifted, None
    columns, rows = (np.abs(even[:, None] - line).argmin(axis=1) for even, line in ((x, scene.x), (y, scene.y)))
    return lifted, scene.basins[np.ix_(rows, columns)]


def level_colors(scale: HeightScale) -> tuple[ListedColormap, BoundaryNorm]:
    """Viridis in as many steps as there are levels: dark blue low, yellow high."""
    colors = ListedColormap(colormaps["viridis"](np.linspace(0, 1, LEVELS)))
    return colors, BoundaryNorm(scale.levels, LEVELS)


def draw_colorbar(figure: Figure, axes: Sequence[Axes], scale: HeightScale, label: str) -> None:
    """A bar of all levels beside axes (or a row of them), the strong ones named in the height's own units."""
    colors, norm = level_colors(scale)
    inner = scale.strong.copy()
    inner[[0, -1]] = False
    rows = {place.rowspan.start for ax in axes if (place := ax.get_subplotspec())}
    where: dict[str, Any] = {"ax": list(axes), "aspect": 28, "pad": 0.02}
    if len(rows) == 1 < len(axes):
        # Beside a row of maps the bar is as tall as they are, whatever their shape.
        where = {"cax": axes[-1].inset_axes((1.04, 0, 0.05, 1))}
    bar = figure.colorbar(ScalarMappable(norm, colors), ticks=scale.levels[inner], spacing="uniform", **where)
    names, above = level_labels(scale)
    bar.ax.set_yticklabels([names[i] for i in np.flatnonzero(inner)])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label(literal(f"{label}, above {format_number(above, 12)}" if above else label))


def minima_entries(scene: Scene, numbered: bool) -> _Entries:
    """What a legend shows of minima and holes: each by its number where numbered, else each kind once."""
    handles: list[tuple[Artist, ...]] = []
    words: list[str] = []
    for number, minimum in enumerate(scene.minima):
        text = _MARKS[_kind(minimum)][2]
        if numbered:
            handles.append((Patch(facecolor=BASIN_COLORS[number % len(BASIN_COLORS)], edgecolor=GRAY),))
            words.append(f"{number + 1}: {text}, {format_number(minimum.value, 4)}")
        elif text not in [known.partition(":")[0] for known in words]:
            handles.append((_minimum_mark(minimum, 0.66),))
            words.append(f"{text}: {format_number(minimum.value, 4)}" if minimum.kind == "lowest" else text)
    if numbered and scene.basins is not None and (scene.basins < 0).any():
        handles.append((Patch(facecolor=_NOWHERE, edgecolor=GRAY),))
        words.append("no minimum")
    if not np.isfinite(scene.height).all():
        handles.append((Patch(**_HOLE),))
        words.append("not defined")
    return handles, words


def _draw_image(ax: Axes, scene: Scene, image: Float[np.ndarray, "depth width 4"], interpolation: str) -> None:
    """An image whose pixel centers lie on the grid's points."""
    (left, bottom), (right, top) = window(scene)
    depth, width = image.shape[:2]
    dx = 0.5 * (right - left) / max(width - 1, 1)
    dy = 0.5 * (top - bottom) / max(depth - 1, 1)
    extent = (left - dx, right + dx, bottom - dy, top + dy)
    ax.imshow(image, extent=extent, origin="lower", interpolation=interpolation, aspect="auto", zorder=1.5)


def _draw_minima(ax: Axes, scene: Scene, numbered: bool) -> tuple[Artist, ...]:
    """White marks where hikers can arrive, below the dots; with numbers that the legend explains."""
    marks: list[Artist] = []
    low, high = window(scene)
    for number, minimum in enumerate(scene.minima):
        at = np.array(minimum.point)
        if not np.all((at >= low) & (at <= high)):
            continue
        marks.append(ax.add_line(_minimum_mark(minimum)))
        if numbered:
            how: dict[str, Any] = {
                "fontsize": 13,
                "fontweight": "bold",
                "path_effects": halo(),
                "zorder": 5.2,
            }
            marks.append(ax.annotate(str(number + 1), minimum.point, (11, 9), textcoords="offset points", **how))
    return tuple(marks)


def _minimum_mark(minimum: Minimum, scale: float = 1.0) -> Line2D:
    """The mark of one minimum, for the map and, smaller, for the legend."""
    marker, size, _ = _MARKS[_kind(minimum)]
    return Line2D(
        [minimum.point[0]], [minimum.point[1]], linestyle="none", marker=marker, markersize=scale * size,
        markerfacecolor="white", markeredgecolor=INK, markeredgewidth=1.2, zorder=3.5,
    )  # fmt: skip


def _kind(minimum: Minimum) -> str:
    """The kind whose mark is drawn; kinds that are not known look like local minima."""
    return minimum.kind if minimum.kind in _MARKS else "local"


def draw_legend(parent: Figure | Axes, maps: Sequence[Map], minima: _Entries) -> None:
    """One legend below everything, so that it covers no hiker.

    Args:
        parent: a figure of our own, or a user's axes.
        maps: whose marks are explained.
        minima: see `minima_entries`.
    """
    shown: dict[str, tuple[Artist, ...]] = {}
    for drawn in maps:
        for handle, words in zip(*legend_entries(drawn.hikers), strict=True):
            # Counts of several maps would be read as counts of all.
            shown.setdefault(words if len(maps) == 1 else words.partition(" (")[0], handle)
    shown |= dict(zip(minima[1], minima[0], strict=True))
    place_legend(parent, list(shown.values()), list(shown))

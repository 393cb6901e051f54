"""The landscape as a mountain in three dimensions, with the trails on it. Maps from above are in `maps`."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from mpl_toolkits.mplot3d import Axes3D

from talweg.record.scene import Scene
from talweg.view.numerals import format_number
from talweg.view.scenes.hikers import LOOKS, dot_size, known_kinds, start_and_end_points, trail_points, window
from talweg.view.scenes.terrain import HeightScale, height_at, height_scale, hillshade, level_labels
from talweg.view.style import DOT, GRAY, INK, TRAIL, figure_of, literal, new_figure, shortened, styled

_MOST_CELLS = 130
_MOST_POINTS = 40_000
_TALL = 0.62


@dataclasses.dataclass(frozen=True)
class _Rise:
    """How losses become heights in the picture: a square root where the map's levels are logarithmic.

    The logarithm itself would turn valleys into pipes.

    Attributes:
        low: the loss at the foot.
        high: the loss at the top.
        root: whether the square root is drawn.
    """

    low: float
    high: float
    root: bool

    def __call__(self, height: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Heights from 0 at the foot to 1 at the top."""
        share = np.clip((height - self.low) / (self.high - self.low), 0.0, 1.0)
        return np.sqrt(share) if self.root else share


@styled
def mountain_figure(
    scene: Scene, *, elevation: float = 48.0, azimuth: float = -60.0, ax: Axes3D | None = None
) -> Figure:
    """The landscape in three dimensions, trails and dots on it; what lies behind a hill is faint.

    Args:
        scene: what is drawn; it may have no hikers.
        elevation: of the eye above the plane, in degrees.
        azimuth: of the eye around the mountain, in degrees from the first axis.
        ax: three-dimensional axes to draw on; a new figure where absent.

    Returns:
        The figure. Hidden parts of the trails are found for this view: draw again to look from elsewhere.
    """
    figure = new_figure(9.0, 7.6) if ax is None else figure_of(ax)
    if ax is None:
        ax = figure.add_subplot(projection="3d", computed_zorder=False)
    scale = height_scale(scene.height)
    rise = _Rise(scale.base if scale.logarithmic else scale.low, scale.high, scale.logarithmic)
    low, high = window(scene)
    ax.set_proj_type("ortho")
    ax.view_init(elevation, azimuth)
    ax.set_box_aspect((*_plan(scene), _TALL), zoom=1.0)
    _draw_surface(ax, scene, scale, rise)
    if np.isfinite(scene.height).any():
        _draw_contours(ax, scene, scale, rise, (elevation, azimuth))
        _draw_hikers(ax, scene, rise, (elevation, azimuth))
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(0, 1))
    _dress(ax, scene, scale, rise)
    return figure


def hidden(
    points: Float[np.ndarray, "points 3"],
    surface: Float[np.ndarray, "depth width"],
    eye: Float[np.ndarray, " 3"],
) -> Bool[np.ndarray, " points"]:
    """Which points a surface hides from a distant eye.

    Args:
        points: in units of the box: both axes of the plane and the height from 0 to 1.
        surface: heights on an even grid over the plane, in the same units; NaN in holes hides nothing.
        eye: the direction towards the eye, in the same units.

    Returns:
        True where the straight way to the eye runs below the surface.
    """
    depth, width = surface.shape
    x, y = np.linspace(0, 1, width), np.linspace(0, 1, depth)
    covered = np.zeros(len(points), dtype=bool)
    # Beyond the height of the tallest peak nothing hides anything.
    reach = 1.0 / max(eye[2], 0.2)
    for distance in np.linspace(0.0, reach, 120)[1:]:
        at = points + distance * eye
        covered |= height_at(x, y, surface, at[:, :2]) > at[:, 2]
    return covered


def _plan(scene: Scene) -> tuple[float, float]:
    """The sides of the box's floor: true to scale unless that made it a plank."""
    low, high = window(scene)
    wide, deep = high - low
    if not 0.4 <= wide / deep <= 2.5:
        return 1.0, 1.0
    return float(wide / max(wide, deep)), float(deep / max(wide, deep))


def _height(scene: Scene, points: Float[np.ndarray, "... 2"] | None = None) -> Float[np.ndarray, "..."]:
    """The loss on the scene's own grid, or at points of the plane; NaN in holes."""
    height = np.where(np.isfinite(scene.height), scene.height, np.nan).astype(np.float64)
    return height if points is None else height_at(scene.x, scene.y, height, points)


def _draw_surface(ax: Axes3D, scene: Scene, scale: HeightScale, rise: _Rise) -> None:
    """The mountain in the map's colors, lit as the map is."""
    low, high = window(scene)
    x, y = (np.linspace(low[i], high[i], min(len(line), _MOST_CELLS)) for i, line in enumerate((scene.x, scene.y)))
    height = _height(scene, np.stack(np.meshgrid(x, y), axis=-1))
    if np.isnan(height).all():
        return
    cells = 0.25 * (height[:-1, :-1] + height[1:, :-1] + height[:-1, 1:] + height[1:, 1:])
    faces = colormaps["viridis"](np.nan_to_num(scale.elevation(cells)))
    shade = hillshade(rise(height), 0.62)[:-1, :-1]
    faces[..., :3] += (shade[..., :3] - faces[..., :3]) * shade[..., 3:]
    faces[..., 3] = ~np.isnan(cells)
    z = np.nan_to_num(rise(height), nan=0.0)
    ax.plot_surface(*np.meshgrid(x, y), z, facecolors=faces, rstride=1, cstride=1, shade=False, linewidth=0,
                    antialiased=False, zorder=1)  # fmt: skip


def _draw_contours(ax: Axes3D, scene: Scene, scale: HeightScale, rise: _Rise, view: tuple[float, float]) -> None:
    """The map's strong contour lines, where the mountain does not hide them."""
    height = _height(scene)
    within = scale.strong & (scale.levels > np.nanmin(height)) & (scale.levels < np.nanmax(height))
    if not within.any():
        return
    flat = Figure().add_subplot().contour(scene.x, scene.y, height, levels=scale.levels[within])
    gap = np.full((1, 2), np.nan)
    lines = np.concatenate([part for level in flat.allsegs for line in level for part in (line, gap)])
    points, behind = _lifted(scene, lines, rise, view)
    _line(ax, np.where(behind[:, None], np.nan, points), INK, 0.8, 1.5, alpha=0.45)


def _draw_hikers(ax: Axes3D, scene: Scene, rise: _Rise, view: tuple[float, float]) -> None:
    """Trails and dots on the surface; parts behind a hill faint."""
    points = trail_points(scene, scene.paths.shape[1])
    # Gaps between hikers are kept, whatever else is left out.
    kept = (np.arange(len(points)) % max(1, len(points) // _MOST_POINTS) == 0) | np.isnan(points[:, 0])
    trail, behind = _lifted(scene, points[kept], rise, view)
    size = dot_size(len(scene.paths))
    _line(ax, np.where(behind[:, None], trail, np.nan), TRAIL, 1.0, 2.0, alpha=0.35, linestyle=(0, (2, 2)))
    seen = np.where(behind[:, None], np.nan, trail)
    _line(ax, seen, "white", 3.0, 3.0, alpha=0.7)
    _line(ax, seen, TRAIL, 1.4, 4.0)
    ends = start_and_end_points(scene)[np.sum(scene.path_lengths > 0) :]
    dots, behind = _lifted(scene, ends, rise, view)
    kinds = known_kinds(scene)[scene.path_lengths > 0]
    for kind, look in LOOKS.items():
        for away, alpha in ((True, 0.3), (False, 1.0)):
            _dots(ax, dots[(kinds == kind) & (behind == away)], look.marker, look.size * size, look.ring, alpha)


def _lifted(
    scene: Scene, points: Float[np.ndarray, "points 2"], rise: _Rise, view: tuple[float, float]
) -> tuple[Float[np.ndarray, "points 3"], Bool[np.ndarray, " points"]]:
    """Points of the plane set a little above the surface, and which of them it hides."""
    low, high = window(scene)
    z = rise(_height(scene, points)) + 0.012
    x, y = (np.linspace(low[i], high[i], len(line)) for i, line in enumerate((scene.x, scene.y)))
    surface = rise(_height(scene, np.stack(np.meshgrid(x, y), axis=-1)))
    elevation, azimuth = np.radians(view)
    toward = np.cos(elevation) * np.array([np.cos(azimuth), np.sin(azimuth)]) / np.array(_plan(scene))
    eye = np.array([*toward, np.sin(elevation) / _TALL])
    box = np.column_stack([(points - low) / (high - low), z])
    return np.column_stack([points, z]), hidden(box, surface, eye / np.linalg.norm(eye[:2]))


def _line(
    ax: Axes3D, points: Float[np.ndarray, "points 3"], color: str, width: float, zorder: float, **how: object
) -> None:
    """One line in space; NaN are gaps."""
    ax.plot(*points.T, color=color, linewidth=width, zorder=zorder, solid_capstyle="round", **how)


def _dots(ax: Axes3D, points: Float[np.ndarray, "points 3"], marker: str, size: float, ring: str, alpha: float) -> None:
    """Red dots with a white rim and a thin dark ring."""
    if not len(points):
        return
    rim = 0.17 * size
    for face, edge, width, zorder in ((ring, ring, rim + max(0.24 * size, 1.2), 5), (DOT, "white", rim, 6)):
        shape = MarkerStyle(marker, joinstyle="round")
        ax.plot(*points.T, linestyle="none", marker=shape, markersize=size, markerfacecolor=face, alpha=alpha,
                markeredgecolor=edge, markeredgewidth=width, zorder=zorder)  # fmt: skip


def _dress(ax: Axes3D, scene: Scene, scale: HeightScale, rise: _Rise) -> None:
    """Labels in the height's own units, white walls, title and note."""
    names, above = level_labels(scale)
    shown = np.flatnonzero(scale.strong & (scale.levels >= rise.low) & (scale.levels <= rise.high))
    at = rise(scale.levels)
    # Roots crowd at the foot: keep labels that have room.
    free: list[int] = []
    for level in shown[::-1]:
        if 0 < level < len(at) - 1 and (not free or at[free[-1]] - at[level] >= 0.08):
            free.append(level)
    ax.set_zticks(at[free], [names[level] for level in free])
    label = f"{scene.height_label}, above {format_number(above, 12)}" if above else scene.height_label
    ax.set_xlabel(literal(scene.axis_labels[0]), labelpad=8)
    ax.set_ylabel(literal(scene.axis_labels[1]), labelpad=8)
    ax.set_zlabel(literal(label), labelpad=10)
    ax.set_title(literal(shortened(scene.title, 58)))
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set_color(GRAY)
        axis._axinfo["grid"].update(color="#e4e4e4", linewidth=0.8)
    ax.tick_params(colors=INK, labelsize=11)
    if rise.root or scene.note:
        words = ("Heights are drawn by their square root. " if rise.root else "") + scene.note
        figure_of(ax).supxlabel(literal(words.strip()), fontsize=11, color=GRAY, wrap=True)

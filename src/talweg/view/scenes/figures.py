"""Whole pictures of a landscape from above, alone or side by side. One map on given axes: `maps`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from talweg.record.scene import Scene
from talweg.view.numerals import format_number
from talweg.view.scenes.maps import Map, draw_colorbar, draw_legend, draw_map, map_size, minima_entries, note_lines
from talweg.view.scenes.terrain import height_scale
from talweg.view.style import figure_of, literal, new_figure, shortened, styled


@styled
def landscape_figure(
    scene: Scene,
    *,
    frame: int | None = None,
    basins: bool = False,
    legend: bool = True,
    ax: Axes | None = None,
) -> Figure:
    """The landscape from above: filled levels, contour lines, light from the north-west, hikers and minima.

    Args:
        scene: what is drawn; it may have no hikers.
        frame: up to which frame the hikers have gone, counted from 0 (an index into `scene.frames`); the last
            where absent.
        basins: color the plane by the minimum that each start reaches, in place of the height.
        legend: whether to explain the marks.
        ax: axes to draw on; a new figure where absent.

    Returns:
        The figure, to be changed or saved (`save_figure`).

    Raises:
        ValueError: when basins are asked for and the scene has none, or the frame does not exist.

    Example:
        >>> import numpy as np
        >>> from talweg.record.scene import Scene
        >>> x = y = np.linspace(-2, 2, 21)
        >>> bowl = Scene(
        ...     x, y, x**2 + y[:, None] ** 2, paths=np.array([[[1.5, 1.0], [0.5, 0.25]]]),
        ...     path_heights=np.array([[3.25, 0.3125]]), path_lengths=np.array([2]),
        ...     outcomes=("still walking",), outcome_kinds=("walking",), frames=np.array([0, 1]),
        ... )
        >>> landscape_figure(bowl).axes[0].get_xlabel()
        'x'
    """
    return draw_landscape(scene, frame=frame, basins=basins, legend=legend, ax=ax)[0]


def draw_landscape(
    scene: Scene,
    *,
    frame: int | None = None,
    basins: bool = False,
    legend: bool = True,
    ax: Axes | None = None,
) -> tuple[Figure, Map]:
    """As `landscape_figure`, with what moves; for animations. The caller brings the look (`style.styled`)."""
    if basins and scene.basins is None:
        raise ValueError("this scene has no basins; ask for them where it is made")
    figure = new_figure(*_map_size(scene)) if ax is None else figure_of(ax)
    own = ax is None
    ax = figure.add_subplot() if ax is None else ax
    scale = height_scale(scene.height)
    drawn = draw_map(ax, scene, scale, frame=frame, basins=basins)
    ax.set_title(literal(shortened(scene.title, 46)))
    if not basins:
        draw_colorbar(figure, [ax], scale, scene.height_label)
    if legend:
        draw_legend(figure if own else ax, [drawn], minima_entries(scene, basins))
    return figure, drawn


@styled
def comparison_figure(
    scenes: Sequence[Scene], labels: Sequence[str], *, frame: int | None = None, captions: Sequence[str] = ()
) -> Figure:
    """Several descents side by side, on one scale, such as optimizers from the same starts on one landscape.

    Args:
        scenes: one for each descent; where all have one window, it is named once.
        labels: what each is called.
        frame: up to which frame the hikers have gone; the last where absent.
        captions: a line below each label; absent, how many hikers arrived.

    Returns:
        The figure.

    Raises:
        ValueError: when there are no scenes, or not as many labels.
    """
    return draw_comparison(scenes, labels, frame=frame, captions=captions)[0]


def draw_comparison(
    scenes: Sequence[Scene], labels: Sequence[str], *, frame: int | None = None, captions: Sequence[str] = ()
) -> tuple[Figure, list[Map]]:
    """As `comparison_figure`, with what moves, for animations; the caller brings the look (`styled`)."""
    if not scenes or len(scenes) != len(labels):
        raise ValueError(f"expected as many labels as scenes and at least one, got {len(labels)} and {len(scenes)}")
    columns = len(scenes) if len(scenes) <= 3 else -(-len(scenes) // 2) if len(scenes) <= 6 else 4
    rows = -(-len(scenes) // columns)
    width, height = _map_size(scenes[0])
    shrink = {1: 1.0, 2: 0.72}.get(columns, 0.6)
    figure = new_figure(0.86 * shrink * width * columns + 1.2, shrink * (height - 0.6) * rows + 1.2)
    shared = all(_same_window(scene, scenes[0]) for scene in scenes)
    grid = figure.subplots(rows, columns, sharex=shared, sharey=shared, squeeze=False).ravel()
    for spare in grid[len(scenes) :]:
        spare.remove()
    scale = height_scale(np.concatenate([np.ravel(scene.height) for scene in scenes]))
    maps = [draw_map(ax, scene, scale, frame=frame) for ax, scene in zip(grid, scenes, strict=False)]
    captions = captions or [_summary(scene) for scene in scenes]
    for place, (drawn, label, caption) in enumerate(zip(maps, labels, captions, strict=True)):
        drawn.axes.set_title(f"{literal(shortened(label, 40))}\n", fontsize=15)
        drawn.axes.text(0, 1.02, literal(caption), transform=drawn.axes.transAxes, fontsize=12 if shared else 11)
        drawn.axes.xaxis.label.set(visible=not shared or place + columns >= len(scenes))
        drawn.axes.yaxis.label.set(visible=not shared or place % columns == 0)
        if not shared:
            drawn.axes.set_aspect("auto")
            drawn.axes.tick_params(labelsize=10)
            drawn.axes.xaxis.label.set_fontsize(11)
            drawn.axes.yaxis.label.set_fontsize(11)
    if scenes[0].title:
        figure.suptitle(literal(shortened(scenes[0].title, 34 * columns)), fontweight="bold", fontsize=16)
    draw_colorbar(figure, [drawn.axes for drawn in maps], scale, scenes[0].height_label)
    draw_legend(figure, maps, minima_entries(scenes[0], numbered=False))
    return figure, maps


def _same_window(one: Scene, other: Scene) -> bool:
    return all(np.array_equal(getattr(one, axis)[[0, -1]], getattr(other, axis)[[0, -1]]) for axis in "xy")


def _map_size(scene: Scene) -> tuple[float, float]:
    """Width and height of a map's figure in inches."""
    wide, tall = map_size(scene)
    note = 0.3 * max(len(note_lines(scene)) - 1, 0)
    return wide + 2.3 + max(0.0, 3.2 - wide), tall + 2.0 + note


def _summary(scene: Scene) -> str:
    """How many of a scene's hikers arrived, and after how many steps the middle one did."""
    arrived = np.array([kind == "arrived" for kind in scene.outcome_kinds], dtype=bool)
    if not len(arrived):
        return "no hikers"
    words = f"{arrived.sum()} of {len(arrived)} arrived"
    if not arrived.any():
        return words
    last = np.maximum(scene.path_lengths[arrived] - 1, 0)
    median = format_number(float(np.median(scene.frames[last])), 4)
    return f"{words}, median {median} {literal(scene.frame_label)}s"

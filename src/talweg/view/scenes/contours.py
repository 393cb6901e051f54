"""Contour lines of a map, and where their labels stand free. The terrain under them is drawn in `maps`."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from talweg.record.scene import Scene
from talweg.view.scenes.hikers import start_and_end_points, trail_points, window
from talweg.view.scenes.terrain import HeightScale, level_labels
from talweg.view.style import INK, halo


def draw_contours(ax: Axes, scene: Scene, height: Float[np.ndarray, "depth width"], scale: HeightScale) -> None:
    """Thin lines between levels; every fifth stronger, with its height."""
    if not np.isfinite(height).any():
        return
    within = (scale.levels > np.nanmin(height)) & (scale.levels < np.nanmax(height))
    thin, strong = within & ~scale.strong, within & scale.strong
    if thin.any():
        levels = scale.levels[thin]
        ax.contour(scene.x, scene.y, height, levels=levels, colors=INK, linewidths=0.5, alpha=0.28, zorder=2)
    if not strong.any():
        return
    levels = scale.levels[strong]
    lines = ax.contour(scene.x, scene.y, height, levels=levels, colors=INK, linewidths=1.1, alpha=0.7, zorder=2.1)
    names, _ = level_labels(scale)
    named = dict(zip(levels, [names[i] for i in np.flatnonzero(strong)], strict=True))
    places = label_places([segment for level in lines.allsegs for segment in level], scene)
    if places:
        for text in ax.clabel(lines, fmt=named, fontsize=10.5, colors=INK, inline_spacing=2, manual=places, zorder=2.2):
            text.set(path_effects=halo(2.6, alpha=0.75), alpha=1.0)


def label_places(
    lines: Sequence[Float[np.ndarray, "_ 2"]], scene: Scene, room: float = 0.05
) -> list[tuple[float, float]]:
    """Where labels of contour lines stand free: far from dots, minima, trails, the edge and each other.

    Args:
        lines: each a contour's points on the plane.
        scene: what else is drawn.
        room: how far a label keeps from edges, dots and other labels, as a share of the window.

    Returns:
        At most one place for each line, on it; none for lines that have no free place.
    """
    low, high = window(scene)
    trails = trail_points(scene, scene.paths.shape[1])
    trails = trails[~np.isnan(trails).any(axis=1)]
    trails = ((trails - low) / (high - low))[:: max(1, len(trails) // 2000)]
    dots = [(np.array(minimum.point) - low) / (high - low) for minimum in scene.minima]
    dots += list((start_and_end_points(scene) - low) / (high - low))
    places: list[tuple[float, float]] = []
    for line in sorted(lines, key=len, reverse=True):
        points = (line[:: max(1, len(line) // 80)] - low) / (high - low)
        free = np.minimum(points, 1 - points).min(axis=1)
        for dot in dots:
            free = np.minimum(free, np.hypot(*(points - dot).T))
        candidates = np.flatnonzero(free >= room)
        if not len(candidates) or np.ptp(points, axis=0).max() < 2 * room:
            continue
        # A trail may be crossed where it must be; more room than three labels' is no better.
        score = np.minimum(free[candidates], 3 * room)
        if len(trails):
            away = np.hypot(*(points[candidates, None] - trails).transpose(2, 0, 1)).min(axis=1)
            score = score + 2 * np.minimum(away, 2 * room)
        best = candidates[np.argmax(score)]
        dots.append(points[best])
        x, y = low + points[best] * (high - low)
        places.append((float(x), float(y)))
    return places

"""Hikers on drawn axes: trails, starts and dots at any frame. The terrain under them is not drawn here."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle

from talweg.record.scene import Scene
from talweg.view.style import DOT, INK, TRAIL


@dataclasses.dataclass(frozen=True)
class Look:
    """How a dot says why its hiker stopped.

    Attributes:
        marker: its shape, in Matplotlib's letters.
        size: its width, relative to a circle's.
        ring: the color of its thin outer ring.
        words: what the legend says.
    """

    marker: str
    size: float
    ring: str
    words: str


# Shape alone tells the kinds apart; the ring's color helps those who see it.
LOOKS = {
    "arrived": Look("o", 1.0, INK, "arrived"),
    "saddle": Look("D", 0.9, "#0b3c8c", "at a saddle"),
    "walking": Look(">", 1.15, "#6b4200", "still walking"),
    "diverged": Look("X", 1.25, "#5b0f8a", "diverged"),
    "left": Look("s", 0.95, "#00574a", "left the window"),
    "undefined": Look("v", 1.15, "#444444", "where it is not defined"),
}
_OTHER = "walking"


@dataclasses.dataclass(frozen=True)
class Hikers:
    """The artists of one scene's hikers on one pair of axes; `show_frame` moves them.

    Attributes:
        scene: whose hikers they are.
        trails: the light casing and the dark red line of all trails.
        starts: hollow circles, light on dark.
        dots: for each kind of outcome, the outer ring and the red dot with its white rim.
    """

    scene: Scene
    trails: tuple[Line2D, Line2D]
    starts: tuple[Line2D, Line2D]
    dots: dict[str, tuple[Line2D, Line2D]]

    def artists(self) -> tuple[Artist, ...]:
        """All of them, from the lowest to the uppermost."""
        rings = [ring for ring, _ in self.dots.values()]
        return (*self.trails, *self.starts, *rings, *(dot for _, dot in self.dots.values()))


def draw_hikers(ax: Axes, scene: Scene) -> Hikers:
    """Put a scene's hikers on axes, at the last frame.

    Args:
        ax: axes in the scene's own coordinates.
        scene: whose hikers are drawn.

    Returns:
        The artists.
    """
    size = dot_size(len(scene.paths))
    thin = size / dot_size(1)
    # All trails are one line, so that where they cover much of the plane the terrain still shows through.
    clear = _clearness(scene)
    casing = ax.plot([], [], color="white", alpha=0.7 * clear, linewidth=1.2 + 2.1 * thin, zorder=3)[0]
    line = ax.plot([], [], color=TRAIL, alpha=clear, linewidth=0.5 + 0.9 * thin, zorder=3.1)[0]
    for trail in (casing, line):
        trail.set(solid_capstyle="round", solid_joinstyle="round")
    starts = (
        _marks(ax, "o", 0.85 * size, "none", INK, 0.34 * size, 4.0),
        _marks(ax, "o", 0.85 * size, "none", "white", 0.15 * size, 4.1),
    )
    kinds = [kind for kind in LOOKS if kind in known_kinds(scene)] if len(scene.paths) else []
    dots = {kind: dot_marks(ax, LOOKS[kind], size) for kind in dict.fromkeys(("arrived", *kinds))}
    hikers = Hikers(scene, (casing, line), starts, dots)
    # In a crowd, starts step back.
    faint = float(np.interp(len(scene.paths), [50, 500], [1.0, 0.35]))
    begin = _places(scene, np.zeros(len(scene.paths), dtype=np.int64))[scene.path_lengths > 0]
    for ring in starts:
        ring.set(data=begin.T, alpha=faint)
    show_frame(hikers, max(scene.paths.shape[1] - 1, 0))
    return hikers


def show_frame(hikers: Hikers, frame: int) -> None:
    """Move the dots and draw the trails up to a frame.

    Args:
        hikers: the artists.
        frame: which frame, counted from 0; a hiker that stopped earlier stays where it stopped.
    """
    scene = hikers.scene
    for trail in hikers.trails:
        trail.set_data(*trail_points(scene, frame).T)
    last = scene.path_lengths - 1
    place = _places(scene, np.minimum(frame, last))
    kinds = np.where(frame >= last, known_kinds(scene), "arrived")
    for kind, layers in hikers.dots.items():
        chosen = (kinds == kind) & (last >= 0)
        for layer in layers:
            layer.set_data(*place[chosen].T)


def trail_points(scene: Scene, frame: int) -> Float[np.ndarray, "points 2"]:
    """All trails up to a frame as one line, with a gap (NaN) after each hiker.

    Args:
        scene: whose trails.
        frame: the last frame drawn, counted from 0.

    Returns:
        Points on the plane; those far outside of the window are drawn in to a thousand windows.
    """
    paths = np.asarray(scene.paths[:, : frame + 1], dtype=np.float64)
    hikers, frames, _ = paths.shape
    real = np.arange(frames) < scene.path_lengths[:, None]
    points = np.full((hikers, frames + 1, 2), np.nan)
    points[:, :frames] = np.where(real[..., None], paths, np.nan)
    low, high = window(scene)
    reach = 1e3 * (high - low)
    return np.clip(points, low - reach, high + reach).reshape(-1, 2)


def window(scene: Scene) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, " 2"]]:
    """The lower left and the upper right corner of the drawn plane."""
    corners = np.array([[scene.x[0], scene.y[0]], [scene.x[-1], scene.y[-1]]], dtype=np.float64)
    return corners[0], corners[1]


def start_and_end_points(scene: Scene) -> Float[np.ndarray, "points 2"]:
    """Where starts and dots of the last frame are drawn."""
    known = scene.path_lengths > 0
    begin = _places(scene, np.zeros(len(scene.paths), dtype=np.int64))
    return np.concatenate([begin[known], _places(scene, scene.path_lengths - 1)[known]])


def legend_entries(hikers: Hikers) -> tuple[list[tuple[Artist, ...]], list[str]]:
    """What a legend shows of the hikers: starts, and each kind of outcome with how many had it.

    Args:
        hikers: the artists.

    Returns:
        The artists to show, and the words beside them; both empty without hikers.
    """
    kinds = known_kinds(hikers.scene)
    if not len(kinds):
        return [], []
    handles: list[tuple[Artist, ...]] = [hikers.starts]
    words = ["start"]
    for kind, layers in hikers.dots.items():
        if count := int(np.sum(kinds == kind)):
            handles.append(layers)
            words.append(f"{hikers.scene.kind_words.get(kind, LOOKS[kind].words)} ({count})")
    return handles, words


def dot_size(hikers: int) -> float:
    """The width of a dot in points: large for a few hikers, small for a crowd."""
    return float(np.interp(np.log10(max(hikers, 1)), [1.5, 3.0], [8.5, 4.0]))


def known_kinds(scene: Scene) -> np.ndarray:
    """One word for each hiker; words that are not known count as still walking."""
    return np.array([kind if kind in LOOKS else _OTHER for kind in scene.outcome_kinds], dtype="U16")


def _clearness(scene: Scene) -> float:
    """The opacity of trails: full, and less where they are so long that they would cover the terrain."""
    low, high = window(scene)
    steps = np.diff(np.clip((trail_points(scene, scene.paths.shape[1]) - low) / (high - low), 0, 1), axis=0)
    length = float(np.nansum(np.hypot(*steps.T)))
    return float(np.interp(length, [60.0, 240.0], [1.0, 0.45]))


def _places(scene: Scene, frame: Int[np.ndarray, " hikers"]) -> Float[np.ndarray, "hikers 2"]:
    """Where each hiker's dot is drawn at its own frame; at the window's edge when the hiker is outside."""
    hikers = np.arange(len(frame))
    if not len(hikers) or not scene.paths.shape[1]:
        return np.full((len(hikers), 2), np.nan)
    at = np.asarray(scene.paths[hikers, np.maximum(frame, 0)], dtype=np.float64)
    for hiker in np.flatnonzero(np.isnan(at).any(axis=1)):
        known = scene.paths[hiker, : frame[hiker] + 1]
        known = known[~np.isnan(known).any(axis=1)]
        at[hiker] = known[-1] if len(known) else np.nan
    low, high = window(scene)
    return np.clip(at, low, high)


def dot_marks(ax: Axes, look: Look, size: float) -> tuple[Line2D, Line2D]:
    """The thin dark ring under a dot, and the red dot with its white rim; both still without a place."""
    rim = 0.17 * size
    ring = _marks(ax, look.marker, look.size * size, look.ring, look.ring, rim + max(0.24 * size, 1.2), 5.0)
    return ring, _marks(ax, look.marker, look.size * size, DOT, "white", rim, 5.1)


def _marks(ax: Axes, marker: str, size: float, face: str, edge: str, rim: float, zorder: float) -> Line2D:
    """Markers without a line; not cut at the window's edge, and no reason to move it."""
    marks = ax.plot(
        [], [], linestyle="none", marker=MarkerStyle(marker, joinstyle="round"), markersize=size,
        markerfacecolor=face, markeredgecolor=edge, markeredgewidth=rim, zorder=zorder, clip_on=False,
    )[0]  # fmt: skip
    marks.set_in_layout(False)
    return marks

"""A scene as JSON with its arrays inside as compressed text, small enough for a page. The page is made in `page`.

The browser's half of this contract is ``web/src/scene.ts``. Arrays go through four steps that a browser undoes in a
few milliseconds: places are rounded to a 65 535th of three windows (far below a pixel), neighbors are subtracted,
bytes of equal weight are put side by side, and the whole is deflated (RFC 1950).
"""

import base64
import zlib
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt16

from talweg.record.plain import plain_data
from talweg.record.scene import Scene
from talweg.view.scenes.terrain import height_scale, level_labels

VERSION = 1
# Above these the eye sees no difference, and a page would no longer be small.
MAX_SIDE = 256
MAX_POINTS = 66_000
# Significant bits kept of a loss: some five decimal digits, one more than a page shows.
_LOSS_BITS = 18
_HEIGHT_BITS = 20


def pack_scene(scene: Scene) -> dict[str, Any]:
    """Everything that a page needs of a scene.

    Grids are resampled to even steps and to at most 256 cells a side; paths of more than 66 000 points together
    are thinned evenly, first and last points stay. Starts, ends and their losses are never rounded.

    Args:
        scene: what will be drawn.

    Returns:
        Text, numbers, lists and dicts only: what `json.dumps` takes.

    Example:
        >>> import numpy as np
        >>> x = y = np.linspace(-2, 2, 21)
        >>> bowl = Scene(
        ...     x, y, x**2 + y[:, None] ** 2, paths=np.array([[[1.5, 1.0], [0.5, 0.25]]]),
        ...     path_heights=np.array([[3.25, 0.3125]]), path_lengths=np.array([2]), outcomes=("still walking",),
        ...     outcome_kinds=("walking",), frames=np.array([0, 1]), title="x² + y²",
        ... )
        >>> pack_scene(bowl)["hikers"][0]["end"]
        [0.5, 0.25]
    """
    x, y = _even_axis(scene.x), _even_axis(scene.y)
    height = _resampled(scene, x, y)
    lengths = _real_lengths(scene)
    kept = _thinned(scene.paths.shape[1], max(2, MAX_POINTS // max(1, len(scene.paths))))
    last = np.maximum(lengths - 1, 0)
    columns_of_paths = np.minimum(kept[None, :], last[:, None])
    hikers = np.arange(len(lengths))[:, None]
    paths = np.asarray(scene.paths, np.float64)[hikers, columns_of_paths]
    losses = np.asarray(scene.path_heights, np.float64)[hikers, columns_of_paths]
    thinned_lengths = np.where(lengths > 0, np.searchsorted(kept, last) + 1, 0)
    real = np.arange(len(kept)) < thinned_lengths[:, None]

    arrays = _Arrays()
    arrays.add_heights("height", height, bits=_HEIGHT_BITS)
    arrays.add("frames", np.asarray(scene.frames)[kept].astype("<i4"), subtract=True)
    arrays.add("paths", _places(paths, real, x, y), subtract=True)
    arrays.add_heights("losses", losses[real], bits=_LOSS_BITS)
    if scene.basins is not None:
        nearest = np.ix_(_nearest(scene.y, y), _nearest(scene.x, x))
        arrays.add("basins", np.asarray(scene.basins)[nearest].astype("<i2"), subtract=True)
    return {
        "version": VERSION,
        "title": scene.title,
        "axisLabels": list(scene.axis_labels),
        "heightLabel": scene.height_label,
        "frameLabel": scene.frame_label,
        "note": scene.note,
        "kindWords": dict(scene.kind_words),
        "window": [float(x[0]), float(y[0]), float(x[-1]), float(y[-1])],
        "size": [len(x), len(y)],
        "scale": _scale(scene),
        "hikers": [_hiker(scene, i, int(lengths[i]), int(thinned_lengths[i])) for i in range(len(lengths))],
        "minima": [
            {"point": list(m.point), "value": plain_data(float(m.value)), "hikers": m.hikers, "kind": m.kind}
            for m in scene.minima
        ],
        "arrays": arrays.table,
        "bytes": arrays.text(),
    }


def deflated(content: bytes) -> str:
    """Bytes as short text: deflated, in base 64.

    Args:
        content: any bytes.

    Returns:
        ASCII text without quotes, line breaks or angle brackets.
    """
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


class _Arrays:
    """Arrays laid end to end, and the table that finds them again."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._parts: list[bytes] = []

    def add(self, name: str, array: np.ndarray, *, subtract: bool = False, offset: float = 0.0) -> None:
        """Append one array, as little-endian bytes of equal weight side by side."""
        flat = np.ascontiguousarray(array).ravel()
        if subtract:
            # Differences wrap around, as integers of this width do in the browser as well.
            flat = np.diff(flat, prepend=flat.dtype.type(0))
        flat = flat.astype(flat.dtype.newbyteorder("<"))
        entry = {"name": name, "type": flat.dtype.str[1:], "count": int(flat.size), "subtracted": subtract}
        self.table.append(entry | {"offset": offset})
        self._parts.append(flat.view(np.uint8).reshape(flat.size, flat.itemsize).T.tobytes())

    def add_heights(self, name: str, heights: np.ndarray, *, bits: int) -> None:
        """Append losses in single precision, counted from their lowest, so that a high plateau keeps its detail."""
        finite = heights[np.isfinite(heights)]
        offset = float(finite.min()) if finite.size else 0.0
        highest = float(np.finfo(np.float32).max)
        above = np.clip(heights - offset, 0.0, highest).astype(np.float32)
        self.add(name, _rounded(above, bits), offset=offset)

    def text(self) -> str:
        """All of them, as short text."""
        return deflated(b"".join(self._parts))


def _rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Single precision with so many significant bits; the others are zero, and cost nothing once deflated."""
    spare = 24 - bits
    raw = values.view(np.uint32)
    nearest = (raw + np.uint32(1 << (spare - 1))) & np.uint32(0xFFFFFFFF << spare & 0xFFFFFFFF)
    # Near the largest number rounding up would make an infinity.
    safe = np.isfinite(values) & (raw < np.uint32(0x7F7F0000))
    return np.where(safe, nearest, raw).view(np.float32)


def _thinned(count: int, most: int) -> Int[np.ndarray, " kept"]:
    """Evenly spaced positions of at most so many of `count` things, first and last among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, most)).astype(np.int64))


def _even_axis(grid: Float[np.ndarray, " cells"]) -> Float[np.ndarray, " even"]:
    """The same stretch in even steps, of at most `MAX_SIDE` cells."""
    return np.linspace(float(grid[0]), float(grid[-1]), min(len(grid), MAX_SIDE))


def _resampled(
    scene: Scene, x: Float[np.ndarray, " width"], y: Float[np.ndarray, " depth"]
) -> Float[np.ndarray, "depth width"]:
    """The height on another grid, linear between neighbors; NaN where one of them is not finite."""
    height = np.asarray(scene.height, np.float64)
    height = np.where(np.isfinite(height), height, np.nan)
    for old, new in ((scene.x, x), (scene.y, y)):
        if len(old) != len(new) or not np.allclose(old, new, rtol=0, atol=1e-9 * abs(float(new[-1] - new[0]))):
            height = np.stack([np.interp(new, old, line) for line in height])
        height = height.T
    return height


def _nearest(old: Float[np.ndarray, " before"], new: Float[np.ndarray, " after"]) -> Int[np.ndarray, " after"]:
    """Which of the old places is nearest to each new one."""
    return np.abs(np.asarray(old)[None, :] - new[:, None]).argmin(axis=1)


def _real_lengths(scene: Scene) -> Int[np.ndarray, " hikers"]:
    """How many points of each path can be drawn: none at or after the first that is not finite."""
    finite = np.isfinite(scene.paths).all(axis=2)
    before = np.where(finite.all(axis=1), finite.shape[1], np.argmin(finite, axis=1)) if finite.size else 0
    return np.minimum(np.asarray(scene.path_lengths, np.int64), before)


def _places(
    paths: Float[np.ndarray, "hikers frames 2"],
    real: Bool[np.ndarray, "hikers frames"],
    x: Float[np.ndarray, " width"],
    y: Float[np.ndarray, " depth"],
) -> UInt16[np.ndarray, " numbers"]:
    """Places as whole numbers: 0 one window below the drawn one, 65 535 one window above; first all x, then all y."""
    parts = []
    for axis, grid in enumerate((x, y)):
        low, width = grid[0], grid[-1] - grid[0]
        # A hiker far out is put where its way leaves the three windows, so that its line keeps its direction.
        share = (_drawn_in(paths, x, y)[..., axis] - (low - width)) / (3 * width)
        parts.append(np.round(np.clip(share, 0, 1) * 65_535)[real])
    return np.concatenate(parts).astype("<u2")


def _drawn_in(
    paths: Float[np.ndarray, "hikers frames 2"], x: Float[np.ndarray, " width"], y: Float[np.ndarray, " depth"]
) -> Float[np.ndarray, "hikers frames 2"]:
    """Paths with points beyond the three windows moved toward the point before, or else toward the middle."""
    center = np.array([x[0] + x[-1], y[0] + y[-1]]) / 2
    reach = 1.5 * np.array([x[-1] - x[0], y[-1] - y[0]])
    # Hikers without any point are NaN here, and left out later.
    with np.errstate(all="ignore"):
        away = np.clip((paths - center) / reach, -1e100, 1e100)
        from_middle = away / np.maximum(1.0, np.abs(away).max(axis=2, keepdims=True))
        before, step = away[:, :-1], np.diff(away, axis=1)
        room = np.where(step == 0, np.inf, (np.sign(step) - before) / step).min(axis=2, keepdims=True)
        inside = np.abs(before).max(axis=2, keepdims=True) <= 1
        moved = np.where(inside, before + np.clip(room, 0, 1) * step, from_middle[:, 1:])
        return center + reach * np.concatenate([from_middle[:, :1], moved], axis=1)


def _scale(scene: Scene) -> dict[str, Any]:
    """How heights become levels and colors: the same rule as in still pictures."""
    scale = height_scale(np.asarray(scene.height, np.float64))
    labels, above = level_labels(scale)
    return {
        "levels": [float(level) for level in scale.levels],
        "labels": list(labels),
        "labelsCountFrom": above,
        "strong": [int(i) for i in np.flatnonzero(scale.strong)],
        "logarithmic": scale.logarithmic,
        "base": scale.base,
        "low": scale.low,
        "high": scale.high,
    }


def _hiker(scene: Scene, index: int, length: int, frames: int) -> dict[str, Any]:
    """One hiker in words and exact numbers; `frames` is how many of the packed frames it walks."""
    path = np.asarray(scene.paths[index, :length], np.float64)
    return {
        "start": [float(c) for c in path[0]] if length else None,
        "end": [float(c) for c in path[-1]] if length else None,
        "value": plain_data(float(scene.path_heights[index, length - 1])) if length else None,
        "last": int(scene.frames[length - 1]) if length else None,
        "frames": frames,
        "outcome": scene.outcomes[index],
        "kind": scene.outcome_kinds[index],
    }

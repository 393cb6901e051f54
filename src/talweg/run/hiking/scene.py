"""A hike as a scene to be drawn, and as JSON. Nothing is drawn here."""

from collections import Counter
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from talweg.descent import engine
from talweg.descent.walk import ends
from talweg.objective.typed.function import Function
from talweg.record.plain import plain_data
from talweg.record.scene import Minimum, Scene
from talweg.run.hiking.hike import Hike, make_rule, optimizer_of
from talweg.run.job import member_keys
from talweg.sketching.arrivals import NEAR
from talweg.sketching.sampling import heights

VERSION = 1


def scene_of(hike: Hike, grid: int = 201, basins: bool = False) -> Scene:
    """What is drawn of a hike.

    With one variable each hiker walks a lane of its own through the same valley. With more than two, the plane of
    the first two variables is shown, the others as at the lowest place found, and the note says how far the hikers
    are from it.

    Args:
        hike: where the hikers went.
        grid: points along each axis.
        basins: whether every point of the plane is to be told the minimum that a start there reaches.
    """
    low, high = np.array(hike.window).T
    x = np.linspace(low[0], high[0], grid)
    y = np.linspace(low[1], high[1], grid) if len(low) > 1 else np.linspace(-0.5, len(hike.paths) - 0.5, grid)
    points = _plane(hike, x, y)
    return Scene(
        x=x,
        y=y,
        height=_heights(hike, points.reshape(-1, len(low))).reshape(len(y), len(x)),
        paths=hike.paths[:, :, :2] if len(low) > 1 else _lanes(hike),
        path_heights=hike.heights,
        path_lengths=hike.steps + 1,
        outcomes=tuple(sentence for _, sentence in hike.outcomes),
        outcome_kinds=tuple(kind for kind, _ in hike.outcomes),
        frames=np.arange(hike.paths.shape[1]),
        minima=_minima(hike),
        title=f"f({', '.join(hike.variables)}) = {hike.name}",
        axis_labels=(hike.variables[0], hike.variables[1] if len(low) > 1 else "hiker"),
        height_label=f"f({', '.join(hike.variables)})",
        note=_note(hike),
        basins=_basins(hike, points) if basins else None,
    )


def _lanes(hike: Hike) -> Float[np.ndarray, "hikers places 2"]:
    lane = np.arange(len(hike.paths))[:, None, None] + 0.0 * hike.paths
    return np.concatenate([hike.paths, lane], -1)


def _plane(hike: Hike, x: np.ndarray, y: np.ndarray) -> Float[np.ndarray, "depth width n"]:
    across, along = np.meshgrid(x, y)
    rest = _elsewhere(hike)
    columns = [across, along][: len(hike.variables)] + [np.full(across.shape, value) for value in rest]
    return np.stack(columns, -1)


def _elsewhere(hike: Hike) -> Float[np.ndarray, " rest"]:
    """The coordinates that are not drawn, at the lowest place that was found, or in the window's middle."""
    low, high = np.array(hike.window).T
    lowest = hike.arrivals.points[0] if len(hike.arrivals.points) else (low + high) / 2
    return lowest[2:]


def _heights(hike: Hike, points: Float[np.ndarray, "points n"]) -> Float[np.ndarray, " points"]:
    found = heights(hike.function, points)
    return np.where(np.isfinite(found), found, np.nan)


def _minima(hike: Hike) -> tuple[Minimum, ...]:
    counts = Counter(hike.arrivals.place.tolist())
    lowest = hike.arrivals.values.min(initial=np.inf)
    minima = []
    for place, (point, value, kind) in enumerate(
        zip(hike.arrivals.points, hike.arrivals.values, hike.arrivals.kinds, strict=True)
    ):
        if kind in ("minimum", "saddle"):
            word = "saddle" if kind == "saddle" else "lowest" if value <= lowest + 1e-9 * (1 + abs(lowest)) else "local"
            where = (float(point[0]), float(point[1]) if len(point) > 1 else (len(hike.paths) - 1) / 2)
            minima.append(Minimum(where, _rounded(hike, value), counts[place], word))
    return tuple(minima)


def _rounded(hike: Hike, value: float) -> float:
    """A height, 0 where it differs from 0 by rounding alone."""
    largest = np.nanmax(np.abs(hike.heights), initial=0.0)
    return 0.0 if abs(value) <= 1e-14 * largest else float(value)


def _note(hike: Hike) -> str:
    rest = _elsewhere(hike)
    if not len(rest):
        return ""
    fixed = ", ".join(f"{name} = {value:.4g}" for name, value in zip(hike.variables[2:], rest, strict=True))
    away = np.linalg.norm(hike.paths[:, :, 2:] - rest, axis=-1)
    return f"The plane where {fixed}; the hikers are up to {np.nanmax(away):.3g} away from it"


def _basins(hike: Hike, points: Float[np.ndarray, "depth width n"]) -> Int[np.ndarray, "depth width"]:
    """Which of the scene's minima a hiker reaches who starts at a point; -1 for none of them."""
    starts = points.reshape(-1, points.shape[-1])
    with jax.enable_x64(True):
        objective = Function(hike.function, starts)
        optimizer = optimizer_of(hike.settings, len(starts), hike.learning_rate)
        state = engine.init(objective, optimizer, member_keys(0, 1).repeat(len(starts), 0))
        found = ends(objective, optimizer, state, make_rule(hike.settings, hike.window, hike.steepness))
    low, high = np.array(hike.window).T
    shown = [place for place, kind in enumerate(hike.arrivals.kinds) if kind in ("minimum", "saddle")]
    if not shown:
        return np.full(points.shape[:2], -1)
    away = np.abs(found[:, None] - hike.arrivals.points[shown]) / (high - low)
    near = np.nan_to_num(away.max(-1), nan=np.inf)
    reached = np.where(near.min(1) <= NEAR, near.argmin(1), -1)
    return reached.reshape(points.shape[:2])


def hike_json(hike: Hike, files: dict[str, str]) -> dict[str, Any]:
    """A hike as one JSON object, version 1 (its shape is in docs/json.md)."""
    counts = Counter(hike.arrivals.place.tolist())
    found = zip(hike.arrivals.points, hike.arrivals.values, hike.arrivals.kinds, strict=True)
    return {
        "version": VERSION,
        "kind": "hike",
        "expression": hike.name,
        "variables": list(hike.variables),
        "window": [list(ends) for ends in hike.window],
        "optimizer": hike.settings.optimizer,
        "learning_rate": hike.learning_rate,
        "step_length": hike.settings.step_length,
        "bounded_below": hike.bounded.holds,
        "hikers": [_hiker(hike, hiker) for hiker in range(len(hike.paths))],
        "minima": [
            {"point": point.tolist(), "value": _rounded(hike, value), "kind": kind, "hikers": counts[place]}
            for place, (point, value, kind) in enumerate(found)
        ],
        "warnings": list(hike.warnings),
        "files": files,
    }


def _hiker(hike: Hike, hiker: int) -> dict[str, Any]:
    steps = int(hike.steps[hiker])
    kind, sentence = hike.outcomes[hiker]
    return {
        "hiker": hiker,
        "start": hike.paths[hiker, 0].tolist(),
        "end": plain_data(hike.paths[hiker, steps]),
        "value": plain_data(float(hike.heights[hiker, steps])),
        "steps": steps,
        "outcome": {"kind": kind, "sentence": sentence, "rule": hike.stops[hiker].kind},
    }

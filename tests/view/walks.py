"""Scenes for the page's tests: known functions, and gradient descent on them in plain NumPy."""

import numpy as np
from landscapes import Function, himmelblau, waves

from talweg.record.scene import Minimum, Scene


def with_a_hole(x, y):
    """Not defined around (1.5, 1.5)."""
    return np.sqrt((x - 1.5) ** 2 + (y - 1.5) ** 2 - 1) + 0.2 * (x**2 + y**2)


def descend(f: Function, starts: np.ndarray, steps: int, rate: float, half: float) -> tuple[np.ndarray, ...]:
    """Gradient descent by central differences; each hiker stops by its own reason."""
    paths = np.full((len(starts), steps + 1, 2), np.nan)
    losses = np.full((len(starts), steps + 1), np.nan)
    lengths, kinds = np.zeros(len(starts), dtype=np.int64), []
    for k, start in enumerate(starts):
        at, kind = np.array(start, dtype=float), "walking"
        for step in range(steps + 1):
            value = f(*at)
            if not np.isfinite(value):
                kind = "undefined"
                break
            paths[k, step], losses[k, step], lengths[k] = at, value, step + 1
            if np.abs(at).max() > 3 * half:
                kind = "left"
                break
            h = 1e-5
            slope = np.array([f(at[0] + h, at[1]) - f(at[0] - h, at[1]), f(at[0], at[1] + h) - f(at[0], at[1] - h)]) / (
                2 * h
            )
            if np.hypot(*slope) < 1e-4:
                kind = "arrived"
                break
            at = at - rate * slope
        kinds.append(kind)
    return paths, losses, lengths, kinds


def scene(
    f: Function = waves,
    *,
    hikers: int = 24,
    steps: int = 150,
    rate: float = 0.12,
    half: float = 4.0,
    cells: int = 161,
    title: str = "sin(x)·cos(y) + 0.1(x² + y²)",
    basins: bool = False,
    seed: int = 7,
) -> Scene:
    x = y = np.linspace(-half, half, cells)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        height = f(x[None, :], y[:, None])
        starts = np.random.default_rng(seed).uniform(-0.95 * half, 0.95 * half, (hikers, 2))
        starts = starts[np.isfinite(f(*starts.T))]
        paths, losses, lengths, kinds = descend(f, starts, steps, rate, half)
    said = {
        "arrived": "arrived: the gradient is below 0.0001",
        "walking": f"still walking after {steps} steps",
        "left": "left the window, further down",
        "undefined": "stepped to where the function is not defined",
    }
    minima = found(paths, losses, lengths, kinds)
    nearest = None
    if basins:
        points = np.array([m.point for m in minima])
        away = (x[None, :, None] - points[:, 0]) ** 2 + (y[:, None, None] - points[:, 1]) ** 2
        nearest = np.where(away.min(axis=2) > half**2, -1, away.argmin(axis=2))
    return Scene(
        x=x, y=y, height=height, paths=paths, path_heights=losses, path_lengths=lengths,
        outcomes=tuple(said[kind] for kind in kinds), outcome_kinds=tuple(kinds),
        frames=np.arange(steps + 1), minima=minima, title=title, height_label="f(x, y)", basins=nearest,
    )  # fmt: skip


def found(paths: np.ndarray, losses: np.ndarray, lengths: np.ndarray, kinds: list[str]) -> tuple[Minimum, ...]:
    """Ends that lie together, the lowest first."""
    places: list[tuple[np.ndarray, float, int]] = []
    for k in np.flatnonzero(np.array(kinds) == "arrived"):
        end, value = paths[k, lengths[k] - 1], float(losses[k, lengths[k] - 1])
        for i, (point, lowest, count) in enumerate(places):
            if np.hypot(*(point - end)) < 0.05:
                places[i] = (point, min(lowest, value), count + 1)
                break
        else:
            places.append((end, value, 1))
    places.sort(key=lambda place: place[1])
    return tuple(
        Minimum((float(p[0]), float(p[1])), value, count, "lowest" if value - places[0][1] < 1e-6 else "local")
        for p, value, count in places
    )


def crowd(hikers: int = 64, steps: int = 1000, seed: int = 0) -> Scene:
    """As many hikers and steps as the page promises to carry, all on their way to the end: noise keeps them up."""
    rng = np.random.default_rng(seed)
    x = y = np.linspace(-5, 5, 201)
    at = rng.uniform(-4.8, 4.8, (hikers, 2))
    paths = np.empty((hikers, steps + 1, 2))
    for step in range(steps + 1):
        paths[:, step] = at
        a, b = at.T
        one, other = a**2 + b - 11, a + b**2 - 7
        slope = np.stack([4 * a * one + 2 * other, 2 * one + 4 * b * other], axis=1)
        at = np.clip(at - 0.0008 * slope + rng.normal(0, 0.02, at.shape), -5, 5)
    return Scene(
        x=x, y=y, height=himmelblau(x[None, :], y[:, None]), paths=paths,
        path_heights=himmelblau(paths[..., 0], paths[..., 1]), path_lengths=np.full(hikers, steps + 1),
        outcomes=(f"still walking after {steps} steps",) * hikers, outcome_kinds=("walking",) * hikers,
        frames=np.arange(steps + 1), title="Himmelblau, with noise", height_label="f(x, y)",
    )  # fmt: skip

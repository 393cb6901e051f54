"""Scenes for this room's tests: known functions and gradient descent on them, in NumPy alone."""

from collections.abc import Callable

import numpy as np

from talweg.record.scene import Minimum, Scene

Function = Callable[[np.ndarray, np.ndarray], np.ndarray]


def waves(x, y):
    return np.sin(x) * np.cos(y) + 0.1 * (x**2 + y**2)


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def half_plane(x, y):
    """log(x) + y², a hole where x is not positive."""
    return np.log(np.where(x > 0, x, np.nan)) + y**2


def bowl(x, y):
    return x**2 + 3 * y**2


def flat(x, y):
    return 3.0 + 1e-7 * np.tanh(x + y)


def level(x, y):
    return 0.0 * x + 0.0 * y + 2.0


def saddle(x, y):
    return x**2 - y**2


WINDOWS: dict[Function, tuple[float, float, float, float]] = {
    waves: (-4.0, 4.0, -4.0, 4.0),
    himmelblau: (-5.0, 5.0, -5.0, 5.0),
    rosenbrock: (-2.0, 2.0, -1.0, 3.0),
    half_plane: (-1.0, 3.0, -2.0, 2.0),
    bowl: (-3.0, 3.0, -2.0, 2.0),
    flat: (-3.0, 3.0, -3.0, 3.0),
    level: (-1.0, 1.0, -1.0, 1.0),
    saddle: (-2.0, 2.0, -2.0, 2.0),
}


def surface(f: Function, size: int = 41) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right, bottom, top = WINDOWS[f]
    x, y = np.linspace(left, right, size), np.linspace(bottom, top, size)
    return x, y, f(*np.meshgrid(x, y))


def descend(f: Function, starts: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Paths of shape (hikers, steps + 1, 2) by central differences."""
    paths, at, h = [starts], starts, 1e-6
    for _ in range(steps):
        x, y = at.T
        slope = np.stack([f(x + h, y) - f(x - h, y), f(x, y + h) - f(x, y - h)], axis=1) / (2 * h)
        at = at - rate * slope
        paths.append(at)
    return np.stack(paths, axis=1)


def scene(
    f: Function = waves,
    hikers: int = 6,
    steps: int = 30,
    rate: float = 0.05,
    size: int = 41,
    kinds: tuple[str, ...] | None = None,
    lengths: np.ndarray | None = None,
    minima: tuple[Minimum, ...] = (),
    **words,
) -> Scene:
    x, y, height = surface(f, size)
    left, right, bottom, top = WINDOWS[f]
    starts = np.random.default_rng(7).uniform((left, bottom), (right, top), (hikers, 2))
    paths = descend(f, 0.9 * starts, rate, steps)
    lengths = np.full(hikers, steps + 1) if lengths is None else lengths
    paths = np.where((np.arange(steps + 1) < lengths[:, None])[..., None], paths, np.nan)
    kinds = ("arrived",) * hikers if kinds is None else kinds
    return Scene(
        x,
        y,
        height,
        paths,
        f(paths[..., 0], paths[..., 1]),
        lengths,
        kinds,
        kinds,
        np.arange(steps + 1),
        minima=minima,
        **words,
    )

"""Extrema where a function has no derivative: the corner of |x|, the tip of a cone. Smooth ones are in `stationary`."""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from talweg.sketching.sampling import Function, heights

MOST = 64
"""How many extrema of the grid are looked at."""

MOVES = 300
_GOLDEN_ANGLE = float(np.pi * (3 - np.sqrt(5)))


@dataclasses.dataclass(frozen=True)
class Corner:
    """An extremum without a derivative.

    Attributes:
        point: its coordinates.
        value: the function there.
        kind: ``"minimum"`` or ``"maximum"``.
    """

    point: Float[np.ndarray, " n"]
    value: float
    kind: str


def find_corners(
    function: Function,
    seen: Float[np.ndarray, " starts"],
    known: Float[np.ndarray, "points n 2"],
    window: Sequence[tuple[float | int, float | int]],
) -> list[Corner]:
    """Extrema of a grid, in one or two variables, at which the function turns out to have no derivative.

    Each extremum of the grid that is not near a known stationary point is polished without derivatives, and kept
    if the function rises on all sides of it in proportion to the distance.

    Args:
        function: from an array of shape (n,) to a scalar.
        seen: the function on a square grid over the window, the last variable the fastest.
        known: the boxes that stationary points and flat parts fill.
        window: the range of each variable.
    """
    n = len(window)
    side = round(len(seen) ** (1 / n))
    lower, upper = np.array(window, float).T
    step = (upper - lower) / (side - 1)
    height = seen.reshape((side,) * n)
    return [
        corner
        for sign, kind in ((1.0, "minimum"), (-1.0, "maximum"))
        for corner in _of_one_sign(function, sign, kind, lower + step * inner_minima(sign * height), known, step)
    ]


def _of_one_sign(
    function: Function, sign: float, kind: str, starts: np.ndarray, known: np.ndarray, step: np.ndarray
) -> list[Corner]:
    """The corners of one kind among some starts."""
    starts = np.array([s for s in starts if not _near(s, known, step)][:MOST])
    if not len(starts):
        return []
    filled = np.resize(starts, (MOST, len(step)))
    with jax.enable_x64(True):
        points, values = map(np.asarray, _polish(function)(jnp.asarray(filled), jnp.asarray(step), jnp.asarray(sign)))
    points = np.where(np.abs(points) < 1e-10 * step, 0.0, points)[: len(starts)]
    found: list[Corner] = []
    for point, value in zip(points, values, strict=False):
        new = not any(np.all(np.abs(point - other.point) < 1e-4 * step) for other in found)
        if new and not _near(point, known, 0.01 * step) and _is_corner(function, point, step, sign):
            found.append(Corner(point, float(sign * value) + 0.0, kind))
    return found


def inner_minima(heights: np.ndarray) -> np.ndarray:
    """The grid points inside the window that lie no higher than all their neighbors, and below some."""
    inner = tuple(slice(1, -1) for _ in heights.shape)
    center = heights[inner]
    lowest, below_some = np.isfinite(center), np.zeros(center.shape, bool)
    for offset in np.ndindex(*(3,) * heights.ndim):
        neighbor = heights[tuple(slice(o, o + c) for o, c in zip(offset, center.shape, strict=True))]
        lowest &= ~(neighbor < center) & np.isfinite(neighbor)
        below_some |= neighbor > center
    return np.argwhere(lowest & below_some) + 1


def _near(point: np.ndarray, known: np.ndarray, reach: np.ndarray) -> bool:
    """Whether a stationary point, or a flat part, lies within twice a reach."""
    inside = (known[..., 0] - 2 * reach <= point) & (point <= known[..., 1] + 2 * reach)
    return bool(inside.all(1).any())


@functools.lru_cache(maxsize=32)
def _polish(function: Function) -> Callable:
    """Compass search: the best of some directions, turned at each move; half the step where none is better.

    Source: T. Kolda, R. Lewis and V. Torczon, Optimization by direct search, SIAM Review 45, 2003.
    """

    def run(start: Array, step: Array, sign: Array) -> tuple[Array, Array]:
        def move(index: Array, carry: tuple) -> tuple:
            point, value, share = carry
            angles = index * _GOLDEN_ANGLE + jnp.arange(8) * (jnp.pi / 4)
            compass = jnp.stack([jnp.cos(angles), jnp.sin(angles)], -1)
            axes = jnp.concatenate([jnp.eye(point.size), -jnp.eye(point.size)])
            trials = point + share * step * (jnp.concatenate([axes, compass]) if point.size == 2 else axes)
            heights = sign * jax.vmap(function)(trials)
            heights = jnp.where(jnp.isnan(heights), jnp.inf, heights)
            best = jnp.argmin(heights)
            better = heights[best] < value
            share = jnp.where(better, share, 0.5 * share)
            return jnp.where(better, trials[best], point), jnp.minimum(heights[best], value), share

        begin = (start, sign * function(start), jnp.asarray(1.0, start.dtype))
        point, value, _ = jax.lax.fori_loop(0, MOVES, move, begin)
        return point, value

    return jax.jit(jax.vmap(run, in_axes=(0, None, None)))


def _is_corner(function: Function, point: np.ndarray, step: np.ndarray, sign: float) -> bool:
    """Whether the function rises on all sides of a point, on one about as the distance: no square, and no pole."""
    steepness = []
    for share in (1e-3, 1e-5):
        around = np.vstack([point, point + share * np.diag(step), point - share * np.diag(step)])
        height = sign * heights(function, around)
        with np.errstate(invalid="ignore", over="ignore"):  # a pole is no corner, and is refused below
            steepness.append((height[1:] - height[0]) / share)
    far, close = steepness
    finite = bool(np.isfinite(far).all() and np.isfinite(close).all())
    return finite and bool((close > 0).all() and (close < 30 * far).all() and (close > 0.2 * far).any())

"""The stationary points of a function within a window, found by numbers: Newton's method from many starts.

Works on any function that JAX can differentiate, in float64. The method is in `levenberg`; what symbols find is in
`symbolic`.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree
from scipy.stats import qmc

from talweg.sketching.corners import Corner, find_corners, inner_minima
from talweg.sketching.kinds import SINGULAR, around, is_level, second_derivative_test, settled
from talweg.sketching.levenberg import TINY, Derivatives, derivatives, polished
from talweg.sketching.sampling import Function, heights

Window = Sequence[tuple[float | int, float | int]]

STARTS = {1: 1025, 2: 49**2}
MORE_STARTS = 1024
FINE = {1: 8192, 2: 256}
"""Points along each axis of the grid whose extrema are starts besides."""
MOST_EXTREMA = 800
EPSILON = float(np.finfo(np.float64).eps)


@dataclasses.dataclass(frozen=True)
class Stationary:
    """Stationary points found in a window, the lowest first.

    Attributes:
        points: their coordinates.
        values: the function there.
        kinds: ``"minimum"``, ``"maximum"``, ``"saddle"`` or ``"undecided"`` (the test does not tell).
        eigenvalues: those of the Hessian, increasing; NaN at a corner, and where there is none.
        residuals: the length of the gradient that is left; NaN at a corner.
        smooth: false at a corner, where the function has an extremum but no derivative.
        members: how many points this one stands for: 1, or more on a curve of stationary points or a flat part.
        extents: for these, the box that they fill, as (lower, upper) for each variable.
    """

    points: Float[np.ndarray, "points n"]
    values: Float[np.ndarray, " points"]
    kinds: tuple[str, ...]
    eigenvalues: Float[np.ndarray, "points n"]
    residuals: Float[np.ndarray, " points"]
    smooth: Bool[np.ndarray, " points"]
    members: Int[np.ndarray, " points"]
    extents: Float[np.ndarray, "points n 2"]


def starts(window: Window) -> Float[np.ndarray, "starts n"]:
    """Points spread over a window: a grid for one or two variables, Sobol's sequence for more."""
    lower, upper = np.array(window, float).T
    n = len(window)
    if n <= 2:
        side = round(STARTS[n] ** (1 / n))
        axes = [np.linspace(low, high, side) for low, high in window]
        return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, n)
    unit = qmc.Sobol(n, scramble=False).random(MORE_STARTS)
    return lower + unit * (upper - lower)


def _extrema(function: Function, window: Window) -> Float[np.ndarray, "starts n"]:
    """The lowest and the highest of the extrema of a grid finer than that of the starts."""
    n = len(window)
    side = FINE[n]
    axes = [np.linspace(low, high, side) for low, high in window]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    fine = heights(function, grid.reshape(-1, n)).reshape((side,) * n)
    chosen = []
    for sign in (1.0, -1.0):
        found = tuple(inner_minima(sign * fine).T)
        chosen.append(grid[found][np.argsort(sign * fine[found])[:MOST_EXTREMA]])
    return np.vstack(chosen)


def find_stationary(function: Function, window: Window, corners: bool = True) -> Stationary:
    """The stationary points in a window, as far as Newton's method from many starts finds them.

    Points that lie on a curve of stationary points, or in a part where the function is flat, are given as one point
    that stands for them. Tails that only flatten out towards infinity are left out: a point counts where Newton's
    step is short, not only the gradient. Corners (|x| at 0) are found as extrema of the grid that have no
    derivative.

    Args:
        function: from an array of shape (n,) to a scalar, differentiable by JAX; NaN where it is not defined.
        window: the range of each variable.
        corners: whether there may be corners, jumps or poles: then what automatic differentiation says is checked
            by looking around, and in one or two variables corners are looked for too.

    Example:
        >>> found = find_stationary(lambda p: p[0] ** 2 + 4 * p[0], [(-10, 10)])
        >>> found.points.round(6).tolist(), found.kinds
        ([[-2.0]], ('minimum',))
    """
    begin = starts(window)
    seen = heights(function, begin)
    ends = polished(function, np.vstack([begin, _extrema(function, window)]) if len(window) <= 2 else begin)
    lower, upper = np.array(window, float).T
    size = upper - lower
    scale = float(np.abs(seen[np.isfinite(seen)]).max(initial=TINY))
    at = derivatives(function, np.nan_to_num(ends, nan=np.inf))
    keep = np.all((ends >= lower - 1e-9 * size) & (ends <= upper + 1e-9 * size), 1) & _arrived(at, size)
    keep &= ~_in_tail(function, ends, at.value, size, scale)
    if corners:
        keep[keep] = is_level(function, ends[keep], size)
    smooth = _grouped(function, ends[keep], at.only(keep), size, scale, corners)
    smooth = _measured(function, smooth, window) if len(window) == 1 else smooth
    return _with_corners(
        smooth, find_corners(function, seen, smooth.extents, window) if corners and len(window) <= 2 else []
    )


def _arrived(at: Derivatives, size: Float[np.ndarray, " n"]) -> Bool[np.ndarray, " points"]:
    """Where Newton's step is short against the window, in the directions in which the function is curved."""
    finite = np.isfinite(at.value) & np.isfinite(at.gradient).all(1) & np.isfinite(at.hessian).all((1, 2))
    keep = np.zeros(len(at.value), bool)
    eigenvalues, vectors = np.linalg.eigh(at.hessian[finite])
    slopes = np.einsum("pij,pi->pj", vectors, at.gradient[finite])
    largest = np.abs(eigenvalues).max(1, initial=0.0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(slopes == 0, 0.0, np.abs(slopes / eigenvalues))
    singular = np.abs(eigenvalues) <= SINGULAR * largest
    with np.errstate(over="ignore"):  # next to a curvature that is beyond all numbers no slope is steep
        steep = np.abs(slopes) > 1e-9 * (largest * size.max() + TINY)
    short = np.where(singular, ~steep, steps <= 1e-6 * size.max())
    keep[finite] = short.all(1)
    return keep


def _in_tail(
    function: Function,
    points: Float[np.ndarray, "points n"],
    values: Float[np.ndarray, " points"],
    size: Float[np.ndarray, " n"],
    scale: float,
) -> Bool[np.ndarray, " points"]:
    """Where the function changes within a hundredth of the window, but by no more than rounding: a tail."""
    steps = around(len(size), few=True) * size * 0.01
    near = (points[:, None] + steps).reshape(-1, len(size))
    there = heights(function, near).reshape(len(points), -1)
    with np.errstate(invalid="ignore"):
        change = np.abs(there - values[:, None]).max(1)
    return (change > 0) & (change < 1e-12 * scale)


def _grouped(
    function: Function,
    points: Float[np.ndarray, "points n"],
    at: Derivatives,
    size: Float[np.ndarray, " n"],
    scale: float,
    corners: bool,
) -> Stationary:
    """One point for each group of ends; a group that fills a curve or a region stands as one, with its extent."""
    n = len(size)
    if not len(points):
        return _none(n)
    eigenvalues = np.linalg.eigvalsh(at.hessian)
    largest = np.abs(eigenvalues).max(1)
    flat = np.abs(eigenvalues).min(1) <= 1e-5 * np.maximum(largest, 1e-12)
    spacing = 2.5 * STARTS.get(n, MORE_STARTS) ** (-1 / n)
    height = at.value / scale
    places = np.column_stack([points / size, height])
    groups = [*_linked(places[:, :-1], ~flat, 1e-6), *_linked(places, flat, spacing)]
    residuals = np.linalg.norm(at.gradient, axis=1)
    best = [_representative(points[group], residuals[group], group) for group in groups]
    extents = np.array([np.stack([points[g].min(0), points[g].max(0)], -1) for g in groups])
    filled = (extents[..., 1] - extents[..., 0]).max(1) > 0.02 * size.max()
    members = np.where(filled, [len(group) for group in groups], 1)
    kinds = tuple(
        settled(function, points[b], eigenvalues[b], size, not corners) if not fills else "undecided"
        for b, fills in zip(best, filled, strict=True)
    )
    tested = [second_derivative_test(eigenvalues[b]) for b in best]
    believed = np.array([test in ("undecided", kind) for test, kind in zip(tested, kinds, strict=True)]) | filled
    return _sorted(
        Stationary(
            points[best], at.value[best], kinds,
            np.where(believed[:, None], eigenvalues[best], np.nan), residuals[best],
            np.ones(len(best), bool), members, extents,
        )
    )  # fmt: skip


def _measured(function: Function, found: Stationary, window: Window) -> Stationary:
    """Flat parts of a function of one variable with their true ends, by bisection; starts lie only so close."""
    ((low, high),) = window
    extents = found.extents.copy()
    for part in np.flatnonzero(found.members > 1):
        value = found.values[part]

        def is_flat(x: float, value: float = value) -> bool:
            return bool(abs(heights(function, np.array([[x]]))[0] - value) <= 16 * EPSILON * abs(value))

        for side, limit in enumerate((low, high)):
            inside, step = float(extents[part, 0, side]), 2 * (high - low) / STARTS[1]
            outside = max(inside - step, limit) if side == 0 else min(inside + step, limit)
            while abs(outside - inside) > 1e-12 * (high - low) and not is_flat(outside):
                middle = (inside + outside) / 2
                inside, outside = (middle, outside) if is_flat(middle) else (inside, middle)
            extents[part, 0, side] = outside
    return dataclasses.replace(found, extents=extents)


def _representative(points: np.ndarray, residuals: np.ndarray, group: np.ndarray) -> int:
    """Of the points that are as good as the best, the one nearest to the origin."""
    good = np.flatnonzero(residuals <= 2 * residuals.min() + TINY)
    return int(group[good[np.argmin((points[good] ** 2).sum(1))]])


def _linked(points: np.ndarray, chosen: np.ndarray, distance: float) -> list[np.ndarray]:
    """The chosen points in groups: whoever is nearer than a distance to one of a group belongs to it."""
    indices = np.flatnonzero(chosen)
    if not len(indices):
        return []
    tree = cKDTree(points[indices])
    labels = np.full(len(indices), -1)
    for seed in range(len(indices)):
        if labels[seed] >= 0:
            continue
        frontier = [seed]
        labels[seed] = seed
        while frontier:
            for near in tree.query_ball_point(points[indices[frontier.pop()]], distance):
                if labels[near] < 0:
                    labels[near] = seed
                    frontier.append(near)
    return [indices[labels == label] for label in np.unique(labels)]


def _none(n: int) -> Stationary:
    empty = np.zeros(0)
    flags = np.zeros(0, bool)
    return Stationary(
        np.zeros((0, n)), empty, (), np.zeros((0, n)), empty, flags, flags.astype(int), np.zeros((0, n, 2))
    )


def _sorted(found: Stationary) -> Stationary:
    order = np.lexsort((*found.points.T[::-1], found.values.round(9)))
    arrays = {
        field.name: getattr(found, field.name)[order] for field in dataclasses.fields(found) if field.name != "kinds"
    }
    return Stationary(**arrays, kinds=tuple(found.kinds[i] for i in order))


def _with_corners(smooth: Stationary, corners: list[Corner]) -> Stationary:
    """The smooth stationary points, and the extrema of the grid where the function has no derivative."""
    if not corners:
        return smooth
    count, n = len(corners), smooth.points.shape[1]
    points = np.array([corner.point for corner in corners])
    blank = np.full((count, n), np.nan)
    return _sorted(
        Stationary(
            np.vstack([smooth.points, points]),
            np.append(smooth.values, [corner.value for corner in corners]),
            (*smooth.kinds, *(corner.kind for corner in corners)),
            np.vstack([smooth.eigenvalues, blank]),
            np.append(smooth.residuals, blank[:, 0]),
            np.append(smooth.smooth, np.zeros(count, bool)),
            np.append(smooth.members, np.ones(count, int)),
            np.concatenate([smooth.extents, np.repeat(points[..., None], 2, -1)]),
        )
    )

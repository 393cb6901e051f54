"""Where a descent arrived: each end polished to the stationary point it stands at, and the points told apart.

The stationary points of a whole window are looked for in `stationary`; here only those that somebody reached.
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.sketching.kinds import second_derivative_test
from talweg.sketching.levenberg import derivatives, polished
from talweg.sketching.sampling import Function

NEAR = 0.02
"""How far, as a share of the window, polishing may move an end that is still called arrived."""
SAME = 1e-4
"""Polished ends nearer than this share of the window are one place."""


@dataclasses.dataclass(frozen=True)
class Arrivals:
    """The places where descents ended, the lowest first.

    Attributes:
        points: their coordinates, polished by Newton's method.
        values: the function there.
        kinds: ``"minimum"``, ``"maximum"``, ``"saddle"`` or ``"undecided"`` by the second-derivative test.
        place: for each end the place it stands at; -1 where it stands at none.
    """

    points: Float[np.ndarray, "places n"]
    values: Float[np.ndarray, " places"]
    kinds: tuple[str, ...]
    place: Int[np.ndarray, " ends"]


def arrivals(function: Function, ends: Float[np.ndarray, "ends n"], size: Float[np.ndarray, " n"]) -> Arrivals:
    """The stationary points that ends stand at.

    Args:
        function: what was descended.
        ends: where descents ended.
        size: the window's extent along each variable, the yardstick of near and far.

    Example:
        >>> tilted = lambda p: (p[0] ** 2 - 1) ** 2 + p[0] / 10
        >>> found = arrivals(tilted, np.array([[1.001], [-0.999], [9.0]]), np.array([4.0]))
        >>> found.kinds, found.place.tolist()
        (('minimum', 'minimum'), [1, 0, -1])
    """
    finite = np.isfinite(ends).all(1)
    points = np.where(finite[:, None], ends, 0.0)
    points = polished(function, points)
    at = derivatives(function, points)
    moved = np.abs(points - ends) / size
    level = np.linalg.norm(at.gradient * size, axis=1) <= 1e-6 * (1e-300 + _rise(at.hessian, size))
    arrived = finite & level & np.isfinite(at.value) & (moved.max(1) <= NEAR)
    place, firsts = _told_apart(points / size, arrived)
    order = np.argsort(at.value[firsts], kind="stable")
    rank = np.append(np.argsort(order), -1)
    kinds = tuple(second_derivative_test(np.linalg.eigvalsh(at.hessian[first])) for first in firsts[order])
    return Arrivals(points[firsts[order]], at.value[firsts[order]], kinds, rank[place])


def _rise(hessian: Float[np.ndarray, "points n n"], size: Float[np.ndarray, " n"]) -> Float[np.ndarray, " points"]:
    """How much the function's curvature changes it over the window."""
    return np.abs(hessian * size[:, None] * size[None, :]).max((1, 2))


def _told_apart(
    points: Float[np.ndarray, "ends n"], arrived: Bool[np.ndarray, " ends"]
) -> tuple[Int[np.ndarray, " ends"], Int[np.ndarray, " places"]]:
    """For each arrived end the number of its place, and the first end of each place."""
    place = np.full(len(points), -1)
    firsts: list[int] = []
    for end in np.flatnonzero(arrived).tolist():
        near = [np.abs(points[end] - points[first]).max() <= SAME for first in firsts]
        if True not in near:
            firsts.append(end)
        place[end] = near.index(True) if True in near else len(firsts) - 1
    return place, np.array(firsts, np.int64)

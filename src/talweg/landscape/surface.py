"""The loss, or a metric, on a grid over a plane, filled from coarse to fine. How true it is, is told in `fidelity`.

The grid is filled in blocks of points, one compiled call each: memory stays the same whatever the grid, progress can
be shown, and a surface that was interrupted goes on where it stopped.
"""

import dataclasses
from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Float, Int
from scipy.interpolate import RegularGridInterpolator

from talweg.landscape import vectors
from talweg.landscape.combination import LOSS, Height, sums_at_combinations
from talweg.landscape.plane import Plane
from talweg.landscape.shares import Shares
from talweg.objective.base import EMPTY, Batch, Objective

WORK = 5e11
"""Floating point operations of one compiled call: some seconds of a small machine, if a network is that large."""
LEAST, MOST = 16, 512
"""Points of one call. What all points of a call share is computed once for each: few and large ones are fast."""


def block_of(plane: Plane, chunks: Batch | Shares = EMPTY, points: int = MOST) -> int:
    """How many points go into one call: a power of two, so that many maps share one compilation.

    Args:
        plane: whose params say what a row costs.
        chunks: the rows.
        points: how many there are in all.

    Example:
        >>> from talweg.landscape.directions import coordinate_plane
        >>> block_of(coordinate_plane(np.zeros(2)), points=100)
        128
    """
    affordable = int(WORK / (2 * vectors.size_of(plane.origin) * Shares.of(chunks).rows))
    largest = 1 << max(affordable, 1).bit_length() - 1
    return max(LEAST, min(largest, MOST, 1 << max(points - 1, 0).bit_length()))


@dataclasses.dataclass(frozen=True, eq=False)
class Surface:
    """Heights on a grid over a plane.

    Attributes:
        x: grid coordinates along the plane's first direction, increasing.
        y: grid coordinates along its second direction, increasing.
        height: the heights; NaN where none is known yet, or the objective is not defined.
    """

    x: Float[np.ndarray, " width"]
    y: Float[np.ndarray, " depth"]
    height: Float[np.ndarray, "depth width"]

    def at(self, coordinates: Float[np.ndarray, "*points 2"]) -> Float[np.ndarray, "*points"]:
        """What a map drawn from the surface shows at coordinates: bilinear between the grid's points, NaN outside."""
        drawn = RegularGridInterpolator((self.y, self.x), self.height, bounds_error=False, fill_value=np.nan)
        known = np.isfinite(coordinates).all(-1)
        inside = np.where(known[..., None], coordinates, 0.0)
        return np.where(known, drawn(inside[..., ::-1]), np.nan)


def _strides(shape: tuple[int, ...]) -> list[int]:
    """1, 2, 4 and so on, as long as five points are left along the shorter axis."""
    strides = [1]
    while (min(shape) - 1) // (2 * strides[-1]) >= 4:
        strides.append(2 * strides[-1])
    return strides


def coarse_to_fine(shape: tuple[int, int]) -> Int[np.ndarray, " points"]:
    """The flat indices of a grid in the order in which it is filled: each coarser grid before the next finer one.

    Example:
        >>> coarse_to_fine((9, 9))[:25].reshape(5, 5)[1].tolist()
        [18, 20, 22, 24, 26]
    """
    level = np.zeros(shape, int)
    for number, stride in enumerate(_strides(shape)):
        level[::stride, ::stride] = -number
    return np.argsort(level.ravel(), kind="stable")


def fill(
    objective: Objective,
    plane: Plane,
    x: Float[np.ndarray, " width"],
    y: Float[np.ndarray, " depth"],
    chunks: Batch | Shares = EMPTY,
    height: Height = LOSS,
    start: Float[np.ndarray, "depth width"] | None = None,
    block: int | None = None,
) -> Iterator[Surface]:
    """Fills a surface block by block; what is given after the last block is the whole.

    The objective is taken as in evaluation, without dropout, and is exact over all rows. A point of the grid is the
    same number in whatever order and blocks it was computed.

    Args:
        objective: what is evaluated.
        plane: where.
        x: grid coordinates along the plane's first direction.
        y: along its second.
        chunks: the rows in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0. `EMPTY` for an
            objective without rows.
        height: the loss or a metric.
        start: heights that are known already, NaN elsewhere: those are computed. Points where the objective is not
            defined are NaN too, and are tried again.
        block: points of one call; chosen by `block_of` if absent.

    Yields:
        The surface so far, after each block; once if nothing is left to compute.
    """
    rows = Shares.of(chunks)
    block = block_of(plane, rows, len(x) * len(y)) if block is None else block
    heights = np.full((len(y), len(x)), np.nan) if start is None else np.array(start, np.float64)
    order = coarse_to_fine((len(y), len(x)))
    left = order[np.isnan(heights).ravel()[order]]
    # Once on the device, or each block would copy the rows anew.
    basis = jax.device_put(_in_type(plane))
    if not len(left):
        yield Surface(x, y, heights)
    for begin in range(0, len(left), block):
        points = left[begin : begin + block]
        row, column = np.divmod(points, len(x))
        places = np.stack([x[column], y[row]], axis=1)
        heights.ravel()[points] = _on_basis(objective, basis, places, rows, height, block)
        yield Surface(x, y, heights.copy())


def heights_on(
    objective: Objective,
    plane: Plane,
    coordinates: Float[np.ndarray, "points 2"],
    chunks: Batch | Shares = EMPTY,
    height: Height = LOSS,
    block: int | None = None,
) -> Float[np.ndarray, " points"]:
    """The true heights at any places of a plane, by the compiled program that fills surfaces.

    Args:
        objective: what is evaluated.
        plane: where.
        coordinates: of the places.
        chunks: as for `fill`.
        height: the loss or a metric.
        block: points of one call; chosen by `block_of` if absent.
    """
    rows = Shares.of(chunks)
    block = block_of(plane, rows, len(coordinates)) if block is None else block
    basis = jax.device_put(_in_type(plane))
    parts = [coordinates[start : start + block] for start in range(0, len(coordinates), block)]
    found = [_on_basis(objective, basis, part, rows, height, block) for part in parts]
    return np.concatenate([np.empty(0), *found])


def _on_basis(
    objective: Objective,
    basis: object,
    places: Float[np.ndarray, "points 2"],
    rows: Shares,
    height: Height,
    block: int,
) -> Float[np.ndarray, " points"]:
    """Heights at a block of places or fewer; the block is filled up, so that all share one compilation."""
    filled = places[np.minimum(np.arange(block), len(places) - 1)]
    coefficients = np.column_stack([np.ones(block), filled])
    sums = sums_at_combinations(objective, basis, coefficients, rows, height.is_loss)
    return np.asarray(height.from_sums(sums), np.float64)[: len(places)]


def _in_type(plane: Plane) -> object:
    """Origin and directions in the origin's floating type."""
    return jax.tree.map(lambda leaf, one: np.asarray(leaf, one.dtype), plane.basis(), plane.origin)


def surface(
    objective: Objective,
    plane: Plane,
    x: Float[np.ndarray, " width"],
    y: Float[np.ndarray, " depth"],
    chunks: Batch | Shares = EMPTY,
    height: Height = LOSS,
    block: int | None = None,
) -> Surface:
    """The whole surface at once; see `fill`, which gives it step by step.

    Example:
        >>> from talweg.landscape.directions import coordinate_plane
        >>> class Bowl(Objective):
        ...     def init(self, key):
        ...         return np.zeros(2, np.float32)
        ...
        ...     def loss(self, params, batch, key):
        ...         return (params**2).sum(), {}
        ...
        ...     def metrics(self, params, batch):
        ...         return {"loss": (params**2).sum(), "weight": jax.numpy.ones(())}
        >>> plane = coordinate_plane(np.zeros(2, np.float32))
        >>> surface(Bowl(), plane, np.array([-1.0, 2.0]), np.array([0.0, 3.0])).height.tolist()
        [[1.0, 4.0], [10.0, 13.0]]
    """
    *_, whole = fill(objective, plane, x, y, chunks, height, block=block)
    return whole

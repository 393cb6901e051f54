"""A curve of low loss between two members, round the ridge that lies on the straight line. The line is `barrier`'s."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float
from scipy.optimize import minimize

from talweg.landscape import vectors
from talweg.landscape.barrier import STEPS, barrier
from talweg.landscape.combination import LOSS, Height, sums_at_combinations
from talweg.landscape.vectors import HostParams
from talweg.objective.base import EMPTY, Batch, Objective, loss_and_weight

NODES = 8
"""Places of the curve at which its loss is taken while it is bent (Gauss-Legendre, exact to degree 15)."""


def bezier(along: Float[np.ndarray, " steps"]) -> Float[np.ndarray, "steps 3"]:
    """The coefficients of one end, the bend and the other end: (1 − t)², 2t(1 − t), t²."""
    return np.stack([(1 - along) ** 2, 2 * along * (1 - along), along**2], axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class Curve:
    """A quadratic Bézier curve between two members.

    Attributes:
        terms: a stack of three: one end, the bend, the other end.
        along: the places t, from 0 to 1.
        heights: the loss, or what was asked for, there.
        straight: the same along the straight line.
        iterations: how many times the bend was moved.
    """

    terms: HostParams
    along: Float[np.ndarray, " steps"]
    heights: Float[np.ndarray, " steps"]
    straight: Float[np.ndarray, " steps"]
    iterations: int

    @property
    def barrier(self) -> float:
        """How far the curve rises above the straight line between the heights of its ends; see `barrier.barrier`."""
        return float(barrier(self.along, self.heights))

    @property
    def straight_barrier(self) -> float:
        """The same along the straight line."""
        return float(barrier(self.along, self.straight))

    def sentence(self, one: str, other: str) -> str:
        """The curve in words, with the names of its ends."""
        return (
            f"straight from {one} to {other} lies a pass of {self.straight_barrier:.2g}; "
            f"a curved path crosses at {self.barrier:.2g}"
        )


@jax.jit
def _mean_loss_and_gradient(
    objective: Objective,
    ends: HostParams,
    bend: Float[Array, " n"],
    coefficients: Float[Array, "nodes 3"],
    weights: Float[Array, " nodes"],
    chunks: Batch,
) -> tuple[Array, Array]:
    """The mean loss along a curve by quadrature, and its gradient by the bend."""
    one, unravel = ravel_pytree(jax.tree.map(lambda leaf: leaf[0], ends))
    other = ravel_pytree(jax.tree.map(lambda leaf: leaf[1], ends))[0]

    def of_rows(node: Array, weight: Array, rows: Batch) -> tuple[Array, Array, Array]:
        def loss(bend: Array) -> tuple[Array, Array]:
            return loss_and_weight(objective, unravel(node[0] * one + node[1] * bend + node[2] * other), rows)

        (total, count), gradient = jax.value_and_grad(loss, has_aux=True)(bend)
        return weight * total, weight * gradient, weight * count

    def at_node(carry: tuple, place: tuple[Array, Array]) -> tuple[tuple, None]:
        def add(carry: tuple, rows: Batch) -> tuple[tuple, None]:
            return jax.tree.map(jnp.add, carry, of_rows(*place, rows)), None

        return (lax.scan(add, carry, chunks)[0] if jax.tree.leaves(chunks) else add(carry, chunks)[0]), None

    zero = jnp.zeros((), bend.dtype)
    start = (zero, jnp.zeros_like(bend), zero)
    (total, gradient, count), _ = lax.scan(at_node, start, (coefficients, weights))
    return total / count, gradient / count


def bend(
    objective: Objective,
    ends: HostParams,
    chunks: Batch = EMPTY,
    height: Height = LOSS,
    max_iterations: int = 30,
    steps: int = STEPS,
    seed: int = 0,
) -> Curve:
    """Bends a curve between two members so that the mean loss along it is low.

    Garipov et al., Loss Surfaces, Mode Connectivity, and Fast Ensembling of DNNs, 2018: a quadratic Bézier curve whose
    middle point is moved downhill. They take random places and batches; here the mean along the curve is a quadrature
    and the loss is that of all rows, so that L-BFGS (SciPy's) can go down and the result is the same each time.

    Args:
        objective: whose loss, as in evaluation, without dropout.
        ends: a stack of two.
        chunks: the rows in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0. `EMPTY` for an
            objective without rows.
        height: what the curve's heights tell; the loss is what is lowered in any case.
        max_iterations: how many times the bend is moved at most.
        steps: points of the curve at which its height is told.
        seed: of the small push that takes the bend off the straight line, where a ridge could be balanced on.
    """
    members = jax.tree.map(np.asarray, ends)
    flat = [np.asarray(ravel_pytree(vectors.at(members, number))[0]) for number in range(2)]
    unravel = ravel_pytree(vectors.at(members, 0))[1]
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    place, rows = jax.device_put((members, chunks))
    fixed = (bezier((nodes + 1) / 2).astype(flat[0].dtype), (weights / 2).astype(flat[0].dtype), rows)

    def function(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _mean_loss_and_gradient(objective, place, point.astype(flat[0].dtype), *fixed)
        return float(value), np.asarray(gradient, np.float64)

    apart = np.linalg.norm(flat[1] - flat[0])
    push = np.random.default_rng(seed).standard_normal(len(flat[0]))
    start = (flat[0] + flat[1]) / 2 + 1e-3 * apart * push / np.linalg.norm(push)
    found = minimize(function, start, jac=True, method="L-BFGS-B", options={"maxiter": max_iterations})
    middle = jax.device_get(unravel(found.x.astype(flat[0].dtype)))
    terms = vectors.stack([vectors.at(members, 0), middle, vectors.at(members, 1)])
    along = np.linspace(0.0, 1.0, steps)
    line = np.stack([1 - along, np.zeros(steps), along], axis=1)
    curved, straight = (
        np.asarray(height.from_sums(sums_at_combinations(objective, terms, coefficients, rows, height.is_loss)))
        for coefficients in (bezier(along), line)
    )
    return Curve(terms, along, curved, straight, int(found.nit))

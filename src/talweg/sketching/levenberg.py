"""Levenberg's method on ∇f = 0: from many points, each to the stationary point that it finds; ∇f and Hessian too.

Which of the places it comes to are stationary points is decided in `stationary`.
"""

import dataclasses
import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from talweg.sketching.sampling import Function, in_chunks

SWEEPS = 120
TINY = float(np.finfo(np.float64).tiny)


@dataclasses.dataclass(frozen=True)
class Derivatives:
    """A function, its gradient and its Hessian at some points, in float64."""

    value: Float[np.ndarray, " points"]
    gradient: Float[np.ndarray, "points n"]
    hessian: Float[np.ndarray, "points n n"]

    def only(self, chosen: Bool[np.ndarray, " points"]) -> "Derivatives":
        """Those at the chosen points."""
        return Derivatives(self.value[chosen], self.gradient[chosen], self.hessian[chosen])


def derivatives(function: Function, points: Float[np.ndarray, "points n"]) -> Derivatives:
    """The value, gradient and Hessian at each of some points, in float64, whatever JAX's own setting.

    Example:
        >>> derivatives(lambda p: p[0] ** 3, np.array([[2.0]])).hessian.item()
        12.0
    """
    return Derivatives(*in_chunks(_derivatives(function), points))


@functools.lru_cache(maxsize=32)
def _derivatives(function: Function) -> Callable:
    return jax.jit(jax.vmap(lambda p: (function(p), jax.grad(function)(p), jax.hessian(function)(p))))


def polished(function: Function, points: Float[np.ndarray, "points n"]) -> Float[np.ndarray, "points n"]:
    """Each point moved to the stationary point that Levenberg's method finds from it, as far as it comes."""
    return in_chunks(_descend(function), points)


@functools.lru_cache(maxsize=32)
def _descend(function: Function) -> Callable:
    """Levenberg's method on ∇f = 0 from one start: Newton's step, damped so that ∇f gets shorter."""
    gradient, hessian = jax.grad(function), jax.hessian(function)

    def sweep(_: Int[Array, ""], carry: tuple) -> tuple:
        point, slope, damping = carry
        H = hessian(point)
        normal = H @ H
        scale = jnp.trace(normal) / point.size + TINY
        trial = point - _solve(normal + damping * scale * jnp.eye(point.size), H @ slope)
        there = gradient(trial)
        better = jnp.sum(there**2) < jnp.sum(slope**2)
        point, slope = jnp.where(better, trial, point), jnp.where(better, there, slope)
        return point, slope, jnp.clip(jnp.where(better, damping * 0.1, damping * 4), 1e-18, 1e8)

    def run(start: Float[Array, " n"]) -> Float[Array, " n"]:
        return jax.lax.fori_loop(0, SWEEPS, sweep, (start, gradient(start), jnp.asarray(1e-3)))[0]

    return jax.jit(jax.vmap(run))


def _solve(A: Float[Array, "n n"], b: Float[Array, " n"]) -> Float[Array, " n"]:
    """The solution of A x = b; in one and two variables by Cramer's rule, which compiles in a third of the time."""
    if b.size == 1:
        return b / A[0]
    if b.size == 2:
        adjugate = jnp.array([[A[1, 1], -A[0, 1]], [-A[1, 0], A[0, 0]]])
        return adjugate @ b / (A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0])
    return jnp.linalg.solve(A, b)

"""Newton's direction for objectives of few params, in the form that does not run uphill at saddles."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import PyTree


def scale_by_newton(damping: Any) -> optax.GradientTransformationExtraArgs:
    """Divides the gradient by the Hessian with the absolute values of its eigenvalues.

    Where the Hessian is positive definite this is Newton's own step; elsewhere the plain one would climb to a saddle
    or a maximum, this one goes down (saddle-free Newton, Dauphin et al. 2014, arXiv:1406.2572).

    Args:
        damping: the least curvature that is divided by, as a share of the largest.
    """

    def init(params: PyTree) -> optax.EmptyState:
        return optax.EmptyState()

    def update(
        updates: PyTree, state: optax.EmptyState, params: PyTree = None, **looks: Any
    ) -> tuple[PyTree, optax.EmptyState]:
        place, unravel = ravel_pytree(params)
        slope, _ = ravel_pytree(updates)
        hessian = jax.hessian(lambda flat: looks["value_fn"](unravel(flat)))(place)
        curvature, directions = jnp.linalg.eigh(hessian)
        least = damping * jnp.maximum(jnp.abs(curvature).max(), np.finfo(place.dtype).tiny)
        step = directions @ ((directions.T @ slope) / jnp.maximum(jnp.abs(curvature), least))
        return unravel(step), state

    return optax.GradientTransformationExtraArgs(init, update)

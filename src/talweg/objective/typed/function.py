"""A function of a few variables as an objective: a hiker's place is a point, the batch is empty, a step is an epoch."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.objective.base import Batch, Objective, Params, Sums


class Function(Objective):
    """A function that is descended from given starts.

    Attributes:
        value: gives the height at a point of shape `(n,)`; an `Expression`, or any callable that JAX can trace.
        start: where the descent begins, of shape `(n,)`; in a crowd one start a member.
        noise: standard deviation of what is added to each partial derivative, as a random batch would add it;
            `None` for none.
    """

    value: Callable[[Any], Any] = eqx.field(static=True)
    start: Float[Array | np.ndarray, "*members n"]
    noise: Float[Array | np.ndarray, "*members"] | None = None

    def init(self, key: PRNGKeyArray) -> Params:
        """The given start; nothing is drawn."""
        return jnp.asarray(self.start)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The height, tilted at random so that its gradient is the true one plus noise; the sums hold the true one."""
        height = self.value(params)
        if self.noise is None:
            return height, self._sums(height)
        tilt = jax.random.normal(key, params.shape, params.dtype)
        here = jax.lax.stop_gradient(params)
        return height + self.noise * jnp.dot(tilt, params - here), self._sums(height)

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The true height."""
        return self._sums(self.value(params))

    def _sums(self, height: Float[Array, ""]) -> Sums:
        return {"loss": height, "weight": jnp.ones_like(height)}

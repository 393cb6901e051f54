"""A moving average of the params, which is evaluated and kept in place of the last step's. It changes no step."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, PyTree


class Average(eqx.Module):
    """What is remembered from step to step.

    Attributes:
        mean: the weighted sum of the params after each step; the weights fall by `decay` with each step back.
        weight: what the weights add up to.
    """

    mean: PyTree
    weight: Array

    def params(self, last: PyTree) -> PyTree:
        """The average; before the first step the params themselves."""
        begun = self.weight > 0

        def mean(total: Array, now: Array) -> Array:
            return jnp.where(begun, total / jnp.where(begun, self.weight, 1), now).astype(now.dtype)

        return jax.tree.map(mean, self.mean, last)


def average(decay: Any) -> optax.GradientTransformationExtraArgs:
    """Keeps an exponential moving average of the params (Polyak & Juditsky 1992), corrected for its start.

    Args:
        decay: the weight of the average so far against the params after a step.
    """

    def init(params: PyTree) -> Average:
        return Average(optax.tree.zeros_like(params), jnp.zeros((), optax.tree.dtype(params, "lowest")))

    def update(updates: PyTree, state: Average, params: PyTree = None, **looks: Any) -> tuple[PyTree, Average]:
        after = optax.apply_updates(params, updates)
        mean = jax.tree.map(lambda old, new: (decay * old + (1 - decay) * new).astype(old.dtype), state.mean, after)
        return updates, Average(mean, (decay * state.weight + (1 - decay)).astype(state.weight.dtype))

    return optax.GradientTransformationExtraArgs(init, update)


def averaged(state: PyTree, last: PyTree) -> PyTree:
    """The average in an optimizer's state, wherever in it that is."""
    return find(state, Average).params(last)


def find(state: PyTree, kind: type) -> Any:
    """The one part of an optimizer's state that is of a kind."""
    parts = jax.tree.leaves(state, is_leaf=lambda part: isinstance(part, kind))
    return next(part for part in parts if isinstance(part, kind))

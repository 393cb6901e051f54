"""Shorter steps where a member's training loss stands still. Schedules that are known beforehand are in `schedule`."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PyTree


class Plateau(eqx.Module):
    """What is remembered from step to step.

    Attributes:
        best: the lowest mean loss of an epoch so far.
        waited: how many epochs since.
        scale: what the updates are multiplied with.
        total: the losses of the epoch that is running, added up.
        seen: how many they are.
    """

    best: Float[Array, "*members"]
    waited: Array
    scale: Float[Array, "*members"]
    total: Float[Array, "*members"]
    seen: Array


def scale_on_plateau(s: Mapping[str, Any]) -> optax.GradientTransformationExtraArgs:
    """Multiplies the updates with a scale that falls when the mean loss of an epoch stands still.

    As Optax's `contrib.reduce_on_plateau` (and PyTorch's scheduler before it), whose factor and tolerance must be
    Python's numbers; here they may differ from member to member.

    Args:
        s: `factor`, what the scale is multiplied with; `patience`, after so many epochs without a loss that is lower
            by the share `tolerance`; `end`, the least scale; `epoch`, how many steps an epoch has.
    """

    def init(params: PyTree) -> Plateau:
        dtype = optax.tree.dtype(params, "lowest")
        zero, none = jnp.zeros((), dtype), jnp.zeros((), jnp.int32)
        return Plateau(zero + jnp.inf, none, zero + 1, zero, none)

    def update(updates: PyTree, state: Plateau, params: PyTree = None, **looks: Any) -> tuple[PyTree, Plateau]:
        total, seen = state.total + looks["value"].astype(state.total.dtype), state.seen + 1
        over, mean = seen >= s["epoch"], total / seen
        better = mean < (1 - s["tolerance"]) * state.best
        waited = jnp.where(better, 0, state.waited + 1)
        drop = over & (waited >= s["patience"])
        after = Plateau(
            best=jnp.where(over & better, mean, state.best),
            waited=jnp.where(over, jnp.where(drop, 0, waited), state.waited),
            scale=jnp.where(drop, jnp.maximum(state.scale * s["factor"], s["end"]), state.scale),
            total=jnp.where(over, 0, total),
            seen=jnp.where(over, 0, seen),
        )
        return jax.tree.map(lambda step: step * after.scale.astype(step.dtype), updates), after

    return optax.GradientTransformationExtraArgs(init, update)

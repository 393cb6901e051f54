"""Activations: functions of each number by itself. Layers with params are elsewhere."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from talweg.objective.layers.base import Layer, LayerParams, Shape, look_up

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
}
"""Activations by name."""


class Activation(Layer):
    """An activation, applied to each number by itself.

    Attributes:
        name: a key of `ACTIVATIONS`.
    """

    name: str = eqx.field(static=True)

    @property
    def kind(self) -> str:
        return self.name

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return look_up("activation", self.name, ACTIVATIONS)(x)


relu, leaky_relu, elu, gelu, silu, softplus, tanh, sigmoid = map(Activation, ACTIVATIONS)

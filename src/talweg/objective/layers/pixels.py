"""What stands between pixels and the first layer that learns."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from talweg.objective.layers.base import Layer, LayerParams, Shape


class Standardize(Layer):
    """Pixels less their mean, in units of their standard deviation; both are known before training.

    A layer rather than a preparation, so that pixels stay bytes in memory and on the device until a step needs them.

    Attributes:
        center: the mean of each channel.
        scale: the standard deviation of each channel.
    """

    kind: ClassVar[str] = "standardize"

    center: tuple[float, ...] = eqx.field(static=True)
    scale: tuple[float, ...] = eqx.field(static=True)

    def output_shape(self, shape: Shape) -> Shape:
        if shape[-1] != len(self.center):
            raise self.refuse(shape, f"it knows {len(self.center)} channels")
        return shape

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return (x.astype(jnp.float32) - jnp.array(self.center)) / jnp.array(self.scale)

"""The fully connected layer."""

import math
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.objective.layers.base import Layer, LayerParams, Shape, look_up
from talweg.objective.layers.initializers import INITIALIZERS


class Dense(Layer):
    """A fully connected layer: x @ weights + biases, along the last axis.

    Attributes:
        units: how many outputs.
        initializer: how the weights are drawn; biases start at 0.
    """

    kind: ClassVar[str] = "dense"
    arguments: ClassVar = {"units": "whole", "initializer": "initializer"}
    positional: ClassVar[int] = 1

    units: int = eqx.field(static=True)
    initializer: str = eqx.field(static=True, default="glorot_uniform")

    def output_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise self.refuse(shape, "it has no axis of features")
        return (*shape[:-1], self.units)

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        draw = look_up("initializer", self.initializer, INITIALIZERS)
        return {
            "weights": draw(key, (shape[-1], self.units), jnp.float32),
            "biases": jnp.zeros(self.units, jnp.float32),
        }

    def apply(
        self, params: LayerParams, x: Float[Array, "rows *places features"], key: PRNGKeyArray | None
    ) -> Float[Array, "rows *places units"]:
        return x @ params["weights"] + params["biases"]

    def multiply_adds(self, shape: Shape) -> int:
        return math.prod(shape) * self.units

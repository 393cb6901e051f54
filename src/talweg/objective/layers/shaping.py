"""Layers that only arrange what a row holds."""

import math
from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, PRNGKeyArray

from talweg.objective.layers.base import Layer, LayerParams, Shape, size, written


class Flatten(Layer):
    """All numbers of a row one after the other: `8x8x16` becomes `1024`."""

    kind: ClassVar[str] = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return x.reshape(len(x), -1)


class Reshape(Layer):
    """The numbers of a row in another shape: the 64 columns of a table as a picture of `8x8x1`.

    Attributes:
        shape: of a row.
    """

    kind: ClassVar[str] = "reshape"
    arguments: ClassVar = {"shape": "size"}
    positional: ClassVar[int] = 1

    shape: Sequence[int] = eqx.field(static=True, converter=size)

    def output_shape(self, shape: Shape) -> Shape:
        if math.prod(shape) != math.prod(self.shape):
            raise self.refuse(shape, f"{math.prod(shape)} numbers are not {written(self.shape)}")
        return tuple(self.shape)

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return x.reshape(len(x), *self.shape)

"""Normalizations: numbers brought to mean 0 and variance 1, then scaled and shifted by params.

Only the batch's own statistics make a row depend on the others. `BatchNorm` keeps running means and variances under
the name `STATISTICS` in its params: training settles them, evaluation uses them, no gradient reaches them. So they
are each member's own, kept with its best params, resumed with them, and a map of the loss is a function of params.
"""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers.base import STATISTICS, Layer, LayerParams, Shape

EPSILON = 1e-5
"""Added to a variance, so that constant numbers are not divided by 0."""

Rows = Float[Array, "rows ... _"]


def _scale_and_shift(channels: int) -> LayerParams:
    return {"scale": jnp.ones(channels, jnp.float32), "shift": jnp.zeros(channels, jnp.float32)}


def _normalized(x: Array, mean: Any, variance: Any, params: LayerParams) -> Array:
    """One product and one sum a number: the four vectors are made two first."""
    factor = lax.rsqrt(variance + EPSILON) * params["scale"]
    return x * factor + (params["shift"] - mean * factor)


class BatchNorm(Layer):
    """Each channel over all rows and places of the batch (Ioffe & Szegedy 2015).

    Rows that only fill a batch up do not count. In evaluation the running statistics stand for the batch's.

    Attributes:
        momentum: what part of the running statistics stays at each step.
    """

    kind: ClassVar[str] = "batchnorm"
    by_row: ClassVar[bool] = False
    arguments: ClassVar = {"momentum": "share"}

    momentum: float = eqx.field(static=True, default=0.9)

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        statistics = {"mean": jnp.zeros(shape[-1], jnp.float32), "variance": jnp.ones(shape[-1], jnp.float32)}
        return {**_scale_and_shift(shape[-1]), STATISTICS: statistics}

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        """By the running statistics, also where a key is there: only `apply_and_settle` looks at the batch."""
        return _normalized(x, params[STATISTICS]["mean"], params[STATISTICS]["variance"], params)

    def apply_and_settle(
        self, params: LayerParams, x: Rows, key: PRNGKeyArray | None, weight: Float[Array, " rows"]
    ) -> tuple[Rows, LayerParams]:
        mean, variance, count = self._measured(x, weight)
        running = lax.stop_gradient(params[STATISTICS])
        # The variance of all rows is what evaluation needs: n − 1 in place of n.
        unbiased = variance * count / jnp.maximum(count - 1, 1)
        settled = {
            name: self.momentum * running[name] + (1 - self.momentum) * lax.stop_gradient(now)
            for name, now in (("mean", mean), ("variance", unbiased))
        }
        return _normalized(x, mean, variance, params), {STATISTICS: settled}

    def _measured(self, x: Rows, weight: Float[Array, " rows"]) -> tuple[Array, Array, Array]:
        """Mean and variance of each channel over the rows that count, and how many numbers these are."""
        counts = (weight > 0).astype(x.dtype)
        axes = tuple(range(x.ndim - 1))
        each = counts.reshape(-1, *(1,) * (x.ndim - 1))
        numbers = jnp.maximum(counts.sum(), 1) * (x[0].size // x.shape[-1])
        mean = (x * each).sum(axes) / numbers
        return mean, ((x - mean) ** 2 * each).sum(axes) / numbers, numbers


class LayerNorm(Layer):
    """Each place over its channels, or each row over its features (Ba et al. 2016)."""

    kind: ClassVar[str] = "layernorm"

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return _scale_and_shift(shape[-1])

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(variance + EPSILON) * params["scale"] + params["shift"]


class RMSNorm(Layer):
    """Each place by the root mean square of its channels; nothing is subtracted (Zhang & Sennrich 2019)."""

    kind: ClassVar[str] = "rmsnorm"

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return {"scale": jnp.ones(shape[-1], jnp.float32)}

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        return x * lax.rsqrt((x**2).mean(-1, keepdims=True) + EPSILON) * params["scale"]


class GroupNorm(Layer):
    """Each row by itself, over all places and the channels of a group (Wu & He 2018).

    Attributes:
        groups: into how many the channels are cut; 1 for all together.
    """

    kind: ClassVar[str] = "groupnorm"
    arguments: ClassVar = {"groups": "whole"}
    positional: ClassVar[int] = 1

    groups: int = eqx.field(static=True, default=8)

    def __check_init__(self) -> None:
        if self.groups < 1:
            raise ConfigError(f"groupnorm needs a group at least, got {self.groups}")

    def output_shape(self, shape: Shape) -> Shape:
        if shape[-1] % self.groups:
            raise self.refuse(shape, f"{shape[-1]} channels cannot be cut into {self.groups} groups")
        return shape

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return _scale_and_shift(shape[-1])

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        channels = x.shape[-1]
        grouped = x.reshape(len(x), -1, self.groups, channels // self.groups)
        mean = grouped.mean((1, 3), keepdims=True)
        variance = ((grouped - mean) ** 2).mean((1, 3), keepdims=True)
        by_group = ((grouped - mean) * lax.rsqrt(variance + EPSILON)).reshape(x.shape)
        return by_group * params["scale"] + params["shift"]

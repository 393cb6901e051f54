"""Dropout. Its keys are a pure function of (member, epoch, step, layer), so that a resumed run drops the same."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers.base import ByMember, Layer, LayerParams, Shape, by_member


class Dropout(Layer):
    """Each number is set to 0 with a given chance in training, the others are scaled up (Srivastava et al. 2014).

    Attributes:
        rate: the chance; one number, or one for each member.
    """

    kind: ClassVar[str] = "dropout"
    by_row: ClassVar[bool] = False
    arguments: ClassVar = {"rate": "shares"}
    positional: ClassVar[int] = 1

    rate: ByMember = eqx.field(converter=by_member, default=0.5)

    def __check_init__(self) -> None:
        if isinstance(self.rate, np.ndarray) and not ((self.rate >= 0) & (self.rate < 1)).all():
            raise ConfigError(f"a dropout rate is from 0 to below 1, got {self.rate}")

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        if key is None:
            return x
        stays = 1.0 - jnp.asarray(self.rate, x.dtype)
        return jnp.where(jax.random.bernoulli(key, stays, x.shape), x / stays, 0.0)

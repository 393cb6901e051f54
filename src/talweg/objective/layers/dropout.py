"""Dropout. Its keys are a pure function of (member, epoch, step, layer), so that a resumed run drops the same."""

from collections.abc import Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers.base import Layer, LayerParams, Shape


def _rate(value: Any) -> Float[Array | np.ndarray, "*members"]:
    # While a program is traced, the layer is rebuilt around tracers and placeholders; those pass as they are.
    return np.asarray(value, np.float32) if isinstance(value, int | float | list | tuple) else value


class Dropout(Layer):
    """Each number is set to 0 with a given chance in training, the others are scaled up (Srivastava et al. 2014).

    Attributes:
        rate: the chance; one number, or one for each member.
    """

    kind: ClassVar[str] = "dropout"
    by_row: ClassVar[bool] = False
    arguments: ClassVar = {"rate": "shares"}
    positional: ClassVar[int] = 1

    rate: float | Sequence[float] | Float[Array | np.ndarray, "*members"] = eqx.field(converter=_rate, default=0.5)

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

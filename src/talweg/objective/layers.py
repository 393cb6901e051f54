"""The layers of a sequential network, each two pure functions: `init` draws its params, `apply` uses them.

A layer is a frozen description without arrays, so that networks of equal description compile once. It acts on a
whole batch, rows first. How layers are strung together is in `models`.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError, did_you_mean

LayerParams = dict[str, Array]
Shape = tuple[int, ...]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "sigmoid": jax.nn.sigmoid,
}
"""Activations by name."""

INITIALIZERS: dict[str, Callable[..., Array]] = {
    "glorot_uniform": jax.nn.initializers.glorot_uniform(),
    "glorot_normal": jax.nn.initializers.glorot_normal(),
    "he_uniform": jax.nn.initializers.he_uniform(),
    "he_normal": jax.nn.initializers.he_normal(),
    "lecun_uniform": jax.nn.initializers.lecun_uniform(),
    "lecun_normal": jax.nn.initializers.lecun_normal(),
    "orthogonal": jax.nn.initializers.orthogonal(),
    "zeros": jax.nn.initializers.zeros,
}
"""How weights are drawn, by name (Glorot & Bengio 2010; He et al. 2015; LeCun et al. 1998; Saxe et al. 2014)."""


def look_up(kind: str, name: str, table: dict[str, Callable]) -> Callable:
    """The entry of a table, or an error that names the known ones.

    Raises:
        ConfigError: if the table has no such name.
    """
    if name not in table:
        raise ConfigError(f"{name!r} is no {kind}. Known: {', '.join(table)}.{did_you_mean(name, table)}")
    return table[name]


class Layer(eqx.Module):
    """One layer: its name in the params, the shape it gives, and the two functions."""

    @property
    @abc.abstractmethod
    def kind(self) -> str:
        """The word for it in a list of layers."""

    @abc.abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """The shape of one row after the layer, for the shape of one row before it."""

    @abc.abstractmethod
    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        """Draws the layer's params for rows of the given shape; empty for a layer without any."""

    @abc.abstractmethod
    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        """Applies the layer to a batch. The key is there in training and absent in evaluation."""


class Dense(Layer):
    """A fully connected layer: x @ weights + biases.

    Attributes:
        units: how many outputs.
        initializer: how the weights are drawn; biases start at 0.
    """

    units: int = eqx.field(static=True)
    initializer: str = eqx.field(static=True, default="glorot_uniform")

    @property
    def kind(self) -> str:
        return "dense"

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.units)

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        draw = look_up("initializer", self.initializer, INITIALIZERS)
        return {
            "weights": draw(key, (shape[-1], self.units), jnp.float32),
            "biases": jnp.zeros(self.units, jnp.float32),
        }

    def apply(
        self, params: LayerParams, x: Float[Array, "rows features"], key: PRNGKeyArray | None
    ) -> Float[Array, "rows units"]:
        return x @ params["weights"] + params["biases"]


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

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return {}

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return look_up("activation", self.name, ACTIVATIONS)(x)

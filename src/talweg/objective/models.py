"""Sequential networks: layers one after the other, and ready-made lists of them. The layers are in `layers`."""

from collections import Counter
from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from talweg.objective.base import Params
from talweg.objective.layers import Activation, Dense, Layer, Shape


class Sequential(eqx.Module):
    """A network whose layers act one after the other.

    Params are a dictionary of dictionaries, `{"dense_1": {"weights": ..., "biases": ...}, ...}`; layers without
    params have no entry.

    Attributes:
        layers: from the input to the output.

    Example:
        >>> import jax
        >>> model = Sequential((Dense(8), Activation("relu"), Dense(3)))
        >>> params = model.init(jax.random.key(0), (4,))
        >>> model.apply(params, jax.numpy.ones((5, 4)), None).shape
        (5, 3)
    """

    layers: tuple[Layer, ...]

    def names(self) -> list[str]:
        """The layers' names in the params: the kind, and its number among its kind."""
        seen: Counter[str] = Counter()
        names = []
        for layer in self.layers:
            seen[layer.kind] += 1
            names.append(f"{layer.kind}_{seen[layer.kind]}")
        return names

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of one row of the output, for the shape of one row of the input."""
        for layer in self.layers:
            shape = layer.output_shape(shape)
        return shape

    def init(self, key: PRNGKeyArray, shape: Shape) -> Params:
        """Draws the params of all layers for rows of the given shape."""
        params = {}
        for number, (name, layer) in enumerate(zip(self.names(), self.layers, strict=True)):
            drawn = layer.init(jax.random.fold_in(key, number), shape)
            if drawn:
                params[name] = drawn
            shape = layer.output_shape(shape)
        return params

    def apply(self, params: Params, x: Array, key: PRNGKeyArray | None) -> Array:
        """Applies the layers to a batch. The key is there in training and absent in evaluation."""
        for number, (name, layer) in enumerate(zip(self.names(), self.layers, strict=True)):
            layer_key = None if key is None else jax.random.fold_in(key, number)
            x = layer.apply(params.get(name, {}), x, layer_key)
        return x


def mlp(
    hidden: Sequence[int], outputs: int, activation: str = "relu", initializer: str = "glorot_uniform"
) -> Sequential:
    """A dense network: hidden layers of the given sizes, each followed by the activation, and an output layer.

    Args:
        hidden: units of each hidden layer; empty for a linear model.
        outputs: units of the last layer.
        activation: a key of `layers.ACTIVATIONS`.
        initializer: a key of `layers.INITIALIZERS`.
    """
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units, initializer), Activation(activation)]
    return Sequential((*layers, Dense(outputs, initializer)))


def parameter_count(model: Sequential, shape: Shape) -> int:
    """How many params a network has, without drawing any."""
    drawn = jax.eval_shape(lambda: model.init(jax.random.key(0), shape))
    return int(sum(np.prod(leaf.shape) for leaf in jax.tree.leaves(drawn)))

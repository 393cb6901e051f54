"""The dense network, and what is asked of any network as a whole: how many params, how much work, whose settings.

Other ready-made networks are in `ready_made`, the layers in `layers`.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from talweg.errors import ConfigError
from talweg.objective.layers import STATISTICS, Activation, Bins, Dense, Dropout, Layer, Sequential, Shape


def mlp(
    hidden: Sequence[int],
    outputs: int,
    activation: str = "relu",
    initializer: str = "glorot_uniform",
    dropout: Any = None,
) -> Sequential:
    """A dense network: hidden layers of the given sizes, each followed by the activation, and an output layer.

    Args:
        hidden: units of each hidden layer; empty for a linear model.
        outputs: units of the last layer.
        activation: a key of `layers.ACTIVATIONS`.
        initializer: a key of `layers.INITIALIZERS`.
        dropout: the chance that a hidden unit is left out of a step, one number or one for each member; `None` for
            no such layers.
    """
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units, initializer), Activation(activation)]
        layers += [] if dropout is None else [Dropout(dropout)]
    return Sequential((*layers, Dense(outputs, initializer)))


def layers_of(model: Layer) -> Sequence[Layer]:
    """The layers of a network; itself where it is not made of a list of them."""
    return model.layers if isinstance(model, Sequential) else [model]


def parameter_count(model: Layer, shape: Shape) -> int:
    """How many params a network has, without drawing any; statistics, which are not descended, do not count."""
    named = _drawn(model, shape)
    return int(sum(np.prod(leaf.shape) for path, leaf in named if STATISTICS not in jax.tree_util.keystr(path)))


def has_statistics(model: Layer, shape: Shape) -> bool:
    """Whether training measures something of the network besides its params, as a batch norm does.

    Example:
        >>> from talweg.objective.layers import BatchNorm, Dense, Sequential
        >>> has_statistics(Sequential([Dense(2), BatchNorm()]), (3,)), has_statistics(Dense(2), (3,))
        (True, False)
    """
    return any(STATISTICS in jax.tree_util.keystr(path) for path, _ in _drawn(model, shape))


def _drawn(model: Layer, shape: Shape) -> list[tuple[Any, Any]]:
    """The params that a member would be given, as shapes with their paths."""
    # Settings may differ in value from member to member, never in what they draw.
    alone = jax.tree.map(
        lambda setting: setting if isinstance(setting, Bins) else np.ravel(setting)[0],
        model,
        is_leaf=lambda node: isinstance(node, Bins),
    )
    return jax.tree_util.tree_leaves_with_path(jax.eval_shape(lambda: alone.init(jax.random.key(0), shape)))


def row_work(model: Layer, shape: Shape) -> int:
    """About how many multiplications one row costs going forward: a convolution uses each of its params many times."""
    return max(parameter_count(model, shape), model.multiply_adds(shape))


def with_member_axis(model: Layer, members: int) -> Layer:
    """The same network with one value a member for each of its settings that are arrays, as the engine wants it.

    Raises:
        ConfigError: a setting that has several values, but not one for each member.
    """

    def spread(setting: Any) -> Any:
        if isinstance(setting, Bins):
            return jax.tree.map(lambda leaf: np.broadcast_to(leaf, (members, *leaf.shape)), setting)
        value = np.asarray(setting)
        if value.ndim and len(value) != members:
            raise ConfigError(
                f"a layer has {len(value)} values for {members} members: {', '.join(f'{each:g}' for each in value)}; "
                "give one value, or one for each member"
            )
        return np.broadcast_to(value, (members,))

    return jax.tree.map(spread, model, is_leaf=lambda node: isinstance(node, Bins))

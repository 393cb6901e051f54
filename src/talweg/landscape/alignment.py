"""Aligning the hidden units of one network with another's, so that a ridge that is only their order disappears.

After Ainsworth, Hayase & Srinivasa, Git Re-Basin, 2022. The ridge itself is the business of `barrier`.
"""

import itertools

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.vectors import HostParams
from talweg.objective.layers import Activation, Dense, Dropout, Layer, Sequential

Permutations = list[Int[np.ndarray, "_"]]
"""For each hidden dense layer, which of its old units stands at each place."""


def dense_layers(model: Layer) -> list[str]:
    """The names of a model's dense layers in order.

    Raises:
        ConfigError: if alignment is not defined for the model: it is no list of layers, or has others than dense ones,
            activations and dropout.
    """
    if not isinstance(model, Sequential):
        raise ConfigError(f"hidden units can be aligned in networks of dense layers only, found {model.kind!r}")
    for layer in model.layers:
        if not isinstance(layer, (Dense, Activation, Dropout)):
            raise ConfigError(
                f"hidden units can be aligned in networks of dense layers and activations only, found {layer.kind!r}; "
                "compare the members without aligning them"
            )
    return [name for name, layer in zip(model.names(), model.layers, strict=True) if isinstance(layer, Dense)]


def permute(model: Layer, params: HostParams, permutations: Permutations) -> HostParams:
    """The same network with its hidden units in another order: every output stays what it was.

    Args:
        model: dense layers and activations.
        params: one member's, or a stack of them.
        permutations: one for each hidden dense layer.

    Raises:
        ConfigError: if the model has other layers, or the permutations are not one for each hidden layer.
    """
    names = dense_layers(model)
    if len(permutations) != len(names) - 1:
        raise ConfigError(
            f"expected a permutation for each of {len(names) - 1} hidden layers, found {len(permutations)}"
        )
    moved = {name: {key: np.asarray(leaf) for key, leaf in layer.items()} for name, layer in params.items()}
    for (name, after), order in zip(itertools.pairwise(names), permutations, strict=True):
        moved[name] = {key: leaf[..., order] for key, leaf in moved[name].items()}
        moved[after] = {**moved[after], "weights": moved[after]["weights"][..., order, :]}
    return moved


def weight_matching(
    model: Layer, reference: HostParams, params: HostParams, seed: int = 0, max_rounds: int = 100
) -> Permutations:
    """The order of a network's hidden units that brings its weights nearest to a reference's.

    Algorithm 1 of Ainsworth et al. (2022): one layer after the other, in random order, is matched by a linear sum
    assignment with all others held fixed, until nothing improves. For one hidden layer this is the best order there
    is; for more it is a local optimum, which is all that is known to be computable (the problem is NP-hard).

    Args:
        model: dense layers and activations.
        reference: the member that stays as it is.
        params: the member whose units are reordered.
        seed: of the order of the layers.
        max_rounds: passes over the layers at most.

    Raises:
        ConfigError: if the model has other layers.
    """
    names = dense_layers(model)
    fixed, moving = ([_columns(member[name]) for name in names] for member in (reference, params))
    orders = [np.arange(layer.shape[1]) for layer in fixed[:-1]]
    generator = np.random.default_rng(seed)
    for _ in range(max_rounds):
        improved = False
        for number in generator.permutation(len(orders)).tolist():
            gain = _similarity(fixed, moving, orders, number)
            order = linear_sum_assignment(gain, maximize=True)[1]
            places = np.arange(len(order))
            before, now = gain[places, orders[number]].sum(), gain[places, order].sum()
            if now > before + 1e-9 * abs(before):
                orders[number], improved = order, True
        if not improved:
            break
    return orders


def _columns(layer: dict) -> Float[np.ndarray, "inputs_and_bias units"]:
    """A layer's weights with its biases as their last row."""
    return np.vstack([np.asarray(layer["weights"], np.float64), np.asarray(layer["biases"], np.float64)[None]])


def _similarity(
    fixed: list[np.ndarray], moving: list[np.ndarray], orders: Permutations, number: int
) -> Float[np.ndarray, "ours theirs"]:
    """How alike each unit of the reference is to each of the other network: inner products of what leads in and out."""
    before = np.arange(len(moving[number]))
    if number > 0:
        before[:-1] = orders[number - 1]
    after = np.arange(moving[number + 1].shape[1]) if number + 1 == len(orders) else orders[number + 1]
    incoming = fixed[number].T @ moving[number][before]
    # The last row of the next layer is its biases, which belong to no unit of this one.
    return incoming + fixed[number + 1][:-1] @ moving[number + 1][:-1][:, after].T


def align(model: Layer, members: HostParams, reference: int = 0, seed: int = 0) -> HostParams:
    """All members with their hidden units in the order of one of them. No member's outputs change.

    Args:
        model: dense layers and activations.
        members: a stack.
        reference: the member that stays as it is.
        seed: of `weight_matching`.

    Returns:
        The stack of the reordered members.

    Raises:
        ConfigError: if the model has other layers.

    Example:
        >>> import jax
        >>> from talweg.objective.models import mlp
        >>> model = mlp([8], 2)
        >>> one = jax.device_get(model.init(jax.random.key(0), (3,)))
        >>> other = permute(model, one, [np.arange(8)[::-1]])
        >>> aligned = align(model, vectors.stack([one, other]))
        >>> all(bool((leaf[0] == leaf[1]).all()) for leaf in jax.tree.leaves(aligned))
        True
    """
    fixed = vectors.at(members, reference)
    moved = []
    for number in range(vectors.count_of(members)):
        member = vectors.at(members, number)
        orders = weight_matching(model, fixed, member, seed) if number != reference else None
        moved.append(member if orders is None else permute(model, member, orders))
    return vectors.stack(moved)

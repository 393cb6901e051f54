"""The losses a network can be trained on, each a number per row, borrowed from Optax. Metrics are in `metrics`."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Num

AnyArray = Array | np.ndarray
Real = Float[AnyArray, "rows targets"]
Classes = Num[AnyArray, " rows"]
RowLoss = Float[AnyArray, " rows"]


class Loss(eqx.Module):
    """A loss.

    Attributes:
        name: its key in `LOSSES`.
        task: ``"classification"`` or ``"regression"``.
        per_row: gives each row's loss, from the network's outputs and the targets.
        binary: whether one output stands for two classes.
    """

    name: str = eqx.field(static=True)
    task: str = eqx.field(static=True)
    per_row: Callable[[Any, Any], Any] = eqx.field(static=True)
    binary: bool = eqx.field(static=True, default=False)

    def outputs(self, targets: int) -> int:
        """How many outputs the network needs for so many classes, or so many real targets."""
        return 1 if self.binary else targets

    def decide(self, outputs: Array) -> Array:
        """The likeliest class of each row, from the outputs."""
        return (outputs[:, 0] > 0).astype(jnp.int32) if self.binary else outputs.argmax(-1)

    def probabilities(self, outputs: Float[np.ndarray, "*members rows outputs"]) -> np.ndarray:
        """Class probabilities, of shape `(*members, rows, classes)`, from a classifier's outputs, in float64."""
        outputs = outputs.astype(np.float64)
        if self.binary:
            outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=-1)
        shifted = np.exp(outputs - outputs.max(-1, keepdims=True))
        return shifted / shifted.sum(-1, keepdims=True)


def _softmax(outputs: Float[AnyArray, "rows classes"], y: Classes) -> RowLoss:
    return optax.softmax_cross_entropy_with_integer_labels(outputs, y)


def _sigmoid(outputs: Float[AnyArray, "rows 1"], y: Classes) -> RowLoss:
    return optax.sigmoid_binary_cross_entropy(outputs[:, 0], y)


def _squared(outputs: Real, y: Real) -> RowLoss:
    return optax.squared_error(outputs, y).mean(-1)


def _absolute(outputs: Real, y: Real) -> RowLoss:
    return jnp.abs(outputs - y).mean(-1)


def _huber(outputs: Real, y: Real) -> RowLoss:
    return optax.huber_loss(outputs, y, delta=1.0).mean(-1)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("softmax_cross_entropy", "classification", _softmax),
        Loss("sigmoid_cross_entropy", "classification", _sigmoid, binary=True),
        Loss("mean_squared_error", "regression", _squared),
        Loss("mean_absolute_error", "regression", _absolute),
        Loss("huber", "regression", _huber),
    )
}
"""Losses by name. The first of a task is its default. Huber's turns from square to straight at 1 (Huber 1964)."""


def smoothed(loss: Loss, outputs: Array, y: Classes, share: Float[Array, ""]) -> Float[Array, " rows"]:
    """A classifier's loss against classes that are not quite certain (Szegedy et al. 2016).

    Args:
        loss: one of the losses for classes.
        outputs: the network's.
        y: the classes.
        share: what is taken from the true class and given to all classes alike.

    Example:
        >>> outputs = jnp.array([[2.0, 0.0, 0.0]])
        >>> plain = LOSSES["softmax_cross_entropy"].per_row
        >>> mean = sum(plain(outputs, jnp.array([label])) for label in range(3)) / 3
        >>> expected = 0.9 * plain(outputs, jnp.array([0])) + 0.1 * mean
        >>> found = smoothed(LOSSES["softmax_cross_entropy"], outputs, jnp.array([0]), jnp.array(0.1))
        >>> bool(jnp.allclose(found, expected))
        True
    """
    if loss.binary:
        return optax.sigmoid_binary_cross_entropy(outputs[:, 0], (1 - share) * y + share / 2)
    likelihood = jax.nn.log_softmax(outputs)
    true = jnp.take_along_axis(likelihood, y[:, None], axis=1)[:, 0]
    return -((1 - share) * true + share * likelihood.mean(-1))


def default_loss(task: str) -> str:
    """The loss that is taken for a task when none is named."""
    return next(name for name, loss in LOSSES.items() if loss.task == task)

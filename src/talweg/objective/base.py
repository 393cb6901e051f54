"""What an objective is: a few pure functions that give a number for given params. Nothing here changes params.

A typed function and a network are both objectives; the engine never asks which one it descends.
"""

import abc
from typing import Any, TypeAlias

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

Params: TypeAlias = PyTree[Array | np.ndarray]
Sums = dict[str, Any]


class Batch(eqx.Module):
    """The rows that one step sees; or a set in chunks for evaluation, with a leading chunk axis.

    Attributes:
        x: features, the rows first; `None` for an objective that needs no data.
        y: targets, the rows first; integer classes or real values.
        weight: what each row counts, of shape `(rows,)`; 0 for rows that only fill the shape up.
    """

    x: Any
    y: Any
    weight: Any

    def take(self, rows: Int[Array | np.ndarray, " some"], weight: Float[Array | np.ndarray, " some"]) -> "Batch":
        """Some of the rows, and what each of them counts; none of a batch that has no data."""
        x, y = jax.tree.map(lambda column: column[rows], (self.x, self.y))
        return Batch(x, y, weight)


EMPTY = Batch(x=None, y=None, weight=None)
"""The batch of an objective that needs no data."""


class Objective(eqx.Module):
    """What is minimized. Array leaves are settings that may differ from member to member; all else is static."""

    @abc.abstractmethod
    def init(self, key: PRNGKeyArray) -> Params:
        """Draws one member's start."""

    @abc.abstractmethod
    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The loss on a batch, as training sees it (with dropout, smoothing, noise), and sums for the info."""

    @abc.abstractmethod
    def metrics(self, params: Params, batch: Batch) -> Sums:
        """Sums over the batch's rows from which every metric follows; sums of two batches add up to both's."""

    def settle(self, params: Params, sums: Sums) -> tuple[Params, Sums]:
        """After a step: the params with what the step settled itself (running statistics), and the sums without it."""
        return params, sums


def loss_and_weight(objective: Objective, params: Params, batch: Batch) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The summed loss of the rows as in evaluation, and what they count: both add up over batches."""
    sums = objective.metrics(params, batch)
    return sums["loss"], sums["weight"]

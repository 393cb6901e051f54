"""A network with batch statistics as a function of its params alone: the statistics are measured anew at every point.

Running means and variances belong to the weights with which they were measured. Between two members the mean of both
members' statistics fits neither, so that on a line or a plane they are measured for the weights that are there.
"""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from talweg.data.evenly import evenly
from talweg.data.large.gather import Stack
from talweg.objective.base import Batch, Objective, Params, Sums
from talweg.objective.layers import BatchNorm, Layer
from talweg.objective.network import Network, merged
from talweg.record.flat import flatten, unflatten
from talweg.record.trajectory import is_statistic

FEWEST_ROWS, ROWS = 64, 1024
"""Training rows on which statistics are measured: at least, where they cost much, and at most."""


class Resettled(Objective):
    """A network whose batch statistics follow from its other params and a fixed sample of training rows.

    Attributes:
        network: as in evaluation.
        measuring: the same layers, of whose running statistics nothing stays.
        x: features of the sample.
        blank: statistics that stand in their places until they are measured.
    """

    network: Network
    measuring: Layer
    x: Array | np.ndarray
    blank: Any

    def init(self, key: PRNGKeyArray) -> Params:
        """The network's own start."""
        return self.network.init(key)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Array, Sums]:
        """The network's own loss, as training sees it."""
        return self.network.loss(params, batch, key)

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The sums with statistics measured for these params; no gradient reaches the statistics."""
        whole = merged(params, self.blank)
        ones = jax.numpy.ones(len(self.x), self.x.dtype)
        _, settled = self.measuring.apply_and_settle(whole, jax.numpy.asarray(self.x), None, ones)
        return self.network.metrics(merged(whole, settled), batch)


def moving(params: Params) -> Params:
    """The params that are descended: all but what training measures."""
    return unflatten({name: leaf for name, leaf in flatten(params).items() if not is_statistic(name)})


def resettled(network: Network, x: Stack, most: int = ROWS) -> Objective:
    """The network as a function of the params that are descended; itself where it measures nothing.

    Args:
        network: without a member axis.
        x: features of the training rows, of which a sample is taken.
        most: rows of the sample that may be afforded; it has no fewer than 64, nor more than 1024.
    """
    shapes = jax.eval_shape(network.init, jax.random.key(0))
    drawn = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
    statistics = {name: leaf for name, leaf in flatten(drawn).items() if is_statistic(name)}
    if not statistics:
        return network
    chosen = evenly(len(x), min(max(most, FEWEST_ROWS), ROWS))
    measuring = jax.tree.map(_forgetful, network.model, is_leaf=lambda layer: isinstance(layer, BatchNorm))
    return Resettled(network, measuring, x[chosen], unflatten(statistics))


def _forgetful(layer: Any) -> Any:
    return BatchNorm(momentum=0.0) if isinstance(layer, BatchNorm) else layer

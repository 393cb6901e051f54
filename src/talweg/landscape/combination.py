"""An objective at sums of coefficients times a few params: the one compiled core of surfaces, lines and curves.

A plane's points are `1·origin + a·first + b·second`, a line's `(1 − t)·one + t·other`, a Bézier curve's three terms.
The objective is taken as in evaluation, by its `metrics`: without dropout and other randomness, so that the result
is a function of the params.

Where a network's first layer with params is linear in them, what it gives at a sum is the sum of what it gives at the
terms: `X(W₀ + aA + bB) = XW₀ + aXA + bXB`. The three products are computed once for all points, which for a dense
network on wide rows saves most of the work and changes nothing but the rounding.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from talweg.errors import ConfigError, did_you_mean
from talweg.landscape import vectors
from talweg.landscape.shares import Shares
from talweg.landscape.vectors import HostParams
from talweg.objective.base import Batch, Objective, Params, Sums
from talweg.objective.layers import Dense, Layer, LayerParams, Sequential, Shape
from talweg.objective.metrics import METRICS
from talweg.objective.network import Network

HostSums = Mapping[str, np.ndarray]
BLOCK = 32
"""Points of one call of `heights_at`."""
LINEAR: tuple[type[Layer], ...] = (Dense,)
"""The layers whose output is linear in their params."""


class Height(eqx.Module):
    """What is drawn as height: the loss or a metric.

    Attributes:
        name: ``"loss"`` or a key of `objective.metrics.METRICS`.
        from_sums: gives its value from an objective's sums.
    """

    name: str = eqx.field(static=True)
    from_sums: Callable[[HostSums], Any] = eqx.field(static=True)

    @property
    def is_loss(self) -> bool:
        """Whether it follows from the sums of the loss alone, so that all others need not be computed."""
        return self.name == "loss"


LOSS = Height("loss", lambda sums: sums["loss"] / sums["weight"])
"""The mean loss of the rows."""


def height_of(name: str, task: str, target_scale: Float[np.ndarray, " targets"] | None = None) -> Height:
    """The loss or a metric by name.

    Args:
        name: ``"loss"``, or a metric of the task.
        task: ``"classification"`` or ``"regression"``.
        target_scale: what one unit of the sums is in each target's own unit; 1 if absent.

    Raises:
        ConfigError: for an unknown name, or a metric that needs the order of all rows.

    Example:
        >>> height_of("accuracy", "classification").name
        'accuracy'
    """
    if name == "loss":
        return LOSS
    known = {metric.name: metric for metric in METRICS.values() if metric.task == task and metric.from_sums}
    if name not in known:
        raise ConfigError(
            f"{name!r} cannot be drawn on a map of this task. Known: loss, {', '.join(known)}."
            + did_you_mean(name, ["loss", *known])
        )
    metric = known[name]
    from_sums = metric.from_sums
    assert from_sums is not None
    if not metric.in_target_units:
        return Height(name, from_sums)
    scale = np.ones(1) if target_scale is None else target_scale
    return Height(name, lambda sums: (from_sums(sums) * scale).mean(-1))


class _FirstOutput(Layer):
    """Stands for a first layer whose outputs are known already; by its kind the layers after it keep their names."""

    known: str = eqx.field(static=True)

    @property
    def kind(self) -> str:
        return self.known

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def init(self, key: Array, shape: Shape) -> LayerParams:
        return {}

    def apply(self, params: LayerParams, x: Array, key: Array | None) -> Array:
        return x


def _sum_of(coefficients: Array, terms: Params) -> Params:
    """The sum of coefficients times terms, written out so that it is fused into what follows."""

    def add(leaf: Array) -> Array:
        total = coefficients[0].astype(leaf.dtype) * leaf[0]
        for number in range(1, leaf.shape[0]):
            total = total + coefficients[number].astype(leaf.dtype) * leaf[number]
        return total

    return jax.tree.map(add, terms)


def _on_rows(objective: Objective, terms: Params, rows: Batch) -> Callable[[Array], Sums]:
    """The sums over some rows as a function of the coefficients; what does not depend on them is computed here."""
    first = _first_layer(objective)
    if first is None:
        return lambda coefficients: objective.metrics(_sum_of(coefficients, terms), rows)
    assert isinstance(objective, Network)
    assert isinstance(objective.model, Sequential)
    layers, names = objective.model.layers, objective.model.names()
    x = rows.x
    for layer in layers[:first]:
        x = layer.apply({}, x, None)
    outputs = lax.map(lambda params: layers[first].apply(params, x, None), terms[names[first]])
    known = (*(_FirstOutput(layer.kind) for layer in layers[: first + 1]), *layers[first + 1 :])
    rest = eqx.tree_at(lambda network: network.model, objective, Sequential(known))
    later = {name: params for name, params in terms.items() if name != names[first]}
    return lambda coefficients: rest.metrics(
        _sum_of(coefficients, later), Batch(_sum_of(coefficients, outputs), rows.y, rows.weight)
    )


def _first_layer(objective: Objective) -> int | None:
    """Where a network's first layer with params is, if it is linear in them."""
    if not isinstance(objective, Network) or not isinstance(objective.model, Sequential):
        return None
    shape = objective.input_shape
    for number, layer in enumerate(objective.model.layers):
        if eqx.filter_eval_shape(layer.init, jax.random.key(0), shape):
            return number if isinstance(layer, LINEAR) else None
        shape = layer.output_shape(shape)
    return None


def _kept(sums: Sums, loss_only: bool) -> Sums:
    return {name: sums[name] for name in ("loss", "weight")} if loss_only else sums


def _over_chunks(function: Callable[[Batch], Sums], chunks: Batch) -> Sums:
    """A function of each chunk, chunks first; an objective without rows has one chunk."""
    if not jax.tree.leaves(chunks):
        return jax.tree.map(lambda leaf: leaf[None], function(chunks))
    return lax.map(function, chunks)


@functools.partial(jax.jit, static_argnames="loss_only")
def _at_combinations(
    objective: Objective, terms: Params, coefficients: Float[Array, "points terms"], chunks: Batch, loss_only: bool
) -> Sums:
    without_rows = not jax.tree.leaves(chunks)

    def chunk(rows: Batch) -> Sums:
        sums = _on_rows(objective, terms, rows)

        def one(place: Array) -> Sums:
            return _kept(sums(place), loss_only)

        return jax.vmap(one)(coefficients) if without_rows else lax.map(one, coefficients)

    return jax.tree.map(lambda leaf: leaf.swapaxes(0, 1), _over_chunks(chunk, chunks))


@functools.partial(jax.jit, static_argnames="loss_only")
def _at_points(objective: Objective, points: Params, chunks: Batch, loss_only: bool) -> Sums:
    def one(params: Params) -> Sums:
        return _over_chunks(lambda rows: _kept(objective.metrics(params, rows), loss_only), chunks)

    return lax.map(one, points)


def sums_at_combinations(
    objective: Objective,
    terms: HostParams,
    coefficients: Float[np.ndarray, "points terms"],
    chunks: Batch | Shares,
    loss_only: bool = False,
) -> HostSums:
    """An objective's sums at sums of coefficients times params, exact over all rows.

    Args:
        objective: what is evaluated; one compilation serves all calls of the same shapes.
        terms: a stack of params.
        coefficients: one row for each point.
        chunks: the rows in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0. `EMPTY` for an
            objective without rows. Many calls are quicker with the same `Shares` of them.
        loss_only: whether to leave out all sums but those of the loss.

    Returns:
        Sums with a leading axis of points, in float64.
    """
    program = ("combinations", np.shape(coefficients), loss_only)
    return Shares.of(chunks).total(
        program, lambda rows: _at_combinations(objective, terms, coefficients, rows, loss_only)
    )


def heights_at(
    objective: Objective, points: HostParams, chunks: Batch | Shares, height: Height = LOSS
) -> Float[np.ndarray, " points"]:
    """The loss or a metric at each point of a stack of params, exact over all rows.

    The points go in blocks of equal size, the last filled up, so that stacks of any length share a few compilations.

    Args:
        objective: what is evaluated.
        points: a stack of params.
        chunks: as for `sums_at_combinations`.
        height: what to evaluate.
    """
    count = vectors.count_of(points)
    block = min(BLOCK, 1 << max(count - 1, 0).bit_length())
    found = np.empty(count)
    rows = Shares.of(chunks)
    for start in range(0, count, block):
        some = vectors.at(points, np.minimum(np.arange(start, start + block), count - 1))

        def evaluate(part: Batch, some: HostParams = some) -> Sums:
            return _at_points(objective, some, part, height.is_loss)

        sums = rows.total(("points", block, height.is_loss), evaluate)
        found[start : start + block] = np.asarray(height.from_sums(sums), np.float64)[: count - start]
    return found

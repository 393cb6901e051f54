"""The engine: one member's step, an epoch of steps, and the members as an axis. When to stop is in `stopping`.

Nothing here knows whether a typed function or a network goes down. Every function is pure; those that are compiled
take their data as arguments, so that one compilation serves every run of the same shapes.

Members that stopped are left out of the work. Where they run one after the other (`"map"`), a branch skips them and
each is bit-identical to a lone run; where they run as one program (`"vmap"`, for tiny objectives and for GPUs), the
active ones are gathered into a smaller crowd first.
"""

import functools
from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PyTree, UInt32

from talweg.descent.optimizer import Optimizer
from talweg.objective.base import Batch, Objective, Params

Crowd = Literal["map", "vmap"]


class State(eqx.Module):
    """What a member carries from step to step; in a crowd every leaf has a leading member axis.

    Attributes:
        params: the member's place.
        optimizer: the optimizer's state.
        key: the member's own randomness, as raw key data.
    """

    params: Params
    optimizer: PyTree
    key: UInt32[Array | np.ndarray, "*members 2"]


class Info(eqx.Module):
    """What an epoch tells outward of a member.

    Attributes:
        loss: the mean training loss of the rows as they were seen; NaN for a member that has stopped.
    """

    loss: Float[Array | np.ndarray, "*members"]


class Feed(eqx.Module):
    """The rows of an epoch in the order of the steps.

    Attributes:
        data: all rows, on the device once.
        order: which rows each step sees; with a leading member axis if each member has its own order.
        weight: what each of them counts; 0 where a row only fills up the last batch.
    """

    data: Batch
    order: Int[Array | np.ndarray, "*members steps batch"]
    weight: Float[Array | np.ndarray, "*members steps batch"]


def step(
    objective: Objective, optimizer: Optimizer, state: State, batch: Batch, key: Array
) -> tuple[State, dict[str, Array], Params]:
    """One step of one member: the gradient on a batch, and the optimizer's update. The gradient is told too."""

    def value(params: Params) -> Array:
        return objective.loss(params, batch, key)[0]

    (loss, sums), gradient = jax.value_and_grad(objective.loss, has_aux=True)(state.params, batch, key)
    params, memory = optimizer.update(gradient, state.optimizer, state.params, loss, value)
    params, sums = objective.settle(params, sums)
    return State(params, memory, state.key), sums, gradient


def epoch_of_one(
    objective: Objective, optimizer: Optimizer, state: State, feed: Feed, number: Int[Array, ""]
) -> tuple[State, Info]:
    """All steps of one member's epoch. Randomness is a pure function of (key, epoch, step)."""
    key = jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(state.key)), number)

    def body(state: State, scanned: tuple[Any, Any, Any]) -> tuple[State, dict[str, Array]]:
        rows, weight, index = scanned
        x, y = jax.tree.map(lambda column: column[rows], (feed.data.x, feed.data.y))
        state, sums, _ = step(objective, optimizer, state, Batch(x, y, weight), jax.random.fold_in(key, index))
        return state, sums

    state, sums = lax.scan(body, state, (feed.order, feed.weight, jnp.arange(feed.order.shape[0])))
    return state, Info(sums["loss"].sum() / sums["weight"].sum())


def _each_member(function: Callable, crowd: Crowd, active: Array, *members: PyTree) -> PyTree:
    """Runs a function of one member for all active ones; for the others, `function` gives its `otherwise`.

    The function returns two trees: what it computes for an active member, and what stands for a stopped one.
    """
    if crowd == "map":

        def branch(member: tuple) -> PyTree:
            running, *arguments = member
            work, otherwise = function(*arguments)
            return lax.cond(running, work, otherwise)

        return lax.map(branch, (active, *members))

    def select(running: Array, *arguments: PyTree) -> PyTree:
        work, otherwise = function(*arguments)
        return jax.tree.map(lambda new, old: jnp.where(running, new, old), work(), otherwise())

    return jax.vmap(select)(active, *members)


def _blank(shapes: PyTree) -> PyTree:
    """NaN in the shape of what a stopped member would have told."""
    return jax.tree.map(lambda leaf: jnp.full(leaf.shape, jnp.nan, leaf.dtype), shapes)


@functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 1})
def init(objective: Objective, optimizer: Optimizer, keys: UInt32[Array, "members 2"]) -> State:
    """Draws every member's start from its key.

    It runs once, so that its compilation is what counts: at the usual level LLVM spends three times as long on the
    unrolled rounds of the random generator as on an epoch's program, for draws that are no quicker.
    """

    def start(objective: Objective, optimizer: Optimizer, key: Array) -> State:
        params = objective.init(jax.random.wrap_key_data(key))
        return State(params, optimizer.init(params), key)

    return lax.map(lambda member: start(*member), (objective, optimizer, keys))


@functools.partial(jax.jit, static_argnames="crowd")
def _epoch(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    active: Bool[Array, " members"],
    feed: Feed,
    number: Int[Array, ""],
    crowd: Crowd,
) -> tuple[State, Info]:
    own_order = feed.order.ndim == 3

    def one(objective: Objective, optimizer: Optimizer, state: State, order: tuple) -> tuple[Callable, Callable]:
        mine = Feed(feed.data, *(order if own_order else (feed.order, feed.weight)))
        stopped = Info(jnp.full((), jnp.nan))
        return (
            lambda: epoch_of_one(objective, optimizer, state, mine, number),
            lambda: (state, stopped),
        )

    order = (feed.order, feed.weight) if own_order else ()
    return _each_member(one, crowd, active, objective, optimizer, state, order)


def epoch(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    active: Bool[np.ndarray, " members"],
    feed: Feed,
    number: int,
    crowd: Crowd = "map",
) -> tuple[State, Info]:
    """One epoch of every active member; the others stay as they are to the last bit.

    Args:
        objective: what is minimised; its settings have a leading member axis.
        optimizer: how; likewise.
        state: where the members stand.
        active: which of them go on.
        feed: the rows in the order of the steps.
        number: the epoch's number, from 1; with a member's key it decides all randomness in it.
        crowd: how the members run (see this file's head).

    Returns:
        The new state, and what the epoch tells.
    """
    index = np.asarray(number, np.int32)
    few = _gathered(active) if crowd == "vmap" else None
    if few is None:
        return _epoch(objective, optimizer, state, active, feed, index, crowd)
    own_order = feed.order.ndim == 3
    some = Feed(feed.data, feed.order[few], feed.weight[few]) if own_order else feed
    part = _take((objective, optimizer, state), few)
    moved, info = _epoch(*part, active[few], some, index, crowd)
    blank = Info(np.full(active.shape, np.nan, np.float32))
    return _put(state, moved, few), _put(blank, info, few)


def _gathered(active: Bool[np.ndarray, " members"]) -> Int[np.ndarray, " fewer"] | None:
    """The active members, filled up to a power of two with stopped ones, if that halves the crowd or better."""
    order = np.argsort(~active, kind="stable")
    size = 1 << max(int(active.sum()) - 1, 0).bit_length()
    return order[:size] if size <= len(active) // 2 else None


@jax.jit
def _take(tree: PyTree, members: Int[Array, " fewer"]) -> PyTree:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[members], tree)


@jax.jit
def _put(tree: PyTree, part: PyTree, members: Int[Array, " fewer"]) -> PyTree:
    return jax.tree.map(lambda leaf, new: jnp.asarray(leaf).at[members].set(new), tree, part)


@functools.partial(jax.jit, static_argnames="crowd")
def _evaluate(
    objective: Objective, params: Params, active: Bool[Array, " members"], chunks: Batch, crowd: Crowd
) -> dict[str, Array]:
    def one(objective: Objective, params: Params) -> tuple[Callable, Callable]:
        def work() -> PyTree:
            return lax.map(lambda chunk: objective.metrics(params, chunk), chunks)

        return work, lambda: _blank(jax.eval_shape(work))

    return _each_member(one, crowd, active, objective, params)


def evaluate(
    objective: Objective,
    params: Params,
    active: Bool[np.ndarray, " members"],
    chunks: Batch,
    crowd: Crowd = "map",
) -> dict[str, np.ndarray]:
    """The metrics' sums over a whole set, exact whatever the chunks; NaN for members that have stopped.

    Args:
        objective: what is evaluated.
        params: the members' params.
        active: which members to evaluate.
        chunks: the set in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0.
        crowd: how the members run.

    Returns:
        Sums with a leading member axis, added up over the chunks in float64.
    """
    sums = jax.device_get(_evaluate(objective, params, active, chunks, crowd))
    return {name: value.astype(np.float64).sum(1) for name, value in sums.items()}


@jax.jit
def outputs(objective: Any, params: Params, x: Float[Array, "chunks rows *features"]) -> Array:
    """Every member's outputs for all rows, of shape `(members, chunks, rows, outputs)`."""
    return lax.map(lambda member: lax.map(lambda rows: member[0].outputs(member[1], rows), x), (objective, params))


@jax.jit
def keep_best(best: Params, params: Params, improved: Bool[Array, " members"]) -> Params:
    """The best params so far: those of now where they improved."""

    def choose(old: Array, new: Array) -> Array:
        return jnp.where(improved.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, best, params)

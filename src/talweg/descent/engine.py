"""The engine: one member's step, an epoch of steps, and the members as an axis. When to stop is in `stopping`.

A long epoch comes in segments, one call each, so that a training can be told of, saved and interrupted within it; a
segment knows the number of its first step, so that how an epoch is cut changes nothing.

Nothing here knows whether a typed function or a network goes down. Every function is pure; those that are compiled
take their data as arguments, so that one compilation serves every run of the same shapes.

Members that stopped are left out of the work. Where they run one after the other (`"map"`), a branch skips them and
each is bit-identical to a lone run; where they run as one program (`"vmap"`, for tiny objectives and for GPUs), the
active ones are gathered into a smaller crowd first. With `"step"` members run one after the other too, but each step is
a call of its own: slower by the calls, and the way for operations that the compiler does badly inside a loop, such as
the gradients of convolutions that are not Talweg's own. All three give equal results, to rounding.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, Num, PyTree, UInt32

from talweg.descent.optimizer import Optimizer, gradient_norm
from talweg.objective.base import Batch, Objective, Params

Crowd = Literal["map", "vmap", "step"]
"""How the members run (see this file's head)."""


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
    """What an epoch tells outward of a member: sums over its steps so far, NaN for a member that has stopped.

    Attributes:
        total: the summed training loss of the rows as they were seen.
        weight: what these rows counted.
    """

    total: Float[Array | np.ndarray, "*members"]
    weight: Float[Array | np.ndarray, "*members"]

    @staticmethod
    def nothing(members: int) -> "Info":
        """Before an epoch's first step."""
        return Info(np.zeros(members, np.float32), np.zeros(members, np.float32))

    @property
    def loss(self) -> Float[Array | np.ndarray, "*members"]:
        """The mean training loss of a row."""
        return self.total / self.weight


class Feed(eqx.Module):
    """The rows of an epoch, or of a segment of it, in the order of the steps.

    Attributes:
        data: the rows that `order` speaks of, on the device once.
        order: which rows each step sees; with a leading member axis if each member has its own order.
        weight: what each of them counts; 0 where a row only fills up the last batch.
        first: the number of the first step in its epoch, from 0.
    """

    data: Batch
    order: Int[Array | np.ndarray, "*members steps batch"]
    weight: Float[Array | np.ndarray, "*members steps batch"]
    first: Int[Array | np.ndarray, ""] = eqx.field(default_factory=lambda: np.zeros((), np.int32))


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


def _epoch_key(state: State, number: Int[Array, ""]) -> Array:
    return jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(state.key)), number)


def _step_in_epoch(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    info: Info,
    data: Batch,
    rows: Int[Array, " batch"],
    weight: Float[Array, " batch"],
    index: Int[Array, ""],
    key: Array,
) -> tuple[State, Info]:
    """One step of one member on the rows with the given numbers."""
    x, y = jax.tree.map(lambda column: column[rows], (data.x, data.y))
    state, sums, _ = step(objective, optimizer, state, Batch(x, y, weight), jax.random.fold_in(key, index))
    dtype = info.total.dtype
    return state, Info(info.total + sums["loss"].astype(dtype), info.weight + sums["weight"].astype(dtype))


def epoch_of_one(
    objective: Objective, optimizer: Optimizer, state: State, feed: Feed, number: Int[Array, ""], info: Info
) -> tuple[State, Info]:
    """All steps of one member's segment. Randomness is a pure function of (key, epoch, step).

    The sums are carried from step to step, across segments too, so that how an epoch is cut changes no bit of them.
    """
    key = _epoch_key(state, number)

    def body(carry: tuple[State, Info], scanned: tuple[Any, Any, Any]) -> tuple[tuple[State, Info], None]:
        return _step_in_epoch(objective, optimizer, *carry, feed.data, *scanned, key), None

    steps = feed.first + jnp.arange(feed.order.shape[0], dtype=jnp.int32)
    return lax.scan(body, (state, info), (feed.order, feed.weight, steps))[0]


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
    info: Info,
    crowd: Crowd,
) -> tuple[State, Info]:
    own_order = feed.order.ndim == 3

    def one(
        objective: Objective, optimizer: Optimizer, state: State, info: Info, order: tuple
    ) -> tuple[Callable, Callable]:
        rows, weight = order if own_order else (feed.order, feed.weight)
        mine = Feed(feed.data, rows, weight, feed.first)
        return (
            lambda: epoch_of_one(objective, optimizer, state, mine, number, info),
            lambda: (state, _blank(info)),
        )

    order = (feed.order, feed.weight) if own_order else ()
    return _each_member(one, crowd, active, objective, optimizer, state, info, order)


def epoch(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    active: Bool[np.ndarray, " members"],
    feed: Feed,
    number: int,
    crowd: Crowd = "map",
    info: Info | None = None,
) -> tuple[State, Info]:
    """One epoch, or a segment of it, of every active member; the others stay as they are to the last bit.

    Args:
        objective: what is minimised; its settings have a leading member axis.
        optimizer: how; likewise.
        state: where the members stand.
        active: which of them go on.
        feed: the rows in the order of the steps.
        number: the epoch's number, from 1; with a member's key it decides all randomness in it.
        crowd: how the members run (see this file's head).
        info: what the epoch's earlier segments told; absent for the first.

    Returns:
        The new state, and what the epoch has told so far.
    """
    index = np.asarray(number, np.int32)
    info = Info.nothing(len(active)) if info is None else info
    if crowd == "step":
        return _epoch_by_steps(objective, optimizer, state, active, feed, index, info)
    few = _gathered(active) if crowd == "vmap" else None
    if few is None:
        return _epoch(objective, optimizer, state, active, feed, index, info, crowd)
    own_order = feed.order.ndim == 3
    some = Feed(feed.data, feed.order[few], feed.weight[few], feed.first) if own_order else feed
    *part, told = _take((objective, optimizer, state, info), few)
    moved, told = _epoch(*part, active[few], some, index, told, crowd)
    blank = np.full(active.shape, np.nan, np.float32)
    return _put(state, moved, few), _put(Info(blank, blank), told, few)


def _epoch_by_steps(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    active: Bool[np.ndarray, " members"],
    feed: Feed,
    number: Int[np.ndarray, ""],
    info: Info,
) -> tuple[State, Info]:
    """The same, each step a call of its own."""
    own_order = feed.order.ndim == 3
    blank = np.full(active.shape, np.nan, np.float32)
    moved, told = state, Info(blank, blank)
    for member in np.flatnonzero(active):
        one = np.array([member])
        *mine, its_info = _take((objective, optimizer, state, info), one)
        order, weight = (leaf[member] if own_order else leaf for leaf in (feed.order, feed.weight))
        for place in range(len(order)):
            index = np.asarray(feed.first + place, np.int32)
            mine[2], its_info = _one_step(*mine, its_info, feed.data, order[place], weight[place], index, number)
        moved, told = _put(moved, mine[2], one), _put(told, its_info, one)
    return moved, told


@jax.jit
def _one_step(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    info: Info,
    data: Batch,
    rows: Int[Array, " batch"],
    weight: Float[Array, " batch"],
    index: Int[Array, ""],
    number: Int[Array, ""],
) -> tuple[State, Info]:
    """One step of a crowd of one, outside any loop."""
    objective, optimizer, state, info = jax.tree.map(lambda leaf: leaf[0], (objective, optimizer, state, info))
    key = _epoch_key(state, number)
    moved = _step_in_epoch(objective, optimizer, state, info, data, rows, weight, index, key)
    return jax.tree.map(lambda leaf: leaf[None], moved)


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
    own_rows = chunks.weight.ndim == 3

    def one(objective: Objective, params: Params, rows: tuple) -> tuple[Callable, Callable]:
        mine = rows[0] if own_rows else chunks

        def work() -> PyTree:
            return lax.map(lambda chunk: objective.metrics(params, chunk), mine)

        return work, lambda: _blank(jax.eval_shape(work))

    return _each_member(one, crowd, active, objective, params, (chunks,) if own_rows else ())


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
        chunks: the set in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0. With a leading
            member axis, each member has a set of its own.
        crowd: how the members run.

    Returns:
        Sums with a leading member axis, added up over the chunks in float64.
    """
    sums = jax.device_get(_evaluate(objective, params, active, chunks, "map" if crowd == "step" else crowd))
    return {name: value.astype(np.float64).sum(1) for name, value in sums.items()}


@jax.jit
def outputs(objective: Any, params: Params, x: Num[Array, "chunks rows *features"]) -> Array:
    """Every member's outputs for all rows, of shape `(members, chunks, rows, outputs)`."""
    return lax.map(lambda member: lax.map(lambda rows: member[0].outputs(member[1], rows), x), (objective, params))


@functools.partial(jax.jit, static_argnames="crowd")
def _slopes(
    objective: Objective, params: Params, active: Bool[Array, " members"], chunks: Batch, crowd: Crowd
) -> tuple[Params, Float[Array, " members"]]:
    def one(objective: Objective, params: Params) -> tuple[Callable, Callable]:
        def total(params: Params, chunk: Batch) -> tuple[Array, Array]:
            sums = objective.metrics(params, chunk)
            return sums["loss"], sums["weight"]

        def add(so_far: tuple[Params, Array], chunk: Batch) -> tuple[tuple[Params, Array], None]:
            part, weight = jax.grad(total, has_aux=True)(params, chunk)
            return (jax.tree.map(jnp.add, so_far[0], part), so_far[1] + weight), None

        def work() -> PyTree:
            nothing = (jax.tree.map(jnp.zeros_like, params), jnp.zeros(()))
            return lax.scan(add, nothing, chunks)[0]

        return work, lambda: _blank(jax.eval_shape(work))

    return _each_member(one, crowd, active, objective, params)


def slopes(
    objective: Objective,
    params: Params,
    active: Bool[np.ndarray, " members"],
    blocks: Iterable[Batch],
    crowd: Crowd = "map",
) -> Float[np.ndarray, " members"]:
    """The length of the full gradient of the mean loss over a whole set; NaN for members that have stopped.

    Args:
        objective: whose loss, as in evaluation.
        params: the members' params.
        active: which members to look at.
        blocks: the set in blocks of chunks of equal size; padding has weight 0.
        crowd: how the members run.
    """
    parts = [_slopes(objective, params, active, block, crowd) for block in blocks]
    full, weight = jax.tree.map(lambda *each: sum(each[1:], each[0]), *parts)
    return np.asarray(jax.vmap(gradient_norm)(full) / weight, np.float64)


def kept(optimizer: Optimizer, state: State) -> Params:
    """The params that are evaluated and kept: where the members stand, or what their optimizer averages."""
    return _kept(optimizer, state) if optimizer.averages else state.params


@jax.jit
def _kept(optimizer: Optimizer, state: State) -> Params:
    return jax.vmap(lambda one, its: one.kept(its.params, its.optimizer))(optimizer, state)


@jax.jit
def keep_best(best: Params, params: Params, improved: Bool[Array, " members"]) -> Params:
    """The best params so far: those of now where they improved."""

    def choose(old: Array, new: Array) -> Array:
        return jnp.where(improved.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, best, params)

"""The engine: one member's step, an epoch of steps, and every member's start. When to stop is in `stopping`.

A long epoch comes in segments, one call each, so that a training can be told of, saved and interrupted within it; a
segment knows the number of its first step, so that how an epoch is cut changes nothing.

Nothing here knows whether a typed function or a network goes down. Every function is pure; those that are compiled
take their data as arguments, so that one compilation serves every run of the same shapes.

How members run side by side is in `members`; what is asked of them where they stand is in `evaluation`.
"""

import functools
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PyTree, UInt32

from talweg.descent.compiling import looping
from talweg.descent.members import Crowd, blank, each_member, gathered, join, put, side_by_side, take
from talweg.descent.optimizer import Optimizer
from talweg.objective.base import Batch, Objective, Params


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

    @staticmethod
    def unknown(members: int) -> "Info":
        """Of members that have stopped."""
        return Info(np.full(members, np.nan, np.float32), np.full(members, np.nan, np.float32))

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


class Turn(eqx.Module):
    """What one step of an epoch sees.

    Attributes:
        rows: the numbers of its rows.
        weight: what each of them counts.
        index: the step's number in its epoch, from 0.
    """

    rows: Int[Array | np.ndarray, "*steps batch"]
    weight: Float[Array | np.ndarray, "*steps batch"]
    index: Int[Array | np.ndarray, "*steps"]


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
    turn: Turn,
    key: Array,
) -> tuple[State, Info]:
    """One step of one member."""
    batch = data.take(turn.rows, turn.weight)
    state, sums, _ = step(objective, optimizer, state, batch, jax.random.fold_in(key, turn.index))
    dtype = info.total.dtype
    return state, Info(info.total + sums["loss"].astype(dtype), info.weight + sums["weight"].astype(dtype))


def epoch_of_one(
    objective: Objective, optimizer: Optimizer, state: State, feed: Feed, number: Int[Array, ""], info: Info
) -> tuple[State, Info]:
    """All steps of one member's segment. Randomness is a pure function of (key, epoch, step).

    The sums are carried from step to step, across segments too, so that how an epoch is cut changes no bit of them.
    """
    key = _epoch_key(state, number)

    def body(carry: tuple[State, Info], turn: Turn) -> tuple[tuple[State, Info], None]:
        return _step_in_epoch(objective, optimizer, *carry, feed.data, turn, key), None

    steps = feed.first + jnp.arange(feed.order.shape[0], dtype=jnp.int32)
    return lax.scan(body, (state, info), Turn(feed.order, feed.weight, steps))[0]


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


def _epoch_of_all(
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
            lambda: (state, blank(info)),
        )

    order = (feed.order, feed.weight) if own_order else ()
    return each_member(one, crowd, active, objective, optimizer, state, info, order)


_epoch = looping(_epoch_of_all, "crowd")


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
        objective: what is minimized; its settings have a leading member axis.
        optimizer: how; likewise.
        state: where the members stand.
        active: which of them go on.
        feed: the rows in the order of the steps.
        number: the epoch's number, from 1; with a member's key it decides all randomness in it.
        crowd: how the members run (see `members`).
        info: what the epoch's earlier segments told; absent for the first.

    Returns:
        The new state, and what the epoch has told so far.
    """
    index = np.asarray(number, np.int32)
    info = Info.nothing(len(active)) if info is None else info
    if crowd == "step":
        return _epoch_by_steps(objective, optimizer, state, active, feed, index, info)
    if crowd == "threads":
        return _epoch_side_by_side(objective, optimizer, state, active, feed, index, info)
    few = gathered(active) if crowd == "vmap" else None
    if few is None:
        return _epoch()(objective, optimizer, state, active, feed, index, info, crowd)
    own_order = feed.order.ndim == 3
    some = Feed(feed.data, feed.order[few], feed.weight[few], feed.first) if own_order else feed
    *part, told = take((objective, optimizer, state, info), few)
    moved, told = _epoch()(*part, active[few], some, index, told, crowd)
    return put(state, moved, few), put(Info.unknown(len(active)), told, few)


def _epoch_side_by_side(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    active: Bool[np.ndarray, " members"],
    feed: Feed,
    number: Int[np.ndarray, ""],
    info: Info,
) -> tuple[State, Info]:
    """The same, each member an execution of its own, several at a time."""
    own_order = feed.order.ndim == 3
    everyone = [take((state, info), np.array([member])) for member in range(len(active))]

    def moved(member: int) -> tuple[State, Info]:
        its = np.array([member])
        mine = Feed(feed.data, feed.order[its], feed.weight[its], feed.first) if own_order else feed
        its_state, its_info = everyone[member]
        return _epoch()(*take((objective, optimizer), its), its_state, np.ones(1, bool), mine, number, its_info, "map")

    running = np.flatnonzero(active).tolist()
    for member, result in zip(running, side_by_side(moved, running), strict=True):
        everyone[member] = result
    state, told = join(everyone)
    total, weight = (np.where(active, np.asarray(leaf), np.nan) for leaf in (told.total, told.weight))
    return state, Info(total, weight)


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
    moved, told = state, Info.unknown(len(active))
    for member in np.flatnonzero(active):
        one = np.array([member])
        *mine, its_info = take((objective, optimizer, state, info), one)
        order, weight = (leaf[member] if own_order else leaf for leaf in (feed.order, feed.weight))
        for place in range(len(order)):
            turn = Turn(order[place], weight[place], np.asarray(feed.first + place, np.int32))
            mine[2], its_info = _one_step(*mine, its_info, feed.data, turn, number)
        moved, told = put(moved, mine[2], one), put(told, its_info, one)
    return moved, told


@jax.jit
def _one_step(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    info: Info,
    data: Batch,
    turn: Turn,
    number: Int[Array, ""],
) -> tuple[State, Info]:
    """One step of a crowd of one, outside any loop."""
    objective, optimizer, state, info = jax.tree.map(lambda leaf: leaf[0], (objective, optimizer, state, info))
    key = _epoch_key(state, number)
    moved = _step_in_epoch(objective, optimizer, state, info, data, turn, key)
    return jax.tree.map(lambda leaf: leaf[None], moved)


def kept(optimizer: Optimizer, state: State) -> Params:
    """The params that are evaluated and kept: where the members stand, or what their optimizer averages."""
    return _kept(optimizer, state) if optimizer.averages else state.params


@jax.jit
def _kept(optimizer: Optimizer, state: State) -> Params:
    return jax.vmap(lambda one, its: one.kept(its.params, its.optimizer))(optimizer, state)

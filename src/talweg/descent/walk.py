"""Many epochs in one compiled program, every step recorded: for objectives so small that a call an epoch costs more.

The same step, the same stopping rules as in the loop over epochs; a member that stopped stays where it is.
"""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PyTree

from talweg.descent.engine import State, step
from talweg.descent.members import select
from talweg.descent.optimizer import Optimizer, gradient_norm
from talweg.descent.stopping import Memory, Outcome, Rule
from talweg.objective.base import EMPTY, Objective, Params

CURVES = ("loss", "gradient_norm")
"""What rules may monitor on a walk; `gradient_norm` is that of the step just taken, at the place it left."""


@dataclasses.dataclass(frozen=True, eq=False)
class Walk:
    """What became of the members.

    Attributes:
        params: their places before the first step and after each, a leading step axis before the member axis.
        loss: the loss there, of shape `(steps + 1, members)`.
        gradient_norm: the gradient's length at the place each step left, of shape `(steps, members)`.
        steps: how many steps each took.
        outcomes: when and why each stopped.
    """

    params: Params
    loss: Float[np.ndarray, "places members"]
    gradient_norm: Float[np.ndarray, "steps members"]
    steps: Int[np.ndarray, " members"]
    outcomes: tuple[Outcome, ...]


def walk(objective: Objective, optimizer: Optimizer, state: State, rule: Rule, chunk: int = 250) -> Walk:
    """Lets every member go until the rule has stopped it.

    Args:
        objective: what is descended, without data; its settings have a leading member axis.
        optimizer: how; likewise.
        state: where the members stand.
        rule: when to stop; it must hold for every member in the end, as `Epochs` does.
        chunk: how many steps one call of the compiled program takes.
    """
    first = _looked(objective, state.params)
    members = first.shape[0]
    active, memory, done = np.ones(members, bool), rule.init(members), 0
    told: list[PyTree] = []
    while active.any():
        state, memory, active, part = _steps(objective, optimizer, state, rule, memory, active, first, done, chunk)
        told.append(jax.device_get(part))
        active, done = np.asarray(active), done + chunk
    params, loss, norm, going = jax.tree.map(lambda *parts: np.concatenate(parts), *told)
    steps = going.sum(0) + 1
    last = int(steps.max())
    start = jax.tree.map(lambda leaf: np.asarray(leaf)[None], _started(objective, optimizer, state))
    places = jax.tree.map(lambda one, rest: np.concatenate([one, rest[:last]]), start, params)
    heights = np.concatenate([np.asarray(first)[None], loss[:last]])
    outcomes = _outcomes(rule, jax.device_get(memory), heights, norm, steps)
    return Walk(places, heights, norm[:last], steps, outcomes)


def ends(objective: Objective, optimizer: Optimizer, state: State, rule: Rule, chunk: int = 250) -> Params:
    """Where the members end, with nothing recorded on the way (see `walk`)."""
    first = _looked(objective, state.params)
    active, memory, done = np.ones(first.shape[0], bool), rule.init(first.shape[0]), 0
    while active.any():
        state, memory, active, _ = _steps(
            objective, optimizer, state, rule, memory, active, first, done, chunk, record=False
        )
        active, done = np.asarray(active), done + chunk
    return jax.device_get(state.params)


@jax.jit
def _looked(objective: Objective, params: Params) -> Float[Array, " members"]:
    return jax.vmap(lambda one, place: one.metrics(place, EMPTY)["loss"])(objective, params)


@jax.jit
def _started(objective: Objective, optimizer: Optimizer, state: State) -> Params:
    keys = jax.random.wrap_key_data(jnp.asarray(state.key))
    return jax.vmap(lambda one, key: one.init(key))(objective, keys)


@functools.partial(jax.jit, static_argnames=("rule", "chunk", "record"))
def _steps(
    objective: Objective,
    optimizer: Optimizer,
    state: State,
    rule: Rule,
    memory: Memory,
    active: Bool[Array, " members"],
    start_loss: Float[Array, " members"],
    done: Int[Array, ""],
    chunk: int,
    record: bool = True,
) -> tuple[State, Memory, Bool[Array, " members"], tuple]:
    """So many steps; with each, the places, their loss, the gradient's length, and who goes on after it."""

    def one(objective: Objective, optimizer: Optimizer, state: State, number: Array) -> tuple[State, Array, Array]:
        key = jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(state.key)), number)
        state, _, gradient = step(objective, optimizer, state, EMPTY, key)
        return state, objective.metrics(state.params, EMPTY)["loss"], gradient_norm(gradient)

    def body(carry: tuple, number: Array) -> tuple[tuple, tuple]:
        state, memory, active, loss = carry
        moved, now, norm = jax.vmap(one, (0, 0, 0, None))(objective, optimizer, state, number)
        state, now = select(active, (moved, now), (state, loss))
        seen = {"loss": now, "train_loss": now, "gradient_norm": norm, "start_loss": start_loss}
        seen["place"] = state.params
        remembered, holds = rule.update(memory, {**seen, "epoch": number, "step": number, "seconds": 0.0})
        remembered = jax.tree.map(lambda new, old: new.astype(old.dtype), remembered, memory)
        memory, active = select(active, remembered, memory), active & ~holds
        return (state, memory, active, now), (state.params, now, norm, active) if record else ()

    numbers = done + 1 + jnp.arange(chunk)
    loss = _looked(objective, state.params)
    (state, memory, active, _), told = lax.scan(body, (state, jax.tree.map(jnp.asarray, memory), active, loss), numbers)
    return state, memory, active, told


def _outcomes(
    rule: Rule, memory: Memory, loss: np.ndarray, norm: np.ndarray, steps: Int[np.ndarray, " members"]
) -> tuple[Outcome, ...]:
    outcomes = []
    for member, taken in enumerate(steps):
        seen: dict[str, Any] = {"epoch": int(taken), "step": int(taken), "seconds": 0.0, "start_loss": loss[0]}
        seen |= {"loss": loss[taken], "train_loss": loss[taken], "gradient_norm": norm[taken - 1]}
        kind, sentence = rule.fired(memory, seen, member)
        outcomes.append(Outcome(kind, int(taken), sentence))
    return tuple(outcomes)

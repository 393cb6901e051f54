"""What is asked of members where they stand: metrics over a set, outputs, the full gradient's length.

None of it moves a member; that is `engine`.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Num, PyTree

from talweg.descent.members import Crowd, blank, each_member, join, side_by_side, take
from talweg.descent.optimizer import gradient_norm
from talweg.objective.base import Batch, Objective, Params, loss_and_weight


@functools.partial(jax.jit, static_argnames="crowd")
def _evaluate(
    objective: Objective, params: Params, active: Bool[Array, " members"], chunks: Batch, crowd: Crowd
) -> dict[str, Array]:
    own_rows = chunks.weight.ndim == 3

    def one(objective: Objective, params: Params, rows: tuple) -> tuple[Callable, Callable]:
        mine = rows[0] if own_rows else chunks

        def work() -> PyTree:
            return lax.map(lambda chunk: objective.metrics(params, chunk), mine)

        return work, lambda: blank(jax.eval_shape(work))

    return each_member(one, crowd, active, objective, params, (chunks,) if own_rows else ())


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
    if crowd == "threads":
        sums = _evaluate_side_by_side(objective, params, active, chunks)
    else:
        sums = _evaluate(objective, params, active, chunks, crowd)
    return {name: value.astype(np.float64).sum(1) for name, value in jax.device_get(sums).items()}


def _evaluate_side_by_side(
    objective: Objective, params: Params, active: Bool[np.ndarray, " members"], chunks: Batch
) -> dict[str, Array]:
    """The same, each active member an execution of its own, several at a time."""
    own_rows = chunks.weight.ndim == 3

    def found(member: int) -> dict[str, Array]:
        its = np.array([member])
        rows = take(chunks, its) if own_rows else chunks
        return _evaluate(*take((objective, params), its), np.ones(1, bool), rows, "map")

    running = np.flatnonzero(active).tolist()
    results = dict(zip(running, side_by_side(found, running), strict=True))
    stopped = blank(jax.eval_shape(lambda: found(0)))
    return join([results.get(member, stopped) for member in range(len(active))])


@jax.jit
def outputs(objective: Any, params: Params, x: Num[Array, "chunks rows *features"]) -> Array:
    """Every member's outputs for all rows, of shape `(members, chunks, rows, outputs)`."""
    return lax.map(lambda member: lax.map(lambda rows: member[0].outputs(member[1], rows), x), (objective, params))


@functools.partial(jax.jit, static_argnames="crowd")
def _slopes(
    objective: Objective, params: Params, active: Bool[Array, " members"], chunks: Batch, crowd: Crowd
) -> tuple[Params, Float[Array, " members"]]:
    def one(objective: Objective, params: Params) -> tuple[Callable, Callable]:
        def add(so_far: tuple[Params, Array], chunk: Batch) -> tuple[tuple[Params, Array], None]:
            part, weight = jax.grad(lambda at: loss_and_weight(objective, at, chunk), has_aux=True)(params)
            return (jax.tree.map(jnp.add, so_far[0], part), so_far[1] + weight), None

        def work() -> PyTree:
            nothing = (jax.tree.map(jnp.zeros_like, params), jnp.zeros(()))
            return lax.scan(add, nothing, chunks)[0]

        return work, lambda: blank(jax.eval_shape(work))

    return each_member(one, crowd, active, objective, params)


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

"""The members as an axis: how a function of one member runs for all that are active. What they do is in `engine`.

Members that stopped are left out of the work. Where they run one after the other (`"map"`), a branch skips them and
each is bit-identical to a lone run; where they run as one program (`"vmap"`, for tiny objectives and for GPUs), the
active ones are gathered into a smaller crowd first. With `"step"` members run one after the other too, but each step is
a call of its own: slower by the calls, and the way for operations that the compiler does badly inside a loop, such as
the gradients of convolutions that are not Talweg's own. With `"threads"` as many members run at a time as there are
cores, each an execution of its own and bit-identical to a lone run: the way for operations that use one core only, such
as XLA's convolutions on a CPU. All four give equal results, to rounding.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Int, PyTree

from talweg.objective.parts import cores

Crowd = Literal["map", "vmap", "step", "threads"]
"""How the members run (see this file's head)."""

_STARTING = threading.Lock()
"""Held while an execution is started, so that two members do not compile the same program at once."""


def each_member(function: Callable, crowd: Crowd, active: Array, *members: PyTree) -> PyTree:
    """Runs a function of one member for all active ones; for the others, `function` gives its `otherwise`.

    The function returns two trees: what it computes for an active member, and what stands for a stopped one.
    """
    if crowd != "vmap":

        def branch(member: tuple) -> PyTree:
            running, *arguments = member
            work, otherwise = function(*arguments)
            return lax.cond(running, work, otherwise)

        return lax.map(branch, (active, *members))

    def select(running: Array, *arguments: PyTree) -> PyTree:
        work, otherwise = function(*arguments)
        return jax.tree.map(lambda new, old: jnp.where(running, new, old), work(), otherwise())

    return jax.vmap(select)(active, *members)


def side_by_side(function: Callable[[int], PyTree], numbers: Sequence[int]) -> list[PyTree]:
    """A compiled function of each of some members, as many at a time as there are cores; in the members' order.

    What one Python thread starts, JAX runs one after the other on a CPU; so each member is started from another.

    Args:
        function: starts the execution for the member with a number.
        numbers: of the members.
    """
    wait: Any = jax.block_until_ready

    def run(member: int) -> PyTree:
        with _STARTING:
            started = function(member)
        return wait(started)

    with ThreadPoolExecutor(min(cores(), max(len(numbers), 1))) as pool:
        return list(pool.map(run, numbers))


@jax.jit
def join(members: Sequence[PyTree]) -> PyTree:
    """Crowds of one as a single crowd."""
    return jax.tree.map(lambda *each: jnp.concatenate(each), *members)


def blank(shapes: PyTree) -> PyTree:
    """NaN in the shape of what a stopped member would have told."""
    return jax.tree.map(lambda leaf: jnp.full(leaf.shape, jnp.nan, leaf.dtype), shapes)


def gathered(active: Bool[np.ndarray, " members"]) -> Int[np.ndarray, " fewer"] | None:
    """The active members, filled up to a power of two with stopped ones, if that halves the crowd or better."""
    order = np.argsort(~active, kind="stable")
    size = 1 << max(int(active.sum()) - 1, 0).bit_length()
    return order[:size] if size <= len(active) // 2 else None


@jax.jit
def take(tree: PyTree, members: Int[Array, " fewer"]) -> PyTree:
    """Some of the members, as a smaller crowd."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[members], tree)


@jax.jit
def put(tree: PyTree, part: PyTree, members: Int[Array, " fewer"]) -> PyTree:
    """The crowd, with some of its members replaced."""
    return jax.tree.map(lambda leaf, new: jnp.asarray(leaf).at[members].set(new), tree, part)


@jax.jit
def select(chosen: Bool[Array, " members"], new: PyTree, old: PyTree) -> PyTree:
    """The new of the members chosen, the old of the others, to the last bit.

    Example:
        >>> select(np.array([True, False]), np.array([1.0, 1.0]), np.array([0.0, 0.0])).tolist()
        [1.0, 0.0]
    """

    def pick(one: Array, other: Array) -> Array:
        return jnp.where(chosen.reshape(chosen.shape + (1,) * (one.ndim - 1)), one, other)

    return jax.tree.map(pick, new, old)

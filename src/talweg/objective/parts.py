"""A batch in two parts, whose computations do not wait for each other. Which layers allow it is in `layers`.

On a CPU much of what a convolutional network does runs on one core at a time: XLA's quickest convolution, transposes,
sums. Two halves of a batch that meet only where the gradients are summed keep two cores busy. On other devices, and
where a step is short, a batch stays whole.
"""

import os
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

FEWEST_ROWS = 8
"""Of a batch that is cut."""
WORTH_CUTTING = 3e7
"""Multiplications of a batch going forward, from which on cutting it costs less than it gains."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worth_cutting(rows: int, row_work: int) -> bool:
    """Whether a batch of so many rows, each of so many multiplications, is to be cut on this machine.

    Example:
        >>> worth_cutting(4, 10**9)
        False
    """
    enough = rows >= FEWEST_ROWS and rows * row_work >= WORTH_CUTTING
    return enough and cores() > 1 and jax.default_backend() == "cpu"


def in_parts(
    function: Callable[[Float[Array, "some ..."]], Float[Array, "some ..."]], x: Float[Array, "rows ..."]
) -> Float[Array, "rows ..."]:
    """A function that treats each row by itself, of the two halves of a batch."""
    half = len(x) // 2
    return jnp.concatenate([function(x[:half]), function(x[half:])])

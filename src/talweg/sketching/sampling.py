"""A compiled function at many points, in float64, whatever JAX's own setting: one compilation for any number of points.

Points go through in chunks of one size, the last filled up; what is computed at them is the caller's.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Function = Callable[[Float[Array, " n"]], Float[Array, ""]]

CHUNK = 4096
CHUNK_OF_MANY = 1024
"""Points that go through at once; fewer in more than two variables, where each costs more."""


def in_chunks(compiled: Callable[[Array], Any], points: Float[np.ndarray, "points n"]) -> Any:
    """The outputs of a compiled function of many points, as NumPy arrays with the points first.

    Args:
        compiled: from an array of shape (chunk, n) to a tree of arrays whose first axis is the chunk.
        points: where; any number.
    """
    count, n = points.shape
    size = CHUNK if n <= 2 else CHUNK_OF_MANY
    filled = np.resize(points, (max(1, -(-count // size)) * size, n)) if count else np.zeros((size, n))
    with jax.enable_x64(True):
        parts = [compiled(jnp.asarray(chunk, jnp.float64)) for chunk in np.split(filled, len(filled) // size)]
        return jax.tree.map(lambda *arrays: np.concatenate([np.asarray(a) for a in arrays])[:count], *parts)


def heights(function: Function, points: Float[np.ndarray, "points n"]) -> Float[np.ndarray, " points"]:
    """The function at each of some points.

    Example:
        >>> heights(lambda p: p[0] / 3, np.array([[1.0], [2.0]])).tolist()
        [0.3333333333333333, 0.6666666666666666]
    """
    return in_chunks(_heights(function), points)


@functools.lru_cache(maxsize=32)
def _heights(function: Function) -> Callable:
    return jax.jit(jax.vmap(function))

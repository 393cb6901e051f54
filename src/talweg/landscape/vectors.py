"""Params as vectors: inner products and combinations of many, in float64 and in blocks, so that size costs nothing.

A *stack* is a tree of params whose leaves have one leading axis, the points. What planes and lines are made of these
is the business of the other files.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np
from jaxtyping import Array, Float, PyTree

HostParams: TypeAlias = PyTree[Float[Array | np.ndarray, "..."]]
"""Params whose leaves are JAX's or NumPy's arrays."""

BLOCK = 1 << 16
"""How many entries of each point are widened to float64 at a time."""


def size_of(params: HostParams) -> int:
    """How many numbers params have."""
    return int(sum(np.size(leaf) for leaf in jax.tree.leaves(params)))


def stack(points: Sequence[HostParams]) -> HostParams:
    """One stack of several params.

    Example:
        >>> stack([{"w": np.zeros(3)}, {"w": np.ones(3)}])["w"].shape
        (2, 3)
    """
    return jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *points)


def at(points: HostParams, index: Any) -> HostParams:
    """Some points of a stack; one without its leading axis where the index is a number."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[index], points)


def count_of(points: HostParams) -> int:
    """How many points a stack has."""
    return int(np.shape(jax.tree.leaves(points)[0])[0])


def blocks(*stacks: HostParams) -> Iterator[tuple[Float[np.ndarray, "_ entries"], ...]]:
    """The same entries of several stacks, block after block, in float64."""
    for leaves in zip(*(jax.tree.leaves(points) for points in stacks), strict=True):
        flat = [np.asarray(leaf).reshape(len(leaf), -1) for leaf in leaves]
        for start in range(0, flat[0].shape[1], BLOCK):
            yield tuple(rows[:, start : start + BLOCK].astype(np.float64) for rows in flat)


def inner_products(left: HostParams, right: HostParams) -> Float[np.ndarray, "left right"]:
    """The inner product of each point of one stack with each of another.

    Example:
        >>> inner_products({"w": np.eye(2)}, {"w": np.array([[3.0, 4.0]])}).ravel().tolist()
        [3.0, 4.0]
    """
    total = np.zeros((count_of(left), count_of(right)))
    for a, b in blocks(left, right):
        total += a @ b.T
    return total


def centered_gram(points: HostParams) -> Float[np.ndarray, "points points"]:
    """The inner products of a stack's points with each other, measured from their mean."""
    total = np.zeros((count_of(points),) * 2)
    for (block,) in blocks(points):
        block -= block.mean(0)
        total += block @ block.T
    return total


def combine(coefficients: Float[np.ndarray, "out points"], points: HostParams) -> HostParams:
    """Sums of coefficients times points, a stack with one point for each row of coefficients.

    Example:
        >>> combine(np.array([[0.5, 0.5]]), {"w": np.array([[0.0, 2.0], [4.0, 2.0]])})["w"].tolist()
        [[2.0, 2.0]]
    """

    def sums(leaf: Array | np.ndarray) -> np.ndarray:
        flat = np.asarray(leaf).reshape(len(leaf), -1)
        out = np.empty((len(coefficients), flat.shape[1]), flat.dtype)
        for start in range(0, flat.shape[1], BLOCK):
            part = slice(start, start + BLOCK)
            out[:, part] = coefficients @ flat[:, part].astype(np.float64)
        return out.reshape(len(coefficients), *leaf.shape[1:])

    return jax.tree.map(sums, points)


def squared_norms(points: HostParams) -> Float[np.ndarray, " points"]:
    """The squared length of each point of a stack."""
    total = np.zeros(count_of(points))
    for (block,) in blocks(points):
        total += np.einsum("pe,pe->p", block, block)
    return total


def orthonormal(vectors: HostParams, seed: int = 0) -> HostParams:
    """A stack of orthonormal vectors, each in the span of those up to it (Gram-Schmidt, done twice).

    A vector that lies in the span of those before it is replaced by a random one: the span of a line is completed
    to a plane in a way that only the seed decides.
    """
    generator = np.random.default_rng(seed)
    done: list[HostParams] = []
    for number in range(count_of(vectors)):
        vector = at(vectors, slice(number, number + 1))
        length = np.sqrt(squared_norms(vector)[0])
        rest = _across(vector, done)
        if not np.sqrt(squared_norms(rest)[0]) > 1e-6 * length:
            rest = _across(_random_like(vector, generator), done)
        done.append(combine(1 / np.sqrt(squared_norms(rest))[:, None], rest))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *done)


def _across(vector: HostParams, axes: list[HostParams]) -> HostParams:
    """What of a vector is orthogonal to the axes, in float64; the second pass removes the first's rounding."""
    rest = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), vector)
    for axis in [*axes, *axes]:
        along = inner_products(rest, axis)[0, 0]
        rest = jax.tree.map(lambda leaf, unit, along=along: leaf - along * unit, rest, axis)
    return rest


def _random_like(vector: HostParams, generator: np.random.Generator) -> HostParams:
    return jax.tree.map(lambda leaf: generator.standard_normal(np.shape(leaf)), vector)

"""Rows of an array that may lie on disk, in any order, without taking the whole array into memory."""

import itertools

import numpy as np
from jaxtyping import Int, Shaped

from talweg.data.large.store import forget, is_mapped

_AT_ONCE = 96 * 2**20
"""Bytes of a file that may be in the process's memory at a time."""


def gather(array: Shaped[np.ndarray, "all *rest"], rows: Int[np.ndarray, " some"]) -> Shaped[np.ndarray, "some *rest"]:
    """The rows at given positions, in their order: what `array[rows]` is.

    From a disk they are read in the order of the file, piece by piece, and what was read is forgotten.

    Example:
        >>> gather(np.arange(6).reshape(3, 2), np.array([2, 0])).tolist()
        [[4, 5], [0, 1]]
    """
    if not is_mapped(array):
        return array[rows]
    if array.nbytes <= _AT_ONCE:
        found = array[rows]
        forget(array)
        return found
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    step = max(1, int(_AT_ONCE * len(array) / array.nbytes))
    place: Int[np.ndarray, " some"] | None = None
    ordered = rows
    if (rows[1:] < rows[:-1]).any():
        place = np.argsort(rows, kind="stable")
        ordered = rows[place]
    cuts = np.searchsorted(ordered, np.arange(0, len(array) + step, step))
    for start, stop in itertools.pairwise(cuts):
        if start < stop:
            where = slice(start, stop) if place is None else place[start:stop]
            found[where] = array[ordered[start:stop]]
            forget(array)
    return found

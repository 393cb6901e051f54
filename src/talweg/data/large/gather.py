"""Rows of an array that may lie on disk, in any order, without taking the whole array into memory."""

import dataclasses
import itertools
import mmap
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from talweg.data.large.store import forget, is_mapped, only, pages_of

_AT_ONCE = 96 * 2**20
"""Bytes of a file that may be in the process's memory at a time."""


@dataclasses.dataclass(frozen=True, eq=False)
class Picked:
    """Some rows of an array on disk, in any order, as an array that is read where it is touched.

    A slice of it is not read either; any other choice is an array in memory.

    Attributes:
        base: the whole array.
        places: the positions of the rows in it.

    Example:
        >>> some = Picked(np.arange(10).reshape(5, 2), np.array([4, 0, 2]))
        >>> some.shape, some[1:][0].tolist(), some[np.array([0, 2])].tolist()
        ((3, 2), [0, 1], [[8, 9], [4, 5]])
    """

    base: Shaped[np.ndarray, "all *rest"]
    places: Int[np.ndarray, " rows"]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, then the shape of each."""
        return (len(self.places), *self.base.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the elements."""
        return self.base.dtype

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return self.base.ndim

    @property
    def size(self) -> int:
        """How many elements there are."""
        return len(self.places) * (self.base.size // max(len(self.base), 1))

    @property
    def nbytes(self) -> int:
        """How many bytes they would take in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, slice):
            return Picked(self.base, self.places[which])
        if isinstance(which, int | np.integer):
            return np.array(self.base[self.places[which]])
        return gather(self.base, self.places[which])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = gather(self.base, self.places)
        return found if dtype is None else found.astype(dtype, copy=False)


Stack = np.ndarray | Picked
"""Rows in memory or on disk, all of an array or some."""


def pick(array: Stack, rows: Int[np.ndarray, " some"]) -> Stack:
    """The rows at given positions, in their order: in memory those of an array in memory, else as they lie on disk."""
    if isinstance(array, Picked):
        return Picked(array.base, array.places[rows])
    return Picked(array, rows) if is_mapped(array) else array[rows]


def gather(array: Stack, rows: Int[np.ndarray, " some"]) -> Shaped[np.ndarray, "some *rest"]:
    """The rows at given positions, in their order: what `array[rows]` is.

    What a disk brings of them stays in the process's memory until they are picked, or a piece of them is.

    Example:
        >>> gather(np.arange(6).reshape(3, 2), np.array([2, 0])).tolist()
        [[4, 5], [0, 1]]
    """
    if isinstance(array, Picked):
        return gather(array.base, array.places[rows])
    if not is_mapped(array) or not len(rows) or not array.nbytes:
        return array[rows]
    pages = pages_of(array, np.sort(rows))
    if sum(stop - start for start, stop in pages) * mmap.PAGESIZE > _AT_ONCE:
        return _by_pieces(array, rows)
    with only(array, pages):
        found = array[rows]
    forget(array)
    return found


def _by_pieces(
    array: Shaped[np.ndarray, "all *rest"], rows: Int[np.ndarray, " some"]
) -> Shaped[np.ndarray, "some *rest"]:
    """The rows in the order of the file, piece by piece, each of which is forgotten before the next is read."""
    place = np.argsort(rows, kind="stable")
    ordered = rows[place]
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    step = max(1, int(_AT_ONCE * len(array) / array.nbytes))
    cuts = np.searchsorted(ordered, np.arange(0, len(array) + step, step))
    for start, stop in itertools.pairwise(cuts):
        if start < stop:
            piece = ordered[start:stop]
            with only(array, pages_of(array, piece)):
                found[place[start:stop]] = array[piece]
            forget(array)
    return found

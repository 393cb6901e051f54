"""What the features of prepared rows are: numbers, words of a column, or neither; and the quantiles of the numbers."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from talweg.data.encode import CategoryEncoder, Encoder
from talweg.data.evenly import evenly
from talweg.data.large.gather import gather

_MOST_ROWS = 100_000
"""Rows of which quantiles are taken, at most; of more, so many evenly spread."""


@dataclasses.dataclass(frozen=True)
class Roles:
    """What the features of a row are. Those in neither, the flags of gaps and the circles of dates, are neither.

    Attributes:
        width: how many there are.
        numbers: the positions of those that are numbers.
        words: for each column of words, the position of its first feature and the one behind its last.
    """

    width: int
    numbers: tuple[int, ...]
    words: tuple[tuple[int, int], ...]


def roles_of(encoders: Sequence[Encoder]) -> Roles:
    """The roles of the features that encoders give, one encoder after the other."""
    numbers: list[int] = []
    words, start = [], 0
    for encoder in encoders:
        names = encoder.feature_names()
        if isinstance(encoder, CategoryEncoder):
            words.append((start, start + encoder.width))
            numbers += range(start + encoder.width, start + len(names))
        else:
            numbers += [start + place for place, name in enumerate(names) if name == encoder.name]
        start += len(names)
    return Roles(start, tuple(numbers), tuple(words))


def quantiles_of(
    training: Float[np.ndarray, "rows features"], roles: Roles, count: int
) -> tuple[tuple[float, ...], ...]:
    """Of each feature that is a number, so many quantiles at even steps, from the least value to the greatest.

    Args:
        training: the prepared training rows, which may lie on disk.
        roles: of their features.
        count: how many quantiles, both ends counted.

    Example:
        >>> quantiles_of(np.array([[4.0], [0.0], [1.0]]), Roles(1, (0,), ()), 3)
        ((0.0, 1.0, 4.0),)
    """
    known = gather(training, evenly(len(training), _MOST_ROWS))[:, list(roles.numbers)].astype(np.float64)
    found = np.quantile(known, np.linspace(0, 1, count), axis=0)
    return tuple(map(tuple, found.T.tolist()))

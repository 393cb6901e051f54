"""Of a category of many words, what the target is on average where each word stands, drawn toward the mean of all.

Which columns get it, and how it becomes features, is in `encode` and `clean`. Words that stand in few rows have no
feature of their own, yet together they may be most of a column; such a mean is what all of them can share.

Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes (2001).
"""

import numpy as np
from jaxtyping import Float, Int

from talweg.data.table import Column
from talweg.data.targets import ClassTarget, NumberTarget

FOLDS = 5
"""Parts of the training rows, each of which gets its means from the others."""
_MOST_CLASSES = 10


def outputs_of(target: ClassTarget | NumberTarget, known: Column, table: str) -> Float[np.ndarray, "rows outputs"]:
    """What means are taken of, standardized: the quantity as it is learned, or whether a row is of a class.

    Of two classes one output says it all; of more than ten there are none.
    """
    encoded = target.encode(known, table)
    if isinstance(target, NumberTarget):
        said = encoded[:, None].astype(np.float64)
    else:
        count = len(target.classes)
        said = (
            np.eye(count)[encoded][:, 1:]
            if count == 2
            else np.eye(count)[encoded][:, : count * (count <= _MOST_CLASSES)]
        )
    spread = said.std(0)
    return (said - said.mean(0)) / np.where(spread > 0, spread, 1.0)


def shrinkage(codes: Int[np.ndarray, " rows"], outputs: Float[np.ndarray, "rows outputs"]) -> float | None:
    """How many rows at the mean of all a word's mean is mixed with: the rows' variance over that of the words' means.

    Both are estimated by the moments of a one-way layout (Searle, Casella & McCulloch 1992, chapter 3).

    Args:
        codes: each row's word, a number from 0; below 0 where there is none.
        outputs: what means are taken of.

    Returns:
        `None` if the words' means differ by no more than chance.

    Example:
        >>> shrinkage(np.array([0, 0, 1, 1]), np.array([[1.0], [0.8], [-1.0], [-0.8]]))
        0.012...
        >>> shrinkage(np.array([0, 0, 1, 1]), np.array([[1.0], [-1.0], [1.0], [-1.0]])) is None
        True
    """
    codes, outputs = codes[codes >= 0], outputs[codes >= 0]
    counts = np.bincount(codes)
    words, rows = int((counts > 0).sum()), len(codes)
    if words < 2 or rows <= words or not outputs.shape[1]:
        return None
    sums = _sums(codes, outputs, len(counts))
    means = sums / np.maximum(counts, 1)[:, None]
    within = float(((outputs - means[codes]) ** 2).sum()) / (rows - words)
    apart = float((counts[:, None] * (means - outputs.mean(0)) ** 2).sum())
    between = (apart - (words - 1) * within) / (rows - float((counts**2).sum()) / rows)
    return within / between if between > 0 else None


def drawn_means(
    codes: Int[np.ndarray, " rows"], outputs: Float[np.ndarray, "rows outputs"], words: int, drawn: float
) -> Float[np.ndarray, "words outputs"]:
    """Each word's mean, mixed with so many rows at 0, the mean of all; 0 for a word without rows."""
    known = codes >= 0
    counts = np.bincount(codes[known], minlength=words)
    return _sums(codes[known], outputs[known], words) / np.maximum(counts + drawn, 1e-12)[:, None]


def held_out_means(
    codes: Int[np.ndarray, " rows"],
    outputs: Float[np.ndarray, "rows outputs"],
    fold: Int[np.ndarray, " rows"],
    words: int,
    drawn: float,
) -> Float[np.ndarray, "rows outputs"]:
    """For each row its word's mean over the other folds, so that no row's own target is in its features."""
    found = np.zeros(outputs.shape)
    for number in np.unique(fold):
        mine = fold == number
        # In their own scale: the mean of all other rows is the 0 that a word without rows gets.
        center = outputs[~mine].mean(0)
        means = drawn_means(codes[~mine], outputs[~mine] - center, words, drawn) + center
        found[mine] = np.where(codes[mine, None] >= 0, means[codes[mine]], center)
    return found


def _sums(codes: np.ndarray, outputs: np.ndarray, words: int) -> np.ndarray:
    return np.stack([np.bincount(codes, weights=each, minlength=words) for each in outputs.T], axis=1)

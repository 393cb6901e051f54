"""Some positions that stand for many, spread evenly over them. What is looked at there is decided elsewhere."""

import numpy as np
from jaxtyping import Int


def evenly(count: int, most: int) -> Int[np.ndarray, " some"]:
    """So many of the positions from 0 to below `count`, the first and the last among them; all if they are no more.

    Example:
        >>> evenly(9, 3).tolist(), evenly(2, 3).tolist()
        ([0, 4, 8], [0, 1])
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))

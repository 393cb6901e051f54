"""Which rows each step sees, and sets cut into chunks for evaluation. Padding fills shapes up and counts nothing."""

import numpy as np
from jaxtyping import Float, Int, Shaped

FULL = "full"
"""The batch size of full-batch gradient descent; the shuffle that gives every order the same chance."""
_TOGETHER, _SHUFFLED = 1024, 256


def rows_per_batch(batch_size: int | str, rows: int) -> int:
    """A batch size in rows: never more than there are."""
    return rows if batch_size == FULL else min(int(batch_size), rows)


def steps_per_epoch(batch_size: int | str, rows: int) -> int:
    """How many steps an epoch has; the last may have a shorter batch.

    Example:
        >>> steps_per_epoch(32, 70), steps_per_epoch("full", 70)
        (3, 1)
    """
    return -(-rows // rows_per_batch(batch_size, rows))


def epoch_order(
    rows: int, batch_size: int, seed: int, epoch: int, member: int | None = None, shuffle: str = FULL
) -> Int[np.ndarray, "steps batch"]:
    """The order of an epoch: a permutation of the rows, cut into batches, the last filled up with row 0.

    A pure function of its arguments, from a counter-based generator (Philox, Salmon et al. 2011), so that a resumed
    run sees the same rows without anything saved.

    Args:
        rows: how many rows there are.
        batch_size: rows of a batch.
        seed: the run's seed.
        epoch: the epoch's number.
        member: the member, if each has its own order.
        shuffle: ``"full"``: every order is as likely; ``"block"``: blocks of 1024 rows that lie together are
            shuffled, then the rows within each 256 of them, so that a disk reads long pieces.

    Example:
        >>> sorted(epoch_order(5, 2, seed=0, epoch=1).ravel().tolist())
        [0, 0, 1, 2, 3, 4]
    """
    stream = 0 if member is None else member + 1
    generator = np.random.Generator(np.random.Philox(key=[seed, stream], counter=[0, 0, 0, epoch]))
    steps = -(-rows // batch_size)
    order = np.zeros(steps * batch_size, np.int32)
    order[:rows] = np.arange(rows, dtype=np.int32)
    if batch_size < rows:
        _shuffle(order[:rows], generator, shuffle)
    return order.reshape(steps, batch_size)


def dealt_order(
    rows: Int[np.ndarray, " some"], steps: int, batch_size: int, seed: int, epoch: int, member: int
) -> tuple[Int[np.ndarray, "steps batch"], Float[np.ndarray, "steps batch"]]:
    """Some of the rows in random order over a given number of steps, and what each place counts.

    The steps differ by one row at most, and none is empty: members that train on sets of unlike size, as the folds of a
    cross-validation are, take their steps together.

    Args:
        rows: the positions of these rows among all.
        steps: how many steps the epoch has.
        batch_size: the places of a step; as many as `steps` need to hold the rows, or more.
        seed: the run's seed.
        epoch: the epoch's number.
        member: whose order it is.

    Example:
        >>> order, weight = dealt_order(np.array([3, 5, 6, 8, 9]), 2, 3, seed=0, epoch=1, member=0)
        >>> sorted(order[weight > 0].tolist()), weight.sum(1).tolist()
        ([3, 5, 6, 8, 9], [3.0, 2.0])
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, member + 1], counter=[0, 0, 0, epoch]))
    shuffled = rows[generator.permutation(len(rows))]
    if len(rows) < steps:
        shuffled = np.resize(shuffled, steps)
    sizes = len(shuffled) // steps + (np.arange(steps) < len(shuffled) % steps)
    filled = np.arange(batch_size) < sizes[:, None]
    order = np.zeros((steps, batch_size), np.int32)
    order[filled] = shuffled
    return order, filled.astype(np.float32)


def _shuffle(order: Int[np.ndarray, " rows"], generator: np.random.Generator, shuffle: str) -> None:
    """Shuffles rows in place."""
    if shuffle == FULL:
        generator.shuffle(order)
        return
    starts = np.arange(0, len(order), _TOGETHER, dtype=np.int32)
    generator.shuffle(starts)
    places = starts[:, None] + np.arange(_TOGETHER, dtype=np.int32)
    order[:] = places[places < len(order)]
    for start in range(0, len(order), _TOGETHER * _SHUFFLED):
        generator.shuffle(order[start : start + _TOGETHER * _SHUFFLED])


def epoch_weight(
    order: Int[np.ndarray, "*members steps batch"], row_weight: Float[np.ndarray, " rows"]
) -> Float[np.ndarray, "*members steps batch"]:
    """What each row of an order counts: its own weight, and 0 where it only fills up the last batch."""
    weight = row_weight[order]
    spare = order.shape[-1] * order.shape[-2] - len(row_weight)
    if spare:
        weight[..., -1, order.shape[-1] - spare :] = 0.0
    return weight


def chunked(
    array: Shaped[np.ndarray, "rows *rest"], size: int, chunks: int = 1
) -> Shaped[np.ndarray, "chunks size *rest"]:
    """A set cut into chunks of equal size, the last filled up with zeros.

    Zeros as weights are what makes the padding count nothing.

    Args:
        array: the set.
        size: the rows of a chunk.
        chunks: how many chunks there are to be, at least.
    """
    chunks = max(chunks, 1, -(-len(array) // size))
    padded = np.zeros((chunks * size, *array.shape[1:]), array.dtype)
    padded[: len(array)] = array
    return padded.reshape(chunks, size, *array.shape[1:])


def chunk_size(rows: int, largest: int = 1024) -> int:
    """Rows of a chunk for a set of so many: a power of two, so that sets of like size share one compilation."""
    return min(1 << min(largest, 1024).bit_length() - 1, 1 << max(rows - 1, 0).bit_length())

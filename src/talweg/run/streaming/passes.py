"""All rows of a part of the split, gone over block by block, as evaluation and scoring do. No step is made here.

The blocks are cut alike in memory and on disk, so that sums over them are the same to the last bit.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import jax
import numpy as np
from jaxtyping import Bool

from talweg.data.large.ahead import ahead
from talweg.data.large.sample import blocks
from talweg.data.large.store import forget, is_mapped
from talweg.descent import evaluation
from talweg.descent.members import Crowd
from talweg.objective.base import Batch, Params
from talweg.objective.network import Network
from talweg.run.job import Job, Rows

BLOCK_BYTES = 32 * 2**20
"""Bytes of a block's features, at most."""


def block_size(rows: Rows) -> int:
    """How many rows a block of a part has: whole chunks, a power of two of them."""
    chunk = rows.chunk_rows(len(rows))
    chunk_bytes = chunk * rows.x.nbytes / max(len(rows), 1)
    return chunk << max(int(BLOCK_BYTES / max(chunk_bytes, 1)), 1).bit_length() - 1


def parts_of(rows: Rows) -> Iterator[Rows]:
    """The rows block by block; one block, perhaps an empty one, if they are few."""
    for some in blocks(len(rows), block_size(rows)) if len(rows) else [slice(0, 0)]:
        yield Rows(rows.x[some], rows.y[some])


@dataclasses.dataclass(frozen=True, eq=False)
class _Passing:
    """Rows on disk: each pass reads them anew, a block while the one before is looked at."""

    rows: Rows

    def __iter__(self) -> Iterator[Batch]:
        return ahead(self._chunks())

    def _chunks(self) -> Iterator[Batch]:
        for part in parts_of(self.rows):
            yield part.chunks()
            forget(self.rows.x, self.rows.y)


def passing(rows: Rows) -> Iterable[Batch]:
    """The rows in blocks of chunks, as often as they are wanted: put on the device once, or read each time."""
    if is_mapped(rows.x):
        return _Passing(rows)
    return [jax.device_put(part.chunks()) for part in parts_of(rows)]


def validation_passing(job: Job) -> Iterable[Batch]:
    """The validation rows of a job, likewise; with folds, each member's own."""
    return passing(job.validation) if job.folds is None else [jax.device_put(job.validation_chunks())]


def evaluate(
    network: Network,
    params: Params,
    active: Bool[np.ndarray, " members"],
    blocks: Iterable[Batch],
    crowd: Crowd = "map",
) -> dict[str, np.ndarray]:
    """The metrics' sums over all blocks (see `evaluation.evaluate`)."""
    sums: dict[str, np.ndarray] = {}
    for chunks in blocks:
        found = evaluation.evaluate(network, params, active, chunks, crowd)
        sums = {name: sums[name] + value if sums else value for name, value in found.items()}
    return sums

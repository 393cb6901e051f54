"""Training rows that lie on disk: each segment of an epoch is read while the one before it is trained on.

The steps see the same rows in the same order as from memory (`segments`), so that the numbers are the same.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int, Num

from talweg.config.grid import grid_of
from talweg.config.settings import Settings
from talweg.data.feed import epoch_order, rows_per_batch, steps_per_epoch
from talweg.data.large.ahead import ahead
from talweg.data.large.gather import Stack, gather
from talweg.data.large.store import is_mapped
from talweg.descent import engine
from talweg.objective.base import Batch
from talweg.run.job import Job, Rows
from talweg.run.segments import cuts, longest_segment
from talweg.run.streaming.available import available_memory

SEGMENT_BYTES = 16 * 2**20
"""Bytes of a segment's rows, at most; five are in memory: one used, three waiting, one being read."""
_WAITING = 3
"""Segments that are read before they are needed: where blocks are shuffled, some need much of the disk, others none."""

_LONG_ROW = 2**15
"""Bytes of a row that is as quickly read by itself as with others."""


def order_of(settings: Settings, training: Rows) -> tuple[Settings, tuple[str, ...]]:
    """The settings with an order of the rows that a disk can follow, and a sentence where that was decided.

    In fully shuffled order each short row brings its surroundings along, and they are gone before they are needed if
    the rows take more than the memory: the disk is read many times in each epoch.

    Args:
        settings: as given; an order that was asked for stays.
        training: the training rows.
    """
    x = training.x
    short = x.nbytes < _LONG_ROW * len(x)
    if "shuffle" in settings.model_fields_set or not (is_mapped(x) and short and x.nbytes > available_memory()):
        return settings, ()
    return settings.model_copy(update={"shuffle": "block"}), (
        f"The training rows take {x.nbytes / 1e9:.1f} GB, more than the memory that is free: they are shuffled in"
        " blocks that lie together (--shuffle full takes every order, and reads the disk many times in each epoch).",
    )


@dataclasses.dataclass(frozen=True, eq=False)
class OnDisk:
    """Training rows on disk: a source of segments.

    Attributes:
        x: features.
        y: targets.
        batch: rows of a step.
        seed: the run's.
        shuffle: see `feed.epoch_order`.
        members: the number of each member's own order; none if all share one.
        ends: where an epoch is cut.
    """

    x: Num[Stack, "rows *features"]
    y: Num[np.ndarray, "rows *targets"]
    batch: int
    seed: int
    shuffle: str
    members: tuple[int, ...]
    ends: Int[np.ndarray, " ends"]

    @staticmethod
    def of(job: Job) -> "OnDisk":
        """The training rows of a job, in segments that take little memory and no longer than others."""
        settings, x, y = job.settings, job.training.x, job.training.y
        batch = rows_per_batch(settings.batch_size, len(x))
        own = tuple(grid_of(settings).start_numbers().tolist()) if settings.member_batches == "own" else ()
        step_bytes = max(len(own), 1) * batch * (x.nbytes + y.nbytes) / len(x)
        longest = min(longest_segment(job), SEGMENT_BYTES / step_bytes)
        return OnDisk(
            x,
            y,
            batch,
            settings.seed,
            settings.shuffle,
            own,
            cuts(steps_per_epoch(settings.batch_size, len(x)), longest),
        )

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return int(self.ends[-1])

    def segments(self, epoch: int, first: int = 0) -> Iterator[engine.Feed]:
        """The segments of an epoch from step `first` on, in order."""
        return ahead(self._segments(epoch, first), _WAITING)

    def _segments(self, epoch: int, first: int) -> Iterator[engine.Feed]:
        orders = [self._order(epoch, member) for member in self.members or (None,)]
        for begin, end in itertools.pairwise(self.ends.tolist()):
            begin = max(begin, first)
            if begin < end:
                # Stacked a segment at a time: the orders of a long table take memory enough once.
                order = np.stack([order[begin:end] for order in orders])
                yield self._segment(order if self.members else order[0], begin)

    def _segment(self, order: Int[np.ndarray, "*members steps batch"], first: int) -> engine.Feed:
        rows = order.reshape(-1)
        weight = np.ones(order.shape, np.float32)
        if first + order.shape[-2] == self.steps:
            # The last batch is filled up.
            weight[..., -1, self.batch - (self.steps * self.batch - len(self.x)) :] = 0.0
        data = Batch(gather(self.x, rows), gather(self.y, rows), None)
        place = np.arange(len(rows), dtype=np.int32).reshape(order.shape)
        return engine.Feed(data, place, weight, np.asarray(first, np.int32))

    def _order(self, epoch: int, member: int | None) -> Int[np.ndarray, "steps batch"]:
        return epoch_order(len(self.x), self.batch, self.seed, epoch, member, self.shuffle)

"""An epoch as a sequence of segments, each short enough that a training can be told of, saved and stopped after it.

Where the rows come from is a `Source`; the one here has them all in memory. How an epoch is cut changes no result.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Float, Int

from talweg.config.every import Every
from talweg.config.grid import grid_of
from talweg.data.feed import dealt_order, epoch_order, epoch_weight, rows_per_batch, steps_per_epoch
from talweg.descent import engine
from talweg.objective.base import Batch
from talweg.objective.models import row_work
from talweg.objective.network import Network
from talweg.run.job import Folds, Job

Order = Int[np.ndarray, "*members steps batch"]
Weight = Float[np.ndarray, "*members steps batch"]

SEGMENT_WORK = 5e10
"""Floating point operations of a segment: between half a second and one on two cores."""
STEP_WORK = 4e6
"""What each step costs besides, in the same unit: the overhead of some dozen operations."""


def step_work(network: Network, batch: int) -> float:
    """About how many floating point operations one step of one member takes."""
    # Two for each weight and row going forward, four coming back.
    return 6.0 * row_work(network.model, network.input_shape) * batch + STEP_WORK


def longest_segment(job: Job) -> float:
    """How many steps a segment has at most: by their work, and by how often the user wants a checkpoint."""
    wanted = Every.parse(job.settings.checkpoint_every).steps
    batch = rows_per_batch(job.settings.batch_size, job.rows_a_member())
    return min(SEGMENT_WORK / (job.settings.members * step_work(job.network, batch)), float(wanted) or math.inf)


def cuts(steps: int, longest: float) -> Int[np.ndarray, " ends"]:
    """Where an epoch is cut: from 0 to the number of its steps, in segments whose lengths differ by one at most.

    No segment has a single step, unless the epoch has: a loop of one step is compiled as none, with other rounding.

    Args:
        steps: how many steps the epoch has.
        longest: how many a segment should have at most.

    Example:
        >>> cuts(7, 3.0).tolist()
        [0, 3, 5, 7]
    """
    pieces = min(-(-steps // max(int(longest), 1)), max(steps // 2, 1))
    short, longer = divmod(steps, pieces)
    lengths = np.full(pieces, short)
    lengths[:longer] += 1
    return np.concatenate([[0], np.cumsum(lengths)])


@dataclasses.dataclass(frozen=True, eq=False)
class InMemory:
    """Training rows that are all on the device: a source of segments.

    Attributes:
        data: the rows.
        rows: how many.
        batch: rows of a step.
        seed: the run's.
        shuffle: see `feed.epoch_order`.
        members: the number of each member's own order; none if all share one.
        ends: where an epoch is cut (see `cuts`).
        folds: of a cross-validation: each member has its own rows in an order of their own.
    """

    data: Batch
    rows: int
    batch: int
    seed: int
    shuffle: str
    members: tuple[int, ...]
    ends: Int[np.ndarray, " ends"]
    folds: Folds | None = None

    @staticmethod
    def of(job: Job, longest: float | None = None) -> "InMemory":
        """The training rows of a job, in segments of at most so many steps; by their work if it is not said."""
        settings, rows = job.settings, job.rows_a_member()
        batch = rows_per_batch(settings.batch_size, rows)
        ends = cuts(steps_per_epoch(settings.batch_size, rows), longest_segment(job) if longest is None else longest)
        own = settings.member_batches == "own" or job.folds is not None
        numbers = tuple(grid_of(settings).start_numbers().tolist()) if own else ()
        data = jax.device_put(Batch(job.training.x, job.training.y, None))
        return InMemory(data, rows, batch, settings.seed, settings.shuffle, numbers, ends, job.folds)

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return int(self.ends[-1])

    def segments(self, epoch: int, first: int = 0) -> Iterator[engine.Feed]:
        """The segments of an epoch from step `first` on, in order."""
        order, weight = self._order(epoch) if self.folds is None else self._order_of_folds(epoch, self.folds)
        for begin, end in itertools.pairwise(self.ends.tolist()):
            begin = max(begin, first)
            if begin < end:
                steps = slice(begin, end)
                yield engine.Feed(self.data, order[..., steps, :], weight[..., steps, :], np.asarray(begin, np.int32))

    def _order(self, epoch: int) -> tuple[Order, Weight]:
        if self.members:
            order = np.stack([self._shuffled(epoch, member) for member in self.members])
        else:
            order = self._shuffled(epoch, None)
        return order, epoch_weight(order, np.ones(self.rows, np.float32))

    def _shuffled(self, epoch: int, member: int | None) -> Int[np.ndarray, "steps batch"]:
        return epoch_order(self.rows, self.batch, self.seed, epoch, member, self.shuffle)

    def _order_of_folds(self, epoch: int, folds: Folds) -> tuple[Order, Weight]:
        dealt = [
            dealt_order(folds.trained_on(member), self.steps, self.batch, self.seed, epoch, member)
            for member in self.members
        ]
        order, weight = (np.stack(each) for each in zip(*dealt, strict=True))
        return order, weight

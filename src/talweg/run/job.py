"""A job: everything that a training needs, ready to go, whatever it was made from. How it is made is in `build`."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Num, UInt32

from talweg.config.grid import grid_of
from talweg.config.settings import Settings
from talweg.data.evenly import evenly
from talweg.data.feed import chunk_size, chunked, steps_per_epoch
from talweg.data.images.photo_parts import Pair
from talweg.data.large.gather import Stack, gather
from talweg.data.large.sample import blocks
from talweg.descent.engine import Feed
from talweg.descent.optimizer import Optimizer
from talweg.descent.stopping import Rule
from talweg.objective.base import Batch
from talweg.objective.network import Network

CHUNK = 1 << 20
"""Numbers of a chunk of rows, at most."""


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """Features and targets of one part of the split.

    Attributes:
        x: features, in memory or on disk.
        y: classes as whole numbers, or standardized targets, one column each.
    """

    x: Num[Stack, "rows *features"]
    y: Num[np.ndarray, "rows *targets"]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, some: Int[np.ndarray, " some"]) -> "Rows":
        """The rows at some positions, in memory."""
        return Rows(gather(self.x, some), gather(self.y, some))

    def spread(self, most: int) -> "Rows":
        """So many rows, spread evenly and in memory, or all of them if they are no more."""
        if len(self) <= most:
            return self
        return self.take(evenly(len(self), most))

    def class_counts(self, classes: int) -> Int[np.ndarray, " classes"]:
        """How many rows each class has."""
        counts = np.zeros(classes, np.int64)
        for some in blocks(len(self)):
            counts += np.bincount(self.y[some], minlength=classes)
        return counts

    def chunk_rows(self, room: int) -> int:
        """Rows of a chunk: it holds about as many numbers whatever a row is, a table's few, or a picture's many."""
        return chunk_size(room, max(1, CHUNK // math.prod(self.x.shape[1:])))

    def chunks(self, room: int = 0) -> Batch:
        """The rows cut into chunks for evaluation; padding has weight 0.

        Args:
            room: for how many rows to make room at least, so that sets of unlike size are cut alike.
        """
        room = max(room, len(self))
        size = self.chunk_rows(room)
        columns = (np.asarray(self.x), self.y, np.ones(len(self), np.float32))
        return Batch(*(chunked(column, size, -(-room // size)) for column in columns))


@dataclasses.dataclass(frozen=True, eq=False)
class Folds:
    """The folds of a cross-validation, and which of them each member holds out: member m fold m, counted round.

    Attributes:
        fold: for each training row the fold that it is in.
        count: how many there are.
    """

    fold: Int[np.ndarray, " rows"]
    count: int

    def held_out(self, member: int) -> Int[np.ndarray, " held"]:
        """The positions of the rows that a member never sees, and is judged on."""
        return np.flatnonzero(self.fold == member % self.count)

    def trained_on(self, member: int) -> Int[np.ndarray, " seen"]:
        """The positions of the rows that a member trains on."""
        return np.flatnonzero(self.fold != member % self.count)

    def most_trained_on(self) -> int:
        """How many rows the member trains on that sees most of them."""
        return len(self.fold) - int(np.bincount(self.fold, minlength=self.count).min())


@runtime_checkable
class Source(Protocol):
    """Where the rows of the steps come from: in memory (`run/segments`), or read as they are needed."""

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""

    def segments(self, epoch: int, first: int = 0) -> Iterator[Feed]:
        """The segments of an epoch from step `first` on, in order; a pure function of its arguments."""


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """What is trained, on what, how, and until when.

    Attributes:
        settings: the resolved settings.
        network: the objective.
        optimizer: its settings have a leading member axis.
        rule: when a member stops.
        training: the rows the steps see.
        validation: the rows the rules look at; may be empty.
        test: the rows looked at once, at the end; may be empty.
        classes: the names of the classes; empty for regression.
        target_scale: what one unit of an output, after undoing its logarithm, is in each target's own unit.
        target_shift: what 0 then stands for.
        facts: what a summary says of the data, as plain data.
        source: gives the steps their rows; absent if `training` itself does, from memory.
        pairs: of a denoising, the whole noisy and clean pictures of validation and test, by the part.
        folds: of a cross-validation. The validation rows are then the training rows themselves, and each member is
            judged on those of them that it never saw.
        lower_bound: a bound of each member's training loss from below, where a rule asks for it.
    """

    settings: Settings
    network: Network
    optimizer: Optimizer
    rule: Rule
    training: Rows
    validation: Rows
    test: Rows
    classes: tuple[str, ...]
    target_scale: Float[np.ndarray, " targets"]
    target_shift: Float[np.ndarray, " targets"]
    facts: Mapping[str, Any]
    source: Source | None = None
    pairs: Mapping[str, tuple[Pair, ...]] = dataclasses.field(default_factory=dict)
    folds: Folds | None = None
    lower_bound: Float[np.ndarray, " members"] | None = None

    @property
    def steps_per_epoch(self) -> int:
        """How many steps an epoch has."""
        return self.source.steps if self.source else steps_per_epoch(self.settings.batch_size, self.rows_a_member())

    def rows_a_member(self) -> int:
        """How many rows a member trains on; with folds of unlike size, the most that one does."""
        return len(self.training) if self.folds is None else self.folds.most_trained_on()

    def validation_chunks(self) -> Batch:
        """The validation rows in chunks; with folds, each member's own, with a leading member axis."""
        if self.folds is None:
            return self.validation.chunks()
        held = [self.folds.held_out(member) for member in range(self.settings.members)]
        most = max(map(len, held))
        each = [Rows(self.validation.x[rows], self.validation.y[rows]).chunks(most) for rows in held]
        return Batch(*(np.stack(columns) for columns in zip(*((c.x, c.y, c.weight) for c in each), strict=True)))

    def in_own_unit(self, standardized: Float[np.ndarray, "*rows targets"]) -> Float[np.ndarray, "*rows targets"]:
        """Targets, or what is said of them, in their own units (float64)."""
        logarithm, values = self.network.logarithm, standardized.astype(np.float64)
        return (values if logarithm is None else logarithm.undone(values)) * self.target_scale + self.target_shift

    @property
    def keys(self) -> UInt32[np.ndarray, "members 2"]:
        """Each member's randomness; members that differ only in a listed setting share it, and so their start."""
        grid = grid_of(self.settings)
        return member_keys(self.settings.seed, grid.starts)[grid.start_numbers()]


def member_keys(seed: int, members: int) -> UInt32[np.ndarray, "members 2"]:
    """Each member's randomness, a pure function of the seed and the member's number, as raw JAX key data."""
    return np.stack([np.random.SeedSequence([seed, member]).generate_state(2, np.uint32) for member in range(members)])

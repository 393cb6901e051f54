"""A job: everything that a training needs, ready to go, whatever it was made from. How it is made is in `build`."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Num, UInt32

from talweg.config.grid import grid_of
from talweg.config.settings import Settings
from talweg.data.feed import chunk_size, chunked
from talweg.descent.engine import Feed
from talweg.descent.optimizer import Optimizer
from talweg.descent.stopping import Rule
from talweg.objective.base import Batch
from talweg.objective.network import Network


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """Features and targets of one part of the split.

    Attributes:
        x: features.
        y: classes as whole numbers, or standardised targets, one column each.
    """

    x: Float[np.ndarray, "rows *features"]
    y: Num[np.ndarray, "rows *targets"]

    def __len__(self) -> int:
        return len(self.x)

    def chunks(self) -> Batch:
        """The rows cut into chunks for evaluation; padding has weight 0."""
        size = chunk_size(len(self))
        return Batch(*(chunked(column, size) for column in (self.x, self.y, np.ones(len(self), np.float32))))


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
        target_scale: what one unit of an output is in each target's own unit.
        target_shift: what an output of 0 stands for.
        facts: what a summary says of the data, as plain data.
        source: gives the steps their rows; absent if `training` itself does, from memory.
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

    @property
    def keys(self) -> UInt32[np.ndarray, "members 2"]:
        """Each member's randomness; members that differ only in a listed setting share it, and so their start."""
        grid = grid_of(self.settings)
        return member_keys(self.settings.seed, grid.starts)[grid.start_numbers()]


def member_keys(seed: int, members: int) -> UInt32[np.ndarray, "members 2"]:
    """Each member's randomness, a pure function of the seed and the member's number, as raw JAX key data."""
    return np.stack([np.random.SeedSequence([seed, member]).generate_state(2, np.uint32) for member in range(members)])

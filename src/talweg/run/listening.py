"""Who hears of a training while it goes on, and of what. A line that moves, or curves, are made of it elsewhere."""

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from talweg.data.hearing import Hear, quiet
from talweg.errors import TalwegWarning
from talweg.run.build import Built
from talweg.run.standing import Standing
from talweg.run.train import Progress


@dataclasses.dataclass(frozen=True, eq=False)
class Within:
    """What is told within an epoch of several segments, after each but the last.

    Attributes:
        epoch: the number of the epoch under way.
        part: the share of its steps that are done.
        seconds: since the start of the training.
        train_loss: the mean training loss of each member in this epoch so far.
        active: which members go on.
    """

    epoch: int
    part: float
    seconds: float
    train_loss: Float[np.ndarray, " members"]
    active: Bool[np.ndarray, " members"]

    @staticmethod
    def of(standing: Standing, steps: int) -> "Within":
        """Where a training stands within an epoch of so many steps."""
        loss = np.asarray(standing.info.loss)
        return Within(standing.epoch + 1, standing.step / steps, standing.seconds, loss, standing.active)


def _nothing(told: Any) -> None:
    """Hears and forgets."""


def _python_warning(sentence: str) -> None:
    """Where nobody else hears a warning, Python tells it."""
    warnings.warn(sentence, TalwegWarning, stacklevel=2)


@dataclasses.dataclass(frozen=True, eq=False)
class Listener:
    """What is called while a training goes on; nothing, unless it is said. Only a warning is never lost.

    Attributes:
        hear: before the first step, of the progress of what takes long with a large source.
        note: of what a person should know, a sentence each.
        started: of the job, before its first step.
        within: after each segment of a long epoch but its last.
        epoch: before the first step and after each epoch.
        warn: before the first step, of what is hardly meant as it was asked for, a sentence each.
    """

    hear: Hear = quiet
    note: Callable[[str], None] = _nothing
    started: Callable[[Built], None] = _nothing
    within: Callable[[Within], None] = _nothing
    epoch: Callable[[Progress], None] = _nothing
    warn: Callable[[str], None] = _python_warning

    def pause(self, standing: Standing, steps: int) -> None:
        """Hears where a training with so many steps an epoch stands (see `train`)."""
        if standing.step:
            self.within(Within.of(standing, steps))


NOBODY = Listener()
"""Nothing is heard but warnings, which Python tells."""


def listening(progress: Callable[[Progress], None] | None) -> Listener:
    """The listener that a person's own function is."""
    return NOBODY if progress is None else Listener(epoch=progress)

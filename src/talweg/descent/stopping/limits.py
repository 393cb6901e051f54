"""Rules that end a training however it goes: epochs, steps, time."""

import dataclasses
from typing import Any, ClassVar, final

from talweg.descent.stopping.rule import Call, Memory, Seen


@final
@dataclasses.dataclass(frozen=True)
class Epochs(Call):
    """The largest number of epochs.

    Attributes:
        limit: that number.
    """

    word: ClassVar[str] = "epochs"
    kind: ClassVar[str] = "max_epochs"

    limit: int

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["epoch"]) >= self.limit

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"all {self.limit} epochs were trained"


@final
@dataclasses.dataclass(frozen=True)
class Steps(Call):
    """The largest number of steps; judged at the end of the epoch in which it is reached.

    Attributes:
        limit: that number.
    """

    word: ClassVar[str] = "steps"
    kind: ClassVar[str] = "max_steps"

    limit: int

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["step"]) >= self.limit

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"{seen['step']} steps were taken, {self.limit} were allowed"


@final
@dataclasses.dataclass(frozen=True)
class TimeBudget(Call):
    """The time is up.

    Attributes:
        seconds: how long training may take.
    """

    word: ClassVar[str] = "seconds"
    kind: ClassVar[str] = "time_budget"

    seconds: float

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["seconds"]) >= self.seconds

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"the time budget of {self.seconds:g} s was used up"

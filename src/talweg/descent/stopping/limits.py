"""Rules that end a training however it goes: epochs, steps, time."""

import dataclasses
from typing import Any, ClassVar, final

from talweg.descent.stopping.rule import Memory, Rule, Seen


@final
@dataclasses.dataclass(frozen=True)
class Epochs(Rule):
    """The largest number of epochs.

    Attributes:
        limit: that number.
    """

    word: ClassVar[str] = "epochs"

    limit: int

    @property
    def kind(self) -> str:
        return "max_epochs"

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["epoch"]) >= self.limit

    def idle(self, epochs: int, steps: int) -> list[str]:
        return [] if self.limit <= epochs else [f"{self} can never hold: the training ends after {epochs}"]

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"all {self.limit} epochs were trained"


@final
@dataclasses.dataclass(frozen=True)
class Steps(Rule):
    """The largest number of steps; judged at the end of the epoch in which it is reached.

    Attributes:
        limit: that number.
    """

    word: ClassVar[str] = "steps"

    limit: int

    @property
    def kind(self) -> str:
        return "max_steps"

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["step"]) >= self.limit

    def idle(self, epochs: int, steps: int) -> list[str]:
        if self.limit <= epochs * steps:
            return []
        return [f"{self} can never hold: the training ends after {epochs} epochs, {epochs * steps} steps"]

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"{seen['step']} steps were taken, {self.limit} were allowed"


@final
@dataclasses.dataclass(frozen=True)
class TimeBudget(Rule):
    """The time is up.

    Attributes:
        seconds: how long training may take.
    """

    word: ClassVar[str] = "seconds"

    seconds: float

    @property
    def kind(self) -> str:
        return "time_budget"

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["seconds"]) >= self.seconds

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"the time budget of {self.seconds:g} s was used up"

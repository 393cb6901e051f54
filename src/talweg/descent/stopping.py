"""When and why to stop: rules as data, each two pure functions, and the Outcome they state.

A rule looks at what an epoch told of every member at once. Rules are written for NumPy and JAX arrays alike, so that
the same rule runs between epochs in plain Python and inside a compiled loop. How rules are typed is in `config`.
"""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from talweg.objective.metrics import METRICS

Memory = dict[str, Any]
Seen = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """When and why a member stopped.

    Attributes:
        kind: the rule's word; of rules that had to hold together, the words joined by `` and ``.
        epoch: the epoch at whose end it stopped.
        sentence: the reason with its numbers, as a person would say it.
    """

    kind: str
    epoch: int
    sentence: str


def greater_is_better(monitor: str) -> bool:
    """Which way is up for what a rule monitors: losses go down, metrics as their table says."""
    return monitor in METRICS and METRICS[monitor].greater_is_better


class Rule(abc.ABC):
    """A stopping rule: `init` gives its memory for so many members, `update` looks at one more epoch.

    What it sees is a mapping of `epoch` and `seconds`, both numbers, `start_loss`, and one array of shape
    `(members,)` for each curve. Rules combine with `&` and `|`.
    """

    @property
    @abc.abstractmethod
    def kind(self) -> str:
        """One word for the Outcome."""

    @property
    def monitors(self) -> tuple[str, ...]:
        """The curves it looks at."""
        return ()

    @abc.abstractmethod
    def init(self, members: int) -> Memory:
        """Its memory before the first epoch, NumPy arrays with a leading member axis."""

    @abc.abstractmethod
    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        """The memory after one more epoch, and for which members the rule holds now."""

    @abc.abstractmethod
    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        """Why it holds for a member, with the numbers."""

    def fired(self, memory: Memory, seen: Seen, member: int) -> tuple[str, str]:
        """The kind and the sentence of the part that holds."""
        return self.kind, self.sentence(memory, seen, member)

    def __and__(self, other: "Rule") -> "Rule":
        return Both(self, other)

    def __or__(self, other: "Rule") -> "Rule":
        return Either(self, other)


@final
@dataclasses.dataclass(frozen=True)
class Flat(Rule):
    """The monitored loss changed by less than a tolerance between epochs, for `patience` epochs in a row.

    Attributes:
        monitor: which curve.
        tolerance: the change that still counts as none.
        patience: for how many epochs in a row.
        relative: whether the change is taken as a share of the value before.
    """

    monitor: str = "train_loss"
    tolerance: float = 1e-4
    patience: int = 5
    relative: bool = True

    @property
    def kind(self) -> str:
        return "flat"

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor,)

    def init(self, members: int) -> Memory:
        return {"before": np.full(members, np.nan, np.float32), "epochs": np.zeros(members, np.int32)}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        now = seen[self.monitor]
        xp = now.__array_namespace__()
        change = abs(now - memory["before"])
        unit = abs(memory["before"]) if self.relative else 1.0
        epochs = xp.where(change <= self.tolerance * unit, memory["epochs"] + 1, 0)
        return {"before": now, "epochs": epochs}, epochs >= self.patience

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return (
            f"{words(self.monitor)} changed by less than {self.tolerance:g}{' of itself' if self.relative else ''} "
            f"in each of {memory['epochs'][member]} epochs, and stands at {memory['before'][member]:.4g}"
        )


@final
@dataclasses.dataclass(frozen=True)
class Reached(Rule):
    """The monitored value passed a threshold set beforehand.

    Attributes:
        monitor: which curve.
        threshold: the value to pass.
        at_least: whether it must be at least (or at most) the threshold.
    """

    monitor: str
    threshold: float
    at_least: bool = True

    @property
    def kind(self) -> str:
        return "reached"

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor,)

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        now = seen[self.monitor]
        return memory, now >= self.threshold if self.at_least else now <= self.threshold

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{words(self.monitor)} {seen[self.monitor][member]:.4g} {sign} {self.threshold:g}"


@final
@dataclasses.dataclass(frozen=True)
class NoImprovement(Rule):
    """The monitored value got no better than its best by more than `min_delta`, for `patience` epochs in a row.

    Stops at the `patience`-th epoch without improvement (Prechelt 1998).

    Attributes:
        monitor: which curve.
        patience: how many epochs without improvement.
        min_delta: by how much the best must be beaten to count.
    """

    monitor: str = "validation_loss"
    patience: int = 20
    min_delta: float = 0.0

    @property
    def kind(self) -> str:
        return "no_improvement"

    @property
    def monitors(self) -> tuple[str, ...]:
        return (self.monitor,)

    def init(self, members: int) -> Memory:
        return {
            "best": np.full(members, np.inf, np.float32),
            "best_epoch": np.zeros(members, np.int32),
            "epochs": np.zeros(members, np.int32),
        }

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        now = seen[self.monitor]
        xp = now.__array_namespace__()
        height = -now if greater_is_better(self.monitor) else now
        better = height < memory["best"] - self.min_delta
        memory = {
            "best": xp.where(better, height, memory["best"]),
            "best_epoch": xp.where(better, seen["epoch"], memory["best_epoch"]),
            "epochs": xp.where(better, 0, memory["epochs"] + 1),
        }
        return memory, memory["epochs"] >= self.patience

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        best = -memory["best"][member] if greater_is_better(self.monitor) else memory["best"][member]
        return (
            f"{words(self.monitor)} did not improve in {memory['epochs'][member]} epochs; "
            f"its best was {best:.4g} at epoch {memory['best_epoch'][member]}"
        )


@final
@dataclasses.dataclass(frozen=True)
class NonFinite(Rule):
    """A loss is not a finite number."""

    @property
    def kind(self) -> str:
        return "non_finite"

    @property
    def monitors(self) -> tuple[str, ...]:
        return ("train_loss",)

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        finite = xp.isfinite(seen["train_loss"])
        if "validation_loss" in seen:
            finite = finite & xp.isfinite(seen["validation_loss"])
        return memory, ~finite

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return "the loss is no longer a finite number; a smaller learning rate is the first thing to try"


@final
@dataclasses.dataclass(frozen=True)
class Diverged(Rule):
    """The training loss stands above the loss before the first step, for `patience` epochs in a row.

    A network that a far too long step has thrown out of the valley need not become NaN: it may lie still, far above
    its start, and would else be called converged.

    Attributes:
        patience: for how many epochs in a row.
    """

    patience: int = 5

    @property
    def kind(self) -> str:
        return "diverged"

    @property
    def monitors(self) -> tuple[str, ...]:
        return ("train_loss",)

    def init(self, members: int) -> Memory:
        return {"epochs": np.zeros(members, np.int32)}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        loss = seen["train_loss"]
        xp = loss.__array_namespace__()
        epochs = xp.where(loss > seen["start_loss"], memory["epochs"] + 1, 0)
        return {"epochs": epochs}, epochs >= self.patience

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return (
            f"the training loss {seen['train_loss'][member]:.4g} has been above the loss before the first step, "
            f"{seen['start_loss'][member]:.4g}, for {memory['epochs'][member]} epochs; "
            "a smaller learning rate is the first thing to try"
        )


@final
@dataclasses.dataclass(frozen=True)
class SmallGradient(Rule):
    """The gradient is no longer than a tolerance: the ground is level.

    Attributes:
        tolerance: the length of the gradient that still counts as none.
    """

    tolerance: float

    @property
    def kind(self) -> str:
        return "small_gradient"

    @property
    def monitors(self) -> tuple[str, ...]:
        return ("gradient_norm",)

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        return memory, seen["gradient_norm"] <= self.tolerance

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"the gradient's length {seen['gradient_norm'][member]:.2g} is no more than {self.tolerance:.2g}"


@final
@dataclasses.dataclass(frozen=True)
class Left(Rule):
    """A point has left its window, and lies farther outside than the window is wide.

    Attributes:
        window: the range of each coordinate.
    """

    window: tuple[tuple[float, float], ...]

    @property
    def kind(self) -> str:
        return "left"

    @property
    def monitors(self) -> tuple[str, ...]:
        return ("place",)

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        place = seen["place"]
        xp = place.__array_namespace__()
        low, high = (xp.asarray(ends) for ends in zip(*self.window, strict=True))
        outside = xp.maximum(low - place, place - high) / (high - low)
        return memory, xp.any(outside > 1.0, axis=-1)

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return "it is farther outside the window than the window is wide"


@final
@dataclasses.dataclass(frozen=True)
class Epochs(Rule):
    """The largest number of epochs.

    Attributes:
        limit: that number.
    """

    limit: int

    @property
    def kind(self) -> str:
        return "max_epochs"

    def init(self, members: int) -> Memory:
        return {}

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        xp = seen["train_loss"].__array_namespace__()
        return memory, xp.full(seen["train_loss"].shape, seen["epoch"]) >= self.limit

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"all {self.limit} epochs were trained"


@final
@dataclasses.dataclass(frozen=True)
class TimeBudget(Rule):
    """The time is up.

    Attributes:
        seconds: how long training may take.
    """

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


@dataclasses.dataclass(frozen=True)
class _Pair(Rule):
    """Two rules seen together; each keeps its own memory."""

    first: Rule
    second: Rule

    @property
    def monitors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.first.monitors + self.second.monitors))

    def init(self, members: int) -> Memory:
        return {
            "first": self.first.init(members),
            "second": self.second.init(members),
            "held": np.zeros((members, 2), bool),
        }

    @abc.abstractmethod
    def join(self, first: Any, second: Any) -> Any:
        """Whether the pair holds."""

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        first, one = self.first.update(memory["first"], seen)
        second, two = self.second.update(memory["second"], seen)
        xp = one.__array_namespace__()
        return {"first": first, "second": second, "held": xp.stack([one, two], axis=-1)}, self.join(one, two)

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return self.fired(memory, seen, member)[1]

    def _parts(self, memory: Memory, seen: Seen, member: int) -> list[tuple[str, str]]:
        rules = (("first", self.first), ("second", self.second))
        return [
            rule.fired(memory[name], seen, member)
            for (name, rule), held in zip(rules, memory["held"][member], strict=True)
            if held
        ]


@final
@dataclasses.dataclass(frozen=True)
class Both(_Pair):
    """Both rules hold at the same epoch."""

    @property
    def kind(self) -> str:
        return f"{self.first.kind} and {self.second.kind}"

    def join(self, first: Any, second: Any) -> Any:
        return first & second

    def fired(self, memory: Memory, seen: Seen, member: int) -> tuple[str, str]:
        kinds, sentences = zip(*self._parts(memory, seen, member), strict=True)
        return " and ".join(kinds), ", and ".join(sentences)


@final
@dataclasses.dataclass(frozen=True)
class Either(_Pair):
    """One of the rules holds; the first that does is the reason."""

    @property
    def kind(self) -> str:
        return f"{self.first.kind} or {self.second.kind}"

    def join(self, first: Any, second: Any) -> Any:
        return first | second

    def fired(self, memory: Memory, seen: Seen, member: int) -> tuple[str, str]:
        return self._parts(memory, seen, member)[0]


def words(monitor: str) -> str:
    """A curve's name as prose: `validation_loss` is the validation loss, `accuracy` the validation accuracy."""
    plain = monitor.replace("_", " ").replace("train loss", "training loss")
    return f"the validation {plain}" if monitor in METRICS else f"the {plain}"


def judge(rule: Rule, memory: Memory, active: np.ndarray, seen: Seen) -> tuple[Memory, np.ndarray, dict[int, Outcome]]:
    """Shows a rule one more epoch.

    Args:
        rule: when to stop.
        memory: its memory.
        active: which members were still going, of shape `(members,)`.
        seen: what the epoch told.

    Returns:
        The new memory, which members go on, and the Outcome of each that stopped just now.
    """
    memory, holds = rule.update(memory, seen)
    epoch = int(seen["epoch"])
    outcomes = {
        member: Outcome(kind, epoch, sentence)
        for member in np.flatnonzero(active & holds).tolist()
        for kind, sentence in [rule.fired(memory, seen, member)]
    }
    return memory, active & ~holds, outcomes

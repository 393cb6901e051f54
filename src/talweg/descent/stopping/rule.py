"""What a stopping rule is, how rules combine, and the Outcome they state. Which rules there are is beside this.

A rule looks at what an epoch told of every member at once. Rules are written for NumPy and JAX arrays alike, so that
the same rule runs between epochs in plain Python and inside a compiled loop. How rules are typed is in `config`.
"""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, final

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
        numbers: what the rule's curves stood at then, by name.
    """

    kind: str
    epoch: int
    sentence: str
    numbers: Mapping[str, float] = dataclasses.field(default_factory=dict, compare=False)


def greater_is_better(monitor: str) -> bool:
    """Which way is up for what a rule monitors: losses go down, metrics as their table says."""
    return monitor in METRICS and METRICS[monitor].greater_is_better


class Rule(abc.ABC):
    """A stopping rule: `init` gives its memory for so many members, `update` looks at one more epoch.

    What it sees is a mapping of `epoch` and `seconds`, both numbers, `start_loss`, and one array of shape
    `(members,)` for each curve. Rules combine with `&` and `|`. As text they read as they are typed.
    """

    @property
    @abc.abstractmethod
    def kind(self) -> str:
        """One word for the Outcome."""

    @property
    @abc.abstractmethod
    def monitors(self) -> tuple[str, ...]:
        """The curves it looks at."""

    @abc.abstractmethod
    def init(self, members: int) -> Memory:
        """Its memory before the first epoch, NumPy arrays with a leading member axis."""

    @abc.abstractmethod
    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        """The memory after one more epoch, and for which members the rule holds now."""

    @abc.abstractmethod
    def fired(self, memory: Memory, seen: Seen, member: int) -> tuple[str, str]:
        """The kind and the sentence of the part that holds."""

    @abc.abstractmethod
    def __str__(self) -> str:
        """The rule as it is typed."""

    def __and__(self, other: "Rule") -> "Rule":
        return Both(self, other)

    def __or__(self, other: "Rule") -> "Rule":
        return Either(self, other)


@dataclasses.dataclass(frozen=True)
class Leaf(Rule):
    """A rule that is no combination of others: what it looks at and remembers stands at its head.

    Attributes:
        kind: one word for the Outcome.
        curves: what it looks at, besides the `monitor` that it may be given.
        remembers: each member's memory before the first epoch: whole numbers and floats by name.
    """

    kind: ClassVar[str]
    curves: ClassVar[tuple[str, ...]] = ()
    remembers: ClassVar[Mapping[str, int | float]] = {}

    @property
    def monitors(self) -> tuple[str, ...]:
        given = (getattr(self, field.name) for field in dataclasses.fields(self) if field.name == "monitor")
        return (*self.curves, *given)

    def init(self, members: int) -> Memory:
        return {
            name: np.full(members, value, np.int32 if isinstance(value, int) else np.float32)
            for name, value in self.remembers.items()
        }

    @abc.abstractmethod
    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        """Why it holds for a member, with the numbers."""

    def fired(self, memory: Memory, seen: Seen, member: int) -> tuple[str, str]:
        return self.kind, self.sentence(memory, seen, member)


@dataclasses.dataclass(frozen=True)
class Call(Leaf):
    """A rule that is typed as a call of its name, such as ``epochs(200)``.

    Attributes:
        word: the name.
    """

    word: ClassVar[str]

    def __str__(self) -> str:
        """Its first setting by place, others by name where they are not the usual ones."""
        given = []
        for place, field in enumerate(dataclasses.fields(self)):
            value = getattr(self, field.name)
            if value != field.default:
                given.append(f"{value}" if place == 0 else f"{field.name}={value}")
        return f"{self.word}({', '.join(given)})"


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

    def __str__(self) -> str:
        parts = (self.first, self.second)
        return " and ".join(f"({part})" if isinstance(part, Either) else str(part) for part in parts)

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

    def __str__(self) -> str:
        return f"{self.first} or {self.second}"

    @property
    def kind(self) -> str:
        return f"{self.first.kind} or {self.second.kind}"

    def join(self, first: Any, second: Any) -> Any:
        return first | second

    def fired(self, memory: Memory, seen: Seen, member: int) -> tuple[str, str]:
        return self._parts(memory, seen, member)[0]


def leaves(rule: Rule) -> list[Leaf]:
    """The rules that a combination is made of, in order."""
    if isinstance(rule, _Pair):
        return [*leaves(rule.first), *leaves(rule.second)]
    return [rule] if isinstance(rule, Leaf) else []


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
        member: Outcome(kind, epoch, sentence, _numbers(rule, seen, member))
        for member in np.flatnonzero(active & holds).tolist()
        for kind, sentence in [rule.fired(memory, seen, member)]
    }
    return memory, active & ~holds, outcomes


def _numbers(rule: Rule, seen: Seen, member: int) -> dict[str, float]:
    """What the curves that a rule monitors stand at for a member; those that are finite."""
    values = {name: float(seen[name][member]) for name in rule.monitors if name in seen and np.ndim(seen[name]) == 1}
    return {name: value for name, value in values.items() if np.isfinite(value)}

"""Rules that watch over every training or hike, whatever was asked for: what they find is a failure, or a way lost."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, final

from talweg.descent.stopping.rule import Call, Leaf, Memory, Seen


@final
@dataclasses.dataclass(frozen=True)
class NonFinite(Call):
    """A loss is not a finite number."""

    word: ClassVar[str] = "non_finite"
    kind: ClassVar[str] = "non_finite"
    curves: ClassVar[tuple[str, ...]] = ("train_loss",)

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
class Diverged(Call):
    """The training loss stands above the loss before the first step, for `patience` epochs in a row.

    A network that a far too long step has thrown out of the valley need not become NaN: it may lie still, far above
    its start, and would else be called converged.

    Attributes:
        patience: for how many epochs in a row.
    """

    word: ClassVar[str] = "diverged"
    kind: ClassVar[str] = "diverged"
    curves: ClassVar[tuple[str, ...]] = ("train_loss",)
    remembers: ClassVar[Mapping[str, int | float]] = {"epochs": 0}

    patience: int = 5

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


FAILED = (NonFinite.kind, Diverged.kind)
"""The kinds of Outcome after which a member is not counted; the viewers, which import no JAX, have them in `told`."""


@final
@dataclasses.dataclass(frozen=True)
class Left(Leaf):
    """A point has left its window, and lies farther outside than the window is wide.

    Attributes:
        window: the range of each coordinate.
    """

    kind: ClassVar[str] = "left"
    curves: ClassVar[tuple[str, ...]] = ("place",)

    window: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return f"left the window {' × '.join(f'{low:g} to {high:g}' for low, high in self.window)}"

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        place = seen["place"]
        xp = place.__array_namespace__()
        low, high = (xp.asarray(ends) for ends in zip(*self.window, strict=True))
        outside = xp.maximum(low - place, place - high) / (high - low)
        return memory, xp.any(outside > 1.0, axis=-1)

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return "it is farther outside the window than the window is wide"

"""Rules that look at a curve: a loss, a metric, the gradient's length. Guards and limits are beside this."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np

from talweg.descent.stopping.rule import Call, Leaf, Memory, Seen, greater_is_better, words


@final
@dataclasses.dataclass(frozen=True)
class Flat(Call):
    """The monitored loss changed by less than a tolerance between epochs, for `patience` epochs in a row.

    Attributes:
        monitor: which curve.
        tolerance: the change that still counts as none.
        patience: for how many epochs in a row.
        relative: whether the change is taken as a share of the value before.
    """

    word: ClassVar[str] = "flat"
    kind: ClassVar[str] = "flat"
    remembers: ClassVar[Mapping[str, int | float]] = {"before": np.nan, "epochs": 0}

    monitor: str = "train_loss"
    tolerance: float = 1e-4
    patience: int = 5
    relative: bool = True

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
class Reached(Leaf):
    """The monitored value passed a threshold set beforehand.

    Attributes:
        monitor: which curve.
        threshold: the value to pass.
        at_least: whether it must be at least (or at most) the threshold; where absent, as the curve gets better.

    Example:
        >>> str(Reached("accuracy", 0.97)), str(Reached("train_loss", 0.1))
        ('accuracy >= 0.97', 'train_loss <= 0.1')
    """

    kind: ClassVar[str] = "reached"

    monitor: str
    threshold: float
    at_least: bool | None = None

    def __post_init__(self) -> None:
        if self.at_least is None:
            object.__setattr__(self, "at_least", greater_is_better(self.monitor))

    def __str__(self) -> str:
        return f"{self.monitor} {'>=' if self.at_least else '<='} {self.threshold}"

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        now = seen[self.monitor]
        return memory, now >= self.threshold if self.at_least else now <= self.threshold

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{words(self.monitor)} {seen[self.monitor][member]:.4g} {sign} {self.threshold:g}"


@final
@dataclasses.dataclass(frozen=True)
class NoImprovement(Call):
    """The monitored value got no better than its best by more than `min_delta`, for `patience` epochs in a row.

    Stops at the `patience`-th epoch without improvement (Prechelt 1998).

    Attributes:
        monitor: which curve.
        patience: how many epochs without improvement.
        min_delta: by how much the best must be beaten to count.
    """

    word: ClassVar[str] = "no_improvement"
    kind: ClassVar[str] = "no_improvement"
    remembers: ClassVar[Mapping[str, int | float]] = {"best": np.inf, "best_epoch": 0, "epochs": 0}

    monitor: str = "validation_loss"
    patience: int = 20
    min_delta: float = 0.0

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
class SmallGradient(Call):
    """The gradient is no longer than a tolerance: the ground is level.

    Attributes:
        tolerance: the length of the gradient that still counts as none.
    """

    word: ClassVar[str] = "small_gradient"
    kind: ClassVar[str] = "small_gradient"
    curves: ClassVar[tuple[str, ...]] = ("gradient_norm",)

    tolerance: float

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        return memory, seen["gradient_norm"] <= self.tolerance

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return f"the gradient's length {seen['gradient_norm'][member]:.2g} is no more than {self.tolerance:.2g}"


@final
@dataclasses.dataclass(frozen=True)
class Overfitting(Call):
    """The validation loss stands above its best while the training loss falls, for `patience` epochs in a row.

    Above means by more than a share of the best (generalization loss, Prechelt 1998); falls, that the training loss
    is lower than it was when the validation loss was best.

    Attributes:
        tolerance: the share of the best validation loss by which it may be exceeded.
        patience: for how many epochs in a row.
    """

    word: ClassVar[str] = "overfitting"
    kind: ClassVar[str] = "overfitting"
    curves: ClassVar[tuple[str, ...]] = ("validation_loss", "train_loss")
    remembers: ClassVar[Mapping[str, int | float]] = {"best": np.inf, "train_loss": np.inf, "epochs": 0}

    tolerance: float = 0.05
    patience: int = 5

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        now, train = seen["validation_loss"], seen["train_loss"]
        xp = now.__array_namespace__()
        better = now < memory["best"]
        best = xp.where(better, now, memory["best"])
        then = xp.where(better, train, memory["train_loss"])
        worse = (now > best * (1 + self.tolerance)) & (train < then)
        epochs = xp.where(worse, memory["epochs"] + 1, 0)
        return {"best": best, "train_loss": then, "epochs": epochs}, epochs >= self.patience

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        best, then = memory["best"][member], memory["train_loss"][member]
        return (
            f"the validation loss {seen['validation_loss'][member]:.4g} has stood more than {self.tolerance:.3g} of it "
            f"above its best, {best:.4g}, for {memory['epochs'][member]} epochs, while the training loss fell from "
            f"{then:.4g} to {seen['train_loss'][member]:.4g}"
        )


@final
@dataclasses.dataclass(frozen=True)
class NearBound(Call):
    """The training loss is so near a bound that no params pass that it is not worth while to go on.

    The bound needs no optimizer: it is known from the loss and the rows (see `run.lower_bound`).

    Attributes:
        tolerance: how far above the bound the loss may be.
    """

    word: ClassVar[str] = "near_bound"
    kind: ClassVar[str] = "near_bound"
    curves: ClassVar[tuple[str, ...]] = ("train_loss",)

    tolerance: float

    def update(self, memory: Memory, seen: Seen) -> tuple[Memory, Any]:
        return memory, seen["train_loss"] <= seen["lower_bound"] + self.tolerance

    def sentence(self, memory: Memory, seen: Seen, member: int) -> str:
        return (
            f"the training loss {seen['train_loss'][member]:.4g} is within {self.tolerance:g} of "
            f"{seen['lower_bound'][member]:.4g}, below which no params can bring it"
        )

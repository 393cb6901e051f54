"""When and why to stop: rules as data, each two pure functions, and the Outcome they state."""

from talweg.descent.stopping.curves import Flat, NearBound, NoImprovement, Overfitting, Reached, SmallGradient
from talweg.descent.stopping.guards import FAILED, Diverged, Left, NonFinite
from talweg.descent.stopping.idle import idle
from talweg.descent.stopping.limits import Epochs, Steps, TimeBudget
from talweg.descent.stopping.rule import (
    Both,
    Call,
    Either,
    Leaf,
    Memory,
    Outcome,
    Rule,
    Seen,
    greater_is_better,
    judge,
    leaves,
    words,
)

__all__ = [
    "FAILED",
    "Both",
    "Call",
    "Diverged",
    "Either",
    "Epochs",
    "Flat",
    "Leaf",
    "Left",
    "Memory",
    "NearBound",
    "NoImprovement",
    "NonFinite",
    "Outcome",
    "Overfitting",
    "Reached",
    "Rule",
    "Seen",
    "SmallGradient",
    "Steps",
    "TimeBudget",
    "greater_is_better",
    "idle",
    "judge",
    "leaves",
    "words",
]

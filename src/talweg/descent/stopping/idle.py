"""Which rules can never hold in a training, known before its first step. What they do when they can is beside this."""

import numpy as np

from talweg.descent.stopping.curves import Flat, NoImprovement, Overfitting, Reached
from talweg.descent.stopping.limits import Epochs, Steps
from talweg.descent.stopping.rule import Both, Either, Rule, words

_LOSSES = ("train_loss", "validation_loss", "log_loss", "rmse", "mae", "gradient_norm")
_SHARES = ("accuracy", "error_rate", "balanced_accuracy", "macro_f1")
_RANGES = {
    **dict.fromkeys(_LOSSES, (0.0, np.inf)),
    **dict.fromkeys(_SHARES, (0.0, 1.0)),
    "r2": (-np.inf, 1.0),
}
"""Between what a curve lies that a training tells of; the losses of this package are never below 0."""


def idle(rule: Rule, epochs: int, steps: int) -> list[str]:
    """Why parts of a rule can never hold, a sentence each; none if all can.

    Args:
        rule: the rule.
        epochs: how many the training has at most.
        steps: of each epoch.

    Example:
        >>> idle(Reached("accuracy", 1.2) | Epochs(50), epochs=50, steps=4)
        ['accuracy >= 1.2 can never hold: the validation accuracy is at most 1']
    """
    match rule:
        case Either(first, second):
            return [*idle(first, epochs, steps), *idle(second, epochs, steps)]
        case Both(first, second):
            parts = [*idle(first, epochs, steps), *idle(second, epochs, steps)]
            return parts or _apart(rule)
    why = _why(rule, epochs, steps)
    return [f"{rule} can never hold: {why}"] if why else []


def _why(rule: Rule, epochs: int, steps: int) -> str:
    """Why a rule that is no combination can never hold; empty if it can."""
    match rule:
        # The first epoch only sets the mark from which a patience is counted.
        case Flat(patience=most) | NoImprovement(patience=most) | Overfitting(patience=most) if most + 1 > epochs:
            return f"a patience of {most} needs {most + 1} epochs, the training has {epochs}"
        case Reached() if not _within_reach(rule):
            low, high = _RANGES[rule.monitor]
            end = f"at most {high:g}" if rule.at_least else f"at least {low:g}"
            return f"{words(rule.monitor)} is {end}"
        case Epochs(limit) if limit > epochs:
            return f"the training ends after {epochs}"
        case Steps(limit) if limit > epochs * steps:
            return f"the training ends after {epochs} epochs, {epochs * steps} steps"
    return ""


def _within_reach(rule: Reached) -> bool:
    low, high = _RANGES.get(rule.monitor, (-np.inf, np.inf))
    return rule.threshold <= high if rule.at_least else rule.threshold >= low


def _apart(rule: Both) -> list[str]:
    """Thresholds of one curve that exclude each other where both are asked for."""
    reached = [part for part in _joined(rule) if isinstance(part, Reached)]
    return [
        f"{low} and {high} can never hold together"
        for low in reached
        for high in reached
        if low.monitor == high.monitor and low.at_least and not high.at_least and low.threshold > high.threshold
    ]


def _joined(rule: Rule) -> list[Rule]:
    """The rules that must all hold at the same epoch."""
    return [*_joined(rule.first), *_joined(rule.second)] if isinstance(rule, Both) else [rule]

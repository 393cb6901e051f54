"""Schedules as a person types them, `cosine` or `cosine(end=0.01)`; their curves are in `descent.schedule`."""

import ast
from typing import Any

import numpy as np

from talweg.config.calls import arguments, fail, number, read_tree
from talweg.descent.schedule import ALIASES, SHAPES, Schedule, make_schedule
from talweg.errors import ConfigError, ExpressionError, pointing_into, require_known

# What a setting must be: the least value, the largest, and whether these two themselves are good.
_RANGES: dict[str, tuple[float, float, bool, bool]] = {
    "warmup": (0, 1, True, False),
    "factor": (0, 1, False, False),
    "drops": (1, 1000, True, True),
    "power": (0, 100, False, True),
    "end": (0, 1, True, True),
    "cycles": (1, 1000, True, True),
    "growth": (1, 10, True, True),
    "rise": (0, 1, False, False),
    "start": (0, 1, True, True),
    "patience": (1, 1e6, True, True),
    "tolerance": (0, 1, True, False),
    "epochs": (1, 1e9, True, True),
}
_WHOLE = ("drops", "cycles", "patience", "epochs")


def parse_schedule(text: str) -> tuple[str, dict[str, float]]:
    """A schedule's name and settings from its text.

    Args:
        text: a name, or a call with settings by name; `epochs` among them is the length, the training's where absent.

    Raises:
        ConfigError: a name that is unknown.
        ExpressionError: anything else that is not understood, with its position.

    Example:
        >>> parse_schedule("cosine(end=0.01, warmup=0.05)")
        ('cosine', {'end': 0.01, 'warmup': 0.05})
    """
    with pointing_into(text):
        return _parsed(read_tree(text, "schedule"))


def _parsed(node: ast.expr) -> tuple[str, dict[str, float]]:
    match node:
        case ast.Name(id=name):
            return _known(name), {}
        case ast.Call(func=ast.Name(id=called)):
            name = _known(called)
        case _:
            raise fail("expected a schedule such as cosine or cosine(end=0.01, warmup=0.05)", node)
    names = list(dict.fromkeys((*SHAPES[name].defaults, "warmup", "epochs")))
    given = arguments(node, name, names)
    return name, {setting: _value(setting, value) for setting, value in given.items()}


def schedule_of(text: str, members: int, steps_per_epoch: int, max_epochs: int, dtype: Any = np.float32) -> Schedule:
    """The schedule of a training, from its text.

    Args:
        text: as in `parse_schedule`.
        members: the length of the member axis.
        steps_per_epoch: how many steps an epoch has.
        max_epochs: how long the training is at most, and the schedule where its text does not say.
        dtype: of its settings.

    Raises:
        ConfigError: a schedule that is longer than the training.
    """
    name, given = parse_schedule(text)
    epochs = int(given.pop("epochs", max_epochs))
    if epochs > max_epochs:
        raise ConfigError(
            f"the schedule {text!r} runs over {epochs} epochs, but the training ends after {max_epochs}; "
            f"leave epochs={epochs} away, or train that long"
        )
    return make_schedule(name, members, steps=epochs * steps_per_epoch, epoch=steps_per_epoch, dtype=dtype, **given)


def _known(name: str) -> str:
    name = ALIASES.get(name, name)
    require_known("schedule", name, SHAPES, aliases=ALIASES)
    return name


def _value(setting: str, node: ast.expr) -> float:
    value = number(node)
    low, high, at_low, at_high = _RANGES[setting]
    good = (low <= value if at_low else low < value) and (value <= high if at_high else value < high)
    if not good or (setting in _WHOLE and value != int(value)):
        raise _out_of_range(setting, node, value)
    return value


def _out_of_range(setting: str, node: ast.expr, value: float) -> ExpressionError:
    low, high, at_low, at_high = _RANGES[setting]
    kind = "a whole number" if setting in _WHOLE else "a number"
    lowest, highest = f"{'from' if at_low else 'above'} {low:g}", f"{'to' if at_high else 'below'} {high:g}"
    return fail(f"{setting} must be {kind} {lowest} {highest}, got {value:g},", node)

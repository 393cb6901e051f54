"""What schedules will do, before any is used: their curves over a training that is only imagined."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from talweg.config.schedules import schedule_of
from talweg.data.evenly import evenly
from talweg.descent.schedule import SHAPES
from talweg.errors import ConfigError
from talweg.view.charts.schedules import schedules_figure

PLATEAUS = "plateau is drawn as if the training loss stood still from the middle on"


@dataclasses.dataclass(frozen=True, eq=False)
class Schedules:
    """Some schedules over one imagined training.

    Attributes:
        epoch: where on the way, in epochs, from 0.
        rates: for each schedule as it is written, the learning rate there.
    """

    epoch: Float[np.ndarray, " points"]
    rates: Mapping[str, Float[np.ndarray, " points"]]

    def __repr__(self) -> str:
        return f"<Schedules: {', '.join(self.rates)}>"

    @property
    def summary(self) -> dict[str, Any]:
        """The schedules as plain data; the shape is in docs/json.md."""
        return {
            "version": 1,
            "kind": "schedules",
            "epoch": self.epoch.tolist(),
            "schedules": [{"schedule": text, "learning_rate": rates.tolist()} for text, rates in self.rates.items()],
            "known": known_schedules(),
        }

    def figure(self) -> Figure:
        """The learning rate of each against the epochs."""
        return schedules_figure(self.epoch, self.rates)


def known_schedules() -> list[dict[str, Any]]:
    """Every schedule of the table: its name, what it does, its settings, its source."""
    return [
        {
            "name": name,
            "meaning": shape.meaning,
            "settings": {**shape.defaults, "warmup": shape.defaults.get("warmup", 0.0)},
            "source": shape.source,
        }
        for name, shape in SHAPES.items()
    ]


def schedules(*texts: str, epochs: int = 100, steps_per_epoch: int = 10, learning_rate: float = 1.0) -> Schedules:
    """What schedules will do.

    Args:
        *texts: schedules as they are written for a training; all of the table where none are given.
        epochs: how long the training is.
        steps_per_epoch: how many steps an epoch has.
        learning_rate: what the schedule is a factor of.

    Raises:
        ConfigError: a schedule that is unknown or longer than the training, or a number out of range.
        ExpressionError: a text that is not understood.

    Example:
        >>> import talweg as tw
        >>> found = tw.schedules("cosine", "step(drops=1)", epochs=4, learning_rate=0.1)
        >>> found.rates["cosine"][[0, 20, 40]].round(3).tolist()
        [0.1, 0.05, 0.0]
    """
    if not 1 <= epochs <= 1_000_000 or not 1 <= steps_per_epoch <= 1_000_000:
        raise ConfigError(f"epochs and steps an epoch must be from 1 to 1000000, got {epochs} and {steps_per_epoch}")
    if not 0 < learning_rate < np.inf:
        raise ConfigError(f"learning_rate must be greater than 0, got {learning_rate}")
    steps = epochs * steps_per_epoch
    count = evenly(steps + 1, 2001)
    rates = {text: learning_rate * _factors(text, count, steps_per_epoch, epochs) for text in texts or SHAPES}
    return Schedules(count / steps_per_epoch, rates)


def _factors(text: str, count: np.ndarray, steps_per_epoch: int, epochs: int) -> Float[np.ndarray, " points"]:
    schedule = schedule_of(text, 1, steps_per_epoch, epochs)
    factors = np.asarray(schedule.factor(count), np.float64)
    if schedule.watching() is None:
        return factors
    s = {name: float(value[0]) for name, value in schedule.settings.items()}
    still = np.maximum(count / steps_per_epoch - epochs / 2, 0) // s["patience"]
    return factors * np.maximum(s["factor"] ** still, s["end"])


def notes_of(texts: Sequence[str]) -> list[str]:
    """What one should know of a picture of these schedules."""
    return [PLATEAUS] if any(text.startswith("plateau") for text in texts) else []

"""The learning-rate range test: a rate that climbs from step to step, for all members at once, and what it suggests.

It trains from the members' own starts and throws the result away: nothing of a later training changes.
"""

import dataclasses
from typing import TYPE_CHECKING, Any, Unpack

import jax
import numpy as np
from jaxtyping import Float, Int

from talweg.config.given import Given
from talweg.config.settings import USUAL, Settings
from talweg.data.feed import epoch_order, epoch_weight, rows_per_batch
from talweg.descent import engine
from talweg.descent.climb import climbing, step_losses
from talweg.errors import ConfigError
from talweg.objective.base import Batch
from talweg.record.plain import plain_data
from talweg.run.compilation import keep_compilations
from talweg.run.defaults import looks_ahead
from talweg.run.job import Job
from talweg.run.memory import require_memory
from talweg.run.named import named_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOW, HIGH = 1e-6, 10.0
"""The rates of the first step and of the last."""
STEPS = 210
"""How many steps the climb takes: 30 a power of ten."""
MEMORY = 0.9
"""How much of the smoothed loss is kept from step to step."""
FALL = 0.1
"""The share of its start by which the loss must fall for a suggestion to mean something."""
DONE = 0.9
"""The share of the fall after which a longer step is no longer worth its risk."""
MARGIN = 10.0
"""How far below the rate at which the loss is lowest it is suggested to stay: the convention since Smith (2017)."""
AGREE = 10.0
"""Members whose own suggestions differ by more than this factor agree on none."""
_NOBODY = 2**31
"""The member in whose name the rows of a climb are dealt."""


@dataclasses.dataclass(frozen=True, eq=False)
class RangeTest:
    """What a climbing learning rate did to the loss.

    Attributes:
        settings: of the training it was made for.
        usual: the rate that is taken without a test.
        rates: the learning rate of each step.
        losses: each member's loss on the step's batch, before the step; NaN where it had fallen off.
        smooth: the same, smoothed, and freed of what the batches differ by.
        suggestion: the rate to take; `None` if there is no reliable one.
        interval: the middle half of what the members suggest by themselves.
        sentence: the suggestion, or why there is none.
    """

    settings: Settings
    usual: float
    rates: Float[np.ndarray, " steps"]
    losses: Float[np.ndarray, "members steps"]
    smooth: Float[np.ndarray, "members steps"]
    suggestion: float | None
    interval: tuple[float, float] | None
    sentence: str

    def __repr__(self) -> str:
        return f"<RangeTest of {self.settings.source}: {self.sentence}>"

    @property
    def summary(self) -> dict[str, Any]:
        """The test as plain data; its shape is in docs/json.md."""
        return {
            "version": 1,
            "kind": "range_test",
            "data": self.settings.source,
            "optimizer": self.settings.optimizer,
            "members": len(self.losses),
            "suggestion": self.suggestion,
            "interval": None if self.interval is None else list(self.interval),
            "sentence": self.sentence,
            "usual": self.usual,
            "learning_rate": self.rates.tolist(),
            "loss": plain_data(self.losses),
            "smooth": plain_data(self.smooth),
        }

    def figure(self) -> "Figure":
        """The losses against the rate, with the suggestion, as a matplotlib figure."""
        from talweg.view.range_test import range_test_figure

        return range_test_figure(
            self.rates,
            self.smooth,
            suggestion=self.suggestion,
            interval=self.interval,
            title=f"{self.settings.source}: {self.settings.optimizer}, learning rate climbing",
            sentence=self.sentence,
        )


def find_lr(source: Any, target: Any = None, **settings: Unpack[Given]) -> RangeTest:
    """Finds a learning rate by a range test.

    Args:
        source: as for `talweg.train`.
        target: likewise.
        **settings: any field of `talweg.Settings`, as for the training to come.

    Raises:
        ConfigError: a setting that is unknown or does not fit, or an optimizer that finds its own step length.
        DataError: a source that cannot be read, or not be learned from.

    Example:
        >>> import talweg as tw
        >>> found = tw.find_lr("iris", members=4, hidden=(16,))
        >>> 1e-4 < found.suggestion < 1
        True
    """
    from talweg.run.build import build

    named, data = named_settings(source, target, {**settings, "learning_rate": USUAL})
    keep_compilations()
    job = build(named, data).job
    require_memory(job)
    return range_test(job)


def range_test(job: Job) -> RangeTest:
    """Lets the learning rate climb over the training rows of a job.

    Args:
        job: what is to be trained, with the usual learning rate. Its members' starts, rows, optimizer and batch size
            are those of the training.

    Raises:
        ConfigError: for an optimizer that finds its own step length.
    """
    settings = job.settings
    if looks_ahead(settings):
        raise ConfigError(
            f"{settings.optimizer} with step length {settings.step_length!r} finds its own step length; "
            "there is no learning rate to test"
        )
    optimizer = climbing(job.optimizer, settings.members, STEPS, LOW, HIGH)
    state = engine.init(job.network, optimizer, job.keys)
    losses, before = (np.asarray(each, np.float64) for each in step_losses(job.network, optimizer, state, _feed(job)))
    rates = LOW * (HIGH / LOW) ** (np.arange(STEPS) / (STEPS - 1))
    smooth = fallen(losses, before)
    suggestion, interval, sentence = suggest(rates, smooth)
    usual = _written(float(np.median(job.optimizer.settings["learning_rate"])))
    return RangeTest(settings, usual, rates, losses, smooth, suggestion, interval, sentence)


def _feed(job: Job) -> engine.Feed:
    """The rows of the climb's steps: epochs one after the other, in an order that no training has."""
    settings, rows = job.settings, len(job.training)
    batch = rows_per_batch(settings.batch_size, rows)
    orders = [epoch_order(rows, batch, settings.seed, epoch, _NOBODY) for epoch in range(-(-STEPS * batch // rows) + 1)]
    weights = [epoch_weight(order, np.ones(rows, np.float32)) for order in orders]
    order = np.concatenate(orders)[:STEPS]
    # Of a source larger than memory, only the rows that the steps see are taken into it.
    seen, place = np.unique(order, return_inverse=True)
    data = jax.device_put(Batch(np.asarray(job.training.x[seen]), np.asarray(job.training.y[seen]), None))
    return engine.Feed(data, place.reshape(order.shape).astype(np.int32), np.concatenate(weights)[:STEPS])


def fallen(
    losses: Float[np.ndarray, "members steps"], before: Float[np.ndarray, "members steps"]
) -> Float[np.ndarray, "members steps"]:
    """Each member's smoothed losses, as if all batches had been alike.

    Args:
        losses: on each step's batch.
        before: on the same batches at the member's start.

    Returns:
        The share of the loss at the start that is left on the same batches (a ratio estimate: the batches' own
        differences cancel), times its mean there.
    """
    return smoothed(losses) / smoothed(before) * before.mean(1, keepdims=True)


def smoothed(losses: Float[np.ndarray, "members steps"]) -> Float[np.ndarray, "members steps"]:
    """A moving average of each member's losses that weighs old ones less and less, corrected for its start."""
    smooth, total, weight = np.empty_like(losses), np.zeros(len(losses)), 0.0
    for step, now in enumerate(losses.T):
        total, weight = MEMORY * total + (1 - MEMORY) * now, MEMORY * weight + (1 - MEMORY)
        smooth[:, step] = total / weight
    return smooth


def suggest(
    rates: Float[np.ndarray, " steps"], smooth: Float[np.ndarray, "members steps"]
) -> tuple[float | None, tuple[float, float] | None, str]:
    """The rate at which nine tenths of the fall have happened for good, and at most a tenth of that of the lowest loss.

    Of each member; the middle of the members is suggested. Where the loss falls the rate is long enough to get
    somewhere; where it is lowest the next steps already throw the member out. The margin of ten below that place is the
    convention of range tests (Smith 2017, arXiv:1506.01186); smaller ones helped on some tables and cost as much on
    others. What it reaches is in benchmarks/find_lr.md.

    Args:
        rates: the learning rate of each step.
        smooth: the members' smoothed losses.

    Returns:
        The suggestion, the middle half of the members' own, and a sentence; or `None`, `None` and why.
    """
    start = smooth[:, : len(rates) // 10].mean(1)
    lowest = np.nanmin(np.where(np.isfinite(smooth), smooth, np.inf), axis=1)
    fall = 1 - lowest / start
    if not np.median(fall) >= FALL:
        least = max(float(np.median(fall)), 0)
        climb = (
            f"while the rate climbed from {rates[0]:g} to {rates[-1]:g} the loss fell by only {least:.0%} of its start"
        )
        return None, None, f"no reliable suggestion: {climb}"
    far = fall >= FALL
    done = rates[_for_good(smooth, start - DONE * (start - lowest))][far]
    cautious = rates[_lowest(smooth)][far] / MARGIN
    own = np.minimum(done, cautious)
    low, middle, high = np.exp(np.quantile(np.log(own), [0.25, 0.5, 0.75]))
    if high > AGREE * low:
        return (
            None,
            None,
            (f"no reliable suggestion: the members disagree, the middle half of them between {low:.2g} and {high:.2g}"),
        )
    why = "a tenth of the rate at which the loss was lowest"
    if np.median(done / cautious) <= 1:
        why = "nine tenths of the loss's fall had happened by then"
    low, middle, high = map(_two_digits, (low, middle, high))
    told = f"; the middle half of {len(own)} members say {low:g} to {high:g}" if len(own) > 1 else ""
    return middle, (low, high), f"learning rate {middle:g}: {why}{told}"


def _lowest(smooth: Float[np.ndarray, "members steps"]) -> Int[np.ndarray, " members"]:
    """The step at which each member's loss is lowest."""
    return np.where(np.isfinite(smooth), smooth, np.inf).argmin(1)


def _for_good(
    smooth: Float[np.ndarray, "members steps"], level: Float[np.ndarray, " members"]
) -> Int[np.ndarray, " members"]:
    """For each member the step after which its loss stays at a level or below until it is lowest."""
    steps = []
    for losses, most, lowest in zip(smooth, level, _lowest(smooth), strict=True):
        above = np.flatnonzero(losses[:lowest] > most)
        steps.append(int(above[-1]) + 1 if len(above) else 0)
    return np.array(steps)


def _written(rate: float) -> float:
    """A rate that was rounded to a float of 32 bits, as a person wrote it."""
    return float(f"{rate:.7g}")


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")

"""The learning-rate range test: a rate that climbs from step to step, for all members at once.

It trains from the members' own starts and throws the result away: nothing of a later training changes. What the climb
suggests is in `suggestion`.
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
from talweg.run.probes.suggestion import Suggestion, fallen, known_of, suggest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOW, HIGH = 1e-6, 10.0
"""The rates of the first step and of the last."""
STEPS = 210
"""How many steps the climb takes: 30 a power of ten."""
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
        found: what it suggests, and how that came about.
    """

    settings: Settings
    usual: float
    rates: Float[np.ndarray, " steps"]
    losses: Float[np.ndarray, "members steps"]
    smooth: Float[np.ndarray, "members steps"]
    found: Suggestion

    @property
    def suggestion(self) -> float | None:
        """The rate to take; `None` if there is no reliable one."""
        return self.found.rate

    @property
    def interval(self) -> tuple[float, float] | None:
        """As likely as not a good rate is in it."""
        return self.found.interval

    @property
    def sentence(self) -> str:
        """The suggestion and how it came about, or why there is none."""
        return self.found.sentence

    def __repr__(self) -> str:
        return f"<RangeTest of {self.settings.source}: {self.sentence}>"

    @property
    def summary(self) -> dict[str, Any]:
        """The test as plain data; its shape is in docs/json.md."""
        return {
            "version": 2,
            "kind": "range_test",
            "data": self.settings.source,
            "optimizer": self.settings.optimizer,
            "members": len(self.losses),
            "suggestion": self.suggestion,
            "interval": None if self.interval is None else list(self.interval),
            "tested": self.found.tested,
            "tested_interval": None if self.found.tested_interval is None else list(self.found.tested_interval),
            "known": self.found.known,
            "weight": self.found.weight,
            "sentence": self.sentence,
            "usual": self.usual,
            "learning_rate": self.rates.tolist(),
            "loss": plain_data(self.losses),
            "smooth": plain_data(self.smooth),
        }

    def figure(self) -> "Figure":
        """The losses against the rate, with the suggestion, as a matplotlib figure."""
        from talweg.view.charts.range_test import range_test_figure

        return range_test_figure(
            self.rates,
            self.smooth,
            suggestion=self.suggestion,
            interval=self.interval,
            tested=self.found.tested,
            known=self.found.known,
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
    usual = _written(float(np.median(job.optimizer.settings["learning_rate"])))
    found = suggest(rates, smooth, known_of(settings.optimizer, usual), settings.optimizer)
    return RangeTest(settings, usual, rates, losses, smooth, found)


def _feed(job: Job) -> engine.Feed:
    """The rows of the climb's steps, of each member in an order of its own, that no training has.

    Members that saw the same batches would err alike, and their middle would err with them.
    """
    settings, rows = job.settings, len(job.training)
    batch = rows_per_batch(settings.batch_size, rows)
    # Of a source larger than memory no more rows are taken into it than one member's steps see.
    seen = np.sort(epoch_order(rows, 1, settings.seed, 0, _NOBODY)[: STEPS * batch, 0])
    some = Batch(np.asarray(job.training.x[seen]), np.asarray(job.training.y[seen]), None)
    dealt = [_dealt(len(seen), batch, settings.seed, _NOBODY + member) for member in range(settings.members)]
    order, weight = (np.stack(leaf) for leaf in zip(*dealt, strict=True))
    return engine.Feed(jax.device_put(some), order, weight)


def _dealt(
    rows: int, batch: int, seed: int, member: int
) -> tuple[Int[np.ndarray, "steps batch"], Float[np.ndarray, "steps batch"]]:
    """One member's steps: epochs one after the other."""
    orders = [epoch_order(rows, batch, seed, epoch, member) for epoch in range(-(-STEPS * batch // rows) + 1)]
    weights = [epoch_weight(order, np.ones(rows, np.float32)) for order in orders]
    return np.concatenate(orders)[:STEPS], np.concatenate(weights)[:STEPS]


def _written(rate: float) -> float:
    """A rate that was rounded to a float of 32 bits, as a person wrote it."""
    return float(f"{rate:.7g}")

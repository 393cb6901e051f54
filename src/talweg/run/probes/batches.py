"""What random batches know of the full gradient at some places of a training, and what they cost: the measurement.

Which places those are is in `noise`.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from talweg.config.settings import Settings
from talweg.data.feed import rows_per_batch
from talweg.descent import engine
from talweg.landscape.noise import BatchQuality, batch_quality, full_gradients, law, noise_scale
from talweg.objective.base import Batch, Params
from talweg.objective.models import row_work
from talweg.objective.network import Network
from talweg.run.job import Job
from talweg.view.charts.noise import noise_figure

VERSION = 1
STAGES = ("start", "midway", "end")
DRAWS = 48
"""Batches of each size, at most; fewer of large ones."""
FEWEST_DRAWS = 4
"""Batches of each size, at least, however large."""
ROWS = 100_000
"""Rows that all draws of one size look at, at most."""
WORK = 5e9
"""Multiplications of one pass forward over all draws of one size, about, at most."""
MEMBERS = 4
"""Members that are looked at, at most."""
REPEATS = 12
"""How often a batch size is timed; the shortest time counts, which other work disturbs least."""
LONG = 5.0
"""Seconds after which a batch size is timed no more."""


@dataclasses.dataclass(frozen=True, eq=False)
class Stage:
    """One stage of the training.

    Attributes:
        name: one of `STAGES`.
        epoch: how many epochs had been trained.
        found: batches of each size.
        scale: each member's simple noise scale.
    """

    name: str
    epoch: int
    found: list[BatchQuality]
    scale: Float[np.ndarray, " members"]


@dataclasses.dataclass(frozen=True, eq=False)
class Noise:
    """What random batches know of the full gradient, and what they cost.

    Attributes:
        name: of the data.
        settings: the resolved ones.
        rows: training rows.
        stages: at the start, midway and the end.
        seconds: of one step of one member, by batch size.
    """

    name: str
    settings: Settings
    rows: int
    stages: tuple[Stage, ...]
    seconds: Mapping[int, float]

    def __repr__(self) -> str:
        return f"<Noise of {self.name}: suggests batches of {self.suggestion} of {self.rows} rows>"

    @property
    def suggestion(self) -> int:
        """The batch size that the noise scale midway suggests: the power of two next to it, within the rows."""
        scale = max(float(np.median(self.stages[1].scale)), 1.0)
        return int(min(2 ** round(np.log2(scale)), self.rows))

    @property
    def summary(self) -> dict[str, Any]:
        """The measurement as plain data; its shape is in docs/json.md."""
        sizes = np.array(list(self.seconds))
        return {
            "version": VERSION,
            "kind": "noise",
            "data": self.name,
            "rows": self.rows,
            "batch_size": rows_per_batch(self.settings.batch_size, self.rows),
            "suggestion": self.suggestion,
            "stages": [
                {
                    "stage": stage.name,
                    "epoch": stage.epoch,
                    "noise_scale": float(np.median(stage.scale)),
                    "sizes": [
                        {
                            "batch_size": one.batch,
                            "cosine": float(np.median(one.cosine)),
                            "error": float(np.sqrt((one.error**2).mean())),
                            "law": float(expected),
                        }
                        for one, expected in zip(
                            stage.found, law(float(stage.scale.mean()), sizes, self.rows), strict=True
                        )
                    ],
                }
                for stage in self.stages
            ],
            "times": [
                {
                    "batch_size": batch,
                    "step_seconds": seconds,
                    "epoch_seconds": seconds * -(-self.rows // batch),
                }
                for batch, seconds in self.seconds.items()
            ],
        }

    def figure(self) -> Figure:
        """Direction, error and time against the batch size."""
        return noise_figure(self.summary)


@dataclasses.dataclass(frozen=True, eq=False)
class Place:
    """Where some members are looked at.

    Attributes:
        name: one of `STAGES`.
        epoch: how many epochs had been trained; the middle one where members differ.
        params: theirs, the member axis first.
    """

    name: str
    epoch: int
    params: Params


def measured(job: Job, members: Sequence[int], places: Sequence[Place], clock: Callable[[], float]) -> Noise:
    """What batches know at some places of some members, and what steps cost."""
    sizes = batch_sizes(len(job.training), rows_per_batch(job.settings.batch_size, len(job.training)))
    network = jax.tree.map(lambda leaf: np.asarray(leaf)[list(members)], job.network)
    stages = tuple(_stage(job, network, place, sizes) for place in places)
    seconds = {batch: _step_seconds(job, batch, clock) for batch in sizes}
    return Noise(str(job.facts["name"]), job.settings, len(job.training), stages, seconds)


def batch_sizes(rows: int, used: int) -> list[int]:
    """Powers of four, the size that the training uses, and all rows.

    Example:
        >>> batch_sizes(1000, 32)
        [1, 4, 16, 32, 64, 256, 1000]
    """
    fours = [4**power for power in range(12) if 4**power < 0.7 * rows]
    return sorted({*fours, used, rows})


def _stage(job: Job, network: Network, place: Place, sizes: list[int]) -> Stage:
    data, rows = Batch(job.training.x, job.training.y, None), len(job.training)
    full = full_gradients(network, place.params, job.training.chunks())
    seen = _rows_a_size(job)
    found = [
        batch_quality(network, place.params, full, data, _draws(rows, batch, seen, job.settings.seed))
        for batch in sizes
    ]
    return Stage(place.name, place.epoch, found, noise_scale(found, rows))


def _rows_a_size(job: Job) -> int:
    """Rows that all draws of one size look at: fewer where a row is dear, as a picture is."""
    shape = job.training.x.shape[1:]
    return int(min(ROWS, WORK / max(row_work(job.network.model, shape), 1)))


def _draws(rows: int, batch: int, seen: int, seed: int) -> np.ndarray:
    """Batches of so many different rows."""
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x6E6F6973 + batch]))
    draws = 1 if batch == rows else int(np.clip(seen // batch, FEWEST_DRAWS, DRAWS))
    return np.stack([generator.choice(rows, batch, replace=False) for _ in range(draws)]).astype(np.int32)


def _step_seconds(job: Job, batch: int, clock: Callable[[], float]) -> float:
    """Seconds of a step of one member, of many in one compiled program as in an epoch."""
    steps = int(np.clip(min(20_000, _rows_a_size(job)) // batch, 1, 64))
    network, optimizer = jax.tree.map(lambda leaf: leaf[:1], (job.network, job.optimizer))
    state = engine.init(network, optimizer, job.keys[:1])
    order = np.resize(np.arange(len(job.training), dtype=np.int32), (steps, batch))
    data = jax.device_put(Batch(job.training.x, job.training.y, None))
    feed = engine.Feed(data, order, np.ones(order.shape, np.float32))
    alone, times = np.ones(1, bool), [math.inf]
    started = clock()
    for repeat in range(REPEATS + 1):
        began = clock()
        jax.device_get(engine.epoch(network, optimizer, state, alone, feed, 1)[1])
        # The first call compiles.
        times += [clock() - began] if repeat else []
        if repeat and clock() - started > LONG:
            break
    return min(times) / steps

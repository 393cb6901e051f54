"""How good a random batch is on a real training: its gradient at the start, midway and the end, and what it costs."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from talweg.config.settings import Settings
from talweg.data.feed import rows_per_batch
from talweg.descent import engine
from talweg.errors import ConfigError
from talweg.landscape.noise import BatchQuality, batch_quality, full_gradients, law, noise_scale
from talweg.objective.base import Batch, Params
from talweg.objective.denoising import Denoising
from talweg.run.build import Built, build
from talweg.run.compilation import keep_compilations
from talweg.run.job import Job
from talweg.run.named import named_settings
from talweg.run.train import train
from talweg.view.noise import noise_figure

VERSION = 1
STAGES = ("start", "midway", "end")
DRAWS = 48
"""Batches of each size, at most; fewer of large ones."""
ROWS = 100_000
"""Rows that all draws of one size look at, at most."""
MEMBERS = 4
"""Members that are looked at, at most."""
REPEATS = 12
"""How often a batch size is timed; the shortest time counts, which other work disturbs least."""


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
class _Snapshots:
    """The members' params at a few epochs, as evenly as can be while nobody knows the last one."""

    params: Mapping[int, Params]
    stride: int = 1
    most: int = 9

    def observe(self, epoch: int, params: Params, curves: Mapping[str, np.ndarray]) -> "_Snapshots | None":
        """Keeps every `stride`-th epoch, twice as few when they are too many."""
        if epoch % self.stride:
            return None
        kept = {**self.params, epoch: jax.device_get(params)}
        if len(kept) <= self.most:
            return dataclasses.replace(self, params=kept)
        return _Snapshots({e: p for e, p in kept.items() if e % (2 * self.stride) == 0}, 2 * self.stride, self.most)

    def arrays(self) -> dict[str, np.ndarray]:
        """Nothing is written."""
        return {}

    def restored(self, arrays: Mapping[str, np.ndarray]) -> "_Snapshots":
        """Nothing is read."""
        return self


def noise(source: Any, target: Any = None, **settings: Any) -> Noise:
    """Measures how well random batches of rows know the full gradient, and what they cost.

    Args:
        source: as for `talweg.train`.
        target: likewise.
        **settings: any field of `talweg.Settings`; a training with these is looked at.

    Raises:
        ConfigError: a setting that is unknown or does not fit.
        DataError: a source that cannot be read, or not be learned from.

    Example:
        >>> import talweg as tw
        >>> found = tw.noise("iris", members=1, max_epochs=4)
        >>> [stage.name for stage in found.stages]
        ['start', 'midway', 'end']
    """
    named, data = named_settings(source, target, settings)
    return noise_of(build(named, data))


def noise_of(built: Built, clock: Callable[[], float] = time.perf_counter) -> Noise:
    """The measurement on a job that is ready to train.

    Raises:
        ConfigError: a denoising, which has no full gradient.
    """
    job = built.job
    if isinstance(job.network, Denoising):
        raise ConfigError(
            "a denoising draws patches and noise anew in every step, so that there is no full gradient to compare with;"
            " take a table or labelled pictures"
        )
    keep_compilations()
    watched = train(job, lambda told: None, recorder=_Snapshots({})).standing.recorder
    assert isinstance(watched, _Snapshots)
    last = max(watched.params)
    midway = min(watched.params, key=lambda epoch: abs(epoch - last / 2))
    sizes = batch_sizes(len(job.training), rows_per_batch(job.settings.batch_size, len(job.training)))
    epochs = dict(zip(STAGES, (0, midway, last), strict=True))
    stages = tuple(_stage(job, name, epoch, watched.params[epoch], sizes) for name, epoch in epochs.items())
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


def _stage(job: Job, name: str, epoch: int, params: Params, sizes: list[int]) -> Stage:
    few = min(MEMBERS, job.settings.members)
    network, params = jax.tree.map(lambda leaf: np.asarray(leaf)[:few], (job.network, params))
    data, rows = Batch(job.training.x, job.training.y, None), len(job.training)
    full = full_gradients(network, params, job.training.chunks())
    found = [batch_quality(network, params, full, data, _draws(rows, batch, job.settings.seed)) for batch in sizes]
    return Stage(name, epoch, found, noise_scale(found, rows))


def _draws(rows: int, batch: int, seed: int) -> np.ndarray:
    """Batches of so many different rows."""
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x6E6F6973 + batch]))
    draws = 1 if batch == rows else int(np.clip(ROWS // batch, 4, DRAWS))
    return np.stack([generator.choice(rows, batch, replace=False) for _ in range(draws)]).astype(np.int32)


def _step_seconds(job: Job, batch: int, clock: Callable[[], float]) -> float:
    """Seconds of a step of one member, of many in one compiled program as in an epoch."""
    steps = int(np.clip(20_000 // batch, 3, 64))
    network, optimizer = jax.tree.map(lambda leaf: leaf[:1], (job.network, job.optimizer))
    state = engine.init(network, optimizer, job.keys[:1])
    order = np.resize(np.arange(len(job.training), dtype=np.int32), (steps, batch))
    data = jax.device_put(Batch(job.training.x, job.training.y, None))
    feed = engine.Feed(data, order, np.ones(order.shape, np.float32))
    alone, times = np.ones(1, bool), []
    for _ in range(REPEATS + 1):
        began = clock()
        jax.device_get(engine.epoch(network, optimizer, state, alone, feed, 1)[1])
        times.append(clock() - began)
    return min(times[1:]) / steps

"""How good a random batch is on a training: where it is looked at. What is measured there is in `batches`."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import jax
import numpy as np

from talweg.config.given import Given
from talweg.data.large.store import is_mapped
from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.objective.base import Params
from talweg.record.folder import RunFolder
from talweg.record.measured import write_noise
from talweg.record.trajectory import Trajectory
from talweg.run.build import Built, build
from talweg.run.compilation import keep_compilations
from talweg.run.job import Job
from talweg.run.memory import require_memory
from talweg.run.named import named_settings
from talweg.run.probes.batches import MEMBERS, STAGES, Noise, Place, measured
from talweg.run.result import Run
from talweg.run.surveying.ground import job_of
from talweg.run.surveying.ways import ways_of
from talweg.run.train import train
from talweg.run.written import explain, open_run


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


def noise(source: Any, target: Any = None, **settings: Unpack[Given]) -> Noise:
    """Measures how well random batches of rows know the full gradient, and what they cost.

    Args:
        source: as for `talweg.train`: a training is run and looked at. Or a finished run, or its folder: it is looked
            at where its members have been, and the folder keeps the measurement for the report.
        target: likewise.
        **settings: any field of `talweg.Settings`, of the training that is run.

    Raises:
        ConfigError: a setting that is unknown or does not fit; a run that kept nothing of its way; rows that are not
            in memory.
        DataError: a source that cannot be read, or not be learned from.

    Example:
        >>> import talweg as tw
        >>> found = tw.noise("iris", members=1, max_epochs=4)
        >>> [stage.name for stage in found.stages]
        ['start', 'midway', 'end']
    """
    if isinstance(source, Run) or is_run(source):
        if target is not None or settings:
            raise ConfigError("a run has its target and settings already; give its folder alone")
        return noise_of_run(source if isinstance(source, Run) else open_run(source))
    named, data = named_settings(source, target, settings)
    return noise_of(build(named, data))


def is_run(source: Any) -> bool:
    """Whether a source is the folder of a run."""
    return isinstance(source, str | Path) and RunFolder(Path(source)).holds_run()


def noise_of(built: Built, clock: Callable[[], float] = time.perf_counter) -> Noise:
    """The measurement on a job that is ready to train.

    Raises:
        ConfigError: for rows that are not in memory.
    """
    keep_compilations()
    job = built.job
    require_memory(job)
    _require_rows_in_memory(job)
    watched = train(job, lambda told: None, recorder=_Snapshots({})).standing.recorder
    assert isinstance(watched, _Snapshots)
    last = max(watched.params)
    midway = min(watched.params, key=lambda epoch: abs(epoch - last / 2))
    few = min(MEMBERS, job.settings.members)
    places = [
        Place(name, epoch, jax.tree.map(lambda leaf: np.asarray(leaf)[:few], watched.params[epoch]))
        for name, epoch in zip(STAGES, (0, midway, last), strict=True)
    ]
    return measured(job, range(few), places, clock)


def noise_of_run(run: Run, clock: Callable[[], float] = time.perf_counter) -> Noise:
    """The measurement where a run's members have been; nothing is trained, and the run folder keeps it for the report.

    Raises:
        ConfigError: for a run that kept nothing of its way, or rows that are not in memory.
        DataError: if the run's data are missing or changed.
    """
    keep_compilations()
    trajectory = run.trajectory()
    if trajectory is None or len(trajectory.epochs) < len(STAGES):
        raise ConfigError(
            "the run kept nothing of its way to look at (--record 0); measure its source instead: "
            f"talweg noise {run.settings.source}"
        )
    job = job_of(run)
    _require_rows_in_memory(job)
    members = sorted(run.summary["ensemble"]["members"])[:MEMBERS]
    found = measured(job, members, _places(trajectory, run, members), clock)
    if run.folder is not None:
        write_noise(run.folder, found.summary)
        explain(run.folder)
    return found


def _places(trajectory: Trajectory, run: Run, members: Sequence[int]) -> list[Place]:
    """The start of some members, the known place that is nearest to half of each one's way, and its end."""
    stopped = np.array([member["epochs"] for member in run.summary["members"]])
    ways = ways_of(trajectory, stopped).of(list(members))
    epochs = ways.frames[ways.frame]
    points: dict[str, list[int]] = {name: [] for name in STAGES}
    for number in range(len(members)):
        own = np.flatnonzero(ways.member == number)
        last = int(epochs[own].max())
        for name, wanted in zip(STAGES, (0, last / 2, last), strict=True):
            points[name].append(int(own[np.abs(epochs[own] - wanted).argmin()]))
    return [
        Place(name, int(np.median(epochs[at])), vectors.at(ways.points, np.array(at))) for name, at in points.items()
    ]


def _require_rows_in_memory(job: Job) -> None:
    if is_mapped(job.training.x):
        raise ConfigError(
            "batches are compared with the gradient of all rows, which must be in memory for that; these are on disk. "
            "Take a part of the source, or --no-stream"
        )

"""The ground under a finished run: its data read again, and the objective over the rows on which it is looked at.

Everything that looks at many params after a training starts here: maps, barriers, sharpness.
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import equinox as eqx
import jax
import numpy as np

from talweg.data.feed import chunked
from talweg.data.fingerprint import same_data
from talweg.errors import ConfigError, DataError, did_you_mean
from talweg.landscape.combination import Height, height_of
from talweg.landscape.shares import THREADS
from talweg.landscape.vectors import HostParams
from talweg.objective.base import Batch, Objective
from talweg.objective.metrics import METRICS
from talweg.objective.models import row_work
from talweg.run.build import build
from talweg.run.job import Job, Rows
from talweg.run.surveying.resettled import moving, resettled

if TYPE_CHECKING:
    from talweg.run.result import Run

AnyObjective = TypeVar("AnyObjective", bound=Objective)
PARTS = {"train": "training", "validation": "validation"}
"""The parts of the split that can be looked at, and how they are called in prose. Never the test rows."""


MOST_ROWS, FEWEST_ROWS = 5000, 16
WORK = 6e8
"""Multiplications of one height, about, at most, unless somebody says how many rows: a map of 51 × 51 points then takes
minutes on two cores and not hours, whatever a row costs."""


@dataclasses.dataclass(frozen=True, eq=False)
class Ground:
    """What is evaluated at many params.

    Attributes:
        job: what was trained, built again from the run's settings.
        objective: without a member axis, as in evaluation; batch statistics are measured anew (see `resettled`).
        params: the members' kept params that are descended, a stack.
        rows: in chunks; a sample where there are very many.
        part: a key of `PARTS`.
        used: how many rows.
        total: how many the part has.
    """

    job: Job
    objective: Objective
    params: HostParams
    rows: Batch
    part: str
    used: int
    total: int

    def height(self, name: str) -> Height:
        """The loss or a metric by name.

        Raises:
            ConfigError: for one that there is not, or that does not follow from sums over rows.
        """
        return height_of(name, self.job.network.row_loss.task, self.job.target_scale)

    def label(self, name: str) -> str:
        """What a height is, in prose: `training loss`."""
        return f"{PARTS[self.part]} {name.replace('_', ' ')}"

    def words(self) -> str:
        """Which rows, in prose."""
        every = "all " if self.used == self.total else ""
        of = "" if self.used == self.total else f" of {self.total}"
        return f"{every}{self.used}{of} {PARTS[self.part]} rows"


def climbs(name: str) -> bool:
    """Whether a greater height is a better one."""
    return name in METRICS and METRICS[name].greater_is_better


def ground_of(run: "Run", part: str = "train", most: int | None = None) -> Ground:
    """The ground of a run.

    Args:
        run: a finished one.
        part: `train` or `validation`.
        most: how many rows at most; of more, a sample that never changes is taken. Absent, 5000, or fewer where a row
            costs much, as a picture does (see `WORK`).

    Raises:
        ConfigError: for another part, or one without rows.
        DataError: if the data are missing, or are not what the run was trained on.
    """
    if part not in PARTS:
        raise ConfigError(f"on must be train or validation, got {part!r}.{did_you_mean(part, PARTS)}")
    job = job_of(run)
    rows = job.training if part == "train" else job.validation
    if not len(rows):
        raise ConfigError(f"the run has no {PARTS[part]} rows; look at the training rows instead (--on train)")
    if most is not None and most < 1:
        raise ConfigError(f"rows must be 1 or more, got {most}")
    affordable = _affordable(job)
    some = _sample(rows, affordable if most is None else most)
    objective = resettled(alone(job.network), job.training.x, affordable)
    return Ground(job, objective, moving(run.params), even_chunks(some), part, len(some), len(rows))


def job_of(run: "Run") -> Job:
    """The job that a run trained, from its settings and its data, wherever these are now (see `Run.source`).

    Raises:
        DataError: if the data are missing, or are not what the run was trained on.
    """
    try:
        built = build(run.settings, run.source)
    except (ConfigError, DataError) as error:
        raise DataError(f"the run's data cannot be read again: {error}; name where they are now (--data)") from None
    same = run.folder is None or np.array_equal(run.folder.split(), built.parts)
    if not same_data(run.summary["data"], built.job.facts) or not same:
        where = run.source if isinstance(run.source, str | Path) else run.settings.source
        raise DataError(
            f"{where} is no longer what the run was trained on: "
            "its rows are others, or hold other values; name the old data (--data)"
        )
    return built.job


def alone(objective: AnyObjective) -> AnyObjective:
    """An objective without its member axis: what may differ between members is of training alone."""
    arrays, rest = eqx.partition(objective, eqx.is_array)
    return eqx.combine(jax.tree.map(lambda leaf: leaf[0], arrays), rest)


def _affordable(job: Job) -> int:
    """How many rows a height can be measured on without being asked to take all day."""
    work = row_work(job.network.model, job.network.input_shape)
    return int(np.clip(WORK / work, FEWEST_ROWS, MOST_ROWS))


def _sample(rows: Rows, most: int) -> Rows:
    if len(rows) <= most:
        return rows
    generator = np.random.Generator(np.random.Philox(key=[0x726F7773, 0]))
    chosen = np.sort(generator.choice(len(rows), most, replace=False))
    return Rows(rows.x[chosen], rows.y[chosen])


def even_chunks(rows: Rows) -> Batch:
    """Rows in chunks with little padding, as many for each thread; few rows are one chunk."""
    pieces = -(-len(rows) // rows.chunk_rows(len(rows)))
    if len(rows) >= 256:
        pieces = -(-pieces // THREADS) * THREADS
    size = -(-len(rows) // (16 * pieces)) * 16
    return Batch(*(chunked(column, size) for column in (np.asarray(rows.x), rows.y, np.ones(len(rows), np.float32))))

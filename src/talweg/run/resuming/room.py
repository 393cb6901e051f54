"""How much room a training takes on the disk, told from shapes before its first step. What it writes is elsewhere."""

import jax
import numpy as np

from talweg.config.every import Every
from talweg.objective.models import parameter_count
from talweg.record.evaluation import kept_rows
from talweg.run.job import Job
from talweg.run.resuming.keeping import MOST_LINES
from talweg.run.standing import standing_shapes
from talweg.run.surveying.recording import recording

CURVES = 8
"""Curves of a member, at most."""
DIGITS = 20
"""Bytes of a number in the history."""
PAGES = 1_000_000
"""Bytes of the report, the settings and all else that does not grow with the network."""


def checkpoint_bytes(job: Job) -> int:
    """Bytes of a checkpoint: all that the next step depends on, the best params, the curves and the ways so far."""
    return _bytes(standing_shapes(job)) + recording(job).bytes + min(_curve_bytes(job), MOST_LINES)


def most_checkpoints(job: Job) -> int:
    """How many checkpoints there are at once, at most: those that are kept, and the one being written."""
    return 0 if Every.parse(job.settings.checkpoint_every) == Every() else job.settings.checkpoint_keep + 1


def result_bytes(job: Job) -> int:
    """Bytes of a finished run, at most: params, curves, the members' ways, predictions, pages."""
    settings, classes = job.settings, max(job.network.classes, 1)
    params = 4 * parameter_count(job.network.model, job.network.input_shape) * settings.members
    kept = sum(len(kept_rows(len(rows), settings.members, classes)) for rows in (job.validation, job.test) if len(rows))
    predictions = kept * (16 + 4 * classes + 4 * settings.members) + 16 * classes**2
    return params + _curve_bytes(job) + recording(job).bytes + predictions + PAGES


def _curve_bytes(job: Job) -> int:
    return DIGITS * CURVES * job.settings.members * (int(job.settings.max_epochs) + 1)


def disk_bytes(job: Job, split: np.ndarray) -> int:
    """Bytes that a training writes at once, at most: the checkpoints, and the result with its params while they change.

    Args:
        job: what is trained.
        split: the part of each row of the source.
    """
    return most_checkpoints(job) * checkpoint_bytes(job) + 2 * result_bytes(job) + split.nbytes


def sentence(job: Job) -> str:
    """How much room it takes, for a person."""
    most, one, left = most_checkpoints(job), checkpoint_bytes(job) / 1e6, result_bytes(job) / 1e6
    if not most:
        return f"On the disk the run takes {left:.1f} MB at most; without checkpoints it cannot go on where it stopped"
    return (
        f"On the disk the run takes {left + most * one:.1f} MB at most while it trains, with {most} checkpoints of "
        f"{one:.1f} MB (--checkpoint-keep, and one being written), and {left + one:.1f} MB in the end"
    )


def _bytes(tree: object) -> int:
    return sum(int(np.prod(leaf.shape)) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))

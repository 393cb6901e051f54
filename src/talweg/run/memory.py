"""How much memory a training takes at least, told from shapes before anything is compiled, and what would fit.

What cannot be known beforehand (the compiler's scratch space, the system) is left out: a training that is
refused here could not have worked, one that is let through still may not.
"""

import dataclasses
import math
from collections.abc import Callable

import jax
import numpy as np

from talweg.config.grid import grid_of
from talweg.config.settings import Settings
from talweg.data.feed import rows_per_batch
from talweg.data.large.store import is_mapped
from talweg.descent import engine
from talweg.errors import ConfigError
from talweg.objective.models import layers_of
from talweg.objective.parts import cores
from talweg.run.defaults import looks_ahead
from talweg.run.job import Job
from talweg.run.standing import Best
from talweg.run.streaming.available import available_memory, free_swap
from talweg.run.surveying.recording import recording

SMALL = 2**28
"""Bytes up to which nothing is asked: the process took more before it came here."""


@dataclasses.dataclass(frozen=True)
class Need:
    """What a training holds at once, in bytes, at least.

    Attributes:
        once: whatever the number of members: rows on the device, the validation rows in chunks, what is recorded.
        member: for each member: its state before and after a segment, two more to restart it from, its best params.
        gradient: for each member that runs: its gradient.
        row: for each member that runs and each row of a batch: the row, and what enters each layer that multiplies.
        chunk: for each member that runs: the outputs of the widest layer for a chunk of validation rows.
    """

    once: int
    member: int
    gradient: int
    row: int
    chunk: int

    def bytes(self, members: int, batch: int, at_once: int) -> int:
        """All of it.

        Args:
            members: how many there are.
            batch: rows of a step.
            at_once: how many of them run at a time, at most.

        Example:
            >>> need = Need(once=1000, member=100, gradient=20, row=3, chunk=50)
            >>> need.bytes(4, 32, at_once=1), need.bytes(4, 32, at_once=4)
            (1516, 1864)
        """
        running = max(self.gradient + batch * self.row, self.chunk)
        return self.once + members * self.member + min(members, at_once) * running


def need_of(job: Job) -> Need:
    """What a job's training holds at once; nothing is allocated to find out."""
    settings, members = job.settings, job.settings.members
    state = jax.eval_shape(engine.init, job.network, job.optimizer, job.keys)
    params = _bytes(state.params) // members
    best = params if Best.start(job).monitor else 0
    # To restart a member takes its last good state, and the one before the epoch under way.
    states = 4 if settings.on_divergence == "restart" else 2
    widest, entering = _layer_sizes(job)
    chunk = job.validation.chunk_rows(len(job.validation)) if len(job.validation) else 0
    return Need(
        once=_data(job) + recording(job).bytes,
        member=states * _bytes(state) // members + best,
        gradient=params,
        row=4 * (math.prod(job.network.input_shape) + entering),
        chunk=4 * chunk * widest,
    )


def _layer_sizes(job: Job) -> tuple[int, int]:
    """Numbers of a row after the widest layer, and of all that enters layers that multiply, but the first of them.

    Their gradients need what entered them; what lies between two of them may be computed anew.
    """
    before, widest, entering, first = job.network.input_shape, 0, 0, True
    for layer in layers_of(job.network.model):
        if layer.multiply_adds(before):
            entering += 0 if first else math.prod(before)
            first = False
        before = layer.output_shape(before)
        widest = max(widest, math.prod(before))
    return widest, entering


def _data(job: Job) -> int:
    """Bytes of rows that are copied; those on disk are read piece by piece."""
    if is_mapped(job.training.x):
        return 0
    validation = job.validation.x.nbytes + job.validation.y.nbytes
    # A CPU's arrays may be used where they are.
    apart = jax.default_backend() != "cpu"
    return validation + apart * (job.training.x.nbytes + job.training.y.nbytes)


def _bytes(tree: object) -> int:
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def what_fits(need: Need, members: int, batch: int, at_once: int, room: float) -> list[str]:
    """The flags that alone would make a training fit: a smaller batch, fewer members, one member after the other.

    Args:
        need: what it takes.
        members: how many were asked for.
        batch: rows of a step that were asked for.
        at_once: how many members run at a time, at most.
        room: bytes that there are.

    Example:
        >>> what_fits(Need(once=0, member=100, gradient=20, row=3, chunk=50), 4, 512, at_once=1, room=1000.0)
        ['--batch-size 128']
    """

    def largest(most: int, fits: Callable[[int], bool]) -> int:
        halved = (1 << power for power in reversed(range((most - 1).bit_length())))
        return next((count for count in halved if fits(count)), 0)

    rows = largest(batch, lambda count: need.bytes(members, count, at_once) <= room)
    crowd = largest(members, lambda count: need.bytes(count, batch, at_once) <= room)
    alone = at_once > 1 and need.bytes(members, batch, 1) <= room
    found = {f"--batch-size {rows}": rows, f"--members {crowd}": crowd, "--engine map": alone}
    return [flag for flag, fits in found.items() if fits]


def members_at_once(settings: Settings) -> int:
    """How many members run at a time: as one program all, by threads as many as there are cores, else one."""
    return {"vmap": settings.members, "threads": min(settings.members, cores())}.get(settings.engine, 1)


def require_memory(job: Job) -> None:
    """Makes sure that a job's training is not certain to run out of memory.

    Raises:
        ConfigError: if it is; the message says what would fit.
    """
    settings = job.settings
    batch = rows_per_batch(settings.batch_size, job.rows_a_member())
    at_once, need = members_at_once(settings), need_of(job)
    wanted = need.bytes(settings.members, batch, at_once)
    room = available() if wanted > SMALL else np.inf
    if wanted <= room:
        return
    flags = what_fits(need, settings.members, batch, at_once, room)
    if looks_ahead(settings):
        flags = [flag for flag in flags if "batch" not in flag]
    if grid_of(settings).names or settings.folds:
        flags = [flag for flag in flags if "members" not in flag]
    mend = f"this would fit: {' or '.join(flags)}" if flags else "take a smaller network (--hidden), or fewer rows"
    raise ConfigError(
        f"not enough memory for this training: it takes at least {wanted / 1e9:.1f} GB, {room / 1e9:.1f} GB are "
        f"available; {mend}"
    )


def available() -> float:
    """Bytes that a training may still take: of the device, if that tells; else of the system, with what it can swap."""
    stats = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in stats:
        return float(stats["bytes_limit"] - stats.get("bytes_in_use", 0))
    return available_memory() + free_swap()

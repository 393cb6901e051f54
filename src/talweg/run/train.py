"""The loop over epochs, in plain Python that a person can read. What is compiled is in `descent.engine`."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.data.feed import epoch_order, epoch_weight, rows_per_batch
from talweg.descent import engine
from talweg.descent.stopping import Outcome, greater_is_better, judge
from talweg.objective.base import Batch, Params
from talweg.objective.metrics import metric_values
from talweg.objective.network import Network
from talweg.run.job import Job, Rows, member_keys


@dataclasses.dataclass(frozen=True, eq=False)
class Progress:
    """What is told after each epoch.

    Attributes:
        epoch: its number; 0 before the first step.
        seconds: since the start of the training.
        curves: one number a member for each curve.
        active: which members go on.
        stopped: the Outcome of each member that stopped just now.
    """

    epoch: int
    seconds: float
    curves: Mapping[str, Float[np.ndarray, " members"]]
    active: Bool[np.ndarray, " members"]
    stopped: Mapping[int, Outcome]


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """Where the members ended.

    Attributes:
        params: the params that are kept of each, with a leading member axis.
        outcomes: when and why each stopped.
        best_epoch: the epoch whose params are kept.
        seconds: how long the training took.
        compile_seconds: how long its first epoch took, nearly all of it compilation.
    """

    params: Params
    outcomes: tuple[Outcome, ...]
    best_epoch: Int[np.ndarray, " members"]
    seconds: float
    compile_seconds: float


def train(job: Job, tell: Callable[[Progress], None], clock: Callable[[], float] = time.monotonic) -> Trained:
    """Trains all members until the rule has stopped each.

    Args:
        job: what is trained, on what, how, and until when.
        tell: is called before the first step and after each epoch.
        clock: gives seconds.
    """
    members, began = job.settings.members, clock()
    state = engine.init(job.network, job.optimizer, member_keys(job.settings.seed, members))
    data, validation = jax.device_put((Batch(job.training.x, job.training.y, None), job.validation.chunks()))
    active, memory = np.ones(members, bool), job.rule.init(members)
    outcomes: dict[int, Outcome] = {}

    curves = _look(job, state.params, active, validation)
    start_loss = _start_loss(job, state.params)
    best, tracker = state.params, Best.start(job, curves)
    tell(Progress(0, clock() - began, curves, active, {}))
    compiled = 0.0

    for epoch in itertools.count(1):
        state, info = engine.epoch(job.network, job.optimizer, state, active, _feed(job, data, epoch), epoch)
        curves = {"train_loss": np.asarray(info.loss), **_look(job, state.params, active, validation)}
        seconds = clock() - began
        compiled = compiled or seconds

        tracker, improved = tracker.update(curves, epoch, active)
        if improved.any():
            best = engine.keep_best(best, state.params, improved)
        seen = {**curves, "epoch": epoch, "seconds": seconds, "start_loss": start_loss}
        memory, active, stopped = judge(job.rule, memory, active, seen)
        outcomes |= stopped
        tell(Progress(epoch, seconds, curves, active, stopped))
        if not active.any():
            break

    kept = jax.device_get(best if tracker.monitor else state.params)
    ended = np.array([outcomes[member].epoch for member in range(members)])
    return Trained(
        kept,
        tuple(outcomes[member] for member in range(members)),
        tracker.epoch if tracker.monitor else ended,
        clock() - began,
        compiled,
    )


def _start_loss(job: Job, params: Params) -> Float[np.ndarray, " members"]:
    """The mean loss of the training rows before the first step, as the measure of divergence.

    Not the validation rows' loss, which may be lower for good, nor a single batch's, which is noise.
    """
    everyone = np.ones(job.settings.members, bool)
    sums = engine.evaluate(job.network, params, everyone, job.training.chunks())
    return sums["loss"] / sums["weight"]


def _feed(job: Job, data: Batch, epoch: int) -> engine.Feed:
    """The rows of an epoch; members share them unless each is to have its own order."""
    settings, rows = job.settings, len(job.training)
    batch = rows_per_batch(settings.batch_size, rows)
    if settings.member_batches == "own":
        order = np.stack([epoch_order(rows, batch, settings.seed, epoch, m) for m in range(settings.members)])
    else:
        order = epoch_order(rows, batch, settings.seed, epoch)
    return engine.Feed(data, order, epoch_weight(order, np.ones(rows, np.float32)))


def _look(job: Job, params: Params, active: Bool[np.ndarray, " members"], chunks: Batch) -> dict[str, np.ndarray]:
    """The validation curves of one epoch; none without validation rows."""
    if not len(job.validation):
        return {}
    sums = engine.evaluate(job.network, params, active, chunks)
    told = {name: value[active] for name, value in sums.items()}
    values = {
        "validation_loss": told["loss"] / told["weight"],
        **metric_values(told, job.network.row_loss.task, job.target_scale),
    }
    curves = {name: np.full(active.shape, np.nan) for name in values}
    for name, value in values.items():
        curves[name][active] = value
    return curves


@dataclasses.dataclass(frozen=True, eq=False)
class Best:
    """Which epoch's params are the best of each member so far.

    Attributes:
        monitor: the curve that decides; empty if the last params are kept.
        value: its best value, turned so that lower is better.
        epoch: when that was.
    """

    monitor: str
    value: Float[np.ndarray, " members"]
    epoch: Int[np.ndarray, " members"]

    @staticmethod
    def start(job: Job, curves: Mapping[str, np.ndarray]) -> "Best":
        """Before the first step."""
        members = job.settings.members
        monitor = "validation_loss" if job.settings.keep == "best" and "validation_loss" in curves else ""
        return Best(monitor, np.full(members, np.inf), np.zeros(members, np.int64))

    def update(
        self, curves: Mapping[str, np.ndarray], epoch: int, active: Bool[np.ndarray, " members"]
    ) -> tuple["Best", Bool[np.ndarray, " members"]]:
        """After one more epoch: the tracker, and which members were never better."""
        if not self.monitor:
            return self, np.zeros_like(active)
        now = -curves[self.monitor] if greater_is_better(self.monitor) else curves[self.monitor]
        improved = active & (now < self.value)
        return Best(self.monitor, np.where(improved, now, self.value), np.where(improved, epoch, self.epoch)), improved


def member_outputs(network: Network, params: Params, member: int, rows: Rows) -> Float[np.ndarray, "rows outputs"]:
    """One member's outputs for all rows, in their order."""
    alone = jax.tree.map(lambda leaf: leaf[member : member + 1], (network, params))
    found = np.asarray(engine.outputs(*alone, rows.chunks().x))[0]
    return found.reshape(-1, found.shape[-1])[: len(rows)]

"""The loop over epochs, in plain Python that a person can read. What is compiled is in `descent.engine`."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.config.grid import grid_of
from talweg.data.large.store import is_mapped
from talweg.descent import engine, evaluation
from talweg.descent.members import select
from talweg.descent.stopping import Outcome, judge
from talweg.objective.base import Batch, Params
from talweg.objective.metrics import metric_values
from talweg.objective.models import row_work
from talweg.objective.network import Network
from talweg.run.crowd import crowd_of
from talweg.run.job import Job, Rows
from talweg.run.probes.sweep import chosen_members
from talweg.run.resuming.restart import forgotten, restarted, slowed, went_well
from talweg.run.segments import InMemory
from talweg.run.standing import Recorder, Standing, first_standing
from talweg.run.streaming.passes import evaluate, parts_of, passing, validation_passing
from talweg.run.streaming.streaming import OnDisk

START_WORK = 2e11
"""Multiplications that measuring the start may cost, at most."""
START_BYTES = 64 * 2**20
"""Bytes of the rows on which it is measured, at most."""
FEWEST_AT_START = 256
"""Rows on which it is measured, at least."""


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
        standing: where they stand, to go on from.
        chosen: the members that a sweep chose; `None` if none was asked for.
    """

    params: Params
    outcomes: tuple[Outcome, ...]
    best_epoch: Int[np.ndarray, " members"]
    seconds: float
    compile_seconds: float
    standing: Standing
    chosen: tuple[int, ...] | None = None

    @property
    def recorder(self) -> Recorder | None:
        """What was kept on the way."""
        return self.standing.recorder


def _go_on(standing: Standing) -> None:
    """The pause of a training that nobody saves or interrupts."""


def train(
    job: Job,
    tell: Callable[[Progress], None],
    clock: Callable[[], float] = time.monotonic,
    *,
    standing: Standing | None = None,
    pause: Callable[[Standing], None] = _go_on,
    recorder: Recorder | None = None,
) -> Trained:
    """Trains all members until the rule has stopped each.

    Args:
        job: what is trained, on what, how, and until when.
        tell: is called before the first step and after each epoch.
        clock: gives seconds.
        standing: where to go on from; the start if it is absent.
        pause: is shown where the training stands after each segment of an epoch, and after each epoch when that has
            been told. It may write that down, and may raise to end the training there.
        recorder: keeps what it wants of each epoch; one that goes on is in `standing`.
    """
    began = clock() - (standing.seconds if standing else 0.0)
    source = job.source or (OnDisk.of(job) if is_mapped(job.training.x) else InMemory.of(job))
    validation = validation_passing(job)
    if standing is None:
        standing, told = _start(job, validation, recorder)
        tell(dataclasses.replace(told, seconds=clock() - began))

    while standing.active.any():
        for feed in source.segments(standing.epoch + 1, standing.step):
            standing = _segment(job, standing, feed)
            if standing.step < source.steps:
                # Programs are only begun here: without waiting, a whole epoch of them would stand in line.
                jax.block_until_ready(standing.info)  # type: ignore[no-untyped-call]
                standing = dataclasses.replace(standing, seconds=clock() - began)
                pause(standing)
        standing, told = _finish_epoch(job, standing, validation, lambda: clock() - began)
        tell(told)
        pause(standing)
    return _ended(job, standing, validation, clock() - began)


def _start(job: Job, validation: Iterable[Batch], recorder: Recorder | None) -> tuple[Standing, Progress]:
    """Before the first step: the members' starts, and what is known of them."""
    standing = first_standing(job, recorder)
    params = engine.kept(job.optimizer, standing.state)
    curves = _look(job, params, standing.active, validation)
    standing = dataclasses.replace(
        standing,
        start_loss=_start_loss(job, params),
        recorder=_recorded(recorder, 0, params, curves),
    )
    return standing, Progress(0, 0.0, curves, standing.active, {})


def _segment(job: Job, standing: Standing, feed: engine.Feed) -> Standing:
    """Some steps of the epoch under way."""
    number = standing.epoch + 1
    optimizer = slowed(job.optimizer, standing.safety)
    state, info = engine.epoch(
        job.network, optimizer, standing.state, standing.active, feed, number, crowd_of(job.settings), standing.info
    )
    return dataclasses.replace(standing, state=state, info=info, step=int(feed.first) + feed.order.shape[-2])


def _finish_epoch(
    job: Job, standing: Standing, validation: Iterable[Batch], seconds: Callable[[], float]
) -> tuple[Standing, Progress]:
    """After an epoch's last step: its curves, the best params, and which members the rule stops."""
    epoch, params, active = standing.epoch + 1, engine.kept(job.optimizer, standing.state), standing.active
    curves = {
        "train_loss": jax.device_get(standing.info).loss,
        **_look(job, params, active, validation),
        **_slope(job, params, active),
    }
    now = seconds()
    tracker, improved = standing.tracker.update(curves, epoch, active)
    seen = {**curves, "epoch": epoch, "step": epoch * job.steps_per_epoch, "seconds": now}
    seen |= {"start_loss": standing.start_loss, "lower_bound": job.lower_bound}
    well = went_well(curves, standing.start_loss, active)
    memory, active, stopped = judge(job.rule, standing.memory, active, seen)
    standing = dataclasses.replace(
        standing,
        epoch=epoch,
        step=0,
        info=engine.Info.nothing(len(active)),
        memory=memory,
        active=active,
        outcomes={**standing.outcomes, **stopped},
        best=select(improved, params, standing.best) if improved.any() else standing.best,
        tracker=tracker,
        seconds=now,
        compile_seconds=standing.compile_seconds or now,
        recorder=_recorded(standing.recorder, epoch, params, curves),
    )
    standing = _restarted(job, standing, well, stopped)
    stopped = {member: outcome for member, outcome in stopped.items() if member in standing.outcomes}
    return standing, Progress(epoch, now, curves, standing.active, stopped)


def _restarted(job: Job, standing: Standing, well: np.ndarray, stopped: Mapping[int, Outcome]) -> Standing:
    """Members that failed just now go on from their last good state, if that was asked for."""
    if standing.safety is None:
        return standing
    safety, state, restarts = restarted(standing.safety, standing.state, well, stopped, standing.restarts)
    back = np.isin(np.arange(len(well)), [one.member for one in restarts[len(standing.restarts) :]])
    return dataclasses.replace(
        standing,
        state=state,
        safety=safety,
        restarts=restarts,
        memory=forgotten(job.rule, standing.memory, back) if back.any() else standing.memory,
        active=standing.active | back,
        outcomes={member: outcome for member, outcome in standing.outcomes.items() if not back[member]},
    )


def _recorded(
    recorder: Recorder | None, epoch: int, params: Params, curves: Mapping[str, np.ndarray]
) -> Recorder | None:
    return None if recorder is None else recorder.observe(epoch, params, curves) or recorder


def _ended(job: Job, standing: Standing, validation: Iterable[Batch], seconds: float) -> Trained:
    """What is kept when every member has stopped."""
    tracked = bool(standing.tracker.monitor)
    outcomes = tuple(standing.outcomes[member] for member in range(len(standing.active)))
    kept = standing.best if tracked else engine.kept(job.optimizer, standing.state)
    return Trained(
        jax.device_get(kept),
        outcomes,
        standing.tracker.epoch if tracked else np.array([outcome.epoch for outcome in outcomes]),
        seconds,
        standing.compile_seconds,
        standing,
        _chosen(job, kept, outcomes, validation),
    )


def _chosen(
    job: Job, params: Params, outcomes: tuple[Outcome, ...], validation: Iterable[Batch]
) -> tuple[int, ...] | None:
    """The members with a sweep's best values, if it is to choose."""
    if not job.settings.sweep or not len(job.validation):
        return None
    everyone = np.ones(job.settings.members, bool)
    losses = _look(job, params, everyone, validation)["validation_loss"]
    return chosen_members(grid_of(job.settings), outcomes, losses)


def _start_loss(job: Job, params: Params) -> Float[np.ndarray, " members"]:
    """The mean loss of the training rows before the first step, as the measure of divergence.

    Not the validation rows' loss, which may be lower for good, nor a single batch's, which is noise.
    """
    everyone = np.ones(job.settings.members, bool)
    sums = evaluate(job.network, params, everyone, passing(_starting_rows(job)), crowd_of(job.settings))
    return sums["loss"] / sums["weight"]


def _starting_rows(job: Job) -> Rows:
    """The training rows on which the start is measured: all, or as many, evenly spread, as cost a second or two.

    They are held in memory, as many of them as take little.
    """
    rows, shape = job.training, tuple(job.training.x.shape[1:])
    one = 2.0 * job.settings.members * row_work(job.network.model, shape)
    most = max(FEWEST_AT_START, int(min(START_WORK / one, START_BYTES * len(rows) / rows.x.nbytes)))
    return rows.spread(most)


def _slope(job: Job, params: Params, active: Bool[np.ndarray, " members"]) -> dict[str, np.ndarray]:
    """The length of the full gradient after an epoch, where a rule looks at it; it costs as much as the epoch."""
    if "gradient_norm" not in job.rule.monitors:
        return {}
    return {"gradient_norm": evaluation.slopes(job.network, params, active, passing(job.training))}


def _look(
    job: Job, params: Params, active: Bool[np.ndarray, " members"], blocks: Iterable[Batch]
) -> dict[str, np.ndarray]:
    """The validation curves of one epoch; none without validation rows."""
    if not len(job.validation):
        return {}
    sums = evaluate(job.network, params, active, blocks, crowd_of(job.settings))
    told = {name: value[active] for name, value in sums.items()}
    values = {
        "validation_loss": told["loss"] / told["weight"],
        **metric_values(told, job.network.row_loss.task, job.target_scale),
    }
    curves = {name: np.full(active.shape, np.nan) for name in values}
    for name, value in values.items():
        curves[name][active] = value
    return curves


def member_outputs(network: Network, params: Params, member: int, rows: Rows) -> Float[np.ndarray, "rows outputs"]:
    """One member's outputs for all rows, in their order."""
    alone = jax.tree.map(lambda leaf: leaf[member : member + 1], (network, params))
    found = [np.asarray(evaluation.outputs(*alone, part.chunks().x))[0] for part in parts_of(rows)]
    return np.concatenate([part.reshape(-1, part.shape[-1]) for part in found])[: len(rows)]

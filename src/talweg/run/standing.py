"""Where a training stands: everything on which its next step depends, as one object. What happens next is in `train`.

It can be written as arrays and plain data, and read back to the bit, so that a training can be continued elsewhere.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.descent import engine
from talweg.descent.checkpoint import from_arrays, to_arrays
from talweg.descent.stopping import Memory, Outcome, greater_is_better
from talweg.objective.base import Params
from talweg.run.job import Job
from talweg.run.resuming.restart import Restart, Safety

Curves = Mapping[str, Float[np.ndarray, " members"]]
_RECORDER = "recorder/"


@runtime_checkable
class Recorder(Protocol):
    """Keeps what the members pass by, such as their trajectory. A value: observing gives another one."""

    def observe(self, epoch: int, params: Params, curves: Curves) -> "Recorder | None":
        """After an epoch, and before the first as epoch 0; `None` if there was nothing to keep."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything it holds."""

    def restored(self, arrays: Mapping[str, np.ndarray]) -> "Recorder":
        """The recorder that held these arrays, with this one's settings."""


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
    def start(job: Job) -> "Best":
        """Before the first step."""
        members = job.settings.members
        monitor = "validation_loss" if job.settings.keep == "best" and len(job.validation) else ""
        return Best(monitor, np.full(members, np.inf), np.zeros(members, np.int64))

    def update(
        self, curves: Curves, epoch: int, active: Bool[np.ndarray, " members"]
    ) -> tuple["Best", Bool[np.ndarray, " members"]]:
        """After one more epoch: the tracker, and which members were never better."""
        if not self.monitor:
            return self, np.zeros_like(active)
        now = -curves[self.monitor] if greater_is_better(self.monitor) else curves[self.monitor]
        improved = active & (now < self.value)
        return Best(self.monitor, np.where(improved, now, self.value), np.where(improved, epoch, self.epoch)), improved


@dataclasses.dataclass(frozen=True, eq=False)
class Standing:
    """Where a training stands.

    Attributes:
        epoch: how many epochs are done.
        step: how many steps of the next one are done.
        state: the members' params, optimizers and keys.
        info: what the epoch under way has told so far.
        memory: the stopping rules'.
        active: which members go on.
        outcomes: when and why each of the others stopped.
        start_loss: the loss before the first step, as the measure of divergence.
        best: each member's best params so far.
        tracker: which epoch's those are.
        seconds: how long the training has taken.
        compile_seconds: how long its first epoch took.
        recorder: what it keeps on the way; `None` if nothing is recorded.
        safety: what it takes to restart members that diverge; `None` if they are to be stopped.
        restarts: the restarts so far.
    """

    epoch: int
    step: int
    state: engine.State
    info: engine.Info
    memory: Memory
    active: Bool[np.ndarray, " members"]
    outcomes: Mapping[int, Outcome]
    start_loss: Float[np.ndarray, " members"]
    best: Params
    tracker: Best
    seconds: float = 0.0
    compile_seconds: float = 0.0
    recorder: Recorder | None = None
    safety: Safety | None = None
    restarts: tuple[Restart, ...] = ()

    def arrays(self) -> dict[str, np.ndarray]:
        """All its arrays by name."""
        recorded = self.recorder.arrays() if self.recorder else {}
        # Without a tracker the best params are the last ones: they are not kept twice.
        best = {"best": self.best} if self.tracker.monitor else {}
        safety = {"safety": self.safety} if self.safety else {}
        kept = {_RECORDER + name: array for name, array in recorded.items()}
        return {**to_arrays({**_trees(self), **best, **safety}), **kept}

    def facts(self) -> dict[str, Any]:
        """All the rest, as plain data."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
            "monitor": self.tracker.monitor,
            "outcomes": {str(member): dataclasses.asdict(outcome) for member, outcome in self.outcomes.items()},
            "restarts": [dataclasses.asdict(restart) for restart in self.restarts],
        }


def _trees(standing: Standing) -> dict[str, Any]:
    tracker = {"value": standing.tracker.value, "epoch": standing.tracker.epoch}
    fields = ("state", "info", "memory", "active", "start_loss")
    return {**{name: getattr(standing, name) for name in fields}, "tracker": tracker}


def first_standing(job: Job, recorder: Recorder | None = None) -> Standing:
    """Before the first step, with the loss there still to be measured."""
    members = job.settings.members
    state = engine.init(job.network, job.optimizer, job.keys)
    return Standing(
        epoch=0,
        step=0,
        state=state,
        info=engine.Info.nothing(members),
        memory=job.rule.init(members),
        active=np.ones(members, bool),
        outcomes={},
        start_loss=np.full(members, np.nan),
        best=state.params,
        tracker=Best.start(job),
        recorder=recorder,
        safety=Safety.start(state, members) if job.settings.on_divergence == "restart" else None,
    )


def standing_shapes(job: Job) -> dict[str, Any]:
    """The shapes of all that a standing holds but its recorder; nothing is compiled or allocated for them."""
    members = job.settings.members
    state, tracker = jax.eval_shape(engine.init, job.network, job.optimizer, job.keys), Best.start(job)
    template = {
        "state": state,
        "info": engine.Info.nothing(members),
        "memory": job.rule.init(members),
        "active": np.ones(members, bool),
        "start_loss": np.full(members, np.nan),
        "tracker": {"value": tracker.value, "epoch": tracker.epoch},
    }
    if tracker.monitor:
        template["best"] = state.params
    if job.settings.on_divergence == "restart":
        template["safety"] = {"good": state, "before": state, "rate": np.ones(members, np.float32)}
    return template


def read_standing(
    job: Job, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], recorder: Recorder | None = None
) -> Standing:
    """The standing of which `arrays` and `facts` were written; nothing is compiled.

    Args:
        job: what is trained.
        arrays: as `Standing.arrays` gave them.
        facts: as `Standing.facts` gave them.
        recorder: one with the settings of the one that was written.

    Raises:
        ValueError: if they are of another job: of other shapes, or with other rules.
    """
    trees = from_arrays(standing_shapes(job), arrays)
    if facts["monitor"] != Best.start(job).monitor:
        raise ValueError("other params were to be kept")
    if recorder is not None:
        kept = {name.removeprefix(_RECORDER): array for name, array in arrays.items() if name.startswith(_RECORDER)}
        recorder = recorder.restored(kept)
    return Standing(
        epoch=facts["epoch"],
        step=facts["step"],
        state=trees["state"],
        info=trees["info"],
        memory=trees["memory"],
        active=trees["active"],
        outcomes={int(member): Outcome(**outcome) for member, outcome in facts["outcomes"].items()},
        start_loss=trees["start_loss"],
        best=trees.get("best", trees["state"].params),
        tracker=Best(facts["monitor"], **trees["tracker"]),
        seconds=facts["seconds"],
        compile_seconds=facts["compile_seconds"],
        recorder=recorder,
        safety=Safety(**trees["safety"]) if "safety" in trees else None,
        restarts=tuple(Restart(**restart) for restart in facts["restarts"]),
    )

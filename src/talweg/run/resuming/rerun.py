"""A run trained again from what is recorded of it, and whether the result is the same. The run stays as it is."""

import dataclasses
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from talweg.config.settings import Settings
from talweg.errors import RunFolderError
from talweg.record.flat import flatten
from talweg.record.folder import RunFolder
from talweg.record.history import History, read_lines, to_line
from talweg.record.places import existing_run
from talweg.run.build import Built, build
from talweg.run.compilation import keep_compilations
from talweg.run.listening import NOBODY, Listener, listening
from talweg.run.named import with_target
from talweg.run.result import Run
from talweg.run.resuming.environment import differences, environment
from talweg.run.resuming.resume import further, require_same_data
from talweg.run.standing import Standing
from talweg.run.train import Progress, Trained, train
from talweg.run.written import open_run, read_settings

CLOSE = 1e-3
"""The distance of the params, as a share of their length, up to which two results are called close."""


@dataclasses.dataclass(frozen=True)
class Rerun:
    """How a run trained again compares.

    Attributes:
        verdict: ``"identical"`` (to the bit), ``"close"`` or ``"different"``.
        distance: how far the params are from the recorded ones, as a share of their length; infinite if not finite.
        first_difference: the first epoch whose curves differ; `None` if none does.
        outcomes_same: whether every member stopped at the same epoch for the same reason.
        environment: what differs between the two environments, a sentence each.
    """

    verdict: str
    distance: float
    first_difference: int | None
    outcomes_same: bool
    environment: tuple[str, ...]


class _ThereError(Exception):
    """The place where a run went on under other settings is reached."""

    def __init__(self, standing: Standing):
        super().__init__()
        self.standing = standing


def rerun(
    run: str | os.PathLike[str],
    *,
    source: Any = None,
    target: Any = None,
    progress: Callable[[Progress], None] | None = None,
) -> Rerun:
    """Trains a finished run again, under the settings that are recorded, and compares the results.

    Args:
        run: the run, or its folder.
        source: the data, if they came as Python objects.
        target: for an array of features, the array of targets.
        progress: is called after each epoch.

    Raises:
        DataError: if the data are no longer those that the run was trained on.
        RunFolderError: if there is no such run, or it is damaged, not finished, or of an older version.
    """
    return trained_again(Path(run), with_target(source, target), listening(progress))


def trained_again(path: Path, source: Any = None, listener: Listener = NOBODY) -> Rerun:
    """Trains a finished run again (see `rerun`)."""
    folder = existing_run(path)
    before, sittings = open_run(folder.path), folder.sittings()
    if not sittings:
        raise RunFolderError(f"{folder.path} was trained by an older Talweg; too little is recorded to train it again")
    stages = _stages(folder, sittings)
    source = before.source if source is None else source
    built = build(stages[0][0], source)
    require_same_data(folder, built)
    listener.started(built)
    keep_compilations()
    trained, history = _through(stages, built, source, listener)
    return _compared(before, trained, history, differences(sittings[-1]["environment"], environment()))


def _stages(folder: RunFolder, sittings: Sequence[dict[str, Any]]) -> list[tuple[Settings, tuple[int, int]]]:
    """The settings one after the other, each with the place from which it held: epochs done, steps of the next."""
    stages: list[tuple[Settings, tuple[int, int]]] = []
    for sitting in sittings:
        settings = read_settings(folder, sitting["settings"])
        place = (int(sitting["from"]["epoch"]), int(sitting["from"]["step"]))
        while len(stages) > 1 and stages[-1][1] >= place and stages[-1][0] != settings:
            # What a sitting trained that never was saved counts for nothing.
            stages.pop()
        if not stages or stages[-1][0] != settings:
            stages.append((settings, place))
    return stages


def _through(
    stages: Sequence[tuple[Settings, tuple[int, int]]], built: Built, source: Any, listener: Listener
) -> tuple[Trained, History]:
    """Trains through all stages, each from the place where the one before it was left."""
    lines: list[str] = []

    def tell(told: Progress) -> None:
        lines.append(to_line(told.epoch, told.seconds, told.curves))
        listener.epoch(told)

    standing: Standing | None = None
    settings = stages[0][0]
    for wanted, place in stages[1:]:

        def pause(there: Standing, place: tuple[int, int] = place, steps: int = built.job.steps_per_epoch) -> None:
            listener.pause(there, steps)
            if (there.epoch, there.step) == place:
                raise _ThereError(there)

        try:
            standing = train(built.job, tell, standing=standing, pause=pause).standing
        except _ThereError as reached:
            standing = reached.standing
        built = build(wanted, source)
        standing, settings = further(standing, built.job, settings, wanted), wanted
    steps = built.job.steps_per_epoch
    trained = train(built.job, tell, standing=standing, pause=lambda there: listener.pause(there, steps))
    return trained, read_lines(lines)


def _compared(before: Run, trained: Trained, history: History, environment: Sequence[str]) -> Rerun:
    old, new = flatten(before.params), flatten(trained.params)
    outcomes = [(found["outcome"]["kind"], found["outcome"]["epoch"]) for found in before.summary["members"]]
    outcomes_same = outcomes == [(outcome.kind, outcome.epoch) for outcome in trained.outcomes]
    first = _first_difference(before.history, history)
    identical = all(np.array_equal(old[name], new[name], equal_nan=True) for name in old)
    distance = _distance(old, new)
    if identical and outcomes_same and first is None:
        return Rerun("identical", 0.0, None, True, tuple(environment))
    close = outcomes_same and distance <= CLOSE
    return Rerun("close" if close else "different", distance, first, outcomes_same, tuple(environment))


def _distance(old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]) -> float:
    """How far apart params are, as a share of the old ones' length; infinite where some are not finite."""
    apart = sum(float(np.square(new[name] - old[name], dtype=np.float64).sum()) for name in old)
    length = sum(float(np.square(old[name], dtype=np.float64).sum()) for name in old)
    distance = math.sqrt(apart / length) if length > 0 else apart
    return distance if math.isfinite(distance) else math.inf


def _first_difference(old: History, new: History) -> int | None:
    """The first epoch of which two histories tell something else."""
    both = min(len(old.epoch), len(new.epoch))
    for place in range(both):
        if any(not np.array_equal(old[name][place], new[name][place], equal_nan=True) for name in old.names):
            return int(old.epoch[place])
    return None if len(old.epoch) == len(new.epoch) else both

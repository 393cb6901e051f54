"""Going on with a run: from its last checkpoint, or further than it was meant to go. How it is kept is in `keeping`.

A run that is continued under the same settings ends as if it had never stopped. More epochs or another stopping rule
let it go on from where it stands, and are recorded as a sitting of their own.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from talweg.config.settings import AUTO, Settings, make_settings
from talweg.data.fingerprint import same_data
from talweg.data.hearing import Hear, quiet
from talweg.descent.recipes import ALIASES
from talweg.descent.stopping import FAILED, Both, Either, Epochs, Rule, TimeBudget
from talweg.errors import ConfigError, DataError, RunFolderError
from talweg.record.checkpoints import Checkpoint, Checkpoints
from talweg.record.folder import RunFolder
from talweg.record.trajectory import Recorder
from talweg.run.build import Built, build
from talweg.run.job import Job
from talweg.run.resuming.keeping import arrays_of, facts_of, newest
from talweg.run.resuming.mending import reopen, restore_beginnings, restore_settings, spoiled_result
from talweg.run.standing import Standing, read_standing
from talweg.run.surveying.recording import recording
from talweg.run.train import train
from talweg.run.written import data_of, read_settings, settings_of

CHANGEABLE = ("max_epochs", "stop")
"""The settings that may differ when a run goes on."""
LIMITS = ("max_epochs", "time_budget")
"""The Outcomes of members that were going well when their time was up."""


@dataclasses.dataclass(frozen=True, eq=False)
class Continuation:
    """What is needed to go on.

    Attributes:
        built: the job under the settings that hold from now on.
        standing: where it goes on from; `None` for the start.
        notes: what a person should know, a sentence each.
    """

    built: Built
    standing: Standing | None
    notes: tuple[str, ...]


def continuation(folder: RunFolder, changes: Mapping[str, Any], source: Any = None, hear: Hear = quiet) -> Continuation:
    """Where a run stands, ready to go on. The folder's lock must be held.

    Args:
        folder: the run's.
        changes: the settings that are to differ from now on: `max_epochs`, `stop`.
        source: the data, if they came as Python objects.
        hear: is told of the progress of what takes long before the first step.

    Raises:
        ConfigError: if there is nothing to go on with.
        DataError: if the data are not those that the run was begun with.
        RunFolderError: if the folder is damaged or of an older version.
    """
    notes = restore_settings(folder)
    before = settings_of(folder)
    if not folder.sittings():
        raise RunFolderError(
            f"{folder.path} was begun by an older Talweg and cannot be continued; train anew with --config run.toml"
        )
    source = data_of(folder, before) if source is None else source
    wanted = make_settings({**before.model_dump(), **changes})
    built = build(wanted, source, hear)
    notes += restore_beginnings(folder, built)
    require_same_data(folder, built)
    spoiled = spoiled_result(folder, changes)
    finished = folder.finished() and not spoiled
    checkpoint, passed = newest(folder)
    notes += passed
    if checkpoint is not None:
        reached = read_settings(folder, checkpoint.facts["settings"])
        standing = _read(checkpoint, built.job if reached == wanted else build(reached, source).job)
    elif not finished:
        _require_one_setting(folder, notes)
        folder.cut_history(None)
        notes += reopen(folder, spoiled)
        return Continuation(built, None, (*notes, "there is no checkpoint to go on from: it is trained from its start"))
    else:
        if wanted == before:
            raise ConfigError(_finished(folder, before, notes))
        _require_one_setting(folder, notes)
        reached, standing = before, _again(folder, before, source)
    if wanted != reached:
        standing = further(standing, built.job, reached, wanted)
    if finished and not standing.active.any():
        raise ConfigError(_finished(folder, wanted, notes))
    notes += reopen(folder, spoiled)
    return Continuation(built, standing, tuple(notes))


def _read(checkpoint: Checkpoint, job: Job) -> Standing:
    try:
        return read_standing(job, checkpoint.arrays, checkpoint.facts["standing"], Recorder(recording(job)))
    except (KeyError, TypeError, ValueError) as error:
        raise RunFolderError(f"{checkpoint.path} does not fit this version of Talweg: {error}") from None


def _again(folder: RunFolder, settings: Settings, source: Any) -> Standing:
    """Where a finished run ended that was too short for a checkpoint: it is trained again, and now has one."""
    job = build(settings, source).job
    standing = train(job, lambda told: None, recorder=Recorder(recording(job))).standing
    facts = facts_of(folder, settings, standing)
    Checkpoints(folder.path).write(standing.epoch, standing.step, arrays_of(folder, standing, facts), facts, keep=1)
    return standing


def _require_one_setting(folder: RunFolder, notes: list[str]) -> None:
    """Only a run that never changed its settings can be trained again from its start."""
    if len({sitting["settings"] for sitting in folder.sittings()}) > 1:
        raise RunFolderError(
            f"{folder.path} went on under other settings than it was begun with, and has no whole checkpoint: "
            f"{'; '.join(notes) or 'there is none'}; train anew with --config {folder.path / 'run.toml'}"
        )


def _finished(folder: RunFolder, settings: Settings, notes: list[str]) -> str:
    mended = "".join(f"{note}. " for note in notes)
    kinds = {member["outcome"]["kind"] for member in folder.summary()["members"]}
    mend = "more epochs would change nothing, another stopping rule (--stop) may"
    if any(map(_ended_in_time, kinds)):
        mend = f"go on with more epochs (--epochs {2 * int(settings.max_epochs)}) or another stopping rule (--stop)"
    return f"{mended}{folder.path} is finished: every member has stopped, for a reason that still holds; {mend}"


def _ended_in_time(kind: str) -> bool:
    """Whether a member with such an Outcome was going well when its time was up."""
    return any(limit in kind.split(" and ") for limit in LIMITS)


def changes_of(folder: RunFolder, given: Settings) -> dict[str, Any]:
    """What settings that a person gave for a run change in those that it was begun with.

    Args:
        folder: the run's.
        given: of these only what was said counts, not the defaults.

    Raises:
        ConfigError: if they differ in what must stay.
    """
    before, changes = settings_of(folder), dict[str, Any]()
    for name in sorted(given.model_fields_set):
        value = getattr(given, name)
        if value in (getattr(before, name), AUTO, None) or ALIASES.get(value) == getattr(before, name):
            continue
        if name not in CHANGEABLE:
            raise ConfigError(
                f"{folder.path} was begun with {name} {getattr(before, name)!r}, not {value!r}; a run that goes on may "
                f"change {' and '.join(CHANGEABLE)}. Name another folder to train a new one"
            )
        changes[name] = value
    return changes


def further(standing: Standing, job: Job, before: Settings, wanted: Settings) -> Standing:
    """The same place under settings that let members go on.

    Members whose time was up go on, if it no longer is. Under another stopping rule all do that did not fail, and the
    rule counts from here.
    """
    if _over(job.rule, standing):
        raise ConfigError(
            f"{standing.epoch} epochs were trained in {standing.seconds:.4g} s, and the limits end no later; "
            "give more epochs (--epochs) or another stopping rule (--stop)"
        )
    new_rule = before.stop != wanted.stop

    def goes_on(kind: str) -> bool:
        return _ended_in_time(kind) or (new_rule and kind not in FAILED)

    outcomes = {member: found for member, found in standing.outcomes.items() if not goes_on(found.kind)}
    members = len(standing.active)
    return dataclasses.replace(
        standing,
        memory=job.rule.init(members) if new_rule else standing.memory,
        active=~np.isin(np.arange(members), list(outcomes)),
        outcomes=outcomes,
    )


def _over(rule: Rule, standing: Standing) -> bool:
    """Whether an upper limit among the rules is passed already."""
    match rule:
        case Either(first, second):
            return _over(first, standing) or _over(second, standing)
        case Both(first, second):
            return _over(first, standing) and _over(second, standing)
        case Epochs(limit):
            return standing.epoch >= limit
        case TimeBudget(seconds):
            return standing.seconds >= seconds
    return False


def require_same_data(folder: RunFolder, built: Built) -> None:
    """Makes sure that a source still gives what the run was begun with.

    Raises:
        DataError: if it does not.
    """
    same = same_data(folder.sittings()[0], built.job.facts)
    same_rows = np.array_equal(folder.split(), built.parts)
    if not same or not same_rows or folder.preparation() != _plain(built.preparation.to_dict()):
        raise DataError(
            f"{built.job.settings.source} no longer holds the data that {folder.path} was trained on; "
            "a run is continued on the same rows only"
        )


def _plain(content: Any) -> Any:
    """As it reads when it was written as JSON."""
    return json.loads(json.dumps(content))

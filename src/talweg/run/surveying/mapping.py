"""The map of a run: its members' ways on a plane through their own loss landscape, kept so that it can go on."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from talweg.landscape import vectors
from talweg.landscape.alignment import permute, weight_matching
from talweg.record.trajectory import Trajectory
from talweg.run.prediction import require_members
from talweg.run.surveying.ground import Ground, climbs, ground_of
from talweg.run.surveying.kept import Kept, key_of
from talweg.run.surveying.mapped import Mapped, MapSettings
from talweg.run.surveying.planes import Members, View, view_of
from talweg.run.surveying.resettled import moving
from talweg.run.surveying.survey import Known, Subject, survey
from talweg.run.surveying.ways import Ways, ways_of

if TYPE_CHECKING:
    from talweg.run.result import Run

FOLDER = "map"
"""Where in a run folder its maps lie."""
Progress = Callable[[int, int], None]
"""Hears how many heights are known, and how many there will be."""

KINDS = {"max_epochs": "walking", "time_budget": "walking", "diverged": "diverged", "non_finite": "diverged"}
"""How a scene calls a member's Outcome; every other rule is one that it came to a stop by, as hikers who arrive."""


def map_run(
    run: "Run",
    settings: MapSettings,
    folder: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Mapped:
    """Draws a run's members on a plane through their loss landscape.

    Args:
        run: a finished one.
        settings: what is drawn.
        folder: where the heights are kept, so that an interrupted map goes on; `None` to keep nothing.
        progress: hears how far it is.

    Raises:
        ConfigError: a setting that does not fit the run.
        DataError: if the run's data are missing or changed.
    """
    ground, ways = laid(run, settings)
    return map_on(run, settings, ground, ways, kept_in(folder, settings.name), progress)


def laid(run: "Run", settings: MapSettings) -> tuple[Ground, Ways]:
    """What a map is drawn on, and the ways of all members there, which maps of the same run share.

    Raises:
        ConfigError: a height that the run does not have.
        DataError: if the run's data are missing or changed.
    """
    ground = ground_of(run, settings.on, settings.rows)
    ground.height(settings.of)
    return ground, told_by(run_ways(run, ground), run, settings, ground)


def kept_in(folder: Path | None, name: str) -> Path | None:
    """The file that keeps the heights of a map of a name, if any does."""
    return None if folder is None else folder / f"{name}.safetensors"


def map_on(
    run: "Run", settings: MapSettings, ground: Ground, ways: Ways, kept_at: Path | None, progress: Progress
) -> Mapped:
    """The map of a run on ground and ways that are laid; its heights are kept in a file (see `map_run`)."""
    began = time.monotonic()
    members = members_of(run, ground, ways, settings)
    if settings.align:
        members, ways = _aligned(ground, members)
    key = key_of((ways.points, ways.frame, ground.params, ground.rows), dataclasses.astuple(settings), ground.used)
    with Kept(kept_at, key) as kept:
        arrays, facts = kept.read()
        view = View.of(arrays, facts) if arrays else view_of(settings.plane, ground, members, settings.window)
        subject = _subject(run, ground, settings, ways, view)
        size, points = (settings.size, settings.size), vectors.count_of(subject.ways.points)
        known = Known.of(arrays) if arrays else Known.nothing(size, points)

        def tell(known: Known, done: int, total: int) -> None:
            kept.hold({**known.arrays(), **view.arrays()}, view.facts())
            progress(done, total)

        found = survey(subject, view.plane, view.window, size, known, tell)
    return Mapped(found, settings, ground, known.count(), time.monotonic() - began, run.summary["run"]["name"])


def run_ways(run: "Run", ground: Ground) -> Ways:
    """The members' ways: as recorded, or from their starts, which the seed gives again, to their kept params."""
    trajectory = run.trajectory()
    stopped = np.array([member["epochs"] for member in run.summary["members"]])
    if trajectory is not None:
        return ways_of(trajectory, stopped)
    from talweg.descent import engine
    from talweg.run.job import member_keys

    keys = member_keys(run.settings.seed, run.settings.members)
    starts = engine.init(ground.job.network, ground.job.optimizer, keys).params
    ends = vectors.stack([moving(starts), ground.params])
    best = max(member["best_epoch"] for member in run.summary["members"])
    frames = np.array([0, max(best, 1)])
    return ways_of(Trajectory(frames, np.arange(2), ends, {}), np.full(run.settings.members, frames[-1]))


def told_by(ways: Ways, run: "Run", settings: MapSettings, ground: Ground) -> Ways:
    """The ways with the heights that the run told at their frames, where it told just these."""
    name = "validation_loss" if settings.of == "loss" else settings.of
    if settings.on != "validation" or ground.used < ground.total or name not in run.history.names:
        return ways
    frames = np.searchsorted(run.history.epoch, ways.frames)
    return dataclasses.replace(ways, told=run.history[name][frames].T)


def members_of(run: "Run", ground: Ground, ways: Ways, settings: MapSettings) -> Members:
    """What planes of a run are made of.

    Raises:
        ConfigError: for a member that the run does not have.
    """
    require_members(run, (*settings.members, *([] if settings.at is None else [settings.at])))
    best = best_first(run)
    at = best[0] if settings.at is None else settings.at
    return Members(ground.params, ways, best, settings.members, at, settings.seed)


def _aligned(ground: Ground, members: Members) -> tuple[Members, Ways]:
    """The members with their hidden units in the order of the one at the center; no member's outputs change.

    Frames that are known by their sketch alone cannot be reordered, and are left out.

    Raises:
        ConfigError: for a network for which that is not defined.
    """
    model, fixed = ground.job.network.model, members.middle()
    count = vectors.count_of(members.params)
    orders = [weight_matching(model, fixed, vectors.at(members.params, member)) for member in range(count)]
    ways = members.ways.changed(lambda member, points: permute(model, points, orders[member]))
    params = vectors.stack([permute(model, vectors.at(members.params, m), orders[m]) for m in range(count)])
    return dataclasses.replace(members, params=params, ways=ways), ways


def best_first(run: "Run") -> tuple[int, ...]:
    """The members that did not fail, the lowest loss on validation rows first, or on test rows if there are none."""
    members = run.summary["members"]

    def loss(member: int) -> float:
        score = members[member]["validation"] or members[member]["test"] or {}
        found = score.get("loss")
        return np.inf if found is None else float(found)

    return tuple(sorted(run.summary["ensemble"]["members"], key=loss))


def _subject(run: "Run", ground: Ground, settings: MapSettings, ways: Ways, view: View) -> Subject:
    outcomes = [run.summary["members"][member]["outcome"] for member in view.members]
    label = ground.label(settings.of)
    count = len(view.members)
    whose = f"member {view.members[0]}" if count == 1 else f"{count} members"
    whose += ", aligned" if settings.align else ""
    return Subject(
        objective=ground.objective,
        rows=ground.rows,
        height=ground.height(settings.of),
        ways=ways.of(view.members),
        members=tuple(view.members),
        outcomes=tuple(f"member {m}: {o['sentence']}" for m, o in zip(view.members, outcomes, strict=True)),
        rules=tuple(outcome["kind"] for outcome in outcomes),
        kinds=tuple(KINDS.get(outcome["kind"].split(" and ")[0], "arrived") for outcome in outcomes),
        title=f"{run.summary['run']['name']}: {label}, {whose}",
        height_label=label,
        kind_words={"arrived": "stopped by its rule"},
        greater_is_better=climbs(settings.of),
    )

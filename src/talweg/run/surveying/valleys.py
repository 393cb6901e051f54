"""What lies between a run's members: the passes on the straight lines, before and after their units are aligned."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.alignment import align, dense_layers
from talweg.landscape.barrier import STEPS, Lines, basins, fill_lines, sentences
from talweg.landscape.combination import LOSS, Height, heights_at
from talweg.landscape.curve import Curve, bend
from talweg.landscape.vectors import HostParams
from talweg.record.plain import plain_data
from talweg.run.prediction import require_members
from talweg.run.surveying.ground import Ground, ground_of
from talweg.run.surveying.kept import Kept, key_of
from talweg.run.surveying.mapping import run_ways
from talweg.view.charts.valleys import barrier_figure, line_figure
from talweg.view.save import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from talweg.run.result import Run

VERSION = 1
TOLERANCE = 0.02
"""A pass that is lower than this share of the whole descent parts no valleys (Frankle et al. 2020 take 2 % error)."""
ERRORS = {"classification": "error_rate", "regression": "rmse"}
"""The height beside the loss, of which less is better too."""


@dataclasses.dataclass(frozen=True)
class ValleySettings:
    """What is looked at between members.

    Attributes:
        on: whose rows: `train` or `validation`.
        members: which; all that did not fail if empty.
        steps: points of a line.
        curve: two members between which a curve of low loss is sought; none if empty.
        rows: how many at most; of more, a sample. Absent, 5000, or fewer where a row costs much.
    """

    on: str = "train"
    members: tuple[int, ...] = ()
    steps: int = STEPS
    curve: tuple[int, ...] = ()
    rows: int | None = None

    def __post_init__(self) -> None:
        if self.steps < 3:
            raise ConfigError(f"steps must be 3 or more, got {self.steps}")
        if self.curve and len(set(self.curve)) != 2:
            raise ConfigError(f"a curve leads between two members, such as 0,1, got {','.join(map(str, self.curve))}")


@dataclasses.dataclass(frozen=True, eq=False)
class Between:
    """The lines between members, and what follows from them.

    Attributes:
        lines: the heights along them: the loss, then the error.
        groups: each member's basin.
    """

    lines: Lines
    groups: Int[np.ndarray, " members"]

    def barriers(self, kind: int = 0) -> Float[np.ndarray, "members members"]:
        """The barrier of every pair; of the loss, or of the error with `kind=1`."""
        return self.lines.barriers(kind)

    def sentences(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Which members share a valley, and how high the passes are."""
        return sentences(self.barriers(), self.groups, names)

    def to_dict(self, names: tuple[str, ...]) -> dict[str, Any]:
        """As plain data."""
        return {
            "loss": plain_data(self.barriers()),
            "error": plain_data(self.barriers(1)),
            "basins": self.groups.tolist(),
            "sentences": list(self.sentences(names)),
        }


@dataclasses.dataclass(frozen=True, eq=False)
class Valleys:
    """The valleys of a run's members.

    Attributes:
        run: its name.
        settings: what was asked for.
        ground: on what.
        members: whose.
        straight: the lines between the members as they are.
        aligned: the same with the hidden units of each pair in one order; `None` where that is not defined.
        reason: why it is not.
        error: what the second height is.
        tolerance: the highest pass within a basin.
        curve: of low loss between two members, if it was asked for.
        seconds: how long it took.
    """

    run: str
    settings: ValleySettings
    ground: Ground
    members: tuple[int, ...]
    straight: Between
    aligned: Between | None
    reason: str
    error: str
    tolerance: float
    curve: Curve | None
    seconds: float

    def __repr__(self) -> str:
        return f"<Valleys of {self.run}: {'; '.join(self.straight.sentences(self.names))}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(map(str, self.members))

    @property
    def parts(self) -> dict[str, Between]:
        """The lines, and the lines after aligning where there are any, by a word."""
        return {"straight": self.straight, **({"aligned": self.aligned} if self.aligned else {})}

    def figure(self) -> "Figure":
        """The matrix of passes, before and after aligning."""
        titles = {"straight": "as they are", "aligned": "hidden units aligned"}
        matrices = {titles[name]: (part.barriers(), part.groups) for name, part in self.parts.items()}
        return barrier_figure(matrices, self.names, f"barrier of the {self.ground.label('loss')}", self._title())

    def lines(self) -> "Figure":
        """The loss along the lines of all pairs, and along the curve."""
        titles = {"straight": "straight lines", "aligned": "hidden units aligned"}
        heights = {titles[name]: part.lines.heights[0] for name, part in self.parts.items()}
        if self.curve is not None:
            first, second = self.settings.curve
            heights[f"curve from {first} to {second}"] = self.curve.heights[None]
        return line_figure(self.straight.lines.along, heights, self.ground.label("loss"), self._title())

    def _title(self) -> str:
        return f"{self.run}: what lies between the members"

    def save(self, folder: Path) -> dict[str, Path]:
        """Writes both pictures; returns the files by what they show."""
        name = f"barriers-{self.settings.on}"
        return {
            "barriers": save_figure(self.figure(), folder / f"{name}.png"),
            "lines": save_figure(self.lines(), folder / f"{name}-lines.png"),
        }

    def sentences(self) -> list[str]:
        """What lies between the members, in words."""
        told = [f"{line}." for line in self.straight.sentences(self.names)]
        if self.aligned is not None:
            told += [f"After aligning hidden units: {line}." for line in self.aligned.sentences(self.names)]
        else:
            told.append(f"Hidden units were not aligned: {self.reason}.")
        if self.curve is not None:
            first, second = (f"member {member}" for member in self.settings.curve)
            told.append(f"{self.curve.sentence(first, second)}.")
        return [line[0].upper() + line[1:] for line in told]

    @property
    def summary(self) -> dict[str, Any]:
        """The valleys as plain data; its shape is in docs/json.md."""
        return self.to_dict({})

    def to_dict(self, files: Mapping[str, str]) -> dict[str, Any]:
        """The same, with the names of files."""
        curve = self.curve
        return {
            "version": VERSION,
            "kind": "barriers",
            "run": self.run,
            "on": self.settings.on,
            "rows": {"used": self.ground.used, "total": self.ground.total},
            "members": list(self.members),
            "error": self.error,
            "tolerance": self.tolerance,
            **{name: part.to_dict(self.names) for name, part in self.parts.items()},
            **({} if self.aligned else {"aligned": None}),
            "curve": None
            if curve is None
            else {
                "members": list(self.settings.curve),
                "barrier": curve.barrier,
                "straight": curve.straight_barrier,
                "iterations": curve.iterations,
            },
            "sentences": self.sentences(),
            "seconds": round(self.seconds, 3),
            "files": dict(files),
        }


def valleys_of(
    run: "Run",
    settings: ValleySettings = ValleySettings(),
    folder: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Valleys:
    """Looks along the straight lines between a run's members, before and after their hidden units are aligned.

    Args:
        run: a finished one with two members or more.
        settings: what is looked at.
        folder: where the heights are kept, so that an interrupted look goes on; `None` to keep nothing.
        progress: hears how many lines are done, and how many there will be.

    Raises:
        ConfigError: for a run of one member, or members that it does not have.
        DataError: if the run's data are missing or changed.
    """
    began = time.monotonic()
    require_members(run, (*settings.members, *settings.curve))
    members = settings.members or tuple(sorted(run.summary["ensemble"]["members"]))
    if len(set(members)) < 2:
        raise ConfigError("there is nothing between one member and itself: barriers need two members or more")
    ground = ground_of(run, settings.on, settings.rows)
    error = ERRORS[ground.job.network.row_loss.task]
    params = vectors.at(ground.params, list(members))
    key = key_of((params, ground.rows), settings.on, members, settings.steps)
    tolerance = TOLERANCE * _descent(run, ground, list(members), params)
    with Kept(None if folder is None else folder / f"barriers-{settings.on}.safetensors", key) as kept:
        look = _Look(ground, params, (LOSS, ground.height(error)), settings.steps, kept, progress)
        straight = look.along("straight", lambda ends: ends, tolerance)
        reason = _why_not(ground)
        model = ground.job.network.model
        aligned = None if reason else look.along("aligned", lambda ends: align(model, ends), tolerance)
    curve = None
    if settings.curve:
        ends = vectors.at(ground.params, list(settings.curve))
        curve = bend(ground.objective, ends, ground.rows, steps=settings.steps)
    return Valleys(
        run.summary["run"]["name"],
        settings,
        ground,
        members,
        straight,
        aligned,
        reason,
        error,
        tolerance,
        curve,
        time.monotonic() - began,
    )


@dataclasses.dataclass(eq=False)
class _Look:
    """Lines between members, kept as they are computed."""

    ground: Ground
    params: HostParams
    kinds: tuple[Height, ...]
    steps: int
    kept: Kept
    progress: Callable[[int, int], None]

    def __post_init__(self) -> None:
        self.known: dict[str, np.ndarray] = self.kept.read()[0]
        self.done = 0

    def along(self, name: str, prepare: Callable[[HostParams], HostParams], tolerance: float) -> Between:
        """The lines of all pairs, with their ends prepared."""
        ground = self.ground
        for lines in fill_lines(
            ground.objective, self.params, ground.rows, self.kinds, self.steps, self.known.get(name), prepare
        ):
            self.known[name] = lines.heights
            self.kept.hold(self.known, {})
            known = int((~np.isnan(lines.heights).any((0, 2))).sum())
            self.progress(self.done + known, 2 * len(lines.pairs))
        self.done += len(lines.pairs)
        return Between(lines, basins(lines.barriers(), tolerance))


def _why_not(ground: Ground) -> str:
    """Why hidden units cannot be aligned; empty where they can."""
    try:
        dense_layers(ground.job.network.model)
    except ConfigError as error:
        return str(error).partition(";")[0]
    return ""


def _descent(run: "Run", ground: Ground, members: list[int], ends: HostParams) -> float:
    """The median over the members of how far they came down, as the scale on which a pass is low."""
    ways = run_ways(run, ground).of(members)
    starts = vectors.at(ways.points, np.flatnonzero(ways.frame == 0))
    fall = heights_at(ground.objective, starts, ground.rows) - heights_at(ground.objective, ends, ground.rows)
    return float(np.median(np.abs(fall)))

"""How sharp the valleys are in which a run's members ended, and on request how sharp it was on their ways."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from talweg.data.evenly import evenly
from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.curvature import (
    Curvature,
    curvature,
    gradient_norm,
    hessian_product,
    lanczos,
    largest_stable_learning_rate,
    loss_and_gradient,
)
from talweg.record.measured import write_sharpness
from talweg.record.plain import plain_data
from talweg.run.prediction import require_members
from talweg.run.surveying.ground import Ground, ground_of
from talweg.run.surveying.mapping import run_ways
from talweg.run.surveying.ways import Ways
from talweg.view.charts.sharpness import sharpness_figure
from talweg.view.save import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from talweg.run.result import Run

VERSION = 1
DESCENTS = ("sgd", "momentum", "nesterov")
"""The optimizers of which the largest stable learning rate is known: gradient descent, with momentum or without."""
PLACES = 16
"""Snapshots of a member's way at which the sharpness is taken, at most."""


@dataclasses.dataclass(frozen=True)
class SharpnessSettings:
    """What is measured.

    Attributes:
        on: whose rows: `train` or `validation`.
        members: which; all that did not fail if empty.
        eigenvalues: how many of the greatest.
        samples: random vectors of the trace.
        over: whether to measure along the members' ways too.
        rows: how many at most; of more, a sample. Absent, 5000, or fewer where a row costs much.
        seed: of all random vectors.
    """

    on: str = "train"
    members: tuple[int, ...] = ()
    eigenvalues: int = 3
    samples: int = 32
    over: bool = False
    rows: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.eigenvalues <= 50:
            raise ConfigError(f"eigenvalues must be from 1 to 50, got {self.eigenvalues}")
        if self.samples < 2:
            raise ConfigError(f"samples must be 2 or more, got {self.samples}")


@dataclasses.dataclass(frozen=True, eq=False)
class AlongTheWay:
    """The sharpness on the members' ways.

    Attributes:
        epochs: of the places, increasing.
        sharpness: the greatest eigenvalue there; NaN after a member's end and where params were not kept.
        gradient: the length of the gradient there.
        rate: the learning rate of each epoch.
    """

    epochs: Int[np.ndarray, " places"]
    sharpness: Float[np.ndarray, "members places"]
    gradient: Float[np.ndarray, "members places"]
    rate: Float[np.ndarray, "members places"]


@dataclasses.dataclass(frozen=True, eq=False)
class Sharpness:
    """How sharp the valleys of a run's members are.

    Attributes:
        run: its name.
        settings: what was asked for.
        ground: on what.
        members: whose.
        curvatures: at each member's kept params.
        start_gradient: the length of each one's gradient at its start.
        rates: the learning rate that each one's settings name; the schedule starts from it.
        momentum: of each; 0 without.
        along: the same on the ways, if it was asked for.
        seconds: how long it took.
    """

    run: str
    settings: SharpnessSettings
    ground: Ground
    members: tuple[int, ...]
    curvatures: tuple[Curvature, ...]
    start_gradient: tuple[float, ...]
    rates: tuple[float, ...]
    momentum: tuple[float, ...]
    along: AlongTheWay | None
    seconds: float

    def __repr__(self) -> str:
        return f"<Sharpness of {self.run}: {len(self.members)} members>"

    @property
    def descends(self) -> bool:
        """Whether the optimizer is gradient descent, of which the largest stable rate is known."""
        return self.ground.job.optimizer.name in DESCENTS

    def figure(self) -> "Figure":
        """The sharpness over the epochs.

        Raises:
            ConfigError: if it was not measured on the ways.
        """
        if self.along is None:
            raise ConfigError("the sharpness was measured at the end only; measure it on the ways too (over=True)")
        limit = None
        if self.descends:
            limit = 2 * (1 + np.array(self.momentum)[:, None]) / self.along.rate
        return sharpness_figure(
            self.along.epochs,
            self.along.sharpness,
            limit,
            f"{self.run}: how sharp the {self.ground.label('loss')} is",
        )

    def save(self, folder: Path) -> dict[str, Path]:
        """Writes the picture, if there is one; returns the files by what they show."""
        if self.along is None:
            return {}
        return {"sharpness": save_figure(self.figure(), folder / f"sharpness-{self.settings.on}.png")}

    def sentences(self) -> list[str]:
        """The sharpness in words, a sentence for each member, then what it says of the learning rate."""
        told = []
        for number, found, rate, momentum in zip(self.members, self.curvatures, self.rates, self.momentum, strict=True):
            told.append(f"Member {number}: {found.sentence(rate if self.descends else None, momentum)}.")
        if not self.descends:
            name = self.ground.job.optimizer.name
            told.append(f"The limit is that of gradient descent; {name} scales its steps by itself and may go beyond.")
        return told

    @property
    def summary(self) -> dict[str, Any]:
        """The sharpness as plain data; its shape is in docs/json.md."""
        return self.to_dict({})

    def to_dict(self, files: Mapping[str, str]) -> dict[str, Any]:
        """The same, with the names of files."""
        along = self.along
        return {
            "version": VERSION,
            "kind": "sharpness",
            "run": self.run,
            "on": self.settings.on,
            "rows": {"used": self.ground.used, "total": self.ground.total},
            "optimizer": self.ground.job.optimizer.name,
            "descends": self.descends,
            "members": [self._member(place) for place in range(len(self.members))],
            "along": None
            if along is None
            else {
                "epochs": along.epochs.tolist(),
                "sharpness": plain_data(along.sharpness),
                "gradient_norm": plain_data(along.gradient),
                "learning_rate": plain_data(along.rate),
            },
            "sentences": self.sentences(),
            "seconds": round(self.seconds, 3),
            "files": dict(files),
        }

    def _member(self, place: int) -> dict[str, Any]:
        found = self.curvatures[place]
        limit = largest_stable_learning_rate(float(found.spectrum.values[0]), self.momentum[place])
        return {
            "member": self.members[place],
            "loss": plain_data(found.loss),
            "gradient_norm": plain_data(found.gradient_norm),
            "gradient_norm_at_start": plain_data(self.start_gradient[place]),
            "eigenvalues": plain_data(found.spectrum.values),
            "residuals": plain_data(found.spectrum.residuals),
            "lowest": plain_data(found.spectrum.lowest),
            "trace": plain_data(found.trace.value),
            "trace_error": plain_data(found.trace.error),
            "largest_stable_learning_rate": plain_data(limit),
            "learning_rate": self.rates[place],
            "momentum": self.momentum[place],
        }


def sharpness_of(
    run: "Run",
    settings: SharpnessSettings = SharpnessSettings(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sharpness:
    """Measures how sharp the loss is at a run's members, and on their ways; the run folder keeps it for the report.

    Args:
        run: a finished one.
        settings: what is measured.
        progress: hears how many places are done, and how many there will be.

    Raises:
        ConfigError: for members that the run does not have.
        DataError: if the run's data are missing or changed.
    """
    began = time.monotonic()
    require_members(run, settings.members)
    members = settings.members or tuple(sorted(run.summary["ensemble"]["members"]))
    ground = ground_of(run, settings.on, settings.rows)
    ways = run_ways(run, ground).of(list(members))
    places = _places(ways) if settings.over else []
    total, found, starts = len(members) + len(places), [], []
    for number, member in enumerate(members):
        params = vectors.at(ground.params, member)
        count, samples = settings.eigenvalues, settings.samples
        found.append(curvature(ground.objective, params, ground.rows, count, samples, settings.seed))
        start = vectors.at(ways.points, np.flatnonzero((ways.member == number) & (ways.frame == 0))[0])
        starts.append(gradient_norm(loss_and_gradient(ground.objective, start, ground.rows)[1]))
        progress(number + 1, total)
    along = None
    if settings.over:
        along = _along(ground, ways, places, members, lambda done: progress(len(members) + done, total))
    optimizer = ground.job.optimizer
    measured = Sharpness(
        run.summary["run"]["name"],
        settings,
        ground,
        members,
        tuple(found),
        tuple(starts),
        tuple(_setting(optimizer.settings, "learning_rate", member) for member in members),
        tuple(_setting(optimizer.settings, "momentum", member) for member in members),
        along,
        time.monotonic() - began,
    )
    if run.folder is not None:
        write_sharpness(run.folder, measured.summary)
    return measured


def _setting(settings: Mapping[str, Any], name: str, member: int) -> float:
    return float(np.asarray(settings[name])[member]) if name in settings else 0.0


def _places(ways: Ways) -> list[int]:
    """The points of the ways that are looked at: at the same frames of every member, evenly among the known ones."""
    frames = np.unique(ways.frame)
    chosen = frames[evenly(len(frames), PLACES)]
    return np.flatnonzero(np.isin(ways.frame, chosen)).tolist()


def _along(
    ground: Ground, ways: Ways, places: list[int], members: tuple[int, ...], tell: Callable[[int], None]
) -> AlongTheWay:
    frames = np.unique(ways.frame[places])
    sharp, slope = (np.full((len(members), len(frames)), np.nan) for _ in range(2))
    for done, place in enumerate(places, 1):
        params = vectors.at(ways.points, place)
        at = ways.member[place], np.searchsorted(frames, ways.frame[place])
        product = hessian_product(ground.objective, params, ground.rows)
        sharp[at] = lanczos(product, vectors.size_of(params), count=1).values[0]
        slope[at] = gradient_norm(loss_and_gradient(ground.objective, params, ground.rows)[1])
        tell(done)
    epochs = ways.frames[frames]
    return AlongTheWay(epochs, sharp, slope, _rates(ground, epochs)[list(members)])


def _rates(ground: Ground, epochs: Int[np.ndarray, " places"]) -> Float[np.ndarray, "members places"]:
    """The learning rate of each member at the first step of an epoch, by its schedule."""
    optimizer, steps = ground.job.optimizer, ground.job.steps_per_epoch
    factors = np.stack([np.asarray(optimizer.schedule.factor(np.float32(epoch * steps))) for epoch in epochs], -1)
    return np.asarray(optimizer.settings["learning_rate"], np.float64)[:, None] * factors

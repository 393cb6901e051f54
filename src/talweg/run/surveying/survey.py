"""The survey of a landscape: heights on a plane, the ways on it, and how wrong the picture is.

The same for a network and a typed function. Which plane is taken, and what is kept in a run folder, is in `mapping`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from talweg.landscape import vectors
from talweg.landscape.combination import Height, heights_at
from talweg.landscape.fidelity import MapError, map_error
from talweg.landscape.plane import Plane, Window
from talweg.landscape.shares import Shares
from talweg.landscape.surface import Surface, block_of, fill, heights_on
from talweg.objective.base import Batch, Objective
from talweg.record.scene import Scene
from talweg.run.surveying.ways import Places, Ways

Tell = Callable[["Known", int, int], None]
"""Hears what is known so far, how many heights that are, and how many there will be."""


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """Whose landscape is surveyed.

    Attributes:
        objective: what is evaluated, as in evaluation; without a member axis.
        rows: in chunks; `EMPTY` for an objective without rows.
        height: the loss or a metric.
        ways: where the members were.
        members: their numbers.
        outcomes: why each stopped, one sentence each.
        rules: the same by the rule that stopped it.
        kinds: the same in one word each, as a scene takes them.
        title: what is drawn.
        height_label: what the height is.
        kind_words: what a legend calls the kinds, where their own words do not fit.
        greater_is_better: whether the members climb.
    """

    objective: Objective
    rows: Batch
    height: Height
    ways: Ways
    members: tuple[int, ...]
    outcomes: tuple[str, ...]
    rules: tuple[str, ...]
    kinds: tuple[str, ...]
    title: str
    height_label: str
    kind_words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    greater_is_better: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Known:
    """Heights that are computed, NaN where they are not yet; with them a survey goes on where it stopped.

    Attributes:
        grid: of the surface.
        true: at each point of the ways.
        nearest: at the plane's nearest point to each.
    """

    grid: Float[np.ndarray, "depth width"]
    true: Float[np.ndarray, " points"]
    nearest: Float[np.ndarray, " points"]

    @classmethod
    def nothing(cls, size: tuple[int, int], points: int) -> "Known":
        """Before the first height."""
        width, depth = size
        return cls(np.full((depth, width), np.nan), np.full(points, np.nan), np.full(points, np.nan))

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Known":
        """What gave these arrays, among others."""
        return cls(arrays["grid"], arrays["true"], arrays["nearest"])

    def count(self) -> int:
        """How many heights are known."""
        return sum(int(np.isfinite(values).sum()) for values in (self.grid, self.true, self.nearest))

    def arrays(self) -> dict[str, np.ndarray]:
        """As arrays by name."""
        return {"grid": self.grid, "true": self.true, "nearest": self.nearest}


@dataclasses.dataclass(frozen=True, eq=False)
class Survey:
    """A surveyed landscape.

    Attributes:
        subject: whose.
        plane: where.
        surface: the heights on it.
        places: the ways on it.
        error: how far the picture is from the truth.
    """

    subject: Subject
    plane: Plane
    surface: Surface
    places: Places
    error: MapError

    def scene(self) -> Scene:
        """What is drawn of it."""
        subject, ways = self.subject, self.subject.ways
        heights = np.where(np.isfinite(self.error.true), self.error.true, self._told())
        note = f"Map error: {self.error.sentence()}." if self.error.sentence() else ""
        return Scene(
            x=self.surface.x,
            y=self.surface.y,
            height=self.surface.height,
            paths=self.places.coordinates,
            path_heights=heights,
            path_lengths=ways.lengths,
            outcomes=subject.outcomes,
            outcome_kinds=subject.kinds,
            frames=ways.frames,
            title=subject.title,
            axis_labels=self.plane.labels,
            height_label=subject.height_label,
            frame_label="epoch",
            kind_words=subject.kind_words,
            note=note + (" It misleads." if self.error.warnings() else ""),
        )

    def _told(self) -> Float[np.ndarray, "members frames"]:
        """Heights of frames whose params are not known: what the run told of them, or else what is drawn there."""
        drawn = self.surface.at(self.places.coordinates)
        told = self.subject.ways.told
        return drawn if told is None else np.where(np.isfinite(told), told, drawn)

    def to_dict(self) -> dict[str, Any]:
        """The survey as plain data, but for names of files and of the run."""
        error, window = self.error, (self.surface.x[[0, -1]].tolist(), self.surface.y[[0, -1]].tolist())
        return {
            "plane": {"made_by": self.plane.made_by, "labels": list(self.plane.labels), "window": window},
            "size": [len(self.surface.x), len(self.surface.y)],
            "lowest": float(np.nanmin(self.surface.height)),
            "highest": float(np.nanmax(self.surface.height)),
            "error": {
                "held": error.held,
                "exact": error.is_exact,
                "plane_gap": error.plane_gap,
                "grid_gap": error.grid_gap,
                "sentence": error.sentence(),
            },
            "members": [self._member(number) for number in range(len(self.subject.members))],
            "warnings": list(error.warnings()),
        }

    def _member(self, number: int) -> dict[str, Any]:
        subject, real = self.subject, slice(0, int(self.subject.ways.lengths[number]))
        columns: Mapping[str, np.ndarray] = {
            "frame": subject.ways.frames,
            "point": self.places.coordinates[number],
            "distance": self.places.distance[number],
            "true": self.error.true[number],
            "nearest": self.error.nearest[number],
            "drawn": self.error.drawn[number],
        }
        return {
            "member": subject.members[number],
            "outcome": {
                "kind": subject.kinds[number],
                "sentence": subject.outcomes[number],
                "rule": subject.rules[number],
            },
            "points": {name: values[real].tolist() for name, values in columns.items()},
        }


def survey(
    subject: Subject,
    plane: Plane,
    window: Window,
    size: tuple[int, int] = (51, 51),
    known: Known | None = None,
    tell: Tell = lambda known, done, total: None,
    block: int | None = None,
) -> Survey:
    """Surveys a landscape on a plane: the grid from coarse to fine, then the truth at every point of the ways.

    Args:
        subject: whose.
        plane: where.
        window: what of the plane is drawn.
        size: points of the grid along both axes.
        known: heights computed earlier for the same subject, plane and window.
        tell: hears of each block of heights.
        block: heights of one call; chosen by their cost if absent.
    """
    ways, x, y = subject.ways, *window.grid(*size)
    points = vectors.count_of(ways.points)
    known = Known.nothing(size, points) if known is None else known
    total = known.grid.size + 2 * points
    rows = Shares(subject.rows)
    block = block_of(plane, rows, known.grid.size) if block is None else block
    for surface in fill(subject.objective, plane, x, y, rows, subject.height, known.grid, block):
        known = dataclasses.replace(known, grid=surface.height)
        tell(known, known.count(), total)

    places = ways.on(plane)
    for name, evaluate in _at_points(subject, plane, places, rows, block).items():
        values = getattr(known, name).copy()
        left = np.flatnonzero(np.isnan(values))
        for start in range(0, len(left), block):
            some = left[start : start + block]
            values[some] = evaluate(some)
            known = dataclasses.replace(known, **{name: values.copy()})
            tell(known, known.count(), total)

    error = map_error(
        places.held,
        places.distance,
        ways.spread(known.true),
        ways.spread(known.nearest),
        places.coordinates,
        surface,
        subject.height_label,
        tuple(map(str, subject.members)),
        subject.greater_is_better,
    )
    return Survey(subject, plane, surface, places, error)


def _at_points(
    subject: Subject, plane: Plane, places: Places, rows: Shares, block: int
) -> dict[str, Callable[[Int[np.ndarray, " some"]], Float[np.ndarray, " some"]]]:
    """What is measured at some points of the ways, by its name in `Known`."""
    ways = subject.ways
    own = places.coordinates[ways.member, ways.frame]

    def true(some: Int[np.ndarray, " some"]) -> Float[np.ndarray, " some"]:
        return heights_at(subject.objective, vectors.at(ways.points, some), rows, subject.height)

    def nearest(some: Int[np.ndarray, " some"]) -> Float[np.ndarray, " some"]:
        return heights_on(subject.objective, plane, own[some], rows, subject.height, block)

    return {"true": true, "nearest": nearest}

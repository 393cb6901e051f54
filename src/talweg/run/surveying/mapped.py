"""What is asked of a map, and what it shows: pictures, films, pages, plain data. How it is made is in `mapping`."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talweg.errors import ConfigError
from talweg.record.scene import Scene
from talweg.run.surveying.ground import Ground
from talweg.run.surveying.survey import Survey
from talweg.view.charts.curves import heights_figure
from talweg.view.save import save_figure
from talweg.view.scenes.figures import landscape_figure
from talweg.view.scenes.mountain import mountain_figure
from talweg.view.scenes.page import landscape_page
from talweg.view.scenes.shown import Shown, animate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VERSION = 1
"""Of a map's plain data."""


@dataclasses.dataclass(frozen=True)
class MapSettings:
    """What is drawn of a run.

    Attributes:
        plane: a key of `planes.PLANES`.
        of: the loss or a metric.
        on: whose rows: `train` or `validation`.
        size: points along each side of the grid.
        members: whose ways are drawn; empty for those the plane takes by itself.
        at: the member at the center of a plane around one; the best on validation if absent.
        window: both ends along both axes; around the ways if absent.
        rows: how many at most; of more, a sample. Absent, 5000, or fewer where a row costs much.
        seed: of random directions.
        align: whether the hidden units of every member are first brought into the order of one.
    """

    plane: str = "pca"
    of: str = "loss"
    on: str = "train"
    size: int = 51
    members: tuple[int, ...] = ()
    at: int | None = None
    window: tuple[float, ...] | None = None
    rows: int | None = None
    seed: int = 0
    align: bool = False

    def __post_init__(self) -> None:
        if not 5 <= self.size <= 1001:
            raise ConfigError(f"size must be from 5 to 1001 points a side, got {self.size}")
        if len(set(self.members)) < len(self.members):
            raise ConfigError(f"members must be different ones, got {', '.join(map(str, self.members))}")

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.plane}-{self.of}-{self.on}" + ("-aligned" if self.align else "")


@dataclasses.dataclass(frozen=True, eq=False)
class Mapped:
    """A run's map.

    Attributes:
        survey: what was seen.
        settings: what was asked for.
        ground: on what.
        known_before: how many heights an earlier, interrupted map had left.
        seconds: how long it took.
        run: the run's name.
    """

    survey: Survey
    settings: MapSettings
    ground: Ground
    known_before: int
    seconds: float
    run: str

    def __repr__(self) -> str:
        return f"<Map of {self.run}: {self.survey.subject.title.partition(': ')[2]}>"

    @property
    def scene(self) -> Scene:
        """What is drawn."""
        return self.survey.scene()

    @property
    def summary(self) -> dict[str, Any]:
        """The map as plain data; its shape is in docs/json.md."""
        return self.to_dict({})

    def figure(self, **options: Any) -> "Figure":
        """The map from above (see `view.figures.landscape_figure`)."""
        return landscape_figure(self.scene, **options)

    def mountain(self, **options: Any) -> "Figure":
        """The map in three dimensions (see `view.mountain.mountain_figure`)."""
        return mountain_figure(self.scene, **options)

    def heights(self, **options: Any) -> "Figure":
        """The true heights against the epochs (see `view.curves.heights_figure`)."""
        return heights_figure(self.scene, **options)

    def animate(self, path: str | Path | None = None, **options: Any) -> Any:
        """A film of the members' ways, or the interactive page (see `view.shown.animate`)."""
        return animate(self.scene, path, **options)

    def _repr_html_(self) -> str:
        return Shown(landscape_page(self.scene))._repr_html_()

    def save(self, folder: Path, films: Sequence[str] = ("html",)) -> dict[str, Path]:
        """Writes the map, the mountain, and films.

        Args:
            folder: where; made if it is missing.
            films: of `gif`, `mp4`, `html` (the interactive page).

        Returns:
            The files by what they show.
        """
        name = self.settings.name
        files = {
            "map": save_figure(self.figure(), folder / f"{name}.png"),
            "mountain": save_figure(self.mountain(), folder / f"{name}-mountain.png"),
        }
        for kind in films:
            files["page" if kind == "html" else kind] = self.animate(folder / f"{name}.{kind}")
        return files

    def to_dict(self, files: Mapping[str, str]) -> dict[str, Any]:
        """The map as plain data; its shape is in docs/json.md."""
        told = self.survey.to_dict()
        return {
            "version": VERSION,
            "kind": "map",
            "run": self.run,
            "of": self.settings.of,
            "on": self.settings.on,
            "rows": {"used": self.ground.used, "total": self.ground.total},
            **told,
            "plane": {"name": self.settings.plane, **told["plane"]},
            "known_before": self.known_before,
            "seconds": round(self.seconds, 3),
            "files": dict(files),
        }

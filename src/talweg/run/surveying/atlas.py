"""An atlas: a map for each member of a run, each on a plane of its own, on one scale. One map is made in `mapping`."""

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talweg.errors import ConfigError
from talweg.run.prediction import require_members
from talweg.run.surveying.mapped import Mapped, MapSettings
from talweg.run.surveying.mapping import Progress, kept_in, laid, map_on
from talweg.view.save import save_figure
from talweg.view.scenes.figures import comparison_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from talweg.run.result import Run

VERSION = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Atlas:
    """The maps of a run's members.

    Attributes:
        maps: one for each member.
        settings: what was asked for.
        seconds: how long it took.
    """

    maps: tuple[Mapped, ...]
    settings: MapSettings
    seconds: float

    def __repr__(self) -> str:
        return f"<Atlas of {self.maps[0].run}: {len(self.maps)} members>"

    @property
    def summary(self) -> dict[str, Any]:
        """The atlas as plain data; its shape is in docs/json.md."""
        return self.to_dict({})

    def figure(self) -> "Figure":
        """All maps side by side, their heights on one scale."""
        scenes = [dataclasses.replace(found.scene, note="", title=self._title()) for found in self.maps]
        labels = [f"member {found.survey.subject.members[0]}" for found in self.maps]
        return comparison_figure(scenes, labels, captions=[_caption(found) for found in self.maps])

    def _title(self) -> str:
        run, _, what = self.maps[0].survey.subject.title.partition(": ")
        return f"{run}: {what.partition(',')[0]}, every member on its own plane"

    def save(self, folder: Path) -> dict[str, Path]:
        """Writes the picture; returns the files by what they show."""
        return {"atlas": save_figure(self.figure(), folder / f"atlas-{self.settings.name}.png")}

    def to_dict(self, files: dict[str, str]) -> dict[str, Any]:
        """The atlas as plain data; its shape is in docs/json.md."""
        first = self.maps[0].summary
        shared = {name: first[name] for name in ("run", "of", "on", "rows")}
        return {
            "version": VERSION,
            "kind": "atlas",
            **shared,
            "maps": [{name: value for name, value in found.summary.items() if name in _OWN} for found in self.maps],
            "seconds": round(self.seconds, 3),
            "files": files,
        }


_OWN = ("plane", "size", "lowest", "highest", "error", "members", "warnings")
"""What an atlas tells of each of its maps."""


def atlas_of(
    run: "Run",
    settings: MapSettings,
    folder: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Atlas:
    """Draws every member of a run on a plane of its own.

    Args:
        run: a finished one.
        settings: what is drawn; `members` are those that get a map, all if empty.
        folder: where the heights are kept, so that an interrupted atlas goes on; `None` to keep nothing.
        progress: hears how far it is.

    Raises:
        ConfigError: a setting that does not fit the run, or a plane that is not one member's.
        DataError: if the run's data are missing or changed.
    """
    if settings.plane == "members":
        raise ConfigError("an atlas has a plane for each member, and 'members' is one through three; leave it out")
    if settings.at is not None:
        raise ConfigError("every member of an atlas has its own plane; say which with --members, not --at")
    require_members(run, settings.members)
    began = time.monotonic()
    chosen = settings.members or tuple(range(run.settings.members))
    ground, ways = laid(run, settings)
    maps: list[Mapped] = []
    for member in chosen:
        own = dataclasses.replace(settings, members=(member,), at=member)
        kept_at = kept_in(folder, f"atlas-{settings.name}-{member}")
        before = len(maps)

        def tell(done: int, total: int, before: int = before) -> None:
            progress(before * total + done, len(chosen) * total)

        maps.append(map_on(run, own, ground, ways, kept_at, tell))
    return Atlas(tuple(maps), settings, time.monotonic() - began)


def _caption(found: Mapped) -> str:
    """Why a member stopped and what its plane holds, in a line."""
    [rule], error = found.survey.subject.rules, found.survey.error
    frame = found.survey.subject.ways.frames[found.survey.subject.ways.lengths[0] - 1]
    held = "" if error.is_exact else f"; plane holds {100 * error.held:.0f} %"
    return f"{rule.replace('_', ' ')}, epoch {frame}{held}" + ("; misleads" if error.warnings() else "")

"""A finished run in the hand: its summary, its curves, its params, and what it predicts."""

import dataclasses
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from talweg.config.settings import Settings, to_toml
from talweg.data.images.prepare import AnyPreparation
from talweg.errors import ConfigError, RunFolderError
from talweg.objective.base import Params
from talweg.record.evaluation import Evaluation
from talweg.record.folder import RunFolder
from talweg.record.history import History
from talweg.record.measured import read_sharpness
from talweg.record.trajectory import Arrays, Trajectory
from talweg.run.prediction import Chosen, Prediction
from talweg.view.report.page import report_page
from talweg.view.report.writing import FORMS, newest_map, write_told
from talweg.view.telling.told import Told, read_pictures

if TYPE_CHECKING:
    from talweg.run.surveying.atlas import Atlas
    from talweg.run.surveying.mapped import Mapped
    from talweg.run.surveying.sharpness import Sharpness
    from talweg.run.surveying.valleys import Valleys
    from talweg.view.charts.plots import Plots
    from talweg.view.scenes.shown import Shown


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A finished training.

    Attributes:
        settings: the resolved settings.
        summary: what was reached; its shape is in docs/json.md.
        history: the curves.
        preparation: how columns become features.
        params: the members' params, the member axis first.
        folder: where it is kept; `None` if it was not written.
        evaluation: predictions beside the truth, by part of the split.
        evidence: what was measured to explain the run; its shape is in docs/json.md.
        source: its data, if they are elsewhere now or came as Python objects.
        recorded: the snapshots of its trajectory, while they are at hand.
        pictures: of a run on pictures, those to be looked at, as PNG by their paths within the folder, while at hand.
    """

    settings: Settings
    summary: dict[str, Any]
    history: History
    preparation: AnyPreparation
    params: Params
    folder: RunFolder | None = None
    evaluation: Mapping[str, Evaluation] = dataclasses.field(default_factory=dict)
    evidence: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    source: Any = None
    recorded: Arrays | None = None
    pictures: Mapping[str, bytes] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        where = f" in {self.folder.path}" if self.folder else ""
        return f"<Run {self.summary['run']['name']}{where}: {self.settings.members} members>"

    def __fspath__(self) -> str:
        """Its folder, so that a run stands wherever the path of one is asked for.

        Raises:
            ConfigError: if it was not written to a folder.
        """
        if self.folder is None:
            raise ConfigError("this run was not written to a folder; train it with out='runs/mine'")
        return str(self.folder.path)

    def predict(
        self, source: Any, member: Chosen = "ensemble", skip_broken: bool = False, query: str | None = None
    ) -> Prediction:
        """Applies the run to new rows.

        Args:
            source: a path, a data frame, or anything else that training takes; the target may be absent.
            member: whose prediction (see `Chosen`).
            skip_broken: whether broken pictures are left out rather than an error.
            query: what is asked of a source that is a database.

        Raises:
            DataError: if a column is missing that training had.
            ConfigError: if there is no such member.
        """
        from talweg.run.streaming.predicting import joined, predictions_of

        return joined(list(predictions_of(self, source, member, query, skip_broken=skip_broken)))

    def trajectory(self) -> Trajectory | None:
        """The members' ways as recorded; `None` where nothing was.

        Raises:
            RunFolderError: if they are damaged.
        """
        arrays = self.recorded if self.recorded is not None else self.folder.trajectory() if self.folder else {}
        return Trajectory.of(arrays) if arrays else None

    def map(self, progress: Callable[[int, int], None] | None = None, **settings: Any) -> "Mapped":
        """Draws the members on a plane through their own loss landscape, and says how wrong the picture is.

        Args:
            progress: hears how many heights are computed, and how many there will be.
            **settings: any field of `run.surveying.mapped.MapSettings`, such as `plane`, `of`, `on`, `size`, `members`.

        Raises:
            ConfigError: a setting that does not fit the run.
            DataError: if the run's data are missing or changed.

        Example:
            >>> import talweg as tw
            >>> run = tw.train("iris", members=2, max_epochs=10)
            >>> found = run.map(size=11)
            >>> found.scene.height.shape
            (11, 11)
        """
        from talweg.run.surveying.mapped import MapSettings
        from talweg.run.surveying.mapping import map_run

        return map_run(self, MapSettings(**settings), self._maps, progress or (lambda done, total: None))

    def atlas(self, progress: Callable[[int, int], None] | None = None, **settings: Any) -> "Atlas":
        """Draws every member on a plane of its own, all on one scale: where one plane cannot hold their ways.

        Args:
            progress: hears how many heights are computed, and how many there will be.
            **settings: any field of `run.surveying.mapped.MapSettings`, such as `plane`, `of`, `on`, `size`, `members`.

        Raises:
            ConfigError: a setting that does not fit the run.
            DataError: if the run's data are missing or changed.
        """
        from talweg.run.surveying.atlas import atlas_of
        from talweg.run.surveying.mapped import MapSettings

        return atlas_of(self, MapSettings(**settings), self._maps, progress or (lambda done, total: None))

    def barriers(self, progress: Callable[[int, int], None] | None = None, **settings: Any) -> "Valleys":
        """Looks along the straight lines between members: who shares a valley, and how high the passes are.

        Args:
            progress: hears how many lines are done, and how many there will be.
            **settings: any field of `run.surveying.valleys.ValleySettings`, such as `on`, `members`, `curve`.

        Raises:
            ConfigError: a setting that does not fit the run.
            DataError: if the run's data are missing or changed.
        """
        from talweg.run.surveying.valleys import ValleySettings, valleys_of

        return valleys_of(self, ValleySettings(**settings), self._maps, progress or (lambda done, total: None))

    def sharpness(self, progress: Callable[[int, int], None] | None = None, **settings: Any) -> "Sharpness":
        """Measures how sharp the loss is where the members ended: greatest Hessian eigenvalues, trace, gradient.

        Args:
            progress: hears how many places are done, and how many there will be.
            **settings: any field of `run.surveying.sharpness.SharpnessSettings`, such as `on`, `members`, `over`.

        Raises:
            ConfigError: a setting that does not fit the run.
            DataError: if the run's data are missing or changed.
        """
        from talweg.run.surveying.sharpness import SharpnessSettings, sharpness_of

        return sharpness_of(self, SharpnessSettings(**settings), progress or (lambda done, total: None))

    @property
    def _maps(self) -> Path | None:
        """Where its maps are kept; nowhere if the run is not."""
        from talweg.run.surveying.mapping import FOLDER

        return self.folder.path / FOLDER if self.folder else None

    @property
    def told(self) -> Told:
        """What a report tells of it."""
        toml, place = to_toml(self.settings), str(self.folder.path) if self.folder else self.summary["run"]["name"]
        try:
            split = self.folder.split() if self.folder else None
        except RunFolderError:
            split = None
        shown = read_pictures(self.folder, self.summary) if self.folder else self.pictures
        given, sharp = tomllib.loads(toml), read_sharpness(self.folder) if self.folder else {}
        return Told(self.summary, self.history, self.evaluation, self.evidence, given, toml, split, place, shown, sharp)

    @property
    def plot(self) -> "Plots":
        """Its figures, such as `plot.curves()`, `plot.confusion()`, `plot.map()`: matplotlib axes to be changed."""
        from talweg.view.charts.plots import Plots

        return Plots(self.told, lambda: self.map().scene)

    def report(self, lang: str = "en", out: str | Path | None = None) -> "Shown":
        """The page that explains the run; in a notebook it shows itself.

        Args:
            lang: ``"en"`` or ``"de"``.
            out: a folder for the page, the model card and JSON; nothing is written if it is absent.

        Raises:
            ConfigError: for another language.
            RunFolderError: if a file cannot be written.

        Example:
            >>> import talweg as tw
            >>> run = tw.train("iris", members=2, max_epochs=5)
            >>> run.report(lang="de").page[:15]
            '<!doctype html>'
        """
        from talweg.view.scenes.shown import Shown

        told, landscape = self.told, newest_map(self.folder.path, lang) if self.folder else ""
        if out is not None:
            write_told(told, Path(out), lang, FORMS, landscape)
        return Shown(report_page(told, lang=lang, landscape=landscape))

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()

    def best_member(self) -> int:
        """The member with the lowest loss on the validation rows, or on the test rows if there are none.

        With folds each member is judged on its own fold, so that the easiest fold has a say in which is best.
        """
        part = "validation" if self.summary["members"][0]["validation"] else "test"
        scores = [entry[part] for entry in self.summary["members"]]
        if scores[0] is None:
            raise ConfigError("there is no best member: the run has neither a validation nor a test set")
        losses = [np.inf if score["loss"] is None else score["loss"] for score in scores]
        return int(np.argmin(losses))

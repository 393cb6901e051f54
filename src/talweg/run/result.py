"""A finished run in the hand: its summary, its curves, its params, and what it predicts."""

import dataclasses
import tomllib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Num

from talweg.config.settings import Settings, make_settings, to_toml
from talweg.data.clean import NumberTarget, Preparation
from talweg.data.images.prepare import AnyPreparation, PhotographPreparation, PicturePreparation
from talweg.errors import ConfigError, RunFolderError
from talweg.objective.base import Params
from talweg.record.evaluation import Evaluation
from talweg.record.folder import RunFolder
from talweg.record.history import History
from talweg.record.measured import read_sharpness
from talweg.record.places import existing_run
from talweg.record.trajectory import Arrays, Trajectory
from talweg.view.report.page import report_page
from talweg.view.report.writing import FORMS, newest_map, write_report, write_told
from talweg.view.told import Told, read_pictures

if TYPE_CHECKING:
    from talweg.run.surveying.mapping import Mapped
    from talweg.run.surveying.sharpness import Sharpness
    from talweg.run.surveying.valleys import Valleys
    from talweg.view.plots import Plots
    from talweg.view.shown import Shown

Stream = Literal["auto", "yes", "no"]
"""Whether rows are put on disk first; `auto`: if they are too many for memory."""
Chosen = Literal["ensemble", "best"] | int
"""Whose prediction is meant: the ensemble's, that of the member best on validation, or of a member by number."""


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """What a run says of new rows, in the order in which they came.

    Attributes:
        values: the predicted class of each row, or the predicted quantity in the target's own unit.
        probabilities: of each class, of shape `(rows, classes)`; `None` for regression.
        spread: the standard deviation over the members: of the predicted class's probability, or of the quantity.
        classes: the names of the classes.
        notes: what the rows hold that training never saw, a sentence each.
        files: what the rows are called, if they are pictures.
    """

    values: np.ndarray
    probabilities: Float[np.ndarray, "rows classes"] | None
    spread: Float[np.ndarray, " rows"]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    files: tuple[str, ...] = ()

    def columns(self) -> dict[str, np.ndarray]:
        """As columns: `picture` if they are pictures, `prediction`, `p_<class>` for each class, `spread`."""
        columns = {"picture": np.array(self.files)} if self.files else {}
        columns |= {"prediction": self.values}
        if self.probabilities is not None:
            columns |= {f"p_{name}": self.probabilities[:, place] for place, name in enumerate(self.classes)}
        return columns | {"spread": self.spread}

    def frame(self) -> Any:
        """As a polars frame with the columns of `columns`."""
        import polars

        return polars.DataFrame(self.columns())


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
        source: its data, if they came as Python objects.
        recorded: the snapshots of its trajectory, while they are at hand.
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

    def __repr__(self) -> str:
        where = f" in {self.folder.path}" if self.folder else ""
        return f"<Run {self.summary['run']['name']}{where}: {self.settings.members} members>"

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
            **settings: any field of `run.mapping.MapSettings`, such as `plane`, `of`, `on`, `size`, `members`.

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
        from talweg.run.surveying.mapping import FOLDER, MapSettings, map_run

        folder = self.folder.path / FOLDER if self.folder else None
        return map_run(self, MapSettings(**settings), folder, progress or (lambda done, total: None))

    def barriers(self, progress: Callable[[int, int], None] | None = None, **settings: Any) -> "Valleys":
        """Looks along the straight lines between members: who shares a valley, and how high the passes are.

        Args:
            progress: hears how many lines are done, and how many there will be.
            **settings: any field of `run.valleys.ValleySettings`, such as `on`, `members`, `curve`.

        Raises:
            ConfigError: a setting that does not fit the run.
            DataError: if the run's data are missing or changed.
        """
        from talweg.run.surveying.mapping import FOLDER
        from talweg.run.surveying.valleys import ValleySettings, valleys_of

        folder = self.folder.path / FOLDER if self.folder else None
        return valleys_of(self, ValleySettings(**settings), folder, progress or (lambda done, total: None))

    def sharpness(self, progress: Callable[[int, int], None] | None = None, **settings: Any) -> "Sharpness":
        """Measures how sharp the loss is where the members ended: greatest Hessian eigenvalues, trace, gradient.

        Args:
            progress: hears how many places are done, and how many there will be.
            **settings: any field of `run.sharpness.SharpnessSettings`, such as `on`, `members`, `over`.

        Raises:
            ConfigError: a setting that does not fit the run.
            DataError: if the run's data are missing or changed.
        """
        from talweg.run.surveying.sharpness import SharpnessSettings, sharpness_of

        return sharpness_of(self, SharpnessSettings(**settings), progress or (lambda done, total: None))

    @property
    def told(self) -> Told:
        """What a report tells of it."""
        toml, place = to_toml(self.settings), str(self.folder.path) if self.folder else self.summary["run"]["name"]
        try:
            split = self.folder.split() if self.folder else None
        except RunFolderError:
            split = None
        shown = read_pictures(self.folder, self.summary) if self.folder else {}
        given, sharp = tomllib.loads(toml), read_sharpness(self.folder) if self.folder else {}
        return Told(self.summary, self.history, self.evaluation, self.evidence, given, toml, split, place, shown, sharp)

    @property
    def plot(self) -> "Plots":
        """Its figures, such as `plot.curves()`, `plot.confusion()`, `plot.map()`: matplotlib axes to be changed."""
        from talweg.view.plots import Plots

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
        from talweg.view.shown import Shown

        told, landscape = self.told, newest_map(self.folder.path, lang) if self.folder else ""
        if out is not None:
            write_told(told, Path(out), lang, FORMS, landscape)
        return Shown(report_page(told, lang=lang, landscape=landscape))

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()

    def best_member(self) -> int:
        """The member with the lowest loss on the validation rows, or on the test rows if there are none."""
        part = "validation" if self.summary["members"][0]["validation"] else "test"
        scores = [entry[part] for entry in self.summary["members"]]
        if scores[0] is None:
            raise ConfigError("there is no best member: the run has neither a validation nor a test set")
        losses = [np.inf if score["loss"] is None else score["loss"] for score in scores]
        return int(np.argmin(losses))


def predict(
    run: Run,
    features: Num[np.ndarray, "rows *features"],
    notes: tuple[str, ...],
    member: Chosen = "ensemble",
    files: tuple[str, ...] = (),
) -> Prediction:
    """What a run says of rows of features (see `Run.predict`)."""
    from talweg.run.build import network_of
    from talweg.run.job import Rows
    from talweg.run.scoring import predictions
    from talweg.run.train import member_outputs

    chosen, preparation = members_named(run, member), run.preparation
    assert not isinstance(preparation, PhotographPreparation)
    network = network_of(run.settings, features.shape[1:], len(preparation.classes), preparation)
    rows = Rows(features, np.zeros(len(features), np.float32))
    members = run.summary["ensemble"]["members"]
    each = {m: predictions(network, member_outputs(network, run.params, m, rows)) for m in {*members, *chosen}}
    mean = np.mean([each[m] for m in chosen], axis=0)
    crowd = np.stack([each[m] for m in members])
    target = preparation.target
    if isinstance(target, NumberTarget):
        return Prediction(target.decode(mean[:, 0]), None, crowd[:, :, 0].std(0) * target.scale, (), notes, files)
    place = mean.argmax(1)
    spread = crowd[:, np.arange(len(mean)), place].std(0)
    names = np.array(preparation.classes)
    return Prediction(names[place], mean, spread, tuple(map(str, preparation.classes)), notes, files)


def members_named(run: Run, member: Chosen) -> list[int]:
    """The members that a word or a number means.

    Raises:
        ConfigError: there is no such member.
    """
    if member == "ensemble":
        return list(run.summary["ensemble"]["members"])
    if member == "best":
        return [run.best_member()]
    if not 0 <= int(member) < run.settings.members:
        raise ConfigError(
            f"there is no member {member}; the run has {run.settings.members}, numbered from 0 "
            f"to {run.settings.members - 1}. Or take 'best' or 'ensemble'"
        )
    return [int(member)]


def settings_of(folder: RunFolder) -> Settings:
    """The settings of a run's last sitting.

    Raises:
        RunFolderError: if they are damaged.
    """
    return read_settings(folder, folder.settings_toml())


def read_settings(folder: RunFolder, text: str) -> Settings:
    """Settings as a run folder holds them."""
    try:
        return make_settings(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ConfigError) as error:
        raise RunFolderError(f"{folder.path / 'run.toml'} is damaged: {error}") from None


def open_run(path: str | Path) -> Run:
    """The run in a folder.

    Args:
        path: a run folder, as training names it.

    Raises:
        RunFolderError: if it holds no finished run, or is damaged.
    """
    folder = existing_run(Path(path))
    summary = folder.summary()
    settings = settings_of(folder)
    try:
        preparation = preparation_from(folder.preparation())
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RunFolderError(f"{folder.path / 'preparation.json'} is damaged: it is no preparation") from None
    return Run(
        settings,
        summary,
        folder.history(),
        preparation,
        folder.params(),
        folder,
        folder.evaluation(),
        folder.evidence(),
    )


def preparation_from(data: Mapping[str, Any]) -> AnyPreparation:
    """The preparation that a run folder holds.

    Raises:
        RunFolderError: it is of another version or damaged.
    """
    if data.get("kind") == "photographs":
        return PhotographPreparation.from_dict(data)
    return (PicturePreparation if data.get("kind") == "pictures" else Preparation).from_dict(data)


def save(run: Run, folder: RunFolder) -> None:
    """Writes what is known at the end: the params, what explains the run, and the summary that finishes it."""
    folder.write_params(run.params, {"format": "talweg-params-1"})
    folder.write_evaluation(run.evaluation)
    folder.write_evidence(run.evidence)
    folder.write_trajectory(run.recorded or {})
    folder.write_summary(run.summary)
    explain(folder)


def explain(folder: RunFolder) -> None:
    """Writes the report of a finished run; where that fails, the run is none the worse, and a warning says so."""
    try:
        write_report(folder)
    except Exception as error:
        told = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(f"the run is whole, but its report was not written: {told}", RuntimeWarning, stacklevel=2)


def begin(
    folder: RunFolder,
    settings: Settings,
    preparation: AnyPreparation,
    parts: np.ndarray,
    sitting: Mapping[str, Any],
) -> None:
    """Writes what is known before the first step."""
    folder.begin(to_toml(settings), preparation.to_dict(), parts, sitting)

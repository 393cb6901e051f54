"""From a source to rows that are split, prepared and looked over. What is trained on them is for `build` to say."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Num

from talweg.config.pictures import parse_size
from talweg.config.settings import AUTO, Settings
from talweg.data.clean import Preparation
from talweg.data.gate.finding import Case, Report
from talweg.data.gate.gate import inspect
from talweg.data.hearing import Hear, quiet
from talweg.data.images.arrays import of_arrays as pictures_of
from talweg.data.images.pictures import BUILTIN, Keeping, Pictures, Wanted
from talweg.data.images.prepare import PicturePreparation
from talweg.data.images.recognize import is_picture_source
from talweg.data.large.gather import Stack
from talweg.data.large.sample import known_rows, on_disk, sample_rows, values_of, witnesses
from talweg.data.large.store import forget, is_mapped
from talweg.data.parts import Plan, deal, given_column
from talweg.data.reading.frames import as_array, from_arrays, one_column
from talweg.data.split import FIRST_FOLD, Fractions, Split
from talweg.data.table import Table
from talweg.data.targets import ClassTarget, NumberTarget
from talweg.data.task import Target, choose_target
from talweg.errors import ConfigError, DataError
from talweg.run.storage import cache
from talweg.run.streaming.sources import open_table, room_for_pixels
from talweg.run.unseen import without_unseen

FEW_ROWS = 2000
"""Below so many rows that are not for the test folds are recommended (benchmarks/tables.md)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """A source, ready to be learned from.

    Attributes:
        table: the whole table.
        target: what is predicted, and in which rows it is known.
        parts: which rows train, validate and test.
        preparation: how columns become features, fitted on the training rows.
        features: of the rows in which the target is known, in their order; of pictures, their pixels, in memory or on
            disk; `None` for a table on disk.
        report: what the gate found.
        notes: what was decided for the user, a sentence each.
        pictures: the source, if it is one of pictures.
    """

    table: Table
    target: Target
    parts: Split
    preparation: Preparation | PicturePreparation
    features: Num[Stack, "known *features"] | None
    report: Report
    notes: tuple[str, ...]
    pictures: Pictures | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What each row of the source is called, if it is a picture."""
        return () if self.pictures is None else self.pictures.files

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row of the features."""
        return (len(self.preparation.feature_names),) if self.features is None else self.features.shape[1:]

    @property
    def on_disk(self) -> bool:
        """Whether the rows are read from a disk as they are needed."""
        return self.features is None or is_mapped(self.features)


def prepare(settings: Settings, source: Any = None, hear: Hear = quiet) -> Prepared:
    """Reads, splits, prepares and looks over a source.

    Args:
        settings: those of the data are used: source, target, task, split and its ways, columns.
        source: data as a Python object; the settings' source is read if it is absent.
        hear: is told of the progress of what takes long.

    Raises:
        ConfigError: ways of splitting that exclude each other; a kind of column that does not exist.
        DataError: a source that cannot be read, or not be learned from.
    """
    plan = plan_of(settings)
    if settings.source == BUILTIN and source is None and not Path(settings.source).exists():
        raise DataError("photographs are there to train a denoiser on: add a noise, such as --noise 25")
    if is_picture_source(settings.source if source is None else source):
        return _prepare_pictures(settings, plan, source, hear)
    table = open_table(settings, source, hear)
    _refuse_picture_settings(settings, table.name)
    _refuse_folds(plan, on_disk(table))
    seen = sample_rows(table.rows, len(table.columns))
    some = table if len(seen) == table.rows else table.take(seen)
    target = _target(table, some, settings)
    parts, notes = deal(table, target, plan)
    forget(*map(values_of, table.columns.values()))
    looked = (table, target, parts) if some is table else _of_sample(some, seen, target, parts.marks(table.rows))
    aside = dict.fromkeys(plan.columns(table), "it says how the rows are split")
    learned, rows = (table, parts.train) if some is table else _learned_from(table, seen, target, parts)
    preparation = Preparation.fit(
        learned, rows, target.name, target.task, settings.columns, aside, settings.target_scale, some is table
    )
    if on_disk(table):
        hear("looking for what is wrong", 0.0)
    features = preparation.features(some.take(looked[1].rows))
    given = given_column(table) if plan.given else None
    report = inspect(Case(*looked, preparation, features, plan.group, plan.time, given))
    if some is not table:
        notes = (*notes, _told_of_sample(table.rows, some.rows))
    seen_target, parts, left_out = without_unseen(table, target, parts, preparation.classes, settings.gate)
    notes = (*notes, *left_out, *_told_of_few(parts, plan, given))
    told = (*table.notes, *target.reasons, *_told_of_scale(preparation.target, settings), *notes)
    if on_disk(table):
        return Prepared(table, seen_target, parts, preparation, None, report, told)
    if some is not table:
        features = preparation.features(table.take(seen_target.rows))
    elif left_out:
        features = features[np.isin(target.rows, seen_target.rows)]
    return Prepared(table, seen_target, parts, preparation, features, report, told)


def _refuse_picture_settings(settings: Settings, table: str) -> None:
    """What is said of pixels would do nothing to a table."""
    for name in ("image_size", "color", "augment", "skip_broken", "patch_size"):
        if getattr(settings, name) not in (AUTO, "none", False):
            raise ConfigError(f"{name} is for pictures, and {table} is a table; leave it out")


def _refuse_folds(plan: Plan, on_disk: bool) -> None:
    if on_disk and plan.folds:
        raise ConfigError("folds need all rows in memory; leave --folds out, or take --no-stream.")


def _target(table: Table, some: Table, settings: Settings) -> Target:
    """What is predicted: of a very large table some rows say what it is, and all of them where it is known."""
    target = choose_target(some, settings.target, None if settings.task == "auto" else settings.task)
    if some is table:
        return target
    rows = known_rows(table.columns[target.name])
    return dataclasses.replace(target, rows=rows, missing=table.rows - len(rows))


def _of_sample(
    some: Table, seen: Int[np.ndarray, " some"], target: Target, marks: Int[np.ndarray, " rows"]
) -> tuple[Table, Target, Split]:
    """What the gate looks at of a very large table: some of its rows, as if they were all."""
    marks = marks[seen]
    train = np.flatnonzero((marks == 0) | (marks >= FIRST_FOLD))
    fold = marks[train].astype(np.int64) - FIRST_FOLD if (marks >= FIRST_FOLD).any() else None
    parts = Split(train, np.flatnonzero(marks == 1), np.flatnonzero(marks == 2), fold)
    known = known_rows(some.columns[target.name])
    return some, dataclasses.replace(target, rows=known, missing=some.rows - len(known)), parts


def _learned_from(
    table: Table, seen: Int[np.ndarray, " some"], target: Target, parts: Split
) -> tuple[Table, Int[np.ndarray, " train"]]:
    """The rows of which the preparation of a very large table is learned: of training rows a sample, and witnesses."""
    marks = parts.marks(table.rows)
    train = (marks == 0) | (marks >= FIRST_FOLD)
    rare = witnesses(table, train, target.name, target.task == "classification")
    rows = np.union1d(seen[train[seen]], rare)
    return table.take(rows), np.arange(len(rows))


def _told_of_scale(target: ClassTarget | NumberTarget, settings: Settings) -> tuple[str, ...]:
    """A sentence where it was decided to learn a logarithm.

    Raises:
        ConfigError: the logarithm of classes was asked for.
    """
    if isinstance(target, ClassTarget):
        if settings.target_scale == "log":
            raise ConfigError(f"target_scale log is for a quantity; the target {target.name!r} holds classes")
        return ()
    if target.log_unit is None or settings.target_scale != AUTO:
        return ()
    return (
        f"The target {target.name!r} is skewed over several orders of magnitude, so its logarithm is learned;"
        " predictions and metrics are in its own unit. To learn it as it is: --target-scale standard.",
    )


def _told_of_few(parts: Split, plan: Plan, given: str | None) -> tuple[str, ...]:
    """A sentence where rows are few and some only validate, though all could be learned from."""
    rows = len(parts.train) + len(parts.validation)
    if rows >= FEW_ROWS or not len(parts.validation) or plan.time or given:
        return ()
    return (
        f"Few rows, and {len(parts.validation)} of them only validate: with --folds 8 each member validates on another"
        " eighth, and together they learn from all.",
    )


def _told_of_sample(rows: int, some: int) -> str:
    return (
        f"{some} of {rows} rows, drawn evenly, speak for all: the gate looks at them, and scales, words and kinds of"
        " columns are learned of the training rows among them, and of those with gaps and extremes."
    )


def _prepare_pictures(settings: Settings, plan: Plan, source: Any, hear: Hear) -> Prepared:
    from talweg.data.images.checks import inspect_pictures
    from talweg.data.images.source import read_pictures

    keeping = Keeping(cache(), room_for_pixels(settings.stream), hear=hear)
    pictures = read_pictures(settings.source if source is None else source, wanted_pictures(settings), keeping)
    _refuse_folds(plan, is_mapped(pictures.pixels))
    if not pictures.about:
        raise DataError(
            f"{pictures.name} holds pictures and says nothing of them: expected a folder for each class (cats/, dogs/),"
            " or a table with file names and a target. To train a denoiser on them: --noise 25"
        )
    table = pictures.table()
    target = choose_target(table, settings.target, None if settings.task == "auto" else settings.task)
    parts, notes = deal(table, target, plan)
    preparation = PicturePreparation.fit(pictures, parts.train, target.name, target.task, settings.target_scale)
    known = pictures.take(target.rows)
    case = Case(
        table,
        target,
        parts,
        preparation,
        known.pixels,
        plan.group,
        plan.time,
        given_column(table) if plan.given else None,
    )
    if is_mapped(pictures.pixels):
        hear("looking for what is wrong", 0.0)
    report = Report.of(inspect_pictures(case, pictures))
    seen_target, parts, left_out = without_unseen(table, target, parts, preparation.classes, settings.gate)
    told = (*table.notes, *target.reasons, *_told_of_scale(preparation.target, settings), *notes, *left_out)
    pixels = pictures.take(seen_target.rows).pixels if left_out else known.pixels
    return Prepared(table, seen_target, parts, preparation, pixels, report, told, pictures)


def wanted_pictures(settings: Settings) -> Wanted:
    """How pictures are to come, from the settings.

    Raises:
        ConfigError: an image size that is none.
    """
    return Wanted(
        None if settings.image_size == AUTO else parse_size(settings.image_size),
        None if settings.color == AUTO else settings.color,
        settings.skip_broken,
    )


def of_arrays(features: Any, targets: Any) -> Table | Pictures:
    """Features and targets that came as arrays: a table, or pictures where a row has two axes or three.

    Raises:
        DataError: shapes that are none of features or of targets.
    """
    x, y = as_array("the features", features), one_column(as_array("the targets", targets))
    if x.ndim not in (2, 3, 4):
        raise DataError(
            f"features have the shape (rows, features), got {x.shape}; a single feature becomes one by reshape(-1, 1)"
        )
    return pictures_of(x, y) if x.ndim in (3, 4) else from_arrays(x, y)


def plan_of(settings: Settings) -> Plan:
    """How rows are to be split, from the settings.

    Raises:
        ConfigError: shares that do not add up; ways that exclude each other.
    """
    if settings.folds and settings.members % settings.folds:
        raise ConfigError(
            f"{settings.members} members cannot hold out {settings.folds} folds alike; give {settings.folds}, or a"
            " multiple of it."
        )
    return Plan(
        Fractions.parse(settings.split),
        settings.seed,
        settings.group,
        settings.time,
        settings.split_by,
        settings.folds or 0,
        given="split" not in {name.lower() for name in settings.columns},
    )


def refuse_errors(report: Report, gate: str) -> None:
    """Makes sure that the gate found no error, or that the user wants to train all the same.

    Raises:
        DataError: it did; the message tells the first and how many there are.
    """
    errors = report.graded("error")
    if not errors or gate == "warn":
        return
    more = f" ({len(errors) - 1} more: see talweg check)" if len(errors) > 1 else ""
    raise DataError(f"{errors[0].sentence} {errors[0].mend}{more} To train all the same: --gate warn.")

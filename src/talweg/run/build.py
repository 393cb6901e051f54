"""From settings and a source to a job: the data are read, split and prepared, the network and the optimizer made.

Every mistake that a person can mend is found here, before anything is compiled or written.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from talweg.config.grid import grid_of, with_members
from talweg.config.pictures import parse_augmentation, parse_noise
from talweg.config.settings import AUTO, USUAL, Settings
from talweg.data.clean import Preparation
from talweg.data.feed import FULL
from talweg.data.fingerprint import fingerprint, fingerprint_of_pixels
from talweg.data.gate.finding import Report
from talweg.data.hearing import Hear, quiet
from talweg.data.images.find import find_masked, find_pairs
from talweg.data.images.masks import Masked
from talweg.data.images.prepare import AnyPreparation
from talweg.data.split import Fractions
from talweg.errors import ConfigError, require_known
from talweg.objective.layers import ACTIVATIONS, INITIALIZERS
from talweg.objective.losses import LOSSES
from talweg.objective.network import Network
from talweg.run.architecture import bins_of, check_model, network_of, picture_shape, resolve_model, with_quantiles
from talweg.run.crowd import with_crowd
from talweg.run.defaults import resolve
from talweg.run.job import Folds, Job, Rows
from talweg.run.memory import require_memory
from talweg.run.own_unit import own_unit, scale_of
from talweg.run.prepare import Prepared, prepare, refuse_errors
from talweg.run.probes.find_lr import RangeTest, range_test
from talweg.run.probes.lower_bound import lower_bound
from talweg.run.stepping import check_optimizer, idle_parts, optimizer_of, require_fitting, rule_of
from talweg.run.streaming.part_rows import part_rows
from talweg.run.streaming.streaming import order_of


@dataclasses.dataclass(frozen=True, eq=False)
class Built:
    """A job, and what of the data outlives it.

    Attributes:
        job: ready to train.
        preparation: how columns become features.
        parts: for each row of the source 0 training, 1 validation, 2 test, -1 left out; 10 + fold with folds.
        notes: what was decided for the user, a sentence each.
        report: what the gate found in the source.
        names: what each row of the source is called, if it is a picture in a file.
        range_test: the test that gave the learning rate; `None` if it was given otherwise.
        idle: why parts of the stopping rule that was asked for can never hold, a sentence each.
    """

    job: Job
    preparation: AnyPreparation
    parts: Int[np.ndarray, " rows"]
    notes: tuple[str, ...]
    report: Report
    names: tuple[str, ...] = ()
    range_test: RangeTest | None = None
    idle: tuple[str, ...] = ()


def build(settings: Settings, source: Any = None, hear: Hear = quiet) -> Built:
    """A job from settings.

    Args:
        settings: as given; `auto` is resolved here.
        source: data as a Python object; the settings' source is read if it is absent.
        hear: is told of the progress of what takes long.

    Raises:
        ConfigError: a setting that is unknown or does not fit the task.
        DataError: a source that cannot be read, or not be learned from.
    """
    given = settings = with_members(settings)
    _check_names(settings)
    if given.learning_rate == AUTO:
        settings = settings.model_copy(update={"learning_rate": USUAL})
    if is_segmentation(settings, source):
        from talweg.run.pictures.segmentation import build_segmentation

        built = build_segmentation(settings, source)
    elif is_denoising(settings, source):
        from talweg.run.pictures.build import build_denoising

        built = build_denoising(settings, source)
    else:
        built = _build_of_rows(settings, source, hear)
    return _with_tested_rate(built) if given.learning_rate == AUTO else built


def _build_of_rows(settings: Settings, source: Any, hear: Hear) -> Built:
    """A job on a table, or on labeled pictures."""
    given, prepared = settings, prepare(settings, source, hear)
    refuse_errors(prepared.report, settings.gate)
    parts = prepared.parts
    folds = None if parts.fold is None else Folds(parts.fold, int(settings.folds or 0))
    rows = len(parts.train) if folds is None else folds.most_trained_on()
    has_validation = folds is not None or len(parts.validation) > 0
    known = (prepared.target.task, rows, has_validation, picture_shape(prepared.preparation))
    usual = resolve(given.model_copy(update={"stop": AUTO}), *known).stop
    settings = _settled(resolve(settings, *known), prepared, rows)
    split = part_rows(prepared, hear)
    settings, ordered = order_of(settings, split[0])
    prepared, network = _informed(settings, prepared, split[0])
    job = _job(settings, prepared, network, split, folds)
    notes = (*prepared.notes, *_told_of_augmentation(given, settings), *ordered)
    marks, told = parts.marks(prepared.table.rows), idle_parts(job, usual)
    return Built(job, prepared.preparation, marks, notes, prepared.report, prepared.names, idle=told)


def _settled(settings: Settings, prepared: Prepared, rows: int) -> Settings:
    """The settings with what only the prepared rows decide: target, network, and how the members run.

    Raises:
        ConfigError: a network or an optimizer that does not fit the rows.
    """
    target, preparation = prepared.target, prepared.preparation
    settings = settings.model_copy(update={"target": target.name, "target_scale": scale_of(preparation.target)})
    if prepared.on_disk and settings.batch_size == FULL:
        raise ConfigError("full-batch gradient descent needs all rows in memory; take --batch-size, or --no-stream")
    settings = resolve_model(settings, prepared.shape)
    network = network_of(settings, prepared.shape, len(preparation.classes), preparation)
    require_fitting(settings.optimizer, network)
    return with_crowd(settings, network, rows)


def _informed(settings: Settings, prepared: Prepared, training: Rows) -> tuple[Prepared, Network]:
    """The network, with what it is to know of the training rows: where its bins lie, how rare each class is."""
    shape, preparation = prepared.shape, prepared.preparation
    network = network_of(settings, shape, len(preparation.classes), preparation)
    if isinstance(preparation, Preparation) and (bins := bins_of(network.model)):
        preparation = with_quantiles(preparation, np.asarray(training.x), bins)
        network = network_of(settings, shape, len(preparation.classes), preparation)
    if settings.class_weight == "balanced":
        network = dataclasses.replace(network, class_weight=_balanced(network, training))
    return dataclasses.replace(prepared, preparation=preparation), network


def _job(
    settings: Settings, prepared: Prepared, network: Network, split: tuple[Rows, Rows, Rows], folds: Folds | None
) -> Job:
    """The job of settings that are settled.

    Raises:
        ConfigError: a stopping rule that does not fit.
    """
    (training, validation, test), preparation = split, prepared.preparation
    scale, shift = own_unit(preparation.target)
    rows = len(training) if folds is None else folds.most_trained_on()
    job = Job(
        settings=settings,
        network=network,
        optimizer=optimizer_of(settings, rows),
        rule=rule_of(settings, prepared.target.task, folds is not None or len(validation) > 0),
        training=training,
        validation=validation if folds is None else training,
        test=test,
        classes=tuple(map(str, preparation.classes)),
        target_scale=np.array([scale]),
        target_shift=np.array([shift]),
        facts=_facts(prepared, settings.split),
        folds=folds,
    )
    if folds is not None and "gradient_norm" in job.rule.monitors:
        raise ConfigError("the full gradient is of all training rows, which no member of folds sees; take another rule")
    return dataclasses.replace(job, lower_bound=lower_bound(job)) if "near_bound" in settings.stop else job


def _told_of_augmentation(given: Settings, settings: Settings) -> tuple[str, ...]:
    """A sentence where pictures of a quantity are changed at random and nobody asked for it."""
    if settings.task != "regression" or given.augment != AUTO or settings.augment in (AUTO, "none"):
        return ()
    return (
        f"Training pictures are changed at random ({settings.augment}); where that changes the quantity, as of a place"
        " or a brightness, take --augment none.",
    )


def is_denoising(settings: Settings, source: Any = None) -> bool:
    """Whether noise is to be taken away: it was said, or the source is a folder of noisy and clean pictures."""
    if settings.task == AUTO:
        given = settings.source if source is None else source
        folder = Path(given) if isinstance(given, str | Path) else None
        return settings.noise is not None or (folder is not None and folder.is_dir() and find_pairs(folder) is not None)
    return settings.task == "denoising"


def is_segmentation(settings: Settings, source: Any = None) -> bool:
    """Whether masks are to be learned: it was said, or the source is a folder of pictures and masks."""
    if settings.task == AUTO:
        given = settings.source if source is None else source
        folder = Path(given) if isinstance(given, str | Path) else None
        return isinstance(given, Masked) or (folder is not None and folder.is_dir() and bool(find_masked(folder)))
    return settings.task == "segmentation"


def _with_tested_rate(built: Built) -> Built:
    """The job with the learning rate that the range test suggests, and a sentence that says so."""
    require_memory(built.job)
    found = range_test(built.job)
    rate, told = found.suggestion, f"Range test: {found.sentence}"
    if rate is None:
        rate, told = found.usual, f"{told}; the usual {found.usual:g} is taken"
    settings = built.job.settings.model_copy(update={"learning_rate": rate})
    optimizer = optimizer_of(settings, built.job.rows_a_member())
    job = dataclasses.replace(built.job, settings=settings, optimizer=optimizer)
    return dataclasses.replace(built, job=job, notes=(*built.notes, told), range_test=found)


def _check_names(settings: Settings) -> None:
    """Names are looked up before the data are read, so that a slip shows at once."""
    if settings.activation != AUTO:
        require_known("activation", settings.activation, ACTIVATIONS)
    if settings.noise is not None:
        parse_noise(settings.noise)
    check_model(settings)
    if settings.augment != AUTO:
        parse_augmentation(settings.augment)
    require_known("initializer", settings.initializer, INITIALIZERS)
    if settings.loss != AUTO:
        require_known("loss", settings.loss, LOSSES)
    check_optimizer(settings)
    grid = grid_of(settings)
    if settings.folds and grid.names and grid.starts % settings.folds:
        raise ConfigError(
            f"each of {len(grid.values)} values must hold out all {settings.folds} folds; "
            f"take {len(grid.values) * settings.folds} members, not {settings.members}"
        )
    if settings.sweep and not grid.names:
        raise ConfigError("sweep chooses among the values of a list; give one, such as learning_rate 0.001,0.01,0.1")


def _balanced(network: Network, training: Rows) -> tuple[float, ...]:
    """Weights with which every class counts alike in the loss, and a mean row counts 1."""
    if not network.classes:
        raise ConfigError("class_weight balanced is for classes; the target is a quantity")
    counts = training.class_counts(network.classes)
    return tuple((len(training) / (network.classes * counts)).tolist())


def _facts(prepared: Prepared, shares: str) -> dict[str, Any]:
    table, target, preparation = prepared.table, prepared.target, prepared.preparation
    facts = {
        "name": table.name,
        "rows": table.rows,
        "rows_without_target": target.missing,
        "target": target.name,
        "classes": [str(label) for label in preparation.classes],
        "columns": [{"name": kind.name, "kind": kind.kind, "reason": kind.reason} for kind in preparation.kinds],
        "features": len(preparation.feature_names),
        "split": str(Fractions.parse(shares)),
        "fingerprint": fingerprint(table),
    }
    return facts if prepared.pictures is None else {**facts, "pixels": fingerprint_of_pixels(prepared.pictures.pixels)}

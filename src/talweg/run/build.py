"""From settings and a source to a job: the data are read, split and prepared, the network and the optimizer made.

Every mistake that a person can mend is found here, before anything is compiled or written.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from talweg.config.grid import Grid, grid_of, member_value, with_members
from talweg.config.pictures import parse_augmentation, parse_noise
from talweg.config.rules import parse_rule
from talweg.config.schedules import parse_schedule, schedule_of
from talweg.config.settings import AUTO, USUAL, Settings
from talweg.data.clean import Preparation
from talweg.data.feed import FULL, rows_per_batch
from talweg.data.fingerprint import fingerprint
from talweg.data.gate.finding import Report
from talweg.data.images.find import find_pairs
from talweg.data.images.prepare import AnyPreparation, PicturePreparation
from talweg.data.large.blocks import Hear
from talweg.data.large.large import quiet
from talweg.data.split import Fractions
from talweg.data.table import Table
from talweg.data.task import Target
from talweg.descent.optimizer import make_optimizer
from talweg.descent.recipes import OPTIMIZERS
from talweg.descent.stopping import Diverged, Epochs, NonFinite, Rule
from talweg.errors import ConfigError, did_you_mean
from talweg.objective.layers import ACTIVATIONS, INITIALIZERS, Sequential, Shape, Standardize, look_up
from talweg.objective.losses import LOSSES, Loss
from talweg.objective.metrics import METRICS
from talweg.objective.models import has_statistics, layers_of, parameter_count, with_member_axis
from talweg.objective.network import Network
from talweg.run.architecture import bins_of, check_model, features_of, model_of, resolve_model, with_quantiles
from talweg.run.crowd import choose_crowd
from talweg.run.defaults import looks_ahead, resolve
from talweg.run.job import Folds, Job, Rows
from talweg.run.memory import require_memory
from talweg.run.own_unit import logarithm_of, own_unit, scale_of
from talweg.run.prepare import prepare, refuse_errors
from talweg.run.probes.find_lr import RangeTest, range_test
from talweg.run.probes.lower_bound import lower_bound
from talweg.run.segments import step_work
from talweg.run.streaming.part_rows import part_rows


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
    """

    job: Job
    preparation: AnyPreparation
    parts: Int[np.ndarray, " rows"]
    notes: tuple[str, ...]
    report: Report
    names: tuple[str, ...] = ()
    range_test: RangeTest | None = None


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
    if is_denoising(settings, source):
        from talweg.run.pictures.build import build_denoising

        built = build_denoising(settings, source)
    else:
        built = _build_of_rows(settings, source, hear)
    return _with_tested_rate(built) if given.learning_rate == AUTO else built


def _build_of_rows(settings: Settings, source: Any, hear: Hear) -> Built:
    """A job on a table, or on labelled pictures."""
    given = settings
    prepared = prepare(settings, source, hear)
    refuse_errors(prepared.report, settings.gate)
    table, target, parts, preparation = prepared.table, prepared.target, prepared.parts, prepared.preparation
    folds = None if parts.fold is None else Folds(parts.fold, int(settings.folds or 0))
    rows = len(parts.train) if folds is None else folds.most_trained_on()
    has_validation = folds is not None or len(parts.validation) > 0
    settings = resolve(settings, target.task, rows, has_validation, picture_shape(preparation))
    settings = settings.model_copy(update={"target": target.name, "target_scale": scale_of(preparation.target)})
    if prepared.on_disk and settings.batch_size == FULL:
        raise ConfigError("full-batch gradient descent needs all rows in memory; take --batch-size, or --no-stream")
    settings = resolve_model(settings, prepared.shape)
    network = network_of(settings, prepared.shape, len(preparation.classes), preparation)
    require_fitting(settings.optimizer, network)
    if settings.engine == AUTO:
        batch = rows_per_batch(settings.batch_size, rows)
        work = step_work(network, batch) * -(-rows // batch)
        settings = settings.model_copy(update={"engine": choose_crowd(network, settings.members, work)})
    training, validation, test = part_rows(prepared, hear)
    if isinstance(preparation, Preparation) and (bins := bins_of(network.model)):
        preparation = with_quantiles(preparation, np.asarray(training.x), bins)
        network = network_of(settings, prepared.shape, len(preparation.classes), preparation)
    if settings.class_weight == "balanced":
        network = dataclasses.replace(network, class_weight=_balanced(network, training))
    scale, shift = own_unit(preparation.target)
    job = Job(
        settings=settings,
        network=network,
        optimizer=optimizer_of(settings, rows),
        rule=rule_of(settings, target.task, has_validation),
        training=training,
        validation=validation if folds is None else training,
        test=test,
        classes=tuple(map(str, preparation.classes)),
        target_scale=np.array([scale]),
        target_shift=np.array([shift]),
        facts=_facts(table, target, preparation, settings.split),
        folds=folds,
    )
    if folds is not None and "gradient_norm" in job.rule.monitors:
        raise ConfigError("the full gradient is of all training rows, which no member of folds sees; take another rule")
    if "near_bound" in settings.stop:
        job = dataclasses.replace(job, lower_bound=lower_bound(job))
    idle = [] if given.stop == AUTO else job.rule.idle(int(settings.max_epochs), job.steps_per_epoch)
    notes = (*prepared.notes, *idle)
    return Built(job, preparation, parts.marks(table.rows), notes, prepared.report, prepared.names)


def is_denoising(settings: Settings, source: Any = None) -> bool:
    """Whether noise is to be taken away: it was said, or the source is a folder of noisy and clean pictures."""
    if settings.task == AUTO:
        given = settings.source if source is None else source
        folder = Path(given) if isinstance(given, str | Path) else None
        return settings.noise is not None or (folder is not None and folder.is_dir() and find_pairs(folder) is not None)
    return settings.task == "denoising"


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
        look_up("activation", settings.activation, ACTIVATIONS)
    if settings.noise is not None:
        parse_noise(settings.noise)
    check_model(settings)
    if settings.augment != AUTO:
        parse_augmentation(settings.augment)
    look_up("initializer", settings.initializer, INITIALIZERS)
    if settings.loss != "auto" and settings.loss not in LOSSES:
        raise ConfigError(
            f"{settings.loss!r} is no loss. Known: {', '.join(LOSSES)}.{did_you_mean(settings.loss, LOSSES)}"
        )
    schedule = "constant" if settings.schedule == AUTO else parse_schedule(settings.schedule)[0]
    length = settings.step_length
    grid = grid_of(settings)
    make_optimizer(
        settings.optimizer,
        settings.members,
        schedule=schedule,
        step_length=length,
        **_optimizer_settings(settings, grid),
    )
    if settings.folds and grid.names and grid.starts % settings.folds:
        raise ConfigError(
            f"each of {len(grid.values)} values must hold out all {settings.folds} folds; "
            f"take {len(grid.values) * settings.folds} members, not {settings.members}"
        )
    if settings.sweep and not grid.names:
        raise ConfigError("sweep chooses among the values of a list; give one, such as learning_rate 0.001,0.01,0.1")
    if settings.batch_size not in (AUTO, FULL) and looks_ahead(settings):
        what = settings.optimizer if length == "fixed" else f"the step length {length!r}"
        raise ConfigError(
            f"{what} compares losses from step to step, so that each step must see all rows: "
            f"take batch_size 'full' in place of {settings.batch_size}"
        )


def require_fitting(optimizer: str, network: Network) -> None:
    """Refuses an optimizer that cannot train a network.

    Raises:
        ConfigError: for more params than it is meant for, or batch statistics that its average would get wrong.
    """
    largest, count = OPTIMIZERS[optimizer].largest, parameter_count(network.model, network.input_shape)
    if largest is not None and count > largest:
        raise ConfigError(
            f"{optimizer!r} is for at most {largest} params, this network has {count}; "
            "take fewer units (--hidden), or lbfgs"
        )
    # The average is made of the steps, and no step leads to the statistics: they are measured.
    if OPTIMIZERS[optimizer].kept is not None and has_statistics(network.model, network.input_shape):
        raise ConfigError(
            f"{optimizer!r} keeps an average of its steps, to which measured batch statistics do not belong; "
            "take groupnorm or layernorm in place of batchnorm, or another optimizer such as adamw"
        )


def _loss(settings: Settings, classes: int) -> Loss:
    loss = LOSSES[settings.loss]
    if loss.task != settings.task:
        fitting = [name for name, other in LOSSES.items() if other.task == settings.task]
        raise ConfigError(f"the loss {loss.name!r} is for {loss.task}; for {settings.task} take {' or '.join(fitting)}")
    if loss.binary and classes != 2:
        raise ConfigError(
            f"the loss {loss.name!r} is for two classes, the target has {classes}; take softmax_cross_entropy"
        )
    return loss


def picture_shape(preparation: Preparation | PicturePreparation) -> Shape | None:
    """Height, width and channels, if the rows are pictures."""
    return preparation.shape if isinstance(preparation, PicturePreparation) else None


def network_of(
    settings: Settings, inputs: Shape, classes: int, preparation: Preparation | PicturePreparation | None = None
) -> Network:
    """The network that resolved settings describe.

    Args:
        settings: with nothing left to decide.
        inputs: the shape of one row of features.
        classes: how many classes; 0 for regression.
        preparation: of pictures, it knows how their pixels are standardised; of a table, what its features are.

    Raises:
        ConfigError: a loss that does not fit the task.
    """
    loss = _loss(settings, classes)
    outputs = loss.outputs(classes or 1)
    features = features_of(preparation) if isinstance(preparation, Preparation) else None
    model, augmentation = model_of(settings, inputs, (outputs,), features), None
    if isinstance(preparation, PicturePreparation):
        model = Sequential([Standardize(preparation.center, preparation.scale), *layers_of(model)])
        augmentation = parse_augmentation(settings.augment)
    return Network(
        with_member_axis(model, settings.members),
        loss,
        inputs,
        classes,
        augmentation,
        settings=_network_settings(settings),
        logarithm=None if preparation is None else logarithm_of(preparation.target),
    )


def _balanced(network: Network, training: Rows) -> tuple[float, ...]:
    """Weights with which every class counts alike in the loss, and a mean row counts 1."""
    if not network.classes:
        raise ConfigError("class_weight balanced is for classes; the target is a quantity")
    counts = training.class_counts(network.classes)
    return tuple((len(training) / (network.classes * counts)).tolist())


def _network_settings(settings: Settings) -> dict[str, Any]:
    """What changes training alone, a value for each member."""
    if settings.label_smoothing is not None and settings.task != "classification":
        raise ConfigError("label_smoothing is for classes; a regression has none to smooth. Leave it away")
    grid, names = grid_of(settings), ("label_smoothing", "input_noise", "initializer_scale")
    given = {name: member_value(grid, name, getattr(settings, name)) for name in names}
    return {
        name: np.broadcast_to(np.asarray(value, np.float32), (settings.members,))
        for name, value in given.items()
        if value is not None
    }


def _optimizer_settings(settings: Settings, grid: Grid) -> dict[str, Any]:
    names = ("learning_rate", "momentum", "weight_decay", "clip_norm", "ema")
    given = {name: member_value(grid, name, getattr(settings, name)) for name in names}
    return {name: value for name, value in given.items() if value is not None and not isinstance(value, str)}


def optimizer_of(settings: Settings, rows: int) -> Any:
    """The optimizer that resolved settings describe, for so many training rows."""
    steps = -(-rows // rows_per_batch(settings.batch_size, rows))
    schedule = schedule_of(settings.schedule, settings.members, steps, int(settings.max_epochs))
    return make_optimizer(
        settings.optimizer,
        settings.members,
        schedule=schedule,
        step_length=settings.step_length,
        **_optimizer_settings(settings, grid_of(settings)),
    )


def rule_of(settings: Settings, task: str, has_validation: bool) -> Rule:
    """The user's rule between the guards that always watch: non-finite and diverged before it, the end behind it."""
    curves = ["train_loss", "gradient_norm"]
    if has_validation:
        metrics = (metric for metric in METRICS.values() if metric.task == task and metric.from_sums is not None)
        curves += ["validation_loss", *(metric.name for metric in metrics)]
    return NonFinite() | Diverged() | parse_rule(settings.stop, curves) | Epochs(int(settings.max_epochs))


def _facts(table: Table, target: Target, preparation: Preparation | PicturePreparation, shares: str) -> dict[str, Any]:
    return {
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

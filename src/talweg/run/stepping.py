"""How resolved settings say that the members step, and when they stop: the optimizer and the rule."""

from typing import Any

from talweg.config.grid import Grid, grid_of, member_value
from talweg.config.rules import parse_rule
from talweg.config.schedules import parse_schedule, schedule_of
from talweg.config.settings import AUTO, Settings
from talweg.data.feed import FULL, steps_per_epoch
from talweg.descent.optimizer import Optimizer, make_optimizer
from talweg.descent.recipes import OPTIMIZERS
from talweg.descent.stopping import Diverged, Epochs, NonFinite, Rule, idle
from talweg.errors import ConfigError
from talweg.objective.metrics import METRICS
from talweg.objective.models import has_statistics, parameter_count
from talweg.objective.network import Network
from talweg.run.defaults import looks_ahead
from talweg.run.job import Job


def check_optimizer(settings: Settings) -> None:
    """Looks names up, and what does not go with them, before the data are read.

    Raises:
        ConfigError: an unknown optimizer or schedule, or settings that contradict each other.
    """
    schedule = "constant" if settings.schedule == AUTO else parse_schedule(settings.schedule)[0]
    length = settings.step_length
    make_optimizer(
        settings.optimizer,
        settings.members,
        schedule=schedule,
        step_length=length,
        **_optimizer_settings(settings, grid_of(settings)),
    )
    if settings.batch_size not in (AUTO, FULL) and looks_ahead(settings):
        what = settings.optimizer if length == "fixed" else f"the step length {length!r}"
        raise ConfigError(
            f"{what} compares losses from step to step, so that each step must see all rows: "
            f"take batch_size 'full' in place of {settings.batch_size}"
        )


def optimizer_of(settings: Settings, rows: int) -> Optimizer:
    """The optimizer that resolved settings describe, for so many training rows."""
    steps = steps_per_epoch(settings.batch_size, rows)
    schedule = schedule_of(settings.schedule, settings.members, steps, int(settings.max_epochs))
    return make_optimizer(
        settings.optimizer,
        settings.members,
        schedule=schedule,
        step_length=settings.step_length,
        **_optimizer_settings(settings, grid_of(settings)),
    )


def _optimizer_settings(settings: Settings, grid: Grid) -> dict[str, Any]:
    names = ("learning_rate", "momentum", "weight_decay", "clip_norm", "ema")
    given = {name: member_value(grid, name, getattr(settings, name)) for name in names}
    return {name: value for name, value in given.items() if value is not None and not isinstance(value, str)}


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


def rule_of(settings: Settings, task: str, has_validation: bool) -> Rule:
    """The user's rule between the guards that always watch: non-finite and diverged before it, the end behind it."""
    curves = ["train_loss", "gradient_norm"]
    if has_validation:
        metrics = (metric for metric in METRICS.values() if metric.task == task and metric.from_sums is not None)
        curves += ["validation_loss", *(metric.name for metric in metrics)]
    return NonFinite() | Diverged() | parse_rule(settings.stop, curves) | Epochs(int(settings.max_epochs))


def idle_parts(job: Job, usual: str) -> tuple[str, ...]:
    """Why parts of the stopping rule can never hold; of the rule that is taken where none is named, nothing is said."""
    if job.settings.stop == usual:
        return ()
    return tuple(idle(job.rule, int(job.settings.max_epochs), job.steps_per_epoch))

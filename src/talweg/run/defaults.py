"""What `auto` becomes once the data are known. How the numbers were found is in benchmarks/quality.md."""

import math
from typing import Any

from talweg.config.rules import epochs_named
from talweg.config.settings import AUTO, Settings, is_open
from talweg.data.feed import steps_per_epoch
from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.objective.layers import Shape
from talweg.objective.losses import default_loss
from talweg.run.pictures.defaults import picture_settings

STEPS = 1500
"""Steps of gradient descent that a small table is given."""
MANY_ROWS = {"classification": 2000, "regression": 1000}
"""From so many training rows on a deeper network with less decay learns what a wide and tame one cannot: on 5187 rows
of bikeshare its RMSE was 34, of the other 91 (benchmarks/tables.py; two seeds)."""


def resolve(settings: Settings, task: str, rows: int, has_validation: bool, picture: Shape | None = None) -> Settings:
    """The settings with every `auto` replaced by what is used.

    Args:
        settings: as given.
        task: ``"classification"`` or ``"regression"``.
        rows: how many training rows there are.
        has_validation: whether there are rows for the stopping rules to look at.
        picture: height, width and channels of a row, if the rows are pictures.
    """
    if settings.max_epochs == AUTO and settings.stop != AUTO and (named := epochs_named(settings.stop)):
        settings = settings.model_copy(update={"max_epochs": named})
    if picture is not None:
        settings = settings.model_copy(update=picture_settings(settings, picture, rows, has_validation))
    name = ALIASES.get(settings.optimizer, settings.optimizer)
    batch = _batch_size(rows, looks_ahead(settings)) if settings.batch_size == AUTO else settings.batch_size
    chosen: dict[str, Any] = {
        "task": task,
        "batch_size": batch,
        "schedule": "constant" if looks_ahead(settings) else "cosine" if OPTIMIZERS[name].kept is None else "warmup",
        "max_epochs": _max_epochs(steps_per_epoch(batch, rows)),
        "learning_rate": usual_learning_rate(name, task, rows, has_validation),
        "weight_decay": _weight_decay(name, _many(task, rows)),
        "activation": _activation(task, rows, has_validation and not looks_ahead(settings)),
        "hidden": (128, 128, 128) if _many(task, rows) else (256,),
        "loss": default_loss(task),
    }
    update = {field: value for field, value in chosen.items() if is_open(settings, field)}
    if settings.momentum is None and "momentum" in OPTIMIZERS[name].defaults:
        update["momentum"] = OPTIMIZERS[name].defaults["momentum"]
    settings = settings.model_copy(update={"optimizer": name, **update})
    if settings.stop == AUTO:
        settings = settings.model_copy(update={"stop": _stop(int(settings.max_epochs), has_validation)})
    return settings


def looks_ahead(settings: Settings) -> bool:
    """Whether a step asks for the loss elsewhere, so that it must see all rows to know what it is told."""
    name = ALIASES.get(settings.optimizer, settings.optimizer)
    return OPTIMIZERS[name].looks_ahead or settings.step_length != "fixed"


def _batch_size(rows: int, all_rows: bool) -> int | str:
    if all_rows:
        return "full"
    return 32 if rows < 10_000 else 128 if rows < 50_000 else 512


def _max_epochs(steps: int) -> int:
    """Of so many steps."""
    return min(300, max(40, math.ceil(STEPS / steps)))


def usual_learning_rate(optimizer: str, task: str, rows: int, has_validation: bool) -> float:
    """An optimizer's learning rate when nothing is tested: for AdamW found on small tables, else its own default."""
    if optimizer == "adamw":
        if _many(task, rows):
            return 2e-3
        if task == "regression":
            return 3e-3 if has_validation else 1e-3
        return 5e-3
    return OPTIMIZERS[optimizer].defaults["learning_rate"]


def _activation(task: str, rows: int, bold: bool) -> str:
    """Rectified units for a quantity of few rows.

    Smooth ones where steps rely on the loss being smooth, or no other rows tell when to stop: with nothing to stop it a
    bolder network learns noise by heart (diabetes, RMSE of 20 splits 75/0/25: 54.8 by smooth units, 58.4).
    """
    return "relu" if bold and task == "regression" and not _many(task, rows) else "silu"


def _many(task: str, rows: int) -> bool:
    return rows >= MANY_ROWS.get(task, rows + 1)


def _weight_decay(optimizer: str, many_rows: bool) -> float | str:
    """AdamW's decay acts on the weights alone, times the learning rate; strong where tables are small."""
    if optimizer == "adamw":
        return 0.1 if many_rows else 0.4
    return OPTIMIZERS[optimizer].defaults.get("weight_decay", AUTO)


def _stop(max_epochs: int, has_validation: bool) -> str:
    if not has_validation:
        return "flat(train_loss, 1e-4, patience=10)"
    return f"no_improvement(validation_loss, patience={max(1, max_epochs // 4)})"

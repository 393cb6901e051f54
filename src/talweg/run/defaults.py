"""What `auto` becomes once the data are known. The numbers come from `benchmarks/quality.py`."""

from typing import Any

from talweg.config.settings import AUTO, Settings
from talweg.descent.recipes import OPTIMIZERS
from talweg.objective.losses import default_loss


def resolve(settings: Settings, task: str, rows: int, features: int, has_validation: bool) -> Settings:
    """The settings with every `auto` replaced by what is used.

    Args:
        settings: as given.
        task: ``"classification"`` or ``"regression"``.
        rows: how many training rows there are.
        features: how many features each has.
        has_validation: whether there are rows for the stopping rules to look at.
    """
    batch = _batch_size(rows) if settings.batch_size == AUTO else settings.batch_size
    epochs = _max_epochs(rows, rows if batch == "full" else int(batch))
    recipe = OPTIMIZERS[settings.optimizer].defaults if settings.optimizer in OPTIMIZERS else {}
    chosen: dict[str, Any] = {
        "task": task,
        "batch_size": batch,
        "max_epochs": epochs,
        "learning_rate": recipe.get("learning_rate", 1e-3),
        "weight_decay": recipe.get("weight_decay"),
        "hidden": _hidden(rows, features),
        "initializer": AUTO,
        "loss": default_loss(task),
    }
    update = {name: value for name, value in chosen.items() if getattr(settings, name) == AUTO}
    settings = settings.model_copy(update=update)
    if settings.stop == AUTO:
        settings = settings.model_copy(update={"stop": _stop(settings, has_validation)})
    return settings


def _batch_size(rows: int) -> int:
    return 32 if rows < 10_000 else 128 if rows < 50_000 else 512


def _max_epochs(rows: int, batch: int) -> int:
    return 300


def _hidden(rows: int, features: int) -> tuple[int, ...]:
    return (64, 64)


def _stop(settings: Settings, has_validation: bool) -> str:
    if not has_validation:
        return "flat(train_loss, 1e-4, patience=10)"
    return f"no_improvement(validation_loss, patience={min(40, int(settings.max_epochs))})"

"""What `auto` becomes for pictures: the network, how they are changed at random, how long is trained."""

import math
from collections.abc import Mapping
from typing import Any

from talweg.config.settings import AUTO, Settings, is_open
from talweg.data.feed import steps_per_epoch
from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.objective.layers import Shape
from talweg.run.architecture import resolve_model

STEPS = 3000
"""Steps of gradient descent that a small set of pictures is given."""
DENOISING_STEPS = 8000
"""Steps that a denoising is given: some twenty minutes on two cores."""
SEGMENTATION_STEPS = 1000
"""Steps that a network is given to learn masks."""
OPTIMIZER = "muon"
"""What a denoising goes by where none is named: in equal time it got further than AdamW with half as many steps."""
_NATURAL = 3  # channels: what is in color is a photograph, which may be mirrored; a letter or an X-ray may not


def picture_settings(settings: Settings, shape: Shape, rows: int, has_validation: bool) -> dict[str, Any]:
    """The settings that pictures need otherwise than tables, where they are still to be decided.

    Args:
        settings: as given.
        shape: height, width and channels of a picture.
        rows: how many training pictures there are.
        has_validation: whether there are others for the stopping rules to look at.
    """
    batch = 64 if settings.batch_size == AUTO else settings.batch_size
    steps = steps_per_epoch(batch, rows)
    chosen: dict[str, Any] = {
        "batch_size": batch,
        "max_epochs": min(100, max(8, math.ceil(STEPS / steps))),
        "augment": augmentation(shape),
        "activation": "silu",
    }
    if settings.optimizer == "adamw":
        chosen |= {"learning_rate": 2e-3, "weight_decay": 0.05}
    update = {name: value for name, value in chosen.items() if is_open(settings, name)}
    if settings.layers is None and settings.hidden == AUTO and settings.model == AUTO:
        update["model"] = "cnn"
    if settings.stop == AUTO and has_validation:
        # Pictures that change in every epoch are learned slowly, and best where the schedule ends.
        epochs = int(update.get("max_epochs", settings.max_epochs))
        update["stop"] = f"no_improvement(validation_loss, patience={max(1, epochs // 2)})"
    if "members" not in settings.model_fields_set:
        update["members"] = 3
    return update


def augmentation(shape: Shape) -> str:
    """How pictures of a shape are changed at random: photographs are mirrored too, gray pictures turned a little."""
    shift = max(1, round(min(shape[:2]) / 14))
    return f"flip, shift {shift}, brightness 0.2" if shape[-1] == _NATURAL else f"shift {shift}, rotation 10"


def segmentation_settings(settings: Settings, patch: int, channels: int, tiles: int, has_validation: bool) -> Settings:
    """The settings with every `auto` replaced by what is used to learn masks.

    Args:
        settings: as given.
        patch: the side of a patch.
        channels: of a picture.
        tiles: how many training tiles there are.
        has_validation: whether there are others for the stopping rules to look at.
    """
    batch = max(2, min(16, 65_536 // patch**2)) if settings.batch_size == AUTO else settings.batch_size
    name = ALIASES.get(settings.optimizer, settings.optimizer)
    usual = {
        "task": "segmentation",
        "max_epochs": max(2, math.ceil(SEGMENTATION_STEPS / steps_per_epoch(batch, tiles))),
        "weight_decay": 0.01 if name == "adamw" else OPTIMIZERS[name].defaults.get("weight_decay", AUTO),
        "loss": "softmax_cross_entropy",
        # What is in color is a photograph, which has an up; what is gray more often lies under a microscope.
        "augment": f"{'flip' if channels == _NATURAL else 'turn'}, brightness 0.2",
        "model": "unet-small",
        "members": 3,
    }
    return _on_patches(settings, usual, name, batch, (patch, patch, channels), has_validation)


def denoising_settings(settings: Settings, patch: int, channels: int, tiles: int, has_validation: bool) -> Settings:
    """The settings with every `auto` replaced by what a denoising uses.

    Args:
        settings: as given.
        patch: the side of a patch.
        channels: of a photograph.
        tiles: how many training tiles there are.
        has_validation: whether there are others for the stopping rules to look at.
    """
    # Few patches and many steps: four at a time go as far in a third of the time of sixteen (benchmarks/denoising.py).
    batch = max(2, min(16, 16_384 // patch**2)) if settings.batch_size == AUTO else settings.batch_size
    named = settings.optimizer if "optimizer" in settings.model_fields_set else OPTIMIZER
    name = ALIASES.get(named, named)
    usual = {
        "task": "denoising",
        "max_epochs": max(2, math.ceil(DENOISING_STEPS / steps_per_epoch(batch, tiles))),
        "weight_decay": 1e-4 if name in ("adamw", "muon") else OPTIMIZERS[name].defaults.get("weight_decay", AUTO),
        "loss": "mean_squared_error",
        "augment": "none",
        "model": "denoiser",
        "members": 1,
    }
    return _on_patches(settings, usual, name, batch, (patch, patch, channels), has_validation)


def _on_patches(
    settings: Settings, usual: Mapping[str, Any], name: str, batch: int | str, shape: Shape, has_validation: bool
) -> Settings:
    """The settings of a training on patches of a shape, with every `auto` replaced.

    Args:
        settings: as given.
        usual: what its task takes.
        name: of the optimizer.
        batch: patches of a step.
        shape: height, width and channels of a patch.
        has_validation: whether there are others for the stopping rules to look at.
    """
    recipe = OPTIMIZERS[name]
    chosen: dict[str, Any] = {
        **usual,
        "batch_size": batch,
        "schedule": "cosine" if recipe.kept is None else "warmup",
        "learning_rate": 2e-3 if name == "adamw" else recipe.defaults["learning_rate"],
        "activation": "silu",
    }
    left_open = [field for field in chosen if field not in ("model", "members") and is_open(settings, field)]
    update = {field: chosen[field] for field in left_open}
    update |= {"optimizer": name, "patch_size": shape[0], "task": usual["task"]}
    if settings.momentum is None and "momentum" in recipe.defaults:
        update["momentum"] = recipe.defaults["momentum"]
    if settings.layers is None and settings.model == AUTO:
        update["model"] = usual["model"]
    if "members" not in settings.model_fields_set:
        update["members"] = usual["members"]
    settings = resolve_model(settings.model_copy(update=update), shape)
    if settings.stop == AUTO:
        # It ends with its schedule, and can be resumed with more epochs.
        curve = "validation_loss" if has_validation else "train_loss"
        settings = settings.model_copy(update={"stop": f"no_improvement({curve}, patience={settings.max_epochs})"})
    return settings

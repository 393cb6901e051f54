"""What `auto` becomes for pictures: the network, how they are changed at random, how long is trained."""

import math
from typing import Any

from talweg.config.settings import AUTO, Settings
from talweg.objective.layers import Shape

STEPS = 2000
"""Steps of gradient descent that a small set of pictures is given."""
_NATURAL = 3  # channels: what is in colour is a photograph, which may be mirrored; a letter or an X-ray may not


def picture_settings(settings: Settings, shape: Shape, rows: int) -> dict[str, Any]:
    """The settings that pictures need otherwise than tables, where they are still to be decided.

    Args:
        settings: as given.
        shape: height, width and channels of a picture.
        rows: how many training pictures there are.
    """
    batch = 64 if settings.batch_size == AUTO else settings.batch_size
    steps = -(-rows // (rows if batch == "full" else min(int(batch), rows)))
    chosen: dict[str, Any] = {
        "batch_size": batch,
        "max_epochs": min(100, max(8, math.ceil(STEPS / steps))),
        "augment": augmentation(shape),
    }
    if settings.optimizer == "adamw":
        chosen |= {"learning_rate": 2e-3, "weight_decay": 0.05}
    update = {name: value for name, value in chosen.items() if getattr(settings, name) == AUTO}
    if settings.layers is None and settings.hidden == AUTO and settings.model == AUTO:
        update["model"] = "cnn"
    if "members" not in settings.model_fields_set:
        update["members"] = 3
    return update


def augmentation(shape: Shape) -> str:
    """How pictures of a shape are changed at random: photographs are mirrored too, gray pictures turned a little."""
    shift = max(1, round(min(shape[:2]) / 14))
    return f"flip, shift {shift}, brightness 0.2" if shape[-1] == _NATURAL else f"shift {shift}, rotation 10"

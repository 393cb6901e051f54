"""A source as Python users hand it over, as settings that name it and data that can be read."""

from pathlib import Path
from typing import Any

import numpy as np

from talweg.config.settings import Settings, make_settings
from talweg.data.images.masks import of_arrays as masked_of
from talweg.data.images.pictures import Pictures
from talweg.data.table import Table
from talweg.run.prepare import of_arrays


def named_settings(source: Any, target: Any, given: dict[str, Any]) -> tuple[Settings, Any]:
    """Checked settings, and the source with its target in it.

    Args:
        source: a path, the name of a built-in data set, a data frame, or an array of features.
        target: the column to predict; for an array of features, the array of targets; for
            pictures, their masks.
        given: any other settings.

    Raises:
        ConfigError: a setting that is unknown or out of range.
    """
    target = str(target) if isinstance(target, Path) else target
    if target is not None and not isinstance(target, str):
        source, target = with_target(source, target), None
    if isinstance(source, str | Path):
        name = str(source)
    else:
        name = source.name if isinstance(source, Table | Pictures) else "data"
    return make_settings({"source": name, "target": target, **given}), source


def with_target(source: Any, target: Any) -> Any:
    """A source that came as features and targets, or as pictures and masks, in one; any other as it is.

    Example:
        >>> with_target(np.zeros((3, 2)), np.arange(3)).rows
        3
    """
    if target is None:
        return source
    if np.ndim(next(iter(target), 0)) == 2:
        return masked_of(source, target)
    return of_arrays(np.asarray(source), np.asarray(target))

"""A source as Python users hand it over, as settings that name it and data that can be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talweg.config.settings import Settings, make_settings
from talweg.data.images.masks import is_masks, of_arrays as masked_of
from talweg.data.images.pictures import Pictures
from talweg.data.reading.read import is_frame, read_table, with_targets
from talweg.data.table import Table
from talweg.run.prepare import of_arrays


def named_settings(source: Any, target: Any, given: Mapping[str, object]) -> tuple[Settings, Any]:
    """Checked settings, and the source with its target in it.

    Args:
        source: a path, the name of a built-in data set, a data frame, or an array of features.
        target: the column to predict; for features alone, the targets; for pictures, their masks.
        given: any other settings.

    Raises:
        ConfigError: a setting that is unknown or out of range.
        DataError: features and targets that do not belong together.
    """
    if isinstance(target, int | Path):
        # Columns that are numbered are called by their number.
        target = str(target)
    if target is not None and not isinstance(target, str):
        source, target = with_target(source, target), None
    if source is None or isinstance(source, str | Path):
        name = str(source or "")
    else:
        name = source.name if isinstance(source, Table | Pictures) else "data"
    return make_settings({"source": name, "target": target, **given}), source


def with_target(source: Any, target: Any) -> Any:
    """A source that came as features and targets apart, or as pictures and masks, in one; any other as it is.

    A data frame keeps its columns; the targets get one more, of their own name or called ``y``.

    Raises:
        DataError: the two differ in length, or the targets are not one column.

    Example:
        >>> with_target([[0.5, 1.0], [1.5, 2.0]], [0, 1]).rows
        2
        >>> list(with_target({"size": [1.5, 2.5]}, ["a", "b"]).columns)
        ['size', 'y']
    """
    if target is None:
        return source
    if is_masks(target):
        return masked_of(source, target)
    return with_targets(read_table(source), target) if is_frame(source) else of_arrays(source, target)

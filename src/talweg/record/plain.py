"""Plain data: what JSON can carry. How it becomes a file's content is in `files`."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain_data(value: Any) -> Any:
    """The same as JSON knows it: lists for arrays and tuples, `None` for numbers that are not finite.

    Example:
        >>> plain_data({"loss": np.array([0.5, np.nan]), "epochs": (1, 2)})
        {'loss': [0.5, None], 'epochs': [1, 2]}
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

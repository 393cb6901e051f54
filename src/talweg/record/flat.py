"""Params as one level of names and arrays, the form in which they lie in a file, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, np.ndarray]:
    """Nested params as one level of names, ``dense_1/weights``."""
    flat: dict[str, np.ndarray] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}/")
        else:
            flat[prefix + name] = np.ascontiguousarray(value)
    return flat


def unflatten(flat: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The inverse of `flatten`."""
    params: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split("/")
        place = params
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return params

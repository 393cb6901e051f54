"""How a person writes noise, augmentation and the size of pictures. What they do is in `objective`.

25                    Gaussian noise of that standard deviation, in pixels of 0 to 255
5..50                 of a level drawn for each picture
poisson 30            as where a white pixel collects 30 photons
salt-and-pepper 0.1   a tenth of the pixels black or white
self                  the pictures are noisy themselves, and there are no clean ones

flip, turn, shift 4, rotation 10, brightness 0.2, cutout 8, mixup 0.2
"""

import math
import re
from typing import Any

from talweg.errors import ConfigError, did_you_mean, require_known
from talweg.objective.augment import Augmentation
from talweg.objective.noise import KINDS, Noise

SELF = "self"
"""The word for pictures that are noisy themselves."""

_LARGEST = {"gaussian": 255.0, "poisson": 1e6, "salt-and-pepper": 1.0}
_ALIASES = {"gauss": "gaussian", "shot": "poisson", "salt": "salt-and-pepper", "pepper": "salt-and-pepper"}
_NUMBER = r"\d+(?:\.\d+)?(?:[eE]\d+)?"


def parse_noise(text: str) -> Noise | None:
    """The noise that a person wrote; `None` for pictures that are noisy themselves.

    Raises:
        ConfigError: a kind that is unknown, or a level out of range.

    Example:
        >>> parse_noise("5..50")
        Noise(kind='gaussian', low=5.0, high=50.0)
    """
    if text.strip().lower() == SELF:
        return None
    match = re.fullmatch(rf"\s*([a-zA-Z-]*)\s*({_NUMBER})(?:\s*\.\.\s*({_NUMBER}))?\s*", text)
    if not match:
        raise ConfigError(
            f"noise must be a level such as 25, a range such as 5..50, a kind and a level such as 'poisson 30', or"
            f" 'self' for pictures that are noisy themselves, got {text!r}"
        )
    word = _ALIASES.get(match[1].lower(), match[1].lower() or "gaussian")
    kind = next((kind for kind in KINDS if kind == word), None)
    if kind is None:
        raise ConfigError(f"{match[1]!r} is no kind of noise. Known: {', '.join(KINDS)}.{did_you_mean(word, KINDS)}")
    low, high = float(match[2]), float(match[3] or match[2])
    if not 0 < high <= _LARGEST[kind] or low > high or (kind == "poisson" and low == 0):
        raise ConfigError(
            f"{kind} noise has levels above 0 and up to {_LARGEST[kind]:g} ({KINDS[kind]}), the lower first,"
            f" got {text!r}"
        )
    return Noise(kind, low, high)


_AUGMENTATIONS: dict[str, tuple[type, float, float]] = {
    "flip": (bool, 0, 0),
    "turn": (bool, 0, 0),
    "shift": (int, 1, 4096),
    "rotation": (float, 0, 180),
    "brightness": (float, 0, 1),
    "cutout": (int, 1, 4096),
    "mixup": (float, 0, 10),
}
"""The words of an augmentation: what kind of number follows, and between what it lies."""


def parse_augmentation(text: str) -> Augmentation | None:
    """The augmentation that a person wrote; `None` for ``none``.

    Raises:
        ConfigError: a word that is unknown, or its number missing or out of range.

    Example:
        >>> parse_augmentation("flip, shift 4").shift
        4
    """
    given: dict[str, Any] = {}
    if text.strip().lower() == "none":
        return None
    for part in text.split(","):
        name, _, number = part.strip().partition(" ")
        require_known("augmentation", name, _AUGMENTATIONS, besides="'none'")
        given[name] = _amount(name, number.strip())
    return Augmentation(**given)


def _amount(name: str, number: str) -> bool | int | float:
    kind, low, high = _AUGMENTATIONS[name]
    if kind is bool:
        if number:
            raise ConfigError(f"{name} takes no number, got {number!r}")
        return True
    try:
        value = kind(number)
    except ValueError:
        value = math.nan
    if not (low <= value <= high and value > 0):
        raise ConfigError(
            f"{name} takes a{' whole' * (kind is int)} number above 0 and up to {high:g}, such as"
            f" '{name} {'4' if kind is int else '10' if high > 10 else '0.2'}', got {number or 'none'!r}"
        )
    return value


def parse_size(text: str) -> tuple[int, int]:
    """A height and a width from ``64`` or ``48x64``.

    Raises:
        ConfigError: something else, or a side beyond 4096.

    Example:
        >>> parse_size("48x64")
        (48, 64)
    """
    match = re.fullmatch(r"\s*(\d{1,4})(?:\s*[x×]\s*(\d{1,4}))?\s*", text)
    size = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= min(size) <= max(size) <= 4096:
        raise ConfigError(f"image_size must be a side such as 64 or a height and width such as 48x64, got {text!r}")
    return size

"""Where hikers start, and the window that is looked at. A pure function of what was typed and the seed."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.errors import ConfigError
from talweg.objective.typed.expression import Expression

Window = tuple[tuple[float, float], ...]

USUAL = (-4.0, 4.0)
"""The range of a variable of which nothing is known."""

_POINT = re.compile(r"\(([^()]*)\)")


def window_of(given: tuple[float, ...] | None, value: Callable[[Any], Any], variables: int) -> Window:
    """The range of each variable: as given, the test function's own, or the usual one.

    Raises:
        ConfigError: if there are not two increasing numbers a variable.
    """
    if given is None:
        known = value.known if isinstance(value, Expression) else None
        return known.window if known is not None else (USUAL,) * variables
    if len(given) == 2:
        given = given * variables
    if len(given) != 2 * variables:
        raise ConfigError(
            f"the window takes two numbers a variable, low and high: {2 * variables} for {variables} variables, "
            f"got {len(given)}"
        )
    window = tuple((float(low), float(high)) for low, high in zip(given[::2], given[1::2], strict=True))
    for low, high in window:
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ConfigError(f"the window's ends must be finite and increasing, got {low:g}, {high:g}")
    return window


def draw_starts(start: str, hikers: int, window: Window, seed: int) -> Float[np.ndarray, "hikers n"]:
    """The hikers' starts.

    Args:
        start: ``"grid"``: on a lattice; ``"random"``: uniform; ``"sobol"``: evenly spread (Sobol 1967, scrambled
            by Owen 1998); or points such as ``"(1, 2) (-3, 0)"``.
        hikers: how many; a grid may have a few more or less, points are as many as are given.
        window: where.
        seed: for the random ones.

    Raises:
        ConfigError: a text that is none of these.

    Example:
        >>> draw_starts("(1, 2) (-3, 0)", 24, ((-4.0, 4.0), (-4.0, 4.0)), 0).tolist()
        [[1.0, 2.0], [-3.0, 0.0]]
    """
    low, high = np.array(window, np.float64).T
    if start == "grid":
        return low + _lattice(hikers, len(window)) * (high - low)
    if start == "random":
        generator = np.random.Generator(np.random.Philox(key=[seed, 0x73746172]))
        return low + generator.random((hikers, len(window))) * (high - low)
    if start == "sobol":
        from scipy.stats import qmc

        power = max(hikers - 1, 0).bit_length()
        return low + qmc.Sobol(len(window), rng=seed).random_base2(power)[:hikers] * (high - low)
    return _points(start, len(window))


def _lattice(hikers: int, variables: int) -> Float[np.ndarray, "hikers n"]:
    """The middles of equal cells of the unit cube, about as many as asked for."""
    side = max(1, round(hikers ** (1 / variables)))
    middles = (np.arange(side) + 0.5) / side
    return np.stack(np.meshgrid(*[middles] * variables, indexing="ij"), -1).reshape(-1, variables)


def _points(text: str, variables: int) -> Float[np.ndarray, "hikers n"]:
    rest = _POINT.sub("", text).strip(" ,;")
    found = _POINT.findall(text)
    if rest or not found:
        raise ConfigError(f"start must be 'grid', 'random', 'sobol', or points such as '(1, 2) (-3, 0)', got {text!r}")
    points = []
    for inner in found:
        try:
            point = [float(word) for word in inner.split(",")]
        except ValueError:
            raise ConfigError(f"the start ({inner}) is no point: expected numbers, such as (1, 2)") from None
        if len(point) != variables or not all(map(math.isfinite, point)):
            raise ConfigError(f"the start ({inner}) must have {variables} finite coordinates, one a variable")
        points.append(point)
    return np.array(points, np.float64)

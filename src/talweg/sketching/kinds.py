"""The kind of a stationary point: by the Hessian's eigenvalues, and where they do not tell, by looking around it.

Automatic differentiation gives slopes and Hessians at corners, cusps and jumps too; whether they mean anything there is
seen by looking around as well.
"""

import numpy as np
from jaxtyping import Bool, Float

from talweg.sketching.sampling import Function, heights

SINGULAR = 1e-7
"""An eigenvalue of the Hessian below this share of the largest counts as zero."""


_CLOSER = (1e-4, 1e-6, 1e-8)
"""Distances as shares of the window at which one looks around, each time closer."""
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


def second_derivative_test(eigenvalues: Float[np.ndarray, " n"]) -> str:
    """The kind of a stationary point by the signs of its Hessian's eigenvalues.

    >>> second_derivative_test(np.array([-2.0, 3.0]))
    'saddle'
    """
    scale = np.abs(eigenvalues).max()
    signs = np.sign(np.where(np.abs(eigenvalues) <= SINGULAR * max(scale, SINGULAR), 0.0, eigenvalues))
    if (signs > 0).any() and (signs < 0).any():
        return "saddle"
    if (signs == 0).any():
        return "undecided"
    return "minimum" if signs[0] > 0 else "maximum"


def settled(
    function: Function,
    point: Float[np.ndarray, " n"],
    eigenvalues: Float[np.ndarray, " n"],
    size: np.ndarray,
    smooth: bool = True,
) -> str:
    """The kind of a point; where the test does not tell, a saddle if lower and higher points lie close by.

    Of a function that need not be smooth the test is believed only where what lies close by agrees.

    Example:
        >>> bent = lambda p: p[0] * abs(p[0])
        >>> settled(bent, np.zeros(1), np.array([2.0]), np.array([20.0]), smooth=False)
        'saddle'
    """
    kind = second_derivative_test(eigenvalues)
    if smooth and kind != "undecided":
        return kind
    lower, higher = _nearby(function, point, float(size.min()))
    if lower and higher:
        return "saddle"
    agrees = (kind == "minimum" and not lower) or (kind == "maximum" and not higher)
    return kind if agrees else "undecided"


def is_saddle_nearby(function: Function, point: Float[np.ndarray, " n"], size: float) -> bool:
    """Whether the function lies clearly lower and clearly higher than at a point on each of three small spheres."""
    return _nearby(function, point, size) == (True, True)


def _nearby(function: Function, point: Float[np.ndarray, " n"], size: float) -> tuple[bool, bool]:
    """Whether the function lies clearly lower, and whether clearly higher, on each of three small spheres."""
    directions = around(len(point))
    lower = higher = True
    for radius in (1e-2, 3e-3, 1e-3):
        values = heights(function, np.vstack([point[None], point + radius * size * directions]))
        rise = values[1:] - values[0]
        noise = 1e-13 * (1 + np.abs(values[0]))
        lower &= bool((rise < -noise).any())
        higher &= bool((rise > noise).any())
    return lower, higher


def around(n: int, few: bool = False) -> Float[np.ndarray, "directions n"]:
    """Directions all around in n dimensions, each of length 1; in two, axes and diagonals are among them."""
    if n == 1:
        return np.array([[1.0], [-1.0]])
    if n == 2:
        angles = np.linspace(0, 2 * np.pi, 8 if few else 48, endpoint=False)
        return np.stack([np.cos(angles), np.sin(angles)], -1)
    directions = np.random.default_rng(0).normal(size=(16 if few else 256, n))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def is_level(
    function: Function, points: Float[np.ndarray, "points n"], size: Float[np.ndarray, " n"]
) -> Bool[np.ndarray, " points"]:
    """Where the slope to places nearby dies away as these come closer: not at corners, cusps, jumps and holes.

    Args:
        function: from an array of shape (n,) to a scalar.
        points: at which automatic differentiation says that the slope is 0.
        size: the window's extent along each variable.

    Example:
        >>> import jax.numpy as jnp
        >>> is_level(lambda p: jnp.maximum(p[0], p[0] ** 2), np.zeros((1, 1)), np.array([20.0])).tolist()
        [False]
    """
    if not len(points):
        return np.zeros(0, bool)
    steps = around(len(size), few=True) * size
    here = heights(function, points)
    steepness = []
    for share in _CLOSER:
        there = heights(function, (points[:, None] + share * steps).reshape(-1, len(size))).reshape(len(points), -1)
        change = np.abs(there - here[:, None])
        steepness.append(np.where(np.isfinite(change), change, 0.0).max(1) / share)
    closest = steepness[-1]
    dies_away = closest <= 0.5 * np.maximum(*steepness[:-1])
    # A hole in the domain (sin(x)/x at 0) is seen at the point as it is written, not a rounding error beside it.
    rounded = np.array([float(f"{coordinate:.6g}") for coordinate in points.ravel()]).reshape(points.shape)
    defined = np.isfinite(heights(function, np.where(np.abs(points) < 1e-7 * size, 0.0, rounded)))
    return defined & (dies_away | (closest <= _ROUNDING * np.abs(here) / _CLOSER[-1]))

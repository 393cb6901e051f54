"""The kind of a stationary point: by the Hessian's eigenvalues, and where they do not tell, by looking around it."""

import numpy as np
from jaxtyping import Float

from talweg.sketching.sampling import Function, heights

SINGULAR = 1e-7
"""An eigenvalue of the Hessian below this share of the largest counts as zero."""


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
    function: Function, point: Float[np.ndarray, " n"], eigenvalues: Float[np.ndarray, " n"], size: np.ndarray
) -> str:
    """The kind of a point; where the test does not tell, a saddle if lower and higher points lie close by."""
    kind = second_derivative_test(eigenvalues)
    if kind != "undecided":
        return kind
    return "saddle" if is_saddle_nearby(function, point, float(size.min())) else "undecided"


def is_saddle_nearby(function: Function, point: Float[np.ndarray, " n"], size: float) -> bool:
    """Whether the function lies clearly lower and clearly higher than at a point on each of three small spheres."""
    n = len(point)
    if n == 1:
        directions = np.array([[1.0], [-1.0]])
    elif n == 2:
        angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        directions = np.stack([np.cos(angles), np.sin(angles)], -1)
    else:
        directions = np.random.default_rng(0).normal(size=(256, n))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for radius in (1e-2, 3e-3, 1e-3):
        around = np.vstack([point[None], point + radius * size * directions])
        values = heights(function, around)
        rise = values[1:] - values[0]
        noise = 1e-13 * (1 + np.abs(values[0]))
        if not ((rise > noise).any() and (rise < -noise).any()):
            return False
    return True

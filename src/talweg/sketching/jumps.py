"""Places where a function of one variable jumps, so that a picture draws no wall there. Corners are in `corners`."""

import numpy as np
from jaxtyping import Float

from talweg.sketching.sampling import Function, heights

_LEAST = 1e-3
"""Of the whole range, the least step between two samples that is looked into: smaller ones would not be seen."""
_HALVINGS = 60


def find_jumps(
    function: Function, x: Float[np.ndarray, " samples"], f: Float[np.ndarray, " samples"]
) -> Float[np.ndarray, " jumps"]:
    """Where the function jumps, or has a pole or a hole, between two samples; a bend that is only steep is no jump.

    The gap between the samples is halved again and again, keeping the half in which the function changes more: at a
    jump the change stays, however close the ends.

    Args:
        function: from an array of shape (1,) to a scalar.
        x: where it was sampled, increasing.
        f: its values; not finite where it is not defined.

    Example:
        >>> import jax.numpy as jnp
        >>> x = np.linspace(-1.5, 1.5, 100)
        >>> find_jumps(lambda p: jnp.floor(p[0]), x, np.floor(x)).round(12).tolist()
        [-1.0, 0.0, 1.0]
        >>> find_jumps(lambda p: jnp.tanh(1e6 * p[0]), x, np.tanh(1e6 * x)).tolist()
        []
    """
    f = np.where(np.isfinite(f), f, np.nan)
    finite, step = f[np.isfinite(f)], np.abs(np.diff(f))
    places = np.flatnonzero(np.isfinite(step) & (step > _LEAST * np.ptp(finite))) if finite.size else np.arange(0)
    low, high = x[places], x[places + 1]
    left, right = f[places], f[places + 1]
    whole, holes = step[places], np.zeros(len(places), bool)
    for _ in range(_HALVINGS if len(places) else 0):
        middle = (low + high) / 2
        value = heights(function, middle[:, None])
        holes |= ~np.isfinite(value)
        value = np.where(np.isfinite(value), value, left)
        first = np.abs(value - left) > np.abs(right - value)
        low, high = np.where(first, low, middle), np.where(first, middle, high)
        left, right = np.where(first, left, value), np.where(first, value, right)
    return high[holes | (np.abs(right - left) > whole / 2)]

"""Places where a function of one variable jumps, so that a picture draws no wall there. Corners are in `corners`."""

import numpy as np
from jaxtyping import Float

from talweg.sketching.sampling import Function, heights

_APART = 1.5
"""A step between two samples that is so many times its neighbors' is looked into."""
_LEAST = 1e-3
"""Of the whole range, the least step that would be seen."""
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
    places = _suspects(f)
    low, high = x[places], x[places + 1]
    left, right = f[places], f[places + 1]
    whole, holes = np.abs(right - left), np.zeros(len(places), bool)
    for _ in range(_HALVINGS if len(places) else 0):
        middle = (low + high) / 2
        value = heights(function, middle[:, None])
        holes |= ~np.isfinite(value)
        value = np.where(np.isfinite(value), value, left)
        first = np.abs(value - left) > np.abs(right - value)
        low, high = np.where(first, low, middle), np.where(first, middle, high)
        left, right = np.where(first, left, value), np.where(first, value, right)
    return high[holes | (np.abs(right - left) > whole / 2)]


def _suspects(f: Float[np.ndarray, " samples"]) -> np.ndarray:
    """The numbers of the samples behind which the function changes much more than around them."""
    change = np.abs(np.diff(f))
    known = np.where(np.isfinite(change), change, 0.0)
    around = np.maximum(np.append(0.0, known[:-1]), np.append(known[1:], 0.0))
    finite = f[np.isfinite(f)]
    reach = float(np.ptp(finite)) if finite.size else 0.0
    return np.flatnonzero((known > _APART * around) & (known > _LEAST * reach))

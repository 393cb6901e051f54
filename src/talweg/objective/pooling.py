"""Pooling in forms that are fast on a CPU. Which layers use it is in `layers.pooling`.

Not by `reduce_window`, whose gradient is many times slower on a CPU: windows that do not overlap become an axis of
their own by a reshape, one axis of the picture after the other, and their places are compared two by two; windows that
overlap are the strided slices of the picture, one for each place of the window.
"""

import functools
import itertools
from collections.abc import Callable, Iterator

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from talweg.objective.windows import Pads, Sizes, output_places

Rows = Float[Array, "rows ... _"]


def pooled(
    x: Rows, window: Sizes, stride: Sizes, pads: Pads, combine: Callable[[Array, Array], Array], fill: float
) -> Rows:
    """All places of each window, combined two by two.

    Args:
        x: rows first, channels last, as many axes between as the window has.
        window: places along each axis.
        stride: of the window.
        pads: places before and after each axis.
        combine: of two places one; it must not matter in which order.
        fill: what stands in the pads.

    Example:
        >>> pooled(jnp.arange(6.0).reshape(1, 6, 1), (2,), (2,), ((0, 0),), jnp.maximum, -jnp.inf).ravel().tolist()
        [1.0, 3.0, 5.0]
    """
    if stride != window or any(map(any, pads)):
        return functools.reduce(combine, _slices(x, window, stride, pads, fill))
    for axis, width in enumerate(window, 1):
        whole = lax.slice_in_dim(x, 0, x.shape[axis] // width * width, axis=axis)
        apart = whole.reshape(*x.shape[:axis], -1, width, *x.shape[axis + 1 :])
        x = functools.reduce(combine, (lax.index_in_dim(apart, n, axis + 1, False) for n in range(width)))
    return x


def _slices(x: Rows, window: Sizes, stride: Sizes, pads: Pads, fill: float) -> Iterator[Rows]:
    """The places of the windows one after the other, each for all windows at once."""
    places = output_places(x.shape[1:-1], window, stride, pads, (1,) * len(window))
    if any(map(any, pads)):
        x = jnp.pad(x, ((0, 0), *pads, (0, 0)), constant_values=fill)
    for start in itertools.product(*map(range, window)):
        ends = (slice(s, s + (n - 1) * t + 1, t) for s, n, t in zip(start, places, stride, strict=True))
        yield x[(slice(None), *ends)]

"""The forms in which a CPU computes a convolution quickly, and which is taken when. Its gradients are in `convolution`.

XLA's CPU compiler has two routines for a convolution in forward form (batch first, channels last, kernel not reversed).
One (YNNPACK's) is taken for more than 16 channels or filters; it reaches a core's matrix-product rate, but on one core.
The other (Eigen's) takes a sixth more of a core's time at 32 channels and filters, and twice as much below, but shares
it among all cores. The figures are in docs/performance.md. On other devices XLA's own form is left alone.
"""

import functools
import itertools
import math

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from talweg.objective.windows import Pads, Sizes, output_places

Rows = Float[Array, "rows ... _"]
Kernel = Float[Array, "... _ _"]


def plain(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes, groups: int = 1) -> Rows:
    """A convolution as XLA has it, with the gradients that follow from it."""
    letters = "DHW"[3 - len(stride) :]
    form = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return lax.conv_general_dilated(
        x, kernel, stride, pads, rhs_dilation=dilation, dimension_numbers=form, feature_group_count=groups
    )


FEW_CHANNELS, FEW_FILTERS = 4, 16
"""Up to so many of both, the CPU's routine is several times slower than with more filters."""
MANY = 32
"""From so many channels and filters on, the routine that shares the work among the cores is the quicker one."""


def quick(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes, groups: int) -> Rows:
    """A convolution, on a CPU in the form that is quickest there."""
    channels, filters = kernel.shape[-2:]
    if groups > 1:
        return plain(x, kernel, stride, pads, dilation, groups)
    if filters == 1 and channels > FEW_CHANNELS:
        form = _tap_by_tap
    elif min(channels, filters) >= MANY and len(stride) == 2:
        form = _with_more_rows
    elif any(filling(channels, filters)):
        form = _filled
    else:
        return plain(x, kernel, stride, pads, dilation)

    def on_a_cpu(x: Rows, kernel: Kernel) -> Rows:
        return form(x, kernel, stride, pads, dilation)

    def elsewhere(x: Rows, kernel: Kernel) -> Rows:
        return plain(x, kernel, stride, pads, dilation)

    return lax.platform_dependent(x, kernel, cpu=on_a_cpu, default=elsewhere)


def filling(channels: int, filters: int) -> tuple[int, int]:
    """How many channels and filters of zeros make a convolution quicker on a CPU.

    Example:
        >>> filling(1, 16), filling(3, 32), filling(32, 32)
        ((0, 16), (1, 0), (0, 0))
    """
    if channels > FEW_CHANNELS or filters == 1:
        return 0, 0
    return int(channels == FEW_CHANNELS - 1), max(2 * FEW_FILTERS - filters, 0) if filters <= FEW_FILTERS else 0


def _filled(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes) -> Rows:
    """With channels and filters of zeros, up to what the routine is quick at."""
    channels, filters = kernel.shape[-2:]
    more_channels, more_filters = filling(channels, filters)
    axes = [(0, 0)] * len(stride)
    x = jnp.pad(x, [(0, 0), *axes, (0, more_channels)])
    kernel = jnp.pad(kernel, [*axes, (0, more_channels), (0, more_filters)])
    return plain(x, kernel, stride, pads, dilation)[..., :filters]


def _with_more_rows(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes) -> Rows:
    """With rows at the bottom that nobody wants, where these are few.

    A convolution whose output is higher than its input is left to the routine that shares the work among the cores.
    """
    height = output_places(x.shape[1:-1], kernel.shape[:-2], stride, pads, dilation)[0]
    more = max(x.shape[1] + 1 - height, 0)
    if more > max(height // 8, 1):
        return plain(x, kernel, stride, pads, dilation)
    (above, below), *rest = pads
    return plain(x, kernel, stride, ((above, below + more * stride[0]), *rest), dilation)[:, :height]


def _tap_by_tap(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes) -> Rows:
    """Of a single filter: the places' products with each of its taps as one matrix product, then shifted and summed."""
    *window, channels, _ = kernel.shape
    *shape, _ = x.shape
    products = jnp.einsum("tc,pc->tp", kernel.reshape(-1, channels), x.reshape(-1, channels)).reshape(-1, *shape)
    places = output_places(x.shape[1:-1], tuple(window), stride, pads, dilation)
    taps = zip(products, _taps(window), strict=True)
    return functools.reduce(jnp.add, (_shifted(it, tap, places, stride, pads, dilation) for it, tap in taps))[..., None]


def patches(
    x: Rows, window: Sizes, places: Sizes, pads: Pads, dilation: Sizes
) -> Float[Array, "taps_channels rows_places"]:
    """What each tap of a window sees at each of so many places, a channel after the other, as the rows of a matrix."""
    apart = jnp.stack([_shifted(x, tap, places, (1,) * len(window), pads, dilation) for tap in _taps(window)])
    return jnp.moveaxis(apart, -1, 1).reshape(math.prod(window) * x.shape[-1], -1)


def _taps(window: Sizes | list[int]) -> itertools.product:
    return itertools.product(*map(range, window))


def _shifted(
    x: Float[Array, "rows ..."], tap: Sizes, places: Sizes, stride: Sizes, pads: Pads, dilation: Sizes
) -> Float[Array, "rows ..."]:
    """What one tap sees: the input between its zeros, from the tap's place on, as far as there are outputs."""
    edges = [(0, 0, 0)]
    for length, at, count, step, (before, _), apart in zip(
        x.shape[1 : 1 + len(tap)], tap, places, stride, pads, dilation, strict=True
    ):
        first = before - at * apart
        edges.append((first, (count - 1) * step + 1 - length - first, 0))
    edges += [(0, 0, 0)] * (x.ndim - len(edges))
    seen = lax.pad(x, jnp.zeros((), x.dtype), edges)
    return seen[(slice(None), *(slice(None, None, step) for step in stride))]

"""The convolution and its gradient in forms that are fast on a CPU. Which layers use it is in `layers.convolution`.

XLA's CPU compiler hands a convolution to its fast routines only in the form of a forward one. Outside loops it rewrites
the two gradients into that form; in the body of a loop, where an epoch's steps run, it does not, and they fall to a
naive loop that is 5 to 30 times slower. So both gradients are written here as forward convolutions of explicitly
transposed operands, with `optimization_barrier` so that the transposes are not folded back. Which form of a forward
convolution is quickest is in `forms`.

On other devices, whose libraries have gradients of their own, plain differentiation is left alone.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from talweg.objective.forms import Kernel, Rows, patches, plain, quick
from talweg.objective.windows import Pads, Sizes


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4, 5))
def convolve(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes, groups: int = 1) -> Rows:
    """A convolution over one, two or three spatial axes (a cross-correlation, as everywhere in this field).

    Args:
        x: rows first, channels last.
        kernel: its places, then the channels of a group, then the filters.
        stride: of the kernel along each axis.
        pads: zeros before and after each axis; none may be negative.
        dilation: steps between two of the kernel's places.
        groups: into how many the channels are cut; each group's filters see its channels only.

    Example:
        >>> x = jnp.arange(5.0).reshape(1, 5, 1)
        >>> convolve(x, jnp.ones((3, 1, 1)), (1,), ((0, 0),), (1,)).ravel().tolist()
        [3.0, 6.0, 9.0]
    """
    return quick(x, kernel, stride, pads, dilation, groups)


def _forward(
    x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes, groups: int
) -> tuple[Rows, tuple[Rows, Kernel]]:
    return quick(x, kernel, stride, pads, dilation, groups), (x, kernel)


def _backward(
    stride: Sizes, pads: Pads, dilation: Sizes, groups: int, kept: tuple[Rows, Kernel], slope: Rows
) -> tuple[Rows, Kernel]:
    x, kernel = kept

    def in_forward_form(x: Rows, kernel: Kernel, slope: Rows) -> tuple[Rows, Kernel]:
        spread = _spread(slope, stride)
        return (
            _input_gradient(x.shape, kernel, spread, pads, dilation, groups),
            _kernel_gradient(x, kernel.shape, spread, pads, dilation, groups),
        )

    def differentiated(x: Rows, kernel: Kernel, slope: Rows) -> tuple[Rows, Kernel]:
        return jax.vjp(lambda x, kernel: plain(x, kernel, stride, pads, dilation, groups), x, kernel)[1](slope)

    return lax.platform_dependent(x, kernel, slope, cpu=in_forward_form, default=differentiated)


convolve.defvjp(_forward, _backward)


VERY_FEW = 3
"""Up to so many filters, and fewer than channels, the gradient of the kernel is quicker as one matrix product."""


def _as_it_stands(operands: Any) -> Any:
    """Keeps the compiler from folding how operands were made into the convolution that uses them."""
    barrier: Any = lax.optimization_barrier
    return barrier(operands)


def _spread(slope: Rows, stride: Sizes) -> Rows:
    """The outputs' slopes at the inputs' own spacing: zeros between them where the kernel strode over places."""
    if all(step == 1 for step in stride):
        return slope
    between = [(0, 0, 0), *((0, 0, step - 1) for step in stride), (0, 0, 0)]
    return _as_it_stands(lax.pad(slope, jnp.zeros((), slope.dtype), between))


def _input_gradient(
    shape: tuple[int, ...], kernel: Kernel, spread: Rows, pads: Pads, dilation: Sizes, groups: int
) -> Rows:
    """The slopes, convolved with the kernel turned round and its channels and filters exchanged."""
    *window, channels, filters = kernel.shape
    axes = tuple(range(len(window)))
    turned = jnp.flip(kernel, axes).reshape(*window, channels, groups, filters // groups)
    turned = turned.swapaxes(-1, -3)  # places, filters of a group, groups, channels
    turned = _as_it_stands(turned.reshape(*window, filters // groups, groups * channels))
    before = [(width - 1) * apart - pad[0] for width, apart, pad in zip(window, dilation, pads, strict=True)]
    reach = [
        length + first - (width - 1) * apart
        for length, first, width, apart in zip(spread.shape[1:-1], before, window, dilation, strict=True)
    ]
    after = [length - got for length, got in zip(shape[1:-1], reach, strict=True)]
    return quick(spread, turned, (1,) * len(window), tuple(zip(before, after, strict=True)), dilation, groups)


def _kernel_gradient(x: Rows, shape: tuple[int, ...], spread: Rows, pads: Pads, dilation: Sizes, groups: int) -> Kernel:
    """The input, with its channels as rows, convolved with the slopes, with the rows as their channels.

    The kernel's places become the output's, so that its dilation becomes a stride. Where there are fewer filters than
    channels the two exchange their parts, and the places come out in reverse: the work is the same, and the routine
    is quicker at many filters. Of very few filters it is one matrix product with the slopes' patches.
    """
    *window, channels, filters = shape
    if groups == 1 and filters < channels:
        before = [(width - 1) * apart - pad[0] for width, apart, pad in zip(window, dilation, pads, strict=True)]
        if filters <= VERY_FEW:
            edges = tuple((first, 0) for first in before)
            seen = patches(spread, tuple(window), x.shape[1:-1], edges, dilation)
            found = (seen @ x.reshape(-1, channels)).reshape(*window, filters, channels)
        else:
            found = _correlated(spread, x, window, before, dilation, 1)
        return jnp.flip(found, tuple(range(len(window)))).swapaxes(-1, -2)
    return _correlated(x, spread, window, [pad[0] for pad in pads], dilation, groups)


def _correlated(
    moved: Rows, still: Rows, window: list[int], before: list[int], dilation: Sizes, groups: int
) -> Float[Array, "... _ _"]:
    """For each shift in a window, and each pair of channels, the product of one input with the other, summed up.

    Args:
        moved: what is shifted; its channels come first in the result.
        still: what is not.
        window: how many shifts along each axis.
        before: zeros before the first place of `moved`.
        dilation: places between two shifts.
        groups: into how many groups the channels are cut; only those of one group are paired.
    """
    rows, *places, every = moved.shape
    axes, channels = len(places), every // groups
    moved = moved.reshape(rows, *places, groups, channels).transpose(axes + 2, *range(1, axes + 2), 0)
    moved = moved.reshape(channels, *places, groups * rows)
    moved, kernel = _as_it_stands((moved, jnp.moveaxis(still, 0, axes)))
    ends = [
        (first, (width - 1) * apart + reach - length - first)
        for first, width, apart, reach, length in zip(before, window, dilation, still.shape[1:-1], places, strict=True)
    ]
    return jnp.moveaxis(plain(moved, kernel, dilation, tuple(ends), (1,) * axes, groups), 0, axes)

"""The convolution and its gradient in forms that are fast on a CPU. Which layers use it is in `layers.convolution`.

XLA's CPU compiler hands a convolution to its fast routine only in the form of a forward one: batch first, channels
last, kernel not reversed. Outside loops it rewrites the two gradients into that form; in the body of a loop, where an
epoch's steps run, it does not, and they fall to a naive loop that is 5 to 30 times slower. So both gradients are
written here as forward convolutions of explicitly transposed operands, with `optimization_barrier` so that the
transposes are not folded back.

On other devices, whose libraries have gradients of their own, plain differentiation is left alone.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

Rows = Float[Array, "rows ... _"]
Kernel = Float[Array, "... _ _"]


def pads_of(padding: str | Sequence[int], places: Sizes, window: Sizes, stride: Sizes, dilation: Sizes) -> Pads:
    """How many zeros go before and after each spatial axis.

    Args:
        padding: ``"valid"`` for none, ``"same"`` for as many as give one output for each stride of the input, or
            a number for each axis, the same on both sides.
        places: the lengths of the spatial axes.
        window: of the kernel along each.
        stride: of the kernel.
        dilation: steps between two of the kernel's places.

    Example:
        >>> pads_of("same", (28,), (3,), (1,), (1,)), pads_of("same", (28,), (3,), (2,), (1,))
        (((1, 1),), ((0, 1),))
    """
    if padding == "valid":
        return ((0, 0),) * len(places)
    if padding != "same":
        return tuple((int(each), int(each)) for each in padding)
    pads = []
    for length, width, step, apart in zip(places, window, stride, dilation, strict=True):
        needed = max((-(-length // step) - 1) * step + (width - 1) * apart + 1 - length, 0)
        pads.append((needed // 2, needed - needed // 2))
    return tuple(pads)


def output_places(places: Sizes, window: Sizes, stride: Sizes, pads: Pads, dilation: Sizes) -> Sizes:
    """The lengths of the spatial axes after a convolution; 0 or less where the kernel does not fit.

    Example:
        >>> output_places((28,), (3,), (2,), ((0, 1),), (1,))
        (14,)
    """
    return tuple(
        (length + sum(pad) - ((width - 1) * apart + 1)) // step + 1
        for length, width, step, pad, apart in zip(places, window, stride, pads, dilation, strict=True)
    )


def plain(x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes, groups: int = 1) -> Rows:
    """A convolution as XLA has it, with the gradients that follow from it."""
    letters = "DHW"[3 - len(stride) :]
    form = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return lax.conv_general_dilated(
        x, kernel, stride, pads, rhs_dilation=dilation, dimension_numbers=form, feature_group_count=groups
    )


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
    return plain(x, kernel, stride, pads, dilation, groups)


def _forward(
    x: Rows, kernel: Kernel, stride: Sizes, pads: Pads, dilation: Sizes, groups: int
) -> tuple[Rows, tuple[Rows, Kernel]]:
    return plain(x, kernel, stride, pads, dilation, groups), (x, kernel)


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
    return plain(spread, turned, (1,) * len(window), tuple(zip(before, after, strict=True)), dilation, groups)


def _kernel_gradient(x: Rows, shape: tuple[int, ...], spread: Rows, pads: Pads, dilation: Sizes, groups: int) -> Kernel:
    """The input, with its channels as rows, convolved with the slopes, with the rows as their channels.

    The kernel's places become the output's, so that its dilation becomes a stride.
    """
    *window, channels, _ = shape
    rows, *places, _ = x.shape
    axes = len(places)
    x = x.reshape(rows, *places, groups, channels).transpose(axes + 2, *range(1, axes + 2), 0)
    x, slopes = _as_it_stands((x.reshape(channels, *places, groups * rows), jnp.moveaxis(spread, 0, axes)))
    ends = [
        (pad[0], (width - 1) * apart + across - length - pad[0])
        for pad, width, apart, across, length in zip(pads, window, dilation, spread.shape[1:-1], places, strict=True)
    ]
    found = plain(x, slopes, dilation, tuple(ends), (1,) * axes, groups)
    return jnp.moveaxis(found, 0, axes)


def multiply_adds(places: Sizes, window: Sizes, channels: int, filters: int, groups: int) -> int:
    """Multiplications with an addition that a convolution takes for one row, its padding included.

    Args:
        places: of the output.
        window: of the kernel.
        channels: of the input.
        filters: how many.
        groups: how many.
    """
    return math.prod(places) * math.prod(window) * channels // groups * filters

"""Windows that slide over places: their zeros at the edges, how many outputs they give, what they cost.

Convolutions and poolings share it; what they compute is in `convolution` and `pooling`.
"""

import math
from collections.abc import Sequence

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


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

"""Pooling: many neighboring places become one, by their greatest number or their mean.

How it is computed is in `objective.pooling`.
"""

from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers.base import Layer, LayerParams, Shape, Size, size, written
from talweg.objective.layers.convolution import fit, padding_of
from talweg.objective.pooling import pooled
from talweg.objective.windows import Pads, Sizes, output_places, pads_of

Rows = Float[Array, "rows ... _"]


def _stride(value: Size | None) -> Sizes | None:
    return None if value is None else size(value)


class _Pool(Layer):
    """What both poolings share: windows, strides, padding.

    Attributes:
        window: places along each axis.
        stride: of the window; as long as the window if absent.
        padding: ``valid``, where a rest at the end is left out, ``same``, or places on both sides.
    """

    arguments: ClassVar = {"window": "size", "stride": "size", "padding": "padding"}
    positional: ClassVar[int] = 1

    window: Size = eqx.field(static=True, converter=size, default=2)
    stride: Size | None = eqx.field(static=True, converter=_stride, default=None)
    padding: str | Size = eqx.field(static=True, converter=padding_of, default="valid")

    def _sizes(self, shape: Shape) -> tuple[Sizes, Sizes, Pads]:
        window = fit(self, "window", self.window, shape)
        stride = window if self.stride is None else fit(self, "stride", self.stride, shape)
        padding = self.padding if isinstance(self.padding, str) else fit(self, "padding", self.padding, shape)
        return window, stride, pads_of(padding, shape[:-1], window, stride, (1,) * len(window))

    def output_shape(self, shape: Shape) -> Shape:
        window, stride, pads = self._sizes(shape)
        places = output_places(shape[:-1], window, stride, pads, (1,) * len(window))
        if min(places) < 1:
            raise self.refuse(shape, f"its window of {written(window)} places is larger than the picture")
        if any(max(pad) >= width for pad, width in zip(pads, window, strict=True)):
            raise self.refuse(shape, "its padding is as wide as its window, so that a window may be empty")
        return (*places, shape[-1])

    def _reduced(self, x: Rows, combine: Callable[[Array, Array], Array], fill: float) -> Rows:
        """All places of each window, combined two by two."""
        return pooled(x, *self._sizes(x.shape[1:]), combine, fill)


class MaxPool(_Pool):
    """The greatest number of each window.

    Attributes:
        window: places along each axis; one number for all of them.
        stride: of the window; as long as the window if absent, so that windows do not overlap.
        padding: ``valid``, where a rest at the end is left out, ``same``, or places on both sides.

    Example:
        >>> MaxPool(2).output_shape((9, 9, 4))
        (4, 4, 4)
    """

    kind: ClassVar[str] = "maxpool"

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        return self._reduced(x, jnp.maximum, -jnp.inf)


class AvgPool(_Pool):
    """The mean of each window; padding does not count.

    Attributes:
        window: places along each axis; one number for all of them.
        stride: of the window; as long as the window if absent, so that windows do not overlap.
        padding: ``valid``, where a rest at the end is left out, ``same``, or places on both sides.
    """

    kind: ClassVar[str] = "avgpool"

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        return self._reduced(x, jnp.add, 0.0) / self._counts(x.shape[1:])

    def _counts(self, shape: Shape) -> Float[np.ndarray, "*places 1"]:
        """How many true places each window holds."""
        window, stride, pads = self._sizes(shape)
        counts = np.ones(1, np.float32)
        for length, width, step, pad in zip(shape[:-1], window, stride, pads, strict=True):
            starts = np.arange((length + sum(pad) - width) // step + 1) * step - pad[0]
            held = np.minimum(starts + width, length) - np.maximum(starts, 0)
            counts = counts[..., None, :] * held[:, None].astype(np.float32)
        return counts


class GlobalPool(Layer):
    """One number for each channel, from all places: their mean, or the greatest.

    Attributes:
        by: ``mean`` or ``max``.
    """

    kind: ClassVar[str] = "globalpool"
    arguments: ClassVar = {"by": "mean or max"}
    positional: ClassVar[int] = 1

    by: str = eqx.field(static=True, default="mean")

    def __check_init__(self) -> None:
        if self.by not in ("mean", "max"):
            raise ConfigError(f"globalpool is by mean or max, got {self.by!r}")

    def output_shape(self, shape: Shape) -> Shape:
        fit(self, "window", (1,), shape)
        return (shape[-1],)

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Float[Array, "rows channels"]:
        axes = tuple(range(1, x.ndim - 1))
        return x.max(axes) if self.by == "max" else x.mean(axes)

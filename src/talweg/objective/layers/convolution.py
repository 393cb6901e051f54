"""Convolutions, and what undoes their strides, as layers. How they are computed is in `objective.convolution`."""

import math
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.convolution import convolve
from talweg.objective.layers.base import Layer, LayerParams, Shape, Size, look_up, size, written
from talweg.objective.layers.initializers import INITIALIZERS
from talweg.objective.windows import Pads, Sizes, multiply_adds, output_places, pads_of

Rows = Float[Array, "rows ... _"]
NAMES = {1: "length", 2: "height x width", 3: "depth x height x width"}


def fit(layer: Layer, name: str, value: Size, shape: Shape) -> tuple[int, ...]:
    """A size for each spatial axis of rows of a shape.

    Raises:
        ConfigError: if the rows have no such axes, or not as many as the size has numbers.
    """
    value, axes = size(value), len(shape) - 1
    if axes not in NAMES:
        wanted = NAMES.get(len(value) if len(value) > 1 else 2, NAMES[2])
        raise layer.refuse(shape, f"it needs {wanted} x channels; put 'reshape' before it, such as 'reshape 8x8x1'")
    if len(value) not in (1, axes):
        raise layer.refuse(shape, f"its {name} {written(value)} has {len(value)} numbers for {axes} axes")
    return value * axes if len(value) == 1 else value


def padding_of(value: str | Size) -> str | tuple[int, ...]:
    """A padding as a word or a tuple."""
    return value if isinstance(value, str) else size(value)


def _drawn(layer: "Conv | ConvTransposed", key: PRNGKeyArray, shape: Shape, channels: int) -> LayerParams:
    """The params of a convolution whose filters see so many channels."""
    draw = look_up("initializer", layer.initializer, INITIALIZERS)
    kernel = fit(layer, "kernel", layer.kernel, shape)
    params = {"weights": draw(key, (*kernel, channels, layer.filters), jnp.float32)}
    return {**params, "biases": jnp.zeros(layer.filters, jnp.float32)} if layer.bias else params


class Conv(Layer):
    """A convolution over the spatial axes, channels last.

    Attributes:
        filters: how many channels it gives.
        kernel: places along each axis; one number for all of them.
        stride: of the kernel.
        padding: ``same``, ``valid``, or zeros on both sides of each axis.
        dilation: steps between two of the kernel's places.
        groups: into how many the channels are cut; as many as channels for a depthwise convolution.
        bias: whether a number is added to each filter; of no use before a normalization.
        initializer: how the weights are drawn; biases start at 0.

    Example:
        >>> Conv(32, 3, stride=2).output_shape((28, 28, 1))
        (14, 14, 32)
        >>> str(Conv(32, (3, 5), dilation=2))
        'conv 32 3x5 dilation 2'
    """

    kind: ClassVar[str] = "conv"
    arguments: ClassVar = {
        "filters": "whole",
        "kernel": "size",
        "stride": "size",
        "padding": "padding",
        "dilation": "size",
        "groups": "whole",
        "bias": "yes or no",
        "initializer": "initializer",
    }
    positional: ClassVar[int] = 2

    filters: int = eqx.field(static=True)
    kernel: Size = eqx.field(static=True, converter=size, default=3)
    stride: Size = eqx.field(static=True, converter=size, default=1)
    padding: str | Size = eqx.field(static=True, converter=padding_of, default="same")
    dilation: Size = eqx.field(static=True, converter=size, default=1)
    groups: int = eqx.field(static=True, default=1)
    bias: bool = eqx.field(static=True, default=True)
    initializer: str = eqx.field(static=True, default="glorot_uniform")

    def _sizes(self, shape: Shape) -> tuple[Sizes, Sizes, Sizes, Pads]:
        """Kernel, stride, dilation and pads for rows of a shape."""
        kernel, stride, dilation = (fit(self, n, getattr(self, n), shape) for n in ("kernel", "stride", "dilation"))
        padding = self.padding if isinstance(self.padding, str) else fit(self, "padding", self.padding, shape)
        return kernel, stride, dilation, pads_of(padding, shape[:-1], kernel, stride, dilation)

    def output_shape(self, shape: Shape) -> Shape:
        kernel, stride, dilation, pads = self._sizes(shape)
        for what, count in (("channels", shape[-1]), ("filters", self.filters)):
            if count % self.groups:
                raise self.refuse(shape, f"{count} {what} cannot be cut into {self.groups} groups")
        places = output_places(shape[:-1], kernel, stride, pads, dilation)
        if min(places) < 1:
            reach = written(tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)))
            raise self.refuse(shape, f"its kernel reaches over {reach} places, more than there are")
        return (*places, self.filters)

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return _drawn(self, key, shape, shape[-1] // self.groups)

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        _, stride, dilation, pads = self._sizes(x.shape[1:])
        found = convolve(x, params["weights"], stride, pads, dilation, self.groups)
        return found + params["biases"] if self.bias else found

    def multiply_adds(self, shape: Shape) -> int:
        kernel, *_ = self._sizes(shape)
        places = self.output_shape(shape)[:-1]
        return multiply_adds(places, kernel, shape[-1], self.filters, self.groups)


class ConvTransposed(Layer):
    """A transposed convolution: each place of the input is spread over a kernel's places of a larger output.

    With padding ``same`` the output is the input's size times the stride; with ``valid`` it holds all that the
    kernel reaches. Where the kernel is as large as the stride nothing overlaps, and it is one matrix product.

    Attributes:
        filters: how many channels it gives.
        kernel: places along each axis.
        stride: how many places of the output one place of the input makes.
        padding: ``same`` or ``valid``.
        bias: whether a number is added to each filter.
        initializer: how the weights are drawn.

    Example:
        >>> ConvTransposed(8, 2, stride=2).output_shape((7, 7, 16))
        (14, 14, 8)
    """

    kind: ClassVar[str] = "convtransposed"
    arguments: ClassVar = {
        "filters": "whole",
        "kernel": "size",
        "stride": "size",
        "padding": "padding",
        "bias": "yes or no",
        "initializer": "initializer",
    }
    positional: ClassVar[int] = 2

    filters: int = eqx.field(static=True)
    kernel: Size = eqx.field(static=True, converter=size, default=2)
    stride: Size = eqx.field(static=True, converter=size, default=2)
    padding: str = eqx.field(static=True, default="same")
    bias: bool = eqx.field(static=True, default=True)
    initializer: str = eqx.field(static=True, default="glorot_uniform")

    def __check_init__(self) -> None:
        if self.padding not in ("same", "valid"):
            raise ConfigError(f"the padding of '{self.kind}' is same or valid, got {self.padding!r}")

    def output_shape(self, shape: Shape) -> Shape:
        kernel, stride = fit(self, "kernel", self.kernel, shape), fit(self, "stride", self.stride, shape)
        spare = [0 if self.padding == "same" else max(k - s, 0) for k, s in zip(kernel, stride, strict=True)]
        return (*(n * s + more for n, s, more in zip(shape[:-1], stride, spare, strict=True)), self.filters)

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return _drawn(self, key, shape, shape[-1])

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        kernel, stride = (fit(self, n, getattr(self, n), x.shape[1:]) for n in ("kernel", "stride"))
        weights = params["weights"]
        found = _tiles(x, weights) if kernel == stride else self._spread(x, weights, kernel, stride)
        return found + params["biases"] if self.bias else found

    def _spread(self, x: Rows, weights: Array, kernel: Sizes, stride: Sizes) -> Rows:
        """Zeros between the places, then an ordinary convolution with the kernel turned round."""
        between = [(0, 0, 0), *((0, 0, step - 1) for step in stride), (0, 0, 0)]
        spread = lax.pad(x, jnp.zeros((), x.dtype), between)
        wanted = self.output_shape(x.shape[1:])[:-1]
        axes = len(kernel)
        pads = []
        for length, width, step, target in zip(spread.shape[1:-1], kernel, stride, wanted, strict=True):
            cut = max(width - step, 0) // 2 if self.padding == "same" else 0
            before = width - 1 - cut
            pads.append((before, target - (length + before - width + 1)))
        turned = jnp.flip(weights, tuple(range(axes)))
        return convolve(spread, turned, (1,) * axes, tuple(pads), (1,) * axes)

    def multiply_adds(self, shape: Shape) -> int:
        kernel = fit(self, "kernel", self.kernel, shape)
        return math.prod(shape) * math.prod(kernel) * self.filters


def _tiles(x: Rows, weights: Array) -> Rows:
    """Each place becomes a tile of the output, by one product."""
    *kernel, _, filters = weights.shape
    rows, *places, _ = x.shape
    axes = len(kernel)
    found = jnp.tensordot(x, weights, ((axes + 1,), (axes,)))  # rows, places, kernel, filters
    order = [0, *(axis for place in range(axes) for axis in (1 + place, 1 + axes + place)), 1 + 2 * axes]
    return found.transpose(order).reshape(rows, *(n * k for n, k in zip(places, kernel, strict=True)), filters)


class Upsample(Layer):
    """Each place repeated: a picture of twice the size from one, without params.

    Attributes:
        factor: how often along each axis.
    """

    kind: ClassVar[str] = "upsample"
    arguments: ClassVar = {"factor": "size"}
    positional: ClassVar[int] = 1

    factor: Size = eqx.field(static=True, converter=size, default=2)

    def output_shape(self, shape: Shape) -> Shape:
        factor = fit(self, "factor", self.factor, shape)
        return (*(n * f for n, f in zip(shape[:-1], factor, strict=True)), shape[-1])

    def apply(self, params: LayerParams, x: Rows, key: PRNGKeyArray | None) -> Rows:
        for axis, factor in enumerate(fit(self, "factor", self.factor, x.shape[1:]), 1):
            x = jnp.repeat(x, factor, axis)
        return x

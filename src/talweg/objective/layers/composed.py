"""Layers made of layers: one after the other, added to what came in, or put beside it.

Params are a dictionary of dictionaries, `{"dense_1": {"weights": ..., "biases": ...}, ...}`; layers without params
have no entry, and those made of layers have such a dictionary of their own.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers.base import Layer, LayerParams, Shape, written
from talweg.objective.layers.convolution import Conv
from talweg.objective.layers.dense import Dense
from talweg.objective.parts import in_parts, worth_cutting


def _tuple(layers: "Iterable[Layer] | Sequential") -> tuple[Layer, ...]:
    return tuple(layers.layers) if isinstance(layers, Sequential) else tuple(layers)


@final
class Sequential(Layer):
    """Layers that act one after the other: a network, or a part of one.

    Attributes:
        layers: from the input to the output.

    Example:
        >>> from talweg.objective.layers import Dense, relu
        >>> model = Sequential([Dense(8), relu, Dense(3)])
        >>> params = model.init(jax.random.key(0), (4,))
        >>> model.apply(params, jnp.ones((5, 4)), None).shape
        (5, 3)
    """

    layers: Sequence[Layer] = eqx.field(converter=_tuple)

    @property
    def kind(self) -> str:
        return "sequential"

    @property
    def by_row(self) -> bool:
        return all(layer.by_row for layer in self.layers)

    def __str__(self) -> str:
        return ", ".join(map(str, self.layers))

    def names(self) -> list[str]:
        """The layers' names in the params: the kind, and its number among its kind."""
        seen: Counter[str] = Counter()
        names = []
        for layer in self.layers:
            seen[layer.kind] += 1
            names.append(f"{layer.kind}_{seen[layer.kind]}")
        return names

    def shapes(self, shape: Shape) -> list[Shape]:
        """The shape of one row after each layer.

        Raises:
            ConfigError: naming the layer that does not fit, by its number, its words and the shapes.
        """
        shapes = []
        for number, layer in enumerate(self.layers, 1):
            try:
                shape = layer.output_shape(shape)
            except ConfigError as error:
                raise ConfigError(f"layer {number}: {error}") from None
            shapes.append(shape)
        return shapes

    def output_shape(self, shape: Shape) -> Shape:
        return [shape, *self.shapes(shape)][-1]

    def informed(self, features: Any) -> "Sequential":
        return Sequential([layer.informed(features) for layer in self.layers])

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        params = {}
        for number, (name, layer) in enumerate(zip(self.names(), self.layers, strict=True)):
            drawn = layer.init(jax.random.fold_in(key, number), shape)
            if drawn:
                params[name] = drawn
            shape = layer.output_shape(shape)
        return params

    def _steps(self, params: LayerParams, key: PRNGKeyArray | None) -> Iterator[tuple]:
        """Each layer with its name, its params, and a key of its own."""
        for number, (name, layer) in enumerate(zip(self.names(), self.layers, strict=True)):
            yield name, layer, params.get(name, {}), None if key is None else jax.random.fold_in(key, number)

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        for _, layer, its, layer_key in self._steps(params, key):
            x = layer.apply(its, x, layer_key)
        return x

    def apply_and_settle(
        self, params: LayerParams, x: Array, key: PRNGKeyArray | None, weight: Float[Array, " rows"]
    ) -> tuple[Array, LayerParams]:
        settled = {}
        apart = self._apart(x)
        if apart:
            x = in_parts(lambda rows: Sequential(self.layers[:apart]).apply(params, rows, key), x)
        for name, layer, its, layer_key in itertools.islice(self._steps(params, key), apart, None):
            x, changed = layer.apply_and_settle(its, x, layer_key, weight)
            if changed:
                settled[name] = changed
        return x, settled

    def _apart(self, x: Array) -> int:
        """How many of its first layers are applied to two parts of a batch: those with all convolutions, or none."""
        count = len(list(itertools.takewhile(lambda layer: layer.by_row, self.layers)))
        shapes = [x.shape[1:], *self.shapes(x.shape[1:])]
        work = [
            layer.multiply_adds(before) if len(before) > 1 else 0
            for layer, before in zip(self.layers, shapes, strict=False)
        ]
        return count if not sum(work[count:]) and worth_cutting(len(x), sum(work)) else 0

    def multiply_adds(self, shape: Shape) -> int:
        before = [shape, *self.shapes(shape)]
        return sum(layer.multiply_adds(its) for layer, its in zip(self.layers, before, strict=False))


class _Around(Layer):
    """Layers whose output is joined with their input.

    Attributes:
        layers: from the input to the output.
    """

    layers: Sequence[Layer] = eqx.field(converter=_tuple)

    @property
    def body(self) -> Sequential:
        """The layers as a network."""
        return Sequential(self.layers)

    @property
    def by_row(self) -> bool:
        return self.body.by_row

    def __str__(self) -> str:
        return f"{self.kind}({self.body})"

    def informed(self, features: Any) -> Layer:
        return type(self)([layer.informed(features) for layer in self.layers])


@final
class Residual(_Around):
    """Layers whose output is added to their input (He et al. 2016).

    Where the layers change the shape, a convolution of one place (a dense layer for rows without places) brings the
    input to it, with the stride that it takes; its params are called `shortcut`.

    Attributes:
        layers: from the input to the output.

    Example:
        >>> from talweg.objective.layers import Conv, relu
        >>> str(Residual([Conv(8, 3), relu, Conv(8, 3)]))
        'residual(conv 8 3, relu, conv 8 3)'
    """

    kind: ClassVar[str] = "residual"

    def shortcut(self, shape: Shape) -> Layer | None:
        """What brings the input to the output's shape; nothing if it has it."""
        after = self.body.output_shape(shape)
        if after == shape:
            return None
        if len(after) == len(shape):
            stride = tuple(-(-b // a) for a, b in zip(after[:-1], shape[:-1], strict=True))
            shortcut: Layer = Conv(after[-1], 1, stride if max(stride) > 1 else 1) if stride else Dense(after[-1])
            if shortcut.output_shape(shape) == after:
                return shortcut
        raise self.refuse(shape, f"its layers give {written(after)}, which cannot be added to that")

    def output_shape(self, shape: Shape) -> Shape:
        self.shortcut(shape)
        return self.body.output_shape(shape)

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        params, shortcut = self.body.init(key, shape), self.shortcut(shape)
        if shortcut is None:
            return params
        return {**params, "shortcut": shortcut.init(jax.random.fold_in(key, len(self.layers)), shape)}

    def _input(self, params: LayerParams, x: Array) -> Array:
        shortcut = self.shortcut(x.shape[1:])
        return x if shortcut is None else shortcut.apply(params["shortcut"], x, None)

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return self._input(params, x) + self.body.apply(params, x, key)

    def apply_and_settle(
        self, params: LayerParams, x: Array, key: PRNGKeyArray | None, weight: Float[Array, " rows"]
    ) -> tuple[Array, LayerParams]:
        found, settled = self.body.apply_and_settle(params, x, key, weight)
        return self._input(params, x) + found, settled

    def multiply_adds(self, shape: Shape) -> int:
        shortcut = self.shortcut(shape)
        return self.body.multiply_adds(shape) + (shortcut.multiply_adds(shape) if shortcut else 0)


@final
class Beside(_Around):
    """Layers whose output is put beside their input, as further channels (the bridges of Ronneberger et al. 2015).

    Attributes:
        layers: from the input to the output.

    Example:
        >>> from talweg.objective.layers import Conv, MaxPool, Upsample
        >>> Beside([MaxPool(2), Conv(16, 3), Upsample(2)]).output_shape((8, 8, 4))
        (8, 8, 20)
    """

    kind: ClassVar[str] = "beside"

    def output_shape(self, shape: Shape) -> Shape:
        after = self.body.output_shape(shape)
        if after[:-1] != shape[:-1]:
            raise self.refuse(shape, f"its layers give {written(after)}, which cannot stand beside that")
        return (*shape[:-1], shape[-1] + after[-1])

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return self.body.init(key, shape)

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return jnp.concatenate([x, self.body.apply(params, x, key)], -1)

    def apply_and_settle(
        self, params: LayerParams, x: Array, key: PRNGKeyArray | None, weight: Float[Array, " rows"]
    ) -> tuple[Array, LayerParams]:
        found, settled = self.body.apply_and_settle(params, x, key, weight)
        return jnp.concatenate([x, found], -1), settled

    def multiply_adds(self, shape: Shape) -> int:
        return self.body.multiply_adds(shape)

"""What a layer is: its words, the shape it gives, and two pure functions, `init` and `apply`. No layer lives here.

A layer is a frozen description, so that networks of equal description compile once; what may differ from member to
member (a dropout rate) is an array leaf. It acts on a whole batch, rows first and channels last (NHWC).
"""

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError, require_known

LayerParams: TypeAlias = dict[str, Any]
"""A layer's params by name; those of a layer that holds layers are nested."""
Shape: TypeAlias = tuple[int, ...]
"""Of one row, without the axis of the rows: `(features,)`, `(length, channels)` or `(height, width, channels)`."""
Size: TypeAlias = int | Sequence[int]
"""One number for each spatial axis, or a single number for all of them."""
ByMember: TypeAlias = float | Sequence[float] | Float[Array | np.ndarray, "*members"]
"""One number for all members, or one for each."""

STATISTICS = "statistics"
"""The name, anywhere in the params, of what training measures rather than descends: means and variances."""


def look_up(kind: str, name: str, table: Mapping[str, Callable]) -> Callable:
    """The entry of a table.

    Raises:
        ConfigError: if the table has no such name.
    """
    require_known(kind, name, table)
    return table[name]


def size(value: Size) -> tuple[int, ...]:
    """A size as a tuple, whatever it was written as.

    Example:
        >>> size(3), size([3, 5])
        ((3,), (3, 5))
    """
    return (value,) if isinstance(value, int) else tuple(value)


def by_member(value: Any) -> Any:
    """A setting as an array, one number or one for each member.

    While a program is traced, a layer is rebuilt around tracers and placeholders; those pass as they are.
    """
    return np.asarray(value, np.float32) if isinstance(value, int | float | list | tuple) else value


def written(shape: Sequence[int]) -> str:
    """A shape or a size in words.

    Example:
        >>> written((28, 28, 1))
        '28x28x1'
    """
    return "x".join(map(str, shape))


class Layer(eqx.Module):
    """One layer: its name in the params, its words, the shape it gives, and the two functions.

    Attributes:
        arguments: the fields that a list of layers may set, with what kind of word each is; the first
            `positional` of them need not be named.
        positional: how many.
    """

    arguments: ClassVar[Mapping[str, str]] = {}
    positional: ClassVar[int] = 0

    @property
    @abc.abstractmethod
    def kind(self) -> str:
        """The word for it in a list of layers."""

    @property
    def by_row(self) -> bool:
        """Whether it treats each row of a batch by itself, in training too, and draws nothing at random."""
        return True

    @abc.abstractmethod
    def output_shape(self, shape: Shape) -> Shape:
        """The shape of one row after the layer, for the shape of one row before it.

        Raises:
            ConfigError: if the layer cannot take such rows.
        """

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        """Draws the layer's params for rows of the given shape; empty for a layer without any."""
        return {}

    @abc.abstractmethod
    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        """Applies the layer to a batch. The key is there in training and absent in evaluation."""

    def apply_and_settle(
        self, params: LayerParams, x: Array, key: PRNGKeyArray | None, weight: Float[Array, " rows"]
    ) -> tuple[Array, LayerParams]:
        """Applies the layer in training, and gives the params that it settles itself: new statistics, mostly none.

        Args:
            params: the layer's.
            x: the batch.
            key: of this step and layer.
            weight: what each row counts; 0 for rows that only fill the batch up.
        """
        return self.apply(params, x, key), {}

    def informed(self, features: Any) -> "Layer":
        """The layer once it is known what the features of a row are (`embedding.Features`); mostly itself."""
        return self

    def multiply_adds(self, shape: Shape) -> int:
        """Multiplications with an addition for one row of the given shape; 0 where they are not worth counting."""
        return 0

    def refuse(self, shape: Shape, reason: str) -> ConfigError:
        """The error of a layer that cannot take rows of a shape."""
        return ConfigError(f"'{self}' cannot take rows of shape {written(shape)}: {reason}")

    def __str__(self) -> str:
        parts = [self.kind]
        for place, name in enumerate(self.arguments):
            value, unnamed = getattr(self, name), place < self.positional
            as_ever = _word(value) == _word(_default(type(self), name))
            if unnamed and not (as_ever and isinstance(value, str | None)):
                parts.append(_word(value))
            elif not as_ever:
                parts += [name, _word(value)]
        return " ".join(parts)


def _default(layer: type[Layer], name: str) -> Any:
    field = next(field for field in dataclasses.fields(layer) if field.name == name)
    converter = field.metadata.get("converter")
    return converter(field.default) if converter and field.default is not dataclasses.MISSING else field.default


def _word(value: Any) -> str:
    if isinstance(value, np.ndarray | jax.Array):
        members = [f"{each:g}" for each in np.ravel(value).tolist()]
        return members[0] if len(set(members)) == 1 else "/".join(members)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return written(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else str(value)

"""Embeddings of a table's columns: each number and each word becomes several features that are learned.

What the features of a row are is told by the data's preparation when the network is built (`Features`); where its
quantiles come from is the data room's business.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import ClassVar, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers.base import ByMember, Layer, LayerParams, Shape, by_member

NUMBERS = ("plain", "piecewise", "periodic")
"""What may become of a number: nothing, its place in bins, or waves of several lengths."""


@dataclasses.dataclass(frozen=True)
class Features:
    """What the features of a row are. Those not named, such as the flag of a gap, pass as they are.

    Attributes:
        width: how many features a row has.
        numbers: the positions of the features that are numbers.
        words: for each column of words, the first of its features and the one behind its last; exactly one of them,
            or none, is 1.
        quantiles: for each number, its quantiles at even steps from the least to the greatest, in increasing order,
            as measured on the training rows; empty where nobody asked for them.
    """

    width: int
    numbers: tuple[int, ...]
    words: tuple[tuple[int, int], ...]
    quantiles: tuple[tuple[float, ...], ...] = ()

    @property
    def others(self) -> tuple[int, ...]:
        """The positions of the features that are neither."""
        taken = {*self.numbers, *(place for first, stop in self.words for place in range(first, stop))}
        return tuple(place for place in range(self.width) if place not in taken)


class Bins(eqx.Module):
    """Where a number's bins lie; alike for all members. A number with fewer bins has some that are always 0.

    Attributes:
        left: where each begins.
        slope: one over its width; 0 for a bin that is none.
        least: what it gives at least: 0, but the first goes on downwards.
        most: what it gives at most: 1, but the last goes on upwards.
    """

    left: Float[Array | np.ndarray, "*members numbers bins"]
    slope: Float[Array | np.ndarray, "*members numbers bins"]
    least: Float[Array | np.ndarray, "*members numbers bins"]
    most: Float[Array | np.ndarray, "*members numbers bins"]

    @classmethod
    def between(cls, quantiles: Sequence[Sequence[float]], bins: int) -> "Bins":
        """So many bins for each number, between its quantiles; of equal ones only one counts.

        Args:
            quantiles: of each number, at even steps; those that are wanted and not there are interpolated.
            bins: how many at most.

        Example:
            >>> Bins.between([[0.0, 1.0, 1.0, 1.0, 3.0]], 4).left.tolist()
            [[0.0, 1.0, 0.0, 0.0]]
        """
        left, slope, least, most = np.zeros((4, len(quantiles), bins), np.float32)
        most += 1
        for number, known in enumerate(quantiles):
            edges = np.unique(np.interp(np.linspace(0, 1, bins + 1), np.linspace(0, 1, len(known)), known))
            count = len(edges) - 1
            left[number, :count], slope[number, :count] = edges[:-1], 1 / np.diff(edges)
            least[number, 0], most[number, count - 1] = -np.inf, np.inf
        return cls(left, slope, least, most)

    def encode(self, x: Float[Array, "rows numbers"]) -> Float[Array, "rows numbers bins"]:
        """How much of each bin lies below a number."""
        return jnp.clip((x[..., None] - self.left) * self.slope, self.least, self.most)


@final
class Embed(Layer):
    """Numbers and words of a table as several learned features each (Gorishniy, Rubachev & Babenko 2022).

    ``piecewise``: a number is told by its place in bins between quantiles: 1 for each bin below it, 0 for each above,
    and how far it is in its own. ``periodic``: by the sines and cosines of some learned multiples of it. A linear layer
    for each number makes `units` features of that. It begins as that of the plain number for `piecewise`, so that a
    network learns the bins only where they help; behind `periodic` stands a ReLU. A column of words becomes a learned
    vector for each word.

    The features come in this order: of the numbers, of the words, then those that are neither.

    Attributes:
        numbers: one of `NUMBERS`.
        units: features of each number; absent, its place in the bins, or its waves, go on as they are.
        bins: how many at most.
        frequencies: how many multiples.
        sigma: the standard deviation of the multiples as they are drawn; one number, or one for each member.
        words: how many features each column of words becomes; absent, they stay one a word.
        features: what the features of a row are, once the data are known.
        edges: where the bins lie, likewise.
    """

    kind: ClassVar[str] = "embed"
    arguments: ClassVar = {
        "numbers": "numbers",
        "units": "whole",
        "bins": "whole",
        "frequencies": "whole",
        "sigma": "positives",
        "words": "whole",
    }
    positional: ClassVar[int] = 2

    numbers: str = eqx.field(static=True, default="plain")
    units: int | None = eqx.field(static=True, default=None)
    bins: int = eqx.field(static=True, default=16)
    frequencies: int = eqx.field(static=True, default=16)
    sigma: ByMember = eqx.field(converter=by_member, default=0.1)
    words: int | None = eqx.field(static=True, default=None)
    features: Features | None = eqx.field(static=True, default=None)
    edges: Bins | None = None

    def __check_init__(self) -> None:
        if self.numbers not in NUMBERS:
            raise ConfigError(f"numbers of embed must be {' or '.join(NUMBERS)}, got {self.numbers!r}")
        if isinstance(self.sigma, np.ndarray) and not (self.sigma > 0).all():
            raise ConfigError(f"sigma of embed must be above 0, got {self.sigma}")
        if self.numbers == "plain" and self.units is not None:
            raise ConfigError("embed gives each number units if it is told how: piecewise or periodic")

    def informed(self, features: Features) -> "Embed":
        piecewise = self.numbers == "piecewise" and len(features.quantiles) == len(features.numbers)
        edges = Bins.between(features.quantiles, self.bins) if piecewise else None
        return dataclasses.replace(self, features=features, edges=edges)

    def _known(self, shape: Shape) -> Features:
        if self.features is None or shape != (self.features.width,):
            raise self.refuse(shape, "it embeds the columns of a table, so that it must be the first layer of one")
        return self.features

    @property
    def _encoded(self) -> int:
        """How many features a number becomes before the linear layer."""
        return {"plain": 1, "piecewise": self.bins, "periodic": 2 * self.frequencies}[self.numbers]

    def output_shape(self, shape: Shape) -> Shape:
        known = self._known(shape)
        words = sum((stop - first) if self.words is None else self.words for first, stop in known.words)
        return (len(known.numbers) * (self.units or self._encoded) + words + len(known.others),)

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        known, params = self._known(shape), {}
        number_key, word_key = jax.random.split(key)
        if known.numbers and self.numbers != "plain" and (drawn := self._drawn(number_key, len(known.numbers))):
            params["numbers"] = drawn
        if known.words and self.words is not None:
            total = sum(stop - first for first, stop in known.words)
            # As large as a standardized number.
            params["words"] = {"weights": jax.random.normal(word_key, (total, self.words), jnp.float32)}
        return params

    def _drawn(self, key: PRNGKeyArray, numbers: int) -> LayerParams:
        """The params of the numbers."""
        wave_key, key = jax.random.split(key)
        params: LayerParams = {}
        if self.numbers == "periodic":
            drawn = jax.random.normal(wave_key, (numbers, self.frequencies), jnp.float32)
            params["frequencies"] = jnp.asarray(self.sigma, jnp.float32) * drawn
        if self.units is None:
            return params
        if self.numbers == "piecewise":
            weights = jnp.zeros((numbers, self.bins, self.units), jnp.float32)
            plain = _uniform(key, (numbers, self.units), 1)
            return {**params, "plain": plain, "weights": weights, "biases": jnp.zeros_like(plain)}
        weights = _uniform(key, (numbers, self._encoded, self.units), self._encoded)
        return {**params, "weights": weights, "biases": jnp.zeros((numbers, self.units), jnp.float32)}

    def apply(
        self, params: LayerParams, x: Float[Array, "rows features"], key: PRNGKeyArray | None
    ) -> Float[Array, "rows embedded"]:
        known = self._known(x.shape[1:])
        numbers = self._numbers(params.get("numbers", {}), x[:, jnp.array(known.numbers, int)])
        parts = [numbers.reshape(len(x), -1), self._words(params.get("words", {}), known, x)]
        return jnp.concatenate([*parts, x[:, jnp.array(known.others, int)]], axis=1)

    def _numbers(self, params: LayerParams, x: Float[Array, "rows numbers"]) -> Float[Array, "rows numbers units"]:
        if self.numbers == "plain" or not x.shape[1]:
            return x[..., None]
        if self.numbers == "periodic":
            turns = 2 * jnp.pi * params["frequencies"] * x[..., None]
            encoded = jnp.concatenate([jnp.sin(turns), jnp.cos(turns)], axis=-1)
        else:
            assert self.edges is not None, "the bins are known before the first step"
            encoded = self.edges.encode(x)
        if self.units is None:
            return encoded
        linear = jnp.einsum("rne,neu->rnu", encoded, params["weights"]) + params["biases"]
        return jax.nn.relu(linear) if self.numbers == "periodic" else linear + params["plain"] * x[..., None]

    def _words(
        self, params: LayerParams, known: Features, x: Float[Array, "rows features"]
    ) -> Float[Array, "rows embedded"]:
        places = [place for first, stop in known.words for place in range(first, stop)]
        each = x[:, jnp.array(places, int)]
        if self.words is None or not known.words:
            return each
        # One product for all columns: each word's vector stands where its own column's features come.
        column = np.repeat(np.arange(len(known.words)), [stop - first for first, stop in known.words])
        own = jnp.asarray(column[:, None] == np.arange(len(known.words)), x.dtype)
        spread = own[:, :, None] * params["weights"][:, None, :]
        return each @ spread.reshape(len(places), -1)

    def multiply_adds(self, shape: Shape) -> int:
        known = self._known(shape)
        numbers = len(known.numbers) * self._encoded * (self.units or 0)
        total = sum(stop - first for first, stop in known.words)
        return numbers + total * len(known.words) * (self.words or 0)


def _uniform(key: PRNGKeyArray, shape: tuple[int, ...], inputs: int) -> Array:
    """Uniform, with the variance that keeps the size of what comes in (LeCun et al. 1998)."""
    reach = math.sqrt(3 / inputs)
    return jax.random.uniform(key, shape, jnp.float32, -reach, reach)

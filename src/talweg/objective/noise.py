"""Noise on pictures, as a step draws it from a key and as one picture gets it from a generator. Pixels are 0 to 255.

What is added is not rounded, nor cut to 0 to 255: that is a camera's business, and would bias the mean of dark parts.
"""

import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

Kind = Literal["gaussian", "poisson", "salt-and-pepper"]
KINDS: dict[Kind, str] = {
    "gaussian": "the standard deviation, in pixels of 0 to 255",
    "poisson": "how many photons a white pixel collects",
    "salt-and-pepper": "the share of pixels that turn black or white",
}
"""The kinds of noise, and what their level is."""


class Noise(eqx.Module):
    """Noise of a level, or of levels drawn evenly from a range for each picture.

    Attributes:
        kind: a key of `KINDS`.
        low: the lowest level.
        high: the highest.

    Example:
        >>> Noise("gaussian", 25.0, 25.0).on(np.zeros((2, 2, 1)), np.random.default_rng(0)).shape
        (2, 2, 1)
    """

    kind: Kind = eqx.field(static=True)
    low: float = eqx.field(static=True)
    high: float = eqx.field(static=True)

    def __str__(self) -> str:
        levels = f"{self.low:g}" if self.low == self.high else f"{self.low:g}..{self.high:g}"
        return levels if self.kind == "gaussian" else f"{self.kind} {levels}"

    def strength(self) -> float:
        """The standard deviation on middle gray, of the middle of the levels, in pixels of 0 to 255.

        Example:
            >>> Noise("gaussian", 5.0, 50.0).strength()
            27.5
        """
        level = (self.low + self.high) / 2
        if self.kind == "gaussian":
            return level
        return 127.5 * (math.sqrt(2 / level) if self.kind == "poisson" else math.sqrt(level))

    def step(
        self, x: Float[Array, "rows height width channels"], key: PRNGKeyArray
    ) -> Float[Array, "rows height width channels"]:
        """A batch with fresh noise; each row has a level of its own."""
        level_key, key = jax.random.split(key)
        level = self.low + (self.high - self.low) * jax.random.uniform(level_key, (len(x), 1, 1, 1))
        if self.kind == "gaussian":
            return x + level * jax.random.normal(key, x.shape)
        if self.kind == "poisson":
            return jax.random.poisson(key, jnp.maximum(x, 0.0) / 255 * level).astype(jnp.float32) * 255 / level
        drawn = jax.random.uniform(key, (*x.shape[:-1], 1)) / level
        return jnp.where(drawn < 0.5, 0.0, jnp.where(drawn < 1.0, 255.0, x))

    def on(
        self, picture: Float[np.ndarray, "height width channels"], generator: np.random.Generator
    ) -> Float[np.ndarray, "height width channels"]:
        """One picture with noise (float32)."""
        level = self.low + (self.high - self.low) * generator.random()
        if self.kind == "gaussian":
            noisy = picture + level * generator.standard_normal(picture.shape)
        elif self.kind == "poisson":
            noisy = generator.poisson(np.maximum(picture, 0.0) / 255 * level) * 255 / level
        else:
            drawn = generator.random((*picture.shape[:-1], 1)) / level
            noisy = np.where(drawn < 0.5, 0.0, np.where(drawn < 1.0, 255.0, picture))
        return noisy.astype(np.float32)

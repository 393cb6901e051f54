"""Denoising as an objective: patches and noise are drawn in the step, the network learns what to take away.

A row is a tile of a photograph; each step cuts a patch out of it at random, turns and mirrors it, and adds fresh noise.
Three ways to learn: from clean pictures and a noise that is known, from pairs of noisy and clean pictures, or from
noisy pictures alone (Neighbor2Neighbor, Huang et al. 2021).
"""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from talweg.objective.augment import turned
from talweg.objective.base import Batch, Params, Sums
from talweg.objective.network import SETTLED, Network
from talweg.objective.noise import Noise

Learning = Literal["noise", "pairs", "self"]
Tiles = Shaped[Array, "rows _ _ channels"]
Patches = Float[Array, "rows _ _ channels"]

WHITE = 255.0
_REGULARIZER = 1.0  # Neighbor2Neighbor's γ; its authors take 1 to 2


class Denoising(Network):
    """A network that takes noise away, and the noise it learns on.

    Pixels go through the model in units of white; that it learns what to take away rather than the picture is for its
    layers to say (`residual(...)`, as the ready-made ones do). Its input shape is a patch's.

    Attributes:
        learning: from what: known `noise`, `pairs`, or the noisy pictures them`self`.
        noise: the noise that is added; `None` for pairs and for noisy pictures.
    """

    learning: Learning = eqx.field(static=True, default="noise")
    noise: Noise | None = None

    def outputs(self, params: Params, x: Tiles) -> Patches:
        """The pictures without what the model holds for noise, in pixels of 0 to 255 (not cut)."""
        return WHITE * self.model.apply(params, x.astype(jnp.float32) / WHITE, None)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The weighted mean of the patches' losses; the sums are the two that merge over batches."""
        patch_key, noise_key, model_key = jax.random.split(key, 3)
        if self.learning == "self":
            row_loss, settled = self._neighbors_loss(params, batch, patch_key, noise_key, model_key)
        else:
            noisy, clean = self._drawn(batch, patch_key, noise_key)
            found, settled = self.model.apply_and_settle(params, noisy / WHITE, model_key, batch.weight)
            row_loss = self._row_loss(WHITE * found, clean)
        total, weight = jnp.sum(row_loss * batch.weight), jnp.sum(batch.weight)
        return total / weight, {"loss": total, "weight": weight, SETTLED: settled}

    def _drawn(self, batch: Batch, patch_key: PRNGKeyArray, noise_key: PRNGKeyArray) -> tuple[Patches, Patches]:
        if self.noise is None:
            both = patches(jnp.concatenate([batch.x, batch.y], axis=-1), self.input_shape[:2], patch_key)
            noisy, clean = jnp.split(both, 2, axis=-1)
            return noisy, clean
        clean = patches(batch.x, self.input_shape[:2], patch_key)
        return self.noise.step(clean, noise_key), clean

    def _neighbors_loss(
        self, params: Params, batch: Batch, patch_key: PRNGKeyArray, pick_key: PRNGKeyArray, key: PRNGKeyArray
    ) -> tuple[Array, Params]:
        """One pixel of each 2x2 block predicts its neighbor, whose noise it does not know.

        The second term is the difference that the two subsampled pictures have without any noise.
        """
        noisy = patches(batch.x, self.input_shape[:2], patch_key)
        first, second = neighbors(noisy, pick_key)
        whole = lax.stop_gradient(self.outputs(params, noisy))
        whole_first, whole_second = neighbors(whole, pick_key)
        found, settled = self.model.apply_and_settle(params, first / WHITE, key, batch.weight)
        difference = WHITE * found - second
        expected = whole_first - whole_second
        zero = jnp.zeros_like(difference)
        return self._row_loss(difference, zero) + _REGULARIZER * self._row_loss(difference - expected, zero), settled

    def _row_loss(self, x: Patches, y: Patches) -> Float[Array, " rows"]:
        return self.row_loss.per_row(x.reshape(len(x), -1) / WHITE, y.reshape(len(y), -1) / WHITE)

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The sums of loss and squared error over whole tiles, with the same noise at every evaluation."""
        x = batch.x.astype(jnp.float32)
        if self.learning == "self":
            x, y = x[:, ::2, ::2], x[:, 1::2, 1::2]
        elif self.noise is None:
            y = batch.y.astype(jnp.float32)
        else:
            x, y = _same_noise(self.noise, x), x
        denoised = self.outputs(params, x)
        squared = ((denoised - y) ** 2).mean((1, 2, 3)) / WHITE**2
        return {
            "loss": jnp.sum(jnp.where(batch.weight > 0, self._row_loss(denoised, y), 0.0) * batch.weight),
            "weight": jnp.sum(batch.weight),
            "squared": jnp.sum(squared * batch.weight),
        }


def _same_noise(noise: Noise, x: Patches) -> Patches:
    """Noise that is a pure function of each row: the same in every chunk, at every epoch, for every member."""
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(0), x.sum((1, 2, 3)).astype(jnp.uint32))
    return jax.vmap(lambda row, key: noise.step(row[None], key)[0])(x, keys)


def patches(x: Tiles, size: tuple[int, ...], key: PRNGKeyArray) -> Patches:
    """A patch out of each tile, at a place of its own, turned and mirrored in one of the square's eight ways."""
    place_key, turn_key = jax.random.split(key)
    return turned(cropped(x, size, place_key).astype(jnp.float32), turn_key)


def cropped(x: Tiles, size: tuple[int, ...], key: PRNGKeyArray) -> Tiles:
    """A patch out of each tile, at a place of its own."""
    rows, height, width, channels = x.shape
    high, wide = size
    corner = jax.random.randint(key, (rows, 2), 0, jnp.array([height - high + 1, width - wide + 1]))
    return jax.vmap(lambda tile, at: lax.dynamic_slice(tile, (at[0], at[1], 0), (high, wide, channels)))(x, corner)


def neighbors(x: Patches, key: PRNGKeyArray) -> tuple[Patches, Patches]:
    """Two pictures of half the size: in each 2x2 block one pixel, and one that shares an edge with it.

    Args:
        x: sides must be even.
        key: decides which, for each block by itself.
    """
    rows, height, width, channels = x.shape
    blocks = x.reshape(rows, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    blocks = blocks.reshape(rows, height // 2, width // 2, 4, channels)
    drawn = jax.random.randint(key, (rows, height // 2, width // 2), 0, 8)
    first = drawn // 2
    # Of the corners 0 1 / 2 3, the neighbors of a corner differ from it in one bit.
    second = first ^ (1 + drawn % 2)

    def picked(which: Array) -> Array:
        return jnp.take_along_axis(blocks, which[..., None, None], axis=3)[:, :, :, 0]

    return picked(first), picked(second)

"""Segmentation as an objective: patches are drawn in the step, the network says of every pixel what it shows.

A row is a tile of a photograph and of its mask; each step cuts the same patch out of both, and moves both alike.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from talweg.objective.base import Batch, Params, Sums
from talweg.objective.denoising import cropped
from talweg.objective.metrics import classification_sums, weight_of_rows
from talweg.objective.network import SETTLED, Network

IGNORED = 255
"""Stands in a mask for a pixel of which nothing is said: it counts in no loss and no metric."""

Codes = Shaped[Array, "rows height width 1"]


class Segmentation(Network):
    """A network that gives each pixel a class. Its input shape is a patch's; the loss is a mean over pixels.

    The sums are in units of rows, so that a large tile is not heavier than float32 can add.
    """

    def outputs(
        self, params: Params, x: Shaped[Array, "rows height width channels"]
    ) -> Float[Array, "rows height width outputs"]:
        """The logits of each pixel, of pictures of any size that the layers take."""
        return self.model.apply(params, x.astype(jnp.float32), None)

    def loss(self, params: Params, batch: Batch, key: PRNGKeyArray) -> tuple[Float[Array, ""], Sums]:
        """The weighted mean of the pixels' losses; the sums are the two that merge over batches."""
        patch_key, change_key, noise_key, key = jax.random.split(key, 4)
        x, y = self._patches(batch, patch_key, change_key)
        outputs, settled = self.model.apply_and_settle(params, self._noisy(x, noise_key), key, batch.weight)
        classes, counts = _pixels(y, batch.weight)
        pixel_loss = self._row_loss(_flat(outputs), classes)
        counts = counts * weight_of_rows(self.class_weight, classes, pixel_loss)
        total, weight = jnp.sum(pixel_loss * counts), jnp.sum(counts)
        # A patch of which nothing is said has no weight at all.
        return total / jnp.maximum(weight, 1e-9), {"loss": total, "weight": weight, SETTLED: settled}

    def _patches(self, batch: Batch, patch_key: PRNGKeyArray, change_key: PRNGKeyArray) -> tuple[Array, Array]:
        """A patch of each picture and of its mask: cut at one place, moved alike; light is the picture's alone."""
        both = jnp.concatenate([batch.x.astype(jnp.float32), batch.y.astype(jnp.float32)], axis=-1)
        both = cropped(both, self.input_shape[:2], patch_key)
        x, y = both[..., :-1], both[..., -1:]
        if self.augmentation is None:
            return x, y
        return self.augmentation.apply(x, change_key), self.augmentation.moved(y, change_key, nearest=True)

    def metrics(self, params: Params, batch: Batch) -> Sums:
        """The sums from which the metrics follow, over all pixels of whole tiles."""
        outputs = _flat(self.outputs(params, batch.x))
        classes, counts = _pixels(batch.y, batch.weight)
        pixel_loss, said = self.row_loss.per_row(outputs, classes), self.row_loss.decide(outputs)
        return classification_sums(pixel_loss, said, classes, counts, self.classes, self.class_weight)


def _flat(outputs: Float[Array, "rows height width outputs"]) -> Float[Array, "pixels outputs"]:
    return outputs.reshape(-1, outputs.shape[-1])


def _pixels(y: Codes, weight: Float[Array, " rows"]) -> tuple[Int[Array, " pixels"], Float[Array, " pixels"]]:
    """The class of each pixel, and what it counts: a row's pixels as much as the row, ignored ones nothing."""
    codes = y.astype(jnp.int32)
    known = codes != IGNORED
    counts = known * weight[:, None, None, None] / (codes.shape[1] * codes.shape[2])
    return jnp.where(known, codes, 0).reshape(-1), counts.reshape(-1)

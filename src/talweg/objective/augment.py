"""Augmentation of pictures inside the training step: pure functions of a batch and a key, so that a resumed run agrees.

Pixels are 0 to 255, rows first and channels last. In evaluation the plain picture is seen; how a person writes an
augmentation is in `config`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

PixelBatch = Float[Array, "rows height width channels"]

_TURN = 0x7475
"""Told apart from the numbers of the other changes, which draw from the same key."""


class Augmentation(eqx.Module):
    """What is changed at random, for each row by itself.

    Attributes:
        flip: whether half of the pictures are mirrored, left to right.
        shift: by how many pixels at most a picture is moved; the border is repeated.
        rotation: by how many degrees at most it is turned about its center, with bilinear interpolation.
        brightness: by what share at most its brightness is raised or lowered.
        cutout: the side of a square that is covered with the picture's mean; 0 for none (DeVries & Taylor 2017).
        mixup: the Beta distribution's parameter by which pairs of rows are mixed; 0 for none (Zhang et al. 2018).
        turn: whether they are turned by quarters and mirrored, as what knows no up: in one of the square's eight ways.
    """

    flip: bool = eqx.field(static=True, default=False)
    shift: int = eqx.field(static=True, default=0)
    rotation: float = eqx.field(static=True, default=0.0)
    brightness: float = eqx.field(static=True, default=0.0)
    cutout: int = eqx.field(static=True, default=0)
    mixup: float = eqx.field(static=True, default=0.0)
    turn: bool = eqx.field(static=True, default=False)

    def apply(self, x: Shaped[Array, "rows height width channels"], key: PRNGKeyArray) -> PixelBatch:
        """The batch as a step sees it; pictures are not mixed here."""
        x = self.moved(x, key)
        _, _, _, light, cover = jax.random.split(key, 5)
        if self.brightness:
            x = brightened(x, light, self.brightness)
        if self.cutout:
            x = cut_out(x, cover, self.cutout)
        return x

    def moved(
        self, x: Shaped[Array, "rows height width channels"], key: PRNGKeyArray, nearest: bool = False
    ) -> PixelBatch:
        """What of it moves pixels, and changes none: a mask is moved with the same key as its picture.

        Args:
            x: the batch.
            key: the same as for `apply`.
            nearest: whether no pixel may become a mixture of others.
        """
        x = x.astype(jnp.float32)
        flip, shift, turn, _, _ = jax.random.split(key, 5)
        if self.flip:
            x = flipped(x, flip)
        if self.turn:
            x = turned(x, jax.random.fold_in(key, _TURN))
        if self.shift:
            x = shifted(x, shift, self.shift)
        if self.rotation:
            x = rotated(x, turn, self.rotation, nearest)
        return x

    def mix(
        self, x: PixelBatch, weight: Float[Array, " rows"], key: PRNGKeyArray
    ) -> tuple[PixelBatch, Int[Array, " rows"], Float[Array, ""]]:
        """Pairs of rows mixed: the batch, each row's partner, and the share that is the row's own.

        Rows that only fill the batch up (weight 0, at its end) are nobody's partner but each other's.
        """
        share_key, partner_key = jax.random.split(key)
        share = jax.random.beta(share_key, self.mixup, self.mixup)
        partner = jnp.argsort(jnp.where(weight > 0, jax.random.uniform(partner_key, weight.shape), 2.0))
        return share * x + (1 - share) * x[partner], partner, share


def flipped(x: PixelBatch, key: PRNGKeyArray) -> PixelBatch:
    """Each row mirrored left to right, or not, with equal chance."""
    chosen = jax.random.bernoulli(key, 0.5, (len(x), 1, 1, 1))
    return jnp.where(chosen, x[:, :, ::-1], x)


def turned(x: PixelBatch, key: PRNGKeyArray) -> PixelBatch:
    """Each row in one of the square's eight ways; one that is no square in one of the four that keep its shape."""
    turns = jax.random.bernoulli(key, 0.5, (3, len(x), 1, 1, 1))
    x = jnp.where(turns[0], x[:, ::-1], x)
    x = jnp.where(turns[1], x[:, :, ::-1], x)
    return jnp.where(turns[2], x.swapaxes(1, 2), x) if x.shape[1] == x.shape[2] else x


def shifted(x: PixelBatch, key: PRNGKeyArray, most: int) -> PixelBatch:
    """Each row moved by whole pixels, its border repeated: the same as a crop of the padded picture."""
    rows, height, width, _ = x.shape
    by = jax.random.randint(key, (2, rows, 1), -most, most + 1)
    down = jnp.clip(jnp.arange(height) - by[0], 0, height - 1)
    right = jnp.clip(jnp.arange(width) - by[1], 0, width - 1)
    x = jnp.take_along_axis(x, down[:, :, None, None], axis=1)
    return jnp.take_along_axis(x, right[:, None, :, None], axis=2)


def rotated(x: PixelBatch, key: PRNGKeyArray, most: float, nearest: bool = False) -> PixelBatch:
    """Each row turned about its center, by bilinear interpolation or the nearest pixel; the border is repeated."""
    rows, height, width, channels = x.shape
    angle = jnp.deg2rad(jax.random.uniform(key, (rows, 1, 1), minval=-most, maxval=most))
    down = jnp.arange(height)[:, None] - (height - 1) / 2
    right = jnp.arange(width)[None, :] - (width - 1) / 2
    # The inverse turn: where each pixel of the result comes from.
    from_down = jnp.cos(angle) * down - jnp.sin(angle) * right + (height - 1) / 2
    from_right = jnp.sin(angle) * down + jnp.cos(angle) * right + (width - 1) / 2
    top, left = jnp.floor(from_down), jnp.floor(from_right)
    flat = x.reshape(rows, height * width, channels)

    def corner(i: Array, j: Array) -> Array:
        place = jnp.clip(i, 0, height - 1) * width + jnp.clip(j, 0, width - 1)
        taken = jnp.take_along_axis(flat, place.astype(jnp.int32).reshape(rows, -1, 1), axis=1)
        return taken.reshape(x.shape)

    if nearest:
        return corner(jnp.round(from_down), jnp.round(from_right))
    v, h = (from_down - top)[..., None], (from_right - left)[..., None]
    upper = (1 - h) * corner(top, left) + h * corner(top, left + 1)
    lower = (1 - h) * corner(top + 1, left) + h * corner(top + 1, left + 1)
    return (1 - v) * upper + v * lower


def brightened(x: PixelBatch, key: PRNGKeyArray, most: float) -> PixelBatch:
    """Each row made lighter or darker by a factor; pixels stay between black and white."""
    factor = 1 + jax.random.uniform(key, (len(x), 1, 1, 1), minval=-most, maxval=most)
    return jnp.clip(x * factor, 0.0, 255.0)


def cut_out(x: PixelBatch, key: PRNGKeyArray, side: int) -> PixelBatch:
    """A square somewhere in each row covered with the row's mean; part of it may lie outside."""
    rows, height, width, _ = x.shape
    place = jax.random.uniform(key, (2, rows, 1)) * jnp.array([height, width])[:, None, None]
    down = jnp.abs(jnp.arange(height) + 0.5 - place[0]) <= side / 2
    right = jnp.abs(jnp.arange(width) + 0.5 - place[1]) <= side / 2
    covered = (down[:, :, None] & right[:, None, :])[..., None]
    return jnp.where(covered, x.mean((1, 2), keepdims=True), x)

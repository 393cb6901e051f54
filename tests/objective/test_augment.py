"""Augmentations against what NumPy and SciPy do to one picture."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from talweg.objective.augment import Augmentation, brightened, cut_out, flipped, rotated, shifted

ROWS = np.random.default_rng(0).integers(0, 256, (32, 9, 7, 2)).astype(np.float32)
KEY = jax.random.key(3)


def test_half_are_flipped():
    found = np.asarray(flipped(jnp.asarray(ROWS), KEY))
    mirrored = [np.array_equal(new, old[:, ::-1]) for new, old in zip(found, ROWS, strict=True)]
    same = [np.array_equal(new, old) for new, old in zip(found, ROWS, strict=True)]
    assert all(np.logical_xor(mirrored, same))
    assert 8 < sum(mirrored) < 24


def test_a_shift_is_a_crop_of_the_padded_picture():
    found = np.asarray(shifted(jnp.asarray(ROWS), KEY, 2))
    places = set()
    for new, old in zip(found, ROWS, strict=True):
        padded = np.pad(old, ((2, 2), (2, 2), (0, 0)), mode="edge")
        crops = {(i, j): padded[i : i + 9, j : j + 7] for i in range(5) for j in range(5)}
        fitting = [place for place, crop in crops.items() if np.array_equal(crop, new)]
        assert len(fitting) == 1
        places.add(fitting[0])
    assert len(places) > 12


def test_a_turn_is_bilinear():
    # The same angles for all rows: the key and the number of rows decide them.
    angles = np.asarray(jax.random.uniform(KEY, (32, 1, 1), minval=-30.0, maxval=30.0))[:, 0, 0]
    found = np.asarray(rotated(jnp.asarray(ROWS), KEY, 30.0))
    for new, old, angle in zip(found, ROWS, angles, strict=True):
        turn = np.deg2rad(angle)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        center = np.array([4.0, 3.0])
        for channel in range(2):
            expected = ndimage.affine_transform(
                old[..., channel], matrix, center - matrix @ center, order=1, mode="nearest"
            )
            np.testing.assert_allclose(new[..., channel], expected, atol=0.01)


def test_brightness_is_one_factor_a_picture():
    found = np.asarray(brightened(jnp.asarray(ROWS / 2), KEY, 0.3))
    factor = np.median(found[:, 1:] / np.maximum(ROWS[:, 1:] / 2, 1e-9), axis=(1, 2, 3))
    np.testing.assert_allclose(found, ROWS / 2 * factor[:, None, None, None], rtol=1e-4)
    assert 0.7 <= factor.min() < 0.85 < 1.15 < factor.max() <= 1.3


def test_a_cutout_is_a_square_of_the_mean():
    found = np.asarray(cut_out(jnp.asarray(ROWS), KEY, 3))
    changed = np.any(found != ROWS, axis=-1)
    assert changed.sum((1, 2)).max() == 9
    row = int(changed.sum((1, 2)).argmax())
    np.testing.assert_allclose(found[row][changed[row]], np.tile(ROWS[row].mean((0, 1)), (9, 1)), rtol=1e-5)


def test_mixing_leaves_padding_to_itself():
    weight = np.array([1] * 20 + [0] * 12, np.float32)
    mixed, partner, share = Augmentation(mixup=0.4).mix(jnp.asarray(ROWS), jnp.asarray(weight), KEY)
    assert sorted(np.asarray(partner)[:20]) == list(range(20))
    np.testing.assert_allclose(mixed, share * ROWS + (1 - share) * ROWS[np.asarray(partner)], rtol=1e-5)


@pytest.mark.parametrize("change", [{"flip": True}, {"shift": 1}, {"rotation": 9.0}, {"cutout": 2}])
def test_the_key_decides_all(change):
    augment = Augmentation(**change)
    first, again, other = (np.asarray(augment.apply(jnp.asarray(ROWS), jax.random.key(k))) for k in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)

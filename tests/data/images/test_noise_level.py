"""Noise that was added is found again, to its level; texture is not taken for it, and shifts of pairs are found."""

import numpy as np
import pytest
from skimage.registration import phase_cross_correlation

from talweg.data.images.alignment import alignment
from talweg.data.images.noise_level import noise_level
from talweg.data.images.photographs import read_photographs

TEXTURES = ("grass.png", "gravel.png")


@pytest.fixture(scope="module")
def photographs():
    found = read_photographs("photographs")
    return dict(zip(found.files, found.pictures, strict=True))


def noisy(picture, level, seed=0):
    added = picture + level * np.random.default_rng(seed).standard_normal(picture.shape)
    return np.clip(np.rint(added), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [4, 10, 25])
def test_the_level_of_added_noise_is_found_again(photographs, level):
    """Nearly: black and white cut some of it off."""
    for name, picture in photographs.items():
        if name not in TEXTURES and name != "hubble_deep_field.png":
            assert noise_level(noisy(picture, level)) == pytest.approx(level, rel=0.2, abs=0.7), name


def test_photographs_and_textures_are_not_taken_for_noise(photographs):
    assert max(noise_level(picture) for picture in photographs.values()) < 2.5
    assert [noise_level(noisy(photographs[name], 4)) for name in TEXTURES] == [0, 0]


def test_a_picture_without_anything_and_a_small_one_have_no_noise():
    assert noise_level(np.full((64, 64, 3), 200, np.uint8)) == 0
    assert noise_level(np.zeros((64, 64, 1), np.uint8)) == 0
    assert noise_level(np.random.default_rng(0).integers(0, 255, (20, 200, 1))) == 0


def test_colours_are_looked_at_one_by_one():
    picture = np.full((128, 128, 3), 100.0)
    picture[..., 2] += 9 * np.random.default_rng(0).standard_normal((128, 128))
    assert noise_level(picture) == pytest.approx(9, rel=0.1)


@pytest.mark.parametrize("by", [(0, 0), (0, 1), (3, -5), (-11, 2)])
def test_shifts_are_those_that_phase_correlation_finds(photographs, by):
    for name in ("astronaut.png", "coins.png", "rocket.png", "grass.png"):
        clean = photographs[name]
        moved = noisy(np.roll(clean, by, (0, 1)) * 0.5 + 40, 12)
        found = alignment(moved, clean)
        assert (found.down, found.right) == by, name
        assert found.likeness > 0.95
        witness, *_ = phase_cross_correlation(moved[..., 0], clean[..., 0])
        if name != "rocket.png":  # a dark sky, in which noise misleads the phases
            assert tuple(witness) == by, name


def test_other_pictures_are_told_from_noisy_ones(photographs):
    pictures = [picture[:160, :160] for picture in photographs.values()]
    for number, picture in enumerate(pictures):
        assert alignment(noisy(picture, 60), picture).likeness > 0.7
        assert alignment(noisy(pictures[number - 1], 10), picture).likeness < 0.5


def test_pictures_too_small_or_too_flat_to_compare_are_left_in_peace():
    assert alignment(np.zeros((12, 12, 1)), np.ones((12, 12, 1))).likeness == 1
    assert alignment(np.random.default_rng(0).normal(100, 30, (64, 64, 1)), np.full((64, 64, 1), 100)).down == 0

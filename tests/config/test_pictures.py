import pytest

from talweg.config.pictures import parse_augmentation, parse_noise, parse_size
from talweg.errors import ConfigError
from talweg.objective.augment import Augmentation
from talweg.objective.noise import Noise


@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ("25", Noise("gaussian", 25.0, 25.0)),
        ("5..50", Noise("gaussian", 5.0, 50.0)),
        ("gaussian 12.5", Noise("gaussian", 12.5, 12.5)),
        ("poisson 10..100", Noise("poisson", 10.0, 100.0)),
        ("salt-and-pepper 0.1", Noise("salt-and-pepper", 0.1, 0.1)),
        ("self", None),
    ],
)
def test_noise(text, noise):
    assert parse_noise(text) == noise
    if noise is not None:
        assert parse_noise(str(noise)) == noise


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("much", "noise must be a level"),
        ("poison 3", "Did you mean 'poisson'"),
        ("50..5", "the lower first"),
        ("300", "up to 255"),
        ("salt-and-pepper 2", "up to 1"),
        ("0", "above 0"),
    ],
)
def test_noise_that_is_none(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_noise(text)


def test_augmentation():
    assert parse_augmentation("none") is None
    text = "flip, shift 2, rotation 7.5, brightness 0.2, cutout 4, mixup 0.3"
    assert parse_augmentation(text) == Augmentation(True, 2, 7.5, 0.2, 4, 0.3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flop", "Did you mean 'flip'"),
        ("flip 3", "takes no number"),
        ("shift", "such as 'shift 4', got 'none'"),
        ("shift 2.5", "whole number"),
        ("brightness 2", "up to 1"),
        ("rotation nan", "above 0"),
    ],
)
def test_augmentation_that_is_none(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_augmentation(text)


def test_size():
    assert parse_size("32") == (32, 32)
    assert parse_size("48x64") == (48, 64)
    for text in ("0", "big", "5000", "3x"):
        with pytest.raises(ConfigError, match="image_size must be"):
            parse_size(text)

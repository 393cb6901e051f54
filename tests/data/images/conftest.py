"""Small folders of pictures, written by Pillow."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def _write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def write():
    """Writes pixels to a picture file, and makes its folder."""
    return _write


@pytest.fixture
def noise():
    return np.random.default_rng(0)


@pytest.fixture
def pets(tmp_path, noise):
    """Twelve color pictures of two classes, all 10 high and 12 wide."""
    for number in range(12):
        kind = ("cats", "dogs")[number % 2]
        _write(tmp_path / "pets" / kind / f"{number:02d}.png", noise.integers(0, 256, (10, 12, 3), np.uint8))
    return tmp_path / "pets"

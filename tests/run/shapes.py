"""Pictures whose masks are known: bright circles and squares on noise."""

import numpy as np
from PIL import Image

BACKGROUND, CIRCLE, SQUARE = 0, 1, 2


def shapes(count, size=(48, 56), seed=0, channels=1):
    """Pictures of two circles and two squares each, and their masks."""
    generator = np.random.default_rng(seed)
    pictures, masks = [], []
    for _ in range(count):
        mask = np.zeros(size, np.uint8)
        down, right = np.mgrid[: size[0], : size[1]]
        for kind in (CIRCLE, SQUARE, CIRCLE, SQUARE):
            radius = generator.integers(5, 9)
            y, x = (generator.integers(radius, side - radius) for side in size)
            near = np.abs(down - y), np.abs(right - x)
            inside = near[0] ** 2 + near[1] ** 2 <= radius**2 if kind == CIRCLE else np.maximum(*near) <= radius
            mask[inside] = kind
        light = np.array([60.0, 140.0, 210.0])[mask] + generator.normal(0, 12, size)
        pictures.append(np.repeat(np.clip(light, 0, 255).astype(np.uint8)[..., None], channels, -1).squeeze())
        masks.append(mask)
    return pictures, masks


def write(folder, pictures, masks, mask_of=Image.fromarray):
    """A folder with `images/` and `masks/`."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        Image.fromarray(picture).save(folder / "images" / f"{number:02d}.png")
        mask_of(mask).save(folder / "masks" / f"{number:02d}.png")
    return folder

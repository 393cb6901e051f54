"""Pixels become a picture file, rounded, or a mask file, exactly. Where it is written is for others to say."""

import io
from collections.abc import Mapping

import numpy as np
from jaxtyping import Shaped
from PIL import Image


def save_mask(values: Shaped[np.ndarray, "height width"], kind: str, palette: Mapping[int, int]) -> bytes:
    """A mask as a PNG file that holds just these values.

    Args:
        values: gray values, places in a palette, or colors as red * 65536 + green * 256 + blue.
        kind: which of the three: ``"gray"``, ``"palette"`` or ``"rgb"``.
        palette: the colors of the places.
    """
    file = io.BytesIO()
    if kind == "rgb":
        image = Image.fromarray(np.stack([values >> 16 & 255, values >> 8 & 255, values & 255], -1).astype(np.uint8))
    else:
        image = Image.fromarray(values.astype(np.uint8 if values.max() <= 255 else np.uint16))
    if kind == "palette":
        flat = [palette.get(place, 0) for place in range(256)]
        image.putpalette([part for color in flat for part in (color >> 16 & 255, color >> 8 & 255, color & 255)])
    image.save(file, "png")
    return file.getvalue()


def save_picture(pixels: Shaped[np.ndarray, "height width channels"], kind: str = "png", deep: bool = False) -> bytes:
    """A picture as a file, rounded and cut to black and white.

    Args:
        pixels: from 0 to 255.
        kind: ``"png"`` or ``"tiff"``.
        deep: whether a gray picture is written with 16 bits; one in color has 8.
    """
    file = io.BytesIO()
    if deep and pixels.shape[-1] == 1:
        plain = np.clip(np.rint(pixels[..., 0] * 257.0), 0, 65535).astype(np.uint16)
    else:
        plain = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
        plain = plain[..., 0] if plain.shape[-1] == 1 else plain
    Image.fromarray(plain).save(file, kind)
    return file.getvalue()

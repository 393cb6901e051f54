"""One picture file becomes pixels. The one door to Pillow for reading; which files there are is in `find`.

Pixels are 0 for black and 255 for white, whatever the file's depth: 8-bit files stay `uint8`, deeper ones become
`float32` in the same unit, so that nothing of a microscope's 16 bits is lost.
"""

import dataclasses
import io
from typing import Any

import numpy as np
from jaxtyping import Shaped
from PIL import Image, ImageOps, UnidentifiedImageError

from talweg.data.images.pictures import Color, Size
from talweg.errors import DataError

MOST_PIXELS = 80_000_000
"""Pixels of a picture, at most; told from its header, before anything is decoded."""
_ORIENTATION = 0x0112  # EXIF's tag
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_SEE_THROUGH = ("LA", "La", "RGBA", "RGBa", "PA")


class PictureError(DataError):
    """A file that is no picture, or a broken, truncated or enormous one."""


@dataclasses.dataclass(frozen=True)
class Header:
    """What a picture says of itself before it is decoded.

    Attributes:
        height: rows of pixels, after EXIF's turn.
        width: columns of pixels, after EXIF's turn.
        color: ``"gray"``, or ``"rgb"`` for everything else.
        deep: whether it has more than 8 bits.
    """

    height: int
    width: int
    color: Color
    deep: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Decoded:
    """A picture.

    Attributes:
        pixels: from 0 to 255; `uint8`, or `float32` where the file has more than 8 bits.
        done: what was done to it, as words that count it among others: ``"animated: its first frame is taken"``.
    """

    pixels: Shaped[np.ndarray, "height width channels"]
    done: tuple[str, ...]


def read_header(data: bytes, name: str) -> Header:
    """A picture's size and mode, without decoding it.

    Raises:
        PictureError: no picture, or one with more than `MOST_PIXELS`.
    """
    image = opened(data, name)
    height, width = image.height, image.width
    # Not the PNG reader's own `getexif`, which decodes the whole picture to look behind it.
    if Image.Image.getexif(image).get(_ORIENTATION, 1) >= 5:
        height, width = width, height
    gray = image.mode in ("1", "L", "LA", "La", *_DEEP)
    return Header(height, width, "gray" if gray else "rgb", image.mode in _DEEP)


def decode(data: bytes, name: str, color: Color, cover: Size | None = None) -> Decoded:
    """The pixels of a picture.

    Args:
        data: the whole file.
        name: the file's name, for messages.
        color: what the pixels shall be; gray ones are spread, colors become their luma (ITU-R 601).
        cover: the height and width to fill: scaled until both are covered, and what stands over is cut off evenly;
            `None` keeps the size.

    Raises:
        PictureError: no picture, or a broken, truncated or enormous one.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (6, 4), "white").save(file, "png")
        >>> decode(file.getvalue(), "white.png", "gray", (2, 2)).pixels.ravel()
        array([255, 255, 255, 255], dtype=uint8)
    """
    image, done = opened(data, name), []
    if cover is not None and image.format == "JPEG":
        # The decoder itself can halve a large photograph, at a fraction of the cost.
        image.draft(None, (2 * cover[1], 2 * cover[0]))
    try:
        if getattr(image, "n_frames", 1) > 1:
            image.seek(0)
            done.append("has several frames: the first is taken")
        image.load()
        if image.getexif().get(_ORIENTATION, 1) not in (0, 1):
            image = ImageOps.exif_transpose(image)
            done.append("is turned as its EXIF orientation says")
    except Exception as error:  # a decoder that meets a broken file raises nearly anything
        raise PictureError(f"{name} is broken or truncated: {_reason(error)}") from None
    if image.mode in _DEEP:
        pixels, word = _deep(image, name)
        done.append(word)
        image = Image.fromarray(pixels)
    else:
        image = _plain(image, color, done)
    if cover is not None and (image.height, image.width) != cover:
        image = ImageOps.fit(image, (cover[1], cover[0]), Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    if pixels.dtype == np.float32:
        pixels = np.clip(pixels, 0.0, 255.0)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if color == "rgb" and pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    return Decoded(pixels, tuple(done))


def scaled_within(decoded: Decoded, longest: int | None) -> Decoded:
    """A picture scaled down until its longer side is that long; smaller ones, and `None`, leave it as it is."""
    height, width = decoded.pixels.shape[:2]
    if longest is None or max(height, width) <= longest:
        return decoded
    factor = longest / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    planes = np.moveaxis(decoded.pixels, -1, 0)
    resized = [
        np.asarray(Image.fromarray(np.ascontiguousarray(p)).resize(size, Image.Resampling.LANCZOS)) for p in planes
    ]
    return Decoded(
        np.clip(np.stack(resized, axis=-1), 0, 255), (*decoded.done, f"is scaled to {longest} pixels at most")
    )


def opened(data: bytes, name: str) -> Any:
    """A picture file as Pillow sees it, not yet decoded.

    Raises:
        PictureError: no picture, or one with more than `MOST_PIXELS`.
    """
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError:
        raise PictureError(f"{name} has more than {MOST_PIXELS:,} pixels; scale it down first") from None
    except Exception as error:
        raise PictureError(f"{name} is no picture that can be read: {_reason(error)}") from None
    if image.width * image.height > MOST_PIXELS:
        raise PictureError(
            f"{name} has {image.width} x {image.height} pixels, more than {MOST_PIXELS:,}; scale it down first"
        )
    return image


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its first bytes are not those of any known format"
    return " ".join(str(error).split()) or type(error).__name__


def _plain(image: Any, color: Color, done: list[str]) -> Any:
    """An 8-bit picture in the mode that is wanted."""
    if image.mode == "P":
        done.append("has a palette, which is resolved")
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "CMYK":
        done.append("is CMYK, converted to RGB")
    if image.mode in _SEE_THROUGH or "transparency" in image.info:
        solid = image.convert("RGBA")
        if solid.getextrema()[3][0] < 255:
            done.append("has transparent parts, put on white")
        image = Image.alpha_composite(Image.new("RGBA", solid.size, "white"), solid).convert("RGB")
    return image.convert("L" if color == "gray" else "RGB")


def _deep(image: Any, name: str) -> tuple[np.ndarray, str]:
    """A picture of 16 or 32 bits, in units of 255 for white."""
    values = np.asarray(image).astype(np.float32)
    if not np.isfinite(values).all():
        raise PictureError(f"{name} holds pixels that are not finite numbers")
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        return values / 257.0, "has 16 bits, all of which are kept"
    if image.mode == "F" and low >= 0 and high <= 1:
        return values * 255.0, "has floating-point pixels from 0 to 1"
    if image.mode == "F" and low >= 0 and high <= 255:
        return values, "has floating-point pixels from 0 to 255"
    raise PictureError(
        f"{name} holds pixels from {low:g} to {high:g}; expected 0 to 65535, or 0 to 1 or 255 in floating point"
    )

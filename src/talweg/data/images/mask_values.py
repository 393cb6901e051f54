"""One mask file becomes values, exactly: nothing is scaled, smoothed or converted. Which class a value is: `labels`."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from jaxtyping import Shaped
from PIL import Image, ImageOps

from talweg.data.images.decode import PictureError, opened

_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I")


@dataclasses.dataclass(frozen=True, eq=False)
class Values:
    """The pixels of a mask as its file holds them.

    Attributes:
        pixels: gray values, places in a palette, or colors as red * 65536 + green * 256 + blue.
        kind: ``"gray"``, ``"palette"`` or ``"rgb"``.
        palette: of a palette the color of each place that is used.
    """

    pixels: Shaped[np.ndarray, "height width"]
    kind: str
    palette: Mapping[int, int] = dataclasses.field(default_factory=dict)

    def colors(self) -> Shaped[np.ndarray, "height width"]:
        """The same as colors."""
        if self.kind == "rgb":
            return self.pixels
        if self.kind == "gray":
            return self.pixels.astype(np.uint32) * np.uint32(0x010101)
        table = np.zeros(256, np.uint32)
        table[[*self.palette]] = [*self.palette.values()]
        return table[self.pixels]


def decode_mask(data: bytes, name: str) -> Values:
    """The values of a mask file.

    Args:
        data: the whole file.
        name: what messages call it.

    Raises:
        PictureError: no picture, a broken one, or one whose pixels are no plain values.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> Image.fromarray(np.array([[0, 7]], np.uint8)).save(file, "png")
        >>> decode_mask(file.getvalue(), "mask.png").pixels
        array([[0, 7]], dtype=uint8)
    """
    image = opened(data, name)
    try:
        image = ImageOps.exif_transpose(image)
    except Exception as error:  # a decoder that meets a broken file raises nearly anything
        raise PictureError(f"{name} is broken or truncated: {' '.join(str(error).split())}") from None
    if image.mode in ("LA", "RGBA", "PA"):
        if np.asarray(image.getchannel("A")).min() < 255:
            raise PictureError(f"{name} has transparent parts; a mask holds one value a pixel: save it without them")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if image.mode == "1":
        return Values(np.asarray(image.convert("L")), "gray")
    if image.mode == "L":
        return Values(np.asarray(image), "gray")
    if image.mode == "P":
        return _of_palette(image)
    if image.mode in _DEEP:
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise PictureError(f"{name} holds values from {values.min()} to {values.max()}; expected 0 to 65535")
        return Values(values.astype(np.uint16), "gray")
    if image.mode != "RGB":
        raise PictureError(f"{name} is of mode {image.mode}; a mask is gray, in color, or has a palette")
    red, green, blue = np.moveaxis(np.asarray(image).astype(np.uint32), -1, 0)
    if (red == green).all() and (green == blue).all():
        return Values(red.astype(np.uint8), "gray")
    return Values(red << 16 | green << 8 | blue, "rgb")


def _of_palette(image: Image.Image) -> Values:
    pixels = np.asarray(image)
    flat = image.getpalette("RGB") or []
    colors = [red << 16 | green << 8 | blue for red, green, blue in zip(*[iter(flat)] * 3, strict=False)]
    used = np.unique(pixels).tolist()
    return Values(pixels, "palette", {place: colors[place] for place in used if place < len(colors)})

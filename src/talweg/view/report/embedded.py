"""Pictures inside a page: as data, of a bounded size. What is said beside them is for the sections to say."""

import base64
import io

from talweg.view.report.markup import text

MIDDLE = 256
"""The side of what is shown of a large picture: its middle, pixel by pixel, so that noise can be seen."""


def picture(content: bytes, alt: str) -> str:
    """A PNG picture as an element that needs no other file.

    Args:
        content: the whole file.
        alt: what it shows, for those who do not see it.
    """
    return f'<img alt="{text(alt)}" src="data:image/png;base64,{base64.b64encode(content).decode()}">'


def middle(content: bytes, side: int = MIDDLE) -> bytes:
    """The middle of a PNG picture, not scaled; a picture no larger than that as it is."""
    from PIL import Image

    image = Image.open(io.BytesIO(content))
    if max(image.size) <= side:
        return content
    left, top = (max(0, (length - side) // 2) for length in image.size)
    cut, file = image.crop((left, top, min(image.width, left + side), min(image.height, top + side))), io.BytesIO()
    cut.save(file, "png", optimize=True)
    return file.getvalue()

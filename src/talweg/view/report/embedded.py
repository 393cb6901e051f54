"""Pictures inside a page: as data, of a bounded size. What is said beside them is for the sections to say."""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence

from talweg.view.report.markup import text

LARGEST = 1_200_000
"""Bytes of pictures in a section, at most; samples beyond it are left out."""

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


def rows_of_pictures(
    samples: Iterable[Mapping[str, str]],
    kinds: Sequence[str],
    contents: Mapping[str, bytes],
    css: str,
    shown: Callable[[Mapping[str, str], str, bytes], str],
) -> str:
    """Samples below each other, the pictures of each side by side, as many samples as a page can bear.

    Args:
        samples: for each kind the picture's path.
        kinds: in their order; those that a sample does not have are left out.
        contents: the PNG files by their paths.
        css: the class of a row.
        shown: an element for a sample, a kind and its picture.
    """
    rows, size = [], 0
    for sample in samples:
        known = {kind: middle(contents[sample[kind]]) for kind in kinds if sample.get(kind) in contents}
        size += sum(map(len, known.values()))
        if size > LARGEST:
            break
        if known:
            cells = "".join(shown(sample, kind, content) for kind, content in known.items())
            rows.append(f'<div class="{css}">{cells}</div>')
    return "".join(rows)

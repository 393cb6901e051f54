"""Many picture files become one array: headers first, then decoding in parallel. What one file holds is in `decode`."""

import dataclasses
import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from talweg.data.images.decode import Decoded, Header, PictureError, decode, read_header
from talweg.data.images.pictures import Color, Size, Wanted
from talweg.data.large.cache import Cache, key_of
from talweg.data.large.store import Writer
from talweg.errors import DataError

LARGEST = 64
"""The side that larger pictures are scaled to unless a size is named."""
MANY = 500
"""From so many pictures on, what was decoded is kept."""
VERSION = 1
"""Of the decoding; raised when the same files would give other pixels."""
_BLOCK = 256
_NAMED = 5
"""So many broken pictures are named in one message."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, eq=False)
class Loaded:
    """Picture files as one array.

    Attributes:
        pixels: those that could be read.
        kept: their positions among the files that were asked for.
        notes: what was done to them, a sentence each.
    """

    pixels: Shaped[np.ndarray, "pictures height width channels"]
    kept: tuple[int, ...]
    notes: tuple[str, ...]


def load(files: Sequence[Path], names: Sequence[str], wanted: Wanted) -> Loaded:
    """Decodes files to one size, as many at a time as there are cores.

    Args:
        files: the picture files.
        names: what messages call them.
        wanted: size, colour, and what happens to broken ones.

    Raises:
        DataError: a picture cannot be read and broken ones are not to be skipped, or none is left.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # Pillow's doubts about metadata and large sizes; the bounds are our own
        headers = list(pool.map(kept_errors(lambda file, name: read_header(read_bytes(file), name)), files, names))
        sound = [header for header in headers if isinstance(header, Header)]
        if not sound:
            raise DataError(broken([header for header in headers if isinstance(header, PictureError)], len(files)))
        size, color = wanted.size or _size(sound), wanted.color or _color(sound)

        def pixels(file: Path, name: str) -> Decoded:
            return decode(read_bytes(file), name, color, size)

        deep = any(header.deep for header in sound)
        out = np.empty((len(files), *size, 1 if color == "gray" else 3), np.float32 if deep else np.uint8)
        told: Counter[str] = Counter()
        failed: list[PictureError] = []
        kept: list[int] = []
        for place, decoded in enumerate(pool.map(kept_errors(pixels), files, names)):
            if isinstance(decoded, PictureError):
                failed.append(decoded)
                continue
            out[place] = decoded.pixels
            told.update(decoded.done)
            kept.append(place)
    if failed and not (wanted.skip_broken and kept):
        raise DataError(broken(failed, len(files)))
    notes = [*_resized(sound, size, color), *counted(told, len(kept))]
    if failed:
        notes.append(named_broken(failed))
    return Loaded(out[kept] if failed else out, tuple(kept), tuple(notes))


def load_kept(files: Sequence[Path], names: Sequence[str], wanted: Wanted, cache: Cache | None) -> Loaded:
    """The same as `load`, but many pictures are decoded only once: later they come from the user's cache.

    What is kept is named by the contents of all files, so that it is never stale.

    Args:
        files: the picture files.
        names: what messages call them.
        wanted: size, colour, and what happens to broken ones.
        cache: where it is kept; `None` keeps nothing.
    """
    if cache is None or len(files) < MANY:
        return load(files, names, wanted)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = list(pool.map(_digest, files))
    key = key_of("pictures", str(VERSION), str(wanted), *names, *digests)

    def fill(writer: Writer) -> dict[str, Any]:
        loaded = load(files, names, wanted)
        column = writer.column("pixels", loaded.pixels.dtype, loaded.pixels.shape[1:])
        for start in range(0, len(loaded.pixels), _BLOCK):
            column.append(loaded.pixels[start : start + _BLOCK])
        return {"kept": list(loaded.kept), "notes": list(loaded.notes)}

    store = cache.get(key, fill, f"{len(files)} decoded pictures of {files[0].parent.parent.name}")
    return Loaded(np.array(store.arrays["pixels"]), tuple(store.facts["kept"]), tuple(store.facts["notes"]))


def _digest(file: Path) -> bytes:
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=16).digest()
    except OSError:
        return b"unreadable"


def read_bytes(file: Path) -> bytes:
    """A file's contents.

    Raises:
        PictureError: the system refuses.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise PictureError(f"{file} cannot be read: {error.strerror}") from None


def kept_errors(function: Callable[..., T]) -> Callable[..., T | PictureError]:
    """The same function, which gives back what it would raise of a picture, so that all broken ones are known."""

    def safe(*arguments: object) -> T | PictureError:
        try:
            return function(*arguments)
        except PictureError as error:
            return error

    return safe


def broken(failed: Sequence[PictureError], files: int) -> str:
    """The message about pictures that cannot be used."""
    if len(failed) == files == 1:
        return str(failed[0])
    named = "; ".join(str(error) for error in failed[:_NAMED])
    return (
        f"{len(failed)} of {files} pictures cannot be used: {named}{_more(len(failed))}. Mend or remove them, or leave"
        " them out with --skip-broken"
    )


def named_broken(failed: Sequence[PictureError]) -> str:
    """The note about broken pictures that were left out."""
    named = "; ".join(str(error) for error in failed[:_NAMED])
    return f"{_pictures(len(failed))} left out: {named}{_more(len(failed))}."


def _more(failed: int) -> str:
    return f"; and {failed - _NAMED} more" if failed > _NAMED else ""


def _size(headers: Sequence[Header]) -> Size:
    """One size for all: their own if it is one and small, else a square that most of them fill."""
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1 and max(next(iter(sizes))) <= LARGEST:
        return next(iter(sizes))
    side = int(np.median([min(header.height, header.width) for header in headers]))
    return (min(LARGEST, side),) * 2


def _color(headers: Sequence[Header]) -> Color:
    return "gray" if all(header.color == "gray" for header in headers) else "rgb"


def _resized(headers: Sequence[Header], size: Size, color: Color) -> Iterable[str]:
    sizes = Counter((header.height, header.width) for header in headers)
    if set(sizes) != {size}:
        (low, few), (high, many) = min(sizes, key=np.prod), max(sizes, key=np.prod)
        found = f"of {len(sizes)} sizes, from {low}x{few} to {high}x{many}," if len(sizes) > 1 else f"of {low}x{few}"
        yield (
            f"Pictures {found} are scaled to {size[0]}x{size[1]}; what stands over is cut off evenly"
            " (--image-size sets another size)."
        )
    colors = Counter(header.color for header in headers)
    if len(colors) > 1 or color not in colors:
        mixed = f"{colors['gray']} gray and {colors['rgb']} colour pictures"
        yield f"{mixed} are all taken as {'gray' if color == 'gray' else 'colour'} (--color sets it)."


def counted(told: Counter[str], pictures: int) -> Iterable[str]:
    """What was done to how many pictures, a sentence each."""
    for done, count in told.items():
        yield f"{count} of {pictures} pictures: each {done}."


def _pictures(count: int) -> str:
    return f"{count} picture{'s are' if count != 1 else ' is'}"


def save_picture(pixels: Shaped[np.ndarray, "height width channels"], kind: str = "png", deep: bool = False) -> bytes:
    """A picture as a file, rounded and cut to black and white.

    Args:
        pixels: from 0 to 255.
        kind: ``"png"`` or ``"tiff"``.
        deep: whether a gray picture is written with 16 bits; one in colour has 8.
    """
    import io

    file = io.BytesIO()
    if deep and pixels.shape[-1] == 1:
        plain = np.clip(np.rint(pixels[..., 0] * 257.0), 0, 65535).astype(np.uint16)
    else:
        plain = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
        plain = plain[..., 0] if plain.shape[-1] == 1 else plain
    Image.fromarray(plain).save(file, kind)
    return file.getvalue()

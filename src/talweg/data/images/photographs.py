"""Photographs for denoising: each keeps its own size; they are cut into tiles, out of which steps draw their patches.

What classifies pictures is in `pictures`; there all have one size.
"""

import dataclasses
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from talweg.data.images.decode import Decoded, Header, PictureError, decode, read_header, scaled_within
from talweg.data.images.find import Found, find_all, find_pairs, is_picture, match_pairs
from talweg.data.images.load import broken, counted, kept_errors, named_broken, read_bytes
from talweg.data.images.pictures import BUILTIN, Color, Wanted
from talweg.errors import DataError, did_you_mean

BUILTIN_FOLDER = Path(__file__).parent.parent / "builtin" / "photographs"
MOST_PIXELS = 300_000_000
"""Pixels of all photographs together, at most."""

NAMES: dict[Color, str] = {"gray": "gray", "rgb": "color"}
ARRAYS = "the arrays"
"""What messages call pictures that came as arrays."""

Picture = Shaped[np.ndarray, "_ _ _"]  # height, width, channels; another for each


@dataclasses.dataclass(frozen=True, eq=False)
class Photographs:
    """Photographs of any sizes, all gray or all in color.

    Attributes:
        name: what messages call the source.
        files: what each is called.
        pictures: pixels of 0 to 255; of pairs, the clean ones.
        noisy: of pairs, the noisy ones; that both are of one size is for the gate to say.
        parts: the part of each, where folders say so.
        notes: what was done to them, a sentence each.
        done: what was done to each, as words behind its name; empty where nothing is known.
    """

    name: str
    files: tuple[str, ...]
    pictures: tuple[Picture, ...]
    noisy: tuple[Picture, ...] | None = None
    parts: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    done: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def channels(self) -> int:
        """1 for gray, 3 for color."""
        return int(self.pictures[0].shape[-1])


def read_photographs(
    source: Any,
    clean: str | Path | None = None,
    color: Color | None = None,
    longest: int | None = None,
    skip_broken: bool = False,
    unbounded: bool = False,
) -> Photographs:
    """The photographs of a source.

    Args:
        source: ``"photographs"`` (ten built-in gray ones); a folder, whatever its folders are called; a folder with the
            folders `noisy/` and `clean/`; a file; an array or a list of arrays.
        clean: the folder of clean pictures, if `source` holds the noisy ones of pairs.
        color: gray or color; `None` takes gray if all of them are gray.
        longest: larger photographs are scaled until their longer side is that long.
        skip_broken: whether broken pictures are left out rather than an error.
        unbounded: whether the real numbers of arrays may lie beyond black and white, as noise leaves them.

    Raises:
        DataError: no pictures, broken ones that are not to be skipped, pairs that do not match, or too many pixels.

    Example:
        >>> photographs = read_photographs("photographs")
        >>> len(photographs), photographs.channels
        (10, 1)
    """
    if isinstance(source, Photographs):
        return source
    if isinstance(source, list | tuple | np.ndarray):
        return _of_arrays(source, color, unbounded)
    if source == BUILTIN and not Path(source).exists():
        return dataclasses.replace(_read(find_all(BUILTIN_FOLDER), color, longest, False), name=BUILTIN)
    path = Path(source).expanduser()
    pair = (path, Path(clean).expanduser()) if clean is not None else find_pairs(path) if path.is_dir() else None
    if pair is not None:
        return _read_pairs(path, *pair, color, longest, skip_broken)
    if path.is_dir():
        return _read(find_all(path), color, longest, skip_broken)
    if not path.is_file():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"No such file or folder: {path}.{did_you_mean(path.name, [*beside, BUILTIN])}")
    if not is_picture(path):
        raise DataError(f"{path} is no picture; expected a folder of photographs, or one")
    return _read(Found(path.parent, (path,), None, None, ()), color, longest, skip_broken)


def _of_arrays(source: Any, color: Color | None, unbounded: bool) -> Photographs:
    from talweg.data.images.arrays import of_arrays

    stack = [source] if isinstance(source, np.ndarray) and _is_one(source) else source
    wanted = Wanted(None, color)
    pictures = tuple(of_arrays(np.asarray(one)[None], wanted=wanted, unbounded=unbounded).pixels[0] for one in stack)
    if not pictures:
        raise DataError("there are no pictures in the list")
    if len({picture.shape[-1] for picture in pictures}) > 1:
        raise DataError("some of the pictures are gray and some in color; make them all alike, or name a color")
    return Photographs(ARRAYS, tuple(str(number) for number in range(len(pictures))), pictures)


def _is_one(array: np.ndarray) -> bool:
    """Whether an array is one picture: no other is one pixel wide, or three."""
    return array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (1, 3))


def _read(found: Found, color: Color | None, longest: int | None, skip_broken: bool) -> Photographs:
    pictures, kept, notes, done = decode_photographs(found.files, found.names(), color, longest, skip_broken)
    names, parts = found.names(), found.parts
    return Photographs(
        found.folder.name or str(found.folder),
        tuple(names[place] for place in kept),
        tuple(pictures),
        None,
        None if parts is None else tuple(parts[place] for place in kept),
        (*found.notes, *notes),
        tuple(done),
    )


def _read_pairs(
    path: Path, noisy: Path, clean: Path, color: Color | None, longest: int | None, skip_broken: bool
) -> Photographs:
    pairs = match_pairs(noisy, clean)
    both = [file for pair in pairs for file in pair]
    pictures, kept, notes, _ = decode_photographs(both, [str(file) for file in both], color, longest, skip_broken)
    at = dict(zip(kept, pictures, strict=True))
    whole = [place for place in range(len(pairs)) if 2 * place in at and 2 * place + 1 in at]
    if not whole:
        raise DataError(f"{noisy} and {clean} leave no pair of sound pictures")
    return Photographs(
        path.name or str(path),
        tuple(pairs[place][0].relative_to(noisy).as_posix() for place in whole),
        tuple(at[2 * place + 1] for place in whole),
        tuple(at[2 * place] for place in whole),
        None,
        (f"{len(whole)} pairs of a noisy and a clean picture.", *notes),
    )


def decode_photographs(
    files: Sequence[Path], names: Sequence[str], color: Color | None, longest: int | None, skip_broken: bool
) -> tuple[list[Picture], list[int], list[str], list[tuple[str, ...]]]:
    """The sound pictures, their positions, what was done to them in sentences, and to each in words."""
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")
        headers = list(pool.map(kept_errors(lambda file, name: read_header(read_bytes(file), name)), files, names))
        sound = [header for header in headers if not isinstance(header, PictureError)]
        wanted: Color = color or ("gray" if all(header.color == "gray" for header in sound) else "rgb")
        _refuse_too_many(sum(_pixels(header.height, header.width, longest) for header in sound))

        def one(file: Path, name: str) -> Decoded:
            return scaled_within(decode(read_bytes(file), name, wanted), longest)

        told: Counter[str] = Counter()
        pictures, kept, failed, done = [], [], [], []
        for place, decoded in enumerate(pool.map(kept_errors(one), files, names)):
            if isinstance(decoded, PictureError):
                failed.append(decoded)
                continue
            pictures.append(decoded.pixels)
            kept.append(place)
            told.update(decoded.done)
            header = headers[place]
            other = isinstance(header, Header) and header.color != wanted
            done.append((*decoded.done, *[f"is taken as {NAMES[wanted]}"] * other))
    if failed and not (skip_broken and kept):
        raise DataError(broken(failed, len(files)))
    notes = list(counted(told, len(kept)))
    if failed:
        notes.append(named_broken(failed))
    if len({header.color for header in sound}) > 1 or any(header.color != wanted for header in sound):
        notes.append(f"All pictures are taken as {NAMES[wanted]} (--color sets it).")
    return pictures, kept, notes, done


def _pixels(height: int, width: int, longest: int | None) -> int:
    factor = 1.0 if longest is None else min(1.0, longest / max(height, width))
    return int(height * width * factor**2)


def _refuse_too_many(pixels: int) -> None:
    if pixels > MOST_PIXELS:
        raise DataError(
            f"the pictures have {pixels / 1e6:.0f} million pixels together, more than {MOST_PIXELS / 1e6:.0f} million;"
            " take fewer, or scale them with --image-size 1024"
        )


def cut(pictures: Sequence[Picture], side: int, stride: int) -> Shaped[np.ndarray, "tiles side side channels"]:
    """Tiles that cover each photograph, one after the other; the last of a row and a column are flush with its border.

    Args:
        pictures: each at least `side` high and wide.
        side: of a tile, in pixels.
        stride: from tile to tile.

    Example:
        >>> cut([np.zeros((10, 6, 1), np.uint8)], 4, 4).shape
        (6, 4, 4, 1)
    """
    return np.stack(
        [
            picture[top : top + side, left : left + side]
            for picture in pictures
            for top in starts(picture.shape[0], side, stride)
            for left in starts(picture.shape[1], side, stride)
        ]
    )


def starts(length: int, side: int, stride: int) -> list[int]:
    """Where tiles begin along one axis; the last is flush with its end."""
    return sorted({*range(0, length - side, stride), length - side})


def _tiles(picture: Picture, side: int, stride: int) -> int:
    return len(starts(picture.shape[0], side, stride)) * len(starts(picture.shape[1], side, stride))


def tile_for(pictures: Sequence[Picture], patch: int, enough: int = 2000) -> tuple[int, int]:
    """The side and the stride of tiles such that every patch of the photographs lies in one of them.

    Large tiles waste no memory, small ones make an epoch of enough steps: the largest that give enough tiles.

    Returns:
        The side, and the stride: at most `side - patch + 1`, but where a photograph is hardly larger than a patch.
    """
    smallest = min(min(picture.shape[:2]) for picture in pictures)
    side, stride = patch, 1 + patch // 4
    for times in (4.0, 2.0, 1.5, 1.25):
        # A multiple of 8, since networks halve what they see.
        smaller = min(round(times * patch), smallest) // 8 * 8
        if smaller - patch < patch // 4:
            break
        side, stride = smaller, smaller - patch
        if sum(_tiles(picture, side, stride) for picture in pictures) >= enough:
            break
    return side, stride

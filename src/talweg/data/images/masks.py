"""Photographs with a mask each, which says of every pixel what it shows.

How a file becomes values is in `mask_values`, which values are classes in `labels`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from talweg.data.images.decode import PictureError
from talweg.data.images.find import MASK_ENDINGS, find_all, find_masked, match_pairs
from talweg.data.images.labels import Labels, Mask, labels_of
from talweg.data.images.load import broken, in_parallel, kept_errors, named_broken, read_bytes
from talweg.data.images.mask_values import Values, decode_mask
from talweg.data.images.photographs import Photographs, decode_photographs, read_photographs
from talweg.data.images.pictures import Color
from talweg.errors import DataError, did_you_mean

_EXPECTED = "a segmentation needs pictures and masks of the same names, such as images/001.jpg and masks/001.png"


@dataclasses.dataclass(frozen=True, eq=False)
class Masked:
    """Photographs with a mask each.

    Attributes:
        photographs: the pictures.
        masks: of each picture the class of every pixel; that both are of one size is for the gate to say.
        labels: the classes.
    """

    photographs: Photographs
    masks: tuple[Mask, ...]
    labels: Labels

    def counts(self, rows: Int[np.ndarray, " some"] | range | None = None) -> Int[np.ndarray, "some classes"]:
        """How many pixels of each class each of some masks has."""
        chosen = range(len(self.masks)) if rows is None else rows
        classes = len(self.labels.values)
        found = [np.bincount(self.masks[row].ravel(), minlength=256)[:classes] for row in chosen]
        return np.array(found, np.int64).reshape(-1, classes)


def read_masked(
    source: Any,
    masks: str | Path | None = None,
    color: Color | None = None,
    longest: int | None = None,
    skip_broken: bool = False,
) -> Masked:
    """The pictures and masks of a source.

    Args:
        source: a folder with `images/` and `masks/`, or with `train/`, `val/`, `test/` with these in each; or the
            folder of the pictures.
        masks: the folder of the masks, if `source` is that of the pictures.
        color: gray or color; `None` takes gray if all pictures are gray.
        longest: larger pictures are scaled until their longer side is that long; masks by the nearest pixel.
        skip_broken: whether pictures that are broken, or whose masks are, are left out rather than an error.

    Raises:
        DataError: no pairs, broken files that are not to be skipped, or masks that hold no classes.
    """
    if isinstance(source, Masked):
        return source
    path = Path(source).expanduser()
    if masks is None and not path.is_dir():
        raise DataError(f"{path} is no folder; {_EXPECTED}")
    folders = {"": (path, Path(masks).expanduser())} if masks is not None else find_masked(path)
    if not folders:
        raise DataError(f"{path} does not hold images/ and masks/; {_EXPECTED}")
    pairs = {part: match_pairs(*two, _EXPECTED, MASK_ENDINGS) for part, two in folders.items()}
    parts = tuple(part for part, some in pairs.items() for _ in some)
    ones, others = ([pair[which] for some in pairs.values() for pair in some] for which in (0, 1))
    names = [file.relative_to(path).as_posix() for file in ones]
    pictures, kept, notes, done = decode_photographs(ones, names, color, longest, skip_broken)
    values, lost = _decoded([others[place] for place in kept], longest, skip_broken)
    whole = [place for place, value in enumerate(values) if value is not None]
    sound = [value for value in values if value is not None]
    photographs = Photographs(
        path.name or str(path),
        tuple(names[kept[place]] for place in whole),
        tuple(pictures[place] for place in whole),
        None,
        tuple(parts[kept[place]] for place in whole) if "" not in folders else None,
        (f"{len(whole)} pictures with a mask each.", *notes, *lost),
        tuple(done[place] for place in whole),
    )
    files = [others[kept[place]].name for place in whole]
    return _labelled(photographs, sound, files)


def masks_of(source: Any, pictures: Sequence[str], labels: Labels) -> Callable[[int], Mask]:
    """Gives the mask of each picture, read as it is wanted, in classes that are known.

    Args:
        source: a folder with a mask of the name of each picture, the one mask file, or arrays in the pictures' order.
        pictures: what these are called.
        labels: the classes.

    Raises:
        DataError: a mask that is missing or broken, or that holds other values.
    """
    if not isinstance(source, str | Path):
        values = _of_arrays(source)
        if len(values) != len(pictures):
            raise DataError(f"there are {len(pictures)} pictures and {len(values)} masks; each picture needs one")
        return lambda place: labels.codes(values[place], f"mask {place}")
    path = Path(source).expanduser()
    files = _named_as(path, pictures) if path.is_dir() else [path]
    if len(files) != len(pictures):
        raise DataError(f"{path} is one mask for {len(pictures)} pictures; expected a folder of masks")
    return lambda place: labels.codes(decode_mask(read_bytes(files[place]), files[place].name), files[place].name)


def _named_as(folder: Path, pictures: Sequence[str]) -> list[Path]:
    """The mask of each picture in a folder."""
    known = {file.stem.lower(): file for file in find_all(folder).files}
    found = []
    for name in pictures:
        stem = Path(name).stem.lower()
        file = next((known[one] for end in ("", *MASK_ENDINGS) if (one := stem + end) in known), None)
        if file is None:
            raise DataError(f"{folder} holds no mask for {name}.{did_you_mean(stem, known)}")
        found.append(file)
    return found


def is_masks(targets: Any) -> bool:
    """Whether targets that came as Python objects are masks: several arrays of two axes.

    Example:
        >>> is_masks([np.zeros((4, 6), int)]), is_masks(np.zeros((3, 1))), is_masks("y")
        (True, False, False)
    """
    return isinstance(targets, list | tuple | np.ndarray) and len(targets) > 0 and np.ndim(targets[0]) == 2


def of_arrays(pictures: Any, masks: Any) -> Masked:
    """Pictures and masks that came as arrays.

    Args:
        pictures: arrays of `(height, width)` or `(height, width, channels)`, as `read_photographs` takes them.
        masks: as many arrays `(height, width)` of whole numbers.

    Raises:
        DataError: another number of masks than of pictures, or masks that hold no classes.
    """
    photographs = read_photographs(list(pictures))
    if len(masks) != len(photographs):
        raise DataError(f"there are {len(photographs)} pictures and {len(masks)} masks; each picture needs one")
    values = _of_arrays(masks)
    return _labelled(photographs, values, [f"mask {number}" for number in range(len(values))])


def _of_arrays(masks: Any) -> list[Values]:
    arrays = [np.asarray(mask) for mask in masks]
    for number, mask in enumerate(arrays):
        if mask.ndim != 2 or mask.dtype.kind not in "biu" or mask.size == 0:
            raise DataError(
                f"mask {number} has shape {mask.shape} and holds {mask.dtype}; masks are whole numbers (height, width)"
            )
        if mask.min() < 0 or mask.max() > 65535:
            raise DataError(f"mask {number} holds values from {mask.min()} to {mask.max()}; expected 0 to 65535")
    return [Values(mask.astype(np.uint16), "gray") for mask in arrays]


def _decoded(
    files: Sequence[Path], longest: int | None, skip_broken: bool
) -> tuple[list[Values | None], tuple[str, ...]]:
    """The values of each mask, `None` for broken ones that are left out, and the sentence that names them."""

    def one(file: Path, name: str) -> Values:
        return nearest_within(decode_mask(read_bytes(file), name), longest)

    names = [file.name for file in files]
    found = list(in_parallel(kept_errors(one), files, names))
    failed = [each for each in found if isinstance(each, PictureError)]
    if failed and (not skip_broken or len(failed) == len(files)):
        raise DataError(broken(failed, len(files)))
    sound = [None if isinstance(each, PictureError) else each for each in found]
    return sound, (named_broken(failed),) if failed else ()


def nearest_within(values: Values, longest: int | None) -> Values:
    """A mask scaled down by the nearest pixel, as `scaled_within` scales its picture."""
    height, width = values.pixels.shape
    if longest is None or max(height, width) <= longest:
        return values
    factor = longest / max(height, width)
    down, right = (
        ((np.arange(max(1, round(side * factor))) + 0.5) * side / max(1, round(side * factor))).astype(int)
        for side in (height, width)
    )
    return dataclasses.replace(values, pixels=values.pixels[down[:, None], right])


def _labelled(photographs: Photographs, values: Sequence[Values], files: Sequence[str]) -> Masked:
    """The classes found, and each mask in their terms."""
    labels = labels_of(values, files)
    masks = tuple(labels.codes(each, file) for each, file in zip(values, files, strict=True))
    found = Masked(photographs, masks, labels)
    counts = found.counts().sum(0)
    shares = ", ".join(
        f"{name} ({100 * count / max(counts.sum(), 1):.3g} %)"
        for name, count in zip(labels.names, counts.tolist(), strict=True)
    )
    notes = [f"Classes of the masks, by their {_WORDS[labels.kind]}: {shares}."]
    if labels.void is not None:
        notes.append(f"Pixels of value {labels.void} are of no class: they are not learned from, and not judged.")
    photographs = dataclasses.replace(photographs, notes=(*photographs.notes, *notes))
    return dataclasses.replace(found, photographs=photographs)


_WORDS = {"gray": "gray values", "palette": "places in the palette", "rgb": "colors"}

"""Pictures that come as arrays: NumPy's `.npz`, MNIST's own IDX format, and arrays in memory. No picture is decoded."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from talweg.data.images.filed import Filed, idx, is_idx, npz, npz_axes, stacked
from talweg.data.images.pictures import CLASS, DECIDE, IN_MEMORY, SPLIT, Keeping, Pictures, Wanted
from talweg.data.reading.frames import column_of
from talweg.data.table import Column, Text
from talweg.errors import DataError

_ENDINGS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


def of_arrays(
    pixels: Shaped[np.ndarray, "pictures height width *channels"],
    y: Shaped[np.ndarray, " pictures"] | None = None,
    name: str = "the arrays",
    wanted: Wanted = DECIDE,
    unbounded: bool = False,
) -> Pictures:
    """Pictures of arrays.

    Args:
        pixels: whole numbers from 0 to 255 or 65535, or real ones from 0 to 1 or 255; gray without a last axis.
        y: what is to be predicted of each.
        name: what messages call them.
        wanted: size and color.
        unbounded: whether real numbers may lie beyond black and white, as noise leaves them.

    Raises:
        DataError: shapes or values that are no pictures', or a `y` of another length.

    Example:
        >>> of_arrays(np.zeros((5, 8, 6), np.uint8)).shape
        (8, 6, 1)
    """
    if pixels.ndim not in (3, 4) or 0 in pixels.shape:
        raise DataError(f"{name} has shape {pixels.shape}; pictures have (pictures, height, width) or (..., channels)")
    notes = []
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    elif pixels.shape[1] in (1, 3) and pixels.shape[3] not in (1, 3, 4):
        pixels = np.moveaxis(pixels, 1, -1)
        notes.append("The channels are taken from the second axis.")
    if pixels.shape[-1] not in (1, 3):
        raise DataError(f"{name} has {pixels.shape[-1]} channels; expected 1 (gray) or 3 (red, green, blue)")
    if y is not None and len(y) != len(pixels):
        raise DataError(f"{name} holds {len(pixels)} pictures and {len(y)} targets; each picture needs one")
    if y is not None and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    plain = _as_wanted(_in_units(pixels, name, unbounded), wanted, notes)
    files = tuple(str(number) for number in range(len(plain)))
    about: dict[str, Column] = {} if y is None else {CLASS: column_of(y)}
    return Pictures(name, plain, files, about, None if y is None else CLASS, tuple(notes))


def _in_units(pixels: np.ndarray, name: str, unbounded: bool) -> np.ndarray:
    """From 0 to 255."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "biuf":
        raise DataError(f"{name} holds {pixels.dtype} values; pictures hold numbers")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise DataError(f"{name} holds pixels that are not finite numbers; the first in picture {_first(pixels)}")
    low, high = float(pixels.min()), float(pixels.max())
    if unbounded and pixels.dtype.kind == "f":
        return pixels.astype(np.float32) * (255 if low >= -1 and high <= 2 else 1)
    if low < 0 or high > 65535 or (pixels.dtype.kind == "f" and high > 255):
        raise DataError(f"{name} holds pixels from {low:g} to {high:g}; expected 0 to 255, 0 to 65535 or 0 to 1")
    if pixels.dtype.kind == "b" or (pixels.dtype.kind == "f" and high <= 1):
        return pixels.astype(np.float32) * 255
    if pixels.dtype.kind in "iu" and high <= 255:
        return pixels.astype(np.uint8)
    return pixels.astype(np.float32) / (257 if pixels.dtype.kind in "iu" else 1)


def _first(pixels: np.ndarray) -> int:
    return int(np.flatnonzero(~np.isfinite(pixels).reshape(len(pixels), -1).all(1))[0]) + 1


def _as_wanted(pixels: np.ndarray, wanted: Wanted, notes: list[str]) -> np.ndarray:
    channels = {"gray": 1, "rgb": 3, None: pixels.shape[-1]}[wanted.color]
    if channels > pixels.shape[-1]:
        pixels = np.repeat(pixels, 3, axis=-1)
    elif channels < pixels.shape[-1]:
        luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
        pixels = luma[..., None] if pixels.dtype.kind == "f" else np.rint(luma).astype(np.uint8)[..., None]
    if wanted.size is not None and wanted.size != pixels.shape[1:3]:
        notes.append(
            f"Pictures of {pixels.shape[1]}x{pixels.shape[2]} are scaled to {wanted.size[0]}x{wanted.size[1]}."
        )
        pixels = _scaled(pixels, wanted.size)
    return pixels


def _scaled(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image, ImageOps

    def one(plane: np.ndarray) -> np.ndarray:
        return np.asarray(ImageOps.fit(Image.fromarray(plane), size[::-1], Image.Resampling.BICUBIC))

    planes = np.moveaxis(pixels, -1, 1)
    scaled = [[one(np.ascontiguousarray(plane)) for plane in picture] for picture in planes]
    return np.clip(np.moveaxis(np.array(scaled), 1, -1), 0, 255)


def from_idx(path: Path, wanted: Wanted = DECIDE, keeping: Keeping = IN_MEMORY) -> Pictures:
    """The pictures of an IDX file, with the classes in the file of labels beside it, if there is one.

    Args:
        path: a file such as ``train-images-idx3-ubyte.gz``; or a folder with such files, where those whose names begin
            with ``t10k`` or ``test`` are the test set.
        wanted: size and color.
        keeping: where pixels may lie.

    Raises:
        DataError: damaged files, or a file of labels of another length.
    """
    files = sorted(file for file in path.iterdir() if is_idx(file)) if path.is_dir() else [path]
    arrays = [idx(file) for file in files]
    labels = [_labels_beside(file) for file in files]
    known = [array for array in labels if array is not None]
    y = np.concatenate(known) if len(known) == len(files) else None
    pictures = of_arrays(stacked(arrays, wanted, keeping), y, path.name, wanted)
    parts = ["test" if file.name.startswith(("t10k", "test")) else "train" for file in files]
    return _with_parts(pictures, parts, [len(array) for array in arrays])


def _labels_beside(file: Path) -> np.ndarray | None:
    beside = file.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    for name in (beside, beside + ".gz"):
        if name != file.name and (file.parent / name).is_file():
            labels = idx(file.parent / name).read()
            if labels.ndim != 1:
                raise DataError(f"{file.parent / name} should hold labels, one a picture; its shape is {labels.shape}")
            return labels
    return None


def is_npz_of_pictures(path: Path) -> bool:
    """Whether an `.npz` file holds an array of three or four axes."""
    return any(axes in (3, 4) for axes in npz_axes(path).values())


def from_npz(path: Path, wanted: Wanted = DECIDE, keeping: Keeping = IN_MEMORY) -> Pictures:
    """The pictures of an `.npz` file: the array of three or four axes, and the array of one axis of the same length.

    Names that end in ``_train``, ``_val`` and ``_test`` (as in Keras' ``mnist.npz``), or begin so (as in MedMNIST's
    files), give the split.

    Args:
        path: the file.
        wanted: size and color.
        keeping: where pixels may lie.

    Raises:
        DataError: more than one array that may be meant, objects in place of numbers, or a damaged file.
    """
    groups: dict[str, dict[str, np.ndarray | Filed]] = {}
    for name, array in npz(path).items():
        groups.setdefault(_part_of(name.lower()), {})[name] = array
    groups = {part: group for part, group in groups.items() if any(a.ndim in (3, 4) for a in group.values())}
    pairs = {part: _pictures_and_targets(group, path) for part, group in groups.items()}
    pixels = stacked([pixels for pixels, _ in pairs.values()], wanted, keeping)
    targets = [y for _, y in pairs.values() if y is not None]
    y = np.concatenate(targets) if len(targets) == len(pairs) else None
    pictures = of_arrays(pixels, y, path.name, wanted)
    return _with_parts(pictures, [part or "train" for part in pairs], [len(pixels) for pixels, _ in pairs.values()])


def _part_of(name: str) -> str:
    """The part of the split that an array's name tells; nothing if it tells none."""
    return _ENDINGS.get(name.rpartition("_")[2]) or _ENDINGS.get(name.partition("_")[0]) or ""


def _pictures_and_targets(
    group: Mapping[str, np.ndarray | Filed], path: Path
) -> tuple[np.ndarray | Filed, np.ndarray | None]:
    pictures = {name: array for name, array in group.items() if array.ndim in (3, 4)}
    if len(pictures) > 1:
        raise DataError(f"{path} holds several arrays of pictures: {', '.join(pictures)}; keep one in the file")
    pixels = next(iter(pictures.values()))
    flat = {
        name: array
        for name, array in group.items()
        if isinstance(array, np.ndarray) and array.ndim and len(array) == len(pixels) == array.size
    }
    if len(flat) > 1:
        raise DataError(f"{path} holds several arrays that may be the target: {', '.join(flat)}; keep one in the file")
    return pixels, next(iter(flat.values())).reshape(-1) if flat else None


def _with_parts(pictures: Pictures, parts: list[str], counts: list[int]) -> Pictures:
    if len(set(parts)) < 2:
        return pictures
    words = [part for part, count in zip(parts, counts, strict=True) for _ in range(count)]
    return dataclasses.replace(pictures, about={**pictures.about, SPLIT: Text.of(words)})

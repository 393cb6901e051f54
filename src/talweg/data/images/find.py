"""Which picture files a source holds, and what it says of them itself: classes, parts, pairs. None is opened."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from talweg.data.images.pictures import SUFFIXES
from talweg.errors import DataError, did_you_mean

PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
"""The folders that are taken for a split, by the part they stand for."""
NOISY = ("noisy", "noise", "input", "low")
CLEAN = ("clean", "gt", "target", "reference", "high")
"""The names of two folders that are taken for pairs of noisy and clean pictures."""
PICTURES = ("images", "image", "imgs", "img", "pictures", "photos", "photographs")
MASKS = ("masks", "mask", "labels", "label", "annotations", "segmentation", "segmentations")
"""The names of two folders that are taken for pictures and their masks."""
MASK_ENDINGS = ("_mask", "_masks", "_label", "_labels", "_seg", "_segmentation", "-mask", "-label")
"""What the name of a mask may have behind that of its picture."""


@dataclasses.dataclass(frozen=True)
class Found:
    """The picture files of a folder.

    Attributes:
        folder: the folder.
        files: the files, in the order of their paths.
        labels: the class of each, its folder's name; `None` for a flat folder.
        parts: ``train``, ``validation`` or ``test`` of each; `None` where the folders do not say.
        notes: what was left aside, a sentence each.
    """

    folder: Path
    files: tuple[Path, ...]
    labels: tuple[str, ...] | None
    parts: tuple[str, ...] | None
    notes: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        """Each file's path within the folder."""
        return tuple(file.relative_to(self.folder).as_posix() for file in self.files)


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a picture."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def holds_pictures(folder: Path) -> bool:
    """Whether there is a picture file anywhere in a folder."""
    return any(is_picture(path) for path in folder.rglob("*"))


def find(folder: Path) -> Found:
    """The pictures of a folder: a folder a class, `train/ val/ test/` with such folders, or a flat one.

    Args:
        folder: it; hidden files, and files whose names say that they are no pictures, are left aside.

    Raises:
        DataError: there are no pictures, or class folders of which all but one are empty.
    """
    if parts := _parts(folder):
        return _parted(folder, parts)
    files, labels, notes = _by_class(folder)
    return Found(folder, files, labels, None, notes)


def find_all(folder: Path) -> Found:
    """The pictures anywhere in a folder, whatever its folders are called; `train/ val/ test/` are its split.

    Raises:
        DataError: there are no pictures.
    """
    parts = _parts(folder)
    dealt = [(file, part) for part, place in parts.items() for file in _pictures(place)]
    files = tuple(file for file, _ in dealt) if parts else tuple(_pictures(folder))
    if not files:
        raise DataError(f"{folder} holds no pictures; expected photographs in it, or in its folders")
    notes = (_told_of_parts(parts),) if parts else ()
    return Found(folder, files, None, tuple(part for _, part in dealt) if parts else None, notes)


def _parts(folder: Path) -> dict[str, Path]:
    """The folders that are a split, by part; empty unless there is one to train on and one to judge on."""
    inside = _folders(folder)
    named = {part: place for part, words in PARTS.items() if (place := _named(inside, words)) is not None}
    return named if "train" in named and len(named) > 1 else {}


def _told_of_parts(parts: dict[str, Path]) -> str:
    return f"The split is the folders': {', '.join(f'{place.name}/' for place in parts.values())}."


def find_pairs(folder: Path) -> tuple[Path, Path] | None:
    """The folders of noisy and of clean pictures, if a folder holds just these two."""
    return _two(folder, NOISY, CLEAN)


def find_masked(folder: Path) -> dict[str, tuple[Path, Path]]:
    """The folders of pictures and of their masks, if a folder holds just these two: by part where they say the split.

    Either `images/` and `masks/`, or `train/`, `val/`, `test/` with these two in each; empty if it is neither.
    """
    if two := _two(folder, PICTURES, MASKS):
        return {"": two}
    found = {part: _two(place, PICTURES, MASKS) for part, place in _parts(folder).items()}
    return {part: two for part, two in found.items() if two} if all(found.values()) else {}


def _two(folder: Path, first: tuple[str, ...], second: tuple[str, ...]) -> tuple[Path, Path] | None:
    """The folders that are called so, if a folder holds just these two."""
    inside = _folders(folder)
    one, other = _named(inside, first), _named(inside, second)
    return (one, other) if len(inside) == 2 and one and other else None


def match_pairs(
    first: Path,
    second: Path,
    need: str = "pairs need one noisy and one clean picture each",
    endings: Iterable[str] = (),
) -> tuple[tuple[Path, Path], ...]:
    """Each picture of a folder with that of the same name in another; the suffixes may differ.

    Args:
        first: a folder, such as that of the noisy pictures.
        second: the other one.
        need: what is said where a picture is alone.
        endings: what names in the second folder may have behind those in the first.

    Raises:
        DataError: a picture without its like, or no pictures.
    """
    ones, others = ({_stem(file, place): file for file in _pictures(place)} for place in (first, second))
    others = {_without(stem, endings) if stem not in ones else stem: file for stem, file in others.items()}
    for mine, theirs, own, place in ((ones, others, first, second), (others, ones, second, first)):
        if not mine:
            raise DataError(f"{own} holds no pictures; {need}")
        if lost := sorted(set(mine) - set(theirs)):
            raise DataError(
                f"{mine[lost[0]]} has no picture of the same name in {place}; {need}.{did_you_mean(lost[0], theirs)}"
            )
    return tuple((ones[stem], others[stem]) for stem in sorted(ones))


def _stem(file: Path, place: Path) -> str:
    return file.relative_to(place).with_suffix("").as_posix()


def _without(stem: str, endings: Iterable[str]) -> str:
    return next((stem[: -len(ending)] for ending in endings if stem.lower().endswith(ending)), stem)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _named(folders: list[Path], words: tuple[str, ...]) -> Path | None:
    return next((place for place in folders if place.name.lower() in words), None)


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.rglob("*") if is_picture(path) and path.is_file() and not _hidden(path, folder)
    )


def _hidden(path: Path, folder: Path) -> bool:
    return any(name.startswith(".") for name in path.relative_to(folder).parts)


def _by_class(folder: Path) -> tuple[tuple[Path, ...], tuple[str, ...] | None, tuple[str, ...]]:
    classes = {place: _pictures(place) for place in _folders(folder)}
    loose = [path for path in sorted(folder.iterdir()) if path.is_file() and is_picture(path)]
    full = {place: files for place, files in classes.items() if files}
    notes = [f"{place.name}/ holds no pictures and is no class." for place, files in classes.items() if not files]
    if not full and not loose:
        raise DataError(f"{folder} holds no pictures; {_expected()}")
    if not full:
        return tuple(loose), None, tuple(notes)
    if len(full) == 1 and not loose:
        only = next(iter(full))
        return tuple(full[only]), None, tuple(notes)
    if loose:
        notes.append(f"{_count(len(loose))} beside the class folders, such as {loose[0].name}, are left out.")
    if others := sum(1 for place in full for path in place.rglob("*") if _stray(path)):
        notes.append(f"{others} files that are no pictures are left out." if others > 1 else _ONE_STRAY)
    files = tuple(file for group in full.values() for file in group)
    return files, tuple(place.name for place, group in full.items() for _ in group), tuple(notes)


_ONE_STRAY = "1 file that is no picture is left out."


def _stray(path: Path) -> bool:
    return path.is_file() and not is_picture(path) and not path.name.startswith(".")


def _parted(folder: Path, places: dict[str, Path]) -> Found:
    files: list[Path] = []
    labels: list[str] = []
    parts: list[str] = []
    notes = [_told_of_parts(places)]
    for part, place in places.items():
        mine, classes, told = _by_class(place)
        if classes is None:
            raise DataError(f"{place} holds no folders of classes; expected {place}/cats/, {place}/dogs/ or the like")
        files += mine
        labels += classes
        parts += [part] * len(mine)
        notes += told
    return Found(folder, tuple(files), tuple(labels), tuple(parts), tuple(notes))


def _count(pictures: int) -> str:
    return f"{pictures} picture{'s' * (pictures != 1)}"


def _expected() -> str:
    return "expected a folder for each class (cats/, dogs/), or train/, val/ and test/ with such folders"

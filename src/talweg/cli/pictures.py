"""Where the commands that make pictures write them: one file, or a folder with one of the same name for each."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from talweg.errors import ConfigError, DataError

SUFFIXES = (".png", ".tif", ".tiff")
"""How a picture that is written may end."""


def require_place(place: Path, folder: bool, force: bool, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Makes sure that a picture, or a folder of them, can be written somewhere.

    Args:
        place: the file, or the folder.
        folder: whether a folder is to be written.
        force: whether what is there may be replaced.
        suffixes: how the file may end.

    Raises:
        ConfigError: another kind of file, or one that is there already.
        DataError: no folder to write it in.
    """
    if folder and place.is_file():
        raise ConfigError(f"{place} is a file; a folder of pictures is written to a folder")
    if not folder and place.suffix.lower() not in suffixes:
        known = " or ".join(suffixes[:2])
        raise ConfigError(f"pictures are written as {known}, not as {place.suffix or 'a file without suffix'}")
    if not folder and place.exists() and not force:
        raise ConfigError(f"{place} exists already; name another file, or replace it with --force")
    if not folder and not place.absolute().parent.is_dir():
        raise DataError(f"{place.parent} is no folder; make it first")


def file_for(out: Path, name: str, folder: bool) -> Path:
    """Where the picture of a name is written: `out` itself, or in that folder."""
    return (out / name).with_suffix(".png") if folder else out


def require_apart(out: Path, other: Path | None, flag: str) -> None:
    """Makes sure that two kinds of pictures are not written to one place.

    Raises:
        ConfigError: if they would be.
    """
    if other is not None and out.absolute() == other.absolute():
        raise ConfigError(f"--out and {flag} both name {out}; name another place for one of them")


def require_new(folders: Iterable[Path | None], names: Sequence[str], force: bool) -> None:
    """Makes sure that what is written to folders replaces nothing: neither what is there, nor one picture another.

    Args:
        folders: where a picture of each name is written; `None` for one that was not asked for.
        names: of the pictures.
        force: whether what is there may be replaced.

    Raises:
        ConfigError: a file that is there already, or two pictures of one name.
    """
    for folder in filter(None, folders):
        known: dict[Path, str] = {}
        for name in names:
            file = file_for(folder, name, True)
            if (other := known.setdefault(file, name)) != name:
                raise ConfigError(f"{other} and {name} would both be written to {file}; give them different names")
            if file.exists() and not force:
                raise ConfigError(f"{file} exists already; name another folder, or replace it with --force")


def write_file(file: Path, content: bytes) -> None:
    """Writes a file whole or not at all, with the folders that it needs."""
    from talweg.record.writing import make_folder, write_atomically

    make_folder(file.parent)
    write_atomically(file.absolute(), content)

"""Where runs lie: the one in a folder, those beside it, a folder for the next, and whether it is free and has room."""

import re
import shutil
from pathlib import Path

from talweg.errors import RunFolderError, did_you_mean
from talweg.record.folder import RunFolder

RUNS = Path("runs")
"""Where runs go when no folder is named."""


def existing_run(path: Path) -> RunFolder:
    """The run in a folder.

    Raises:
        RunFolderError: if there is none; the message names the nearest run beside it, or in the folder of all runs.
    """
    folder = RunFolder(path)
    if not folder.holds_run():
        raise no_run(path)
    return folder


def no_run(path: Path) -> RunFolderError:
    """The error where a folder holds none."""
    usual = path.parent / RUNS / path.name
    if RunFolder(usual).holds_run():
        return RunFolderError(f"{path} holds no run. Did you mean {str(usual)!r}?")
    beside = [run.path.name for run in runs_in(path.parent)]
    return RunFolderError(f"{path} holds no run.{did_you_mean(path.name, beside)}")


def runs_in(parent: Path) -> list[RunFolder]:
    """The runs in the folders of a folder, by name."""
    if not parent.is_dir():
        return []
    folders = (RunFolder(path) for path in sorted(parent.iterdir()) if path.is_dir())
    return [folder for folder in folders if folder.holds_run()]


def next_folder(parent: Path, name: str) -> Path:
    """A folder of its own for a new run: the name made safe, and the next free number behind it.

    Example:
        >>> next_folder(Path("no-such-folder"), "my data.csv").name
        'my-data-001'
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-") or "run"
    taken = [int(path.name[len(stem) + 1 :]) for path in parent.glob(f"{stem}-*") if _numbered(path.name, stem)]
    return parent / f"{stem}-{max(taken, default=0) + 1:03d}"


def _numbered(name: str, stem: str) -> bool:
    return name.startswith(f"{stem}-") and name[len(stem) + 1 :].isdecimal()


def require_free(path: Path, force: bool) -> None:
    """Makes sure that a new run may be written to a folder.

    Raises:
        RunFolderError: if it holds a run and `force` is not given, or is a file.
    """
    if path.exists() and not path.is_dir():
        raise RunFolderError(f"{path} is a file, not a folder for a run")
    if RunFolder(path).holds_run() and not force:
        raise RunFolderError(f"{path} already holds a run; name another folder, or replace it with --force")


def require_space(path: Path, needed: int) -> None:
    """Makes sure that there is room on the disk.

    Args:
        path: the run folder, which need not exist yet.
        needed: bytes.

    Raises:
        RunFolderError: if there is less.
    """
    place = path.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise RunFolderError(
            f"not enough disk for this run at {path}: it needs about {needed / 1e6:.1f} MB, "
            f"{free / 1e6:.1f} MB are free; name another place with --out"
        )

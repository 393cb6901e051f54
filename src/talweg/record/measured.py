"""What was measured of a finished run after its end, beside its maps. What a training itself keeps is in `folder`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talweg.errors import RunFolderError
from talweg.record.files import as_json
from talweg.record.folder import MAPS, PARAMS, RunFolder
from talweg.record.sealed import Mark, mark, sealed, unsealed
from talweg.record.writing import write_atomically


def write_sharpness(folder: RunFolder, content: Mapping[str, Any]) -> None:
    """Keeps how sharp the valleys are at the params that the run holds now.

    Args:
        folder: the run's.
        content: the JSON object that `talweg map --sharpness` prints.

    Raises:
        RunFolderError: if the system refuses.
    """
    _write(folder, f"sharpness-{content['on']}", content)


def read_sharpness(folder: RunFolder, on: str = "train") -> dict[str, Any]:
    """What `write_sharpness` kept; empty where nothing was measured, or only at params that are no longer the run's.

    Args:
        folder: the run's.
        on: whose rows: ``"train"`` or ``"validation"``.

    Raises:
        RunFolderError: if it is damaged.
    """
    return _read(folder, f"sharpness-{on}", f"talweg map {folder.path} --sharpness")


def write_noise(folder: RunFolder, content: Mapping[str, Any]) -> None:
    """Keeps how good a random batch's gradient is on the run's way.

    Args:
        folder: the run's.
        content: the JSON object that `talweg noise` prints.

    Raises:
        RunFolderError: if the system refuses.
    """
    _write(folder, "noise", content)


def read_noise(folder: RunFolder) -> dict[str, Any]:
    """What `write_noise` kept; empty where nothing was measured, or only of params that are no longer the run's.

    Raises:
        RunFolderError: if it is damaged.
    """
    return _read(folder, "noise", f"talweg noise {folder.path}")


def _write(folder: RunFolder, name: str, content: Mapping[str, Any]) -> None:
    path = _place(folder, name)
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{path.parent} cannot be made: {error.strerror}") from None
    whole = sealed(content, {PARAMS: _params(folder)})
    write_atomically(path, as_json(whole))


def _read(folder: RunFolder, name: str, again: str) -> dict[str, Any]:
    """What was kept; `again` is the command that measures it anew."""
    path = _place(folder, name)
    if not path.exists():
        return {}
    try:
        content, marks = unsealed(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, AttributeError):
        raise RunFolderError(f"{path} is damaged; measure anew: {again}") from None
    return content if marks is not None and marks.get(PARAMS) == _params(folder) else {}


def _place(folder: RunFolder, name: str) -> Path:
    return folder.path / MAPS / f"{name}.json"


def _params(folder: RunFolder) -> Mark:
    try:
        # As they were written, even if they are damaged now: what was measured of them is none the worse.
        return folder.params_mark() or mark((folder.path / PARAMS).read_bytes())
    except OSError as error:
        raise RunFolderError(f"{folder.path / PARAMS} cannot be read: {error.strerror}") from None

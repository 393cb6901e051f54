"""What was measured of a finished run after its end, beside its maps. What a training itself keeps is in `folder`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talweg.errors import RunFolderError
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
    path = _sharpness(folder, content["on"])
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{path.parent} cannot be made: {error.strerror}") from None
    whole = sealed(content, {PARAMS: _params(folder)})
    write_atomically(path, (json.dumps(whole, indent=2, allow_nan=False) + "\n").encode())


def read_sharpness(folder: RunFolder, on: str = "train") -> dict[str, Any]:
    """What `write_sharpness` kept; empty where nothing was measured, or only at params that are no longer the run's.

    Args:
        folder: the run's.
        on: whose rows: ``"train"`` or ``"validation"``.

    Raises:
        RunFolderError: if it is damaged.
    """
    path = _sharpness(folder, on)
    if not path.exists():
        return {}
    try:
        content, marks = unsealed(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, AttributeError):
        raise RunFolderError(f"{path} is damaged; measure anew: talweg map {folder.path} --sharpness") from None
    return content if marks is not None and marks.get(PARAMS) == _params(folder) else {}


def _sharpness(folder: RunFolder, on: str) -> Path:
    return folder.path / MAPS / f"sharpness-{on}.json"


def _params(folder: RunFolder) -> Mark:
    try:
        return mark((folder.path / PARAMS).read_bytes())
    except OSError as error:
        raise RunFolderError(f"{folder.path / PARAMS} cannot be read: {error.strerror}") from None

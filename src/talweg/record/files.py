"""The files of one folder, each read or written whole: plain content, JSON, arrays, and what vouches for them.

Which files a run has is in `folder`.
"""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.sealed import Mark, mark, unsealed
from talweg.record.writing import write_atomically


def as_json(content: Mapping[str, Any]) -> bytes:
    """A JSON object as the content of a file that a person may read."""
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def as_array(array: np.ndarray) -> bytes:
    """An array as the content of a file that NumPy reads."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


class Files:
    """A folder's files. Whatever is wrong with one is told in one line that names it."""

    def __init__(self, path: Path):
        self.path = path

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} is no run folder: it has no {name}") from None
        except OSError as error:
            raise RunFolderError(f"{self.path / name} cannot be read: {error.strerror}") from None

    def _read_json(self, name: str) -> dict[str, Any]:
        return self._parsed(name, self._read(name))

    def _parsed(self, name: str, written: bytes) -> dict[str, Any]:
        try:
            content = json.loads(written)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise RunFolderError(f"{self.path / name} is damaged: it is no valid JSON") from None
        if not isinstance(content, dict):
            raise RunFolderError(f"{self.path / name} is damaged: it holds no JSON object")
        return content

    def _write_json(self, name: str, content: Mapping[str, Any]) -> Mark:
        written = as_json(content)
        write_atomically(self.path / name, written)
        return mark(written)

    def _write_array(self, name: str, array: np.ndarray) -> Mark:
        written = as_array(array)
        write_atomically(self.path / name, written)
        return mark(written)

    def _verified(self, name: str, marks: Mapping[str, Mark] | None) -> bytes:
        content = self._read(name)
        if marks is not None and mark(content) != marks.get(name):
            raise RunFolderError(f"{self.path / name} is damaged: it is not as it was written")
        return content

    def _require_version(self, name: str, content: Mapping[str, Any], newest: int) -> None:
        version = content.get("version")
        if not isinstance(version, int) or version < 1:
            raise RunFolderError(f"{self.path / name} is damaged: it has no version")
        if version > newest:
            raise RunFolderError(
                f"{self.path / name} was written by a newer Talweg: its version is {version}, "
                f"this one reads up to {newest}"
            )

    def _unsealed(self, name: str, content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Mark] | None]:
        try:
            return unsealed(content)
        except ValueError as error:
            raise RunFolderError(f"{self.path / name} is damaged: {error}") from None

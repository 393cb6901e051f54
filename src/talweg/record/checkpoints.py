"""The checkpoints of a run: where each lies, and which are thrown away. What they hold is the run room's business.

checkpoints/000012-000000.safetensors   after 12 epochs
checkpoints/000012-000400.safetensors   400 steps into the thirteenth
"""

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.sealed import pack, unpack
from talweg.record.writing import clear_halves, write_atomically

WRITER = "checkpoint"
"""The name of the thread that writes one while a training goes on."""
FOLDER, KIND = "checkpoints", "talweg-checkpoint-1"
_NAME = re.compile(r"(\d{6,})-(\d{6,})\.safetensors")


@dataclasses.dataclass(frozen=True, eq=False)
class Checkpoint:
    """One checkpoint as it was read.

    Attributes:
        path: its file.
        arrays: all arrays of a training's state.
        facts: all the rest.
    """

    path: Path
    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


@final
class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, run: Path):
        self.path = run / FOLDER

    def paths(self) -> list[Path]:
        """The files, the newest first; whether they are whole is not known yet."""
        found = [
            (int(match[1]), int(match[2]), path) for path in self._files() if (match := _NAME.fullmatch(path.name))
        ]
        return [path for _, _, path in sorted(found, reverse=True)]

    def _files(self) -> list[Path]:
        try:
            return list(self.path.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunFolderError(f"{self.path} cannot be read: {error.strerror}") from None

    def write(
        self, epoch: int, step: int, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], keep: int
    ) -> None:
        """Writes one whole or not at all, then throws away those that are not kept.

        Args:
            epoch: how many epochs are done.
            step: how many steps of the next are.
            arrays: all arrays of the training's state.
            facts: all the rest, as plain data.
            keep: how many of the newest are kept, this one among them.

        Raises:
            RunFolderError: if the system refuses; those that were there are then still there.
        """
        path = self.path / f"{epoch:06d}-{step:06d}.safetensors"
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} could not be made: {error.strerror}") from None
        write_atomically(path, pack(arrays, facts, KIND))
        others = [other for other in self.paths() if other != path]
        self._remove(others[max(keep, 1) - 1 :])

    def clear(self) -> None:
        """Throws all of them away."""
        self._remove(self.paths())
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def drop(self, paths: Iterable[Path]) -> None:
        """Throws away those that are damaged or lead nowhere, so that they are not taken for the newest again."""
        self._remove(paths)

    def _remove(self, paths: Iterable[Path]) -> None:
        try:
            for path in paths:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} could not be cleared: {error.strerror}") from None
        clear_halves(self.path)

    def read(self, path: Path) -> Checkpoint:
        """One checkpoint.

        Raises:
            RunFolderError: if it is damaged, or cannot be read.
        """
        try:
            return Checkpoint(path, *unpack(path.read_bytes(), KIND))
        except OSError as error:
            raise RunFolderError(f"{path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise RunFolderError(f"{path} is damaged: {error}") from None

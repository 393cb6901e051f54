"""The checkpoints of a run: where each lies, and which are thrown away. What they hold is the run room's business.

checkpoints/000012-000000.safetensors   after 12 epochs
checkpoints/000012-000400.safetensors   400 steps into the thirteenth
"""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.folder import write_atomically
from talweg.record.sealed import pack, unpack

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
    ) -> Path:
        """Writes one whole or not at all, then throws away all but the newest.

        Args:
            epoch: how many epochs are done.
            step: how many steps of the next are.
            arrays: all arrays of the training's state.
            facts: all the rest, as plain data.
            keep: how many are left, this one among them.

        Raises:
            RunFolderError: if the system refuses; those that were there are then still there.
        """
        path = self.path / f"{epoch:06d}-{step:06d}.safetensors"
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} could not be made: {error.strerror}") from None
        write_atomically(path, pack(arrays, facts, KIND))
        self.keep(keep, path)
        return path

    def keep(self, number: int, newest: Path | None = None) -> None:
        """Throws away all but so many: those written last, `newest` the last of them; and what a kill left half."""
        paths = self.paths()
        if newest is not None:
            # One that lies ahead of the newest is of an older continuation and will not be gone on from.
            paths = [
                newest,
                *(path for path in paths if path.name < newest.name),
                *(p for p in paths if p.name > newest.name),
            ]
        halves = [path for path in self._files() if path.name.startswith(".")]
        try:
            for path in (*paths[number:], *halves):
                path.unlink(missing_ok=True)
            if not number:
                self.path.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunFolderError(f"{self.path} could not be cleared: {error.strerror}") from None

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

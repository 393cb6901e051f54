"""Keeping a training: its checkpoints in the run folder, written when one is due, and its end when that was asked for.

What a checkpoint holds is a `Standing`, the settings it was reached under, and the mark of the history it belongs to.
"""

import dataclasses
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from talweg.config.every import Every
from talweg.config.settings import Settings, to_toml
from talweg.errors import RunFolderError, TrainingInterruptedError
from talweg.record.begun import HISTORY
from talweg.record.checkpoints import WRITER, Checkpoint, Checkpoints
from talweg.record.folder import RunFolder
from talweg.record.sealed import Mark
from talweg.run.resuming.interruption import Interruption
from talweg.run.standing import Standing

SHARE = 0.01
"""The part of the time that writing takes at most, where the user has not said how often to write."""
MOST_LINES = 2**24
"""Bytes of the history up to which a checkpoint holds it too, compressed, so that it can be written anew."""
_LINES = "history"
PACE = 150e6
"""Bytes of a checkpoint that a usual disk takes a second, with all that is computed for them."""


@final
class Keeper:
    """Keeps one training.

    Args:
        folder: the run's.
        settings: how often it is saved, among all others, which are saved too.
        asked: whether it was asked to end.
        start: where it goes on from; absent for the start.
        size: bytes of a checkpoint, as far as known.
        clock: gives seconds.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: Settings,
        asked: Interruption,
        start: Standing | None = None,
        size: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.folder, self.settings, self.asked, self.clock = folder, settings, asked, clock
        self.checkpoints, self.every = Checkpoints(folder.path), Every.parse(settings.checkpoint_every)
        self.start, self.last = start, _place(start) if start else (0, 0, 0.0)
        # How long writing takes is guessed before the first and measured from then on.
        self.cost, self.written = size / PACE, 0
        self.writing: threading.Thread | None = None
        self.failed: RunFolderError | None = None

    def pause(self, standing: Standing) -> None:
        """Is shown where the training stands (see `run.train`): saves if that is due, and ends it if that was asked.

        Raises:
            TrainingInterruptedError: if it was asked to end.
            RunFolderError: if a checkpoint could not be written.
        """
        self._require_written()
        if self.asked.signal is not None and standing.active.any():
            self.save(standing)
            raise TrainingInterruptedError(_told(standing, self.folder), 128 + self.asked.signal)
        if standing.active.any() and self._due(standing):
            self._save_beside(standing)

    def save(self, standing: Standing, keep: int | None = None) -> None:
        """Writes a checkpoint now, and waits until it is on the disk."""
        self._wait()
        self._require_written()
        self._write(*self._content(standing), keep or self.settings.checkpoint_keep)

    def finish(self, standing: Standing) -> None:
        """After the last epoch: one checkpoint is left, to go on from.

        A training so short that none was due leaves none: to go on with it, it is trained again.
        """
        self._wait()
        self._require_written()
        if self.start is not None or self.checkpoints.paths():
            self.save(standing, keep=1)

    def _due(self, standing: Standing) -> bool:
        every, (epoch, step, seconds) = self.every, self.last
        if every.epochs:
            return standing.step == 0 and standing.epoch - epoch >= every.epochs
        if every.steps:
            return standing.epoch > epoch or standing.step - step >= every.steps
        wait = max(every.seconds, self.cost / SHARE) if every.automatic else every.seconds
        return standing.seconds - seconds >= wait

    def _content(self, standing: Standing) -> tuple[Standing, dict[str, Any]]:
        self.last = _place(standing)
        return standing, facts_of(self.folder, self.settings, standing)

    def _save_beside(self, standing: Standing) -> None:
        """Writes a checkpoint while the training goes on.

        If the one before is not yet on the disk, this one waits where so many were asked for, and else is left out.
        """
        if self.every.epochs or self.every.steps:
            self._wait()
        elif self.writing is not None and self.writing.is_alive():
            return
        standing, facts = self._content(standing)

        def write() -> None:
            try:
                self._write(standing, facts, self.settings.checkpoint_keep)
            except RunFolderError as error:
                self.failed = error

        # A daemon, so that a process that is told twice to end need not wait for it.
        self.writing = threading.Thread(target=write, name=WRITER, daemon=True)
        self.writing.start()

    def _write(self, standing: Standing, facts: dict[str, Any], keep: int) -> None:
        began = self.clock()
        self.folder.flush_history()
        arrays = arrays_of(self.folder, standing, facts)
        self.checkpoints.write(standing.epoch, standing.step, arrays, facts, keep)
        self.cost, self.written = self.clock() - began, self.written + 1

    def _wait(self) -> None:
        if self.writing is not None:
            self.writing.join()
            self.writing = None

    def _require_written(self) -> None:
        if self.failed is not None:
            raise self.failed


def facts_of(folder: RunFolder, settings: Settings, standing: Standing) -> dict[str, Any]:
    """What a checkpoint holds besides arrays."""
    return {
        "settings": to_toml(settings),
        "history": dataclasses.asdict(folder.mark_history()),
        "standing": standing.facts(),
    }


def arrays_of(folder: RunFolder, standing: Standing, facts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays that a checkpoint holds: those of the standing, and the curves so far, where they are not too long."""
    until = Mark(**facts["history"])
    lines = folder.history_at(until) if until.length <= MOST_LINES else b""
    kept = {_LINES: np.frombuffer(zlib.compress(lines, level=1), np.uint8)} if lines else {}
    return {**standing.arrays(), **kept}


def _lines_in(checkpoint: Checkpoint) -> bytes:
    return zlib.decompress(checkpoint.arrays[_LINES].tobytes()) if _LINES in checkpoint.arrays else b""


def newest(folder: RunFolder) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that is whole and whose history is there, if any; a sentence on each that is passed over.

    Those are thrown away, and the history is taken back to where the checkpoint belongs: a damaged one is written anew
    from the checkpoint.
    """
    checkpoints, passed, notes, mended = Checkpoints(folder.path), list[Path](), list[str](), list[str]()
    found = None
    for path in checkpoints.paths():
        try:
            found = checkpoints.read(path)
            if folder.cut_history(Mark(**found.facts["history"]), _lines_in(found)):
                mended.append(f"{folder.path / HISTORY} was damaged: it is written anew from {path.name}")
            break
        except RunFolderError as error:
            found = None
            passed.append(path)
            notes.append(str(error))
    checkpoints.drop(passed)
    if notes:
        notes.append(f"{found.path} is used in its place" if found else "there is no other checkpoint")
    return found, [*notes, *mended]


def _place(standing: Standing) -> tuple[int, int, float]:
    return standing.epoch, standing.step, standing.seconds


def _told(standing: Standing, folder: RunFolder) -> str:
    where = (
        f"after {standing.epoch} epoch{'s' * (standing.epoch != 1)}"
        if not standing.step
        else f"in epoch {standing.epoch + 1}"
    )
    return f"interrupted {where}; everything is saved. Go on with: talweg resume {folder.path}"

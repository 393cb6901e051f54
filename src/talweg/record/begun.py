"""What a run folder holds before its end: where the run comes from, its settings, its rows, the curves so far.

What was reached is in `folder`, how a file is read and written in `files`.
"""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.files import Files
from talweg.record.history import History, read_lines
from talweg.record.sealed import Mark, mark, sealed
from talweg.record.writing import write_atomically

SETTINGS, HISTORY, ORIGIN = "run.toml", "history.jsonl", "origin.json"
PREPARATION, SPLIT = "preparation.json", "split.npy"
FORMAT = 3
"""The run folder's version, kept in `origin.json`. All are still read.

Version 1 had neither that file nor checksums, version 2 no seals of pictures and pages.
"""


class Begun(Files):
    """The files of a run that was begun, whether or not it came to its end."""

    def holds_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / SETTINGS).exists()

    def _write_begun(
        self, settings_toml: str, preparation: Mapping[str, Any], split: np.ndarray, sitting: Mapping[str, Any]
    ) -> None:
        marks = {PREPARATION: self._write_json(PREPARATION, preparation), SPLIT: self._write_array(SPLIT, split)}
        self._write_origin([{**sitting, "settings": settings_toml}], marks, FORMAT)
        write_atomically(self.path / SETTINGS, settings_toml.encode())

    def add_sitting(self, settings_toml: str, sitting: Mapping[str, Any]) -> None:
        """Records one more process that trains this run, and under which settings it does."""
        origin = self._origin()
        if origin is None:
            raise RunFolderError(
                f"{self.path} was begun by an older Talweg and cannot be continued; train anew with --config run.toml"
            )
        content, marks = origin
        self._write_origin([*content["sittings"], {**sitting, "settings": settings_toml}], marks, content["version"])
        write_atomically(self.path / SETTINGS, settings_toml.encode())

    def sittings(self) -> list[dict[str, Any]]:
        """The processes that trained this run, the first first; none if it is of version 1.

        Raises:
            RunFolderError: if what is recorded of them is damaged.
        """
        origin = self._origin()
        return [] if origin is None else origin[0]["sittings"]

    def _write_origin(self, sittings: list[dict[str, Any]], marks: Mapping[str, Mark], version: int) -> None:
        content = {"version": version, "kind": "origin", "sittings": sittings}
        self._write_json(ORIGIN, sealed(content, marks))

    def _origin(self) -> tuple[dict[str, Any], dict[str, Mark]] | None:
        if not (self.path / ORIGIN).exists():
            return None
        content = self._read_json(ORIGIN)
        self._require_version(ORIGIN, content, FORMAT)
        found, marks = self._unsealed(ORIGIN, content)
        if marks is None:
            raise RunFolderError(f"{self.path / ORIGIN} is damaged: it has no seal")
        return found, marks

    def settings_toml(self) -> str:
        """The resolved settings as they were written."""
        try:
            text = self._read(SETTINGS).decode()
        except UnicodeDecodeError:
            raise RunFolderError(f"{self.path / SETTINGS} is damaged: it is no text") from None
        written = [sitting["settings"] for sitting in self.sittings()]
        # A kill between the two files leaves the settings of the sitting before.
        if written and text not in written[-2:]:
            raise RunFolderError(f"{self.path / SETTINGS} is damaged: it is not as it was written")
        return written[-1] if written else text

    def preparation(self) -> dict[str, Any]:
        """How columns become features."""
        return self._parsed(PREPARATION, self._verified(PREPARATION, self._begun()))

    def split(self) -> np.ndarray:
        """Which part each row of the source went to."""
        try:
            content = self._verified(SPLIT, self._begun())
            return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        except ValueError:
            raise RunFolderError(f"{self.path / SPLIT} is damaged") from None

    def restore(self, name: str, content: bytes) -> bool:
        """Writes anew a file of before the first step that is damaged or gone; tells whether that was done.

        Args:
            name: of the file.
            content: what it was, as far as known; if it was not, nothing is done.
        """
        if name == SETTINGS:
            written = [sitting["settings"].encode() for sitting in self.sittings()]
            were = [mark(text) for text in written[-2:]]
        else:
            were = [found for file, found in (self._begun() or {}).items() if file == name]
        path = self.path / name
        if mark(content) not in were or (path.exists() and mark(self._read(name)) in were):
            return False
        write_atomically(path, content)
        return True

    def _begun(self) -> dict[str, Mark] | None:
        origin = self._origin()
        return None if origin is None else origin[1]

    def append(self, line: str) -> None:
        """Adds one line to the history.

        Raises:
            RunFolderError: if the system refuses.
        """
        with self._opened_history("ab") as file:
            file.write(f"{line}\n".encode())

    @contextlib.contextmanager
    def _opened_history(self, mode: str) -> Iterator[IO[bytes]]:
        try:
            with (self.path / HISTORY).open(mode) as file:
                yield file
        except OSError as error:
            raise RunFolderError(f"{self.path / HISTORY} could not be written: {error.strerror}") from None

    def mark_history(self) -> Mark:
        """What the history is now, by its length and checksum."""
        return mark(self._read(HISTORY))

    def history_at(self, until: Mark) -> bytes:
        """The history's lines as they were when it was marked; nothing if they are no longer so."""
        content = self._read(HISTORY)[: until.length]
        return content if mark(content) == until else b""

    def flush_history(self) -> None:
        """Waits until the history is on the disk.

        Raises:
            RunFolderError: if the system refuses.
        """
        with self._opened_history("rb+") as file:
            os.fsync(file.fileno())

    def cut_history(self, until: Mark | None, kept: bytes = b"") -> bool:
        """Takes the history back to what it was; to nothing if `until` is absent.

        Args:
            until: what it was.
            kept: the lines of then, if they are kept elsewhere; they take the place of lines that are damaged or gone.

        Returns:
            Whether that was necessary.

        Raises:
            RunFolderError: if it is not a continuation of that, and the lines are kept nowhere else.
        """
        if until is not None and not ((self.path / HISTORY).exists() and until.begins(self._read(HISTORY))):
            if mark(kept) == until:
                write_atomically(self.path / HISTORY, kept)
                return True
            raise RunFolderError(f"{self.path / HISTORY} is damaged: its lines are not those that were written")
        with self._opened_history("ab") as file:
            file.truncate(until.length if until else 0)
        return False

    def history_so_far(self) -> History:
        """The curves as far as they go."""
        return self._lines(self._read(HISTORY))

    def _lines(self, content: bytes) -> History:
        try:
            return read_lines(content.decode().splitlines(keepends=True))
        except UnicodeDecodeError:
            raise RunFolderError(f"{self.path / HISTORY} is damaged: it is no text") from None

"""Each file of a run folder judged by what vouches for it. What is to be done about one that is damaged is in `verify`.

A file is vouched for by a checksum that it carries itself, or by its mark in `origin.json`, `summary.json` or
`seals.json`; of a file that nothing vouches for, as in folders of older versions, it is tried whether it can be read.
"""

import dataclasses
import io
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, final

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.begun import HISTORY, ORIGIN, PREPARATION, SETTINGS, SPLIT
from talweg.record.checkpoints import FOLDER as CHECKPOINTS, KIND as CHECKPOINT
from talweg.record.folder import (
    EVALUATION,
    EVIDENCE,
    FILES,
    GATE,
    MAPS,
    PARAMS,
    PICTURES,
    RANGE_TEST,
    REPORTS,
    SUMMARY,
    TRAJECTORY,
    WORK,
)
from talweg.record.history import read_lines
from talweg.record.lock import NAME as RUN_LOCK
from talweg.record.sealed import Mark, mark, unpack, unsealed
from talweg.record.seals import LOCK, SEALS, Seals, read_seals

WHOLE, DAMAGED, MISSING, UNSEALED, LEFTOVER, NOT_OURS = (
    "whole",
    "damaged",
    "missing",
    "unsealed",
    "leftover",
    "not ours",
)
RESULT = (SUMMARY, HISTORY, PARAMS, GATE, RANGE_TEST, TRAJECTORY, EVALUATION, EVIDENCE)
"""What a training writes that comes to its end."""
_HALF = re.compile(r"\..+\.([0-9a-f]{8}|\d+\.\w+)")
_LOCKS = (RUN_LOCK, LOCK)


@dataclasses.dataclass(frozen=True)
class Finding:
    """What is found of one file.

    Attributes:
        file: its path within the run folder.
        state: `whole`; `damaged`; `missing`; `unsealed` (nothing vouches for it); `leftover` (of a write that was
            killed, of no harm); `not ours`.
        reason: why it is not whole; empty if it is.
        mend: the command that makes it anew, or what else to do; empty where nothing is wrong.
    """

    file: str
    state: str
    reason: str = ""
    mend: str = ""

    @property
    def wrong(self) -> bool:
        """Whether the file is not as it should be."""
        return self.state in (DAMAGED, MISSING)


@final
class Look:
    """One look over a folder: what vouches for its files, and each of them judged."""

    def __init__(self, run: Path):
        self.run = run
        self.wrong: dict[str, str] = {}
        origin, began = self._sealed(ORIGIN)
        _, reached = self._sealed(SUMMARY)
        seals = self._seals()
        version = origin.get("version")
        self.version = version if isinstance(version, int) else (2 if ORIGIN in self.wrong or reached else 1)
        if self.version > 1:
            for name, marks in ((ORIGIN, began), (SUMMARY, reached)):
                if (run / name).exists() and marks is None:
                    self.wrong.setdefault(name, "it has no seal")
        self.texts = [str(sitting.get("settings", "")) for sitting in origin.get("sittings", ())]
        self.sealed_all = self.version > 2 and SEALS not in self.wrong
        self.finished = (run / SUMMARY).exists()
        certain: dict[str, Mark] = {**(began or {}), **(reached or {})}
        self.history = certain.pop(HISTORY, None) or self._history_of_checkpoints()
        self.may_be: Seals = {**(seals or {}), **{name: (found,) for name, found in certain.items()}}

    def _sealed(self, name: str) -> tuple[dict[str, Any], dict[str, Mark] | None]:
        """A sealed object and what it vouches for; nothing if it is absent or damaged."""
        try:
            return _unsealed((self.run / name).read_bytes())
        except FileNotFoundError:
            return {}, None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            self.wrong[name] = str(error) if str(error).startswith(("it ", "its ")) else "it is no valid JSON"
            return {}, None

    def _seals(self) -> Seals | None:
        try:
            return read_seals(self.run)
        except RunFolderError as error:
            self.wrong[SEALS] = str(error).partition(": ")[2] or str(error)
            return None

    def _history_of_checkpoints(self) -> Mark | None:
        """What the newest whole checkpoint says that the history begins with."""
        for path in sorted((self.run / CHECKPOINTS).glob("*.safetensors"), reverse=True):
            try:
                return Mark(**unpack(path.read_bytes(), CHECKPOINT)[1]["history"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return None

    def names(self) -> Iterator[str]:
        """All files, but the locks, of which a kill leaves one lying open."""
        for folder, _, files in os.walk(self.run):
            for name in files:
                if name not in _LOCKS:
                    yield (Path(folder) / name).relative_to(self.run).as_posix()

    def expected(self) -> list[str]:
        """The files that must be there."""
        always = [SETTINGS, HISTORY] if self.finished else [SETTINGS]
        always += [ORIGIN] if self.version > 1 else []
        always += [SEALS] if self.version > 2 else []
        always += [PREPARATION, SPLIT, PARAMS] if self.finished else [PREPARATION, SPLIT]
        return always + [name for name, may_be in self.may_be.items() if None not in may_be]

    def judged(self, name: str) -> Finding:
        """What is found of a file that is there."""
        if _HALF.fullmatch(PurePosixPath(name).name):
            return Finding(name, LEFTOVER, "a write that was killed left it; it is of no harm and may be removed")
        try:
            content = (self.run / name).read_bytes()
        except FileNotFoundError:
            return Finding(name, LEFTOVER, "it went away while it was looked at")
        except OSError as error:
            return Finding(name, DAMAGED, f"it cannot be read: {error.strerror}")
        if name in self.wrong:
            return Finding(name, DAMAGED, self.wrong[name])
        state, reason = self._of_content(name, content)
        return Finding(name, state, reason)

    def _of_content(self, name: str, content: bytes) -> tuple[str, str]:
        if name == SETTINGS and self.texts:
            # A kill between this file and `origin.json` leaves the settings of the sitting before.
            return _either(any(content == text.encode() for text in self.texts[-2:]))
        if name == HISTORY and self.history is not None:
            return _either(self.history.begins(content) and not _trouble(name, content))
        if name in self.may_be:
            return _either(mark(content) in self.may_be[name])
        if name in (ORIGIN, SUMMARY, SEALS) and self.version > 1:
            return WHOLE, ""
        if _carries_its_own(name):
            return self._of_itself(name, content)
        if not self._ours(name):
            return NOT_OURS, "no command of Talweg keeps it here"
        if trouble := _trouble(name, content):
            return DAMAGED, trouble
        return UNSEALED, self._why_unsealed(name)

    def _of_itself(self, name: str, content: bytes) -> tuple[str, str]:
        """By the checksum that it carries."""
        try:
            if name.endswith(".json"):
                return _either(_unsealed(content)[1] is not None)
            unpack(content, CHECKPOINT if name.startswith(f"{CHECKPOINTS}/") else WORK)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            return DAMAGED, str(error) if str(error).startswith(("it ", "its ")) else "it is not as it was written"
        return WHOLE, ""

    def _ours(self, name: str) -> bool:
        if name in (*FILES, RANGE_TEST, *REPORTS):
            return True
        return not self.sealed_all and PurePosixPath(name).parent.as_posix() in (MAPS, PICTURES)

    def _why_unsealed(self, name: str) -> str:
        if self.version < 2 or (self.version < 3 and name not in RESULT):
            return "it is of an older version, which kept no checksum of it"
        if not self.finished and name in RESULT:
            return "nothing vouches for it before the run has come to its end, or is saved"
        voucher = next((file for file in (ORIGIN, SUMMARY, SEALS) if file in self.wrong), None)
        return f"{voucher}, which vouched for it, is damaged" if voucher else "nothing vouches for it any more"


def _unsealed(content: bytes) -> tuple[dict[str, Any], dict[str, Mark] | None]:
    if not content.endswith(b"\n"):
        raise ValueError("its end is missing")
    return unsealed(json.loads(content))


def _either(whole: bool) -> tuple[str, str]:
    return (WHOLE, "") if whole else (DAMAGED, "it is not as it was written")


def _carries_its_own(name: str) -> bool:
    """Whether a file of this name tells itself whether it is whole."""
    path = PurePosixPath(name)
    if path.parent.as_posix() == MAPS:
        return path.suffix == ".safetensors" or path.name == "noise.json" or path.match("sharpness-*.json")
    return path.parent.as_posix() == CHECKPOINTS and path.suffix == ".safetensors"


def _arrays(content: bytes) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from None


_READERS: Mapping[str, Callable[[bytes], object]] = {
    ".json": json.loads,
    ".toml": lambda content: tomllib.loads(content.decode()),
    ".jsonl": lambda content: read_lines(content.decode().splitlines(keepends=True)),
    ".npy": lambda content: np.lib.format.read_array(io.BytesIO(content), allow_pickle=False),
    ".safetensors": _arrays,
}


def _trouble(name: str, content: bytes) -> str:
    """Why a file without a checksum cannot be what was written; empty if it may be."""
    try:
        _READERS.get(PurePosixPath(name).suffix, len)(content)
    except (ValueError, RecursionError, RunFolderError) as error:
        return " ".join(f"it cannot be read: {error}".split())
    return ""

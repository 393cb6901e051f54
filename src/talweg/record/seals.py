"""`seals.json`: the checksums of a run's pictures and pages, and of whatever else no other file vouches for.

Everything that is put into a run folder one file at a time comes in here. What is seen of it later is in `verify`.

A file changes in three steps: the seals say that it may be as it is or as it will be; it takes its place; the seals
say what it is. So a kill at any instant leaves a file that is as its seals say.
"""

import dataclasses
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talweg.errors import RunFolderError
from talweg.record.begun import SETTINGS
from talweg.record.files import as_json
from talweg.record.lock import locked
from talweg.record.sealed import Mark, mark, sealed, unsealed
from talweg.record.writing import flush_folder, write_atomically

SEALS, LOCK, VERSION = "seals.json", ".seals.lock", 1
DEEPEST = 2
"""How many folders down from a run's its files lie at most: `RUN/map/x.png`."""
Seals = Mapping[str, tuple[Mark | None, ...]]
"""By the path within the run what a file may be; `None` is absent. It is one thing only, but for while it changes."""


def write_sealed(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, and seals it if it lies in a run folder.

    Raises:
        RunFolderError: if the system refuses; the old file is then still there, and as its seal says.
    """
    if run_around(path) is None:
        write_atomically(path, content)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            temporary.write_bytes(content)
            place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunFolderError(f"{path} could not be written: {error.strerror or error}") from None


def place(temporary: Path, target: Path) -> None:
    """Lets a file that is written take its name, and seals it if that lies in a run folder.

    Raises:
        OSError: if the system refuses.
        RunFolderError: if the seals cannot be written.
    """
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    run = run_around(target)
    if run is None:
        temporary.replace(target)
        return
    name, found = target.absolute().relative_to(run).as_posix(), _mark_of(temporary)
    with locked(run, LOCK, wait=True):
        seals = _known(run)
        before = seals.get(name) or (_mark_of(target),)
        write_seals(run, {**seals, name: (*before, found)})
        temporary.replace(target)
        flush_folder(target.parent)
        write_seals(run, {**seals, name: (found,)})


def remove_sealed(run: Path, name: str) -> None:
    """Takes a file of a run away, and its seal with it.

    Raises:
        OSError: if the system refuses.
        RunFolderError: if the seals cannot be written.
    """
    with locked(run, LOCK, wait=True):
        seals = dict(_known(run))
        if name in seals:
            write_seals(run, {**seals, name: (*seals.pop(name), None)})
        (run / name).unlink(missing_ok=True)
        write_seals(run, seals)


def run_around(path: Path) -> Path | None:
    """The run folder in which a file lies or would lie, if any."""
    parents = list(path.absolute().parents)[:DEEPEST]
    return next((parent for parent in parents if (parent / SETTINGS).exists()), None)


def write_seals(run: Path, seals: Seals) -> None:
    """Writes what is known of the files."""
    files = {name: [found and dataclasses.asdict(found) for found in seals[name]] for name in sorted(seals)}
    content = sealed({"version": VERSION, "kind": "seals", "files": files}, {})
    write_atomically(run / SEALS, as_json(content))


def read_seals(run: Path) -> Seals | None:
    """What is known of the files; `None` where there are no seals, as in the folders of older versions.

    Raises:
        RunFolderError: if the seals are damaged, or of a newer version.
    """
    path = run / SEALS
    try:
        written = path.read_bytes()
        content, marks = unsealed(json.loads(written))
        if marks is None or not written.endswith(b"\n"):
            raise ValueError
        if content["version"] > VERSION:
            raise RunFolderError(f"{path} was written by a newer Talweg")
        return {name: tuple(_mark(found) for found in may_be) for name, may_be in content["files"].items()}
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunFolderError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RunFolderError(f"{path} is damaged: it is not as it was written") from None


def intact(run: Path, name: str, content: bytes) -> bool:
    """Whether nothing says that a file in a run folder is other than it was written."""
    may_be = _known(run).get(name)
    return may_be is None or mark(content) in may_be


def _known(run: Path) -> Seals:
    """The seals; damaged ones say nothing, and are written anew with the next file."""
    try:
        return read_seals(run) or {}
    except RunFolderError:
        return {}


def _mark(found: Mapping[str, Any] | None) -> Mark | None:
    return None if found is None else Mark(**found)


def _mark_of(path: Path) -> Mark | None:
    try:
        return mark(path.read_bytes())
    except FileNotFoundError:
        return None

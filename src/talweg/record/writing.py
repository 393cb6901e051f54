"""How a file is written so that a kill or a full disk at any instant leaves the old one or the new one, whole."""

import contextlib
import os
import secrets
from pathlib import Path

from talweg.errors import RunFolderError


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all: a temporary file beside it, flushed to disk, takes its name.

    Raises:
        RunFolderError: if the system refuses; the old file is then still there.
    """
    try:
        # Not `tempfile`, whose files only their owner may read.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        flush_folder(path.parent)
    except OSError as error:
        raise RunFolderError(f"{path} could not be written: {error.strerror or error}") from None


def make_folder(path: Path) -> None:
    """Makes a folder, and those above it, where they are missing.

    Raises:
        RunFolderError: if the system refuses.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"{path} cannot be made: {error.strerror or error}") from None


def clear_halves(folder: Path) -> None:
    """Removes the temporary files that a kill left behind."""
    with contextlib.suppress(OSError):
        for path in folder.glob(".*.????????"):
            path.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Waits until the names in a folder are on the disk."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""A run folder's locks: one process at a time trains into it, or seals a file.

However that process ends, the system opens the lock.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from talweg.errors import RunFolderError

NAME = ".lock"


@contextlib.contextmanager
def locked(folder: Path, name: str = NAME, wait: bool = False) -> Iterator[None]:
    """Holds a folder's lock.

    Args:
        folder: the run's.
        name: of the lock.
        wait: whether to wait for another process that has it.

    Raises:
        RunFolderError: if another process has it, or the folder cannot be written.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _acquired(path, wait)
    except OSError as error:
        raise RunFolderError(f"{folder} cannot be used as a run folder: {error.strerror or error}") from None
    try:
        yield
    finally:
        try:
            with contextlib.suppress(OSError):
                path.unlink()
        finally:
            os.close(descriptor)


def _acquired(path: Path, wait: bool) -> int:
    """The lock's open file: the one that bears its name now, since another process may just have removed its own."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _try_lock(descriptor, wait):
                owner = os.read(descriptor, 32).decode(errors="replace").strip()
                raise RunFolderError(
                    f"{path.parent} is being written by another process{f' ({owner})' if owner else ''}; "
                    "wait until it has ended, or name another folder"
                )
            if _same(descriptor, path):
                os.truncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _same(descriptor: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _try_lock(descriptor: int, wait: bool) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except (BlockingIOError, PermissionError):
        return False
    return True

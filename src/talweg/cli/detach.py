"""`talweg train --detach`: the same command in a process of its own, which a closed terminal does not end."""

import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

from talweg.cli.output import put
from talweg.errors import RunFolderError, TalwegError
from talweg.record.begun import ORIGIN
from talweg.record.writing import make_folder


def train_detached(folder: Path, as_json: bool) -> None:
    """Starts the command that this process was called with, without `--detach`, and waits until its run has begun.

    What it says goes to a file beside the run folder. What is wrong with the command is said here.

    Raises:
        TalwegError: if the command ends before its run has begun; the message is its own.
    """
    words = [word for word in sys.argv[1:] if word not in ("--detach", "--json")]
    if "--out" not in words and not any(word.startswith("--out=") for word in words):
        words += ["--out", str(folder)]
    log = folder.with_name(folder.name + ".log")
    make_folder(log.parent)
    before = _written(folder / ORIGIN)
    with _opened(log) as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "talweg", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    while process.poll() is None and _written(folder / ORIGIN) == before:
        time.sleep(0.05)
    if process.poll():
        said = log.read_text(errors="replace").splitlines()
        log.unlink()
        # Below the line of the error a text with a caret may stand, above it notes.
        told = [line.removeprefix("talweg: ") for line in said if line.startswith("talweg: ")]
        raise TalwegError(told[-1] if told else "it ended before its run had begun")
    content = {"version": 1, "kind": "detached", "run": str(folder), "process": process.pid, "log": str(log)}

    def text() -> str:
        return (
            f"Training goes on in {folder} as process {process.pid}; what it says is in {log}.\n"
            f"To end it, saved: kill {process.pid}. To see it when it is done: talweg show {folder}"
        )

    put(content, text, as_json)


def _opened(log: Path) -> BinaryIO:
    try:
        return log.open("wb")
    except OSError as error:
        raise RunFolderError(f"{log} could not be written: {error.strerror or error}") from None


def _written(path: Path) -> tuple[int, int] | None:
    """By what a file is known from the one that takes its place; no clock is asked, since clocks differ and jump."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns

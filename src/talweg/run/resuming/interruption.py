"""Interruptions: the first is noted, so that a training can finish its step and save; the second ends the process."""

import contextlib
import dataclasses
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, what a cluster sends when the time is up, and what a closed terminal sends."""


@dataclasses.dataclass
class Interruption:
    """Whether it was asked to stop.

    Attributes:
        signal: by which signal; `None` as long as nobody asked.
    """

    signal: int | None = None


@contextlib.contextmanager
def noted() -> Iterator[Interruption]:
    """As long as it lasts, a first signal is noted only; the next one does what it would have done without.

    Signals reach the main thread alone; in any other, nothing is noted. A signal that is ignored stays so (`nohup`).
    """
    asked, before = Interruption(), dict[int, Any]()

    def note(number: int, frame: FrameType | None) -> None:
        asked.signal = number
        _restore(before)

    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_IGN, None):
                before[number] = handler
                signal.signal(number, note)
    try:
        yield asked
    finally:
        _restore(before)


def _restore(handlers: dict[int, Any]) -> None:
    while handlers:
        signal.signal(*handlers.popitem())

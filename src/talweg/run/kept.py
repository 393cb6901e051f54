"""Work that goes on where it stopped: arrays in a run folder with a key that says what they are the result of.

What is computed is the business of `mapping` and `valleys`; how arrays are checked is that of `record.sealed`.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import final

import jax
import numpy as np

from talweg.record.folder import write_atomically
from talweg.record.sealed import digest, pack, unpack

KIND = "talweg-work-1"
EVERY = 5.0
"""Seconds between two writings while work goes on."""


def key_of(content: object, *words: object) -> str:
    """What a result depends on, as a checksum: arrays in any tree, and words."""
    arrays = {str(number): np.asarray(leaf) for number, leaf in enumerate(jax.tree.leaves(content))}
    return digest(pack(arrays, {"words": repr(words)}, KIND))


@final
class Kept:
    """Arrays on disk under a key; of another key there is nothing. It writes now and then, and when it is left.

    Args:
        path: of the file; `None` to keep nothing.
        key: what the arrays are the result of.
        clock: gives seconds.
    """

    def __init__(self, path: Path | None, key: str, clock: Callable[[], float] = time.monotonic):
        self.path, self.key, self.clock = path, key, clock
        self.written = clock()
        self.waiting: Mapping[str, np.ndarray] | None = None

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._write()

    def read(self) -> dict[str, np.ndarray]:
        """What is there already; nothing where the file is absent, damaged, or of another key."""
        if self.path is None or not self.path.exists():
            return {}
        try:
            arrays, facts = unpack(self.path.read_bytes(), KIND)
        except (OSError, ValueError):
            return {}
        return arrays if facts.get("key") == self.key else {}

    def hold(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Hears of the arrays as they are now."""
        self.waiting = arrays
        if self.clock() - self.written > EVERY:
            self._write()

    def _write(self) -> None:
        if self.path is not None and self.waiting is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, pack(self.waiting, {"key": self.key}, KIND))
        self.waiting, self.written = None, self.clock()

"""Work that goes on where it stopped: arrays in a run folder with a key that says what they are the result of.

What is computed is the business of `mapping` and `valleys`; how arrays are checked is that of `record.sealed`.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, final

import jax
import numpy as np

from talweg.record.folder import WORK
from talweg.record.sealed import pack, unpack
from talweg.record.writing import make_folder, write_atomically

EVERY = 5.0
"""Seconds between two writings while work goes on."""


def key_of(content: object, *words: object) -> str:
    """What a result depends on, as a checksum: arrays in any tree, and words.

    Of what was computed by sums of many numbers nothing should be among it: their last bits may differ another time.
    """
    hashed = hashlib.blake2b(repr(words).encode(), digest_size=16)
    for leaf in map(np.ascontiguousarray, jax.tree.leaves(content)):
        hashed.update(f"{leaf.dtype.str} {leaf.shape}\n".encode())
        hashed.update(leaf.reshape(-1).view(np.uint8).data)
    return hashed.hexdigest()


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
        self.waiting: tuple[Mapping[str, np.ndarray], Mapping[str, Any]] | None = None

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._write()

    def read(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """What is there already; nothing where the file is absent, damaged, or of another key."""
        if self.path is None or not self.path.exists():
            return {}, {}
        try:
            arrays, facts = unpack(self.path.read_bytes(), WORK)
        except (OSError, ValueError):
            return {}, {}
        return (arrays, facts) if facts.get("key") == self.key else ({}, {})

    def hold(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Hears of the work as it is now."""
        self.waiting = arrays, facts
        if self.clock() - self.written > EVERY:
            self._write()

    def _write(self) -> None:
        if self.path is not None and self.waiting is not None:
            make_folder(self.path.parent)
            arrays, facts = self.waiting
            write_atomically(self.path, pack(arrays, {**facts, "key": self.key}, WORK))
        self.waiting, self.written = None, self.clock()

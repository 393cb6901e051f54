"""Rows in shares that are worked on at the same time, a thread each. What is computed on them is in `combination`.

XLA runs the small operations of a small network on one core. Which core counts which rows changes no result: sums
over chunks are added in float64 afterwards, in the order of the chunks.
"""

import os
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import final

import jax
import numpy as np

from talweg.objective.base import Batch, Sums

THREADS = min(os.cpu_count() or 1, 8)
"""Shares at most."""


@final
class Shares:
    """The chunks of a set on the device, in as many equal shares as there are threads, if their number allows it.

    Attributes:
        parts: the shares.
        rows: how many rows there are, the padding among them; 1 for an objective without rows.
    """

    def __init__(self, chunks: Batch):
        leaves = jax.tree.leaves(chunks)
        count = leaves[0].shape[0] if leaves else 1
        shares = max(number for number in range(1, THREADS + 1) if count % number == 0)
        size = count // shares
        self.rows = count * leaves[0].shape[1] if leaves else 1
        self.parts = [
            jax.device_put(jax.tree.map(lambda leaf, start=start: leaf[start : start + size], chunks))
            for start in range(0, count, size)
        ]
        self._compiled: set[Hashable] = set()

    @classmethod
    def of(cls, chunks: "Batch | Shares") -> "Shares":
        """Shares as they are, or of a set in chunks."""
        return chunks if isinstance(chunks, Shares) else cls(chunks)

    def total(self, program: Hashable, function: Callable[[Batch], Sums]) -> dict[str, np.ndarray]:
        """Sums over all chunks, in float64 so that their number does not matter.

        Args:
            program: what the function's compilation depends on; its first call is made alone, so that it is compiled
                once and not by every thread.
            function: gives sums of the axes `(points, chunks, ...)`.
        """

        def fetched(part: Batch) -> dict[str, np.ndarray]:
            return jax.device_get(function(part))

        if len(self.parts) == 1 or program not in self._compiled:
            found = [fetched(part) for part in self.parts]
        else:
            with ThreadPoolExecutor(len(self.parts)) as threads:
                found = list(threads.map(fetched, self.parts))
        self._compiled.add(program)
        return {name: np.concatenate([sums[name] for sums in found], 1).astype(np.float64).sum(1) for name in found[0]}

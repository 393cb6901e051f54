"""What a run says of rows whose target is known: predictions beside the truth, bounded in size. Nothing is scored here.

The viewers draw confusion matrices, calibration curves and residuals from it without the network and without the data.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int, Num

from talweg.data.evenly import evenly

LARGEST = 2_000_000
"""Numbers kept of a part of the split, at most, in each of its arrays; of a larger part a sample of rows is kept."""
MOST_ROWS = 20_000
"""Rows kept of a part, at most."""


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """Predictions on one part of the split.

    Attributes:
        rows: how many rows the part has.
        place: which of them are kept, as positions in the part.
        target: their true classes as whole numbers, or true quantities in their own unit.
        ensemble: the ensemble's probabilities of each class, or its predicted quantity.
        members: each member's predicted class, or its predicted quantity.
        confusion: true by predicted class, of the ensemble, over all rows of the part; `None` for quantities.
    """

    rows: int
    place: Int[np.ndarray, " kept"]
    target: Num[np.ndarray, " kept"]
    ensemble: Float[np.ndarray, "kept *classes"]
    members: Num[np.ndarray, "members kept"]
    confusion: Int[np.ndarray, "classes classes"] | None = None

    @property
    def complete(self) -> bool:
        """Whether every row of the part is kept."""
        return len(self.place) == self.rows


def kept_rows(rows: int, members: int, columns: int) -> Int[np.ndarray, " kept"]:
    """Which rows of a part are kept: all, or as many as fit, evenly spread and the same for every run of that size.

    Args:
        rows: how many the part has.
        members: how many members predict them.
        columns: how many numbers the ensemble says of a row.

    Example:
        >>> len(kept_rows(300, members=8, columns=10)), len(kept_rows(10**6, members=8, columns=10))
        (300, 20000)
    """
    return evenly(rows, min(MOST_ROWS, max(LARGEST // max(members, columns), 1)))


def to_arrays(parts: Mapping[str, Evaluation]) -> dict[str, np.ndarray]:
    """Evaluations by part as one level of named arrays."""
    arrays: dict[str, np.ndarray] = {}
    for part, told in parts.items():
        arrays[f"{part}/rows"] = np.array([told.rows], np.int64)
        for name in ("place", "target", "ensemble", "members", "confusion"):
            value = getattr(told, name)
            if value is not None:
                arrays[f"{part}/{name}"] = np.ascontiguousarray(value)
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, Evaluation]:
    """The inverse of `to_arrays`.

    Raises:
        KeyError: if an array is missing.
    """
    parts = dict.fromkeys(name.split("/")[0] for name in arrays)
    return {
        part: Evaluation(
            rows=int(arrays[f"{part}/rows"][0]),
            place=arrays[f"{part}/place"],
            target=arrays[f"{part}/target"],
            ensemble=arrays[f"{part}/ensemble"],
            members=arrays[f"{part}/members"],
            confusion=arrays.get(f"{part}/confusion"),
        )
        for part in parts
    }

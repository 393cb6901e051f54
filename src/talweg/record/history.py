"""The curves of a run: one JSON line an epoch, appended as it is trained, and read back as arrays.

A line holds `epoch`, `seconds` since the start, and for each curve one number a member, `null` for members that had
stopped by then or whose number was not finite. Epoch 0 is the state before the first step.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from talweg.errors import RunFolderError, did_you_mean
from talweg.record.plain import plain_data

if TYPE_CHECKING:
    import polars

Line = Mapping[str, Any]
_NOT_CURVES = ("epoch", "seconds")


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """The curves of all members.

    Attributes:
        epoch: the epochs' numbers, from 0.
        seconds: when each was finished, since the start.
        curves: arrays of shape `(epochs, members)` by name; NaN where a member told nothing.

    Example:
        >>> history = read_lines(['{"epoch": 0, "seconds": 0.0, "train_loss": [null, 0.5]}'])
        >>> history["train_loss"]
        array([[nan, 0.5]])
    """

    epoch: Int[np.ndarray, " epochs"]
    seconds: Float[np.ndarray, " epochs"]
    curves: Mapping[str, Float[np.ndarray, "epochs members"]]

    def __repr__(self) -> str:
        members = max((values.shape[1] for values in self.curves.values()), default=0)
        return f"<History: epochs {self.epoch[0]} to {self.epoch[-1]}, {members} members; {', '.join(self.names)}>"

    def __getitem__(self, name: str) -> Float[np.ndarray, "epochs members"]:
        if name not in self.curves:
            raise KeyError(f"{name!r} is no curve. Known: {', '.join(self.names)}.{did_you_mean(name, self.names)}")
        return self.curves[name]

    @property
    def names(self) -> list[str]:
        """The curves' names."""
        return list(self.curves)

    def frame(self) -> "polars.DataFrame":
        """The curves as a polars frame with one row for each epoch and member that told something."""
        import polars

        members = max((values.shape[1] for values in self.curves.values()), default=0)
        columns = {
            "epoch": np.repeat(self.epoch, members),
            "member": np.tile(np.arange(members), len(self.epoch)),
            **{name: values.ravel() for name, values in self.curves.items()},
        }
        told = ~np.all([np.isnan(values.ravel()) for values in self.curves.values()], axis=0)
        return polars.DataFrame({name: values[told] for name, values in columns.items()})


def to_line(epoch: int, seconds: float, curves: Mapping[str, np.ndarray]) -> str:
    """One epoch as a line of JSON, without the line's end."""
    return json.dumps({"epoch": epoch, "seconds": round(seconds, 4), **plain_data(curves)}, allow_nan=False)


def read_lines(lines: Iterable[str]) -> History:
    """The curves from their lines; a last line that was cut off by a kill is left out.

    Raises:
        RunFolderError: if any other line is damaged.
    """
    texts = [line for line in lines if line.strip()]
    read: list[Line] = []
    for number, text in enumerate(texts, 1):
        try:
            read.append(_parsed(text))
        except ValueError:
            if number == len(texts) and not text.rstrip().endswith("}"):
                break
            raise RunFolderError(f"history line {number} is damaged; the run folder was changed by hand") from None
    if not read:
        raise RunFolderError("the history is empty; the run was stopped before its first epoch")
    members = {len(values) for line in read for name, values in line.items() if name not in _NOT_CURVES}
    if len(members) > 1:
        raise RunFolderError("the history is damaged: its lines tell of different numbers of members")
    blank = [None] * max(members, default=0)
    names = [name for name in read[-1] if name not in _NOT_CURVES]
    return History(
        np.array([line["epoch"] for line in read], dtype=np.int64),
        np.array([line["seconds"] for line in read], dtype=np.float64),
        {name: np.array([line.get(name, blank) for line in read], dtype=np.float64) for name in names},
    )


def _parsed(text: str) -> Line:
    """One line, checked.

    Raises:
        ValueError: if it is no JSON, or tells something else than numbers.
    """
    line = json.loads(text)
    if not isinstance(line, dict) or not all(isinstance(line.get(name), int | float) for name in _NOT_CURVES):
        raise ValueError("no epoch")
    for name, values in line.items():
        if name not in _NOT_CURVES and not (
            isinstance(values, list) and all(value is None or isinstance(value, int | float) for value in values)
        ):
            raise ValueError("no curve")
    return line


def carried_on(curves: Float[np.ndarray, "epochs members"]) -> Float[np.ndarray, "epochs members"]:
    """Curves whose gaps hold the last value before them, so that a stop moves no median.

    Args:
        curves: one column for each member, NaN after its stop.

    Returns:
        The same with NaN only before a member's first value.
    """
    known = ~np.isnan(curves)
    last = np.maximum.accumulate(np.where(known, np.arange(len(curves))[:, None], 0), axis=0)
    return np.take_along_axis(curves, last, axis=0)

"""The members' ways through the space of params: snapshots, thinned as a run grows so that they keep within a budget.

A snapshot is all members' params after an epoch. Where whole params of many epochs are too large, a random sketch of
every snapshot is kept in place of most of them: short vectors whose inner products are, nearly, those of the params,
which is all that a plane needs to know of where a member was. What is drawn from it is decided in `run`.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, final

import numpy as np
from jaxtyping import Float, Int

from talweg.record.flat import flatten, unflatten

FRAMES = 64
"""Snapshots at most. A film of a way shows no more, and early epochs, which are long, are nearly all among them."""
FEW = 16
"""With room for fewer whole snapshots than this, sketches of more take their place."""
WIDTH = 1021
"""Numbers of a sketch; a prime, so that no column of a matrix falls into one place. Its error is some 3 %."""
Arrays = Mapping[str, np.ndarray]
MEGABYTE = 1_000_000
USUAL, MOST = 32 * MEGABYTE, 512 * MEGABYTE
"""The budget where none is given, and what it may grow to so that start, end and sketches fit."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much is recorded.

    Attributes:
        frames: snapshots at most; 0 for none.
        whole: how many of them are whole params at most.
        width: numbers of a sketch; 0 where every snapshot is whole.
        bytes: what all of it takes at most, in memory and on disk.
    """

    frames: int
    whole: int
    width: int
    bytes: int

    def sentence(self) -> str:
        """The plan in words."""
        if not self.frames:
            return "The members' ways are not recorded: start and end alone are larger than their budget (--record)"
        kind = f"snapshots, {self.whole} of them whole, the others as sketches" if self.width else "snapshots"
        return (
            f"The members' ways are recorded for the map: up to {self.frames} {kind}, "
            f"{self.bytes / MEGABYTE:.1f} MB at most (--record)"
        )


def is_statistic(name: str) -> bool:
    """Whether a flat name is of something that training measures, as batch statistics, and does not descend.

    Example:
        >>> is_statistic("batchnorm_1/statistics/mean"), is_statistic("dense_1/weights")
        (True, False)
    """
    return "statistics" in name.split("/")


def usual_budget(members: int, size: int) -> int:
    """The bytes that a run's trajectory may take where nobody says how many."""
    return max(USUAL, min(MOST, 3 * 4 * members * size))


def plan(members: int, size: int, epochs: int, budget: int) -> Plan:
    """How much of a run is recorded within a budget.

    Args:
        members: how many.
        size: params of each.
        epochs: how many at most; the state before the first is one more snapshot.
        budget: bytes.

    Example:
        >>> plan(members=8, size=9_000, epochs=200, budget=32_000_000)
        Plan(frames=64, whole=64, width=0, bytes=18432000)
        >>> plan(members=8, size=100_000, epochs=200, budget=32_000_000)
        Plan(frames=64, whole=9, width=1021, bytes=31185056)
    """
    snapshot, sketched = 4 * members * size, 4 * members * WIDTH
    frames, fitting = min(FRAMES, epochs + 1), budget // max(snapshot, 1)
    if fitting < min(frames, FEW) and 4 * sketched < snapshot:
        # A whole snapshot may be of an epoch whose sketch were else gone: it brings its own.
        most = budget - frames * sketched
        whole = most // (snapshot + sketched)
        if whole >= 2:
            return Plan(frames, whole, WIDTH, frames * sketched + whole * (snapshot + sketched))
    frames = min(frames, fitting) if fitting >= 2 else 0
    return Plan(frames, frames, 0, frames * snapshot)


def thinned(epochs: list[int], most: int) -> list[int]:
    """At most so many epochs, the first and the last among them: those go that lie closest on the root of time.

    The root spreads the early epochs, in which the way is long, as the films do.

    Example:
        >>> kept = []
        >>> for epoch in range(101):
        ...     kept = thinned([*kept, epoch], 6)
        >>> kept
        [0, 4, 21, 43, 83, 100]
    """
    kept = list(epochs)
    while len(kept) > most:
        root = np.sqrt(kept)
        del kept[1 + int(np.argmin(root[2:] - root[:-2]))]
    return kept


def sketch(params: Mapping[str, Any], lead: int = 1, width: int = WIDTH) -> Float[np.ndarray, "*points width"]:
    """Short vectors that have, nearly, the inner products of the params.

    A count sketch (Charikar, Chen & Farach-Colton, Finding Frequent Items in Data Streams, 2002): every number gets a
    random sign and is added to the place that its own place leaves modulo the width. The error of an inner product is
    about √(2 / width) times the product of the lengths. The signs never change, so that sketches made at different
    times compare.

    Args:
        params: any nesting of dictionaries, its arrays with leading axes.
        lead: how many leading axes there are, which are kept.
        width: numbers of a sketch.
    """
    flat = flatten(params)
    leaves = [np.asarray(flat[name]) for name in sorted(flat) if not is_statistic(name)]
    points = leaves[0].shape[:lead]
    rows = np.concatenate([leaf.reshape(int(np.prod(points)), -1) for leaf in leaves], axis=1)
    signs = np.random.Generator(np.random.Philox(key=[0x736B, 0])).integers(0, 2, rows.shape[1], np.int8)
    rows = rows * np.where(signs, 1, -1).astype(rows.dtype)
    padded = np.zeros((len(rows), -(-rows.shape[1] // width) * width), rows.dtype)
    padded[:, : rows.shape[1]] = rows
    return padded.reshape(*points, -1, width).sum(-2)


@final
@dataclasses.dataclass(frozen=True, eq=False)
class Recorder:
    """Keeps snapshots while a run grows. A value: observing gives another one, and the arrays of one restore it.

    Attributes:
        plan: how much is kept.
        curves: what each kept epoch told, one number a member by name.
        whole: the params of the epochs that are kept whole, flat by name.
        sketches: of each kept epoch, where the plan asks for them.
    """

    plan: Plan
    curves: Mapping[int, Arrays] = dataclasses.field(default_factory=dict)
    whole: Mapping[int, Arrays] = dataclasses.field(default_factory=dict)
    sketches: Mapping[int, np.ndarray] = dataclasses.field(default_factory=dict)

    def observe(self, epoch: int, params: Mapping[str, Any], curves: Arrays) -> "Recorder":
        """The recorder after one more epoch.

        Args:
            epoch: its number, greater than all before.
            params: the members' params, the member axis first; they are copied, but for what is not descended.
            curves: what the epoch told, one number a member each.
        """
        if not self.plan.frames:
            return self
        told = {**self.curves, epoch: {name: np.array(values, np.float64) for name, values in curves.items()}}
        whole = {**self.whole, epoch: _moving(params)}
        sketches = {**self.sketches, epoch: sketch(params)} if self.plan.width else {}
        kept = thinned(list(whole), self.plan.whole)
        frames = {*thinned(list(told), self.plan.frames), *kept}
        return Recorder(self.plan, _only(frames, told), _only(kept, whole), _only(frames, sketches))

    def arrays(self) -> dict[str, np.ndarray]:
        """All that it keeps, as arrays by name; empty before the first epoch, or where nothing is to be kept."""
        if not self.whole:
            return {}
        last = max(self.whole)
        blank = np.full(len(next(iter(self.whole[last].values()))), np.nan)
        epochs = self.curves.values()
        return {
            "epochs": np.array(list(self.curves), np.int64),
            "whole": np.array(list(self.whole), np.int64),
            **{f"params/{name}": np.stack([w[name] for w in self.whole.values()]) for name in self.whole[last]},
            **{f"curves/{name}": np.stack([told.get(name, blank) for told in epochs]) for name in self.curves[last]},
            **({"sketch": np.stack(list(self.sketches.values()))} if self.sketches else {}),
        }

    def restored(self, arrays: Arrays) -> "Recorder":
        """The recorder that gave these arrays, with this one's plan."""
        if not arrays:
            return Recorder(self.plan)
        epochs, whole = arrays["epochs"].tolist(), arrays["whole"].tolist()
        sketches = dict(zip(epochs, arrays.get("sketch", ()), strict=False))
        return Recorder(self.plan, _rows(arrays, "curves/", epochs), _rows(arrays, "params/", whole), sketches)


def _moving(params: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """A copy of the params that are descended, flat."""
    return {name: np.array(leaf) for name, leaf in flatten(params).items() if not is_statistic(name)}


def _only(epochs: Collection[int], kept: Mapping[int, Any]) -> dict[int, Any]:
    return {epoch: content for epoch, content in kept.items() if epoch in epochs}


def _below(arrays: Arrays, group: str) -> dict[str, np.ndarray]:
    """The arrays of a group, by the rest of their names."""
    return {name.removeprefix(group): array for name, array in arrays.items() if name.startswith(group)}


def _rows(arrays: Arrays, group: str, epochs: list[int]) -> dict[int, Arrays]:
    named = _below(arrays, group)
    return {epoch: {name: array[row] for name, array in named.items()} for row, epoch in enumerate(epochs)}


@dataclasses.dataclass(frozen=True, eq=False)
class Trajectory:
    """What a recorder kept of a run.

    Attributes:
        epochs: the epoch of each frame, from 0, increasing.
        whole: which frames have whole params.
        params: their params; every array has the axes `(whole frames, members, ...)`.
        curves: what the frames' epochs told, of shape `(frames, members)` by name.
        sketch: of every frame, where there are some; of shape `(frames, members, width)`.
    """

    epochs: Int[np.ndarray, " frames"]
    whole: Int[np.ndarray, " whole"]
    params: dict[str, Any]
    curves: Mapping[str, Float[np.ndarray, "frames members"]]
    sketch: Float[np.ndarray, "frames members width"] | None = None

    @classmethod
    def of(cls, arrays: Arrays) -> "Trajectory":
        """The trajectory in a recorder's arrays."""
        whole = np.searchsorted(arrays["epochs"], arrays["whole"])
        params = unflatten(_below(arrays, "params/"))
        return cls(arrays["epochs"], whole, params, _below(arrays, "curves/"), arrays.get("sketch"))

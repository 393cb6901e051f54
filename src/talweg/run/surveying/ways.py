"""The ways of a run's members as points of the space of params, and where they lie on a plane."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.landscape import vectors
from talweg.landscape.plane import Plane
from talweg.landscape.vectors import HostParams
from talweg.record.trajectory import Trajectory, sketch


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """Where ways lie on a plane.

    Attributes:
        coordinates: on the plane; NaN after a member's last frame.
        distance: from it.
        held: the share of the movement's variance that the plane holds.
    """

    coordinates: Float[np.ndarray, "members frames 2"]
    distance: Float[np.ndarray, "members frames"]
    held: float


@dataclasses.dataclass(frozen=True, eq=False)
class Ways:
    """Where each member was at each frame.

    Attributes:
        frames: the number that each frame carries: the epoch, or the step.
        lengths: how many frames each member has; its last is its end.
        points: a stack of the params that are known.
        member: whose each point is.
        frame: at which frame.
        sketch: of every frame, where most points are known by their sketch only.
        told: heights that the run itself told at its frames; NaN elsewhere.
    """

    frames: Int[np.ndarray, " frames"]
    lengths: Int[np.ndarray, " members"]
    points: HostParams
    member: Int[np.ndarray, " points"]
    frame: Int[np.ndarray, " points"]
    sketch: Float[np.ndarray, "members frames width"] | None = None
    told: Float[np.ndarray, "members frames"] | None = None

    def real(self) -> Bool[np.ndarray, "members frames"]:
        """Which frames a member has."""
        return np.arange(len(self.frames)) < self.lengths[:, None]

    def of(self, members: list[int]) -> "Ways":
        """The ways of some members, in the given order."""
        place = {member: number for number, member in enumerate(members)}
        chosen = np.flatnonzero(np.isin(self.member, members))
        return Ways(
            self.frames,
            self.lengths[members],
            vectors.at(self.points, chosen),
            np.array([place[member] for member in self.member[chosen].tolist()], np.int64),
            self.frame[chosen],
            None if self.sketch is None else self.sketch[members],
            None if self.told is None else self.told[members],
        )

    def spread(self, values: Float[np.ndarray, "points *rest"]) -> Float[np.ndarray, "members frames *rest"]:
        """One value a point laid out by member and frame; NaN where no point is known."""
        out = np.full((len(self.lengths), len(self.frames), *values.shape[1:]), np.nan)
        out[self.member, self.frame] = values
        return out

    def changed(self, change: Callable[[int, HostParams], HostParams]) -> "Ways":
        """The ways with each member's points changed, such as its hidden units reordered.

        Args:
            change: from a member's number and its points, a stack, to as many others.
        """
        points = jax.tree.map(np.array, self.points)
        for member in range(len(self.lengths)):
            own = np.flatnonzero(self.member == member)
            moved = change(member, vectors.at(self.points, own))
            for leaf, new in zip(jax.tree.leaves(points), jax.tree.leaves(moved), strict=True):
                leaf[own] = new
        return dataclasses.replace(self._known(), points=points)

    def _known(self) -> "Ways":
        """The frames at which params are known; a sketch of others cannot be changed with them."""
        if self.sketch is None:
            return self
        known = np.unique(self.frame)
        return dataclasses.replace(
            self,
            frames=self.frames[known],
            lengths=np.searchsorted(known, self.lengths - 1) + 1,
            frame=np.searchsorted(known, self.frame),
            sketch=None,
            told=None if self.told is None else self.told[:, known],
        )

    def on(self, plane: Plane) -> Places:
        """Where the ways lie on a plane. Frames known by their sketch alone are nearly right, all others exactly."""
        coordinates = self.spread(plane.project(self.points))
        distance = self.spread(plane.distance(self.points))
        if self.sketch is None:
            return Places(coordinates, distance, plane.share_of(self.points))
        near, off, held = self._by_sketch(self.sketch, plane)
        return Places(
            np.where(np.isnan(coordinates), near, coordinates), np.where(np.isnan(distance), off, distance), held
        )

    def _by_sketch(
        self, sketches: Float[np.ndarray, "members frames width"], plane: Plane
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Coordinates, distances and the share held, from inner products of sketches."""
        origin, axes = sketch(_leading(plane.origin)), sketch(plane.directions)
        real = self.real() & np.isfinite(sketches).all(-1)
        from_origin = sketches[real].astype(np.float64) - origin
        gram = vectors.inner_products(plane.directions, plane.directions)
        along = np.linalg.solve(gram, axes.astype(np.float64) @ from_origin.T).T
        coordinates = np.full((*real.shape, 2), np.nan)
        distance = np.full(real.shape, np.nan)
        coordinates[real] = along
        distance[real] = np.linalg.norm(from_origin - along @ axes, axis=1)
        moved, centered = from_origin - from_origin.mean(0), along - along.mean(0)
        total = float((moved**2).sum())
        held = float(np.einsum("pi,ij,pj->", centered, gram, centered)) / total if total > 0 else 1.0
        return coordinates, distance, min(held, 1.0)


def _leading(params: HostParams) -> HostParams:
    """The same with a leading axis of one point."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[None], params)


def ways_of(trajectory: Trajectory, stopped: Int[np.ndarray, " members"]) -> Ways:
    """The ways in a recorded trajectory.

    A member that stopped does not move any more: the last snapshot holds its end, which is drawn at the first frame
    at or after its last epoch.

    Args:
        trajectory: as recorded.
        stopped: each member's last epoch.
    """
    lengths = np.minimum(np.searchsorted(trajectory.epochs, stopped) + 1, len(trajectory.epochs))
    at = np.where(trajectory.whole < lengths[:, None] - 1, trajectory.whole, -1)
    at[:, -1] = lengths - 1
    member, snapshot = np.nonzero(at >= 0)
    points = jax.tree.map(lambda leaf: leaf[snapshot, member], trajectory.params)
    sketches = None if trajectory.sketch is None else trajectory.sketch.swapaxes(0, 1)
    return _finite(Ways(trajectory.epochs, lengths, points, member, at[member, snapshot], sketches))


def _finite(ways: Ways) -> Ways:
    """Each way up to its first point that is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        sound = np.isfinite(vectors.squared_norms(ways.points))
    if sound.all():
        return ways
    lengths = ways.lengths.copy()
    np.minimum.at(lengths, ways.member[~sound], ways.frame[~sound])
    kept = np.flatnonzero(ways.frame < lengths[ways.member])
    points = vectors.at(ways.points, kept)
    return dataclasses.replace(ways, lengths=lengths, points=points, member=ways.member[kept], frame=ways.frame[kept])

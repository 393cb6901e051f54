"""How true a map is: how far the points lie from the plane, and their real loss against the loss drawn under them.

What is computed here is numbers and sentences. The surface is made in `surface`.
"""

import dataclasses

import numpy as np
from jaxtyping import Float

from talweg.landscape.surface import Surface

LEAST_SHARE = 0.5
"""A plane that holds less of the movement than this misleads."""

LARGEST_GAP = 0.1
"""So does a map that is further off than this, as a share of the whole descent."""


@dataclasses.dataclass(frozen=True, eq=False)
class MapError:
    """The error of a map at its drawn points. The first and last real point of each path are its start and end.

    Attributes:
        held: the share of the points' variance that the plane holds, from 0 to 1.
        distance: each point's Euclidean distance from the plane.
        true: the real height at each point.
        nearest: the height at the plane's nearest point; equal to `true` where the point lies on the plane.
        drawn: what the map shows there, interpolated from the grid; NaN outside the window.
        height_label: what the heights are, such as ``"loss"``.
        names: the hikers' names; their numbers from 1 if absent.
        greater_is_better: whether the hikers climb, as they do towards a greater accuracy.

    Of each array the first axis is the hikers, the second the frames; NaN after a hiker's last point.
    """

    held: float
    distance: Float[np.ndarray, "hikers frames"]
    true: Float[np.ndarray, "hikers frames"]
    nearest: Float[np.ndarray, "hikers frames"]
    drawn: Float[np.ndarray, "hikers frames"]
    height_label: str = "loss"
    names: tuple[str, ...] = ()
    greater_is_better: bool = False

    def _ends(self, values: Float[np.ndarray, "hikers frames"]) -> Float[np.ndarray, " hikers"]:
        known = np.isfinite(self.true)
        last = self.true.shape[1] - 1 - known[:, ::-1].argmax(1)
        return values[np.arange(len(values)), last]

    def _descent(self) -> float:
        """The median over the hikers of how much their height changed; the scale on which an error is judged."""
        known = np.isfinite(self.true)
        starts = self.true[np.arange(len(self.true)), known.argmax(1)]
        return _median(np.abs(starts - self._ends(self.true)))

    @property
    def plane_gap(self) -> float:
        """Median over the end points of how far the plane's nearest point is off the real height."""
        return _median(np.abs(self._ends(self.nearest) - self._ends(self.true)))

    @property
    def grid_gap(self) -> float:
        """Median over the end points of what the grid's interpolation adds to it."""
        return _median(np.abs(self._ends(self.drawn) - self._ends(self.nearest)))

    @property
    def is_exact(self) -> bool:
        """Whether every point lies on the plane, so that the map is the landscape itself but for its grid."""
        size = max(float(np.nanmax(np.abs(self.true), initial=0.0)), 1e-30)
        off = np.nanmax(np.abs(self.nearest - self.true), initial=0.0)
        return bool(self.held > 1 - 1e-6 and off <= 1e-5 * size)

    def sentence(self) -> str:
        """The map's error in words; empty where it is exact.

        Example:
            >>> two = np.array([[2.0, 0.31]])
            >>> MapError(0.71, two, two, two, np.array([[2.1, 0.52]])).sentence()
            'the plane holds 71 % of the movement; at the end points the true loss is 0.31 and the map shows 0.52'
        """
        if self.is_exact:
            return ""
        true, drawn = _median(self._ends(self.true)), _median(self._ends(self.drawn))
        median = " (medians)" if len(self.true) > 1 else ""
        return (
            f"the plane holds {100 * self.held:.0f} % of the movement; at the end points{median} the true "
            f"{self.height_label} is {true:.2g} and the map shows {drawn:.2g}"
        )

    def warnings(self) -> tuple[str, ...]:
        """Where the picture misleads, a sentence each, with what would mend it; empty where it can be trusted."""
        if self.is_exact and not self.grid_gap > LARGEST_GAP * self._descent():
            return ()
        found = []
        if self.held < LEAST_SHARE:
            found.append(
                f"The plane holds only {100 * self.held:.0f} % of the movement: hills and valleys on the map need not "
                f"lie on the members' way; {self._mend()}."
            )
        scale = self._descent()
        if self.plane_gap > LARGEST_GAP * scale:
            found.append(
                f"At the end points the plane is off by {self.plane_gap:.2g}, {_share(self.plane_gap, scale)} of the "
                "whole descent: read the heights at the members from the table, not from the map."
            )
        if self.grid_gap > LARGEST_GAP * scale:
            found.append(
                f"Between the grid's points the map is off by {self.grid_gap:.2g}, {_share(self.grid_gap, scale)} of "
                "the whole descent: take a finer grid or a smaller window."
            )
        return (*found, *self._wrong_order())

    def _mend(self) -> str:
        if len(self.true) > 1:
            return "draw fewer members, a plane through three of them, or an atlas: a plane for each"
        return "a plane of principal components holds more of it"

    def _wrong_order(self) -> tuple[str, ...]:
        """A warning if the member that the map shows as lowest is not, by more than the rounding."""
        true, drawn = self._ends(self.true), self._ends(self.drawn)
        both = np.isfinite(true) & np.isfinite(drawn)
        if both.sum() < 2:
            return ()
        members, down = np.flatnonzero(both), -1.0 if self.greater_is_better else 1.0
        best, shown = members[(down * true[both]).argmin()], members[(down * drawn[both]).argmin()]
        if not down * (true[shown] - true[best]) > LARGEST_GAP * self._descent():
            return ()
        names = self.names or tuple(str(number + 1) for number in range(len(true)))
        place = "highest" if self.greater_is_better else "lowest"
        return (f"The map shows member {names[shown]} {place}; in truth it is member {names[best]}.",)


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def _share(gap: float, scale: float) -> str:
    return f"{gap / scale:.0%}" if scale > 0 else "more than all"


def map_error(
    held: float,
    distance: Float[np.ndarray, "hikers frames"],
    true: Float[np.ndarray, "hikers frames"],
    nearest: Float[np.ndarray, "hikers frames"],
    coordinates: Float[np.ndarray, "hikers frames 2"],
    surface: Surface,
    height_label: str = "loss",
    names: tuple[str, ...] = (),
    greater_is_better: bool = False,
) -> MapError:
    """The error of a map from what it draws.

    Args:
        held: of `Plane.share_of` for all points.
        distance: of `Plane.distance`; NaN where a path has no point.
        true: of `combination.heights_at` the points.
        nearest: of `combination.heights_at` the points `plane.lift(coordinates)`.
        coordinates: of `Plane.project`.
        surface: what is drawn.
        height_label: what the heights are.
        names: the hikers' names; their numbers from 1 if absent.
        greater_is_better: whether the hikers climb.
    """
    drawn = np.where(np.isfinite(true), surface.at(coordinates), np.nan)
    return MapError(held, distance, true, nearest, drawn, height_label, names, greater_is_better)

"""A scene: everything that is drawn of a landscape and the hikers on it, as plain arrays. Nothing is drawn here.

The same scene comes from a typed function and from a network's map; every picture, animation and page is made from
it, and none of them asks where it came from.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int


@dataclasses.dataclass(frozen=True)
class Minimum:
    """A place where hikers arrived.

    Attributes:
        point: its coordinates on the plane.
        value: the loss there.
        hikers: how many ended there.
        kind: ``"local"``, ``"lowest"`` (the lowest found) or ``"saddle"``.
    """

    point: tuple[float, float]
    value: float
    hikers: int
    kind: str = "local"


@dataclasses.dataclass(frozen=True)
class Scene:
    """A landscape seen from above, and the paths of the hikers on it.

    Attributes:
        x: grid coordinates along the first axis of the plane, increasing.
        y: grid coordinates along the second axis, increasing.
        height: the loss on the grid; NaN where the function is not defined.
        paths: each hiker's points on the plane, one a frame; NaN after its last.
        path_heights: the true loss at those points (not the one drawn under them).
        path_lengths: how many points of each path are real.
        outcomes: why each hiker stopped, one sentence each.
        outcome_kinds: the same in one word each, for colors (``"arrived"``, ``"saddle"``, ``"walking"``,
            ``"diverged"``, ``"left"``, ``"undefined"``).
        minima: where they arrived.
        title: what is drawn, such as the function as typed.
        axis_labels: names of the two axes.
        height_label: what the height is (``"f(x, y)"``, ``"training loss"``).
        frame_label: what a frame is (``"step"`` or ``"epoch"``).
        frames: the number that each frame carries, such as the step.
        note: the map's error in one line; empty where the plane is the whole space.
        kind_words: what a legend calls kinds of outcomes where their own words do not fit.
        basins: which minimum each start on the grid reaches; -1 for none. Absent unless asked for.
    """

    x: Float[np.ndarray, " width"]
    y: Float[np.ndarray, " depth"]
    height: Float[np.ndarray, "depth width"]
    paths: Float[np.ndarray, "hikers frames 2"]
    path_heights: Float[np.ndarray, "hikers frames"]
    path_lengths: Int[np.ndarray, " hikers"]
    outcomes: tuple[str, ...]
    outcome_kinds: tuple[str, ...]
    frames: Int[np.ndarray, " frames"]
    minima: tuple[Minimum, ...] = ()
    title: str = ""
    axis_labels: tuple[str, str] = ("x", "y")
    height_label: str = "loss"
    frame_label: str = "step"
    note: str = ""
    kind_words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    basins: Int[np.ndarray, "depth width"] | None = None

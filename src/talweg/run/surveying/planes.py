"""Which plane of a run's params is drawn, what of it, and whose ways on it. What is seen there is in `survey`."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jaxtyping import Float

from talweg.errors import ConfigError, require_known
from talweg.landscape import vectors
from talweg.landscape.combination import heights_at
from talweg.landscape.curvature import eigenvectors_as_params, hessian_product, lanczos, loss_and_gradient
from talweg.landscape.directions import (
    filter_normalized,
    gradient_plane,
    hessian_plane,
    principal_components,
    through_three,
)
from talweg.landscape.plane import Plane, Window
from talweg.landscape.vectors import HostParams
from talweg.record.flat import flatten, unflatten
from talweg.run.surveying.ground import Ground
from talweg.run.surveying.ways import Ways

if TYPE_CHECKING:
    pass


SLIMMEST = 0.6
"""A window's shorter side is at least this share of the longer one."""


@dataclasses.dataclass(frozen=True, eq=False)
class Members:
    """What planes are made of.

    Attributes:
        params: the kept params of every member, a stack.
        ways: of every member.
        sound: the members that did not fail, the best first.
        chosen: those whose ways are asked for; empty to leave that to the plane.
        center: the member at the center of a plane around one.
        seed: of random directions.
    """

    params: HostParams
    ways: Ways
    sound: tuple[int, ...]
    chosen: tuple[int, ...]
    center: int
    seed: int

    def drawn(self) -> list[int]:
        """The chosen members, or all of them."""
        return list(self.chosen) or list(range(vectors.count_of(self.params)))

    def around(self) -> list[int]:
        """The chosen members, or the one at the center: the others lie far off a plane around it."""
        return list(self.chosen) or [self.center]

    def middle(self) -> HostParams:
        """The kept params of the member at the center."""
        return vectors.at(self.params, self.center)


@dataclasses.dataclass(frozen=True, eq=False)
class View:
    """What is drawn.

    Attributes:
        plane: where.
        window: what of it.
        members: whose ways.
    """

    plane: Plane
    window: Window
    members: list[int]

    def arrays(self) -> dict[str, np.ndarray]:
        """The plane's arrays by name."""
        return flatten({"origin": self.plane.origin, "directions": self.plane.directions})

    def facts(self) -> dict[str, Any]:
        """All the rest, as plain data."""
        plane, window = self.plane, self.window
        return {
            "labels": plane.labels,
            "made_by": plane.made_by,
            "window": [window.x, window.y],
            "members": self.members,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> "View":
        """The view that gave these arrays, among others, and facts."""
        named = {name: array for name, array in arrays.items() if name.startswith(("origin/", "directions/"))}
        trees = unflatten(named)
        first, second = facts["labels"]
        plane = Plane(trees["origin"], trees["directions"], (first, second), facts["made_by"])
        (left, right), (bottom, top) = facts["window"]
        return cls(plane, Window((left, right), (bottom, top)), list(facts["members"]))


def _components(ground: Ground, members: Members) -> View:
    """The plane on which the drawn members' ways spread most; one that failed would decide it, and does not."""
    drawn = members.drawn()
    steady = [member for member in drawn if member in members.sound] or drawn
    ways = members.ways.of(steady)
    plane = principal_components(ways.points)
    if len(steady) == 1:
        plane = _leading_down(plane, ways.on(plane).coordinates[0])
    return View(plane, _window(ways.on(plane).coordinates), drawn)


def _leading_down(plane: Plane, way: Float[np.ndarray, "frames 2"]) -> Plane:
    """The plane so turned over that a way leads to the right and down, and ways on planes of their own look alike."""
    real = way[np.isfinite(way).all(1)]
    right, up = real[-1] - real[0]
    signs = np.where([right < 0, up > 0], -1, 1)
    turned = jax.tree.map(lambda two: two * signs.astype(two.dtype).reshape(2, *[1] * (two.ndim - 1)), plane.directions)
    return dataclasses.replace(plane, directions=turned)


def _three(ground: Ground, members: Members) -> View:
    chosen = list(members.chosen) or list(members.sound[:3])
    if len(chosen) != 3:
        raise ConfigError(f"a plane through members needs three of them, such as --members 0,1,2, got {len(chosen)}")
    points = vectors.at(members.params, chosen)
    first, second, third = map(str, chosen)
    plane = through_three(points, (first, second, third))
    places = members.ways.of(chosen).on(plane).coordinates.reshape(-1, 2)
    return View(plane, _window(np.vstack([plane.project(points), places])), chosen)


def _random(ground: Ground, members: Members) -> View:
    plane = filter_normalized(members.middle(), members.seed)
    return View(plane, Window((-1.0, 1.0), (-1.0, 1.0)), members.around())


def _hessian(ground: Ground, members: Members) -> View:
    place = members.middle()
    product = hessian_product(ground.objective, place, ground.rows)
    found = lanczos(product, vectors.size_of(place), seed=members.seed)
    if not np.isfinite(found.values).all():
        raise ConfigError(f"the Hessian at member {members.center} is not finite; look at another member (--at)")
    plane = hessian_plane(place, eigenvectors_as_params(found, place), found.values.tolist())
    return View(plane, _as_deep_as_the_descent(ground, members, found.values), members.around())


def _as_deep_as_the_descent(ground: Ground, members: Members, curvatures: Float[np.ndarray, " two"]) -> Window:
    """The window at whose edges a parabola of the curvatures rises as high as the member came down."""
    own = members.ways.of([members.center])
    start, end = heights_at(ground.objective, vectors.stack([vectors.at(own.points, 0), members.middle()]), ground.rows)
    fall = max(float(start - end), 1e-6)
    (x, y) = np.sqrt(2 * fall / np.maximum(np.abs(curvatures[:2]), 1e-6)).tolist()
    x, y = max(x, SLIMMEST * y), max(y, SLIMMEST * x)
    return Window((-x, x), (-y, y))


def _gradient(ground: Ground, members: Members) -> View:
    """Along the gradient at a member, and across it the way it came: what of that is left."""
    place = members.middle()
    gradient = loss_and_gradient(ground.objective, place, ground.rows)[1]
    own = members.ways.of([members.center])
    came = jax.tree.map(lambda start, end: start - end, vectors.at(own.points, 0), place)
    moved = vectors.squared_norms(vectors.stack([came]))[0] > 0
    return _around(gradient_plane(place, gradient, came if moved else None, members.seed), members)


def _around(plane: Plane, members: Members) -> View:
    """A plane through a member with all of that member's own way in the window."""
    drawn = members.around()
    own = members.ways.of([members.center]).on(plane).coordinates
    return View(plane, _centered(own.reshape(-1, 2)), drawn)


def _centered(points: Float[np.ndarray, "points 2"]) -> Window:
    """The window around the origin that holds all points."""
    return _window(np.vstack([points, -points]))


def _window(points: Float[np.ndarray, "*points 2"]) -> Window:
    """The window that holds all points, no plank."""
    return Window.around(points, slimmest=SLIMMEST)


PLANES: dict[str, Callable[[Ground, Members], View]] = {
    "pca": _components,
    "members": _three,
    "random": _random,
    "hessian": _hessian,
    "gradient": _gradient,
}
"""The planes by name."""


def view_of(name: str, ground: Ground, members: Members, window: Sequence[float] | None = None) -> View:
    """A plane by name, with the window that is drawn of it.

    Args:
        name: a key of `PLANES`.
        ground: what is evaluated.
        members: of which the plane is made.
        window: both ends along both axes, to replace the plane's own.

    Raises:
        ConfigError: for an unknown plane, a window that is none, or members that give no plane.
    """
    require_known("plane", name, PLANES)
    found = PLANES[name](ground, members)
    if window is None:
        return found
    if len(window) != 4 or not (window[0] < window[1] and window[2] < window[3]):
        raise ConfigError(f"window must be four numbers such as -1,1,-1,1, each low before its high, got {window}")
    left, right, bottom, top = map(float, window)
    return dataclasses.replace(found, window=Window((left, right), (bottom, top)))

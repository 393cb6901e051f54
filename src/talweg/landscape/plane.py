"""A plane through the space of params, and the window of it that is drawn. How planes are chosen is in `directions`."""

import dataclasses

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.vectors import HostParams


class Plane(eqx.Module):
    """All params `origin + a · first direction + b · second direction`; (a, b) are the coordinates.

    Attributes:
        origin: the params at the coordinates (0, 0).
        directions: a stack of two.
        labels: names of the two axes.
        made_by: how the plane was chosen, as the end of a sentence ("the plane is ...").

    Example:
        >>> plane = Plane({"w": np.zeros(3)}, {"w": np.eye(3)[:2]}, ("first", "second"), "an example")
        >>> plane.lift(np.array([2.0, 5.0]))["w"].tolist()
        [2.0, 5.0, 0.0]
        >>> plane.project({"w": np.array([2.0, 5.0, 7.0])}).tolist()
        [2.0, 5.0]
        >>> float(plane.distance({"w": np.array([2.0, 5.0, 7.0])}))
        7.0
    """

    origin: HostParams
    directions: HostParams
    labels: tuple[str, str] = eqx.field(static=True)
    made_by: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        if vectors.size_of(self.origin) < 2:
            raise ConfigError("a plane needs at least 2 params, found 1; draw the loss as a curve instead")
        if not np.linalg.cond(self._gram()) < 1e12:
            raise ConfigError(
                f"the two directions of a plane ({self.made_by}) must not be parallel or zero; choose another plane"
            )

    def _gram(self) -> Float[np.ndarray, "2 2"]:
        return vectors.inner_products(self.directions, self.directions)

    def basis(self) -> HostParams:
        """The stack of origin and directions: with the coefficients (1, a, b) its sum is `lift((a, b))`."""
        return jax.tree.map(lambda leaf, two: np.concatenate([leaf[None], two]), self._origin(), self.directions)

    def _origin(self) -> HostParams:
        return jax.tree.map(np.asarray, self.origin)

    def _as_stack(self, params: HostParams) -> tuple[HostParams, tuple[int, ...]]:
        """Params with any leading axes as a stack, and those axes."""
        first, like = jax.tree.leaves(params)[0], jax.tree.leaves(self.origin)[0]
        lead = np.shape(first)[: np.ndim(first) - np.ndim(like)]
        points = jax.tree.map(lambda leaf, one: np.asarray(leaf).reshape(-1, *np.shape(one)), params, self.origin)
        return points, lead

    def lift(self, coordinates: Float[np.ndarray, "*points 2"]) -> HostParams:
        """The params at coordinates, in the origin's floating type; leading axes are kept."""
        flat = coordinates.reshape(-1, 2).astype(np.float64)

        def sums(leaf: np.ndarray, two: np.ndarray) -> np.ndarray:
            moved = leaf.reshape(-1) + flat @ np.asarray(two, np.float64).reshape(2, -1)
            return moved.astype(leaf.dtype).reshape(*coordinates.shape[:-1], *leaf.shape)

        return jax.tree.map(sums, self._origin(), self.directions)

    def project(self, params: HostParams) -> Float[np.ndarray, "*points 2"]:
        """The coordinates of the plane's nearest point; params may have leading axes, which are kept."""
        points, lead = self._as_stack(params)
        origin = jax.tree.map(lambda leaf: leaf[None], self._origin())
        against = vectors.inner_products(points, self.directions) - vectors.inner_products(origin, self.directions)
        return np.linalg.solve(self._gram(), against.T).T.reshape(*lead, 2)

    def distance(self, params: HostParams) -> Float[np.ndarray, "*points"]:
        """How far params lie from the plane, as Euclidean distance in the space of params."""
        points, lead = self._as_stack(params)
        coordinates = self.project(points)
        origin = jax.tree.map(lambda leaf: leaf[None], self._origin())
        squares = np.zeros(len(coordinates))
        for block, start, two in vectors.blocks(points, origin, self.directions):
            off = block - start - coordinates @ two
            squares += np.einsum("pe,pe->p", off, off)
        return np.sqrt(squares).reshape(lead)

    def share_of(self, params: HostParams) -> float:
        """The share of the points' variance that the plane holds, from 0 to 1; 1 for points that do not vary.

        For the plane of the principal components this is the sum of their two explained-variance ratios.

        Args:
            params: the points, with one or more leading axes; those that are not finite do not count.
        """
        points, _ = self._as_stack(params)
        points = vectors.at(points, np.isfinite(vectors.squared_norms(points)))
        coordinates = self.project(points)
        coordinates -= coordinates.mean(0)
        held = np.einsum("pi,ij,pj->", coordinates, self._gram(), coordinates)
        total = sum(float(((block - block.mean(0)) ** 2).sum()) for (block,) in vectors.blocks(points))
        return min(float(held / total), 1.0) if total > 0 else 1.0


@dataclasses.dataclass(frozen=True)
class Window:
    """The rectangle of a plane that is drawn.

    Attributes:
        x: the first coordinate's range.
        y: the second's.

    Example:
        >>> Window.around(np.array([[0.0, 0.0], [4.0, 2.0]]), margin=0.25)
        Window(x=(-1.0, 5.0), y=(-0.5, 2.5))
    """

    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def around(cls, points: Float[np.ndarray, "*points 2"], margin: float = 0.2, slimmest: float = 0.25) -> "Window":
        """The window that contains all points.

        Args:
            points: coordinates; those that are not finite do not count.
            margin: what is added on each side, as a share of the points' range.
            slimmest: the shorter side is at least this share of the longer one, so that a path along one axis is
                still drawn on a map.

        Raises:
            ConfigError: if no point is finite.
        """
        flat = points.reshape(-1, 2)
        flat = flat[np.isfinite(flat).all(-1)]
        if not len(flat):
            raise ConfigError("expected at least one finite point to lay a window around, found none")
        low, high = flat.min(0), flat.max(0)
        half = (high - low) / 2
        half = np.maximum(half, slimmest * half.max())
        half = np.where(half > 0, half, 1.0) * (1 + 2 * margin)
        middle = (low + high) / 2
        (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
        return cls((left, right), (bottom, top))

    def grid(self, width: int = 51, depth: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Equidistant coordinates along both axes, the edges among them.

        Args:
            width: how many along the first axis.
            depth: how many along the second; as many if absent.

        Raises:
            ConfigError: if there are fewer than 2 along an axis.
        """
        depth = width if depth is None else depth
        if min(width, depth) < 2:
            raise ConfigError(f"expected a grid of at least 2 × 2 points, found {width} × {depth}")
        return np.linspace(*self.x, width), np.linspace(*self.y, depth)

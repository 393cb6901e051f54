"""The ways to lay a plane through the space of params. What a plane can do is in `plane`.

Coordinates are Euclidean distances in the space of params wherever the directions are orthonormal: everywhere but in
`filter_normalized`, whose unit is the size of the member's own filters.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.plane import Plane
from talweg.landscape.vectors import HostParams


def principal_components(points: HostParams) -> Plane:
    """The plane that holds most of the variance of all points together, through their mean (Pearson 1901).

    Computed from the Gram matrix of the points, so that the cost grows linearly with the number of params. Each
    direction's entry of greatest magnitude is positive. Points that vary along a line only are completed to a plane
    by a random direction that never changes.

    Args:
        points: a stack of params, such as all members' snapshots one after the other; those that are not finite
            are left out. No other point is: a member that ran far away decides the plane, so leave it out beforehand
            unless it is to be seen.

    Raises:
        ConfigError: if no point is finite, or there is one param only.
    """
    finite = np.isfinite(vectors.squared_norms(points))
    if not finite.any():
        raise ConfigError("expected at least one finite point to lay a plane through, found none")
    points = points if finite.all() else vectors.at(points, finite)
    count = vectors.count_of(points)
    gram = vectors.centered_gram(points)
    values, coefficients = _top_two(gram)
    directions = _signed(vectors.orthonormal(vectors.combine(coefficients, points)))
    mean = vectors.at(vectors.combine(np.full((1, count), 1 / count), points), 0)
    total = float(np.trace(gram))
    shares = values / total if total > 0 else np.zeros(2)
    labels = (f"component 1 ({shares[0]:.0%} of the movement)", f"component 2 ({shares[1]:.0%})")
    return Plane(mean, directions, labels, f"the one of the two principal components of {count} points")


def _top_two(gram: Float[np.ndarray, "points points"]) -> tuple[np.ndarray, np.ndarray]:
    """The two greatest eigenvalues of a centered Gram matrix, and rows of coefficients that sum to 0; 0 for none."""
    values, coefficients = np.linalg.eigh(gram)
    values = np.append(values[::-1], 0.0)[:2].clip(0.0)
    rows = np.append(coefficients[:, ::-1], np.zeros((len(gram), 1)), axis=1)[:, :2].T
    rows = np.where((values > 1e-12 * values[0])[:, None], rows, 0.0)
    return values, rows - rows.mean(1, keepdims=True)


def _signed(directions: HostParams) -> HostParams:
    """Each direction so that its entry of greatest magnitude is positive; of equal ones the first decides."""
    greatest = np.zeros(vectors.count_of(directions))
    for (block,) in vectors.blocks(directions):
        found = block[np.arange(len(block)), np.abs(block).argmax(1)]
        greatest = np.where(np.abs(found) > np.abs(greatest), found, greatest)
    return vectors.combine(np.diag(np.where(greatest < 0, -1.0, 1.0)), directions)


def through_three(points: HostParams, names: tuple[str, str, str] = ("1", "2", "3")) -> Plane:
    """The plane through three members: the first at (0, 0), the second on the positive first axis, the third above.

    As in Garipov et al., Loss Surfaces, Mode Connectivity, and Fast Ensembling of DNNs, 2018.

    Args:
        points: a stack of three.
        names: the members' names.

    Raises:
        ConfigError: if the three lie on a line, or are not three.
    """
    if vectors.count_of(points) != 3:
        raise ConfigError(f"expected three members to lay a plane through, found {vectors.count_of(points)}")
    sides = vectors.combine(np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]), points)
    sine = _sine(vectors.inner_products(sides, sides))
    if not sine > 1e-6:
        raise ConfigError(f"the members {names[0]}, {names[1]} and {names[2]} lie on a line; choose three others")
    labels = (f"from member {names[0]} to {names[1]}", f"across, towards member {names[2]}")
    made_by = f"the one through the members {names[0]}, {names[1]} and {names[2]}"
    return Plane(vectors.at(points, 0), vectors.orthonormal(sides), labels, made_by)


def _sine(gram: np.ndarray) -> float:
    """The sine of the angle between two vectors, from their inner products; 0 where one of them is 0."""
    lengths = gram[0, 0] * gram[1, 1]
    return float(np.sqrt(max(1.0 - gram[0, 1] ** 2 / lengths, 0.0))) if lengths > 0 else 0.0


def filter_normalized(params: HostParams, seed: int = 0) -> Plane:
    """Two random directions around a member, each filter as long as the member's own.

    Li et al., Visualizing the Loss Landscape of Neural Nets, 2018: directions are Gaussian, then every filter of a
    direction is scaled to the norm of the same filter of the params, so that pictures of networks with scaled weights
    are comparable. A filter is what leads into one unit: a column of a dense layer's weights, the last axis of any
    other kernel. Biases and the vectors of normalizations stay as they are (the paper's own pictures leave them out
    likewise). The two directions are nearly, not exactly, orthogonal.

    Args:
        params: the member at the center.
        seed: of the two directions.

    Raises:
        ConfigError: if the params have no filters, as those of a typed function.
    """
    generator = np.random.default_rng(seed)

    def direction(leaf: np.ndarray) -> np.ndarray:
        if np.ndim(leaf) < 2:
            return np.zeros((2, *np.shape(leaf)))
        drawn = generator.standard_normal((2, *leaf.shape))
        own = np.linalg.norm(np.asarray(leaf, np.float64).reshape(-1, leaf.shape[-1]), axis=0)
        return drawn * own / np.sqrt((drawn**2).sum(tuple(range(1, leaf.ndim)), keepdims=True))

    directions = jax.tree.map(direction, params)
    if not vectors.squared_norms(directions).all():
        raise ConfigError("filter-normalized directions need the weights of a network; take the coordinate plane")
    labels = ("random direction 1 (filter norms)", "random direction 2 (filter norms)")
    return Plane(params, directions, labels, "two random filter-normalized directions around a member")


def hessian_plane(params: HostParams, eigenvectors: HostParams, eigenvalues: Sequence[float] = ()) -> Plane:
    """The plane through a member along the two sharpest directions of the loss there.

    Args:
        params: the member.
        eigenvectors: a stack of two or more, the sharpest first (see `curvature.top_eigenvalues`).
        eigenvalues: theirs, to be named along the axes.

    Raises:
        ConfigError: if there are fewer than two.
    """
    if vectors.count_of(eigenvectors) < 2:
        raise ConfigError(f"expected two eigenvectors, found {vectors.count_of(eigenvectors)}")
    directions = _signed(vectors.orthonormal(vectors.at(eigenvectors, slice(2))))
    values = [f" (λ = {value:.3g})" for value in eigenvalues][:2] or ["", ""]
    labels = (f"sharpest direction{values[0]}", f"second sharpest{values[1]}")
    return Plane(params, directions, labels, "the one of the top two Hessian eigenvectors at a member")


def gradient_plane(params: HostParams, gradient: HostParams, across: HostParams | None = None, seed: int = 0) -> Plane:
    """The plane through a point along its gradient, and a direction orthogonal to it.

    With two params the second direction is the only one there is; with more it is chosen.

    Args:
        params: the point.
        gradient: the gradient there; the first coordinate grows uphill.
        across: a vector whose part orthogonal to the gradient is the second direction; random if absent.
        seed: of the random one.

    Raises:
        ConfigError: if the gradient is zero or not finite.
    """
    length = np.sqrt(vectors.squared_norms(vectors.stack([gradient]))[0])
    if not (np.isfinite(length) and length > 0):
        raise ConfigError(f"expected a gradient with a direction, found one of length {length:g}; choose another plane")
    second = jax.tree.map(np.zeros_like, gradient) if across is None else across
    directions = vectors.orthonormal(vectors.stack([gradient, second]), seed)
    labels = ("along the gradient, uphill", "across the gradient")
    return Plane(params, directions, labels, "the one of the gradient at a point and a direction across it")


def coordinate_plane(params: HostParams, axes: tuple[int, int] = (0, 1), names: Sequence[str] = ("x", "y")) -> Plane:
    """The plane of two of the params themselves; all others keep their values.

    Args:
        params: one array of shape `(n,)`, as a typed function has.
        axes: which two vary.
        names: the names of all variables.

    Raises:
        ConfigError: if the params are not such an array, or the axes are not two of its own.

    Example:
        >>> plane = coordinate_plane(np.array([5.0, 6.0, 7.0]), axes=(0, 2), names="xyz")
        >>> plane.labels, plane.lift(np.array([1.0, 2.0])).tolist()
        (('x', 'z'), [1.0, 6.0, 2.0])
    """
    leaves = jax.tree.leaves(params)
    if len(leaves) != 1 or np.ndim(leaves[0]) != 1:
        raise ConfigError("a coordinate plane needs the params of a typed function, one array of variables")
    size = len(leaves[0])
    if len(set(axes)) != 2 or not all(0 <= axis < size for axis in axes):
        raise ConfigError(f"expected two different axes from 0 to {size - 1}, found {axes[0]} and {axes[1]}")
    chosen = list(axes)

    def start(leaf: np.ndarray) -> np.ndarray:
        rest = np.array(leaf)
        rest[chosen] = 0.0
        return rest

    directions = jax.tree.map(lambda leaf: np.eye(size)[chosen], params)
    labels = (names[axes[0]], names[axes[1]])
    return Plane(jax.tree.map(start, params), directions, labels, f"that of {labels[0]} and {labels[1]}")

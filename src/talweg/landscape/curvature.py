"""How sharp the loss is at a point: gradient, Hessian-vector products, eigenvalues, trace, the largest stable step.

The Hessian is that of the mean loss over all rows, as in evaluation, without dropout. It is never formed; what is
needed of it are its products with vectors (Pearlmutter 1994), added up over chunks of rows.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float
from scipy.linalg import eigh_tridiagonal

from talweg.landscape import vectors
from talweg.landscape.vectors import HostParams
from talweg.objective.base import EMPTY, Batch, Objective, Params, loss_and_weight

MatrixProduct = Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]


def _mean_over(chunks: Batch, function: Callable[[Batch], tuple[Params, Array]]) -> Params:
    """Sums and weights of each chunk, added up and divided, so that the number of chunks does not matter."""
    if not jax.tree.leaves(chunks):
        total, weight = function(chunks)
    else:
        shapes = jax.eval_shape(function, jax.tree.map(lambda leaf: leaf[0], chunks))
        start = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        (total, weight), _ = lax.scan(
            lambda carry, rows: (jax.tree.map(jnp.add, carry, function(rows)), None), start, chunks
        )
    return jax.tree.map(lambda leaf: leaf / weight, total)


@jax.jit
def _loss_and_gradient(objective: Objective, params: Params, chunks: Batch) -> tuple[Array, Params]:
    def of_rows(rows: Batch) -> tuple[tuple[Array, Params], Array]:
        value = jax.value_and_grad(lambda params: loss_and_weight(objective, params, rows), has_aux=True)
        (loss, weight), gradient = value(params)
        return (loss, gradient), weight

    return _mean_over(chunks, of_rows)


@jax.jit
def _hessian_product(objective: Objective, params: Params, vector: Float[Array, " n"], chunks: Batch) -> Array:
    flat, unravel = ravel_pytree(params)
    vector = vector.astype(flat.dtype)

    def of_rows(rows: Batch) -> tuple[Array, Array]:
        def gradient(flat: Array) -> Array:
            return jax.grad(lambda flat: loss_and_weight(objective, unravel(flat), rows)[0])(flat)

        return jax.jvp(gradient, (flat,), (vector,))[1], loss_and_weight(objective, params, rows)[1]

    return _mean_over(chunks, of_rows)


def loss_and_gradient(objective: Objective, params: HostParams, chunks: Batch = EMPTY) -> tuple[float, HostParams]:
    """The mean loss over all rows and its gradient.

    Args:
        objective: whose loss.
        params: where.
        chunks: the rows in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0. `EMPTY` for an
            objective without rows.
    """
    loss, gradient = jax.device_get(_loss_and_gradient(objective, params, chunks))
    return float(loss), gradient


def gradient_norm(gradient: HostParams) -> float:
    """The Euclidean length of a gradient; near 0 where a minimum was really reached."""
    return float(np.sqrt(vectors.squared_norms(vectors.stack([gradient]))[0]))


def hessian_product(objective: Objective, params: HostParams, chunks: Batch = EMPTY) -> MatrixProduct:
    """The Hessian of the mean loss at a point, as a function of a vector of shape `(n,)`.

    The vector's entries are the params' leaves one after the other.

    Args:
        objective: whose loss.
        params: where.
        chunks: as for `loss_and_gradient`.
    """
    # Once on the device, or each product would copy the rows anew.
    place, rows = jax.device_put((params, chunks))
    return lambda vector: np.asarray(_hessian_product(objective, place, vector, rows))


@dataclasses.dataclass(frozen=True, eq=False)
class Spectrum:
    """What Lanczos found of a symmetric matrix.

    Attributes:
        values: its greatest eigenvalues, falling.
        vectors: theirs, orthonormal, one a row.
        residuals: the length of `A v − λ v` of each; an eigenvalue lies within it.
        lowest: the least eigenvalue found; below 0 at a saddle. Its true value is at most this.
        iterations: how many products with the matrix it took.
    """

    values: Float[np.ndarray, " found"]
    vectors: Float[np.ndarray, "found n"]
    residuals: Float[np.ndarray, " found"]
    lowest: float
    iterations: int


def lanczos(
    product: MatrixProduct,
    size: int,
    count: int = 2,
    max_iterations: int = 100,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> Spectrum:
    """The greatest eigenvalues of a symmetric matrix from its products with vectors.

    Lanczos (1950) with full reorthogonalization, done twice (Parlett, The Symmetric Eigenvalue Problem, 1998), so
    that no eigenvalue shows up as a ghost of itself. Where the vectors span an invariant subspace it begins anew
    across it, so that repeated eigenvalues are found as often as they occur. It ends once the residuals of all
    eigenvalues asked for are below `tolerance` times the greatest magnitude.

    Args:
        product: the matrix times a vector.
        size: n, the length of a vector.
        count: how many eigenvalues to find; n at most.
        max_iterations: products at most.
        tolerance: relative to the eigenvalue of greatest magnitude.
        seed: of the random start.

    Returns:
        What was found; NaN where the matrix is not finite.

    Example:
        >>> diagonal = np.array([3.0, 1.0, -2.0, 0.5])
        >>> found = lanczos(lambda vector: diagonal * vector, size=4)
        >>> found.values.round(6).tolist(), round(found.lowest, 6)
        ([3.0, 1.0], -2.0)
    """
    generator = np.random.default_rng(seed)
    count, most = min(count, size), min(max(max_iterations, count), size)
    vector = _unit(generator.standard_normal(size).astype(np.float32))
    image = product(vector)
    basis = np.empty((most, size), image.dtype)
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        found = basis[: len(diagonal) + 1]
        found[-1] = vector
        diagonal.append(float(vector @ image))
        image = _without(image, found)
        length = float(np.linalg.norm(image))
        if not np.isfinite(diagonal[-1] + length):
            unknown = np.full((count, size), np.nan)
            return Spectrum(unknown[:, 0], unknown, unknown[:, 0], float("nan"), len(diagonal))
        values, rotation = eigh_tridiagonal(np.array(diagonal), np.array(beside))
        residuals, scale = length * np.abs(rotation[-1]), float(np.abs(values).max())
        exhausted = length <= 1e-6 * scale
        # After a new beginning the old vectors' residuals are 0 and tell nothing of eigenvalues still to come.
        enough = len(values) >= count and not exhausted and 0.0 not in beside
        if len(values) == most or (enough and (residuals[-count:] <= tolerance * scale).all()):
            break
        beside.append(0.0 if exhausted else length)
        vector = _unit(_without(generator.standard_normal(size).astype(basis.dtype), found) if exhausted else image)
        image = product(vector)
    top = slice(None, -count - 1, -1)
    return Spectrum(values[top], rotation.T[top] @ found, residuals[top], float(values[0]), len(values))


def _unit(vector: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return vector / np.linalg.norm(vector)


def _without(vector: Float[np.ndarray, " n"], basis: Float[np.ndarray, "found n"]) -> Float[np.ndarray, " n"]:
    """What of a vector is orthogonal to a basis; the second pass removes the rounding of the first."""
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector


def eigenvectors_as_params(spectrum: Spectrum, params: HostParams) -> HostParams:
    """A spectrum's eigenvectors as a stack of params, as `directions.hessian_plane` takes them."""
    leaves, structure = jax.tree.flatten(params)
    ends = np.cumsum([np.size(leaf) for leaf in leaves])
    parts = np.split(spectrum.vectors, ends[:-1], axis=1)
    shaped = [part.reshape(-1, *np.shape(leaf)) for part, leaf in zip(parts, leaves, strict=True)]
    return jax.tree.unflatten(structure, shaped)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with its standard error."""

    value: float
    error: float


def trace(product: MatrixProduct, size: int, samples: int = 32, seed: int = 0) -> Estimate:
    """The trace of a symmetric matrix: the mean of `vᵀ A v` over random vectors of ±1 (Hutchinson 1990).

    The error is the standard error of that mean; it is 0 for a diagonal matrix, for which each sample is exact.

    Args:
        product: the matrix times a vector.
        size: n, the length of a vector.
        samples: how many random vectors; at least 2.
        seed: of the random vectors.

    Example:
        >>> trace(lambda vector: np.array([3.0, 1.0, -2.0]) * vector, size=3)
        Estimate(value=2.0, error=0.0)
    """
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(max(samples, 2)):
        signs = generator.choice(np.array([-1.0, 1.0], np.float32), size)
        drawn.append(float(signs.astype(np.float64) @ np.asarray(product(signs), np.float64)))
    return Estimate(float(np.mean(drawn)), float(np.std(drawn, ddof=1) / np.sqrt(len(drawn))))


def largest_stable_learning_rate(eigenvalue: float, momentum: float = 0.0) -> float:
    """The learning rate above which gradient descent is thrown out of a valley: 2 (1 + momentum) / λ.

    For heavy-ball momentum and the full batch (Polyak 1964; Cohen et al., Gradient Descent on Neural Networks Typically
    Occurs at the Edge of Stability, 2021). It says nothing of adaptive optimizers.

    Args:
        eigenvalue: λ, the greatest of the Hessian.
        momentum: from 0 to 1.

    Returns:
        The learning rate; infinite where λ is not positive.
    """
    return 2 * (1 + momentum) / eigenvalue if eigenvalue > 0 else float("inf")


@dataclasses.dataclass(frozen=True, eq=False)
class Curvature:
    """How sharp the loss is at one member.

    Attributes:
        loss: the mean loss over all rows.
        gradient_norm: the length of its gradient.
        spectrum: the greatest eigenvalues of its Hessian.
        trace: the Hessian's.
    """

    loss: float
    gradient_norm: float
    spectrum: Spectrum
    trace: Estimate

    def sentence(self, learning_rate: float | None = None, momentum: float = 0.0) -> str:
        """The curvature in words, beside the learning rate that was used with gradient descent, if it is given."""
        sharpness = float(self.spectrum.values[0])
        limit = largest_stable_learning_rate(sharpness, momentum)
        used = "" if learning_rate is None else f"; {learning_rate:.3g} was used"
        saddle = self.spectrum.lowest < -0.05 * abs(sharpness)
        return (
            f"sharpness λ = {sharpness:.3g}, so that learning rates up to {limit:.3g} are stable{used}; "
            f"gradient norm {self.gradient_norm:.2g}"
            + (f"; a direction leads down (λ = {self.spectrum.lowest:.2g})" if saddle else "")
        )


def curvature(
    objective: Objective,
    params: HostParams,
    chunks: Batch = EMPTY,
    count: int = 2,
    samples: int = 32,
    seed: int = 0,
) -> Curvature:
    """Gradient norm, greatest Hessian eigenvalues and trace at a point.

    Args:
        objective: whose loss.
        params: where.
        chunks: as for `loss_and_gradient`.
        count: how many eigenvalues.
        samples: random vectors of the trace.
        seed: of all random vectors.
    """
    place, rows = jax.device_put((params, chunks))
    loss, gradient = loss_and_gradient(objective, place, rows)
    product, size = hessian_product(objective, place, rows), vectors.size_of(params)
    return Curvature(
        loss, gradient_norm(gradient), lanczos(product, size, count, seed=seed), trace(product, size, samples, seed)
    )

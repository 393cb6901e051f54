"""How well a random batch's gradient knows the full one: its direction, its error, and what the error follows from.

For batches drawn without putting back, the mean squared error is S/B · (n − B)/(n − 1), where S is the variance of a
single row's gradient, added up over all params.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from talweg.objective.base import Batch, Objective, Params, loss_and_weight


@dataclasses.dataclass(frozen=True, eq=False)
class BatchQuality:
    """What batches of one size know of the full gradient, member by member and draw by draw.

    Attributes:
        batch: rows of a batch.
        cosine: between a batch's gradient and the full one.
        error: the length of their difference, as a share of the full one's.
    """

    batch: int
    cosine: Float[np.ndarray, "members draws"]
    error: Float[np.ndarray, "members draws"]


@jax.jit
def full_gradients(objective: Objective, params: Params, chunks: Batch) -> Float[Array, "members params"]:
    """Each member's gradient of the mean loss over a whole set, as one vector.

    Args:
        objective: whose training loss, without its randomness; its settings have a leading member axis.
        params: the members' params.
        chunks: the set in chunks of equal size; padding has weight 0.
    """

    def one(member: tuple[Objective, Params]) -> Float[Array, " params"]:
        objective, params = member

        def add(so_far: tuple[Array, Array], chunk: Batch) -> tuple[tuple[Array, Array], None]:
            part = _gradient(objective, params, chunk) * chunk.weight.sum()
            return (so_far[0] + part, so_far[1] + chunk.weight.sum()), None

        flat = ravel_pytree(params)[0]
        (total, weight), _ = jax.lax.scan(add, (jnp.zeros_like(flat), jnp.zeros(())), chunks)
        return total / weight

    return jax.lax.map(one, (objective, params))


def _gradient(objective: Objective, params: Params, batch: Batch) -> Float[Array, " params"]:
    def loss(params: Params) -> Array:
        total, weight = loss_and_weight(objective, params, batch)
        return total / weight

    return ravel_pytree(jax.grad(loss)(params))[0]


@jax.jit
def _compared(
    objective: Objective, params: Params, full: Array, data: Batch, draws: Int[Array, "draws batch"]
) -> tuple[Float[Array, "members draws"], Float[Array, "members draws"]]:
    weight = jnp.ones(draws.shape[1], jnp.float32)

    def one(member: tuple[Objective, Params, Array]) -> tuple[Array, Array]:
        objective, params, full = member
        length = jnp.linalg.norm(full)

        def draw(rows: Array) -> tuple[Array, Array]:
            found = _gradient(objective, params, data.take(rows, weight))
            return found @ full / (jnp.linalg.norm(found) * length), jnp.linalg.norm(found - full) / length

        return jax.lax.map(draw, draws)

    return jax.lax.map(one, (objective, params, full))


def batch_quality(
    objective: Objective, params: Params, full: Float[Array, "members params"], data: Batch, draws: np.ndarray
) -> BatchQuality:
    """Compares batches of one size with the full gradient.

    Args:
        objective: whose loss; its settings have a leading member axis.
        params: the members' params.
        full: their full gradients (see `full_gradients`).
        data: the rows.
        draws: the rows of each batch, of shape `(draws, batch)`.
    """
    cosine, error = _compared(objective, params, full, data, draws)
    return BatchQuality(draws.shape[1], np.asarray(cosine, np.float64), np.asarray(error, np.float64))


def noise_scale(found: list[BatchQuality], rows: int) -> Float[np.ndarray, " members"]:
    """The simple noise scale, S over the full gradient's squared length (McCandlish et al. 2018, arXiv:1812.06162).

    It is about the batch size from which on larger batches no longer pay; of all draws of all sizes, each corrected
    for its size by the law above.

    Args:
        found: batches of several sizes.
        rows: how many rows there are in all.
    """
    parts = [one.error**2 * one.batch * (rows - 1) / (rows - one.batch) for one in found if one.batch < rows]
    return np.concatenate(parts, axis=1).mean(1)


def law(scale: float | np.ndarray, batch: np.ndarray, rows: int) -> np.ndarray:
    """The root mean square of the relative error that follows from a noise scale.

    Example:
        >>> law(64.0, np.array([1, 16, 64]), 10**9).round(3).tolist()
        [8.0, 2.0, 1.0]
    """
    return np.sqrt(scale / batch * (rows - batch) / max(rows - 1, 1))

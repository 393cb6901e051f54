"""A learning rate that climbs from step to step, and the loss of each step: what a range test looks at.

It starts where a training would, and leaves nothing behind.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from talweg.descent.engine import Feed, State, step
from talweg.descent.optimizer import Optimizer
from talweg.descent.schedule import make_schedule
from talweg.objective.base import Objective


def climbing(optimizer: Optimizer, members: int, steps: int, low: float, high: float) -> Optimizer:
    """The same optimizer with a learning rate that climbs evenly in its logarithm (Smith 2017).

    Args:
        optimizer: of the training to come; its schedule is left out.
        members: how many there are.
        steps: of the climb.
        low: the rate of the first step.
        high: the rate of the last.
    """
    settings = {**optimizer.settings, "learning_rate": np.full(members, low, np.float32)}
    schedule = make_schedule("exponential", members, steps=steps - 1, end=high / low)
    return Optimizer(optimizer.name, optimizer.step_length, settings, schedule)


@jax.jit
def step_losses(
    objective: Objective, optimizer: Optimizer, state: State, feed: Feed
) -> tuple[Float[Array, "members steps"], Float[Array, "members steps"]]:
    """The loss of each step's batch before the step, and what it was at the member's start.

    Batches differ, some by more than all steps gain: beside its own start each tells how far the member has come.

    Args:
        objective: what is minimized; its settings have a leading member axis.
        optimizer: how; likewise.
        state: where the members start; their keys are asked as in an epoch of number 0, which no training has.
        feed: the rows of each member's steps.

    Returns:
        Both losses; the former is NaN where a member has fallen off.
    """

    def one(member: tuple) -> tuple[Float[Array, " steps"], Float[Array, " steps"]]:
        objective, optimizer, start, order, weights = member
        key = jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(start.key)), 0)

        def body(state: State, scanned: tuple) -> tuple[State, tuple[Array, Array]]:
            rows, weight, index = scanned
            batch, its_key = feed.data.take(rows, weight), jax.random.fold_in(key, index)
            before = objective.loss(start.params, batch, its_key)[1]
            state, sums, _ = step(objective, optimizer, state, batch, its_key)
            return state, (sums["loss"] / sums["weight"], before["loss"] / before["weight"])

        return lax.scan(body, start, (order, weights, jnp.arange(order.shape[0])))[1]

    return lax.map(one, (objective, optimizer, state, feed.order, feed.weight))

"""Which way the engine runs the members, chosen by what the network holds and where it runs.

The figures behind the choice are in docs/performance.md; what each way does is in `descent.members`.
"""

from typing import Any

import jax

from talweg.config.settings import AUTO, Settings
from talweg.data.feed import rows_per_batch, steps_per_epoch
from talweg.descent.members import Crowd
from talweg.objective.foreign import Foreign
from talweg.objective.layers import Shape
from talweg.objective.models import layers_of
from talweg.objective.network import Network
from talweg.objective.parts import cores
from talweg.objective.recast import holds_slow
from talweg.run.segments import step_work

WORTH_A_THREAD = 1e9
"""Floating point operations of a member's epoch from which on an execution of its own costs less than it gains."""


def choose_crowd(network: Network, members: int = 1, epoch_work: float = 0.0) -> Crowd:
    """How a network's members run where the settings leave it open.

    On a GPU or TPU as one program, which fills the device. On a CPU one after the other, an epoch a call, or as many at
    a time as there are cores where an epoch is long; but each step a call of its own where a network of the user's own
    holds convolutions that cannot be recast (`objective/recast.py`): their gradients are slow in loops.

    Args:
        network: the objective.
        members: how many.
        epoch_work: about how many floating point operations a member's epoch takes.
    """
    if jax.default_backend() != "cpu":
        return "vmap"
    shape, slow = network.input_shape, False
    for layer in layers_of(network.model):
        slow = slow or (isinstance(layer, Foreign) and _slow_in_loops(layer, shape))
        shape = layer.output_shape(shape)
    if slow:
        return "step"
    return "threads" if members > 1 and cores() > 1 and epoch_work >= WORTH_A_THREAD else "map"


def with_crowd(settings: Settings, network: Network, rows: int) -> Settings:
    """The settings with the way decided in which the members run, where they leave it open.

    Args:
        settings: resolved but for that.
        network: the objective.
        rows: how many training rows there are.
    """
    if settings.engine != AUTO:
        return settings
    size = settings.batch_size
    work = step_work(network, rows_per_batch(size, rows)) * steps_per_epoch(size, rows)
    return settings.model_copy(update={"engine": choose_crowd(network, settings.members, work)})


def crowd_of(settings: Settings) -> Crowd:
    """How the members run, of resolved settings; settings from before there was a choice ran them by `map`."""
    return "map" if settings.engine == AUTO else settings.engine


def _slow_in_loops(layer: Foreign, shape: Shape) -> bool:
    """Whether the gradients of a user's network are slow in the body of a loop."""
    params = jax.eval_shape(lambda: layer.init(jax.random.key(0), shape))
    struct: Any = jax.ShapeDtypeStruct
    return holds_slow(lambda p, x: layer.as_written(p, x, None), params, struct((2, *shape), jax.numpy.float32))

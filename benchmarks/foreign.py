"""A convolutional network of the user's own, written with Equinox, as written and recast, next to Talweg's own layers.

python -m benchmarks.foreign                 # prints a table: processor time of a step, and seconds by the clock
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.measure import in_turn, machine, table, wall
from talweg.descent import engine
from talweg.descent.members import Crowd
from talweg.descent.optimizer import make_optimizer
from talweg.objective.base import Batch
from talweg.objective.foreign import user_model
from talweg.objective.layers import Layer
from talweg.objective.losses import LOSSES
from talweg.objective.models import with_member_axis
from talweg.objective.network import Network
from talweg.objective.words import parse_layers

SHAPE, CLASSES, STEPS, BATCH = (28, 28, 1), 10, 20, 64
OWN = "conv 16 3x3, relu, maxpool 2, conv 32 3x3, relu, maxpool 2, flatten, dense 64, relu, output"


def build(key: jax.Array) -> eqx.nn.Sequential:
    """The small CNN of the other benchmarks, as a user of Equinox would write it."""
    first, second, third, fourth = jax.random.split(key, 4)
    relu = eqx.nn.Lambda(jax.nn.relu)
    return eqx.nn.Sequential(
        [
            eqx.nn.Lambda(lambda x: x.transpose(2, 0, 1)),
            eqx.nn.Conv2d(1, 16, 3, padding=1, key=first),
            relu,
            eqx.nn.MaxPool2d(2, 2),
            eqx.nn.Conv2d(16, 32, 3, padding=1, key=second),
            relu,
            eqx.nn.MaxPool2d(2, 2),
            eqx.nn.Lambda(jnp.ravel),
            eqx.nn.Linear(32 * 7 * 7, 64, key=third),
            relu,
            eqx.nn.Linear(64, CLASSES, key=fourth),
        ]
    )


@final
class AsWritten(Layer):
    """A user's network without Talweg's forms."""

    kind = "as written"
    by_row = False
    model: Layer

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return self.model.output_shape(shape)

    def init(self, key: Any, shape: tuple[int, ...]) -> dict[str, Any]:
        return self.model.init(key, shape)

    def apply(self, params: dict[str, Any], x: Any, key: Any) -> Any:
        return self.model.as_written(params, x, key)


def epoch_of(model: Layer, crowd: Crowd) -> Callable[[], Any]:
    """An epoch of one member, compiled already."""
    generator, rows = np.random.default_rng(0), STEPS * BATCH
    x = generator.normal(size=(rows, *SHAPE)).astype(np.float32)
    y = generator.integers(0, CLASSES, rows).astype(np.int32)
    order = np.arange(rows, dtype=np.int32).reshape(STEPS, BATCH)
    data = jax.tree.map(jnp.asarray, Batch(x, y, np.ones(rows, np.float32)))
    feed = engine.Feed(data, order, np.ones(order.shape, np.float32))
    network = Network(with_member_axis(model, 1), LOSSES["softmax_cross_entropy"], SHAPE, CLASSES)
    optimizer = make_optimizer("adamw", 1)
    state = engine.init(network, optimizer, np.zeros((1, 2), np.uint32))

    def epoch() -> Any:
        return jax.block_until_ready(engine.epoch(network, optimizer, state, np.ones(1, bool), feed, 1, crowd))

    epoch()
    return epoch


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    theirs = user_model(build, SHAPE, CLASSES)
    epochs = {
        "as written, in one program": epoch_of(AsWritten(theirs), "map"),
        "as written, a call a step": epoch_of(AsWritten(theirs), "step"),
        "recast, in one program": epoch_of(theirs, "map"),
        "Talweg's own layers": epoch_of(parse_layers(OWN, outputs=CLASSES), "map"),
    }
    spent: dict[str, list[float]] = {name: [] for name in epochs}

    def timed(name: str) -> float:
        before = time.process_time()
        seconds = wall(epochs[name])
        spent[name].append(time.process_time() - before)
        return seconds

    clock = in_turn({name: lambda name=name: timed(name) for name in epochs}, rounds)
    rows = [
        [name, *(f"{1e3 * statistics.median(each[name]) / STEPS:.1f}" for each in (spent, clock))] for name in epochs
    ]
    print(table(("the small CNN", "processor time of a step, ms", "by the clock, ms"), rows))
    print(machine(("jax", "equinox")))


if __name__ == "__main__":
    main()

"""Objectives with a closed form, a small network and its rows, and a look at what gets compiled."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.data.feed import chunked
from talweg.objective.base import Batch, Objective
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network


class Quadratic(Objective):
    """½ pᵀ H p over params of two leaves; its gradient is H p, its Hessian H."""

    hessian: jax.Array

    def init(self, key):
        return {"a": jnp.zeros((2, 2)), "b": jnp.zeros(len(self.hessian) - 4)}

    def loss(self, params, batch, key):
        sums = self.metrics(params, batch)
        return sums["loss"], sums

    def metrics(self, params, batch):
        flat = jnp.concatenate([params["a"].ravel(), params["b"]])
        return {"loss": flat @ self.hessian @ flat / 2, "weight": jnp.ones(())}


class Typed(Objective):
    """A function of an array of variables, as a typed one is."""

    function: object = eqx.field(static=True)

    def init(self, key):
        return jnp.zeros(2)

    def loss(self, params, batch, key):
        return self.function(params), {}

    def metrics(self, params, batch):
        return {"loss": self.function(params), "weight": jnp.ones(())}


def rows_in(size, x, y, weight=None):
    """Rows in chunks of a size."""
    weight = np.ones(len(x), np.float32) if weight is None else weight
    return Batch(*(chunked(column, size) for column in (x, y, weight)))


@pytest.fixture(scope="session")
def typed():
    return Typed


@pytest.fixture(scope="session")
def chunks_of():
    return rows_in


@pytest.fixture(scope="session")
def quadratic():
    """A quadratic with a known Hessian of 9 params, one eigenvalue below 0."""
    generator = np.random.default_rng(3)
    rotation = np.linalg.qr(generator.normal(size=(9, 9)))[0]
    hessian = rotation @ np.diag([9.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.2, 0.1, -1.5]) @ rotation.T
    return Quadratic(jnp.asarray(hessian, jnp.float32))


@pytest.fixture(scope="session")
def data():
    """Rows of three classes that a straight line does not part."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(90, 4)).astype(np.float32)
    y = (np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] > 0).astype(np.int64) + (x[:, 3] > 1)
    return x, y


@pytest.fixture(scope="session")
def network():
    return Network(mlp([6, 5], 3, activation="tanh"), LOSSES["softmax_cross_entropy"], (4,), 3)


def drawn(network, count, seed):
    """A stack of members' params by NumPy, which compiles nothing; biases are not 0."""
    generator = np.random.default_rng(seed)
    shapes = jax.eval_shape(network.init, jax.random.key(0))
    return jax.tree.map(lambda leaf: generator.normal(0, 0.6, (count, *leaf.shape)).astype(np.float32), shapes)


@pytest.fixture(scope="session")
def draw():
    return drawn


@pytest.fixture(scope="session")
def outputs_of():
    """A network's outputs for one member's params, as they are in evaluation."""
    return lambda network, params, x: np.asarray(network.outputs(jax.device_put(params), jnp.asarray(x)))


@pytest.fixture(scope="session")
def members(network):
    return drawn(network, 4, seed=1)


@pytest.fixture
def compilations():
    """The names of the functions that were compiled while the test ran."""
    found = []

    def listen(event, duration, **kwargs):
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(kwargs.get("fun_name", ""))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield found
    jax.monitoring.unregister_event_duration_listener(listen)

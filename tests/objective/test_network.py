"""A network as an objective: gradients against finite differences, weights and padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from talweg.objective.base import Batch
from talweg.objective.layers import ACTIVATIONS
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network

FEATURES, TARGETS = 3, 2


def network(loss, activation="tanh", hidden=(5, 4)):
    outputs = LOSSES[loss].outputs(TARGETS)
    classes = TARGETS if LOSSES[loss].task == "classification" else 0
    return Network(mlp(hidden, outputs, activation), LOSSES[loss], (FEATURES,), classes)


def batch(loss, rows=7, seed=0, dtype=np.float32):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, FEATURES)).astype(dtype)
    y = (
        generator.integers(0, TARGETS, rows).astype(np.int32)
        if LOSSES[loss].task == "classification"
        else 2 * generator.normal(size=(rows, TARGETS)).astype(dtype)
    )
    return Batch(jnp.asarray(x), jnp.asarray(y), jnp.asarray(generator.uniform(0.5, 2, rows).astype(dtype)))


def start(objective, seed=1):
    """Params of the network's own shapes, drawn by NumPy so that nothing is compiled, biases too."""
    shapes = jax.eval_shape(objective.init, jax.random.key(0))
    generator = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: 0.7 * generator.normal(size=leaf.shape).astype(np.float32), shapes)


@jax.jit
def told(objective, params, rows):
    """Loss, sums, gradient, the evaluation's sums and the outputs of a batch."""
    loss = jax.value_and_grad(objective.loss, has_aux=True)(params, rows, jax.random.key(0))
    return loss, objective.metrics(params, rows), objective.outputs(params, rows.x)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_agrees_with_finite_differences_in_float64(loss, activation):
    with jax.enable_x64(True):
        objective, rows = network(loss, activation), batch(loss, dtype=np.float64)
        flat, unflat = ravel_pytree(jax.tree.map(np.float64, start(objective)))

        def value(vector):
            return objective.loss(unflat(vector), rows, jax.random.key(0))[0]

        step = 1e-6 * np.eye(len(flat))
        gradient, values = jax.jit(lambda at, beside: (jax.grad(value)(at), jax.lax.map(value, beside)))(
            flat, np.concatenate([flat + step, flat - step])
        )
        differences = (values[: len(flat)] - values[len(flat) :]) / 2e-6
        assert gradient.dtype == jnp.float64
        assert float(jnp.abs(gradient).max()) > 1e-3
        np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_is_the_weighted_mean_of_the_rows(loss):
    objective, rows = network(loss), batch(loss)
    ((value, sums), _), evaluated, outputs = told(objective, start(objective), rows)
    each = np.asarray(objective.row_loss.per_row(outputs, rows.y))
    assert float(value) == pytest.approx(np.average(each, weights=rows.weight), rel=1e-5)
    assert float(sums["loss"] / sums["weight"]) == pytest.approx(float(value), rel=1e-6)
    assert float(evaluated["loss"] / evaluated["weight"]) == pytest.approx(float(value), rel=1e-6)


def padded(rows, fill):
    """The batch with two more rows of weight 0 that hold `fill`."""

    def longer(column, value):
        return jnp.concatenate([column, jnp.full((2, *column.shape[1:]), value, column.dtype)])

    spoiled_y = 0 if rows.y.dtype == jnp.int32 else fill
    return Batch(longer(rows.x, fill), longer(rows.y, spoiled_y), longer(rows.weight, 0.0))


@pytest.mark.parametrize("fill", [0.0, 3.0, 1e15])
@pytest.mark.parametrize("loss", LOSSES)
def test_padded_rows_change_neither_loss_nor_gradient_nor_metrics(loss, fill):
    objective, rows = network(loss), batch(loss)
    params = start(objective)
    plain, filled = (told(objective, params, some)[:2] for some in (rows, padded(rows, fill)))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), plain, filled)


def test_outputs_have_a_column_a_target():
    for loss in LOSSES:
        objective, rows = network(loss), batch(loss)
        _, _, found = told(objective, start(objective), rows)
        assert found.shape == (7, LOSSES[loss].outputs(TARGETS))

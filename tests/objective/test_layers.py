"""Layers: shapes, what their initializers draw, what their activations give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from talweg.errors import ConfigError
from talweg.objective.layers import ACTIVATIONS, INITIALIZERS, Activation, Dense, look_up

INPUTS, UNITS = 300, 500
VARIANCES = {
    "glorot": 2 / (INPUTS + UNITS),
    "he": 2 / INPUTS,
    "lecun": 1 / INPUTS,
}
SCALED = [name for name in INITIALIZERS if "_" in name]


def drawn(initializer, inputs=INPUTS, units=UNITS, seed=0):
    return Dense(units, initializer).init(jax.random.key(seed), (inputs,))


def test_every_initializer_is_tested():
    assert {name.split("_")[0] for name in SCALED} == set(VARIANCES)
    assert set(INITIALIZERS) - set(SCALED) == {"orthogonal", "zeros"}


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_params_have_the_layers_shape_and_biases_start_at_zero(initializer):
    params = drawn(initializer, 7, 4)
    assert {name: (leaf.shape, leaf.dtype) for name, leaf in params.items()} == {
        "weights": ((7, 4), jnp.float32),
        "biases": ((4,), jnp.float32),
    }
    assert not params["biases"].any()


@pytest.mark.parametrize("initializer", SCALED)
def test_weights_have_the_papers_variance(initializer):
    weights = np.asarray(drawn(initializer)["weights"], np.float64)
    law, shape = initializer.split("_")
    # The standard error of a variance from 150 000 numbers is at most 0.4 % of it.
    assert weights.var() == pytest.approx(VARIANCES[law], rel=0.02)
    assert abs(weights.mean()) < 5 * weights.std() / weights.size**0.5
    bound = (3 * VARIANCES[law]) ** 0.5
    if shape == "uniform":
        assert np.abs(weights).max() <= bound * (1 + 1e-6)
        assert np.abs(weights).max() > 0.999 * bound
    else:
        assert np.abs(weights).max() > 1.1 * bound


@pytest.mark.parametrize(("inputs", "units"), [(9, 9), (9, 4), (4, 9)])
def test_orthogonal_weights_are_orthonormal_along_the_shorter_side(inputs, units):
    weights = np.asarray(drawn("orthogonal", inputs, units)["weights"])
    product = weights.T @ weights if inputs >= units else weights @ weights.T
    np.testing.assert_allclose(product, np.eye(min(inputs, units)), atol=1e-5)


def test_zeros_are_zeros():
    assert not drawn("zeros")["weights"].any()


@pytest.mark.parametrize("initializer", sorted(set(INITIALIZERS) - {"zeros"}))
def test_another_key_draws_other_weights_and_the_same_key_the_same(initializer):
    first, again, other = (drawn(initializer, 5, 5, seed)["weights"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_dense_is_a_product_and_a_sum():
    generator = np.random.default_rng(0)
    x, weights, biases = (generator.normal(size=size).astype(np.float32) for size in ((6, 3), (3, 2), (2,)))
    params = {"weights": jnp.asarray(weights), "biases": jnp.asarray(biases)}
    found = Dense(2).apply(params, jnp.asarray(x), None)
    np.testing.assert_allclose(found, x.astype(np.float64) @ weights + biases, rtol=1e-5)
    assert Dense(2).output_shape((3,)) == (2,)


WITNESS = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softplus": lambda x: np.logaddexp(x, 0),
    "tanh": np.tanh,
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "silu": lambda x: x * scipy.special.expit(x),
    "sigmoid": scipy.special.expit,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_agrees_with_scipy(name):
    x = np.concatenate([np.linspace(-6, 6, 101), [-80.0, 80.0]]).astype(np.float32)
    layer = Activation(name)
    found = layer.apply({}, jnp.asarray(x), None)
    # gelu is its usual tanh form (Hendrycks & Gimpel 2016), off from the exact one by at most 5e-4.
    tolerance = 5e-4 if name == "gelu" else 1e-6
    np.testing.assert_allclose(found, WITNESS[name](x.astype(np.float64)), atol=tolerance, rtol=1e-5)
    assert layer.init(jax.random.key(0), (3,)) == {}
    assert layer.output_shape((3,)) == (3,)
    assert layer.kind == name


def test_an_unknown_name_is_told_with_the_known_ones():
    with pytest.raises(
        ConfigError, match=r"^'rellu' is no activation\. Known: relu, leaky_relu, .*\. Did you mean 'relu'\?$"
    ):
        look_up("activation", "rellu", ACTIVATIONS)

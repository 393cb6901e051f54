"""Sequential networks: names, shapes, what they compute."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.objective.layers import Activation, Dense, Sequential
from talweg.objective.models import mlp, parameter_count


def test_layers_are_named_by_their_kind_and_number():
    model = mlp((8, 6), 3, "tanh")
    assert model.names() == ["dense_1", "tanh_1", "dense_2", "tanh_2", "dense_3"]
    params = jax.eval_shape(lambda: model.init(jax.random.key(0), (4,)))
    assert {name: {k: v.shape for k, v in layer.items()} for name, layer in params.items()} == {
        "dense_1": {"weights": (4, 8), "biases": (8,)},
        "dense_2": {"weights": (8, 6), "biases": (6,)},
        "dense_3": {"weights": (6, 3), "biases": (3,)},
    }
    assert model.output_shape((4,)) == (3,)


def test_apply_is_one_layer_after_the_other():
    model = mlp((8, 6), 3, "tanh")
    params = jax.jit(lambda key: model.init(key, (4,)))(jax.random.key(1))
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    by_hand = x.astype(np.float64)
    for number in (1, 2, 3):
        layer = params[f"dense_{number}"]
        by_hand = by_hand @ np.asarray(layer["weights"]) + np.asarray(layer["biases"])
        by_hand = np.tanh(by_hand) if number < 3 else by_hand
    np.testing.assert_allclose(model.apply(params, jnp.asarray(x), None), by_hand, rtol=1e-4, atol=1e-5)


def test_no_hidden_layer_is_a_linear_model():
    assert mlp((), 2).names() == ["dense_1"]


def test_equal_layers_start_from_different_weights():
    params = jax.jit(lambda key: mlp((6, 6, 6), 6).init(key, (6,)))(jax.random.key(0))
    assert (params["dense_2"]["weights"] != params["dense_3"]["weights"]).any()


def test_every_layer_of_an_mlp_is_drawn_by_its_initializer():
    dense = [layer for layer in mlp((4, 4), 2, "tanh", "orthogonal").layers if isinstance(layer, Dense)]
    assert [layer.initializer for layer in dense] == ["orthogonal"] * 3


@pytest.mark.parametrize(
    ("hidden", "outputs", "inputs", "count"),
    [((64, 64), 10, 64, 64 * 64 + 64 + 64 * 64 + 64 + 640 + 10), ((), 1, 5, 6), ((3,), 2, 1, 3 + 3 + 6 + 2)],
)
def test_parameter_count(hidden, outputs, inputs, count):
    assert parameter_count(mlp(hidden, outputs), (inputs,)) == count


def test_models_of_equal_description_are_equal_so_that_they_compile_once():
    assert mlp((3,), 2) == mlp((3,), 2)
    assert hash(mlp((3,), 2)) == hash(Sequential((Dense(3), Activation("relu"), Dense(2))))
    assert jax.tree.leaves(mlp((3,), 2)) == []

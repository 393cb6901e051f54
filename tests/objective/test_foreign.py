"""Networks of the user's own: what is accepted, that they compute what they would alone, what is refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import talweg as tw
from talweg.errors import ConfigError
from talweg.objective.foreign import find_function, user_model
from talweg.record.flat import flatten, unflatten


class Net(eqx.Module):
    """One hidden layer and dropout."""

    layers: list
    drop: eqx.nn.Dropout

    def __init__(self, key, features, outputs):
        first, second = jax.random.split(key)
        self.layers = [eqx.nn.Linear(features, 6, key=first), eqx.nn.Linear(6, outputs, key=second)]
        self.drop = eqx.nn.Dropout(0.5)

    def __call__(self, x, *, key=None):
        return self.layers[1](self.drop(jnp.tanh(self.layers[0](x)), key=key))


def build(key, shape, outputs):
    return Net(key, shape[0], outputs)


def build_pair(shape, outputs):
    def init(key, shape):
        return {"linear": {"weights": jax.random.normal(key, (shape[0], outputs))}}

    def apply(params, x, key):
        return x @ params["linear"]["weights"]

    return init, apply


def build_layers(outputs):
    return [tw.Dense(6), tw.tanh, tw.Dense(outputs)]


X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 4)), jnp.float32)


@pytest.fixture(scope="module")
def drawn():
    """The Equinox module as a layer, the module itself, and its params; both from the same key."""
    key = jax.random.key(1)
    model = user_model(build, (4,), 3)
    return model, eqx.filter_jit(build)(key, (4,), 3), eqx.filter_jit(model.init)(key, (4,))


def test_a_module_computes_what_it_would_alone(drawn):
    model, module, params = drawn
    assert model.output_shape((4,)) == (3,)
    alone = jax.vmap(eqx.nn.inference_mode(module))(X)
    np.testing.assert_allclose(eqx.filter_jit(model.apply)(params, X, None), alone, rtol=1e-6)


def test_its_params_are_nested_names_that_a_run_folder_can_hold(drawn):
    model, _, params = drawn
    names = flatten(params)
    assert sorted(names) == ["layers/0/bias", "layers/0/weight", "layers/1/bias", "layers/1/weight"]
    again = unflatten(names)
    np.testing.assert_array_equal(model.apply(again, X, None), model.apply(params, X, None))


def test_its_dropout_is_there_in_training_and_differs_from_row_to_row(drawn):
    model, _, params = drawn
    same = jnp.broadcast_to(X[:1], (8, 4))
    rows = np.asarray(model.apply(params, same, jax.random.key(0)))
    assert len(np.unique(rows, axis=0)) > 1
    np.testing.assert_array_equal(rows, model.apply(params, same, jax.random.key(0)))


def test_two_builds_of_the_same_function_are_equal_so_that_they_compile_once():
    assert user_model(build, (4,), 3) == user_model(build, (4,), 3)
    assert hash(jax.tree.structure(user_model(build, (4,), 3))) == hash(jax.tree.structure(user_model(build, (4,), 3)))
    assert user_model(build, (4,), 3) != user_model(build, (4,), 2)


def test_a_pair_and_layers_are_accepted():
    pair = user_model(build_pair, (4,), 3)
    params = pair.init(jax.random.key(0), (4,))
    np.testing.assert_allclose(pair.apply(params, X, None), X @ np.asarray(params["linear"]["weights"]), rtol=1e-5)
    assert pair.output_shape((4,)) == (3,)
    assert str(user_model(build_layers, (4,), 3)) == "dense 6, tanh, dense 3"


BAD = [
    (lambda width: None, "it also asks for width"),
    (lambda shape: eqx.nn.MLP(4, 3, 5, 1, key=jax.random.key(0)), "must take a key"),
    (lambda key: 3.0, "must give an Equinox module that can be called, a pair .* got float"),
]


@pytest.mark.parametrize(("function", "message"), BAD, ids=["arguments", "no key", "no network"])
def test_what_is_no_network_is_refused(function, message):
    with pytest.raises(ConfigError, match=message):
        user_model(function, (4,), 3)


def test_layers_with_state_are_refused():
    def stateful(key):
        return eqx.nn.Sequential([eqx.nn.BatchNorm(4, "batch", mode="batch"), eqx.nn.Linear(4, 3, key=key)])

    with pytest.raises(ConfigError, match=r"holds a layer with state, such as eqx.nn.BatchNorm"):
        user_model(stateful, (4,), 3).output_shape((4,))


def test_functions_are_found_by_their_place(tmp_path, monkeypatch):
    (tmp_path / "my_networks.py").write_text("def build(outputs):\n    return []\n\nother = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert find_function("my_networks:build").__name__ == "build"
    with pytest.raises(ConfigError, match=r"'my_networks' has no function 'other'. It has: build"):
        find_function("my_networks:other")
    with pytest.raises(ConfigError, match="there is no module 'my_network' here or installed"):
        find_function("my_network:build")

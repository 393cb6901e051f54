"""Optimizers against formulas written anew in NumPy, and on a quadratic."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.descent.optimizer import OPTIMIZERS, SCHEDULES, make_optimizer
from talweg.errors import ConfigError

START = {"a": np.array([1.5, -2.0]), "b": np.array([[0.3]])}
CURVATURE = {"a": np.array([1.0, 4.0]), "b": np.array([[0.5]])}


def slope(params):
    """The gradient of ½ Σ curvature · params²."""
    return {name: CURVATURE[name] * params[name] for name in params}


def sgd(steps, rate, weight_decay):
    params = dict(START)
    for _ in range(steps):
        g = slope(params)
        params = {n: params[n] - rate * (g[n] + weight_decay * params[n]) for n in params}
    return params


def momentum(steps, rate, mu, weight_decay, nesterov=False):
    params, velocity = dict(START), {n: 0.0 * START[n] for n in START}
    for _ in range(steps):
        g = slope(params)
        g = {n: g[n] + weight_decay * params[n] for n in params}
        velocity = {n: mu * velocity[n] + g[n] for n in params}
        params = {n: params[n] - rate * (g[n] + mu * velocity[n] if nesterov else velocity[n]) for n in params}
    return params


def adam(steps, rate, beta1, beta2, epsilon, weight_decay=0.0):
    params = dict(START)
    first, second = ({n: 0.0 * START[n] for n in START} for _ in range(2))
    for t in range(1, steps + 1):
        g = slope(params)
        first = {n: beta1 * first[n] + (1 - beta1) * g[n] for n in params}
        second = {n: beta2 * second[n] + (1 - beta2) * g[n] ** 2 for n in params}
        params = {
            n: params[n]
            - rate
            * (first[n] / (1 - beta1**t) / (np.sqrt(second[n] / (1 - beta2**t)) + epsilon) + weight_decay * params[n])
            for n in params
        }
    return params


WITNESS = {
    "sgd": (sgd, {"learning_rate": 0.1, "weight_decay": 0.2}),
    "momentum": (momentum, {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.2}),
    "nesterov": (
        lambda *numbers: momentum(*numbers, nesterov=True),
        {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.2},
    ),
    "adam": (adam, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3}),
    "adamw": (adam, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2}),
}


@jax.jit
def three_steps(optimizer, params):
    memory = optimizer.init(params)
    for _ in range(3):
        gradient = jax.tree.map(lambda c, p: jnp.asarray(c, jnp.float32) * p, CURVATURE, params)
        params, memory = optimizer.update(gradient, memory, params)
    return params


@jax.jit
def three_steps_of_all(optimizer, params):
    return jax.lax.map(lambda one: three_steps(one, params), optimizer)


def starting():
    return {name: jnp.asarray(value, jnp.float32) for name, value in START.items()}


def test_every_optimizer_has_a_witness_with_every_setting():
    assert {name: set(recipe.defaults) for name, recipe in OPTIMIZERS.items()} == {
        name: set(numbers) for name, (_, numbers) in WITNESS.items()
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_three_steps_agree_with_the_formula_for_each_members_own_settings(name):
    formula, numbers = WITNESS[name]
    factors = np.array([1.0, 0.5, 0.9], np.float32)
    optimizer = make_optimizer(name, members=3, **{key: value * factors for key, value in numbers.items()})
    found = three_steps_of_all(optimizer, starting())
    for member, factor in enumerate(factors):
        expected = formula(3, *(value * float(factor) for value in numbers.values()))
        for leaf in START:
            np.testing.assert_allclose(found[leaf][member], expected[leaf], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_defaults_go_down_a_quadratic(name):
    optimizer = jax.tree.map(lambda leaf: leaf[0], make_optimizer(name, members=1))

    def height(params):
        return sum(float((CURVATURE[n] * np.asarray(params[n]) ** 2).sum()) for n in params)

    after = three_steps(optimizer, starting())
    assert height(after) < height(START)


def test_another_learning_rate_compiles_nothing():
    compiled = []
    for rate in (0.1, 0.01, 0.3):
        three_steps_of_all(make_optimizer("sgd", members=2, learning_rate=rate), starting())
        compiled.append(three_steps_of_all._cache_size())
    assert len(set(compiled)) == 1


def test_the_schedule_multiplies_the_learning_rate():
    factors = jax.vmap(SCHEDULES["cosine"](8))(np.arange(9))
    np.testing.assert_allclose(factors, (1 + np.cos(np.pi * np.arange(9) / 8)) / 2, atol=1e-6)
    assert float(SCHEDULES["constant"](8)(5)) == 1.0

    optimizer = make_optimizer("sgd", 1, "cosine", steps=4, learning_rate=0.1)
    found = three_steps_of_all(optimizer, starting())
    params = dict(START)
    for step in range(3):
        g, rate = slope(params), 0.1 * (1 + np.cos(np.pi * step / 4)) / 2
        params = {n: params[n] - rate * g[n] for n in params}
    for leaf in START:
        np.testing.assert_allclose(found[leaf][0], params[leaf], rtol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"name": "adamm"},
            "'adamm' is no optimizer. Known: sgd, momentum, nesterov, adam, adamw. Did you mean 'adam'?",
        ),
        (
            {"name": "sgd", "schedule": "cosin"},
            "'cosin' is no schedule. Known: constant, cosine. Did you mean 'cosine'?",
        ),
        (
            {"name": "sgd", "momentum": 0.9},
            "optimizer 'sgd' has no setting 'momentum'. Known: learning_rate, weight_decay.",
        ),
    ],
)
def test_unknown_words_are_refused(words, message):
    with pytest.raises(ConfigError) as caught:
        make_optimizer(**{"members": 1, **words})
    assert str(caught.value) == message

"""Optimizers against formulas written anew in NumPy, and on a quadratic."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.descent.optimizer import make_optimizer
from talweg.descent.recipes import OPTIMIZERS
from talweg.descent.schedule import SCHEDULES
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


def nadam(steps, rate, beta1, beta2, epsilon):
    params = dict(START)
    first, second = ({n: 0.0 * START[n] for n in START} for _ in range(2))
    for t in range(1, steps + 1):
        g = slope(params)
        first = {n: beta1 * first[n] + (1 - beta1) * g[n] for n in params}
        second = {n: beta2 * second[n] + (1 - beta2) * g[n] ** 2 for n in params}
        ahead = {n: beta1 * first[n] / (1 - beta1 ** (t + 1)) + (1 - beta1) * g[n] / (1 - beta1**t) for n in params}
        params = {n: params[n] - rate * ahead[n] / (np.sqrt(second[n] / (1 - beta2**t)) + epsilon) for n in params}
    return params


def rmsprop(steps, rate, decay, epsilon):
    params, square = dict(START), {n: 0.0 * START[n] for n in START}
    for _ in range(steps):
        g = slope(params)
        square = {n: decay * square[n] + (1 - decay) * g[n] ** 2 for n in params}
        params = {n: params[n] - rate * g[n] / np.sqrt(square[n] + epsilon) for n in params}
    return params


def adagrad(steps, rate, epsilon):
    params, square = dict(START), {n: 0.0 * START[n] for n in START}
    for _ in range(steps):
        g = slope(params)
        square = {n: square[n] + g[n] ** 2 for n in params}
        params = {n: params[n] - rate * g[n] / np.sqrt(square[n] + epsilon) for n in params}
    return params


def lion(steps, rate, beta1, beta2, weight_decay):
    params, mean = dict(START), {n: 0.0 * START[n] for n in START}
    for _ in range(steps):
        g = slope(params)
        sign = {n: np.sign(beta1 * mean[n] + (1 - beta1) * g[n]) for n in params}
        mean = {n: beta2 * mean[n] + (1 - beta2) * g[n] for n in params}
        params = {n: params[n] - rate * (sign[n] + weight_decay * params[n]) for n in params}
    return params


def newton(steps, rate, damping):
    """The curvatures are the Hessian's diagonal; the damping is a share of the largest."""
    params, least = dict(START), damping * max(c.max() for c in CURVATURE.values())
    for _ in range(steps):
        params = {n: params[n] - rate * slope(params)[n] / np.maximum(CURVATURE[n], least) for n in params}
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
    "nadam": (nadam, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3}),
    "rmsprop": (rmsprop, {"learning_rate": 0.1, "decay": 0.8, "epsilon": 1e-3}),
    "adagrad": (adagrad, {"learning_rate": 0.1, "epsilon": 1e-3}),
    "lion": (lion, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "weight_decay": 0.2}),
    "newton": (newton, {"learning_rate": 0.5, "damping": 0.3}),
}


def height_of(params):
    return sum(jnp.sum(jnp.asarray(CURVATURE[n], jnp.float32) * params[n] ** 2) for n in params) / 2


@functools.partial(jax.jit, static_argnames="steps")
def some_steps(optimizer, params, steps=3):
    memory = optimizer.init(params)
    for _ in range(steps):
        value, gradient = jax.value_and_grad(height_of)(params)
        params, memory = optimizer.update(gradient, memory, params, value, height_of)
    return params


@jax.jit
def three_steps_of_all(optimizer, params):
    return jax.lax.map(lambda one: some_steps(one, params), optimizer)


def starting():
    return {name: jnp.asarray(value, jnp.float32) for name, value in START.items()}


def test_every_optimizer_has_a_witness_with_every_setting():
    defaults = {name: set(recipe.defaults) for name, recipe in OPTIMIZERS.items()}
    assert defaults.pop("lbfgs") == {"learning_rate"}, "its witness is the minimum, below"
    assert defaults == {name: set(numbers) for name, (_, numbers) in WITNESS.items()}


@pytest.mark.parametrize("name", WITNESS)
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

    after = some_steps(optimizer, starting())
    assert float(height_of(after)) < float(height_of(starting()))


def test_lbfgs_is_at_the_minimum_after_a_few_steps():
    """On a quadratic of three params, conjugate directions end after three exact searches; these are inexact."""
    optimizer = jax.tree.map(lambda leaf: leaf[0], make_optimizer("lbfgs", members=1))
    after = some_steps(optimizer, starting(), steps=10)
    assert float(height_of(after)) < 1e-8


def test_backtracking_goes_down_where_a_fixed_step_goes_up():
    fixed, backtracking = (
        jax.tree.map(lambda leaf: leaf[0], make_optimizer("sgd", 1, learning_rate=5.0, step_length=kind))
        for kind in ("fixed", "backtracking")
    )
    start = float(height_of(starting()))
    assert float(height_of(some_steps(fixed, starting()))) > start
    assert float(height_of(some_steps(backtracking, starting()))) < start / 10


def test_other_names_in_use():
    assert make_optimizer("gd", 1).name == "sgd"
    assert make_optimizer("bfgs", 1).name == "lbfgs"


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

    optimizer = make_optimizer("sgd", 1, schedule="cosine", steps=4, learning_rate=0.1)
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
        ({"name": "adamm"}, r"^'adamm' is no optimizer\. Known: sgd, .*, adam, .*\. Did you mean 'adam'\?$"),
        (
            {"name": "sgd", "schedule": "cosin"},
            r"^'cosin' is no schedule\. Known: constant, cosine\. Did you mean 'cosine'\?$",
        ),
        (
            {"name": "sgd", "momentum": 0.9},
            r"^'momentum' is no setting of optimizer 'sgd'\. Known: learning_rate, weight_decay\.$",
        ),
    ],
)
def test_unknown_words_are_refused(words, message):
    with pytest.raises(ConfigError, match=message):
        make_optimizer(**{"members": 1, **words})

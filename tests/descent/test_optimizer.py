"""Optimizers against formulas written anew in NumPy, and on a quadratic."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.descent.checkpoint import from_arrays, to_arrays
from talweg.descent.optimizer import STEP_LENGTHS, make_optimizer
from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.descent.schedule import ALIASES as SCHEDULE_ALIASES, SHAPES
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


def decayed_slope(params, weight_decay):
    return {n: g + weight_decay * params[n] for n, g in slope(params).items()}


def adam(steps, rate, beta1, beta2, epsilon, in_slope):
    """Adam with its decay in the gradient."""
    return adamw(steps, rate, beta1, beta2, epsilon, 0.0, in_slope)


def adamw(steps, rate, beta1, beta2, epsilon, weight_decay, in_slope=0.0):
    params = dict(START)
    first, second = ({n: 0.0 * START[n] for n in START} for _ in range(2))
    for t in range(1, steps + 1):
        g = decayed_slope(params, in_slope)
        first = {n: beta1 * first[n] + (1 - beta1) * g[n] for n in params}
        second = {n: beta2 * second[n] + (1 - beta2) * g[n] ** 2 for n in params}
        params = {
            n: params[n]
            - rate
            * (first[n] / (1 - beta1**t) / (np.sqrt(second[n] / (1 - beta2**t)) + epsilon) + weight_decay * params[n])
            for n in params
        }
    return params


def nadam(steps, rate, beta1, beta2, epsilon, weight_decay):
    params = dict(START)
    first, second = ({n: 0.0 * START[n] for n in START} for _ in range(2))
    for t in range(1, steps + 1):
        g = decayed_slope(params, weight_decay)
        first = {n: beta1 * first[n] + (1 - beta1) * g[n] for n in params}
        second = {n: beta2 * second[n] + (1 - beta2) * g[n] ** 2 for n in params}
        ahead = {n: beta1 * first[n] / (1 - beta1 ** (t + 1)) + (1 - beta1) * g[n] / (1 - beta1**t) for n in params}
        params = {n: params[n] - rate * ahead[n] / (np.sqrt(second[n] / (1 - beta2**t)) + epsilon) for n in params}
    return params


def rmsprop(steps, rate, decay, epsilon, weight_decay):
    params, square = dict(START), {n: 0.0 * START[n] for n in START}
    for _ in range(steps):
        g = decayed_slope(params, weight_decay)
        square = {n: decay * square[n] + (1 - decay) * g[n] ** 2 for n in params}
        params = {n: params[n] - rate * g[n] / (np.sqrt(square[n]) + epsilon) for n in params}
    return params


def adagrad(steps, rate, epsilon, weight_decay):
    params, square = dict(START), {n: 0.0 * START[n] for n in START}
    for _ in range(steps):
        g = decayed_slope(params, weight_decay)
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


def orthogonal(matrix):
    """Newton and Schulz's iteration towards the nearest orthogonal matrix, with Jordan's numbers."""
    x = matrix / (np.linalg.norm(matrix) + 1e-8)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
    return x


def muon(steps, rate, mu, beta1, beta2, weight_decay):
    """The matrix `b` by Muon, as long as Adam's step; the vector `a` by AdamW, both with Nesterov's look ahead."""
    params, mean = dict(START), np.zeros((1, 1))
    first, second = np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        g = slope(params)
        mean = mu * mean + (1 - mu) * g["b"]
        ahead = mu * mean / (1 - mu ** (t + 1)) + (1 - mu) * g["b"] / (1 - mu**t)
        first = beta1 * first + (1 - beta1) * g["a"]
        second = beta2 * second + (1 - beta2) * g["a"] ** 2
        hat = beta1 * first / (1 - beta1 ** (t + 1)) + (1 - beta1) * g["a"] / (1 - beta1**t)
        adam_step = hat / (np.sqrt(second / (1 - beta2**t)) + 1e-8)
        moves = {"a": adam_step, "b": 0.2 * orthogonal(ahead)}
        params = {n: params[n] - rate * (moves[n] + weight_decay * params[n]) for n in params}
    return params


def test_muon_turns_a_convolution_as_one_matrix_of_places_by_filters():
    """Three steps on a quadratic: the kernel's gradient is taken apart, turned and put together in NumPy."""
    generator = np.random.default_rng(0)
    kernel, table = generator.normal(size=(3, 2, 2, 4)), generator.normal(size=(2, 3, 4))
    params = {"residual_1": {"conv_1": {"weights": kernel}}, "embedding_1": {"weights": table}}
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
    optimizer = jax.tree.map(lambda leaf: leaf[0], make_optimizer("muon", 1, learning_rate=0.1, weight_decay=0.2))
    memory, plain, mean = optimizer.init(params), kernel.reshape(12, 4), np.zeros((12, 4))
    for t in range(1, 4):
        params, memory = optimizer.update(params, memory, params, jnp.zeros(()), jnp.sum)
        mean = 0.95 * mean + 0.05 * plain
        ahead = 0.95 * mean / (1 - 0.95 ** (t + 1)) + 0.05 * plain / (1 - 0.95**t)
        plain = plain - 0.1 * (0.2 * np.sqrt(12) * orthogonal(ahead) + 0.2 * plain)
    np.testing.assert_allclose(params["residual_1"]["conv_1"]["weights"].reshape(12, 4), plain, rtol=1e-4, atol=1e-5)
    by_adam = optimizer.init(params)
    assert {leaf.shape for leaf in jax.tree.leaves(by_adam.inner_states["adam"])} >= {(2, 3, 4)}
    assert (3, 2, 2, 4) not in {leaf.shape for leaf in jax.tree.leaves(by_adam.inner_states["adam"])}


def schedule_free(steps, rate, beta1, step_of, weight_decay=0.0):
    """The place `y` where the gradient is taken, between the steps' own place `z` and their mean `x`."""
    z, x = dict(START), dict(START)
    y = dict(START)
    for t in range(1, steps + 1):
        move = step_of(slope(y), y, t)
        z = {n: z[n] - rate * move[n] for n in z}
        x = {n: x[n] + (z[n] - x[n]) / t for n in z}
        y = {n: beta1 * x[n] + (1 - beta1) * z[n] for n in z}
    return y


def schedule_free_sgd(steps, rate, beta1, weight_decay):
    return schedule_free(steps, rate, beta1, lambda g, y, t: {n: g[n] + weight_decay * y[n] for n in g})


def schedule_free_adamw(steps, rate, beta1, beta2, epsilon, weight_decay):
    second = {n: 0.0 * START[n] for n in START}

    def step_of(g, y, t):
        for n in g:
            second[n] = beta2 * second[n] + (1 - beta2) * g[n] ** 2
        return {n: g[n] / (np.sqrt(second[n] / (1 - beta2**t)) + epsilon) + weight_decay * y[n] for n in g}

    return schedule_free(steps, rate, beta1, step_of)


WITNESS = {
    "sgd": (sgd, {"learning_rate": 0.1, "weight_decay": 0.2}),
    "momentum": (momentum, {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.2}),
    "nesterov": (
        lambda *numbers: momentum(*numbers, nesterov=True),
        {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.2},
    ),
    "adam": (adam, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2}),
    "adamw": (adamw, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2}),
    "nadam": (nadam, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2}),
    "rmsprop": (rmsprop, {"learning_rate": 0.1, "decay": 0.8, "epsilon": 1e-3, "weight_decay": 0.2}),
    "adagrad": (adagrad, {"learning_rate": 0.1, "epsilon": 1e-3, "weight_decay": 0.2}),
    "lion": (lion, {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "weight_decay": 0.2}),
    "muon": (muon, {"learning_rate": 0.1, "momentum": 0.8, "beta1": 0.7, "beta2": 0.9, "weight_decay": 0.2}),
    "schedule_free_sgd": (schedule_free_sgd, {"learning_rate": 0.1, "beta1": 0.7, "weight_decay": 0.2}),
    "schedule_free_adamw": (
        schedule_free_adamw,
        {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2},
    ),
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
    optimizer = make_optimizer("sgd", 1, schedule="cosine", steps=4, learning_rate=0.1)
    found = three_steps_of_all(optimizer, starting())
    params = dict(START)
    for step in range(3):
        g, rate = slope(params), 0.1 * (1 + np.cos(np.pi * step / 4)) / 2
        params = {n: params[n] - rate * g[n] for n in params}
    for leaf in START:
        np.testing.assert_allclose(found[leaf][0], params[leaf], rtol=1e-5)


@jax.jit
def kept_after_three_steps(optimizer, params):
    def one(optimizer):
        memory, place = optimizer.init(params), params
        before = optimizer.kept(place, memory)
        for _ in range(3):
            value, gradient = jax.value_and_grad(height_of)(place)
            place, memory = optimizer.update(gradient, memory, place, value, height_of)
        return before, optimizer.kept(place, memory)

    return jax.lax.map(one, optimizer)


def test_what_is_kept_is_the_average_of_the_places_and_before_the_first_step_the_start():
    decays = np.array([0.5, 0.9, 0.0])
    before, after = kept_after_three_steps(make_optimizer("sgd", 3, learning_rate=0.1, ema=decays), starting())
    places = [sgd(steps, 0.1, 0.0) for steps in (1, 2, 3)]
    for member, decay in enumerate(decays):
        weights = (1 - decay) * decay ** np.array([2.0, 1.0, 0.0])
        for leaf in START:
            expected = sum(w * place[leaf] for w, place in zip(weights, places, strict=True)) / weights.sum()
            np.testing.assert_allclose(before[leaf][member], START[leaf])
            np.testing.assert_allclose(after[leaf][member], expected, rtol=1e-5)


def test_schedule_free_keeps_the_mean_of_its_steps_own_places():
    optimizer = make_optimizer("schedule_free_sgd", 1, learning_rate=0.1, beta1=0.7)
    before, after = kept_after_three_steps(optimizer, starting())
    z, total = dict(START), dict.fromkeys(START, 0.0)
    for t in range(1, 4):
        y = schedule_free_sgd(t - 1, 0.1, 0.7, 0.0)
        z = {n: z[n] - 0.1 * slope(y)[n] for n in z}
        total = {n: total[n] + z[n] for n in z}
    for leaf in START:
        np.testing.assert_allclose(before[leaf][0], START[leaf], rtol=1e-6)
        np.testing.assert_allclose(after[leaf][0], total[leaf] / 3, rtol=1e-5)


def test_a_long_gradient_is_cut_down_and_a_short_one_left_alone():
    limits = np.array([1.0, 1e6])
    optimizer = make_optimizer("sgd", 2, learning_rate=0.1, clip_norm=limits)
    found = jax.jit(lambda o, p: jax.lax.map(lambda one: some_steps(one, p, steps=1), o))(optimizer, starting())
    g = slope(START)
    length = np.sqrt(sum((part**2).sum() for part in g.values()))
    for member, limit in enumerate(limits):
        for leaf in START:
            expected = START[leaf] - 0.1 * g[leaf] * min(1.0, limit / length)
            np.testing.assert_allclose(found[leaf][member], expected, rtol=1e-5)


def test_a_step_of_the_wolfe_search_satisfies_the_strong_conditions():
    """Along the steepest descent from the start: low enough by the slope, and the slope fallen to 0.9 or less."""
    for rate in (1e-3, 0.1, 30.0):
        optimizer = jax.tree.map(
            lambda leaf: leaf[0], make_optimizer("sgd", 1, learning_rate=rate, step_length="wolfe")
        )
        after = jax.tree.map(np.asarray, some_steps(optimizer, starting(), steps=1))
        g = slope(START)
        move = {n: after[n] - START[n] for n in START}
        along, then = (sum((s[n] * move[n]).sum() for n in START) for s in (g, slope(after)))
        assert float(height_of(after)) <= float(height_of(START)) + 1e-4 * along
        assert abs(then) <= 0.9 * abs(along) * (1 + 1e-4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"name": "adamm"}, r"^'adamm' is no optimizer\. Known: sgd, .*, adam, .*\. Did you mean 'adam'\?$"),
        (
            {"name": "sgd", "schedule": "cosin"},
            r"^'cosin' is no schedule\. Known: constant, .*\. Did you mean 'cosine'\?$",
        ),
        (
            {"name": "sgd", "momentum": 0.9},
            r"^'momentum' is no setting of optimizer 'sgd', but of momentum, nesterov, .*muon.*\. "
            r"Those of 'sgd': learning_rate, weight_decay, clip_norm, ema\.$",
        ),
        (
            {"name": "sgd", "momentm": 0.9},
            r"^'momentm' is no setting of optimizer 'sgd'\. Known: learning_rate, weight_decay, clip_norm, ema\.$",
        ),
        (
            {"name": "schedule_free_sgd", "schedule": "cosine"},
            r"^'schedule_free_sgd' averages its steps in place of a schedule; take the schedule 'constant' or 'warmup'",
        ),
        ({"name": "schedule_free_adamw", "ema": 0.9}, r"^'schedule_free_adamw' keeps an average already; leave ema"),
        ({"name": "lbfgs", "step_length": "wolfe"}, r"^'lbfgs' has a step length of its own; leave step_length"),
        ({"name": "sgd", "step_length": "armijo"}, r"^'armijo' is no step length\. Known: fixed, backtracking, wolfe"),
    ],
)
def test_unknown_words_are_refused(words, message):
    with pytest.raises(ConfigError, match=message):
        make_optimizer(**{"members": 1, **words})


def test_the_page_of_optimizers_names_every_entry():
    page = (Path(__file__).parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
    for name in (*OPTIMIZERS, *ALIASES, *STEP_LENGTHS, *SHAPES, *SCHEDULE_ALIASES):
        assert f"`{name}`" in page


@jax.jit
def one_step_of_all(optimizer, memory, params):
    def one(member):
        optimizer, memory, params = member
        value, gradient = jax.value_and_grad(height_of)(params)
        return optimizer.update(gradient, memory, params, value, height_of)

    return jax.lax.map(one, (optimizer, memory, params))


def walk_of(optimizer, members, steps, between=lambda params, memory: (params, memory)):
    params = jax.tree.map(lambda leaf: jnp.stack([leaf] * members), starting())
    memory = jax.jit(jax.vmap(lambda one, place: one.init(place)))(optimizer, params)
    for _ in range(steps):
        params, memory = between(*one_step_of_all(optimizer, memory, params))
    return jax.device_get(params)


def through_arrays(params, memory):
    """What a checkpoint does between two steps: everything as arrays by name, and back."""
    tree = {"params": params, "memory": memory}
    restored = from_arrays(jax.eval_shape(lambda: tree), to_arrays(tree))
    return restored["params"], restored["memory"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on_from_its_arrays_and_is_alone_what_it_is_in_a_crowd(name):
    """With what may be added to it: a schedule that remembers losses, an average, a cut gradient.

    Going on is exact to the bit. Alone is exact to rounding: a loop over one member is compiled as none. The search of
    L-BFGS takes long to compile; it is the same in a hike, where crowds are tested.
    """
    plain = OPTIMIZERS[name].kept is None
    given = {"clip_norm": 2.0, "schedule": "plateau" if plain else "warmup", **({"ema": 0.9} if plain else {})}
    rate = OPTIMIZERS[name].defaults["learning_rate"]
    crowd = make_optimizer(name, 2, learning_rate=np.array([rate, rate / 2]), **given)
    found = walk_of(crowd, 2, 4)
    jax.tree.map(np.testing.assert_array_equal, found, walk_of(crowd, 2, 4, through_arrays))
    if name != "lbfgs":
        alone = walk_of(make_optimizer(name, 1, learning_rate=np.array([rate / 2]), **given), 1, 4)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a[1], b[0], rtol=2e-5, atol=1e-6), found, alone)


def test_muon_leaves_the_way_out_to_adam():
    gradient = {"conv_1": {"weights": np.random.default_rng(0).normal(size=(3, 3, 8, 1)).astype(np.float32)}}
    params = jax.tree.map(jnp.zeros_like, gradient)
    optimizer = jax.tree.map(lambda leaf: leaf[0], make_optimizer("muon", 1, learning_rate=1.0, weight_decay=0.0))
    slope = jax.tree.map(jnp.asarray, gradient)
    after, _ = optimizer.update(slope, optimizer.init(params), params, jnp.zeros(()), lambda p: jnp.zeros(()))
    # Adam's first step is the gradient's sign, longer by Nesterov's look ahead.
    sign = np.sign(gradient["conv_1"]["weights"])
    np.testing.assert_allclose(after["conv_1"]["weights"], -(1 + 0.9 * 0.1 / (1 - 0.9**2)) * sign, rtol=1e-5)

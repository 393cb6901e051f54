"""The known test functions: their minima are where and what the literature says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.test_functions import TEST_FUNCTIONS, KnownFunction, known_function

ALL = list(TEST_FUNCTIONS.values())
WITH_MINIMA = [known for known in ALL if known.minima]


@pytest.mark.parametrize("known", ALL, ids=lambda known: known.name)
def test_found_by_name_however_written(known: KnownFunction) -> None:
    for name in (known.name, known.name.upper(), known.name.replace("-", " "), known.name.replace("-", "_")):
        f = Expression.parse(name)
        assert f.known is known
        assert f.variables == ("x", "y")
    assert known_function("x^2") is None
    for point in (*known.minima, *known.local_minima):
        assert all(low <= c <= high for c, (low, high) in zip(point, known.window, strict=True))


@pytest.mark.parametrize("known", WITH_MINIMA, ids=lambda known: known.name)
def test_known_minima(known: KnownFunction) -> None:
    f = Expression.parse(known.name)
    with jax.enable_x64(True):
        for point in known.minima:
            assert float(f(jnp.array(point))) == pytest.approx(known.value, abs=1e-9)
        for point in (*known.minima, *known.local_minima):
            value = float(f(jnp.array(point)))
            angles = np.linspace(0, 2 * np.pi, 32)
            around = np.array(point) + 1e-3 * np.stack([np.cos(angles), np.sin(angles)], -1)
            assert (np.asarray(jax.vmap(f)(jnp.asarray(around))) > value).all()
            assert value >= known.value - 1e-9


@pytest.mark.parametrize("known", WITH_MINIMA, ids=lambda known: known.name)
def test_nothing_in_the_window_is_lower(known: KnownFunction) -> None:
    f = Expression.parse(known.name)
    axes = [np.linspace(low, high, 301) for low, high in known.window]
    grid = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    with jax.enable_x64(True):
        heights = np.asarray(jax.jit(jax.vmap(f))(jnp.asarray(grid)))
        assert heights.min() >= known.value - 1e-9
        both = jax.jit(jax.value_and_grad(f))
        start = grid[np.argmin(heights)] + 1e-3
        found = minimize(lambda p: tuple(map(np.asarray, both(jnp.asarray(p)))), start, jac=True, bounds=known.window)
    assert found.fun == pytest.approx(known.value, abs=1e-5)


# Formulas written once more, in Python, as the cited surveys print them.
FORMULAS = {
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "beale": lambda x, y: sum((c - x + x * y**i) ** 2 for i, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
    "ackley": lambda x, y: (
        -20 * np.exp(-0.2 * np.sqrt(0.5 * (x * x + y * y)))
        - np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
        + np.e
        + 20
    ),
    "rastrigin": lambda x, y: 20 + sum(t * t - 10 * np.cos(2 * np.pi * t) for t in (x, y)),
    "easom": lambda x, y: -np.cos(x) * np.cos(y) * np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2),
    "levy": lambda x, y: (
        np.sin(3 * np.pi * x) ** 2
        + (x - 1) ** 2 * (1 + np.sin(3 * np.pi * y) ** 2)
        + (y - 1) ** 2 * (1 + np.sin(2 * np.pi * y) ** 2)
    ),
    "styblinski-tang": lambda x, y: 0.5 * sum(t**4 - 16 * t**2 + 5 * t for t in (x, y)),
    "six-hump-camel": lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2,
    "goldstein-price": lambda x, y: (
        (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2))
        * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name: str) -> None:
    f = Expression.parse(name)
    points = np.random.default_rng(1).uniform(-2, 2, (50, 2))
    with jax.enable_x64(True):
        found = jax.vmap(f)(jnp.asarray(points))
    np.testing.assert_allclose(found, FORMULAS[name](*points.T), rtol=1e-10)

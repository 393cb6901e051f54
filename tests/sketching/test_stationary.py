"""Stationary points by numbers: compared with closed forms, with SciPy's optimizers, and with what is known."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.test_functions import TEST_FUNCTIONS
from talweg.sketching.kinds import second_derivative_test
from talweg.sketching.levenberg import derivatives
from talweg.sketching.stationary import Stationary, find_stationary, starts

# Twelve of them; Ackley's lowest point is a corner, and three others are as plain as Booth's.
LEFT_OUT = ("ackley", "matyas", "sphere", "three-hump-camel")
SMOOTH = [known for name, known in TEST_FUNCTIONS.items() if known.minima and name not in LEFT_OUT]


@functools.cache
def _find(text: str, window: tuple | None = None, corners: bool = False) -> Stationary:
    f = Expression.parse(text)
    return find_stationary(f, window or ((-10, 10),) * f.size, corners)


@pytest.mark.parametrize("known", SMOOTH, ids=lambda known: known.name)
def test_minima_agree_with_scipy(known) -> None:
    f = Expression.parse(known.name)
    window = ((-1, 3), (-1, 3)) if known.name == "levy" else known.window
    found = _find(known.name, window)
    minima = found.points[[kind == "minimum" for kind in found.kinds]]
    for point in (*known.minima, *known.local_minima):
        assert np.abs(minima - point).max(1).min() < 1e-6
    with jax.enable_x64(True):
        both = jax.jit(jax.value_and_grad(f))
        for start in np.random.default_rng(0).uniform(*np.array(window).T, (10, 2)):
            end = minimize(lambda p: tuple(map(np.asarray, both(jnp.asarray(p)))), start, jac=True, tol=1e-12).x
            inside = all(low < c < high for c, (low, high) in zip(end, window, strict=True))
            level = np.abs(both(jnp.asarray(end))[1]).max() < 1e-6
            if inside and level and np.linalg.eigvalsh(derivatives(f, end[None]).hessian[0])[0] > 1e-3:
                assert np.abs(minima - end).max(1).min() < 1e-5
    assert (found.residuals < 1e-9 * (1 + np.abs(found.eigenvalues).max(1))).all()


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("himmelblau", {"minimum": 4, "saddle": 4, "maximum": 1}),
        ("rastrigin", {"minimum": 121, "saddle": 220, "maximum": 100}),
        ("six-hump-camel", {"minimum": 6, "saddle": 7, "maximum": 2}),
        ("saddle", {"saddle": 1}),
        ("monkey-saddle", {"saddle": 1}),
    ],
)
def test_all_stationary_points_of_known_functions(name: str, kinds: dict[str, int]) -> None:
    window = ((-2, 2), (-1.2, 1.2)) if name == "six-hump-camel" else TEST_FUNCTIONS[name].window
    found = _find(name, window)
    assert {kind: found.kinds.count(kind) for kind in set(found.kinds)} == kinds


def test_one_variable_agrees_with_bracketing() -> None:
    found = _find("x*exp(sin(x))")
    x = np.linspace(-10, 10, 20001)
    slope = lambda t: np.exp(np.sin(t)) * (1 + t * np.cos(t))  # noqa: E731
    changes = np.flatnonzero(np.sign(slope(x[:-1])) != np.sign(slope(x[1:])))
    roots = [brentq(slope, x[i], x[i + 1], xtol=1e-14) for i in changes]
    np.testing.assert_allclose(np.sort(found.points[:, 0]), roots, atol=1e-10)


def test_tails_are_not_stationary() -> None:
    assert _find("exp(-x^2)").points.tolist() == [[0.0]]
    assert len(_find("tanh(x)").points) == 0
    assert len(_find("1/(1 + x^2) + 0·x").points) == 1


def test_curves_and_flat_parts_stand_as_one() -> None:
    ring = _find("(x^2 + y^2 − 1)^2", ((-2, 2), (-2, 2)))
    assert sorted(zip(ring.kinds, ring.members > 1, strict=True)) == [("maximum", False), ("undecided", True)]
    curve = int(np.argmax(ring.members))
    np.testing.assert_allclose(ring.extents[curve], [[-1, 1], [-1, 1]], atol=1e-2)
    flat = _find("relu(x)")
    assert flat.members[0] > 100
    np.testing.assert_allclose(flat.extents[0, 0], [-10, 0], atol=0.05)
    assert (_find("floor(x)", ((-2.5, 2.5),)).members > 1).sum() == 6


@pytest.mark.parametrize(
    ("text", "point", "kind"),
    [
        ("|x − 1|", [1.0], "minimum"),
        ("-|x| + 3", [0.0], "maximum"),
        ("|x| + |y + 2|", [0.0, -2.0], "minimum"),
        ("sqrt(x^2 + y^2)", [0.0, 0.0], "minimum"),
        ("max(x, 2 − x)", [1.0], "minimum"),
        ("sqrt(|x|)", [0.0], "minimum"),
    ],
)
def test_corners(text: str, point: list[float], kind: str) -> None:
    found = _find(text, corners=True)
    assert found.kinds == (kind,)
    assert not found.smooth[0]
    np.testing.assert_allclose(found.points[0], point, atol=1e-6)
    assert np.isnan(found.residuals[0])


def test_poles_and_slopes_are_no_corners() -> None:
    for text in ("tan(x)", "1/x", "2x + y"):
        assert len(_find(text, corners=True).points) == 0, text


def test_several_variables() -> None:
    found = _find("x^2 + y^2 + z^2 − xyz")
    assert found.kinds == ("minimum", *["saddle"] * 4)
    np.testing.assert_allclose(np.abs(found.points[1:]), 2.0, atol=1e-9)
    np.testing.assert_allclose(found.values, [0, 4, 4, 4, 4], atol=1e-9)


def test_any_function_of_jax_will_do() -> None:
    found = find_stationary(lambda p: jnp.sum((p - 1.5) ** 2), [(0, 4), (0, 4)])
    np.testing.assert_allclose(found.points, [[1.5, 1.5]], atol=1e-12)


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ((1, 2), "minimum"),
        ((-2, -1), "maximum"),
        ((-1, 1), "saddle"),
        ((0, 1), "undecided"),
        ((-1e-12, 1), "undecided"),
    ],
)
def test_the_second_derivative_test(eigenvalues: tuple, kind: str) -> None:
    assert second_derivative_test(np.array(eigenvalues, float)) == kind


def test_derivatives_are_in_double_precision() -> None:
    f = Expression.parse("x^3·y")
    found = derivatives(f, np.array([[1 / 3, 3.0]]))
    np.testing.assert_allclose(found.value, [1 / 9], rtol=1e-15)
    np.testing.assert_allclose(found.gradient, [[1.0, 1 / 27]], rtol=1e-14)
    np.testing.assert_allclose(found.hessian, [[[6.0, 1 / 3], [1 / 3, 0.0]]], rtol=1e-14)
    assert jnp.zeros(1).dtype == jnp.float32


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_starts_fill_the_window(n: int) -> None:
    window = [(-1.0 - i, 2.0 + i) for i in range(n)]
    points = starts(window)
    low, high = np.array(window).T
    assert (points >= low).all()
    assert (points <= high).all()
    np.testing.assert_allclose(points.mean(0), (low + high) / 2, atol=0.01 * (high - low).max())

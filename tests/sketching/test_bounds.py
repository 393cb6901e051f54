"""Bounds by interval arithmetic: they hold wherever a function is defined, and are tight where that is easy to see."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.grammar import parse
from talweg.objective.typed.test_functions import TEST_FUNCTIONS
from talweg.sketching.bounds import bounds

INF = math.inf
TIGHT = [
    ("x", -INF, INF),
    ("x^2", 0, INF),
    ("x*x", 0, INF),
    ("-x^4 + 1", -INF, 1),
    ("x^3", -INF, INF),
    ("1/x", -INF, INF),
    ("1/(1 + x^2)", 0, 1),
    ("1/(-2 - x^2)", -0.5, 0),
    ("(x² + 1)^(-2)", 0, 1),
    ("sqrt(x) + 2", 2, INF),
    ("exp(-x^2)", 0, 1),
    ("exp(x)", 0, INF),
    ("log(1 + x²)", 0, INF),
    ("2sin(x) - 3cos(y)", -5, 5),
    ("|x| + 1", 1, INF),
    ("|sin(x) + 3|", 2, 4),
    ("max(x, 2)", 2, INF),
    ("min(x², 2)", 0, 2),
    ("cosh(x)", 1, INF),
    ("sigmoid(x)tanh(y)", -1, 1),
    ("relu(x) + softplus(x)", 0, INF),
    ("floor(2sin(x)) + ceil(cos(x))", -3, 3),
    ("2^sin(x)", 0, INF),
    ("x^1.5", 0, INF),
    ("x²y²", 0, INF),
    ("x²·y", -INF, INF),
    ("atan(x) + asin(x)", -math.pi, math.pi),
]


@pytest.mark.parametrize(("text", "lower", "upper"), TIGHT)
def test_tight(text: str, lower: float, upper: float) -> None:
    found = bounds(parse(text))
    assert found.lower == pytest.approx(lower)
    assert found.upper == pytest.approx(upper)


@pytest.mark.parametrize("text", [*(text for text, *_ in TIGHT), *TEST_FUNCTIONS])
def test_they_hold_everywhere(text: str) -> None:
    f = Expression.parse(text)
    points = np.random.default_rng(0).normal(size=(200, f.size)) * 10.0 ** np.arange(-2, 3).repeat(40)[:, None]
    with jax.enable_x64(True):
        heights = np.asarray(jax.vmap(f)(jnp.asarray(points)))
    heights = heights[np.isfinite(heights)]
    assert len(heights)
    found = bounds(f.tree)
    room = 1e-9 * (1 + np.abs(heights))
    assert (heights >= found.lower - room).all()
    assert (heights <= found.upper + room).all()


@settings(max_examples=50, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_a_shifted_power(shift: float, x: float) -> None:
    f = Expression.parse("(x^2 + c)^2 - (x^2 + c)", let={"c": shift})
    with jax.enable_x64(True):
        value = float(f(jnp.array([x])))
    found = bounds(f.tree)
    assert found.lower - 1e-9 <= value <= found.upper

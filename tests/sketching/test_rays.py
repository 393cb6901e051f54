"""Rays: where one is said to fall, the function does; nothing is said of functions that are bounded below."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.objective.typed.expression import Expression
from talweg.sketching.rays import bounded_below, falling_direction

FALLING = [
    "3x^2 − 2y",
    "x^3",
    "-x",
    "x*y",
    "mccormick",
    "saddle",
    "monkey-saddle",
    "x − y + z",
    "cos(x)^2 + x",
    "-x²/3",
]
FALLING += ["a + b + c + d + e1 − 2", "x(1 + y²) − 3", "(x − 1)^3·2"]
NOT_FALLING = ["himmelblau", "rastrigin", "x^2 + y^2 − xy", "x^4 − 10x^2", "sin(x)", "exp(x)", "sphere", "(x² + y)²"]


@pytest.mark.parametrize("text", FALLING)
def test_it_falls(text: str) -> None:
    f = Expression.parse(text)
    direction = falling_direction(f.tree, f.variables)
    assert direction is not None
    with jax.enable_x64(True):
        heights = [float(f(jnp.asarray(t * np.array(direction, float)))) for t in (1e2, 1e4, 1e6)]
    assert heights[0] > heights[1] > heights[2]
    assert heights[2] < -1e5
    assert bounded_below(f) is False


@pytest.mark.parametrize("text", NOT_FALLING)
def test_it_does_not_fall(text: str) -> None:
    f = Expression.parse(text)
    assert falling_direction(f.tree, f.variables) is None
    assert bounded_below(f) is not False

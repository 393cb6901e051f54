"""Convexity by rules: what they call convex has no chord below it; what they must not call convex, they do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.grammar import parse
from talweg.sketching.convexity import Curvature, curvature

CONVEX = [
    *["x^2", "x*x + y^2", "|x| + |y − 1|", "max(x, -x, 1)", "exp(x) + exp(-y)", "2^x + 0.5^x", "exp(x^2)", "x^2/2"],
    *["-log(x)", "-sqrt(x)", "relu(x)^2", "(x^2)^1.5", "x^4 + 3", "softplus(2x − y)", "hypot(x, y)", "-min(x, y)"],
    *["1/(1 + exp(x))^0 + x^2", "3|x|^3", "(x + y)^2 − log(x)", "cosh(x)", "2/(exp(0)+1)·x^2", "x^1.5", "x^(-0.5)"],
]
NEITHER_SAID = ["x^3", "sin(x)", "x*y", "-x^2", "1/x", "1/x^2", "(x^2 − 1)^2", "log(x)", "sqrt(x)", "|x^2 − 1|"]
NEITHER_SAID += [
    "exp(-x^2)",
    "min(x^2, 1)",
    "x^x",
    "sqrt(x^2 + 1) − x^2",
    "log(exp(x) + 1) − |x|",
    "tanh(x)",
    "(x²−1)^1.5",
]


def _convex(text: str) -> bool:
    return Curvature.CONVEX in curvature(parse(text))


@pytest.mark.parametrize("text", CONVEX)
def test_convex(text: str) -> None:
    assert _convex(text)
    f = Expression.parse(text)
    ends = np.random.default_rng(0).normal(size=(2, 500, f.size)) * 3
    with jax.enable_x64(True):
        a, b, middle = np.asarray(jax.vmap(jax.vmap(f))(jnp.asarray(np.stack([*ends, ends.mean(0)]))))
    defined = np.isfinite(a) & np.isfinite(b)
    assert defined.any()
    assert (middle[defined] <= (a + b)[defined] / 2 + 1e-9 * (1 + np.abs(a) + np.abs(b))[defined]).all()


@pytest.mark.parametrize("text", NEITHER_SAID)
def test_not_said_to_be_convex(text: str) -> None:
    assert not _convex(text)


@pytest.mark.parametrize("text", ["2x − 3y + 1", "x/2", "-(x − y)", "0·x^3"])
def test_affine(text: str) -> None:
    assert curvature(parse(text)) == Curvature.AFFINE

"""Jumps of typed functions, against what is known of them; steep bends are none."""

import numpy as np
import pytest

from talweg.objective.typed.expression import Expression
from talweg.sketching.jumps import find_jumps
from talweg.sketching.sampling import heights

X = np.linspace(-2.95, 2.96, 1201)


@pytest.mark.parametrize(
    ("typed", "jumps"),
    [
        ("floor(x)", [-2, -1, 0, 1, 2]),
        ("x - floor(x)", [-2, -1, 0, 1, 2]),
        ("atan(1/x)", [0]),
        ("|x - 1|/(x - 1)", [1]),
        ("1/x", [0]),
        ("tanh(1000000x)", []),
        ("x^2 + sin(10x)", []),
        ("|x|", []),
        ("sqrt(x)", []),
        ("0x + 3", []),
    ],
)
def test_jumps_and_steep_bends(typed, jumps):
    function = Expression.parse(typed)
    found = find_jumps(function, X, heights(function, X[:, None]))
    assert len(found) == len(jumps)
    assert np.allclose(found, jumps, atol=1e-12)

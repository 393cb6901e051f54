"""Options of the compiler: taken where it knows them, left out where it does not."""

import jax.numpy as jnp
import pytest
from jax import lax

from talweg.descent import compiling


def summed(x):
    return lax.fori_loop(0, 5, lambda _, carried: (carried[0] + carried[1], carried[1]), (jnp.zeros(3), x))[0]


def test_the_installed_compiler_knows_the_option_that_makes_loops_quicker():
    assert all(compiling.accepted(*option) for option in compiling.FEWER_COPIES.items())


@pytest.mark.parametrize(
    "option", [{"no_such_option": True}, {}, compiling.FEWER_COPIES], ids=["unknown", "none", "own"]
)
def test_a_loop_computes_the_same_with_any_options(option, monkeypatch):
    monkeypatch.setattr(compiling, "FEWER_COPIES", option)
    assert compiling.looping(summed)()(jnp.arange(3.0)).tolist() == [0.0, 5.0, 10.0]

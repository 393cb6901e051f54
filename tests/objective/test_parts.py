"""A batch in two parts: the same outputs and gradients as of the whole, and only where that may be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.objective import parts
from talweg.objective.layers import composed
from talweg.objective.words import parse_layers

PICTURES = (6, 6, 2)
CUT = "conv 3 3x3, relu, maxpool 2, residual(conv 3 3x3, groupnorm 1), flatten, dense 4, dropout 0.5, dense 2"


def traced(words, cut, monkeypatch, rows=7):
    """A loss, its arguments, and how many convolutions its program holds."""
    monkeypatch.setattr(composed, "worth_cutting", lambda rows, work: cut and work > 0)
    model = parse_layers(words)
    params = model.init(jax.random.key(0), PICTURES)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(rows, *PICTURES)).astype(np.float32))

    def loss(params, x):
        found, settled = model.apply_and_settle(params, x, jax.random.key(1), jnp.ones(rows))
        return (found**2).sum(), settled

    return loss, (params, x), str(jax.make_jaxpr(loss)(params, x)).count("conv_general_dilated")


def test_two_parts_give_what_the_whole_gives(monkeypatch):
    found = []
    for cut in (True, False):
        loss, given, _ = traced(CUT, cut, monkeypatch)
        found.append(jax.jit(jax.value_and_grad(loss, (0, 1), has_aux=True))(*given))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5), *found)


@pytest.mark.parametrize(
    ("words", "cut"),
    [
        (CUT, True),
        ("conv 3 3x3, batchnorm, relu, flatten, dense 2", True),  # every convolution comes before
        ("conv 3 3x3, batchnorm, relu, conv 3 3x3, flatten, dense 2", False),
        ("conv 3 3x3, dropout 0.1, conv 3 3x3, flatten, dense 2", False),
        ("residual(conv 2 3x3, batchnorm, conv 2 3x3), flatten, dense 2", False),
        ("flatten, dense 9, relu, dense 2", False),
    ],
)
def test_a_batch_is_cut_where_all_convolutions_treat_each_row_by_itself(words, cut, monkeypatch):
    apart, whole = (traced(words, asked, monkeypatch)[2] for asked in (True, False))
    assert apart == (2 if cut else 1) * whole


@pytest.mark.parametrize(
    ("rows", "work", "many", "expected"),
    [(8, 10**7, 2, True), (7, 10**9, 2, False), (64, 10, 2, False), (64, 10**9, 1, False)],
)
def test_it_is_cut_where_that_is_worth_it(rows, work, many, expected, monkeypatch):
    monkeypatch.setattr(parts, "cores", lambda: many)
    assert parts.worth_cutting(rows, work) == (expected and jax.default_backend() == "cpu")


def test_halves_need_not_be_equal():
    seen = []
    found = parts.in_parts(lambda rows: (seen.append(len(rows)), rows * 2)[1], jnp.arange(5.0)[:, None])
    assert (seen, found.ravel().tolist()) == ([2, 3], [0.0, 2.0, 4.0, 6.0, 8.0])

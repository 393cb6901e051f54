"""Convolutions: the forward pass by hand, the gradients against plain autodiff in float64 and finite differences."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate

from talweg.objective.convolution import convolve
from talweg.objective.forms import plain
from talweg.objective.windows import output_places, pads_of


@pytest.fixture
def _float64():
    with jax.enable_x64(True):
        yield


CASES = [
    # places, channels, filters, kernel, stride, padding, dilation, groups
    ((7,), 4, 6, (3,), (1,), "same", (1,), 1),
    ((8,), 4, 6, (2,), (3,), "valid", (2,), 2),
    ((6, 7), 1, 8, (3, 3), (1, 1), "same", (1, 1), 1),  # few channels and filters: filled up
    ((6, 7), 3, 17, (3, 2), (2, 1), "same", (1, 1), 1),  # three channels: filled up
    ((6, 7), 8, 1, (3, 3), (1, 1), "valid", (1, 1), 1),  # fewer filters than channels: exchanged
    ((8, 9), 6, 4, (3, 3), (2, 3), "same", (2, 1), 1),
    ((7, 6), 4, 4, (3, 1), (2, 2), (2, 0), (1, 1), 2),
    ((5, 5), 4, 8, (5, 5), (1, 1), "valid", (1, 1), 4),
    ((6, 6), 3, 3, (3, 3), (1, 1), "same", (1, 1), 3),  # depthwise
    ((9, 9), 2, 3, (1, 1), (3, 3), "valid", (1, 1), 1),  # a stride longer than the kernel: places that nothing sees
    ((5, 5), 2, 3, (2, 2), (1, 1), (3, 3), (1, 1), 1),  # padding wider than the kernel
    ((6, 7), 8, 1, (3, 2), (2, 1), (1, 3), (1, 2), 1),  # a single filter: tap by tap
    ((7,), 6, 1, (3,), (1,), "same", (2,), 1),
    ((6, 7), 7, 3, (2, 3), (1, 2), "same", (2, 1), 1),  # few filters: the gradient as a matrix product
    ((9, 4), 32, 33, (3, 2), (1, 1), "same", (1, 1), 1),  # many of both: more rows than are wanted
    ((19, 3), 33, 32, (2, 2), (1, 2), "valid", (2, 1), 1),
    ((3, 4, 5), 2, 3, (2, 2, 3), (1, 2, 1), "same", (1, 1, 2), 1),
]


def problem(case):
    places, channels, filters, kernel, stride, padding, dilation, groups = case
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2, *places, channels))
    weights = draw.normal(size=(*kernel, channels // groups, filters))
    pads = pads_of(padding, places, kernel, stride, dilation)
    slope = draw.normal(size=(2, *output_places(places, kernel, stride, pads, dilation), filters))
    return *map(jnp.asarray, (x, weights, slope)), (stride, pads, dilation, groups)


@functools.partial(jax.jit, static_argnums=(0, 4))
def gradients(function, x, weights, slope, form):
    return jax.vjp(lambda x, w: function(x, w, *form), x, weights)[1](slope)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_those_of_plain_autodiff(case):
    x, weights, slope, form = problem(case)
    np.testing.assert_allclose(convolve(x, weights, *form), plain(x, weights, *form), atol=1e-12)
    ours, theirs = (gradients(function, x, weights, slope, form) for function in (convolve, plain))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("case", [CASES[2], CASES[4], CASES[5], CASES[6]], ids=str)
def test_gradients_agree_with_finite_differences(case):
    x, weights, slope, form = problem(case)
    draw, step = np.random.default_rng(1), 1e-6
    along = tuple(jnp.asarray(draw.normal(size=leaf.shape)) for leaf in (x, weights))

    def loss(t):
        return float((jnp.tanh(convolve(x + t * along[0], weights + t * along[1], *form)) * slope).sum())

    found = jax.grad(lambda x, w: (jnp.tanh(convolve(x, w, *form)) * slope).sum(), (0, 1))(x, weights)
    expected = (loss(step) - loss(-step)) / (2 * step)
    assert sum(float((g * d).sum()) for g, d in zip(found, along, strict=True)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.usefixtures("_float64")
def test_the_forward_pass_agrees_with_scipy():
    x, weights, _, form = problem((*CASES[6][:5], "valid", *CASES[6][6:]))
    found = np.asarray(convolve(x, weights, *form))
    for row in range(2):
        for filter_ in range(4):
            group = filter_ // 2
            seen = np.asarray(x)[row, :, :, 2 * group : 2 * group + 2]
            whole = correlate(seen, np.asarray(weights)[:, :, :, filter_], mode="valid", method="direct")
            np.testing.assert_allclose(found[row, :, :, filter_], whole[::2, ::2, 0], atol=1e-12)


@pytest.mark.usefixtures("_float64")
def test_curvature_goes_through_the_gradient():
    x, weights, slope, form = problem(CASES[5])

    def product(function):
        def loss(w):
            return (jnp.tanh(function(x, w, *form)) * slope).sum()

        return jax.jvp(jax.grad(loss), (weights,), (weights,))[1]

    np.testing.assert_allclose(product(convolve), product(plain), atol=1e-10)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("case", [CASES[2], CASES[4]], ids=str)
def test_members_may_be_one_program(case):
    x, weights, slope, form = problem(case)
    crowd = jnp.stack([weights, 2 * weights])
    together = jax.vmap(lambda w: gradients(convolve, x, w, slope, form)[1])(crowd)
    np.testing.assert_allclose(together[1], gradients(convolve, x, crowd[1], slope, form)[1], atol=1e-11)

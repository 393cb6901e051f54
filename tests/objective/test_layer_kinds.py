"""Pooling, transposed convolution, normalizations, dropout and composed layers against NumPy and SciPy by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import talweg as tw
from talweg.objective.layers import STATISTICS
from talweg.objective.words import parse_layers

X = np.random.default_rng(0).normal(size=(3, 6, 7, 4)).astype(np.float32)
ONES = np.ones(3, np.float32)


def applied(words, x=X, key=None):
    """What a list of layers gives, with the params that key 0 draws; its stated shape is checked too."""
    model = parse_layers(words)
    params = jax.jit(lambda: model.init(jax.random.key(0), x.shape[1:]))()
    found = np.asarray(jax.jit(lambda p, x: model.apply(p, x, key))(params, jnp.asarray(x)))
    assert found.shape[1:] == model.output_shape(x.shape[1:])
    return found, params


def windows(x, window, stride, pad, fill):
    """The places of each window, as a last axis, by a plain loop over the picture."""
    x = np.pad(x.astype(np.float64), ((0, 0), pad[0], pad[1], (0, 0)), constant_values=fill)
    rows = range(0, x.shape[1] - window[0] + 1, stride[0])
    columns = range(0, x.shape[2] - window[1] + 1, stride[1])
    cut = [[x[:, i : i + window[0], j : j + window[1]] for j in columns] for i in rows]
    return np.stack([np.stack([c.reshape(len(x), -1, x.shape[3]) for c in line], 1) for line in cut], 1)


POOLS = [
    ("2", (2, 2), (2, 2), ((0, 0), (0, 0))),
    ("3x2", (3, 2), (3, 2), ((0, 0), (0, 0))),
    ("3 stride 2 padding 1", (3, 3), (2, 2), ((1, 1), (1, 1))),
    ("3x2 stride 1 padding same", (3, 2), (1, 1), ((1, 1), (0, 1))),
]


@pytest.mark.parametrize(("words", "window", "stride", "pad"), POOLS, ids=[pool[0] for pool in POOLS])
def test_pooling_looks_at_each_window(words, window, stride, pad):
    held = windows(X, window, stride, pad, np.nan)
    np.testing.assert_allclose(applied(f"maxpool {words}")[0], np.nanmax(held, 3), rtol=1e-6)
    np.testing.assert_allclose(applied(f"avgpool {words}")[0], np.nanmean(held, 3), rtol=1e-5, atol=1e-6)


def test_the_gradient_of_a_maximum_goes_to_the_greatest():
    slope = jax.grad(lambda x: tw.MaxPool(2).apply({}, x, None).sum())(jnp.asarray(X))
    held = windows(X, (2, 2), (2, 2), ((0, 0), (0, 0)), 0)
    assert np.asarray(slope).sum() == pytest.approx(np.prod(held.shape) / 4)
    np.testing.assert_allclose((np.asarray(slope) * X).sum(), held.max(3).sum(), rtol=1e-5)


def test_global_pooling_upsampling_and_shapes():
    np.testing.assert_allclose(applied("globalpool")[0], X.mean((1, 2)), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(applied("globalpool max")[0], X.max((1, 2)))
    np.testing.assert_array_equal(applied("upsample 2x3")[0], X.repeat(2, 1).repeat(3, 2))
    np.testing.assert_array_equal(applied("flatten, reshape 7x6x4")[0], X.reshape(3, 7, 6, 4))


@pytest.mark.parametrize("words", ["2x2", "3x3", "4x2 stride 2x1", "3 stride 3", "1 stride 2"])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_transposed_convolution_spreads_each_place(words, padding):
    found, params = applied(f"convtransposed 5 {words} padding {padding}")
    layer = parse_layers(f"convtransposed 5 {words} padding {padding}").layers[0]
    weights = np.asarray(params["convtransposed_1"]["weights"], np.float64)
    kernel, stride = weights.shape[:2], (layer.stride * 2)[:2]
    whole = np.zeros((3, *((n - 1) * s + max(k, s) for n, s, k in zip((6, 7), stride, kernel, strict=True)), 5))
    for i in range(6):
        for j in range(7):
            a, b = i * stride[0], j * stride[1]
            spread = np.einsum("rc,hwcf->rhwf", X[:, i, j].astype(np.float64), weights)
            whole[:, a : a + kernel[0], b : b + kernel[1]] += spread
    if padding == "same":
        cut = [max(k - s, 0) // 2 for k, s in zip(kernel, stride, strict=True)]
        whole = whole[:, cut[0] : cut[0] + 6 * stride[0], cut[1] : cut[1] + 7 * stride[1]]
    np.testing.assert_allclose(found, whole, atol=1e-5)


def normalized(x, axes):
    x = x.astype(np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def test_normalisations_of_a_row():
    np.testing.assert_allclose(applied("layernorm")[0], normalized(X, (3,)), atol=1e-4)
    grouped = normalized(X.reshape(3, 6, 7, 2, 2), (1, 2, 4)).reshape(X.shape)
    np.testing.assert_allclose(applied("groupnorm 2")[0], grouped, atol=1e-4)
    square = np.sqrt((X.astype(np.float64) ** 2).mean(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(applied("rmsnorm")[0], X / square, atol=1e-5)


def test_batch_norm_looks_at_the_rows_that_count_and_keeps_their_statistics():
    layer, key = tw.BatchNorm(momentum=0.75), jax.random.key(0)
    params = layer.init(key, X.shape[1:])
    weight = np.array([1.0, 0.0, 2.0], np.float32)  # the second row only fills the batch up
    found, settled = layer.apply_and_settle(params, jnp.asarray(X), key, jnp.asarray(weight))
    counted = X[[0, 2]].astype(np.float64)
    np.testing.assert_allclose(np.asarray(found)[[0, 2]], normalized(counted, (0, 1, 2)), atol=1e-4)
    np.testing.assert_allclose(settled[STATISTICS]["mean"], 0.25 * counted.mean((0, 1, 2)), atol=1e-5)
    unbiased = counted.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(settled[STATISTICS]["variance"], 0.75 + 0.25 * unbiased, rtol=1e-4)

    statistics = {"mean": jnp.full(4, 0.5), "variance": jnp.full(4, 4.0)}
    seen = layer.apply({**params, STATISTICS: statistics}, jnp.asarray(X), None)
    np.testing.assert_allclose(seen, (X - 0.5) / np.sqrt(4 + 1e-5), rtol=1e-4, atol=1e-5)


def test_no_gradient_reaches_the_statistics():
    layer, key = tw.BatchNorm(), jax.random.key(0)
    params = layer.init(key, X.shape[1:])
    slope = jax.grad(lambda p: (layer.apply_and_settle(p, jnp.asarray(X), key, jnp.asarray(ONES))[0] ** 3).sum())(
        params
    )
    assert not any(np.asarray(leaf).any() for leaf in slope[STATISTICS].values())
    assert np.asarray(slope["scale"]).any()


def test_dropout_drops_its_share_in_training_alone():
    x = jnp.ones((200, 300))
    layer = tw.Dropout(0.3)
    np.testing.assert_array_equal(layer.apply({}, x, None), x)
    found = np.asarray(layer.apply({}, x, jax.random.key(0)))
    np.testing.assert_allclose(found[found > 0], 1 / 0.7, rtol=1e-5)
    # Five standard errors of a share counted on 60 000 numbers.
    assert abs((found == 0).mean() - 0.3) < 5 * (0.21 / 60_000) ** 0.5
    assert (found != np.asarray(layer.apply({}, x, jax.random.key(1)))).any()


def test_two_dropouts_of_a_network_drop_differently():
    model = tw.Sequential([tw.Dropout(0.5), tw.Dropout(0.5)])
    found = np.asarray(model.apply({}, jnp.ones((100, 100)), jax.random.key(0)))
    assert abs((found > 0).mean() - 0.25) < 0.05


def test_composed_layers_add_or_join():
    found, params = applied("residual(conv 4 3, tanh)")
    inner = tw.Sequential([tw.Conv(4, 3), tw.tanh]).apply(params["residual_1"], jnp.asarray(X), None)
    np.testing.assert_allclose(found, X + inner, atol=1e-5)
    found, params = applied("residual(conv 6 3 stride 2)")
    shortcut = params["residual_1"]["shortcut"]["weights"][0, 0]
    inner = tw.Conv(6, 3, 2).apply(params["residual_1"]["conv_1"], jnp.asarray(X), None)
    np.testing.assert_allclose(found, inner + X[:, ::2, ::2] @ shortcut, atol=1e-5)
    found, params = applied("beside(conv 2 3)")
    np.testing.assert_array_equal(found[..., :4], X)
    assert found.shape[-1] == 6


def test_statistics_inside_other_layers_are_settled_in_their_place():
    model = parse_layers("conv 2 1, residual(batchnorm, residual(batchnorm))")
    key = jax.random.key(0)
    params = model.init(key, (6, 7, 4))
    settled = model.apply_and_settle(params, jnp.asarray(X), key, jnp.asarray(ONES))[1]
    inner = {"batchnorm_1": {STATISTICS: {"mean": 0, "variance": 0}}}
    wanted = {"residual_1": {**inner, "residual_1": inner}}
    assert jax.tree.structure(settled) == jax.tree.structure(wanted)

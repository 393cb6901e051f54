"""A network layer by layer: what is counted, and ready-made networks."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.errors import ConfigError
from talweg.objective.describe import describe, totals
from talweg.objective.layers import Features
from talweg.objective.models import parameter_count
from talweg.objective.ready_made import READY_MADE, ready_made
from talweg.objective.words import parse_layers

WORDS = (
    "conv 8 3x3 groups 2 bias no, batchnorm, relu, maxpool 2, convtransposed 4 3x3 stride 2, "
    "residual(conv 8 3x3 stride 2, relu), flatten, dense 5"
)


def test_params_and_work_are_counted_by_hand():
    rows = describe(parse_layers(WORDS), (8, 8, 4))
    outer = {row.name: row for row in rows if row.depth == 0}
    assert outer["conv_1"].params == 9 * 2 * 8
    assert outer["conv_1"].multiply_adds == 64 * 9 * 2 * 8
    assert outer["batchnorm_1"].params == 16
    assert outer["convtransposed_1"].params == 9 * 8 * 4 + 4
    assert outer["convtransposed_1"].multiply_adds == 16 * 8 * 9 * 4
    assert outer["residual_1"].output_shape == (4, 4, 8)
    assert outer["residual_1"].params == (9 * 4 * 8 + 8) + (4 * 8 + 8)
    assert outer["residual_1"].multiply_adds == 16 * 9 * 4 * 8 + 16 * 4 * 8
    assert [row.name for row in rows if row.depth == 1] == ["conv_1", "relu_1", "shortcut"]
    assert outer["dense_1"].multiply_adds == 128 * 5
    assert totals(rows)[0] == sum(row.params for row in outer.values())


def test_the_counted_params_are_those_drawn_without_statistics():
    model = parse_layers(WORDS)
    drawn = jax.eval_shape(lambda: model.init(jax.random.key(0), (8, 8, 4)))
    statistics = 2 * 8
    assert parameter_count(model, (8, 8, 4)) == sum(leaf.size for leaf in jax.tree.leaves(drawn)) - statistics


@pytest.mark.parametrize("name", [name for name, it in READY_MADE.items() if it.axes == 3])
def test_ready_made_networks_fit_pictures_of_many_sizes(name):
    denoises = name in ("dncnn", "unet-small", "denoiser")
    task = "denoising" if denoises else "classification"
    for shape in ((28, 28, 1), (32, 48, 3), (8, 8, 1)):
        found = parse_layers(ready_made(name, shape, task), outputs=10).output_shape(shape)
        assert found == (shape if denoises else (10,))


def test_the_ready_made_network_for_masks_says_something_of_every_pixel():
    masks = [name for name, it in READY_MADE.items() if it.masks is not None]
    for name, shape in itertools.product(masks, ((28, 28, 1), (32, 48, 3))):
        found = parse_layers(ready_made(name, shape, "segmentation"), outputs=5).output_shape(shape)
        assert found == (*shape[:2], 5)
    with pytest.raises(ConfigError, match=r"'dncnn' takes noise away: .* take unet-small$"):
        ready_made("dncnn", (8, 8, 1), "segmentation")


def test_the_ready_made_network_for_tables_embeds_numbers_and_leaves_words():
    for width, units in ((3, 16), (100, 10), (1000, 2)):
        features = Features(width, tuple(range(width - 2)), ((width - 2, width),))
        model = parse_layers(ready_made("tabular", (width,)), outputs=3).informed(features)
        assert model.shapes((width,))[0] == (units * (width - 2) + 2,)
        assert model.output_shape((width,)) == (3,)


@pytest.mark.parametrize("name", ["dncnn", "unet-small"])
def test_denoisers_begin_as_the_picture_that_came_in(name):
    model = parse_layers(ready_made(name, (8, 8, 1)))
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype(np.float32)
    params = jax.jit(lambda key: model.init(key, (8, 8, 1)))(jax.random.key(0))
    np.testing.assert_array_equal(jax.jit(lambda p, x: model.apply(p, x, None))(params, jnp.asarray(x)), x)


BAD = [
    ("cnm", (28, 28, 1), "'cnm' is no ready-made network. Known: tabular, cnn, .*Did you mean 'cnn'"),
    ("cnn", (64,), "'cnn' is for pictures, height x width x channels, but a row has the shape 64; take mlp or tabular"),
    ("tabular", (8, 8, 1), "'tabular' is for tables, but a row has the shape 8x8x1; take mlp or cnn or resnet-small"),
    ("unet-small", (30, 30, 1), "unet-small halves a picture twice: its sides must be multiples of 4, got 30x30x1"),
]


@pytest.mark.parametrize(("name", "shape", "message"), BAD)
def test_what_does_not_fit_is_said(name, shape, message):
    with pytest.raises(ConfigError, match=message):
        ready_made(name, shape)


def test_a_denoiser_classifies_nothing_and_a_classifier_takes_no_noise_away():
    with pytest.raises(ConfigError, match=r"'dncnn' takes noise away: .* take mlp or cnn or resnet-small$"):
        ready_made("dncnn", (8, 8, 1), "classification")
    with pytest.raises(ConfigError, match=r"'cnn' says one thing .* take denoiser or dncnn or unet-small$"):
        ready_made("cnn", (8, 8, 1), "denoising")

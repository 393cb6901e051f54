"""Embeddings of a table's columns against plain formulas in NumPy, and their gradients against finite differences."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import talweg as tw
from talweg.errors import TalwegError
from talweg.objective.layers import Bins, Features
from talweg.objective.models import parameter_count, with_member_axis
from talweg.objective.words import parse_layers

QUANTILES = ((-2.0, -1.0, 0.5, 1.0, 3.0), (0.0, 0.0, 0.0, 1.0, 1.0))
"""Of a number with four bins, and of a flag, whose quantiles are mostly alike."""
FEATURES = Features(8, (0, 5), ((2, 5), (6, 8)), QUANTILES)
"""A number, a flag of a gap, a column of three words, a number, a column of two words."""


def rows(count=40):
    """Rows of such features; in some, neither of a column's words stands."""
    draw = np.random.default_rng(0)
    x = np.zeros((count, 8), np.float32)
    x[:, 0], x[:, 1], x[:, 5] = draw.normal(0, 3, count), draw.integers(0, 2, count), draw.integers(0, 2, count)
    first, second = draw.integers(0, 4, count), draw.integers(0, 3, count)
    x[np.arange(count)[first < 3], 2 + first[first < 3]] = 1
    x[np.arange(count)[second < 2], 6 + second[second < 2]] = 1
    return x


def made(words):
    """A layer that knows its features, and params of which none is 0."""
    layer = parse_layers(words).informed(FEATURES).layers[0]
    drawn = layer.init(jax.random.key(0), (8,))
    shaken = [
        leaf + 0.1 * np.random.default_rng(n).normal(size=leaf.shape) for n, leaf in enumerate(jax.tree.leaves(drawn))
    ]
    return layer, jax.tree.unflatten(jax.tree.structure(drawn), [jnp.asarray(leaf, jnp.float32) for leaf in shaken])


def in_bins(x, edges):
    """The piecewise-linear encoding of Gorishniy et al. 2022, equation 1, number by number."""
    last = len(edges) - 2
    told = []
    for t, (low, high) in enumerate(itertools.pairwise(edges)):
        if x < low and t > 0:
            told.append(0.0)
        elif x >= high and t < last:
            told.append(1.0)
        else:
            told.append((x - low) / (high - low))
    return told


def test_a_number_is_told_by_its_place_in_the_bins():
    x = rows()
    layer, params = made("embed piecewise bins 4")
    assert params == {}
    found = np.asarray(layer.apply({}, jnp.asarray(x), None))
    assert found.shape == (40, *layer.output_shape((8,))) == (40, 4 + 4 + 5 + 1)
    expected = [in_bins(value, QUANTILES[0]) + in_bins(flag, (0.0, 1.0)) + [0.0] * 3 for value, flag in x[:, [0, 5]]]
    np.testing.assert_allclose(found[:, :8], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[:, 8:], x[:, [2, 3, 4, 6, 7, 1]])
    # Both ends were looked at.
    assert (x[:, 0] < -2).any()
    assert (x[:, 0] > 3).any()


def test_fewer_bins_lie_between_every_other_quantile_and_more_between_interpolated_ones():
    np.testing.assert_allclose(Bins.between(QUANTILES[:1], 2).left, [[-2.0, 0.5]])
    np.testing.assert_allclose(Bins.between(QUANTILES[:1], 8).left[0, ::2], QUANTILES[0][:4])


def test_piecewise_units_are_a_linear_map_of_the_number_and_of_its_bins():
    x = rows()
    layer, params = made("embed piecewise 3 bins 4")
    p = jax.tree.map(np.asarray, params["numbers"])
    told = np.array(
        [[in_bins(value, QUANTILES[0]), in_bins(flag, (0.0, 1.0)) + [0.0] * 3] for value, flag in x[:, [0, 5]]]
    )
    expected = [
        told[:, n] @ p["weights"][n] + p["biases"][n] + p["plain"][n] * x[:, [place]] for n, place in enumerate((0, 5))
    ]
    np.testing.assert_allclose(
        layer.apply(params, jnp.asarray(x), None)[:, :6], np.hstack(expected), rtol=1e-4, atol=1e-5
    )


def test_periodic_units_are_sines_and_cosines_of_multiples():
    x = rows()
    layer, params = made("embed periodic 3 frequencies 5 sigma 0.4")
    p = jax.tree.map(np.asarray, params["numbers"])
    expected = []
    for n, place in enumerate((0, 5)):
        turns = 2 * np.pi * np.outer(x[:, place], p["frequencies"][n])
        waves = np.hstack([np.sin(turns), np.cos(turns)])
        expected.append(np.maximum(waves @ p["weights"][n] + p["biases"][n], 0))
    np.testing.assert_allclose(
        layer.apply(params, jnp.asarray(x), None)[:, :6], np.hstack(expected), rtol=1e-4, atol=1e-5
    )
    bare, drawn = made("embed periodic frequencies 5")
    turns = 2 * np.pi * np.outer(x[:, 0], drawn["numbers"]["frequencies"][0])
    np.testing.assert_allclose(bare.apply(drawn, jnp.asarray(x), None)[:, :5], np.sin(turns), rtol=1e-4, atol=1e-5)


def test_a_word_is_looked_up_and_an_unknown_one_is_nothing():
    x = rows()
    layer, params = made("embed words 2")
    vectors = np.asarray(params["words"]["weights"])
    expected = np.zeros((40, 2, 2), np.float32)
    for row in range(40):
        for column, (first, stop, offset) in enumerate(((2, 5, 0), (6, 8, 3))):
            for place in np.flatnonzero(x[row, first:stop]):
                expected[row, column] = vectors[offset + place]
    found = np.asarray(layer.apply(params, jnp.asarray(x), None))
    np.testing.assert_allclose(found[:, 2:6], expected.reshape(40, 4), rtol=1e-6)
    np.testing.assert_array_equal(found[:, [0, 1, 6]], x[:, [0, 5, 1]])
    assert not expected.any((1, 2)).all()  # a row without any known word was looked at


@pytest.mark.parametrize("words", ["embed piecewise 3 bins 4 words 2", "embed periodic 2 frequencies 3 words 2"])
def test_gradients_agree_with_finite_differences(words):
    layer, params = made(words)
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), params)
        x = jnp.asarray(rows(6), jnp.float64)
        check_grads(lambda p: jnp.sum(jnp.sin(layer.apply(p, x, None))), (exact,), 1, ["rev"], eps=1e-6)


def test_piecewise_begins_as_the_plain_number():
    layer = parse_layers("embed piecewise 3 bins 4").informed(FEATURES).layers[0]
    params, x = layer.init(jax.random.key(1), (8,)), rows()
    plain = np.asarray(params["numbers"]["plain"])
    found = np.asarray(layer.apply(params, jnp.asarray(x), None))[:, :3]
    np.testing.assert_allclose(found, x[:, :1] * plain[0], rtol=1e-6)


def test_each_member_has_the_bins_and_a_sigma_of_its_own():
    model = parse_layers("embed periodic 2 frequencies 500 sigma 0.1/0.4, embed piecewise 1 bins 4").layers
    waves, bins = (with_member_axis(layer.informed(FEATURES), 2) for layer in model)
    assert bins.edges.left.shape == (2, 2, 4)
    drawn = [
        jax.tree.map(lambda leaf, member=member: leaf[member], waves).init(jax.random.key(0), (8,)) for member in (0, 1)
    ]
    spread = [float(np.std(params["numbers"]["frequencies"])) for params in drawn]
    assert spread == pytest.approx([0.1, 0.4], rel=0.1)
    assert parameter_count(waves, (8,)) == sum(leaf.size for leaf in jax.tree.leaves(drawn[0]))
    assert str(waves) == "embed periodic 2 frequencies 500 sigma 0.1/0.4"


def test_words_and_python_are_the_same_and_slips_are_told():
    assert str(tw.Embed("piecewise", 8, words=4)) == "embed piecewise 8 words 4"
    assert str(parse_layers("embed words 4")) == "embed words 4"
    for text, message in [
        ("embed 8", "numbers of 'embed' must be plain, piecewise or periodic, got '8', at position 7"),
        ("embed plain 8", "embed gives each number units if it is told how: piecewise or periodic"),
        ("embed periodic 8 sigma 0", "sigma of 'embed' must be a number above 0, .* got '0', at position 24"),
        ("embed piecewise 8 bin 3", "'bin' is no setting of 'embed': .*Did you mean 'bins'"),
    ]:
        with pytest.raises(TalwegError, match=message):
            parse_layers(text)
    with pytest.raises(TalwegError, match=r"layer 2: 'embed words 4' cannot take .* it must be the first layer of one"):
        parse_layers("dense 3, embed words 4").informed(FEATURES).output_shape((8,))

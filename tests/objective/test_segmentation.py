"""Masks as an objective: sums against plain means, pixels of which nothing is said, pictures and masks moved alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, log_loss

from talweg.data.images import labels
from talweg.objective import segmentation
from talweg.objective.augment import Augmentation
from talweg.objective.base import Batch
from talweg.objective.layers import Dense
from talweg.objective.losses import LOSSES
from talweg.objective.metrics import intersection_over_union, metric_values
from talweg.objective.segmentation import Segmentation

SOFTMAX = LOSSES["softmax_cross_entropy"]
LOSS = type(SOFTMAX)(SOFTMAX.name, "segmentation", SOFTMAX.per_row)


@pytest.fixture(scope="module")
def network():
    return Segmentation(Dense(3), LOSS, (8, 8, 2), 3)


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4, 8, 8, 2)).astype(np.float32)
    y = generator.integers(0, 3, (4, 8, 8, 1)).astype(np.uint8)
    y[0, :3] = segmentation.IGNORED
    return jnp.asarray(x), jnp.asarray(y)


def test_both_rooms_mean_the_same_by_ignored():
    assert segmentation.IGNORED == labels.IGNORED


def test_metrics_are_those_of_scikit_learn(network, rows):
    x, y = rows
    params = network.init(jax.random.key(0))
    sums = jax.device_get(network.metrics(params, Batch(x, y, jnp.ones(4))))
    outputs = np.asarray(network.outputs(params, x)).reshape(-1, 3)
    y = np.asarray(y)
    known = y.reshape(-1) != segmentation.IGNORED
    true, said, likely = y.reshape(-1)[known], outputs.argmax(1)[known], jax.nn.softmax(outputs)[known]
    found = metric_values(sums, "segmentation")
    assert found["mean_iou"] == pytest.approx(jaccard_score(true, said, average="macro"), rel=1e-5)
    assert found["pixel_accuracy"] == pytest.approx(accuracy_score(true, said), rel=1e-5)
    assert found["dice"] == pytest.approx(f1_score(true, said, average="macro"), rel=1e-5)
    assert sums["loss"] / sums["weight"] == pytest.approx(log_loss(true, likely), rel=1e-5)


def test_a_class_that_neither_is_nor_was_said_is_left_out_of_the_mean():
    confusion = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    assert np.isnan(intersection_over_union(confusion)[2])
    assert metric_values({"confusion": confusion}, "segmentation")["mean_iou"] == pytest.approx((0.75 + 0.8) / 2)


def test_the_loss_is_that_of_evaluation_where_nothing_is_drawn(network, rows):
    params, batch = network.init(jax.random.key(0)), Batch(*rows, jnp.array([1.0, 1.0, 1.0, 0.0]))
    loss, sums = network.loss(params, batch, jax.random.key(1))
    whole = network.metrics(params, batch)
    assert loss == pytest.approx(float(whole["loss"] / whole["weight"]), rel=1e-5)
    assert sums["weight"] == pytest.approx(float(whole["weight"]), rel=1e-6)


def test_padded_rows_and_ignored_pixels_change_nothing(network, rows):
    x, y = rows
    params, weight = network.init(jax.random.key(0)), jnp.array([1.0, 1.0, 1.0, 0.0])
    other = x.at[3].set(1e3).at[0, :3].set(-1e3)
    gradients = [
        jax.grad(lambda p, seen: network.loss(p, Batch(seen, y, weight), jax.random.key(1))[0])(params, seen)
        for seen in (x, other)
    ]
    for one, two in zip(*map(jax.tree.leaves, gradients), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5)


def test_a_patch_of_which_nothing_is_said_leaves_the_loss_finite(network, rows):
    params, nothing = network.init(jax.random.key(0)), jnp.full((4, 8, 8, 1), segmentation.IGNORED, np.uint8)
    batch = Batch(rows[0], nothing, jnp.ones(4))
    loss, gradient = jax.value_and_grad(lambda p: network.loss(p, batch, jax.random.key(1))[0])(params)
    assert loss == 0
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("words", [{"flip": True}, {"turn": True}, {"shift": 3}, {"rotation": 40.0}])
def test_pictures_and_masks_are_moved_alike(words):
    # A picture of two far shades of which the mask is a threshold stays one under every move of both.
    generator = np.random.default_rng(1)
    mask = jnp.kron(generator.integers(0, 2, (16, 4, 4)), np.ones((6, 6)))[..., None]
    change, key = Augmentation(brightness=0.5, **words), jax.random.key(2)
    x, y = change.apply(200.0 * mask, key), change.moved(mask, key, nearest=True)
    assert set(np.unique(y)) == {0, 1}
    assert not np.array_equal(y, mask)
    clear = np.abs(np.asarray(x) / np.asarray(x).max((1, 2, 3), keepdims=True) - 0.5) > 0.4
    assert clear.mean() > 0.7
    np.testing.assert_array_equal((x / x.max((1, 2, 3), keepdims=True) > 0.5)[clear], (y > 0.5)[clear])


def test_turning_takes_all_eight_ways_and_only_those():
    picture = np.arange(16.0).reshape(1, 4, 4, 1)
    found = Augmentation(turn=True).apply(jnp.repeat(picture, 200, 0), jax.random.key(0))
    ways = {np.asarray(one).tobytes() for one in found}
    plain = picture[0].astype(np.float32)
    expected = {np.rot90(turned, k).tobytes() for turned in (plain, plain[:, ::-1]) for k in range(4)}
    assert ways == expected

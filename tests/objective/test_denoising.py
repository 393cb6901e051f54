"""What a step sees of a photograph: patches that stand in it, noise that is fresh, neighbors that touch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.objective.base import Batch
from talweg.objective.denoising import Denoising, neighbors, patches
from talweg.objective.losses import LOSSES, Loss
from talweg.objective.noise import Noise
from talweg.objective.words import parse_layers

KEY = jax.random.key(5)
TILES = np.arange(6 * 11 * 9 * 2, dtype=np.float32).reshape(6, 11, 9, 2)


GAUSSIAN = Noise("gaussian", 25.0, 25.0)


def network(learning="noise", noise=GAUSSIAN) -> Denoising:
    loss = Loss("mean_squared_error", "denoising", LOSSES["mean_squared_error"].per_row)
    return Denoising(
        parse_layers("residual(conv 3 3x3, relu, conv 1 3x3 initializer zeros)"),
        loss,
        (8, 8, 1),
        learning=learning,
        noise=noise,
    )


def rows(count: int, side: int = 12) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 1)).astype(np.uint8)


def test_a_patch_stands_in_its_tile_in_one_of_eight_ways():
    found = np.asarray(patches(jnp.asarray(TILES), (4, 4), KEY))
    ways = set()
    for patch, tile in zip(found, TILES, strict=True):
        fitting = [
            (top, left, turns, mirrored)
            for top in range(8)
            for left in range(6)
            for turns in range(4)
            for mirrored in (False, True)
            if np.array_equal(_turned(tile[top : top + 4, left : left + 4], turns, mirrored), patch)
        ]
        assert len(fitting) == 1
        ways.add(fitting[0])
    assert len(ways) > 3


def _turned(patch: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    return np.rot90(patch[:, ::-1] if mirrored else patch, turns)


def test_neighbors_share_an_edge():
    place = np.stack(np.meshgrid(np.arange(8), np.arange(6), indexing="ij"), axis=-1)[None].repeat(20, 0)
    first, second = (np.asarray(one) for one in neighbors(jnp.asarray(place, jnp.float32), KEY))
    assert first.shape == (20, 4, 3, 2)
    np.testing.assert_array_equal(np.abs(first - second).sum(-1), 1)
    np.testing.assert_array_equal(first // 2, second // 2)
    # Each of the eight pairs of a block is drawn about as often.
    _, counts = np.unique(np.concatenate([first % 2, second % 2], -1).reshape(-1, 4), axis=0, return_counts=True)
    assert len(counts) == 8
    assert counts.min() > 15


def test_the_first_output_is_the_noisy_picture():
    params = network().init(KEY)
    x = jnp.asarray(rows(2))
    np.testing.assert_allclose(network().outputs(params, x), x, rtol=1e-6)


def test_the_loss_before_training_is_the_noise():
    params, tiles = network().init(KEY), rows(200)
    loss, sums = network().loss(params, Batch(jnp.asarray(tiles), jnp.zeros((200, 0)), jnp.ones(200)), KEY)
    assert float(loss) == pytest.approx((25 / 255) ** 2, rel=0.03)
    assert float(sums["weight"]) == 200


def test_evaluation_has_the_same_noise_in_any_chunk():
    params, tiles = network().init(KEY), jnp.asarray(rows(6))
    nothing = jnp.zeros((6, 0))
    whole = network().metrics(params, Batch(tiles, nothing, jnp.ones(6)))
    parts = [
        network().metrics(params, Batch(tiles[some], nothing[some], jnp.ones(3)))
        for some in (jnp.array([4, 0, 2]), jnp.array([1, 5, 3]))
    ]
    for name, value in whole.items():
        assert float(value) == pytest.approx(sum(float(part[name]) for part in parts), rel=1e-5)


def test_pairs_are_cut_alike():
    tiles = jnp.asarray(rows(50))
    params = network("pairs", None).init(KEY)
    batch = Batch(tiles, tiles.astype(jnp.float32) + 10, jnp.ones(50))
    assert float(network("pairs", None).loss(params, batch, KEY)[0]) == pytest.approx((10 / 255) ** 2, rel=1e-4)


def test_learning_from_noisy_pictures_alone_does_not_look_at_the_target():
    params, tiles = network("self", None).init(KEY), jnp.asarray(rows(4))
    objective = network("self", None)
    one, other = (objective.loss(params, Batch(tiles, y, jnp.ones(4)), KEY)[0] for y in (tiles, 0 * tiles))
    assert float(one) == float(other) > 0

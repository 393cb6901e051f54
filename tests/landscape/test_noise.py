"""The gradient's noise against a linear model, whose rows' gradients can be written down."""

import numpy as np
import pytest

from talweg.data.feed import chunked
from talweg.landscape.noise import BatchQuality, batch_quality, full_gradients, law, noise_scale
from talweg.objective.base import Batch
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network

ROWS = 40
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(ROWS, 3)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + GENERATOR.normal(size=(ROWS, 1))).astype(np.float32)
NETWORK = Network(mlp((), 1), LOSSES["mean_squared_error"], (3,), 0)
WEIGHTS, BIASES = np.array([[[0.2], [0.1], [-0.3]]], np.float32), np.full((1, 1), 0.4, np.float32)
PARAMS = {"dense_1": {"weights": WEIGHTS, "biases": BIASES}}
DATA = Batch(X, Y, None)


def rows_gradients():
    """Each row's gradient of (x w + b − y)², biases first, as the params are flattened."""
    weights, bias = PARAMS["dense_1"]["weights"][0], PARAMS["dense_1"]["biases"][0]
    error = X @ weights + bias - Y
    return 2 * error * np.concatenate([np.ones((ROWS, 1)), X], axis=1)


def full():
    chunks = Batch(*(chunked(column, 16) for column in (X, Y, np.ones(ROWS, np.float32))))
    return full_gradients(NETWORK, PARAMS, chunks)


def test_the_full_gradient_is_the_mean_of_the_rows():
    np.testing.assert_allclose(full()[0], rows_gradients().mean(0), rtol=1e-5)


def test_a_batch_is_compared_as_written_out():
    draws = np.array([[0, 5, 7, 30], [1, 2, 3, 4]], np.int32)
    found = batch_quality(NETWORK, PARAMS, full(), DATA, draws)
    mean = rows_gradients().mean(0)
    for place, rows in enumerate(draws):
        g = rows_gradients()[rows].mean(0)
        cosine = g @ mean / np.linalg.norm(g) / np.linalg.norm(mean)
        assert found.cosine[0, place] == pytest.approx(cosine, rel=1e-5)
        assert found.error[0, place] == pytest.approx(np.linalg.norm(g - mean) / np.linalg.norm(mean), rel=1e-4)


def test_the_error_follows_the_law_and_gives_the_noise_scale():
    """Many draws: their mean square is the variance of the rows' gradients over the batch, corrected for the rows."""
    g = rows_gradients()
    scale = (np.linalg.norm(g - g.mean(0), axis=1) ** 2).mean() * ROWS / (ROWS - 1) / (g.mean(0) @ g.mean(0))
    generator = np.random.default_rng(1)
    found = []
    for batch in (2, 8, 20):
        draws = np.stack([generator.choice(ROWS, batch, replace=False) for _ in range(1500)]).astype(np.int32)
        found.append(batch_quality(NETWORK, PARAMS, full(), DATA, draws))
        measured = np.sqrt((found[-1].error ** 2).mean())
        exact = np.sqrt(scale / batch * (ROWS - batch) / ROWS)
        assert measured == pytest.approx(exact, rel=0.05)
        assert law(noise_scale(found[-1:], ROWS), np.array([batch]), ROWS)[0] == pytest.approx(measured)
    assert noise_scale(found, ROWS)[0] == pytest.approx(scale * (ROWS - 1) / ROWS, rel=0.06)


def test_all_rows_have_no_error():
    whole = BatchQuality(ROWS, np.ones((1, 1)), np.zeros((1, 1)))
    small = BatchQuality(4, np.ones((1, 2)), np.full((1, 2), 0.5))
    assert np.isfinite(noise_scale([small, whole], ROWS)).all()
    assert law(5.0, np.array([ROWS]), ROWS)[0] == 0.0

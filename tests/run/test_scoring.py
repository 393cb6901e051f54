"""Intervals for a set's own sampling error, and probabilities that are extreme."""

import numpy as np
import pytest
import scipy.stats

from talweg.objective.losses import LOSSES
from talweg.run.scoring import root_mean_interval, score, wilson_interval


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 30), (30, 30), (97, 100), (500, 1000)])
def test_wilson_agrees_with_scipy(hits, rows):
    expected = scipy.stats.binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(wilson_interval(hits, rows), (expected.low, expected.high), atol=1e-12)


def test_the_interval_of_a_root_mean_covers_about_as_often_as_it_says():
    generator = np.random.default_rng(0)
    squares = generator.normal(size=(2000, 100)) ** 2
    covered = [low <= 1.0 <= high for low, high in map(root_mean_interval, squares)]
    assert 0.91 < np.mean(covered) < 0.97
    assert root_mean_interval(np.array([4.0]))[0] == 0.0


def test_a_certain_mistake_has_a_large_and_finite_loss():
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0]])
    scores = score(LOSSES["softmax_cross_entropy"], probabilities, np.array([1, 1], np.int32), np.ones(1))
    assert 300 < scores["loss"] < 400
    assert scores["accuracy"] == 0.5

"""Losses against scikit-learn and SciPy, which know nothing of ours."""

import hypothesis.extra.numpy as arrays
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import sklearn.metrics
from hypothesis import given, settings, strategies as st

from talweg.objective.losses import LOSSES, default_loss

LOGITS = st.floats(-30, 30, width=32)
TARGETS = st.floats(-50, 50, width=32)


def log_loss(y, probabilities):
    classes = range(probabilities.shape[1])
    return [
        sklearn.metrics.log_loss([label], row[None], labels=classes)
        for label, row in zip(y, probabilities, strict=True)
    ]


def rows_of(measure):
    """A measure of scikit-learn that averages, row by row."""
    return lambda y, outputs: [measure(a[None], b[None]) for a, b in zip(y, outputs, strict=True)]


REGRESSION = {
    "mean_squared_error": rows_of(sklearn.metrics.mean_squared_error),
    "mean_absolute_error": rows_of(sklearn.metrics.mean_absolute_error),
    "huber": lambda y, outputs: scipy.special.huber(1.0, outputs - y).mean(1),
}


def per_row(name, outputs, y):
    return np.asarray(LOSSES[name].per_row(jnp.asarray(outputs), jnp.asarray(y)))


def test_every_loss_has_a_witness_here():
    assert set(LOSSES) == {*REGRESSION, "softmax_cross_entropy", "sigmoid_cross_entropy"}
    assert all((LOSSES[name].task == "regression") == (name in REGRESSION) for name in LOSSES)


@settings(max_examples=20, deadline=None)
@given(
    outputs=arrays.arrays(np.float32, (6, 3), elements=LOGITS),
    y=arrays.arrays(np.int32, 6, elements=st.integers(0, 2)),
)
def test_softmax_cross_entropy(outputs, y):
    exact = scipy.special.logsumexp(outputs.astype(np.float64), axis=1) - outputs[np.arange(6), y]
    np.testing.assert_allclose(per_row("softmax_cross_entropy", outputs, y), exact, rtol=1e-5, atol=2e-5)
    probabilities = LOSSES["softmax_cross_entropy"].probabilities(outputs)
    np.testing.assert_allclose(probabilities, scipy.special.softmax(outputs.astype(np.float64), 1), rtol=1e-12)
    mild = probabilities[np.arange(6), y] > 1e-12  # scikit-learn clips at 2e-16
    np.testing.assert_allclose(exact[mild], np.array(log_loss(y, probabilities))[mild], rtol=1e-4, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(
    outputs=arrays.arrays(np.float32, (6, 1), elements=LOGITS),
    y=arrays.arrays(np.int32, 6, elements=st.integers(0, 1)),
)
def test_sigmoid_cross_entropy(outputs, y):
    wide = outputs[:, 0].astype(np.float64)
    exact = -np.where(y == 1, scipy.special.log_expit(wide), scipy.special.log_expit(-wide))
    np.testing.assert_allclose(per_row("sigmoid_cross_entropy", outputs, y), exact, rtol=1e-5, atol=1e-6)
    probabilities = LOSSES["sigmoid_cross_entropy"].probabilities(outputs)
    np.testing.assert_allclose(probabilities[:, 1], scipy.special.expit(wide), rtol=1e-12)
    np.testing.assert_allclose(probabilities.sum(1), 1.0, rtol=1e-12)
    mild = np.abs(wide) < 25
    np.testing.assert_allclose(exact[mild], np.array(log_loss(y, probabilities))[mild], rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("name", REGRESSION)
@settings(max_examples=15, deadline=None)
@given(
    outputs=arrays.arrays(np.float32, (5, 2), elements=TARGETS),
    y=arrays.arrays(np.float32, (5, 2), elements=TARGETS),
)
def test_regression(name, outputs, y):
    exact = REGRESSION[name](y.astype(np.float64), outputs.astype(np.float64))
    np.testing.assert_allclose(per_row(name, outputs, y), exact, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("scale", [1e3, 1e6, 1e30])
@pytest.mark.parametrize("name", ["softmax_cross_entropy", "sigmoid_cross_entropy"])
def test_logits_of_any_size_give_a_finite_loss_and_probabilities(name, scale):
    outputs = np.array([[scale, -scale, 0.0], [-scale, scale, scale]], np.float32)
    outputs = outputs[:, :1] if LOSSES[name].binary else outputs
    assert np.isfinite(per_row(name, outputs, np.array([1, 0], np.int32))).all()
    probabilities = LOSSES[name].probabilities(outputs)
    np.testing.assert_allclose(probabilities.sum(-1), 1.0)


def test_members_stand_before_the_rows_in_probabilities():
    outputs = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    together = LOSSES["softmax_cross_entropy"].probabilities(outputs)
    for member in range(4):
        np.testing.assert_array_equal(together[member], LOSSES["softmax_cross_entropy"].probabilities(outputs[member]))


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "sigmoid_cross_entropy"])
def test_the_decision_is_the_likeliest_class(name):
    loss = LOSSES[name]
    outputs = np.random.default_rng(1).normal(size=(50, loss.outputs(2))).astype(np.float32)
    np.testing.assert_array_equal(loss.decide(jnp.asarray(outputs)), loss.probabilities(outputs).argmax(1))


def test_outputs_that_a_network_needs():
    assert {name: loss.outputs(2) for name, loss in LOSSES.items()} == {
        "softmax_cross_entropy": 2,
        "sigmoid_cross_entropy": 1,
        "mean_squared_error": 2,
        "mean_absolute_error": 2,
        "huber": 2,
    }


def test_defaults():
    assert default_loss("classification") == "softmax_cross_entropy"
    assert default_loss("regression") == "mean_squared_error"

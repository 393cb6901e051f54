"""Metrics against scikit-learn, over random and awkward inputs, and merged over batches."""

import warnings

import jax
import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import assume, given, settings, strategies as st

from talweg.objective.metrics import (
    METRICS,
    area_under_curve,
    classification_sums,
    default_metric,
    metric_values,
    regression_sums,
)

CLASSES = 4


@st.composite
def classified(draw, classes=CLASSES):
    """Probabilities with many ties, classes of which some may be absent, weights of which some are 0."""
    rows = draw(st.integers(1, 25))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    raw = generator.integers(1, draw(st.sampled_from([3, 1000])), (rows, classes)).astype(float)
    probabilities = raw / raw.sum(1, keepdims=True)
    y = generator.choice(draw(st.lists(st.integers(0, classes - 1), min_size=1, unique=True)), rows)
    weight = generator.choice(draw(st.sampled_from([[1.0], [0.0, 1.0], [0.0, 0.5, 2.0]])), rows)
    assume(weight.sum() > 0)
    return probabilities, y.astype(np.int32), weight


def classifier_values(probabilities, y, weight):
    likelihood = probabilities[np.arange(len(y)), y]
    sums = classification_sums(-np.log(likelihood), probabilities.argmax(1), y, weight, probabilities.shape[1])
    return metric_values(sums, "classification")


def quiet(measure, *arguments, **keywords):
    """scikit-learn warns of absent classes, which are meant here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return measure(*arguments, **keywords)


@settings(max_examples=60, deadline=None)
@given(classified())
def test_classification_agrees_with_scikit_learn(case):
    probabilities, y, weight = case
    predicted = probabilities.argmax(1)
    counted = weight > 0
    y_, predicted_, weight_ = y[counted], predicted[counted], weight[counted]
    expected = {
        "accuracy": sk.accuracy_score(y_, predicted_, sample_weight=weight_),
        "error_rate": sk.zero_one_loss(y_, predicted_, sample_weight=weight_),
        "balanced_accuracy": quiet(sk.balanced_accuracy_score, y_, predicted_, sample_weight=weight_),
        "macro_f1": quiet(sk.f1_score, y_, predicted_, average="macro", sample_weight=weight_),
        "log_loss": sk.log_loss(y_, probabilities[counted], labels=range(CLASSES), sample_weight=weight_),
    }
    found = classifier_values(probabilities, y, weight)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


@settings(max_examples=60, deadline=None)
@given(classified(classes=2))
def test_binary_area_agrees_with_scikit_learn(case):
    probabilities, y, weight = case
    found = area_under_curve(probabilities, y, weight)
    if len(np.unique(y[weight > 0])) < 2:
        assert np.isnan(found)
    else:
        counted = weight > 0
        expected = sk.roc_auc_score(y[counted], probabilities[counted, 1], sample_weight=weight[counted])
        assert found == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(classified())
def test_area_of_several_classes_agrees_with_scikit_learn(case):
    probabilities, y, weight = case
    found = area_under_curve(probabilities, y, weight)
    counted = weight > 0
    if len(np.unique(y[counted])) < CLASSES:
        assert np.isnan(found)
    else:
        each = [
            sk.roc_auc_score(y[counted] == c, probabilities[counted, c], sample_weight=weight[counted])
            for c in range(CLASSES)
        ]
        assert found == pytest.approx(np.mean(each), abs=1e-12)
        if (weight == 1).all():
            assert found == pytest.approx(sk.roc_auc_score(y, probabilities, multi_class="ovr"), abs=1e-12)


def test_area_counts_a_tie_one_half():
    half = np.full((6, 2), 0.5)
    assert area_under_curve(half, np.array([0, 1, 0, 1, 1, 0], np.int32), np.ones(6)) == 0.5


@st.composite
def regressed(draw):
    rows, targets = draw(st.integers(2, 20)), draw(st.integers(1, 3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    y = generator.normal(size=(rows, targets)) * draw(st.sampled_from([1e-3, 1.0, 1e3]))
    predicted = y + generator.normal(size=y.shape) * draw(st.sampled_from([0.0, 1e-2, 10.0]))
    weight = generator.choice(draw(st.sampled_from([[1.0], [0.0, 1.0], [0.0, 0.5, 2.0]])), rows)
    assume((weight > 0).sum() >= 2)
    return predicted, y, weight, generator.uniform(0.1, 10, targets)


@settings(max_examples=60, deadline=None)
@given(regressed())
def test_regression_agrees_with_scikit_learn(case):
    predicted, y, weight, scale = case
    sums = regression_sums(np.zeros(len(y)), predicted, y, weight)
    found = metric_values(sums, "regression", scale)
    true, said = y * scale, predicted * scale
    expected = {
        "rmse": sk.root_mean_squared_error(true, said, sample_weight=weight),
        "mae": sk.mean_absolute_error(true, said, sample_weight=weight),
        "r2": sk.r2_score(true, said, sample_weight=weight),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e6])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
def test_r2_of_equal_targets_is_undefined_not_a_huge_number(value, rows):
    y = np.full((rows, 1), value)
    sums = regression_sums(np.zeros(rows), y + 1.0, y, np.ones(rows))
    assert np.isnan(metric_values(sums, "regression")["r2"])


@settings(max_examples=50, deadline=None)
@given(classified(), st.integers(0, 25))
def test_sums_of_two_batches_add_up_to_both(case, cut):
    probabilities, y, weight = case
    predicted, row_loss = probabilities.argmax(1), probabilities[:, 0]
    whole = classification_sums(row_loss, predicted, y, weight, CLASSES)
    parts = [
        classification_sums(row_loss[part], predicted[part], y[part], weight[part], CLASSES)
        for part in (slice(cut), slice(cut, None))
    ]
    for name, total in whole.items():
        np.testing.assert_allclose(parts[0][name] + parts[1][name], total, rtol=1e-12)
    whole = regression_sums(row_loss, probabilities, probabilities[::-1], weight)
    parts = [
        regression_sums(row_loss[part], probabilities[part], probabilities[::-1][part], weight[part])
        for part in (slice(cut), slice(cut, None))
    ]
    for name, total in whole.items():
        np.testing.assert_allclose(parts[0][name] + parts[1][name], total, rtol=1e-9, atol=1e-12)


def test_the_same_sums_on_jax_and_numpy_arrays():
    generator = np.random.default_rng(5)
    row_loss, weight = generator.random(20, np.float32), generator.integers(0, 3, 20).astype(np.float32)
    predicted, y = generator.integers(0, CLASSES, (2, 20)).astype(np.int32)
    said, true = generator.random((2, 20, 2), np.float32)
    compiled = jax.jit(
        lambda *a: (
            classification_sums(a[0], a[2], a[3], a[1], CLASSES),
            regression_sums(a[0], a[4], a[5], a[1]),
        )
    )(row_loss, weight, predicted, y, said, true)
    plain = (
        classification_sums(row_loss, predicted, y, weight, CLASSES),
        regression_sums(row_loss, said, true, weight),
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), compiled, plain)


@pytest.mark.parametrize("spoiled", [np.nan, np.inf])
def test_rows_of_weight_zero_count_nothing_whatever_they_hold(spoiled):
    row_loss, weight = np.array([0.3, spoiled]), np.array([1.0, 0.0])
    sums = classification_sums(row_loss, np.array([1, 0]), np.array([1, 1], np.int32), weight, 2)
    assert sums["loss"] == 0.3
    np.testing.assert_array_equal(sums["confusion"], [[0, 0], [0, 1]])
    sums = regression_sums(row_loss, np.array([[1.0], [spoiled]]), np.array([[0.5], [0.0]]), weight)
    assert (sums["loss"], sums["squared"][0], sums["absolute"][0]) == (0.3, 0.25, 0.5)


def test_leading_member_axes_are_kept():
    generator = np.random.default_rng(3)
    each = [
        classification_sums(
            generator.random(9), generator.integers(0, 3, 9), generator.integers(0, 3, 9), np.ones(9), 3
        )
        for _ in range(4)
    ]
    together = metric_values({name: np.stack([sums[name] for sums in each]) for name in each[0]}, "classification")
    for member, sums in enumerate(each):
        for name, value in metric_values(sums, "classification").items():
            assert together[name][member] == pytest.approx(value)


def test_the_table_says_which_way_is_up():
    assert {name for name, metric in METRICS.items() if metric.greater_is_better} == {
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "roc_auc",
        "r2",
        "mean_iou",
        "pixel_accuracy",
        "dice",
        "psnr",
        "ssim",
        "neighbor_psnr",
    }
    assert default_metric("classification") == "accuracy"
    assert default_metric("regression") == "rmse"

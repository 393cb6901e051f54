"""Targets against scikit-learn's encoders and SciPy's skewness."""

import json

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler

from talweg.data import builtin
from talweg.data.clean import Preparation
from talweg.data.reading.frames import from_mapping
from talweg.data.targets import (
    ClassTarget,
    NumberTarget,
    is_skewed,
    skewness,
    spans_magnitudes,
    target_from_dict,
    target_to_dict,
)
from talweg.errors import DataError

GENERATOR = np.random.default_rng(0)
PRICES = np.exp(GENERATOR.normal(6, 1.6, 400))
COUNTS = GENERATOR.negative_binomial(0.6, 0.02, 400).astype(float)


def test_a_quantity_is_standardized_as_scikit_learn_does():
    table = builtin.load("diabetes")
    fitted = Preparation.fit(table, np.arange(300), "progression", "regression")
    values = table.columns["progression"].values
    encoded = fitted.targets(table)
    assert encoded.dtype == np.float32
    expected = StandardScaler().fit(values[:300, None]).transform(values[:, None])[:, 0]
    np.testing.assert_allclose(encoded, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fitted.target.decode(encoded), values, rtol=1e-6)


def test_of_counts_the_logarithm_is_scikit_learns_log1p():
    target = NumberTarget.fit("visits", COUNTS, "log")
    assert target.log_unit == 1.0
    logs = FunctionTransformer(np.log1p, check_inverse=False).fit_transform(COUNTS[:, None])
    expected = StandardScaler().fit_transform(logs)[:, 0]
    np.testing.assert_allclose(target.standardized(COUNTS), expected, atol=1e-12)


@pytest.mark.parametrize("values", [PRICES, COUNTS, 1e9 * PRICES, PRICES - np.median(PRICES)])
def test_the_logarithm_evens_out_as_the_best_power_does(values):
    ours = NumberTarget.fit("price", values, "log").standardized(values)
    best = PowerTransformer().fit_transform(values[:, None] / np.abs(values).mean())[:, 0]
    assert skewness(values) == pytest.approx(stats.skew(values))
    assert abs(skewness(ours)) < 0.35 * skewness(values)
    assert np.corrcoef(ours, best)[0, 1] > 0.95


@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e9, 1e9).map(lambda value: round(value, 3))))
def test_what_is_encoded_is_decoded_in_its_order_and_any_number_is_one(values):
    for scale in ("standard", "log"):
        target = NumberTarget.fit("y", values[:5], scale)
        coded = target.standardized(values)
        assert np.isfinite(coded).all()
        assert (np.diff(coded[np.argsort(values)]) >= 0).all()
        np.testing.assert_allclose(target.decode(coded), values, rtol=1e-6, atol=1e-6 * np.abs(values).max(initial=1))


@pytest.mark.parametrize(
    ("values", "skewed"),
    [
        (PRICES, True),
        (COUNTS, True),
        (1000 * PRICES, True),
        (PRICES - np.median(PRICES), False),  # below 0 as well: no price
        (-PRICES, False),
        (GENERATOR.normal(50, 10, 400), False),
        (GENERATOR.uniform(size=400), False),
        (np.where(GENERATOR.random(400) < 0.1, 1.0, 0.0), False),  # skewed, and its logarithm as much
        (np.zeros(5), False),
    ],
)
def test_only_what_a_logarithm_evens_out_is_skewed(values, skewed):
    assert is_skewed(values) == skewed
    wide = skewed and values is not COUNTS
    assert spans_magnitudes(values) == wide
    assert (NumberTarget.fit("y", values).log_unit is not None) == wide


def test_only_training_rows_decide():
    values = np.concatenate([GENERATOR.normal(50, 10, 100), PRICES])
    table = from_mapping({"x": np.arange(500.0), "y": values})
    assert Preparation.fit(table, np.arange(100), "y", "regression").target.log_unit is None
    assert Preparation.fit(table, np.arange(100, 500), "y", "regression").target == NumberTarget.fit("y", PRICES)


def test_plain_data_of_the_oldest_version_that_can_hold_them():
    table = from_mapping({"x": np.arange(400.0), "y": PRICES})
    versions = {}
    for scale in ("standard", "log"):
        fitted = Preparation.fit(table, np.arange(400), "y", "regression", target_scale=scale)
        plain = json.loads(json.dumps(fitted.to_dict(), allow_nan=False))
        assert Preparation.from_dict(plain) == fitted
        versions[scale] = plain["version"], sorted(plain["target"])
    assert versions["standard"] == (1, ["center", "kind", "name", "scale"])
    assert versions["log"] == (2, ["center", "kind", "log_unit", "name", "scale"])
    for target in (ClassTarget("y", ("a", 2)), NumberTarget("y", 1.0, 2.0), NumberTarget("y", 1.0, 2.0, 3.0)):
        assert target_from_dict(json.loads(json.dumps(target_to_dict(target)))) == target


def test_a_gap_is_named_with_its_row():
    with pytest.raises(DataError, match="Target 'y' of t holds no number in row 2"):
        NumberTarget("y", 0.0, 1.0).encode(from_mapping({"y": [1.5, None]}).columns["y"], "t")

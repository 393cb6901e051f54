import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from talweg.data.encode import CategoryEncoder, DateEncoder
from talweg.data.numbers import NumberEncoder, share_scale
from talweg.data.table import Dates, Numbers, Text

GENERATOR = np.random.default_rng(0)


def number(values):
    column = Numbers(np.array(values, dtype=np.float64))
    return NumberEncoder.fit("x", column), column


@pytest.mark.parametrize(
    "values", [GENERATOR.normal(5, 3, 500), GENERATOR.uniform(size=500), GENERATOR.integers(0, 9, 99)]
)
def test_a_well_behaved_column_is_simply_standardized(values):
    encoder, column = number(values)
    expected = StandardScaler().fit_transform(column.values[:, None])
    np.testing.assert_allclose(encoder.apply(column), expected, rtol=1e-9, atol=1e-12)


def test_outliers_leave_the_others_alone():
    values = GENERATOR.normal(50, 10, 1000)
    clean, _ = number(values)
    values[:5] = [1e12, -1e12, 1e6, 1e30, 1e9]
    encoder, column = number(values)
    assert encoder.scale == pytest.approx(clean.scale, rel=0.25)
    assert encoder.center == pytest.approx(clean.center, abs=2)
    z = encoder.apply(column)[:, 0]
    assert np.abs(z).max() < 80
    # Their order is kept, and so is everyone else's.
    assert stats.spearmanr(values, z).statistic == pytest.approx(1)


def test_a_nearly_constant_column_does_not_explode():
    values = np.zeros(1500)
    values[7] = 16
    encoder, column = number(values)
    assert 4 < encoder.apply(column).max() < 8
    huge = encoder.apply(Numbers(np.array([1e9])))
    assert np.isfinite(huge).all()
    assert huge.max() < 30


def test_mostly_zero_with_a_long_tail():
    values = np.where(GENERATOR.random(2000) < 0.9, 0, GENERATOR.lognormal(3, 2, 2000))
    encoder, column = number(values)
    z = encoder.apply(column)
    assert 0.3 < z.std() < 1.5
    assert np.abs(z).max() < 12


@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-1e300, 1e300)))
def test_any_finite_numbers_give_finite_ordered_features(values):
    encoder, column = number(values)
    if encoder.scale == 0:
        assert encoder.feature_names() == ()
        return
    z = encoder.apply(column)[:, 0]
    assert np.isfinite(z).all()
    assert (np.diff(z[np.argsort(values)]) >= 0).all()


def test_missing_numbers():
    encoder, column = number([1, 2, 3, 10, np.nan, np.inf])
    assert encoder.fill == 2.5
    assert encoder.feature_names() == ("x", "x=(missing)")
    features = encoder.apply(column)
    np.testing.assert_array_equal(features[:, 1], [0, 0, 0, 0, 1, 1])
    assert features[4, 0] == features[5, 0] == encoder.apply(Numbers(np.array([2.5])))[0, 0]
    constant, column = number([7, np.nan, 7])
    assert constant.feature_names() == ("x=(missing)",)
    np.testing.assert_array_equal(constant.apply(column)[:, 0], [0, 1, 0])


def test_float32_numbers_are_fitted_in_float64():
    values = (16_777_216 + GENERATOR.integers(0, 9, 5000)).astype(np.float32)
    encoder = NumberEncoder.fit("x", Numbers(values))
    assert encoder.center == pytest.approx(values.astype(np.float64).mean(), rel=1e-12)


def test_categories_as_scikit_learn():
    words = GENERATOR.choice(["red", "green", "blue"], 300)
    column = Text.of(words.tolist())
    witness = OneHotEncoder(sparse_output=False).fit(words[:, None])
    encoder = CategoryEncoder.fit("c", column)
    np.testing.assert_array_equal(encoder.apply(column), witness.transform(words[:, None]))
    assert encoder.feature_names() == tuple(f"c={word}" for word in witness.categories_[0])


def test_rare_and_unseen_words_share_a_feature():
    words = ["a"] * 500 + ["b"] * 300 + ["c"] * 5 + ["d"] * 3
    witness = OneHotEncoder(sparse_output=False, min_frequency=8, handle_unknown="infrequent_if_exist")
    witness.fit(np.array(words)[:, None])
    encoder = CategoryEncoder.fit("c", Text.of(words))
    new = ["a", "b", "c", "d", "never"]
    np.testing.assert_array_equal(encoder.apply(Text.of(new)), witness.transform(np.array(new)[:, None]))
    assert encoder.feature_names() == ("c=a", "c=b", "c=(rare)")
    assert encoder.unseen(Text.of(new)).tolist() == [2, 3, 4]


def test_without_rare_words_in_training_an_unseen_one_is_all_zeros():
    encoder = CategoryEncoder.fit("c", Text.of(["a", "b"] * 10))
    np.testing.assert_array_equal(encoder.apply(Text.of(["never", None, "a"])), [[0, 0], [0, 0], [1, 0]])


def test_missing_words():
    encoder = CategoryEncoder.fit("c", Text.of(["a", None, "b", "a", "b"]))
    assert encoder.feature_names() == ("c=a", "c=b", "c=(missing)")
    np.testing.assert_array_equal(encoder.apply(Text.of([None, "b", "z"])), [[0, 0, 1], [0, 1, 0], [0, 0, 0]])


def test_words_that_drift():
    encoder = CategoryEncoder.fit("c", Text.of(["True", "False"] * 5))
    np.testing.assert_array_equal(encoder.apply(Text.of(["true", "FALSE"])), [[0, 1], [1, 0]])
    two = CategoryEncoder.fit("c", Text.of(["x", "X", "y"] * 5))
    np.testing.assert_array_equal(two.apply(Text.of(["x", "Y"])), [[0, 1, 0], [0, 0, 0]])
    years = CategoryEncoder.fit("c", Numbers(np.array([2007.0, 2008.0] * 5)))
    np.testing.assert_array_equal(years.apply(Text.of(["2008", "2007"])), [[0, 1], [1, 0]])


def test_at_most_a_hundred_words():
    column = Text.of([f"w{place}" for place in range(300) for _ in range(10 + place)])
    encoder = CategoryEncoder.fit("c", column)
    assert len(encoder.words) == 100
    assert set(encoder.words) == {f"w{place}" for place in range(200, 300)}
    assert encoder.rare


def test_dates():
    days = np.datetime64("2023-01-01", "us") + np.arange(730) * np.timedelta64(1, "D")
    encoder = DateEncoder.fit("d", Dates(days))
    names = ("d", "d:sin(year)", "d:cos(year)", "d:sin(week)", "d:cos(week)")
    assert encoder.feature_names() == names
    features = encoder.apply(Dates(days))
    np.testing.assert_allclose(features[:, 0], StandardScaler().fit_transform(np.arange(730.0)[:, None])[:, 0])
    np.testing.assert_allclose(features[:, 1] ** 2 + features[:, 2] ** 2, 1)
    np.testing.assert_allclose(features[0, 1:3], [0, 1])
    np.testing.assert_allclose(features[7, 3:], features[0, 3:])
    # The end of one year lies beside the beginning of the next.
    assert np.abs(features[364, 1:3] - features[365, 1:3]).max() < 0.03
    hours = Dates(np.datetime64("2024-01-01", "us") + np.arange(0, 24, 6) * np.timedelta64(1, "h"))
    clock = DateEncoder.fit("h", hours)
    assert clock.circles == ("day",)
    np.testing.assert_allclose(clock.apply(hours)[:, 1], [0, 1, 0, -1], atol=1e-12)


def test_missing_dates_and_dates_as_words():
    column = Text.of(["2024-01-01", None, "2024-06-01"])
    encoder = DateEncoder.fit("d", column)
    features = encoder.apply(column)
    assert encoder.feature_names()[-1] == "d=(missing)"
    np.testing.assert_array_equal(features[1], [0] * (features.shape[1] - 1) + [1])
    np.testing.assert_array_equal(features[:, -1], [0, 1, 0])
    assert np.isfinite(features).all()


def test_pixels_share_one_scale_and_others_do_not():
    pixels = [Numbers(GENERATOR.binomial(16, share, 400).astype(float)) for share in np.linspace(0.05, 0.95, 12)]
    for pixel in pixels:
        pixel.values[:2] = [0, 16]
    edge, size = Numbers(np.eye(400)[0] * 3), Numbers(GENERATOR.normal(size=400))
    columns = [*pixels, edge, size]
    encoders = [NumberEncoder.fit(f"x{place}", column) for place, column in enumerate(columns)]
    shared = share_scale(encoders, columns)
    assert set(shared) == {f"x{place}" for place in range(13)}
    assert len({encoder.scale for encoder in shared.values()}) == 1
    assert all(encoder.center == encoders[place].center for place, encoder in enumerate(shared.values()))
    assert share_scale(encoders[:5], columns[:5]) == {}
    assert share_scale([], []) == {}

import json

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from talweg.data.clean import Preparation
from talweg.data.reading.frames import from_mapping
from talweg.data.sentences import TextEncoder
from talweg.data.table import Text
from talweg.errors import DataError

WORDS = ("good", "bad", "film", "actor", "plot", "boring", "great", "the", "a", "was", "of", "not", "Überraschung")
RANDOM = np.random.default_rng(0)
TEXTS = [" ".join(RANDOM.choice(WORDS, RANDOM.integers(4, 12))) + ("!" if row % 3 else "") for row in range(400)]


@pytest.fixture(scope="module")
def column():
    return Text.of(TEXTS)


@pytest.fixture(scope="module")
def encoder(column):
    return TextEncoder.fit("review", column)


def test_as_scikit_learn_folds_texts(column, encoder):
    """Terms, weights and directions are those of tf-idf and a truncated SVD; each direction but for its sign."""
    bag = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, token_pattern=r"\w\w+")
    points = bag.fit_transform(sorted(set(TEXTS)))
    assert list(encoder.terms) == sorted(bag.vocabulary_)
    np.testing.assert_allclose(encoder.weights, bag.idf_, rtol=1e-4)
    witness = TruncatedSVD(len(encoder.center), algorithm="arpack", random_state=0).fit(points)
    along = witness.transform(bag.transform(TEXTS))
    expected = (along - along.mean(0)) / np.sqrt(along.var(0).sum())
    features = encoder.apply(column)
    sign = np.sign((features * expected).sum(0))
    np.testing.assert_allclose(features * sign, expected, atol=0.002)


def test_only_what_stands_in_the_text_counts(encoder):
    one, other = Text.of(["Good FILM, not boring!"]), Text.of(["good film not boring", "another text of them"])
    np.testing.assert_array_equal(encoder.apply(one)[0], encoder.apply(other)[0])


def test_texts_that_say_nothing_known_are_told(encoder):
    column = Text.of(["xyzzy plugh", "good film", None, ""])
    assert encoder.strange(column).tolist() == [0, 3]
    assert np.isfinite(encoder.apply(column)).all()


def test_a_gap_is_said_and_else_is_nothing():
    column = Text.of([*TEXTS[:50], None])
    encoder = TextEncoder.fit("review", column)
    features = encoder.apply(column)
    assert encoder.feature_names()[-1] == "review=(missing)"
    assert features[-1].tolist() == [0.0] * len(encoder.center) + [1.0]
    assert not features[:-1, -1].any()


def test_a_preparation_with_text_is_plain_data(column):
    table = from_mapping({"review": TEXTS, "y": RANDOM.choice(["p", "q"], len(TEXTS))}, name="reviews.csv")
    rows = np.arange(300)
    prepared = Preparation.fit(table, rows, "y", "classification", {"review": "text"})
    again = Preparation.from_dict(json.loads(json.dumps(prepared.to_dict())))
    assert prepared.to_dict()["version"] == 4
    np.testing.assert_array_equal(again.features(table), prepared.features(table))
    # Other rows than the training rows have no say.
    changed = from_mapping(
        {"review": TEXTS[:300] + ["other words altogether"] * 100, "y": ["p", "q"] * 200}, "reviews.csv"
    )
    assert Preparation.fit(changed, rows, "y", "classification", {"review": "text"}).encoders == prepared.encoders


def test_a_text_in_which_nothing_comes_back_is_refused():
    table = from_mapping({"note": [f"word{row}" for row in range(40)], "x": range(40), "y": ["p", "q"] * 20}, "a.csv")
    with pytest.raises(DataError, match=r"'note' of a\.csv was declared text, but no word stands in two training rows"):
        Preparation.fit(table, np.arange(40), "y", "classification", {"note": "text"})

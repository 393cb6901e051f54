"""Means of the target where each word of a long column stands: against scikit-learn, and out of fold where trained."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import TargetEncoder

from talweg.config.settings import make_settings
from talweg.data.clean import Preparation
from talweg.data.means import FOLDS, drawn_means, held_out_means, shrinkage
from talweg.data.reading.frames import from_mapping
from talweg.data.split import deal_folds
from talweg.run.build import build

ROWS, WORDS = 1200, 150


def shops(rows=ROWS, words=WORDS, noise=0.5, seed=5):
    generator = np.random.default_rng(seed)
    shop, level = generator.integers(0, words, rows), generator.normal(size=words)
    x = generator.normal(size=rows)
    return {
        "x": x,
        "shop": [f"shop {number}" for number in shop],
        "y": level[shop] + x + noise * generator.normal(size=rows),
    }


@pytest.fixture(scope="module")
def layout():
    table = from_mapping(shops())
    y = table.columns["y"].values
    return table.columns["shop"].codes, ((y - y.mean()) / y.std())[:, None]


def test_means_are_scikit_learns(layout):
    codes, outputs = layout
    words = int(codes.max()) + 1
    witness = TargetEncoder(smooth=3.0, target_type="continuous").fit(codes[:, None], outputs[:, 0])
    found = drawn_means(codes, outputs, words, 3.0)
    np.testing.assert_allclose(found[:, 0], witness.transform(np.arange(words)[:, None])[:, 0], atol=1e-12)
    fold = deal_folds(len(codes), FOLDS)
    held = held_out_means(codes, outputs, fold, words, 3.0)
    for number in range(FOLDS):
        mine = fold == number
        witness = TargetEncoder(smooth=3.0, target_type="continuous").fit(codes[~mine, None], outputs[~mine, 0])
        np.testing.assert_allclose(held[mine, 0], witness.transform(codes[mine, None])[:, 0], atol=1e-12)


def test_the_more_chance_the_more_they_are_drawn():
    generator = np.random.default_rng(2)
    codes = generator.integers(0, 400, 40_000)
    outputs = generator.normal(size=400)[codes] + 2.0 * generator.normal(size=40_000)
    # The variance of the rows is 4, that of the words' means 1.
    assert shrinkage(codes, outputs[:, None]) == pytest.approx(4.0, rel=0.15)


def test_a_rows_own_target_is_not_in_its_features():
    generator = np.random.default_rng(3)
    codes, chance = generator.integers(0, 300, 900), generator.normal(size=(900, 1))
    naive = drawn_means(codes, chance, 300, 1.0)[codes]
    held = held_out_means(codes, chance, deal_folds(900, FOLDS), 300, 1.0)
    assert np.corrcoef(naive[:, 0], chance[:, 0])[0, 1] > 0.5
    assert abs(np.corrcoef(held[:, 0], chance[:, 0])[0, 1]) < 0.1


def test_a_preparation_with_means_is_plain_data_and_an_unseen_word_is_the_mean_of_all():
    table = from_mapping(shops())
    fitted = Preparation.fit(table, np.arange(900), "y", "regression")
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert (again, fitted.to_dict()["version"]) == (fitted, 3)
    assert fitted.feature_names[-1] == "shop:mean"
    new = from_mapping({"x": [0.0, 0.0, 0.0], "shop": ["shop 1", "elsewhere", None]})
    features = again.features(new)
    assert features[1:, -1].tolist() == [0.0, 0.0]
    assert features[0, -1] != 0.0


@pytest.mark.parametrize(("words", "classes", "outputs"), [(90, 0, 0), (WORDS, 2, 1), (WORDS, 3, 3), (WORDS, 12, 0)])
def test_which_columns_and_targets_get_means(words, classes, outputs):
    columns = shops(words=words)
    if classes:
        edges = np.quantile(columns["y"], np.linspace(0, 1, classes + 1)[1:-1])
        columns["y"] = [f"class {number}" for number in np.searchsorted(edges, columns["y"])]
    fitted = Preparation.fit(from_mapping(columns), np.arange(ROWS), "y", "classification" if classes else "regression")
    assert sum(":mean" in name for name in fitted.feature_names) == outputs
    assert fitted.to_dict()["version"] == (3 if outputs else 1)


@pytest.mark.parametrize("settings", [{}, {"stream": "yes"}, {"folds": 3}])
def test_training_sees_means_of_other_rows_and_the_rest_those_of_training(settings, tmp_path):
    file = tmp_path / "shops.csv"
    pl.DataFrame(shops()).write_csv(file)
    built = build(make_settings({"source": str(file), "target": "y", "columns": {"shop": "category"}, **settings}))
    job, shop = built.job, np.array(shops()["shop"], dtype=object)
    train = np.flatnonzero((built.parts == 0) | (built.parts >= 10))
    fold = built.parts[train].astype(int) - 10 if "folds" in settings else deal_folds(len(train), FOLDS)
    (encoder,) = (encoder for encoder in built.preparation.encoders if encoder.name == "shop")
    y = job.training.y[:, 0].astype(np.float64)

    def means(rows):
        return TargetEncoder(smooth=encoder.drawn, target_type="continuous").fit(shop[train[rows], None], y[rows])

    for number in np.unique(fold):
        mine = fold == number
        expected = means(~mine).transform(shop[train[mine], None])[:, 0]
        np.testing.assert_allclose(np.asarray(job.training.x)[mine, -1], expected, atol=1e-5)
    test = np.flatnonzero(built.parts == 2)
    expected = means(np.ones(len(train), bool)).transform(shop[test, None])[:, 0]
    np.testing.assert_allclose(np.asarray(job.test.x)[:, -1], expected, atol=1e-5)

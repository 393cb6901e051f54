import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from talweg.data import builtin
from talweg.data.clean import Preparation
from talweg.data.reading.frames import from_mapping, from_pandas
from talweg.data.reading.read import read_table
from talweg.data.split import split
from talweg.data.table import Table
from talweg.data.targets import ClassTarget
from talweg.data.task import choose_target, labels_of
from talweg.errors import DataError, RunFolderError

ROWS = 60


def mixed(seed=0, rows=ROWS):
    """A small table with every kind of column and gaps."""
    random = np.random.default_rng(seed)
    gone = random.random(rows) < 0.2
    return from_mapping(
        {
            "size": np.where(gone, np.nan, random.normal(10, 3, rows)),
            "site": random.choice(["north", "south", "N/A", "east"], rows),
            "day": np.datetime64("2024-01-01", "D") + random.integers(0, 400, rows),
            "code": random.choice(["1", "2", "x"], rows),
            "label": random.choice(["p", "q", "r"], rows),
        },
        name="data.csv",
    )


@pytest.fixture(scope="module")
def penguins():
    return builtin.load("penguins")


@pytest.fixture(scope="module")
def prepared(penguins):
    return Preparation.fit(penguins, np.arange(0, 344, 3), "species", "classification")


def test_as_a_scikit_learn_pipeline(penguins, prepared):
    """Median, indicator, standardization and one-hot agree with scikit-learn's on the penguins."""
    frame = pd.read_csv(Path(__file__).with_name("penguins.csv"))
    train = frame.iloc[::3]
    numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year"]
    witness = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(sparse_output=False), ["island", "sex"]),
    )
    expected = witness.fit(train).transform(frame)
    names = list(prepared.feature_names)
    # scikit-learn's imputer fills before its scaler measures, as ours does.
    ours = prepared.features(penguins)
    np.testing.assert_allclose(ours[:, [names.index(name) for name in numbers]], expected[:, :5], rtol=1e-5, atol=1e-6)
    words = [name for name in names if name.startswith(("island=", "sex="))]
    np.testing.assert_array_equal(ours[:, [names.index(name) for name in words]], expected[:, 5:])
    assert ours.dtype == np.float32


def test_only_training_rows_are_learned_from():
    table = mixed()
    parts = split(ROWS, seed=3)
    fitted = Preparation.fit(table, parts.train, "label", "classification")
    others = np.setdiff1d(np.arange(ROWS), parts.train)
    places = np.arange(ROWS)
    places[others] = parts.train[0]
    changed = table.take(places)
    assert Preparation.fit(changed, parts.train, "label", "classification") == fitted
    wild = dict(table.columns)
    wild["size"] = type(wild["size"])(np.where(np.isin(np.arange(ROWS), others), 1e9, wild["size"].values))
    assert Preparation.fit(Table("data.csv", wild, ROWS), parts.train, "label", "classification") == fitted


@pytest.mark.parametrize("name", builtin.NAMES)
def test_plain_data_and_back(name):
    table = builtin.load(name)
    target = choose_target(table)
    fitted = Preparation.fit(table, np.arange(table.rows - 20), target.name, target.task)
    back = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    assert back == fitted
    np.testing.assert_array_equal(back.features(table), fitted.features(table))
    np.testing.assert_array_equal(back.targets(table), fitted.targets(table))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_each_row_stands_for_itself(seed, random):
    """Rows keep their order, and a row's features do not depend on its neighbors."""
    table = mixed(seed)
    fitted = Preparation.fit(table, np.arange(40), "label", "classification")
    rows = np.array(random.sample(range(ROWS), 17))
    np.testing.assert_array_equal(fitted.features(table.take(rows)), fitted.features(table)[rows])
    assert len(fitted.feature_names) == fitted.features(table).shape[1]
    assert np.isfinite(fitted.features(table)).all()


@pytest.mark.parametrize("name", builtin.NAMES)
def test_nothing_explodes(name):
    """Features of rows never trained on stay within ten deviations, also where a pixel is hardly ever touched."""
    table = builtin.load(name)
    for seed in range(5):
        parts = split(table.rows, seed=seed)
        target = choose_target(table)
        features = Preparation.fit(table, parts.train, target.name, target.task).features(table)
        assert np.abs(features).max() < 10


def test_digits_lose_their_constant_pixels():
    table = builtin.load("digits")
    fitted = Preparation.fit(table, np.arange(table.rows), "digit", "classification")
    dropped = [column.name for column in fitted.kinds if column.kind == "constant"]
    assert dropped == ["pixel_0_0", "pixel_4_0", "pixel_4_7"]
    assert len(fitted.feature_names) == 61
    assert fitted.classes == tuple(range(10))


def test_new_rows_from_another_program(penguins, prepared):
    """Numbers as text, another order, further columns, no target: the same features."""
    frame = pl.from_pandas(pd.read_csv(Path(__file__).with_name("penguins.csv")).astype(object).astype(str))
    frame = frame.with_columns(note=pl.lit("new")).drop("species").select(pl.all().reverse())
    columns = frame.columns[::-1]
    features = prepared.features(read_table(frame.select(columns)))
    np.testing.assert_array_equal(features, prepared.features(penguins)[::-1])
    stringly = {name: frame[name].to_list() for name in frame.columns}
    stringly["body_mass_g"] = ["heavy" if word in (None, "nan") else f"{word} " for word in stringly["body_mass_g"]]
    np.testing.assert_array_equal(prepared.features(from_mapping(stringly)), features)
    assert "'body_mass_g' holds no number in 2 rows; they are taken as missing." in prepared.surprises(
        from_mapping(stringly)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"year": "yaer"},
            "new.csv lacks the column 'year' that training had. Columns: species, island, bill_length_mm,"
            " bill_depth_mm, flipper_length_mm, body_mass_g, sex, yaer. Did you mean 'yaer'?",
        ),
        ({"sex": "gender", "island": "place"}, "new.csv lacks the columns 'island', 'sex' that training had. Columns:"),
    ],
)
def test_missing_and_renamed_columns(penguins, prepared, change, message):
    renamed = {change.get(name, name): column for name, column in penguins.columns.items()}
    with pytest.raises(DataError) as refusal:
        prepared.features(Table("new.csv", renamed, penguins.rows))
    assert str(refusal.value).startswith(message)


def test_words_where_numbers_were(prepared, penguins):
    columns = dict(penguins.columns)
    columns["year"] = columns["island"]
    with pytest.raises(DataError) as refusal:
        prepared.features(Table("new.csv", columns, penguins.rows))
    assert str(refusal.value) == (
        "Column 'year' of new.csv holds 'Torgersen' in row 1 and no number anywhere; it held numbers in training."
    )


def test_words_where_dates_were():
    days = np.datetime64("2024-01-01") + np.arange(40)
    table = from_mapping({"day": days, "y": ["p", "q"] * 20})
    fitted = Preparation.fit(table, np.arange(40), "y", "classification")
    with pytest.raises(DataError, match=r"'day' of new.csv holds 'soon' in row 2 and no date anywhere; it held dates"):
        fitted.features(from_mapping({"day": [None, "soon", "later"]}, "new.csv"))
    told = fitted.surprises(from_mapping({"day": ["2024-01-05", "31.12.2024", "soon"]}))
    assert told == ("'day' holds no date in 1 row; they are taken as missing.",)


def test_surprises():
    table = from_mapping({"size": [1.0, 2, 3, 4], "site": ["a", "b", "a", "b"], "y": ["p", "q", "p", "q"]})
    fitted = Preparation.fit(table, np.arange(4), "y", "classification")
    assert fitted.surprises(table) == ()
    assert fitted.surprises(from_mapping({"size": [1, None, None], "site": ["a", "c", None]})) == (
        "'size' is missing in 2 rows, which training never saw.",
        "'site' is missing in 1 row, which training never saw.",
        "'site' holds words that training never saw in 1 row.",
    )


def test_class_targets(penguins, prepared):
    codes = prepared.targets(penguins)
    assert codes.dtype == np.int32
    np.testing.assert_array_equal(codes, labels_of(penguins.columns["species"])[0])
    assert prepared.task == "classification"
    with pytest.raises(DataError) as refusal:
        ClassTarget("y", ("a", "b")).encode(from_mapping({"y": ["a", "z"]}).columns["y"], "new.csv")
    assert str(refusal.value) == "Target 'y' of new.csv holds 'z' in row 2; expected one of the classes a, b."
    with pytest.raises(DataError, match="holds nothing in row 1; expected one of"):
        ClassTarget("y", ("a", "b")).encode(from_mapping({"y": [None, "a"]}).columns["y"], "new.csv")
    numbers = ClassTarget("y", (9, 10))
    np.testing.assert_array_equal(numbers.encode(from_mapping({"y": [10, 9]}).columns["y"], "t"), [1, 0])
    # An integer class is the same class where the new file holds it as text, or beside words.
    np.testing.assert_array_equal(numbers.encode(from_mapping({"y": ["10", "9"]}).columns["y"], "t"), [1, 0])
    with pytest.raises(DataError, match=r"'y' is not a column of new\.csv"):
        Preparation((), numbers, ()).targets(from_mapping({"x": [1]}, name="new.csv"))


def test_declared_kinds_reach_the_features():
    frame = pd.DataFrame({"year": [2007, 2008] * 20, "size": np.arange(40) / 7, "y": ["a", "b"] * 20})
    table = from_pandas(frame)
    fitted = Preparation.fit(table, np.arange(30), "y", "classification", {"year": "category", "size": "ignored"})
    assert fitted.feature_names == ("year=2007", "year=2008")
    np.testing.assert_array_equal(fitted.features(table)[:2], np.eye(2))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            {"version": 5},
            "The preparation is of version 5; this Talweg reads versions 1 to 4. Read the run with the Talweg",
        ),
        ({"version": None}, "The preparation is of version None"),
        ({"columns": [{"kind": "spell"}]}, "The preparation is damaged (KeyError('spell')); train anew."),
        ({"columns": [{"kind": "number", "name": "x"}]}, "The preparation is damaged (ValueError("),
        ({"target": None}, "The preparation is damaged (TypeError("),
        ({"kinds": [{"name": "x"}]}, "The preparation is damaged (TypeError("),
    ],
)
def test_damaged_data(prepared, damage, message):
    with pytest.raises(RunFolderError) as refusal:
        Preparation.from_dict(prepared.to_dict() | damage)
    assert str(refusal.value).startswith(message)

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from talweg.data import builtin
from talweg.data.table import Numbers, Text
from talweg.data.task import choose_target, labels_of
from talweg.errors import DataError

WITNESSES = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast-cancer": datasets.load_breast_cancer,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
}


@pytest.mark.parametrize("name", WITNESSES)
def test_values_are_those_of_scikit_learn(name):
    table, witness = builtin.load(name), WITNESSES[name]()
    features = [column.values for name_, column in table.columns.items() if name_ != table.target]
    np.testing.assert_array_equal(np.stack(features, axis=1), witness.data)
    target = table.columns[table.target]
    if isinstance(target, Text):
        assert [target.levels[code] for code in target.codes] == [witness.target_names[code] for code in witness.target]
    else:
        np.testing.assert_array_equal(target.values, witness.target)


def test_penguins_are_those_of_the_file():
    table = builtin.load("penguins")
    with Path(__file__).with_name("penguins.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(table.columns) == list(rows[0])
    for name, column in table.columns.items():
        for row, written in enumerate(rows):
            if isinstance(column, Numbers):
                assert column.values[row] == float(written[name]) if written[name] else np.isnan(column.values[row])
            else:
                assert (column.levels[column.codes[row]] if column.codes[row] >= 0 else "") == written[name]


@pytest.mark.parametrize("name", builtin.NAMES)
def test_each_says_its_target_its_task_and_its_terms(name):
    source, table = builtin.SOURCES[name], builtin.load(name)
    target = choose_target(table)
    assert (target.name, target.task, target.missing) == (source.target, source.task, 0)
    assert str(table.rows) in source.about
    assert source.credit
    assert source.licence


def test_digits_are_whole_classes():
    assert labels_of(builtin.load("digits").columns["digit"])[1] == tuple(range(10))


def test_unknown():
    with pytest.raises(
        DataError, match=r"^No built-in table 'irsi'; there are digits, .*penguins. Did you mean 'iris'\?$"
    ):
        builtin.load("irsi")

"""Sources as Python users hand them over: frames and arrays with a target beside them, and what is none."""

import numpy as np
import pandas
import polars
import pytest

import talweg as tw
from talweg.errors import ConfigError, DataError
from talweg.run.named import named_settings, with_target

X = np.arange(60.0).reshape(30, 2)
Y = np.arange(30) % 2
FRAME = {"height [m]": X[:, 0], "width": X[:, 1]}


@pytest.mark.parametrize(
    "frame", [pandas.DataFrame(FRAME), polars.DataFrame(FRAME), FRAME], ids=["pandas", "polars", "dict"]
)
def test_the_columns_of_a_frame_keep_their_names_beside_a_target(frame):
    found = with_target(frame, Y)
    assert (list(found.columns), found.target) == (["height [m]", "width", "y"], "y")
    np.testing.assert_array_equal(found.columns["height [m]"].values, X[:, 0])
    np.testing.assert_array_equal(found.columns["y"].values, Y)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (pandas.Series(Y, name="sort"), "sort"),
        (polars.Series("sort", Y), "sort"),
        (pandas.DataFrame({"sort": Y}), "sort"),
        (polars.Series(Y), "y"),
        (Y.tolist(), "y"),
        (Y[:, None], "y"),
    ],
)
def test_a_target_has_one_value_a_row_and_the_name_that_it_came_with(target, name):
    found = with_target(pandas.DataFrame(FRAME), target)
    assert found.target == name
    np.testing.assert_array_equal(found.columns[name].values, Y)


def test_a_name_that_is_taken_is_not_given_twice():
    assert with_target({"y": X[:, 0]}, Y).target == "target"
    with pytest.raises(DataError, match=r"'width' of .* stands among the features and is the target"):
        with_target(pandas.DataFrame(FRAME), pandas.Series(Y, name="width"))


def test_columns_that_are_numbered_are_named_by_their_number():
    frame = pandas.DataFrame(np.column_stack([X, Y]))
    assert tw.check(frame, target=2).summary["target"] == "2"


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (X[:, 0], Y, r"the shape \(rows, features\), got \(30,\); .* reshape\(-1, 1\)$"),
        (X, np.eye(30), r"one value for each row, got shape \(30, 30\); .* argmax\(1\)\.$"),
        ([[1, 2], [3]], [0, 1], "The rows of the features differ in length"),
        (X, [[1, 2], [3]], "The rows of the targets differ in length"),
        (X, Y[:-1], "'y' has 29 rows and 'x0' has 30"),
    ],
)
def test_features_and_targets_that_do_not_belong_together(source, target, message):
    with pytest.raises(DataError, match=message):
        named_settings(source, target, {})


@pytest.mark.parametrize("source", [None, ""])
def test_a_source_that_is_none_is_missing(source):
    with pytest.raises(ConfigError, match="'source' is missing: name a file or a built-in data set"):
        named_settings(source, None, {})


def test_python_objects_must_be_given_again():
    with pytest.raises(DataError, match="no file called 'the data frame'; if a run was trained on Python objects"):
        tw.check("the data frame")

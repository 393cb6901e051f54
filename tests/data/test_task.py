import numpy as np
import pytest

from talweg.data.reading.frames import from_mapping
from talweg.data.table import Dates, Numbers, Text
from talweg.data.task import choose_target, infer_task, labels_of, quantities_of
from talweg.errors import ConfigError, DataError

MANY = np.arange(100.0)


@pytest.mark.parametrize(
    ("column", "task"),
    [
        (Text.of(["a", "b"]), "classification"),
        (Text.of(["False", "True"]), "classification"),
        (Numbers(np.array([0.0, 1.0])), "classification"),
        (Numbers(np.array([0.0, 1.0, np.nan])), "classification"),
        (Numbers(MANY % 10), "classification"),
        (Numbers(MANY % 20), "classification"),
        (Numbers(MANY % 21), "regression"),
        (Numbers(MANY), "regression"),
        (Numbers(MANY[:8]), "regression"),
        (Numbers(MANY % 2 + 0.5), "regression"),
    ],
)
def test_the_rule(column, task):
    assert infer_task(column)[0] == task


@pytest.mark.parametrize(
    ("names", "chosen", "reason"),
    [
        (["a", "Target", "b"], "Target", "of its name"),
        (["a", "LABEL", "b"], "LABEL", "of its name"),
        (["class", "a"], "class", "of its name"),
        (["y", "a", "target"], "target", "of its name"),
        (["a", "b"], "b", "it is the last column"),
    ],
)
def test_the_likely_target(names, chosen, reason):
    target = choose_target(from_mapping({name: ["p", "q", "p", "q"] for name in names}))
    assert target.name == chosen
    assert target.reasons == (
        f"{chosen!r} is taken as the target because {reason}.",
        "It is a classification: it holds words.",
    )


def test_what_is_named_needs_no_reason():
    target = choose_target(from_mapping({"a": [1, 2, 3], "b": [1, 2, 3]}), "a", "regression")
    assert (target.name, target.task, target.reasons) == ("a", "regression", ())


def test_rows_without_target_are_counted_and_left_out():
    target = choose_target(from_mapping({"x": [1, 2, 3, 4, 5], "y": ["a", "?", "b", "a", None]}))
    assert target.rows.tolist() == [0, 2, 3]
    assert target.missing == 2
    infinite = choose_target(from_mapping({"y": [1.5, np.inf, 2.5, np.nan]}))
    assert infinite.rows.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("columns", "name", "task", "message"),
    [
        (
            {"price": [1], "area": [2], "rooms": [3]},
            "prise",
            None,
            "'prise' is not a column of data.csv. Columns: price, area, rooms. Did you mean 'price'?",
        ),
        (
            {"y": [None, "?", ""]},
            "y",
            None,
            "Target 'y' of data.csv has no value in any of its 3 rows.",
        ),
        (
            {"y": [3, 3, None]},
            "y",
            None,
            "Target 'y' of data.csv is 3 in all 2 rows where it is known; there is nothing to learn.",
        ),
        ({"y": ["a", "a"]}, "y", None, "Target 'y' of data.csv is 'a' in all 2 rows where it is known;"),
        (
            {"name": ["ann", "bob", "cat"]},
            "name",
            None,
            "Target 'name' of data.csv has 3 different values in 3 rows, most of them in one row: one row per class"
            " leaves nothing to learn from. Choose another column, or the task regression if its values"
            " are a quantity.",
        ),
        (
            {"y": MANY.tolist()},
            "y",
            "classification",
            "Target 'y' of data.csv has 100 different values in 100 rows, most of them in one row:",
        ),
        (
            {"y": ["1", "2", "many", "3"]},
            "y",
            "regression",
            "Target 'y' of data.csv holds 'many' in row 3; a regression needs numbers. Mend the column, or use the task"
            " classification.",
        ),
        (
            {"y": ["2024-01-01", "2024-01-02"]},
            "y",
            None,
            "The target holds dates; choose a column of words or numbers.",
        ),
        ({"y": ["2024-01-01", "2024-01-02"]}, "y", "regression", "Target 'y' of data.csv holds dates; choose"),
    ],
)
def test_refusals(columns, name, task, message):
    with pytest.raises(DataError) as refusal:
        choose_target(from_mapping(columns, name="data.csv"), name, task)
    assert str(refusal.value).startswith(message)


def test_an_unknown_task():
    with pytest.raises(ConfigError, match="Unknown task 'sorting'; expected classification or regression"):
        choose_target(from_mapping({"y": [1, 2]}), task="sorting")


def test_one_rare_class_is_no_reason_to_refuse():
    target = choose_target(from_mapping({"y": ["a", "b", "a", "b", "typo"]}))
    assert len(target.rows) == 5


def test_labels_keep_their_sort_and_their_order():
    assert labels_of(Numbers(np.array([10.0, 9.0, np.nan])))[1] == (9, 10)
    assert [type(label) for label in labels_of(Numbers(np.array([1.0, 2.5])))[1]] == [int, float]
    codes, labels = labels_of(Text.of(["b", None, "a"]).take(np.array([0, 1, 0])))
    assert (codes.tolist(), labels) == ([0, -1, 0], ("b",))
    assert labels_of(Numbers(np.full(2, np.nan)))[1] == ()


def test_quantities_written_as_words():
    assert quantities_of(Text.of(["007", None, "8"]), "y", "t").values.tolist()[::2] == [7.0, 8.0]
    with pytest.raises(DataError, match="The target holds dates"):
        labels_of(Dates(np.array(["2024-01-01"], dtype="datetime64[us]")))

import numpy as np
import pytest

from talweg.data.builtin import load
from talweg.data.fingerprint import fingerprint
from talweg.data.reading.frames import from_mapping
from talweg.data.table import Text

BASE = {"a": [1.0, 2.0, None], "b": ["x", "y", None]}


@pytest.mark.parametrize(
    "changed",
    [
        {"a": [1.0, 2.0, 0.0], "b": ["x", "y", None]},
        {"a": [1.0, np.nextafter(2.0, 3.0), None], "b": ["x", "y", None]},
        {"a": [1.0, 2.0, None], "b": ["x", None, "y"]},
        {"a": [1.0, 2.0, None], "b": ["x", "z", None]},
        {"a": [2.0, 1.0, None], "b": ["y", "x", None]},
        {"b": ["x", "y", None], "a": [1.0, 2.0, None]},
        {"A": [1.0, 2.0, None], "b": ["x", "y", None]},
        {"a": [1.0, 2.0, None]},
    ],
)
def test_any_change_shows(changed):
    assert fingerprint(from_mapping(changed)) != fingerprint(from_mapping(BASE))


def test_what_is_the_same():
    assert fingerprint(from_mapping(BASE, name="one")) == fingerprint(from_mapping(BASE, name="other"))
    assert fingerprint(from_mapping({"a": [0.0]})) == fingerprint(from_mapping({"a": [-0.0]}))
    assert fingerprint(from_mapping({"a": np.float32([0.5])})) == fingerprint(from_mapping({"a": [0.5]}))


def test_words_that_stand_in_no_row_do_not_count():
    table = from_mapping(BASE)
    taken = table.take(np.array([1, 2]))
    assert fingerprint(taken) == fingerprint(from_mapping({"a": [2.0, None], "b": ["y", None]}))


def test_words_do_not_run_together():
    one, other = (from_mapping({"a": [1]}) for _ in range(2))
    one.columns["a"] = Text.of(["x\0y"])
    other.columns["a"] = Text.of(["x"])
    assert fingerprint(one) != fingerprint(other)


def test_it_never_changes():
    assert fingerprint(load("iris")).startswith("b3b513")

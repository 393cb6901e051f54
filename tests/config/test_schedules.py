"""Schedules as a person types them: what is read, and what is refused and where."""

import pytest

from talweg.config.schedules import parse_schedule, schedule_of
from talweg.descent.schedule import SHAPES
from talweg.errors import ConfigError, ExpressionError


@pytest.mark.parametrize(
    ("text", "name", "settings"),
    [
        ("cosine", "cosine", {}),
        (" cosine() ", "cosine", {}),
        ("linear", "polynomial", {}),
        ("cosine(end=0.01, warmup=0.05)", "cosine", {"end": 0.01, "warmup": 0.05}),
        ("step(0.5, 3)", "step", {"factor": 0.5, "drops": 3.0}),
        ("sgdr(growth=2, epochs=40)", "cosine_restarts", {"growth": 2.0, "epochs": 40.0}),
    ],
)
def test_good_texts(text, name, settings):
    assert parse_schedule(text) == (name, settings)


def test_every_setting_of_every_schedule_has_a_range_that_holds_its_default():
    for name, shape in SHAPES.items():
        given = ", ".join(f"{setting}={value}" for setting, value in shape.defaults.items())
        assert parse_schedule(f"{name}({given})") == (name, dict(shape.defaults))


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 1, "is not understood"),
        ("cosine(", 7, "opens a bracket that it never closes"),
        ("cosine(end=2)", 12, "end must be a number from 0 to 1, got 2,"),
        ("cosine(warmup=1)", 15, "warmup must be a number from 0 below 1, got 1,"),
        ("step(drops=2.5)", 12, "drops must be a whole number from 1 to 1000, got 2.5,"),
        ("step(factor=0)", 13, "factor must be a number above 0 below 1, got 0,"),
        ("cosine(ends=0.1)", 8, "cosine has no argument 'ends' (known: end, warmup, epochs)"),
        ("cosine(0.1, end=0.1)", 13, "cosine got 'end' twice"),
        ("cosine(end=high)", 12, "expected a number"),
        ("cosine and step", 1, "expected a schedule such as"),
        ("cosine(**{'end': 0})", 8, "has no argument None"),
    ],
)
def test_bad_texts_are_refused_where_they_are_wrong(text, position, message):
    with pytest.raises(ExpressionError) as caught:
        parse_schedule(text)
    assert message in str(caught.value)
    assert caught.value.position == position


def test_a_schedule_that_is_unknown_or_longer_than_the_training():
    with pytest.raises(ConfigError, match=r"^'onecycl' is no schedule\. .* Did you mean 'onecycle'\?$"):
        parse_schedule("onecycl")
    with pytest.raises(ConfigError, match=r"runs over 30 epochs, but the training ends after 20; leave epochs=30 away"):
        schedule_of("cosine(epochs=30)", 1, 5, 20)


def test_a_schedule_is_as_long_as_the_training_unless_it_says():
    assert schedule_of("cosine", 2, 5, 20).settings["length"].tolist() == [100, 100]
    assert schedule_of("cosine(epochs=10)", 1, 5, 20).settings["length"].tolist() == [50]
    assert schedule_of("plateau", 1, 5, 20).settings["epoch"].tolist() == [5]

"""Settings that are lists: which member has which value and start."""

import itertools

import pytest

from talweg.config.grid import grid_of, with_members
from talweg.config.settings import SWEPT, Settings, make_settings
from talweg.errors import ConfigError


def settings(**given):
    return make_settings({"source": "iris", **given})


def test_every_combination_is_tried_from_the_same_starts():
    grid = grid_of(settings(learning_rate=[0.1, 0.2], dropout=[0.0, 0.3, 0.5], members=12))
    assert grid.names == ("learning_rate", "dropout")
    assert grid.starts == 2
    columns = (grid.of("learning_rate").tolist(), grid.of("dropout").tolist(), grid.start_numbers().tolist())
    seen = list(zip(*columns, strict=True))
    assert sorted(seen) == sorted(itertools.product((0.1, 0.2), (0.0, 0.3, 0.5), (0, 1)))
    assert [seen[m][:2] for m in grid.members_of(4)] == [(0.2, 0.3)] * 2


def test_without_a_list_every_member_has_a_start_of_its_own():
    grid = grid_of(settings(members=5, learning_rate=0.1))
    assert (grid.names, grid.starts, grid.members) == ((), 5, 5)
    assert grid.start_numbers().tolist() == [0, 1, 2, 3, 4]


def test_members_that_nobody_counted_are_as_many_as_the_lists_divide():
    assert with_members(settings()).members == 8
    assert with_members(settings(momentum=[0.1, 0.5, 0.9])).members == 9
    assert with_members(settings(momentum=[0.1, 0.5, 0.9], dropout=[0.1, 0.2, 0.3, 0.4])).members == 12
    assert with_members(settings(momentum=[0.1, 0.5, 0.9], members=6)).members == 6
    assert with_members(settings(folds=5)).members == 5
    assert with_members(settings(folds=5, momentum=[0.1, 0.5, 0.9])).members == 15
    # What lists and folds ask for is asked for: no other default takes its place.
    assert "members" in with_members(settings(folds=8)).model_fields_set
    assert "members" not in with_members(settings()).model_fields_set


@pytest.mark.parametrize("name", SWEPT)
def test_every_setting_that_may_be_a_list_takes_one(name):
    assert name in Settings.model_fields
    assert grid_of(settings(**{name: [0.1, 0.2], "members": 4})).of(name).tolist() == [0.1, 0.1, 0.2, 0.2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"learning_rate": [1, 2, 3, 4, 5], "members": 12},
            "12 members cannot be shared evenly among 5 values (5 of learning_rate); take 10 or 15 members",
        ),
        (
            {"learning_rate": [1, 2], "momentum": [0.1, 0.2], "members": 3},
            "3 members cannot be shared evenly among 4 values (2 of learning_rate and 2 of momentum); take 4 members",
        ),
        ({"dropout": [0.1, 0.1], "members": 2}, "dropout lists a value twice: 0.1, 0.1"),
    ],
)
def test_lists_that_do_not_fit(given, message):
    with pytest.raises(ConfigError) as caught:
        grid_of(settings(**given))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"momentum": [0.1, 1.2]}, "momentum must be less than 1, got 1.2"),
        ({"learning_rate": [0.1, "fast"]}, "learning_rate must be a number or 'usual' or 'auto', got 'fast'"),
        ({"learning_rate": []}, "learning_rate must be a number or 'usual' or 'auto', got []"),
    ],
)
def test_what_is_wrong_in_a_list_is_said(given, message):
    with pytest.raises(ConfigError) as caught:
        settings(**given)
    assert str(caught.value) == message

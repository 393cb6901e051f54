"""Every way of dealing rows to parts: what it promises, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.model_selection import StratifiedKFold

from talweg.data.parts import Plan, deal, given_column
from talweg.data.reading.frames import from_mapping
from talweg.data.split import Fractions, deal_folds
from talweg.data.task import choose_target
from talweg.data.together import split_by_time, split_groups
from talweg.errors import ConfigError, DataError


def table_of(**columns):
    return from_mapping(columns)


def dealt(table, target="y", **plan):
    return deal(table, choose_target(table, target), Plan(**plan))[0]


def parts_of(split):
    return split.train, split.validation, split.test


@settings(max_examples=50)
@given(st.lists(st.integers(0, 12), min_size=30, max_size=200), st.integers(0, 5))
def test_a_group_stays_in_one_part(codes, seed):
    groups = np.unique(codes, return_inverse=True)[1]
    if groups.max() < 2:
        return
    parts = parts_of(split_groups(groups, Fractions(), seed))
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(groups)))
    held = [set(groups[rows]) for rows in parts]
    assert all(held)
    assert not (held[0] & held[1])
    assert not (held[0] & held[2])
    assert not (held[1] & held[2])


def test_groups_of_one_size_fill_the_shares_in_each_class():
    groups = np.repeat(np.arange(200), 5)
    strata = (groups % 4 == 0).astype(np.int64)
    parts = split_groups(groups, Fractions(), 0, strata)
    assert [len(rows) for rows in parts_of(parts)] == pytest.approx([700, 150, 150], abs=10)
    assert [strata[rows].mean() for rows in parts_of(parts)] == pytest.approx([0.25] * 3, abs=0.04)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 40), min_size=20, max_size=100).filter(lambda days: len(set(days)) > 12))
def test_the_past_trains_and_rows_of_one_instant_stay_together(days):
    when = np.array(days, float)
    try:
        train, validation, test = parts_of(split_by_time(when, Fractions()))
    except DataError:
        return
    assert when[train].max() < when[validation].min()
    assert when[validation].max() < when[test].min()
    assert len(train) + len(validation) + len(test) == len(when)


def test_by_content_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(0)
    x, word, y = rng.normal(size=2000), rng.choice(["a", "b", "c"], 2000), rng.normal(size=2000)
    order = rng.permutation(2000)
    one = dealt(table_of(x=x, word=word, y=y), by="hash")
    other = dealt(table_of(y=y[order], word=word[order], x=x[order]), by="hash")
    for mine, theirs in zip(parts_of(one), parts_of(other), strict=True):
        np.testing.assert_array_equal(mine, np.sort(order[theirs]))
    # 70/15/15 of 2000, to four standard deviations
    assert [len(rows) for rows in parts_of(one)] == pytest.approx([1400, 300, 300], abs=82)
    fewer = dealt(table_of(x=x[:1500], word=word[:1500], y=y[:1500]), by="hash")
    np.testing.assert_array_equal(fewer.test, one.test[one.test < 1500])
    assert not np.array_equal(dealt(table_of(x=x, word=word, y=y), by="hash", seed=1).test, one.test)


def test_by_content_of_a_group_the_group_stays_together():
    site = np.repeat(np.arange(100), 3)
    table = table_of(site=site, x=np.arange(300.0), y=np.arange(300) * 0.5)
    parts = parts_of(dealt(table, by="hash", group="site"))
    held = [set(site[rows]) for rows in parts]
    assert sum(map(len, held)) == 100


def test_a_split_column_wins():
    words = ["train"] * 6 + ["Val", "valid", "test", "holdout"]
    table = table_of(x=np.arange(10.0), split=words, y=np.arange(10) * 0.5)
    target = choose_target(table, "y")
    parts, notes = deal(table, target, Plan())
    assert [rows.tolist() for rows in parts_of(parts)] == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    assert "Column 'split' says" in notes[0]
    assert Plan().columns(table) == ("split",)
    # Declared to be a feature, or with other words in it, it is a column like any other.
    assert len(deal(table, target, Plan(given=False))[0].train) == 7
    assert given_column(table_of(split=["train", "express"], y=[1, 2])) is None


def test_where_a_split_column_names_no_validation_training_gives_some_of_each_class():
    words, kind = ["train"] * 60 + ["test"] * 20, ["a", "a", "b"] * 20 + ["a"] * 20
    table = table_of(split=words, who=[f"p{row // 2}" for row in range(80)], x=np.arange(80.0), kind=kind)
    target = choose_target(table, "kind")
    parts, notes = deal(table, target, Plan())
    assert parts.test.tolist() == list(range(60, 80))
    assert sorted([*parts.train, *parts.validation]) == list(range(60))
    assert "It names none for validation, for which 11 of 60 training rows are set apart; --split 85/0/15" in notes[0]
    assert sorted(kind[row] for row in parts.validation) == ["a"] * 7 + ["b"] * 4
    same, other = (deal(table, target, Plan(seed=seed))[0].validation for seed in (0, 1))
    np.testing.assert_array_equal(parts.validation, same)
    assert other.tolist() != same.tolist()
    together = deal(table, target, Plan(group="who"))[0].validation // 2
    assert set(np.bincount(together)) == {0, 2}
    for plan in (Plan(fractions=Fractions.parse("85/0/15")), Plan(folds=3)):
        assert not len(deal(table, target, plan)[0].validation)
    few = table_of(split=["train", "train", "test"], x=[1, 2, 3], y=[0.5, 1.5, 2.5])
    assert deal(few, choose_target(few, "y"), Plan())[0].train.tolist() == [0, 1]


def test_folds_hold_out_every_row_once_and_spread_the_classes():
    y = np.repeat(["a", "b", "c"], [50, 25, 15])
    table = table_of(x=np.arange(90.0), y=y)
    parts = dealt(table, folds=5)
    assert len(parts.validation) == 0
    assert len(parts.train) + len(parts.test) == 90
    counts = np.array([[np.sum((parts.fold == f) & (y[parts.train] == label)) for label in "abc"] for f in range(5)])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert (np.ptp(counts.sum(1)) <= 1).all()
    theirs = StratifiedKFold(5).split(np.zeros(len(parts.train)), y[parts.train])
    sizes = sorted(len(held) for _, held in theirs)
    assert sorted(np.bincount(parts.fold)) == sizes
    marks = parts.marks(90)
    assert set(marks) == {2, 10, 11, 12, 13, 14}


def test_folds_keep_groups_together():
    site = np.repeat(np.arange(30), 4)
    table = table_of(site=site, x=np.arange(120.0), y=np.arange(120) * 0.5)
    parts = dealt(table, folds=4, group="site")
    per_site = [set(parts.fold[site[parts.train] == s]) for s in np.unique(site[parts.train])]
    assert all(len(folds) == 1 for folds in per_site)


def test_folds_are_of_equal_size():
    assert sorted(np.bincount(deal_folds(23, 5)).tolist()) == [4, 4, 5, 5, 5]


GAPS = {
    "group": (["a", None, "b", "c"] * 10, "Column 'g' of the columns names no group in row 2; fill it in"),
    "time": (
        ["2024-01-01", "2024-01-02", "soon", "2024-01-04"] * 10,
        "Column 'g' of the columns holds 'soon' in row 3",
    ),
}


@pytest.mark.parametrize("way", GAPS)
def test_a_gap_is_named_by_its_row(way):
    values, message = GAPS[way]
    with pytest.raises(DataError) as refusal:
        dealt(table_of(g=values, x=np.arange(40.0), y=np.arange(40) * 0.5), **{way: "g"})
    assert str(refusal.value).startswith(message)


REFUSED = [
    ({"group": "g"}, "2 groups cannot fill 3 parts (train, validation, test); give more groups or another split."),
    ({"group": "h"}, "'h' is not a column of the columns. Columns: g, x, y."),
    ({"time": "g"}, "2 different instants split 70/15/15 leave none for"),
    ({"folds": 50}, "34 rows cannot fill 50 folds; take fewer folds."),
]


@pytest.mark.parametrize(("plan", "message"), REFUSED)
def test_too_few(plan, message):
    with pytest.raises(DataError) as refusal:
        dealt(table_of(g=[1, 2] * 20, x=np.arange(40.0), y=np.arange(40) * 0.5), **plan)
    assert str(refusal.value).startswith(message)


def test_a_gap_in_the_split_column_is_named():
    with pytest.raises(DataError, match="Column 'split' of the columns says nothing in row 3; expected train"):
        dealt(table_of(split=["train", "test", None], x=[1, 2, 3], y=[0.5, 1.5, 2.5]))


def test_time_excludes_the_others():
    with pytest.raises(ConfigError, match="time and group exclude each other"):
        Plan(time="a", group="b")

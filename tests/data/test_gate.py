"""Each check finds what it looks for, names the rows or columns, and is silent on tables without that fault."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from talweg.data.clean import Preparation
from talweg.data.gate.columns import _largest_distance
from talweg.data.gate.finding import GRADES, Case
from talweg.data.gate.gate import inspect
from talweg.data.parts import Plan, deal, given_column
from talweg.data.reading.frames import from_mapping
from talweg.data.rowhash import feature_hashes, row_hashes, shares
from talweg.data.task import choose_target

RNG = np.random.default_rng(7)
ROWS = 300


def looked_over(columns, target="y", task=None, kinds=None, **plan):
    table = from_mapping(columns)
    chosen = choose_target(table, target, task)
    plan = Plan(**plan)
    parts, _ = deal(table, chosen, plan)
    aside = dict.fromkeys(plan.columns(table), "aside")
    preparation = Preparation.fit(table, parts.train, target, chosen.task, kinds, aside)
    features = preparation.features(table.take(chosen.rows))
    return inspect(Case(table, chosen, parts, preparation, features, plan.group, plan.time, given_column(table)))


def sound():
    """A table with which nothing is wrong."""
    x, z, noise = np.random.default_rng(8).normal(size=(3, ROWS))
    return {"x": x, "z": z, "y": np.where(x + z + noise > 0, "up", "down")}


def test_a_sound_table_passes_in_silence():
    assert inspect_checks(sound()) == []


def inspect_checks(columns, **options):
    return [finding.check for finding in looked_over(columns, **options).findings]


def copies():
    columns = {name: values.copy() for name, values in sound().items()}
    for name in columns:
        columns[name][150:180] = columns[name][:30]
    return columns


def same_after_cleaning():
    columns = copies()
    return columns | {"note": np.where(np.arange(ROWS) < 150, "seen once", "seen twice"), "z2": columns["z"]}


def conflicts():
    columns = sound()
    for name in ("x", "z"):
        columns[name] = np.round(columns[name])
    return columns


def with_column(name, values):
    return sound() | {name: values}


def with_target(values):
    return {name: values_ for name, values_ in sound().items() if name != "y"} | {"y": values}


def sites():
    return with_column("patient_id", np.repeat(np.arange(60), 5) * 7)


def rare_class(rare):
    return with_target(np.array(["rare"] * rare + ["common"] * (ROWS - rare)))


def given_split(**columns):
    words = np.array(["train"] * 200 + ["validation"] * 50 + ["test"] * 50)
    return sound() | {"split": words} | columns


def drifting():
    columns = given_split()
    columns["x"] = columns["x"] + np.where(columns["split"] == "test", 3.0, 0.0)
    return columns


def drifting_words():
    word = np.array(["a", "b"] * 100 + ["a", "b"] * 25 + ["b"] * 50)
    return given_split(word=word)


DAYS = np.datetime64("2024-01-01") + RNG.permutation(ROWS).astype("timedelta64[D]")
GAP = np.where(np.arange(ROWS) % 4 < 3, np.nan, RNG.normal(size=ROWS))
INFINITE = np.where(np.arange(ROWS) == 4, np.inf, RNG.normal(size=ROWS))
SECRET = sound()

FAULTS = {
    "duplicates": (copies(), {}, "warning", "value for value"),
    "label_conflicts": (conflicts(), {}, "warning", "share all their features with a row of another class"),
    "group_leak": (sites(), {}, "warning", "values of 'patient_id' stand in more than one part"),
    "time_leak": (with_column("day", DAYS), {}, "note", "By 'day', "),
    "missing_target": (
        with_target([None, *["a", "b"] * 149, "a"]), {}, "note", "missing in 1 row; they are left out.",
    ),
    "other_task": (with_target(np.arange(ROWS) // 10), {"task": "classification"}, "warning", "30 different numbers"),
    "classes_missing": (given_split(y=np.array(["a", "b"] * 125 + ["c"] * 50)), {}, "error", "no row of class 'c'"),
    "single_row_class": (rare_class(1), {}, "warning", "Class 'rare' stands in one row only"),
    "imbalance": (rare_class(5), {}, "warning", "always saying 'common' is right in 98.3 % of the rows"),
    "give_away": (SECRET | {"copy": np.where(SECRET["y"] == "up", 1, 0)}, {}, "error", "'copy' is the target again"),
    "identifier": (with_column("count", np.arange(ROWS)), {}, "warning", "'count' numbers the rows one by one"),
    "constant": (with_column("same", np.ones(ROWS)), {}, "note", "Column 'same' is the same in every training row"),
    "duplicate": (SECRET | {"x2": SECRET["x"]}, {}, "note", "Column 'x2' is another column again"),
    "text": (
        with_column("said", [f"this is sentence number {i} of them" for i in range(ROWS)]), {}, "note",
        "Column 'said' is free text: 11 words and pairs of words",
    ),
    "numbers_with_units": (
        with_column("share", [f"{i % 40 + 1} %" for i in range(ROWS)]), {}, "warning",
        "Column 'share' holds numbers with '%' beside them, such as '1 %'; it is taken as words.",
    ),
    "slashed_dates": (
        with_column("day", [f"{i % 12 + 1}/{i % 28 + 1}/2024" for i in range(ROWS)]), {}, "warning",
        "Column 'day' holds dates such as '1/1",
    ),
    "non_finite": (with_column("ratio", INFINITE), {}, "warning", "Column 'ratio' is infinite in 1 row"),
    "mostly_missing": (with_column("gap", GAP), {}, "note", "Column 'gap' is missing in 75 % of the rows"),
    "drift": (drifting(), {}, "warning", "Column 'x' drifts: its median is"),
    "many_features": (
        {f"x{i}": RNG.normal(size=30) for i in range(40)} | {"y": ["a", "b"] * 15}, {}, "note", "40 features and 21",
    ),
    "duplicates_after_cleaning": (
        same_after_cleaning(), {"kinds": {"note": "ignore"}}, "warning", "once they are cleaned",
    ),
}  # fmt: skip


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_is_found_and_named(check):
    columns, options, grade, sentence = FAULTS[check]
    found = [finding for finding in looked_over(columns, **options).findings if finding.check == check]
    assert found, check
    assert found[0].grade == grade
    assert sentence in found[0].sentence
    assert found[0].mend
    assert "\n" not in found[0].sentence + found[0].mend


def test_rows_are_counted_from_one_and_copies_named_in_pairs():
    finding = next(f for f in looked_over(copies()).findings if f.check == "duplicates")
    table = from_mapping(copies())
    assert finding.count >= len(finding.rows) > 3
    assert all(1 <= row <= 30 or 151 <= row <= 180 for row in finding.rows)
    assert table.rows == ROWS
    infinite = next(f for f in looked_over(with_column("ratio", INFINITE)).findings if f.check == "non_finite")
    assert infinite.rows == (5,)


def test_words_drift_too():
    found = [f.sentence for f in looked_over(drifting_words()).findings if f.check == "drift"]
    assert any("'a' in 50 % of the training rows and 0 % of the test rows" in sentence for sentence in found)


def test_what_the_source_tears_apart_is_an_error_where_it_was_to_be_kept():
    report = looked_over(given_split(site=np.arange(ROWS) % 10), group="site")
    assert [f.check for f in report.graded("error")] == ["group_leak"]
    days = np.datetime64("2024-01-01") + np.arange(ROWS)[::-1].astype("timedelta64[D]")
    report = looked_over(given_split(day=days), time="day")
    assert [f.check for f in report.graded("error")] == ["time_leak"]


def test_groups_kept_together_and_the_past_trained_on_do_not_leak():
    assert "group_leak" not in inspect_checks(sites(), group="patient_id")
    assert "time_leak" not in inspect_checks(with_column("day", DAYS), time="day")
    assert "duplicates" not in inspect_checks(copies(), by="hash")


def test_a_quantity_again_in_another_unit_is_the_target_again():
    x, y = np.random.default_rng(9).normal(size=(2, ROWS))
    columns = {"x": x, "inches": y / 2.54, "y": y}
    assert [f.columns for f in looked_over(columns).graded("error")] == [("inches",)]
    # The only column of a small exercise may be the rule itself.
    assert not looked_over({"x": y * 2 + 1, "y": y}).graded("error")


def test_the_worst_comes_first():
    columns = SECRET | {"copy": np.where(SECRET["y"] == "up", 1, 0), "same": np.ones(ROWS), "count": np.arange(ROWS)}
    report = looked_over(columns)
    order = [GRADES.index(finding.grade) for finding in report.findings]
    assert order == sorted(order)
    plain = report.to_dict()
    assert (plain["errors"], len(plain["findings"])) == (1, len(order))


def test_the_largest_distance_is_scipys():
    draw = np.random.default_rng(10)
    one, other = draw.normal(size=80), draw.normal(0.4, 2, size=130)
    assert _largest_distance(one, other) == pytest.approx(ks_2samp(one, other).statistic)


def test_hashes_tell_rows_apart_and_nothing_else():
    table = from_mapping({"a": [0.0, -0.0, np.nan, np.nan, 1.0], "b": ["x", "x", None, None, "x"]})
    hashes = row_hashes(table, ("a", "b"))
    assert hashes[0] == hashes[1]
    assert hashes[2] == hashes[3]
    assert len(set(hashes.tolist())) == 3
    many = shares(row_hashes(from_mapping({"a": np.arange(10_000)}), ("a",)))
    assert len(np.unique(many)) == 10_000
    assert np.histogram(many, 10, (0, 1))[0] == pytest.approx(1000, abs=150)
    swapped = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]], np.float32)
    one, two, three = feature_hashes(swapped)
    assert one == three != two


def test_a_skewed_target_is_told_with_its_remedy():
    x = np.random.default_rng(0).normal(size=ROWS)
    (told,) = [one for one in looked_over({"x": x, "y": np.exp(0.8 * x)}).findings if one.check == "skewed_target"]
    assert (told.grade, told.columns) == ("note", ("y",))
    assert "(skewness " in told.sentence
    assert "--target-scale log" in told.mend
    # Where the logarithm is learned, the run's notes say so instead.
    for values in (x, np.exp(3 * x)):
        assert "skewed_target" not in inspect_checks({"x": x, "y": values})

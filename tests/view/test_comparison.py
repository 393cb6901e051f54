"""Runs side by side: intervals as SciPy gives them, and no winner within the noise."""

import dataclasses
import re

import numpy as np
import pytest
import scipy.stats

from talweg.errors import ConfigError
from talweg.record.evaluation import Evaluation
from talweg.view.report.compared import comparison_page, verdict_words
from talweg.view.telling.comparison import compare
from talweg.view.telling.told import Told, read_run
from talweg.view.telling.wording import tongue

ROWS = 400


def made(told, name, accuracies, right, *, seed=0, members=None, **settings):
    """A run with given accuracies of the members on test, and a share of test rows that its ensemble has right."""
    generator = np.random.default_rng(5)
    target = np.arange(ROWS) % 3
    order = generator.permutation(ROWS)
    said = np.where(np.isin(np.arange(ROWS), order[: int(right * ROWS)]), target, (target + 1) % 3)
    probabilities = np.eye(3)[said]
    members = [
        {"member": nth, "outcome": {"kind": "max_epochs", "epoch": 3, "sentence": ""}, "epochs": 3, "best_epoch": 3,
         "validation": None, "test": {"accuracy": value, "loss": 1 - value}}
        for nth, value in enumerate(accuracies)
    ]  # fmt: skip
    summary = {
        **told.summary,
        "run": {**told.summary["run"], "name": name, "seed": seed},
        "members": members,
        "spread": {"test": {"accuracy": {"mean": float(np.mean(accuracies)), "std": 0.0, "worst": 0.0, "best": 1.0}}},
        "ensemble": {"members": list(range(len(members))), "test": {"accuracy": right}},
    }
    kept = Evaluation(ROWS, np.arange(ROWS), target, probabilities, np.tile(said, (len(members), 1)))
    return dataclasses.replace(
        told,
        summary=summary,
        evaluation={"test": kept},
        settings={**told.settings, "members": len(members), **settings},
        place=name,
    )


@pytest.fixture
def told(told_runs) -> Told:
    return read_run(told_runs["classification"].folder)


def test_intervals_over_starts_and_rows_agree_with_scipy(told):
    one, other = [0.8, 0.82, 0.79, 0.83], [0.85, 0.86, 0.86, 0.88]
    found = compare([made(told, "a", one, 0.8), made(told, "b", other, 0.9, hidden=[4])])
    assert found.settings == {"hidden": ["8", "4"]}
    (verdict,) = found.verdicts
    starts, rows = verdict.intervals
    theirs = scipy.stats.ttest_rel(other, one).confidence_interval()
    assert (starts.low, starts.high) == pytest.approx((theirs.low, theirs.high))
    kept = [run.evaluation["test"] for run in found.runs]
    hits = [(part.ensemble.argmax(1) == part.target).astype(float) for part in kept]
    theirs = scipy.stats.ttest_rel(hits[1], hits[0]).confidence_interval()
    assert (rows.low, rows.high) == pytest.approx((theirs.low, theirs.high))
    assert verdict.better == "b"


def test_members_of_other_numbers_are_compared_unpaired(told):
    one, other = [0.8, 0.82, 0.79, 0.83], [0.85, 0.86, 0.88]
    (verdict,) = compare([made(told, "a", one, 0.8), made(told, "b", other, 0.9)]).verdicts
    theirs = scipy.stats.ttest_ind(other, one, equal_var=False).confidence_interval()
    assert not verdict.intervals[0].paired
    assert (verdict.intervals[0].low, verdict.intervals[0].high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize(
    ("one", "other", "rights"),
    [
        ([0.8, 0.9, 0.7], [0.9, 0.8, 0.7], (0.8, 0.9)),  # the starts do not tell
        ([0.80, 0.81, 0.80], [0.90, 0.91, 0.92], (0.8, 0.802)),  # the rows do not tell
        ([0.90, 0.91, 0.92], [0.80, 0.81, 0.80], (0.8, 0.9)),  # they say opposite things
        ([0.8], [0.9], (0.8, 0.9)),  # one member says nothing of its start
    ],
)
def test_there_is_no_winner_within_the_noise(told, one, other, rights):
    runs = [made(told, "a", one, rights[0]), made(told, "b", other, rights[1], hidden=[4])]
    (verdict,) = compare(runs).verdicts
    assert verdict.better == ""
    assert verdict_words(verdict, tongue("en")).startswith("No winner between a and b")
    assert verdict_words(verdict, tongue("de")).startswith("Kein Sieger zwischen a und b")


def test_a_run_is_no_better_than_itself(told_runs):
    run = read_run(told_runs["regression"].folder)
    other = dataclasses.replace(run, settings={**run.settings, "hidden": [5]})
    (verdict,) = compare([run, other]).verdicts
    assert verdict.better == ""
    assert all(interval.mean == 0 for interval in verdict.intervals)


def test_shared_seeds_are_taken_together_with_the_corrected_variance(told):
    one, other = [0.80, 0.82, 0.81, 0.80], [0.85, 0.88, 0.85, 0.86]
    runs = [made(told, f"a{seed}", [value, value], value, seed=seed) for seed, value in enumerate(one)]
    runs += [made(told, f"b{seed}", [value, value], value, seed=seed, hidden=[4]) for seed, value in enumerate(other)]
    (verdict,) = compare(runs).verdicts
    (interval,) = verdict.intervals
    differences = np.subtract(other, one)
    sizes = told.summary["split"]
    error = differences.std(ddof=1) * np.sqrt(1 / 4 + sizes["test"] / sizes["train"])
    half = scipy.stats.t.ppf(0.975, 3) * error
    assert (interval.pairs, interval.over) == (4, "seeds")
    assert (interval.low, interval.high) == pytest.approx((differences.mean() - half, differences.mean() + half))
    assert verdict.better == "b0"


@pytest.mark.parametrize(("change", "why"), [("data", "other data"), ("seed", "share no seed")])
def test_what_cannot_be_compared_is_said(told, change, why):
    one, other = (
        made(told, "a", [0.8, 0.9], 0.8),
        made(told, "b", [0.8, 0.9], 0.8, hidden=[4], seed=int(change == "seed")),
    )
    if change == "data":
        other.summary["data"] = {**other.summary["data"], "fingerprint": "another"}
    (verdict,) = compare([one, other]).verdicts
    assert why in verdict_words(verdict, tongue("en"))
    with pytest.raises(ConfigError, match="two runs or more, got 1"):
        compare([one])


@pytest.mark.parametrize("lang", ["en", "de"])
def test_the_page_holds_settings_curves_and_the_verdict(told_runs, lang):
    runs = [read_run(told_runs[kind].folder) for kind in ("classification", "one_member", "diverged", "hostile")]
    page = comparison_page(compare(runs), lang=lang)
    for section in ("verdict", "settings", "curves", "reached"):
        assert f'<section id="{section}"' in page
    assert not re.search(r"\bnan\b", page)
    assert "<script>alert" not in page
    assert page.count('<svg class="chart') >= 4

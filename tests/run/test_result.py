"""A finished run: opened again, what it predicts, and whose prediction that is."""

import inspect
import json

import numpy as np
import polars as pl
import pytest

import talweg as tw
from talweg.data.builtin import load
from talweg.errors import ConfigError, DataError, RunFolderError
from talweg.run.prediction import members_named


def test_a_run_opened_again_predicts_the_same(run):
    again = tw.open_run(run.folder.path)
    assert again.settings == run.settings
    assert again.summary == run.summary
    for name in run.history.names:
        np.testing.assert_array_equal(again.history[name], run.history[name])
    for member in ("ensemble", "best", 0):
        ours, theirs = (some.predict(run.settings.source, member) for some in (run, again))
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.spread, theirs.spread)
        if ours.probabilities is not None:
            np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)


def test_the_ensemble_is_the_mean_of_its_members_and_the_spread_their_deviation(run):
    source, members = run.settings.source, range(run.settings.members)
    ensemble = run.predict(source)
    each = [run.predict(source, member) for member in members]
    if ensemble.probabilities is None:
        values = np.stack([one.values for one in each])
        np.testing.assert_allclose(ensemble.values, values.mean(0), rtol=1e-6)
        np.testing.assert_allclose(ensemble.spread, values.std(0), rtol=1e-4, atol=1e-6)
        return
    stacked = np.stack([one.probabilities for one in each])
    np.testing.assert_allclose(ensemble.probabilities, stacked.mean(0), rtol=1e-12)
    place = stacked.mean(0).argmax(1)
    np.testing.assert_array_equal(ensemble.values, np.array(ensemble.classes)[place])
    np.testing.assert_allclose(ensemble.spread, stacked.std(0)[np.arange(len(place)), place], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(ensemble.probabilities.sum(1), 1.0)


def test_the_best_member_has_the_lowest_validation_loss(run):
    losses = [entry["validation"]["loss"] for entry in run.summary["members"]]
    assert run.best_member() == np.argmin(losses)
    ours, theirs = (run.predict(run.settings.source, m) for m in ("best", run.best_member()))
    np.testing.assert_array_equal(ours.values, theirs.values)


def test_rows_are_predicted_in_the_order_given_and_each_by_itself(run):
    table = load(run.settings.source)
    order = np.random.default_rng(0).permutation(table.rows)
    whole, turned, one = (run.predict(some) for some in (table, table.take(order), table.take(order[:1])))
    np.testing.assert_array_equal(turned.values, whole.values[order])
    np.testing.assert_allclose(turned.spread, whole.spread[order], rtol=1e-4, atol=1e-6)
    assert one.values[0] == pytest.approx(turned.values[0]) if whole.probabilities is None else True
    assert len(one.values) == 1


def test_columns_of_a_prediction(runs):
    frame = runs["iris"].predict("iris").frame()
    assert frame.columns == ["prediction", "p_setosa", "p_versicolor", "p_virginica", "spread"]
    assert frame.height == 150
    assert runs["diabetes"].predict("diabetes").frame().columns == ["prediction", "spread"]


def test_the_target_may_be_absent_and_other_columns_must_not(runs):
    table = load("iris")
    columns = {name: column.values for name, column in table.columns.items() if name != "species"}
    said = runs["iris"].predict(pl.DataFrame(columns))
    np.testing.assert_array_equal(said.values, runs["iris"].predict("iris").values)
    first = next(iter(columns))
    with pytest.raises(DataError, match=f"lacks the column '{first}' that training had"):
        runs["iris"].predict({name: values for name, values in columns.items() if name != first})


@pytest.mark.parametrize("member", [3, -1, 100])
def test_no_such_member(runs, member):
    with pytest.raises(ConfigError) as caught:
        runs["iris"].predict("iris", member)
    assert str(caught.value) == (
        f"there is no member {member}; the run has 3, numbered from 0 to 2. Or take 'best' or 'ensemble'"
    )


def test_a_damaged_run_is_told_in_one_line(runs, tmp_path):
    import shutil

    for name, content in {
        "run.toml": b"members = 0\nsource = 'iris'\n",
        "summary.json": b"{",
        "preparation.json": json.dumps({"version": 99}).encode(),
        "params.safetensors": b"\x00" * 30,
        "history.jsonl": b"",
    }.items():
        copy = tmp_path / name
        shutil.copytree(runs["iris"].folder.path, copy)
        (copy / name).write_bytes(content)
        with pytest.raises(RunFolderError) as caught:
            tw.open_run(copy)
        assert len(str(caught.value).splitlines()) == 1, name


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(RunFolderError, match="holds no run"):
        tw.open_run(tmp_path)


def test_a_result_in_a_shell_is_one_short_line(run):
    told = [
        run.predict(run.settings.source),
        run.history,
        run.report(),
        tw.replay(run.folder.path, "epochs(2)"),
        tw.verify(run.folder.path),
        tw.schedules("cosine"),
        tw.sketch("x^2"),
    ]
    for each in map(repr, told):
        assert each.startswith("<")
        assert len(each.splitlines()) == 1
        assert len(each) < 200
    assert "<table" in run.predict(run.settings.source)._repr_html_()


@pytest.mark.parametrize("member", ["worst", None, 1.5, "1"])
def test_a_member_that_is_no_number_is_told(runs, member):
    # As outside the tests, which would check the types.
    named = inspect.unwrap(members_named)
    with pytest.raises(ConfigError, match=f"^member is 'ensemble', 'best' or a member's number, got {member!r}$"):
        named(runs["iris"], member)


def test_a_curve_that_is_none_is_told_with_the_nearest(run):
    with pytest.raises(KeyError, match=r"'validation_los' is no curve.*Did you mean 'validation_loss'"):
        _ = run.history["validation_los"]

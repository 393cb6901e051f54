"""Training end to end: what is written, what comes back, what the settings change."""

import dataclasses
import json

import numpy as np
import pytest

import talweg as tw
from talweg.config.settings import make_settings, read_toml
from talweg.data.builtin import load
from talweg.errors import ConfigError, DataError, ExpressionError, RunFolderError, TalwegError
from talweg.record.folder import FILES, REACHED
from talweg.run.api import train_settings

SMALL = {"members": 2, "hidden": (), "max_epochs": 3, "optimizer": "sgd"}


def leaves(params):
    return {f"{layer}/{name}": array for layer, its in params.items() for name, array in its.items()}


def assert_same_params(one, two):
    one, two = leaves(one), leaves(two)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_all_files_are_written_and_named_in_the_summary(run):
    assert {path.name for path in run.folder.path.iterdir()} == set(FILES)
    assert set(run.summary["files"].values()) == {str(run.folder.path / name) for name in FILES}
    written = json.loads((run.folder.path / "summary.json").read_text())
    assert written.pop("seal")["files"].keys() == set(REACHED)
    assert written == run.summary == run.folder.summary()


def test_the_settings_written_train_the_same_run_again(runs):
    run = runs["iris"]
    again = train_settings(make_settings(read_toml(run.folder.path / "run.toml")))
    assert again.settings == run.settings
    assert_same_params(again.params, run.params)
    assert [m["outcome"] for m in again.summary["members"]] == [m["outcome"] for m in run.summary["members"]]


def test_nothing_is_written_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tw.train("iris", **SMALL)
    assert run.folder is None
    assert run.summary["files"] == {}
    assert list(tmp_path.iterdir()) == []
    assert "2 members" in repr(run)
    with pytest.raises(ConfigError, match="not written to a folder"):
        tw.verify(run)


def test_a_run_stands_for_its_folder(run):
    assert tw.verify(run).whole
    assert_same_params(tw.open_run(run).params, run.params)
    assert tw.rerun(run).verdict == "identical"


def test_progress_is_the_history(tmp_path):
    told = []
    run = tw.train("iris", progress=told.append, **SMALL)
    assert [progress.epoch for progress in told] == [0, 1, 2, 3] == run.history.epoch.tolist()
    for name in run.history.names:
        for place, progress in enumerate(told[1:], 1):
            np.testing.assert_array_equal(progress.curves[name], run.history[name][place])
    assert told[-1].stopped.keys() == {0, 1}
    assert not told[-1].active.any()


@pytest.mark.parametrize(
    ("split", "sizes", "parts"),
    [
        ("100/0/0", (150, 0, 0), []),
        ("80/20/0", (120, 30, 0), ["validation"]),
        ("80/0/20", (120, 0, 30), ["test"]),
    ],
)
def test_parts_may_be_absent(split, sizes, parts):
    run = tw.train("iris", split=split, **SMALL)
    assert tuple(run.summary["split"].values()) == sizes
    assert [part for part in ("validation", "test") if part in run.summary["ensemble"]] == parts
    for member in run.summary["members"]:
        assert [part for part in ("validation", "test") if member[part]] == parts
    assert (run.summary["sampling_error"] is None) == ("test" not in parts)
    assert len(run.predict("iris").values) == 150
    assert ("validation_loss" in run.history.names) == ("validation" in parts)
    if parts:
        assert 0 <= run.best_member() < 2
    else:
        assert run.summary["warnings"] == [
            "there is neither a validation nor a test set: nothing here says how the network does on new rows"
        ]
        with pytest.raises(ConfigError, match="there is no best member"):
            run.predict("iris", member="best")


def test_a_full_batch_is_one_step_an_epoch():
    run = tw.train("iris", batch_size="full", **SMALL)
    assert (run.summary["training"]["batch_size"], run.summary["training"]["steps_per_epoch"]) == (105, 1)


def test_members_may_have_their_own_batches():
    shared, own = (tw.train("iris", member_batches=kind, **SMALL) for kind in ("shared", "own"))
    assert (shared.history["train_loss"][1:] != own.history["train_loss"][1:]).all()
    np.testing.assert_array_equal(shared.history["validation_loss"][0], own.history["validation_loss"][0])


def test_the_last_params_are_kept_if_asked():
    best, last = (
        tw.train("iris", keep=keep, **{**SMALL, "max_epochs": 40, "learning_rate": 0.3, "schedule": "constant"})
        for keep in ("best", "last")
    )
    curve = best.history["validation_loss"]
    for member in range(2):
        entry = best.summary["members"][member]
        assert entry["best_epoch"] == np.nanargmin(curve[1:, member]) + 1
        assert entry["validation"]["loss"] == pytest.approx(curve[entry["best_epoch"], member], rel=1e-4)
        entry = last.summary["members"][member]
        assert entry["best_epoch"] == entry["epochs"] == 40
        assert entry["validation"]["loss"] == pytest.approx(last.history["validation_loss"][-1, member], rel=1e-4)
    assert any(entry["best_epoch"] < 40 for entry in best.summary["members"]), "else the two are not told apart"


def test_arrays_and_frames_in_place_of_a_path(runs):
    import polars as pl

    table = load("iris")
    names = [name for name in table.columns if name != "species"]
    x = np.stack([table.columns[name].values for name in names], axis=1)
    y = np.array(table.columns["species"].levels)[table.columns["species"].codes]
    frame = pl.DataFrame({**{name: table.columns[name].values for name in names}, "species": y})
    from_name, from_frame, from_arrays = (
        tw.train("iris", **SMALL),
        tw.train(frame, "species", **SMALL),
        tw.train(x, y, **SMALL),
    )
    assert_same_params(from_name.params, from_frame.params)
    assert_same_params(from_name.params, from_arrays.params)
    probabilities = from_name.predict("iris").probabilities
    np.testing.assert_array_equal(from_frame.predict(frame).probabilities, probabilities)
    np.testing.assert_array_equal(from_arrays.predict(x).probabilities, probabilities)


@dataclasses.dataclass
class FrameOfPandas:
    """What of a pandas frame matters here: a column called `name` is an attribute too."""

    table: dict

    @property
    def name(self):
        raise AssertionError("a data frame's attribute is a column of it, not its name")

    def get_columns(self):
        return self.table.get_columns()

    def __getattr__(self, attribute):
        return getattr(self.table, attribute)


def test_a_column_called_name_is_not_the_datas_name():
    import polars as pl

    frame = pl.DataFrame({"name": [0.0, 1.0, 2.0, 3.0] * 10, "y": ["a", "b", "b", "a"] * 10})
    run = tw.train(FrameOfPandas(frame), "y", **SMALL)
    assert run.settings.source == "data"


def test_another_seed_is_another_run():
    one, two = (tw.train("iris", seed=seed, **SMALL) for seed in (0, 1))
    assert (leaves(one.params)["dense_1/weights"] != leaves(two.params)["dense_1/weights"]).all()


REFUSED = [
    ({"learning_rate": -1}, ConfigError, "learning_rate must be greater than 0 or 'usual' or 'auto', got -1"),
    ({"learning_rte": 1}, ConfigError, "Did you mean 'learning_rate'?"),
    ({"activation": "rellu"}, ConfigError, "'rellu' is no activation."),
    ({"initializer": "hee_normal"}, ConfigError, "Did you mean 'he_normal'?"),
    ({"optimizer": "adamm"}, ConfigError, "'adamm' is no optimizer."),
    ({"schedule": "parabolic"}, ConfigError, "'parabolic' is no schedule."),
    ({"momentum": 0.9}, ConfigError, "'momentum' is no setting of optimizer 'sgd', but of momentum"),
    ({"loss": "hubber"}, ConfigError, "'hubber' is no loss."),
    ({"loss": "huber"}, ConfigError, "the loss 'huber' is for regression; for classification take softmax"),
    ({"loss": "sigmoid_cross_entropy"}, ConfigError, "is for two classes, the target has 3;"),
    ({"split": "90/20"}, ConfigError, "adds to 110, not to 100"),
    ({"stop": "accuracy > 0.9"}, ExpressionError, "a threshold is written with >= or <="),
    ({"stop": "test_loss <= 0.9"}, ExpressionError, "the test set is never monitored"),
    ({"stop": "no_improvement()", "split": "80/0/20"}, ExpressionError, "'validation_loss' is no curve"),
    ({"target": "specie"}, DataError, "Did you mean 'species'?"),
    ({"source": "irish"}, DataError, "Did you mean 'iris'?"),
]


@pytest.mark.parametrize(("words", "kind", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_trained_is_refused_in_one_line_before_anything_is_written(tmp_path, words, kind, message):
    with pytest.raises(TalwegError) as caught:
        tw.train(**{"source": "iris", **SMALL, **words}, out=tmp_path / "run")
    assert isinstance(caught.value, kind)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_the_way_is_not_overwritten_unless_forced(tmp_path):
    first = tw.train("iris", out=tmp_path / "run", **SMALL)
    before = {path.name: path.read_bytes() for path in first.folder.path.iterdir()}
    with pytest.raises(RunFolderError, match=r"already holds a run; .* --force$"):
        tw.train("iris", out=tmp_path / "run", seed=1, **SMALL)
    with pytest.raises(ConfigError):
        tw.train("iris", out=tmp_path / "run", force=True, activation="none", **SMALL)
    assert {path.name: path.read_bytes() for path in first.folder.path.iterdir()} == before
    tw.train("iris", out=tmp_path / "run", force=True, seed=1, **SMALL)
    assert tw.open_run(tmp_path / "run").settings.seed == 1


def test_too_little_room_on_the_disk_is_told_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(RunFolderError, match=r"^not enough disk for this run at "):
        tw.train("iris", out=tmp_path / "run", **SMALL)
    assert list(tmp_path.iterdir()) == []

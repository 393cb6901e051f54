"""The map of a run: its planes, its rows, what is kept of it, and what it refuses."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import talweg as tw
from talweg.data.builtin import load
from talweg.errors import ConfigError, DataError, RunFolderError
from talweg.run.surveying.atlas import atlas_of
from talweg.run.surveying.ground import ground_of
from talweg.run.surveying.mapped import MapSettings
from talweg.run.surveying.mapping import map_run
from talweg.run.surveying.planes import PLANES

SIZE = 9


@pytest.mark.parametrize("plane", PLANES)
def test_every_plane_of_a_run(iris, plane):
    found = iris.map(plane=plane, size=SIZE)
    scene, told = found.scene, found.summary
    assert scene.height.shape == (SIZE, SIZE)
    assert np.isfinite(scene.height).all()
    assert scene.paths.shape[1] == 13, "the start and twelve epochs"
    drawn = {"pca": [0, 1, 2], "members": [0, 1, 2]}.get(plane, [iris.best_member()])
    assert sorted(member["member"] for member in told["members"]) == drawn
    assert told["plane"]["name"] == plane
    assert found.figure().axes
    # A kept member lies where the plane says, with the loss the training rows give it.
    if plane in ("random", "hessian", "gradient"):
        middle = found.survey.surface.at(np.zeros((1, 2)))
        own = score(iris, found, iris.best_member())
        assert middle[0] == pytest.approx(own, rel=1e-3 if plane == "random" else 0.05)


def score(run, found, member):
    """A member's loss over the map's rows by its predictions."""
    rows = found.ground.job.training
    own = jax.tree.map(lambda leaf: jnp.asarray(leaf[member]), run.params)
    outputs = np.asarray(found.ground.job.network.outputs(own, jnp.asarray(rows.x)))
    shifted = outputs - outputs.max(1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(rows)), rows.y]).mean())


@pytest.mark.parametrize("of", ["loss", "accuracy"])
def test_drawn_points_read_back_what_the_history_told(iris, of):
    found = iris.map(on="validation", of=of, size=SIZE)
    told = iris.history["validation_loss" if of == "loss" else of].T
    np.testing.assert_allclose(found.survey.error.true, told[:, found.scene.frames], rtol=1e-4)
    np.testing.assert_array_equal(found.survey.subject.ways.told, told[:, found.scene.frames])
    assert found.scene.height_label == f"validation {of}"


def test_a_regressions_metric_is_in_the_targets_unit(runs):
    found = runs["diabetes"].map(of="rmse", on="validation", size=SIZE)
    np.testing.assert_allclose(found.survey.error.true, runs["diabetes"].history["rmse"].T, rtol=1e-4)


def test_a_map_is_kept_and_goes_on(iris, monkeypatch):
    folder = iris.folder.path / "elsewhere"
    settings = MapSettings(size=33, members=(0, 1))

    def stop(done, total):
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_run(iris, settings, folder, stop)
    went_on = map_run(iris, settings, folder)
    assert went_on.known_before >= 200
    again = map_run(iris, settings, folder)
    assert again.known_before == 33 * 33 + 2 * 26
    alone = map_run(iris, settings)
    assert alone.known_before == 0
    for name in ("grid_gap", "plane_gap", "held"):
        assert getattr(went_on.survey.error, name) == getattr(alone.survey.error, name)
    np.testing.assert_array_equal(again.scene.height, alone.scene.height)
    other = map_run(iris, MapSettings(size=33, members=(0, 2)), folder)
    assert other.known_before == 0, "another map does not take its heights"
    (folder / f"{settings.name}.safetensors").write_bytes(b"damaged")
    assert map_run(iris, MapSettings(size=5), folder).known_before == 0


def test_a_run_in_the_hand_and_one_opened_again_draw_the_same(runs, iris):
    np.testing.assert_array_equal(runs["iris"].map(size=SIZE).scene.paths, iris.map(size=SIZE).scene.paths)


def test_without_a_trajectory_the_ways_lead_from_start_to_end(tmp_path):
    settings = {"members": 2, "hidden": (8,), "max_epochs": 4, "keep": "last", "learning_rate": 0.02}
    recorded = tw.train("iris", out=tmp_path / "with", **settings)
    bare = tw.train("iris", record=0, out=tmp_path / "without", **settings)
    assert recorded.summary["files"]["trajectory"].endswith("trajectory.safetensors")
    assert "trajectory" not in bare.summary["files"]
    assert not (tmp_path / "without" / "trajectory.safetensors").exists()
    found, whole = bare.map(size=SIZE).survey, recorded.map(size=SIZE).survey
    assert found.subject.ways.frames.tolist() == [0, 4]
    np.testing.assert_allclose(found.error.true, whole.error.true[:, [0, -1]], rtol=1e-5)


def test_a_large_network_in_a_small_budget_is_drawn_from_sketches(tmp_path):
    settings = {"members": 2, "hidden": (400, 40), "max_epochs": 8, "learning_rate": 0.01, "out": tmp_path / "run"}
    run = tw.train("iris", record=1.0, **settings)
    trajectory = run.trajectory()
    assert trajectory.sketch is not None
    assert len(trajectory.whole) < len(trajectory.epochs) == 9
    size = (tmp_path / "run" / "trajectory.safetensors").stat().st_size
    assert size <= 1_010_000
    assert any("the others as sketches" in note for note in run.summary["notes"])
    found = run.map(size=5, on="validation")
    assert np.isfinite(found.scene.paths).all()
    told = run.history["validation_loss"].T
    np.testing.assert_allclose(found.scene.path_heights, told[:, found.scene.frames], rtol=1e-4)
    aligned = run.map(size=5, align=True).scene
    assert len(aligned.frames) == len(trajectory.whole), "what is known by its sketch alone cannot be reordered"


def test_arrays_as_data(tmp_path):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(80, 3)), generator.integers(0, 2, 80)
    run = tw.train(x, y, members=2, hidden=(4,), max_epochs=3, out=tmp_path / "run")
    assert run.map(size=5).scene.height.shape == (5, 5)
    opened = tw.open_run(tmp_path / "run")
    with pytest.raises(DataError, match=r"data cannot be read again: .*; name where they are now \(--data\)"):
        opened.map(size=5)


def test_data_that_changed_are_refused(iris):
    with pytest.raises(DataError, match=r"data cannot be read again: 'species' is not a column of wine"):
        ground_of(dataclasses.replace(iris, source="wine"))
    fewer = load("iris").take(np.arange(149))
    with pytest.raises(DataError, match="is no longer what the run was trained on: its rows are others, or hold"):
        ground_of(dataclasses.replace(iris, source=fewer))


def test_a_sample_of_many_rows_is_told(iris):
    ground = ground_of(iris, most=40)
    assert (ground.used, ground.total) == (40, 105)
    assert ground.words() == "40 of 105 training rows"
    assert ground_of(iris).words() == "all 105 training rows"
    assert iris.map(size=5, rows=40).summary["rows"] == {"used": 40, "total": 105}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"plane": "pka"}, r"'pka' is no plane. Known: pca, .*Did you mean 'pca'\?"),
        ({"of": "psnr"}, r"'psnr' cannot be drawn on a map of this task"),
        ({"on": "test"}, r"on must be train or validation, got 'test'"),
        ({"size": 3}, r"size must be from 5 to 1001 points a side, got 3"),
        ({"members": (0, 9)}, r"there is no member 9; the run has 3, numbered from 0 to 2"),
        ({"members": (1, 1)}, r"members must be different ones, got 1, 1"),
        ({"plane": "members", "members": (0, 1)}, r"needs three of them, such as --members 0,1,2, got 2"),
        ({"window": (1.0, -1.0, 0.0, 1.0)}, r"window must be four numbers such as -1,1,-1,1, each low before its high"),
        ({"rows": 0}, r"rows must be 1 or more, got 0"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(iris, settings, message):
    with pytest.raises(ConfigError, match=message):
        iris.map(**settings)


def test_a_damaged_trajectory_is_told(runs, tmp_path):
    import shutil

    shutil.copytree(runs["iris"].folder.path, tmp_path / "copy")
    path = tmp_path / "copy" / "trajectory.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunFolderError, match=r"trajectory\.safetensors is damaged"):
        tw.open_run(tmp_path / "copy").map(size=5)


def test_an_atlas_gives_every_member_the_map_that_it_has_alone(iris, tmp_path):
    heard = []
    found = atlas_of(iris, MapSettings(size=SIZE), tmp_path, lambda done, total: heard.append((done, total)))
    total = 3 * (SIZE**2 + 2 * 13)
    assert [one.survey.subject.members for one in found.maps] == [(0,), (1,), (2,)]
    assert heard[-1] == (total, total)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    together = iris.map(size=SIZE).survey
    for member, one in enumerate(found.maps):
        alone = map_run(iris, MapSettings(size=SIZE, members=(member,)))
        np.testing.assert_array_equal(one.scene.height, alone.scene.height)
        assert one.survey.error.held > together.error.held
        way = one.scene.paths[0]
        move = way[np.isfinite(way).all(1)][-1] - way[0]
        assert move[0] > 0 > move[1], "to the right and down"
    assert [one.known_before for one in atlas_of(iris, MapSettings(size=SIZE), tmp_path).maps] == [total // 3] * 3


def test_an_atlas_is_one_picture_on_one_scale(iris):
    figure = iris.atlas(size=SIZE, members=(2, 0), plane="random").figure()
    titles = [ax.get_title(loc="left").strip() or ax.get_title().strip() for ax in figure.axes]
    assert titles[:2] == ["member 2", "member 0"]
    edges = [ax.collections[0].get_clim() for ax in figure.axes[:2]]
    assert edges[0] == edges[1]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"plane": "members"}, "'members' is one through three"),
        ({"at": 1}, "say which with --members, not --at"),
        ({"members": (3,)}, "there is no member 3; the run has 3"),
    ],
)
def test_what_an_atlas_refuses(iris, settings, part):
    with pytest.raises(ConfigError, match=re.escape(part)):
        iris.atlas(size=SIZE, **settings)


def test_costly_rows_are_looked_at_in_smaller_numbers_unless_somebody_asks(iris, monkeypatch):
    per_row = 100
    monkeypatch.setattr("talweg.run.surveying.ground.row_work", lambda model, shape: per_row)
    monkeypatch.setattr("talweg.run.surveying.ground.WORK", 50 * per_row)
    assert ground_of(iris).words() == "50 of 105 training rows"
    assert ground_of(iris, most=100).words() == "100 of 105 training rows"
    monkeypatch.setattr("talweg.run.surveying.ground.WORK", 1.0)
    assert ground_of(iris).words() == "16 of 105 training rows"


def test_damaged_heights_are_computed_anew(iris, tmp_path):
    settings, chance = MapSettings(size=5, members=(0,)), np.random.default_rng(0)
    whole = map_run(iris, settings, tmp_path).scene.height
    [kept] = tmp_path.glob("*.safetensors")
    content = kept.read_bytes()
    for place in chance.integers(0, len(content), 5).tolist():
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        for damaged in (bytes(flipped), content[:place]):
            kept.write_bytes(damaged)
            again = map_run(iris, settings, tmp_path)
            assert again.known_before == 0
            np.testing.assert_array_equal(again.scene.height, whole)

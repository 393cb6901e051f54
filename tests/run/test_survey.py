"""A landscape's survey, the same for typed functions and networks, against closed forms."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import talweg as tw
from talweg.landscape import vectors
from talweg.landscape.combination import LOSS
from talweg.landscape.directions import coordinate_plane, principal_components
from talweg.landscape.plane import Window
from talweg.objective.base import EMPTY, Objective
from talweg.objective.typed.function import Function
from talweg.record.trajectory import Plan, Recorder, Trajectory
from talweg.run.hiking.scene import scene_of
from talweg.run.surveying.survey import Known, Subject, survey
from talweg.run.surveying.ways import Ways, ways_of


class Bowl(Objective):
    """½ Σ cᵢ pᵢ² over params of two leaves, with c = 1, 2, 3, ..."""

    def init(self, key):
        return {"a": jnp.zeros((2, 3)), "b": jnp.zeros(4)}

    def loss(self, params, batch, key):
        sums = self.metrics(params, batch)
        return sums["loss"], sums

    def metrics(self, params, batch):
        flat = jnp.concatenate([params["a"].ravel(), params["b"]])
        return {"loss": (jnp.arange(1.0, 11.0) * flat**2).sum() / 2, "weight": jnp.ones(())}


def bowl_heights(params):
    """The same in NumPy, for params with leading axes."""
    flat = np.concatenate([params["a"].reshape(*params["a"].shape[:-2], 6), params["b"]], -1).astype(np.float64)
    return (np.arange(1.0, 11.0) * flat**2).sum(-1) / 2


@pytest.fixture(scope="module")
def descent():
    """Gradient descent down the bowl, in closed form: three members, 31 epochs; the second stops after 12."""
    generator = np.random.default_rng(0)
    start = generator.normal(size=(3, 10))
    stop = np.array([30, 12, 30])
    recorder = Recorder(Plan(40, 40, 0, 0))
    for epoch in range(31):
        steps = np.minimum(epoch, stop)
        flat = (start * (1 - 0.05 * np.arange(1.0, 11.0)) ** steps[:, None]).astype(np.float32)
        params = {"a": flat[:, :6].reshape(3, 2, 3), "b": flat[:, 6:]}
        recorder = recorder.observe(epoch, params, {"loss": bowl_heights(params)})
    return recorder, stop


def subject_of(ways, objective=None):
    count = len(ways.lengths)
    words = {"outcomes": ("stopped",) * count, "rules": ("flat",) * count, "kinds": ("arrived",) * count}
    labels = {"title": "bowl", "height_label": "loss"}
    return Subject(objective or Bowl(), EMPTY, LOSS, ways, tuple(range(count)), **words, **labels)


def surveyed(recorder, stop, **options):
    ways = ways_of(Trajectory.of(recorder.arrays()), stop)
    plane = principal_components(ways.points)
    window = Window.around(ways.on(plane).coordinates)
    return survey(subject_of(ways), plane, window, (13, 9), **options)


def test_a_quadratics_surface_and_ways_are_the_closed_form(descent):
    recorder, stop = descent
    found = surveyed(recorder, stop)
    grid = np.stack(np.meshgrid(found.surface.x, found.surface.y), -1)
    np.testing.assert_allclose(found.surface.height, bowl_heights(found.plane.lift(grid)), rtol=1e-4, atol=1e-5)
    trajectory = Trajectory.of(recorder.arrays())
    real = found.subject.ways.real()
    told = trajectory.curves["loss"].T
    np.testing.assert_allclose(found.error.true[real], told[real], rtol=1e-5)
    nearest = bowl_heights(found.plane.lift(found.places.coordinates[real]))
    np.testing.assert_allclose(found.error.nearest[real], nearest, rtol=1e-4, atol=1e-6)


def test_a_stopped_member_ends_at_its_own_epoch(descent):
    recorder, stop = descent
    scene = surveyed(recorder, stop).scene()
    assert scene.path_lengths.tolist() == [31, 13, 31]
    assert np.isnan(scene.paths[1, 13:]).all()
    assert np.isfinite(scene.paths[1, :13]).all()
    assert np.isnan(scene.path_heights[1, 13:]).all()


def test_the_frames_of_a_film_are_the_epochs_of_the_history(descent):
    recorder, stop = descent
    thin = dataclasses.replace(Recorder(Plan(9, 9, 0, 0)))
    for epoch, params in recorder.whole.items():
        thin = thin.observe(epoch, params, recorder.curves[epoch])
    scene = surveyed(thin, stop).scene()
    assert len(scene.frames) == 9
    for member in range(3):
        for frame in range(scene.path_lengths[member]):
            told = recorder.curves[min(int(scene.frames[frame]), int(stop[member]))]["loss"][member]
            assert scene.path_heights[member, frame] == pytest.approx(told, rel=1e-5)


def test_points_on_the_plane_read_back_what_was_told_and_the_map_says_it_is_exact():
    """Two members that walk in a plane: two components hold all of it."""
    generator = np.random.default_rng(1)
    axes = generator.normal(size=(2, 10))
    recorder = Recorder(Plan(20, 20, 0, 0))
    for epoch in range(12):
        flat = (generator.normal(size=(2, 2)) @ axes).astype(np.float32)
        params = {"a": flat[:, :6].reshape(2, 2, 3), "b": flat[:, 6:]}
        recorder = recorder.observe(epoch, params, {"loss": bowl_heights(params)})
    found = surveyed(recorder, np.array([11, 11]))
    told = Trajectory.of(recorder.arrays()).curves["loss"].T
    np.testing.assert_allclose(found.error.nearest, told, rtol=1e-4)
    np.testing.assert_allclose(found.error.distance, 0, atol=1e-5)
    assert found.error.held == pytest.approx(1.0)
    assert found.error.is_exact
    assert found.error.sentence() == ""


def test_an_interrupted_survey_goes_on_and_ends_the_same(descent):
    recorder, stop = descent
    whole = surveyed(recorder, stop)
    seen: list[tuple[Known, int, int]] = []

    class HaltError(Exception):
        pass

    def interrupt(known, done, total):
        seen.append((known, done, total))
        if done > 140:
            raise HaltError

    with pytest.raises(HaltError):
        surveyed(recorder, stop, tell=interrupt, block=16)
    known, done, total = seen[-1]
    assert total == 13 * 9 + 2 * (31 + 13 + 31)
    assert done == known.count() < total
    evaluated: list[int] = []
    resumed = surveyed(recorder, stop, known=known, tell=lambda known, done, total: evaluated.append(done), block=16)
    assert evaluated[0] >= done
    np.testing.assert_array_equal(resumed.surface.height, whole.surface.height)
    for name in ("true", "nearest", "drawn", "distance"):
        np.testing.assert_array_equal(getattr(resumed.error, name), getattr(whole.error, name))


def test_sketched_ways_lie_where_the_whole_ones_do():
    """2 000 params of three members; most frames are known by their sketch alone."""
    generator = np.random.default_rng(2)
    start, target = generator.normal(size=(3, 40, 50)), generator.normal(size=(3, 40, 50))
    recorders = [Recorder(Plan(21, 21, 0, 0)), Recorder(Plan(21, 3, 1021, 0))]
    for epoch in range(21):
        place = (start + (target - start) * epoch / 20 + 0.05 * generator.normal(size=start.shape)).astype(np.float32)
        recorders = [recorder.observe(epoch, {"w": place}, {}) for recorder in recorders]
    stop = np.array([20, 13, 20])
    exact, near = (ways_of(Trajectory.of(recorder.arrays()), stop) for recorder in recorders)
    assert len(near.member) < len(exact.member) / 3
    plane = principal_components(exact.points)
    true, found = exact.on(plane), near.on(plane)
    size = np.nanmax(np.abs(true.coordinates))
    np.testing.assert_allclose(found.coordinates, true.coordinates, atol=0.1 * size)
    np.testing.assert_array_equal(np.isnan(found.coordinates), np.isnan(true.coordinates))
    np.testing.assert_allclose(found.distance, true.distance, rtol=0.1, atol=0.05 * size)
    assert found.held == pytest.approx(true.held, abs=0.05)
    ends = near.frame[near.member == 1]
    assert ends.max() == near.lengths[1] - 1, "a stopped member's end is whole"


def test_a_way_is_cut_before_its_first_point_that_is_not_finite():
    paths = np.zeros((2, 4, 3), np.float32)
    paths[1, 2:] = np.inf
    params = {"place": paths.swapaxes(0, 1)}
    ways = ways_of(Trajectory(np.arange(4), np.arange(4), params, {}), np.array([3, 3]))
    assert ways.lengths.tolist() == [4, 2]
    assert vectors.count_of(ways.points) == 6


def test_some_members_of_the_ways(descent):
    recorder, stop = descent
    ways = ways_of(Trajectory.of(recorder.arrays()), stop)
    some = ways.of([2, 1])
    assert some.lengths.tolist() == [31, 13]
    plane = principal_components(ways.points)
    np.testing.assert_array_equal(some.on(plane).coordinates, ways.on(plane).coordinates[[2, 1]])


def test_a_typed_functions_map_comes_out_of_the_same_code_with_error_0():
    hiked = tw.hike("himmelblau", hikers=5, max_steps=60).hike
    drawn = scene_of(hiked, grid=21)
    with jax.enable_x64(True):
        frames, lengths = np.arange(hiked.paths.shape[1]), hiked.steps + 1
        hiker, frame = np.nonzero(frames < lengths[:, None])
        ways = Ways(frames, lengths, hiked.paths[hiker, frame], hiker, frame)
        subject = subject_of(ways, Function(hiked.function, hiked.paths[0, 0]))
        window = Window(*((float(low), float(high)) for low, high in hiked.window))
        found = survey(subject, coordinate_plane(hiked.paths[0, 0], names=hiked.variables), window, (21, 21))
    scene = found.scene()
    np.testing.assert_allclose(scene.height, drawn.height, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(scene.paths, drawn.paths, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scene.path_heights, drawn.path_heights, rtol=1e-9, atol=1e-9)
    assert (scene.axis_labels, scene.path_lengths.tolist()) == (drawn.axis_labels, drawn.path_lengths.tolist())
    np.testing.assert_array_equal(scene.frames, drawn.frames)
    real = np.isfinite(found.error.true)
    np.testing.assert_array_equal(found.error.distance[real], 0.0)
    np.testing.assert_array_equal(found.error.nearest[real], found.error.true[real])
    assert found.error.is_exact
    assert scene.note == drawn.note == ""

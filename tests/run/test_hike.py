"""Hikes: where hikers arrive, against SciPy's minimizers and known minima; what is said when they do not."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from talweg.errors import ConfigError, ExpressionError
from talweg.objective.typed.expression import Expression
from talweg.objective.typed.test_functions import known_function
from talweg.run.hiking.hike import HikeSettings, hike
from talweg.run.hiking.scene import hike_json, scene_of
from talweg.run.hiking.starts import draw_starts, window_of

KNOWN = (
    "himmelblau", "rosenbrock", "beale", "booth", "matyas", "three-hump-camel", "six-hump-camel",
    "goldstein-price", "styblinski-tang", "mccormick", "bohachevsky", "sphere",
)  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_the_known_minimum_is_reached_and_scipy_agrees_on_every_arrival(name):
    found = hike(name, HikeSettings(hikers=24, optimizer="newton", step_length="backtracking", max_steps=200))
    known, expression = known_function(name), Expression.parse(name)
    away = np.abs(found.arrivals.points - np.array(known.minima[0])).max(1)
    assert away.min() < 1e-3
    assert found.arrivals.values[away.argmin()] == pytest.approx(known.value, abs=1e-6)
    for point, value, kind in zip(found.arrivals.points, found.arrivals.values, found.arrivals.kinds, strict=True):
        if kind == "minimum":
            witness = minimize(lambda p: float(expression(jnp.asarray(p))), point + 1e-3, method="Nelder-Mead")
            assert witness.fun >= value - 1e-5 * (1 + abs(value))


def test_the_lectures_parabola():
    found = hike("2x^2 + 4x", HikeSettings(hikers=6))
    np.testing.assert_allclose(found.arrivals.points, [[-1.0]], atol=1e-9)
    np.testing.assert_allclose(found.arrivals.values, [-2.0], atol=1e-12)
    assert found.bounded.holds is True
    assert all(told == found.outcomes[0][0] == "arrived" for told, _ in found.outcomes)
    assert "the lowest minimum found, x = −1, f = −2" in found.outcomes[0][1]


def test_a_plane_that_falls_without_end():
    found = hike("3x^2 - 2y", HikeSettings(hikers=4))
    assert {told for told, _ in found.outcomes} == {"left"}
    assert any("not bounded below" in warning for warning in found.warnings)
    assert hike_json(found, {})["bounded_below"] is False


def test_a_step_too_long_is_blamed_with_the_one_that_would_do():
    """On x² + 3y² the curvature is 6, so that steps below 1/3 settle; 0.5 does not."""
    found = hike("x^2 + 3y^2", HikeSettings(hikers=4, learning_rate=0.5))
    assert {told for told, _ in found.outcomes} == {"diverged"}
    assert "the learning rate 0.5 is too long" in found.outcomes[0][1]
    assert "only one below 2/6 = 0.33333 settles there" in found.outcomes[0][1]
    assert any("4 of 4 hikers fell off" in warning for warning in found.warnings)
    good = hike("x^2 + 3y^2", HikeSettings(hikers=4, learning_rate=0.32))
    assert {told for told, _ in good.outcomes} == {"arrived"}


def test_a_saddle_and_the_way_off_it():
    found = hike("x^2 - y^2", HikeSettings(start="(1, 0) (1, 0.001)"))
    assert [told for told, _ in found.outcomes] == ["saddle", "left"]
    assert "the saddle at (0, 0)" in found.outcomes[0][1]


def test_where_the_function_is_not_defined():
    found = hike("log(x) + y^2", HikeSettings(start="(-1, 0) (1, 1)", learning_rate=0.5))
    assert [told for told, _ in found.outcomes] == ["undefined", "undefined"]
    assert "not defined at its start (−1, 1)".replace("1)", "0)") in found.outcomes[0][1]
    scene = scene_of(found, grid=21)
    assert np.isnan(scene.height[:, scene.x < 0]).all()
    assert np.isfinite(scene.height[:, scene.x > 0]).all()


def test_still_walking_when_the_steps_are_used_up():
    found = hike("rosenbrock", HikeSettings(hikers=3, max_steps=5))
    assert {told for told, _ in found.outcomes} == {"walking"}
    assert "after 5 steps" in found.outcomes[0][1]
    assert found.paths.shape[1] == 6


def test_the_json_and_the_scene_tell_the_same():
    found = hike("himmelblau", HikeSettings(hikers=9, start="grid"))
    told, scene = hike_json(found, {}), scene_of(found, grid=31, basins=True)
    assert len(told["hikers"]) == len(scene.paths) == 9
    for hiker, path, length in zip(told["hikers"], scene.paths, scene.path_lengths, strict=True):
        assert hiker["start"] == path[0].tolist()
        assert hiker["end"] == path[length - 1].tolist()
        assert hiker["steps"] == length - 1
        assert np.isnan(path[length:]).all()
    assert sum(place["hikers"] for place in told["minima"]) == 9
    nearest = [[abs(scene.x - m.point[0]).argmin(), abs(scene.y - m.point[1]).argmin()] for m in scene.minima]
    for place, (column, row) in enumerate(nearest):
        if scene.minima[place].kind != "saddle":
            assert scene.basins[row, column] == place


def test_more_variables_and_one_have_scenes_too():
    three = scene_of(hike("x^2 + y^2 + (z - 1)^2", HikeSettings(hikers=4)), grid=11)
    assert "The plane where z = 1" in three.note
    assert three.height.min() == pytest.approx(0.0, abs=1e-9)
    one = scene_of(hike("2x^2 + 4x", HikeSettings(hikers=3)), grid=11)
    assert one.axis_labels == ("x", "hiker")
    np.testing.assert_array_equal(one.paths[:, 0, 1], [0.0, 1.0, 2.0])
    np.testing.assert_allclose(one.height, np.tile(2 * one.x**2 + 4 * one.x, (11, 1)))


def test_a_python_function_with_named_variables():
    found = hike(lambda p: jnp.sum((p - 1.0) ** 2), HikeSettings(hikers=3), variables=("a", "b"))
    np.testing.assert_allclose(found.arrivals.points, [[1.0, 1.0]], atol=1e-9)
    assert found.bounded.holds is None
    with pytest.raises(ConfigError, match="name the variables"):
        hike(lambda p: p[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"hikers": 0}, "hikers must be from 1 to 100000, got 0"),
        ({"learning_rate": -1.0}, "learning_rate must be greater than 0, got -1.0"),
        ({"max_steps": 0}, "max_steps must be from 1"),
        ({"noise": -1.0}, "noise must be 0 or more"),
        ({"optimizer": "nwton"}, "Did you mean 'newton'?"),
        ({"step_length": "armijo"}, "'armijo' is no step length. Known: fixed, backtracking, wolfe."),
        ({"window": (4.0, -4.0)}, "must be finite and increasing, got 4, -4"),
        ({"window": (1.0, 2.0, 3.0)}, "4 for 2 variables, got 3"),
        ({"start": "somewhere"}, "start must be 'grid', 'random', 'sobol', or points"),
        ({"start": "(1, 2, 3)"}, "must have 2 finite coordinates"),
        ({"start": "(1, b)"}, "is no point: expected numbers"),
        ({"stop": "validation_loss <= 1"}, "'validation_loss' is no curve of this training"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_in_one_line(words, message):
    with pytest.raises((ConfigError, ExpressionError)) as caught:
        hike("x^2 + y^2", HikeSettings(**words))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("start", ["grid", "random", "sobol"])
def test_starts_lie_in_the_window_and_follow_from_the_seed(start):
    window = ((-1.0, 2.0), (10.0, 11.0))
    drawn = draw_starts(start, 25, window, 3)
    assert drawn.shape == (25, 2)
    assert ((drawn >= [-1, 10]) & (drawn <= [2, 11])).all()
    assert len(np.unique(drawn, axis=0)) == 25
    np.testing.assert_array_equal(drawn, draw_starts(start, 25, window, 3))
    assert (start == "grid") == np.array_equal(drawn, draw_starts(start, 25, window, 4))


def test_the_window_is_the_functions_own_where_it_has_one():
    assert window_of(None, Expression.parse("rosenbrock"), 2) == ((-2.0, 2.0), (-1.0, 3.0))
    assert window_of(None, Expression.parse("x + y"), 2) == ((-4.0, 4.0), (-4.0, 4.0))
    assert window_of((-1.0, 1.0), Expression.parse("x + y"), 2) == ((-1.0, 1.0), (-1.0, 1.0))

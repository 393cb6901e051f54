import jax
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.directions import filter_normalized, principal_components
from talweg.landscape.plane import Plane, Window

coordinate = st.floats(-50, 50, width=32)


@settings(max_examples=30, deadline=None)
@given(first=coordinate, second=coordinate, seed=st.integers(0, 2**16))
def test_project_undoes_lift_for_skewed_directions_too(first, second, seed):
    generator = np.random.default_rng(seed)
    directions = {"w": generator.normal(size=(2, 4, 3)), "b": generator.normal(size=(2, 3))}
    origin = {"w": generator.normal(size=(4, 3)), "b": generator.normal(size=3)}
    plane = Plane(origin, directions, ("1", "2"), "a test")
    c = np.array([first, second])
    lifted = plane.lift(c)
    np.testing.assert_allclose(plane.project(lifted), c, atol=1e-9)
    assert plane.distance(lifted) < 1e-9


def test_leading_axes_are_kept(members):
    plane = filter_normalized(vectors.at(members, 0))
    c = np.random.default_rng(0).normal(size=(2, 3, 2))
    lifted = plane.lift(c)
    assert {leaf.dtype for leaf in jax.tree.leaves(lifted)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(plane.project(lifted), c, atol=1e-6)
    assert plane.distance(lifted).shape == (2, 3)
    assert plane.project(vectors.at(lifted, (0, 0))).shape == (2,)
    assert plane.distance(vectors.at(lifted, (0, 0))).shape == ()


def test_distance_is_that_of_a_least_squares_fit():
    generator = np.random.default_rng(5)
    axes, point, origin = generator.normal(size=(2, 40)), generator.normal(size=40), generator.normal(size=40)
    plane = Plane(origin, axes, ("1", "2"), "a test")
    fit, squares, *_ = np.linalg.lstsq(axes.T, point - origin)
    np.testing.assert_allclose(plane.project(point), fit)
    assert float(plane.distance(point)) == pytest.approx(np.sqrt(squares[0]))


def test_blocks_change_nothing(members, monkeypatch):
    plane = principal_components(members)
    before = plane.project(members), plane.distance(members), plane.share_of(members)
    monkeypatch.setattr(vectors, "BLOCK", 7)
    again = principal_components(members)
    np.testing.assert_allclose(again.project(members), before[0], atol=1e-6)
    np.testing.assert_allclose(plane.distance(members), before[1], atol=1e-9)
    assert plane.share_of(members) == pytest.approx(before[2])


def test_share_counts_only_finite_points():
    plane = Plane(np.zeros(3), np.eye(3)[:2], ("1", "2"), "a test")
    points = np.array([[1.0, 0, 1], [-1, 0, -1], [np.nan, 0, 0]])
    assert plane.share_of(points) == pytest.approx(0.5)
    assert plane.share_of(np.ones((2, 3))) == 1.0


def test_a_plane_needs_two_params_and_two_directions():
    with pytest.raises(ConfigError, match="at least 2 params, found 1"):
        Plane(np.zeros(1), np.zeros((2, 1)), ("1", "2"), "a test")
    with pytest.raises(ConfigError, match="must not be parallel or zero"):
        Plane(np.zeros(3), np.ones((2, 3)), ("1", "2"), "a test")


@settings(max_examples=50, deadline=None)
@given(points=st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=5), margin=st.floats(0.05, 1))
def test_a_window_contains_its_points_with_a_margin(points, margin):
    array = np.array([*points, (np.nan, 0.0)])
    window = Window.around(array, margin)
    x, y = window.grid(5, 4)
    assert (len(x), len(y)) == (5, 4)
    for axis, values in ((x, array[:-1, 0]), (y, array[:-1, 1])):
        assert axis[0] < values.min()
        assert values.max() < axis[-1]
        assert (values.min() - axis[0]) == pytest.approx(axis[-1] - values.max())
    sides = np.ptp(x), np.ptp(y)
    assert min(sides) >= 0.25 * max(sides) * (1 - 1e-9)


def test_window_errors():
    with pytest.raises(ConfigError, match="at least one finite point"):
        Window.around(np.full((3, 2), np.nan))
    with pytest.raises(ConfigError, match="at least 2 × 2 points, found 1 × 5"):
        Window((0.0, 1.0), (0.0, 1.0)).grid(1, 5)

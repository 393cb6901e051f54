import jax
import numpy as np
import pytest
from sklearn.decomposition import PCA

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.directions import (
    coordinate_plane,
    filter_normalized,
    gradient_plane,
    hessian_plane,
    principal_components,
    through_three,
)


def flat(points):
    return np.concatenate([np.asarray(leaf).reshape(len(leaf), -1) for leaf in jax.tree.leaves(points)], axis=1)


@pytest.fixture
def trajectories():
    generator = np.random.default_rng(0)
    walk = lambda *shape: generator.normal(size=(30, *shape)).cumsum(0).astype(np.float32)  # noqa: E731
    return {"dense_1": {"weights": walk(6, 5), "biases": walk(5)}, "dense_2": {"weights": walk(5, 3)}}


def test_components_are_scikit_learns_up_to_sign(trajectories):
    plane = principal_components(trajectories)
    peer = PCA(2).fit(flat(trajectories).astype(np.float64))
    ours, theirs = flat(plane.directions), peer.components_
    np.testing.assert_allclose(np.abs(np.einsum("ij,ij->i", ours, theirs)), 1.0, atol=1e-6)
    np.testing.assert_allclose(flat(vectors.stack([plane.origin]))[0], peer.mean_, atol=1e-5)
    assert plane.share_of(trajectories) == pytest.approx(peer.explained_variance_ratio_.sum(), abs=1e-6)
    first, second = peer.explained_variance_ratio_
    assert plane.labels == (f"component 1 ({first:.0%} of the movement)", f"component 2 ({second:.0%})")


def test_signs_do_not_depend_on_the_points_order(trajectories):
    plane = principal_components(trajectories)
    again = principal_components(vectors.at(trajectories, slice(None, None, -1)))
    np.testing.assert_allclose(flat(plane.directions), flat(again.directions), atol=1e-5)
    rows = flat(plane.directions)
    assert (rows[[0, 1], np.abs(rows).argmax(1)] > 0).all()


def test_points_that_are_not_finite_are_left_out(trajectories):
    broken = jax.tree.map(lambda leaf: np.concatenate([leaf, leaf[:1] * np.nan]), trajectories)
    np.testing.assert_array_equal(
        flat(principal_components(broken).directions), flat(principal_components(trajectories).directions)
    )
    with pytest.raises(ConfigError, match="at least one finite point"):
        principal_components(jax.tree.map(lambda leaf: leaf * np.nan, trajectories))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_points_on_a_line_are_completed_to_a_plane(count):
    points = {"w": np.outer(np.arange(count), np.arange(1.0, 6.0)).astype(np.float32)}
    plane = principal_components(points)
    np.testing.assert_allclose(flat(plane.directions) @ flat(plane.directions).T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(plane.distance(points), 0.0, atol=1e-5)
    assert plane.share_of(points) == pytest.approx(1.0)
    np.testing.assert_array_equal(flat(plane.directions), flat(principal_components(points).directions))


def test_three_members_stand_at_their_places(members):
    three = vectors.at(members, [2, 0, 3])
    plane = through_three(three, ("3", "1", "4"))
    points = plane.project(three)
    sides = flat(three)[1:] - flat(three)[0]
    np.testing.assert_allclose(points[0], 0.0, atol=1e-6)
    np.testing.assert_allclose(points[1], [np.linalg.norm(sides[0]), 0.0], atol=1e-5)
    assert points[2, 1] > 0
    assert np.linalg.norm(points[2]) == pytest.approx(np.linalg.norm(sides[1]), rel=1e-5)
    np.testing.assert_allclose(plane.distance(three), 0.0, atol=1e-5)
    assert plane.labels == ("from member 3 to 1", "across, towards member 4")


def test_three_members_on_a_line_are_refused():
    points = {"w": np.outer([0.0, 1.0, 2.0], np.ones(4)).astype(np.float32)}
    with pytest.raises(ConfigError, match="members 1, 2 and 3 lie on a line; choose three others"):
        through_three(points)
    with pytest.raises(ConfigError, match="expected three members to lay a plane through, found 2"):
        through_three(vectors.at(points, slice(2)))


def test_filters_are_as_long_as_the_members_own(members):
    params = vectors.at(members, 1)
    plane = filter_normalized(params, seed=4)
    for name, layer in params.items():
        drawn = plane.directions[name]
        own = np.linalg.norm(layer["weights"], axis=0)
        for direction in drawn["weights"]:
            np.testing.assert_allclose(np.linalg.norm(direction, axis=0), own, rtol=1e-6)
        assert not drawn["biases"].any()
    assert not np.array_equal(plane.directions["dense_1"]["weights"][0], plane.directions["dense_1"]["weights"][1])
    np.testing.assert_array_equal(flat(plane.directions), flat(filter_normalized(params, seed=4).directions))
    assert not np.array_equal(flat(plane.directions), flat(filter_normalized(params, seed=5).directions))


def test_a_kernels_filter_is_its_last_axis():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 8))
    drawn = filter_normalized({"kernel": kernel}).directions["kernel"]
    own = np.sqrt((kernel**2).sum((0, 1, 2)))
    np.testing.assert_allclose(np.sqrt((drawn[1] ** 2).sum((0, 1, 2))), own)


def test_a_typed_function_has_no_filters():
    with pytest.raises(ConfigError, match="take the coordinate plane"):
        filter_normalized(np.ones(2))


def test_hessian_plane_follows_the_eigenvectors(members):
    params = vectors.at(members, 0)
    plane = hessian_plane(params, vectors.at(members, slice(1, 4)), (4.0, 2.0, 1.0))
    assert plane.labels == ("sharpest direction (λ = 4)", "second sharpest (λ = 2)")
    axes, given = flat(plane.directions), flat(members)[1:3]
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-6)
    spanned = given @ axes.T @ axes
    np.testing.assert_allclose(spanned, given, atol=1e-5)
    with pytest.raises(ConfigError, match="expected two eigenvectors, found 1"):
        hessian_plane(params, vectors.at(members, slice(1)))


def test_gradient_plane_in_two_dimensions_has_one_complement():
    plane = gradient_plane(np.array([1.0, 1.0]), np.array([3.0, 4.0]))
    np.testing.assert_allclose(plane.directions[0], [0.6, 0.8])
    np.testing.assert_allclose(np.abs(plane.directions[1]), [0.8, 0.6])


def test_gradient_plane_takes_the_part_across(members):
    point, gradient, across = (vectors.at(members, number) for number in range(3))
    plane = gradient_plane(point, gradient, across)
    g, a = flat(members)[1:3]
    expected = a - (a @ g) / (g @ g) * g
    np.testing.assert_allclose(flat(plane.directions)[1], expected / np.linalg.norm(expected), atol=1e-6)
    random = gradient_plane(point, gradient, seed=1)
    assert flat(random.directions)[0] @ flat(random.directions)[1] == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ConfigError, match="gradient with a direction, found one of length 0"):
        gradient_plane(point, jax.tree.map(np.zeros_like, gradient))


def test_coordinate_plane_reads_the_variables():
    points = np.random.default_rng(0).normal(size=(6, 2))
    plane = coordinate_plane(np.array([7.0, 8.0]))
    np.testing.assert_array_equal(plane.project(points), points)
    with pytest.raises(ConfigError, match="params of a typed function"):
        coordinate_plane({"w": np.zeros((2, 2))})
    with pytest.raises(ConfigError, match="two different axes from 0 to 1, found 0 and 2"):
        coordinate_plane(np.zeros(2), axes=(0, 2))

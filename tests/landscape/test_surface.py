import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.errors import ConfigError
from talweg.landscape import combination, vectors
from talweg.landscape.combination import height_of, heights_at, sums_at_combinations
from talweg.landscape.directions import coordinate_plane, filter_normalized, principal_components, through_three
from talweg.landscape.fidelity import MapError, map_error
from talweg.landscape.plane import Window
from talweg.landscape.surface import Surface, coarse_to_fine, fill, surface
from talweg.objective.base import EMPTY, Objective
from talweg.objective.layers import Activation, Dense, Sequential
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network

AXIS = np.linspace(-1.0, 1.0, 5)


@pytest.fixture
def rows(data, chunks_of):
    return chunks_of(32, *data)


def test_a_quadratics_surface_is_the_closed_form(quadratic):
    generator = np.random.default_rng(1)
    points = {"a": generator.normal(size=(3, 2, 2)), "b": generator.normal(size=(3, 5))}
    points = jax.tree.map(lambda leaf: leaf.astype(np.float32), points)
    plane = through_three(points)
    x, y = Window.around(plane.project(points)).grid(7, 6)
    found = surface(quadratic, plane, x, y)
    lifted = plane.lift(np.stack(np.meshgrid(x, y), axis=-1))
    flat = np.concatenate([lifted["a"].reshape(6, 7, 4), lifted["b"]], axis=-1).astype(np.float64)
    expected = np.einsum("ijk,kl,ijl->ij", flat, np.asarray(quadratic.hessian, np.float64), flat) / 2
    np.testing.assert_allclose(found.height, expected, rtol=2e-5, atol=1e-5)


class Opaque(Objective):
    """A network that does not show its layers, so that every product is done at every point."""

    network: Network

    def init(self, key):
        return self.network.init(key)

    def loss(self, params, batch, key):
        return self.network.loss(params, batch, key)

    def metrics(self, params, batch):
        return self.network.metrics(params, batch)


def test_first_layer_shortcut_changes_nothing_but_rounding(network, members, rows):
    coefficients = np.random.default_rng(0).normal(size=(6, 4))
    short = sums_at_combinations(network, members, coefficients, rows)
    whole = sums_at_combinations(Opaque(network), members, coefficients, rows)
    assert set(short) >= {"loss", "weight", "confusion"}
    for name in short:
        np.testing.assert_allclose(short[name], whole[name], rtol=1e-5)


def test_the_shortcut_sees_layers_before_and_none_at_all(data, chunks_of, draw):
    x, y = data
    loss = LOSSES["softmax_cross_entropy"]
    late = Network(Sequential((Activation("tanh"), Dense(5), Activation("relu"), Dense(3))), loss, (4,), 3)
    only = Network(mlp([], 3), loss, (4,), 3)
    empty = Network(Sequential((Activation("tanh"),)), loss, (4,), 4)
    assert [combination._first_layer(network) for network in (late, only, empty)] == [1, 0, None]
    for network in (late, only):
        terms = draw(network, 2, seed=0)
        mixed = vectors.combine(np.array([[0.25, 0.75]]), terms)
        sums = sums_at_combinations(network, terms, np.array([[0.25, 0.75]]), chunks_of(32, x, y))
        assert sums["loss"][0] / len(x) == pytest.approx(heights_at(network, mixed, chunks_of(90, x, y))[0], rel=1e-5)


@pytest.mark.parametrize("size", [16, 90, 128])
def test_chunks_and_weights_change_nothing(network, members, data, chunks_of, size):
    x, y = data
    plane = filter_normalized(vectors.at(members, 0))
    doubled = np.where(np.arange(len(x)) < 10, 2.0, 1.0).astype(np.float32)
    weighted = surface(network, plane, AXIS, AXIS, chunks_of(size, x, y, doubled))
    repeated = surface(network, plane, AXIS, AXIS, chunks_of(33, np.vstack([x, x[:10]]), np.append(y, y[:10])))
    np.testing.assert_allclose(weighted.height, repeated.height, rtol=1e-5)


def test_metrics_are_those_of_the_members_themselves(network, members, data, chunks_of, outputs_of):
    x, y = data
    rows = chunks_of(32, x, y)
    plane = filter_normalized(vectors.at(members, 2))
    accuracy = height_of("accuracy", "classification")
    found = surface(network, plane, AXIS, AXIS, rows, accuracy)
    for i, j in ((0, 0), (2, 2), (3, 1)):
        outputs = outputs_of(network, plane.lift(np.array([AXIS[j], AXIS[i]])), x)
        assert found.height[i, j] == pytest.approx((outputs.argmax(1) == y).mean())
    own = [(outputs_of(network, vectors.at(members, m), x).argmax(1) == y).mean() for m in range(4)]
    np.testing.assert_allclose(heights_at(network, members, rows, accuracy), own)


def test_heights_in_the_targets_own_unit():
    sums = {"squared": np.array([[8.0, 2.0]]), "weight": np.array([2.0])}
    rmse = height_of("rmse", "regression", np.array([10.0, 1.0]))
    assert rmse.from_sums(sums).tolist() == [(20.0 + 1.0) / 2]
    with pytest.raises(ConfigError, match=r"'roc_auc' cannot be drawn .* Known: loss, accuracy"):
        height_of("roc_auc", "classification")
    with pytest.raises(ConfigError, match=r"Did you mean 'accuracy'\?"):
        height_of("acuracy", "classification")


def test_blocks_and_interruption_change_nothing(network, members, rows):
    plane = principal_components(members)
    x, y = Window.around(plane.project(members)).grid(9, 7)
    whole = surface(network, plane, x, y, rows).height
    steps = list(fill(network, plane, x, y, rows, block=10))
    assert len(steps) == 7
    assert [int(np.isnan(step.height).sum()) for step in steps] == [53, 43, 33, 23, 13, 3, 0]
    np.testing.assert_array_equal(steps[-1].height, whole)
    *_, resumed = fill(network, plane, x, y, rows, start=steps[2].height, block=10)
    np.testing.assert_array_equal(resumed.height, whole)
    (nothing_left,) = fill(network, plane, x, y, rows, start=whole)
    np.testing.assert_array_equal(nothing_left.height, whole)


def test_one_compilation_serves_every_plane_of_the_same_shapes(network, members, rows, compilations):
    jax.clear_caches()
    for member, width in ((0, 5), (1, 12)):
        plane = filter_normalized(vectors.at(members, member), seed=member)
        surface(network, plane, np.linspace(-1, 1, width), AXIS, rows, block=8)
    assert len([name for name in compilations if "combinations" in name]) == 1
    assert len(compilations) == 1


def test_coarse_comes_before_fine():
    order = coarse_to_fine((51, 51))
    assert sorted(order) == list(range(51 * 51))
    row, column = np.divmod(order, 51)
    coarse = (row % 8 == 0) & (column % 8 == 0)
    assert coarse[:49].all()
    assert not coarse[49:].any()


def test_undefined_points_stay_nan(typed):
    found = surface(typed(lambda p: jnp.log(p[0]) + p[1]), coordinate_plane(np.zeros(2, np.float32)), AXIS, AXIS)
    assert np.isnan(found.height[:, :2]).all()
    np.testing.assert_allclose(found.height[:, 3:], np.log(AXIS[3:]) + AXIS[:, None], rtol=1e-6)


def test_the_map_reads_bilinearly_between_its_points():
    drawn = Surface(np.array([0.0, 2.0]), np.array([0.0, 1.0]), np.array([[0.0, 2.0], [4.0, 6.0]]))
    points = np.array([[[1.0, 0.5], [2.0, 1.0]], [[3.0, 0.0], [np.nan, 0.0]]])
    np.testing.assert_array_equal(drawn.at(points), [[3.0, 6.0], [np.nan, np.nan]])


def trajectory_error(objective, plane, points, rows=EMPTY, width=15):
    """The error of a map of paths of shape (hikers, frames), everything computed as a run's survey would."""
    lead = np.shape(jax.tree.leaves(points)[0])[:2]
    together = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), points)
    c = plane.project(together)
    true = heights_at(objective, together, rows).reshape(lead)
    nearest = heights_at(objective, plane.lift(c), rows).reshape(lead)
    x, y = Window.around(c).grid(width)
    drawn = surface(objective, plane, x, y, rows)
    distance = plane.distance(together).reshape(lead)
    return map_error(plane.share_of(together), distance, true, nearest, c.reshape(*lead, 2), drawn)


def test_points_on_the_plane_read_back_their_own_loss(network, members, rows):
    plane = through_three(vectors.at(members, slice(3)))
    places = np.random.default_rng(0).uniform(-1, 3, (2, 4, 2))
    error = trajectory_error(network, plane, plane.lift(places), rows)
    np.testing.assert_allclose(error.nearest, error.true, rtol=1e-5)
    np.testing.assert_allclose(error.distance, 0.0, atol=1e-5)
    assert error.held == pytest.approx(1.0)
    assert error.is_exact
    assert error.sentence() == ""


def test_a_typed_functions_own_plane_has_no_error(typed):
    hills = typed(lambda p: (1 - p[0]) ** 2 + 10 * (p[1] - p[0] ** 2) ** 2)
    points = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    error = trajectory_error(hills, coordinate_plane(points[0, 0]), points, width=101)
    np.testing.assert_array_equal(error.nearest, error.true)
    np.testing.assert_array_equal(error.distance, 0.0)
    assert error.is_exact
    assert error.warnings() == ()


def test_a_plane_across_the_movement_is_told(network, members, rows):
    path = jax.tree.map(lambda leaf: leaf[None], members)
    error = trajectory_error(network, filter_normalized(vectors.at(members, 0)), path, rows)
    assert error.held < 0.5
    assert not error.is_exact
    assert error.warnings()[0].startswith("The plane holds only")


def test_the_error_in_words():
    true, drawn = np.array([[1.0, 0.3, np.nan], [1.2, 0.5, 0.4]]), np.array([[1.0, 0.6, np.nan], [1.2, 0.5, 0.44]])
    error = MapError(0.71, np.ones((2, 3)), true, drawn, drawn)
    assert error.sentence() == (
        "the plane holds 71 % of the movement; at the end points (medians) the true loss is 0.35 and the map shows 0.52"
    )
    assert error.plane_gap == pytest.approx(0.17)
    assert error.warnings() == (
        "At the end points the plane is off by 0.17, 23% of the whole descent: read the heights at the members from "
        "the table, not from the map.",
        "The map shows member 2 lowest; in truth it is member 1.",
    )


def test_a_grid_that_is_too_coarse_is_told():
    true, drawn = np.array([[1.0, 0.0]]), np.array([[1.0, 0.3]])
    (warning,) = MapError(1.0, np.zeros((1, 2)), true, true, drawn).warnings()
    assert warning == (
        "Between the grid's points the map is off by 0.3, 30% of the whole descent: "
        "take a finer grid or a smaller window."
    )


def test_surfaces_of_any_grid_are_of_its_shape(typed):
    bowl = typed(lambda p: (p**2).sum())
    plane = coordinate_plane(np.zeros(2, np.float32))
    for width, depth in itertools.product((2, 5), (3, 9)):
        x, y = np.linspace(-1, 1, width), np.linspace(0, 2, depth)
        found = surface(bowl, plane, x, y).height
        np.testing.assert_allclose(found, x**2 + y[:, None] ** 2, atol=1e-6)

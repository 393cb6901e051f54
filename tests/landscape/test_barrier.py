import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.alignment import align, permute, weight_matching
from talweg.landscape.barrier import barrier, basins, fill_lines, lines, sentences
from talweg.landscape.combination import LOSS, height_of
from talweg.landscape.curve import bend, bezier
from talweg.objective.layers import Activation, Dense, Layer, Sequential
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network


def shuffled(network, params, seed):
    generator = np.random.default_rng(seed)
    units = [layer.units for layer in network.model.layers if isinstance(layer, Dense)][:-1]
    return permute(network.model, params, [generator.permutation(count) for count in units])


@pytest.fixture
def rows(data, chunks_of):
    return chunks_of(32, *data)


def test_the_line_between_two_wells_is_the_closed_form(typed):
    # Wells at -1 and 1, a hill of height 1 between them, the right well deeper by 0.4.
    wells = typed(lambda p: (p[0] ** 2 - 1) ** 2 + p[1] ** 2 - 0.2 * p[0])
    ends = np.array([[-1.0, 0.0], [1.0, 0.0]], np.float32)
    found = lines(wells, ends, steps=41)
    np.testing.assert_allclose(
        found.heights[0, 0], ((2 * found.along - 1) ** 2 - 1) ** 2 - 0.2 * (2 * found.along - 1), atol=1e-6
    )
    np.testing.assert_allclose(found.barriers(), [[0.0, 1.0], [1.0, 0.0]], atol=1e-6)


def test_barrier_is_never_negative_and_nan_where_unknown():
    along = np.linspace(0, 1, 5)
    assert barrier(along, np.array([[4.0, 0.0, -3.0, 0.0, 1.0]]))[0] == 0.0
    assert np.isnan(barrier(along, np.array([1.0, np.nan, 1.0, 1.0, 1.0])))
    assert np.isinf(barrier(along, np.array([1.0, np.inf, 1.0, 1.0, 1.0])))


def test_loss_and_error_along_the_lines_in_one_pass(network, members, data, rows, outputs_of):
    x, y = data
    kinds = (LOSS, height_of("error_rate", "classification"))
    found = lines(network, members, rows, kinds, steps=5)
    assert found.heights.shape == (2, 6, 5)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    between = vectors.at(vectors.combine(np.array([[0.0, 0.75, 0.0, 0.25]]), members), 0)
    outputs = outputs_of(network, between, x)
    expected = [
        float(network.row_loss.per_row(jnp.asarray(outputs), jnp.asarray(y)).mean()),
        (outputs.argmax(1) != y).mean(),
    ]
    np.testing.assert_allclose(found.heights[:, 4, 1], expected, rtol=1e-5)
    matrix = found.barriers(1)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 0).all()


def test_lines_go_on_where_they_stopped(network, members, rows, compilations):
    steps = list(fill_lines(network, members, rows, steps=7))
    assert len(steps) == 6
    assert np.isnan(steps[3].heights[0, 4:]).all()
    *_, resumed = fill_lines(network, members, rows, steps=7, start=steps[3].heights)
    np.testing.assert_array_equal(resumed.heights, steps[-1].heights)
    assert len(list(fill_lines(network, members, rows, steps=7, start=resumed.heights))) == 1
    assert len(compilations) <= 1


def test_identical_members_have_no_barrier(network, members, rows):
    twins = vectors.stack([vectors.at(members, 0)] * 2)
    np.testing.assert_allclose(lines(network, twins, rows).barriers(), 0.0, atol=1e-6)


def test_permuted_members_are_aligned_back(data, chunks_of, draw, outputs_of):
    network = Network(mlp([12, 10], 3), LOSSES["softmax_cross_entropy"], (4,), 3)
    one = vectors.at(draw(network, 1, seed=3), 0)
    # The targets are what the network says itself, so that it lies low and a mixture of its units does not.
    rows = chunks_of(32, data[0], outputs_of(network, one, data[0]).argmax(1))
    pair = vectors.stack([one, shuffled(network, one, 0), shuffled(network, one, 1)])
    assert lines(network, pair, rows).barriers()[0, 1] > 0.01
    aligned = align(network.model, pair)
    for leaf in jax.tree.leaves(aligned):
        np.testing.assert_array_equal(leaf[1], leaf[0])
        np.testing.assert_array_equal(leaf[2], leaf[0])
    np.testing.assert_allclose(lines(network, aligned, rows).barriers(), 0.0, atol=1e-6)


def test_alignment_changes_no_output_and_brings_weights_nearer(network, members, data, outputs_of):
    x, _ = data
    aligned = align(network.model, members, reference=1)
    for member in range(4):
        before, after = (outputs_of(network, vectors.at(points, member), x) for points in (members, aligned))
        np.testing.assert_allclose(after, before, atol=1e-5)
    distance = lambda points: [  # noqa: E731
        vectors.squared_norms(vectors.combine(np.array([[1.0, -1.0]]), vectors.at(points, [1, other])))[0]
        for other in (0, 2, 3)
    ]
    assert (np.array(distance(aligned)) <= np.array(distance(members)) + 1e-6).all()
    assert sum(distance(aligned)) < sum(distance(members)) - 0.1
    for leaf, old in zip(jax.tree.leaves(aligned), jax.tree.leaves(members), strict=True):
        np.testing.assert_array_equal(leaf[1], old[1])


def test_matching_one_hidden_layer_is_the_best_of_all_orders(data):
    from itertools import permutations

    model = mlp([4], 2)
    one, other = (jax.device_get(model.init(jax.random.key(seed), (3,))) for seed in (0, 1))

    def nearness(order):
        moved = permute(model, other, [np.array(order)])
        return float(vectors.inner_products(vectors.stack([one]), vectors.stack([moved]))[0, 0])

    best = max(permutations(range(4)), key=nearness)
    assert weight_matching(model, one, other)[0].tolist() == list(best)


def test_alignment_refuses_what_it_does_not_know():
    class Strange(Layer):
        kind = "strange"

        def output_shape(self, shape):
            return shape

        def init(self, key, shape):
            return {}

        def apply(self, params, x, key):
            return x[..., ::-1]

    with pytest.raises(ConfigError, match="dense layers and activations only, found 'strange'"):
        permute(Sequential((Dense(3), Strange(), Dense(2))), {}, [])
    with pytest.raises(ConfigError, match="a permutation for each of 1 hidden layers, found 2"):
        permute(Sequential((Dense(3), Activation("relu"), Dense(2))), {}, [np.arange(3)] * 2)


def test_basins_are_reached_over_others():
    barriers = np.full((5, 5), 1.0)
    np.fill_diagonal(barriers, 0.0)
    for one, other in ((0, 3), (3, 4)):
        barriers[one, other] = barriers[other, one] = 0.01
    barriers[1, 2] = barriers[2, 1] = np.nan
    groups = basins(barriers, 0.02)
    assert groups.tolist() == [0, 1, 2, 0, 0]
    barriers[0, 1] = barriers[1, 0] = 0.8
    assert sentences(barriers, groups) == (
        "members 1, 4 and 5 share a valley; members 2 and 3 lie each alone",
        "between 1 and 2 lies the lowest pass, of 0.8",
        "between 2 and 3 the highest, of infinite height",
    )


@pytest.mark.parametrize(
    ("groups", "first"),
    [
        ([0, 0, 0], "all 3 members share a valley"),
        ([0, 1, 2], "each member lies in a valley of its own"),
        ([0], "there is one member"),
    ],
)
def test_basins_in_words(groups, first):
    barriers = 1.0 - np.eye(len(groups))
    assert sentences(barriers, np.array(groups))[0] == first


def test_a_curve_goes_round_the_hill(typed):
    # A ring-shaped valley around a hill: the straight line crosses the hill, an arc need not.
    ring = typed(lambda p: (jnp.sum(p**2) - 1) ** 2)
    ends = np.array([[-1.0, 0.0], [1.0, 0.0]], np.float32)
    found = bend(ring, ends, max_iterations=100)
    assert found.straight_barrier == pytest.approx(1.0, abs=1e-5)
    assert found.barrier < 0.2
    points = bezier(found.along) @ np.stack([found.terms[0], found.terms[1], found.terms[2]])
    np.testing.assert_allclose(found.heights, ((points**2).sum(1) - 1) ** 2, atol=1e-5)
    assert found.sentence("1", "2").startswith("straight from 1 to 2 lies a pass of 1; a curved path crosses at 0.")


def test_a_curve_between_networks_lowers_the_ridge(network, members, rows):
    ends = vectors.at(members, slice(2))
    found = bend(network, ends, rows, max_iterations=20)
    assert found.heights.mean() < found.straight.mean()
    for leaf, end in zip(jax.tree.leaves(found.terms), jax.tree.leaves(ends), strict=True):
        np.testing.assert_array_equal(leaf[[0, 2]], end)

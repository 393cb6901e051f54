"""Batch statistics on a map are those of the weights that are there; dropout is off; convolutions are drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import talweg as tw
from talweg.data.feed import chunked
from talweg.landscape import vectors
from talweg.landscape.directions import through_three
from talweg.landscape.surface import surface
from talweg.objective.base import Batch
from talweg.objective.layers import Conv, Dense, Flatten, Sequential, relu
from talweg.objective.losses import LOSSES
from talweg.objective.network import Network

LAYERS = "dense 6, batchnorm, tanh, dropout 0.4, output"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("resettled") / "run"
    return tw.train("iris", out=out, members=2, layers=LAYERS, max_epochs=5, learning_rate=0.05)


def by_hand(params, x, y):
    """The mean loss with the statistics of all rows, in NumPy; nothing is dropped."""
    first = x @ params["dense_1"]["weights"] + params["dense_1"]["biases"]
    mean, variance = first.mean(0), first.var(0, ddof=1)
    norm = params["batchnorm_1"]
    hidden = np.tanh((first - mean) / np.sqrt(variance + 1e-5) * norm["scale"] + norm["shift"])
    outputs = hidden @ params["dense_2"]["weights"] + params["dense_2"]["biases"]
    shifted = outputs - outputs.max(1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(y)), y]).mean())


def test_statistics_are_measured_at_every_point_and_dropout_is_off(run):
    found = run.map(size=7)
    survey, rows = found.survey, found.ground.job.training
    assert "statistics" not in survey.plane.origin["batchnorm_1"]
    for i, j in ((0, 0), (3, 3), (6, 2)):
        place = survey.plane.lift(np.array([survey.surface.x[j], survey.surface.y[i]]))
        assert survey.surface.height[i, j] == pytest.approx(by_hand(place, rows.x, rows.y), rel=1e-4)
    again = run.map(size=7)
    np.testing.assert_array_equal(again.survey.surface.height, survey.surface.height)


def test_what_is_measured_is_no_part_of_the_way(run):
    trajectory = run.trajectory()
    assert set(trajectory.params["batchnorm_1"]) == {"scale", "shift"}
    assert set(run.params["batchnorm_1"]) == {"scale", "shift", "statistics"}


def test_barriers_and_sharpness_of_a_network_with_statistics(run):
    found = run.barriers(steps=5)
    assert found.aligned is None
    assert (
        "Hidden units were not aligned: hidden units can be aligned in networks of dense layers"
        in found.sentences()[-1]
    )
    assert np.isfinite(run.sharpness(eigenvalues=1).curvatures[0].spectrum.values).all()


def test_a_convolutional_networks_surface_is_its_loss_at_every_point():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(20, 6, 6, 1)).astype(np.float32)
    y = generator.integers(0, 3, 20)
    model = Sequential([Conv(4, 3), relu, Flatten(), Dense(3)])
    network = Network(model, LOSSES["softmax_cross_entropy"], (6, 6, 1), 3)
    members = vectors.stack([jax.device_get(network.init(jax.random.key(seed))) for seed in range(3)])
    rows = Batch(*(chunked(column, 8) for column in (x, y, np.ones(20, np.float32))))
    plane = through_three(members)
    axis = np.array([-1.0, 0.5, 2.0])
    found = surface(network, plane, axis, axis, rows)
    place = jax.tree.map(jnp.asarray, plane.lift(np.array([2.0, 0.5])))
    outputs = np.asarray(network.outputs(place, jnp.asarray(x)), np.float64)
    shifted = outputs - outputs.max(1, keepdims=True)
    own = (np.log(np.exp(shifted).sum(1)) - shifted[np.arange(20), y]).mean()
    assert found.height[1, 2] == pytest.approx(own, rel=1e-5)

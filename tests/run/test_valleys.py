"""What lies between a run's members: against the library's own lines, and members that are one network reordered."""

import dataclasses

import numpy as np
import pytest

from talweg.errors import ConfigError
from talweg.landscape import vectors
from talweg.landscape.alignment import permute
from talweg.run.surveying.valleys import ValleySettings, valleys_of


@pytest.fixture(scope="module")
def reordered(iris):
    """The run with member 1 replaced by member 0, its eight units in another order."""
    model = valleys_of(iris, ValleySettings(steps=3)).ground.job.network.model
    twin = permute(model, vectors.at(iris.params, 0), [np.arange(8)[::-1]])
    return dataclasses.replace(
        iris, params=vectors.stack([vectors.at(iris.params, 0), twin, vectors.at(iris.params, 2)]), folder=None
    )


def test_a_network_and_its_own_reordering_are_parted_by_a_pass_until_they_are_aligned(reordered):
    found = reordered.barriers(steps=9)
    assert found.straight.barriers()[0, 1] > found.tolerance
    assert found.straight.groups[0] != found.straight.groups[1]
    assert found.aligned is not None
    assert found.aligned.barriers()[0, 1] == pytest.approx(0, abs=1e-6)
    assert found.aligned.groups[0] == found.aligned.groups[1]
    level = np.broadcast_to(found.straight.lines.heights[:, 0, :1], (2, 9))
    np.testing.assert_allclose(found.aligned.lines.heights[:, 0], level, rtol=1e-5)
    words = " ".join(found.sentences())
    assert "lies a" in words or "lowest pass" in words
    assert "After aligning hidden units:" in words


def test_the_error_is_beside_the_loss(iris, runs):
    assert iris.barriers(steps=5).error == "error_rate"
    found = runs["diabetes"].barriers(steps=5)
    assert found.error == "rmse"
    assert found.straight.barriers(1).shape == (2, 2)


def test_a_curve_crosses_lower_than_the_straight_line(reordered):
    found = reordered.barriers(curve=(0, 1), steps=9)
    assert found.curve is not None
    assert found.curve.straight_barrier == pytest.approx(found.straight.barriers()[0, 1], rel=1e-4)
    assert found.curve.barrier < found.curve.straight_barrier / 2
    assert "a curved path crosses at" in found.sentences()[-1]


def test_an_interrupted_look_goes_on(iris, tmp_path):
    settings = ValleySettings(steps=7)

    def stop(done, total):
        assert total == 6
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        valleys_of(iris, settings, tmp_path, stop)
    seen = []
    found = valleys_of(iris, settings, tmp_path, lambda done, total: seen.append(done))
    assert seen == [3, 4, 5, 6]
    whole = valleys_of(iris, settings)
    np.testing.assert_array_equal(found.straight.barriers(), whole.straight.barriers())


def test_the_summary_is_plain(iris):
    told = iris.barriers(members=(2, 0), steps=5).summary
    assert (told["kind"], told["members"], told["error"]) == ("barriers", [2, 0], "error_rate")
    assert told["straight"]["loss"][0][0] == 0
    assert told["straight"]["loss"][0][1] == told["straight"]["loss"][1][0]
    assert told["curve"] is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"members": (0,)}, "there is nothing between one member and itself"),
        ({"members": (0, 7)}, "there is no member 7; the run has 3"),
        ({"curve": (1, 1)}, "a curve leads between two members, such as 0,1, got 1,1"),
        ({"steps": 2}, "steps must be 3 or more, got 2"),
    ],
)
def test_what_does_not_fit_is_told(iris, settings, message):
    with pytest.raises(ConfigError, match=message):
        iris.barriers(**settings)

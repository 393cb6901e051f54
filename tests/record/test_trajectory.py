import numpy as np
import pytest

from talweg.record.trajectory import FEW, WIDTH, Plan, Recorder, Trajectory, plan, sketch, thinned, usual_budget

MB = 1_000_000


def walk(plan, epochs, members=2, size=6):
    """A recorder that saw random walks, and what it was shown: of shape (epochs + 1, members, ...)."""
    generator = np.random.default_rng(0)
    path = np.cumsum(generator.normal(size=(epochs + 1, members, size, 3)).astype(np.float32), axis=0)
    recorder = Recorder(plan)
    for epoch, params in enumerate(path):
        recorder = recorder.observe(epoch, {"dense_1": {"weights": params}}, {"loss": params[:, 0, 0]})
    return recorder, path


@pytest.mark.parametrize("most", [2, 3, 10, 64])
def test_thinning_keeps_both_ends_and_the_number(most):
    kept: list[int] = []
    for epoch in range(500):
        kept = thinned([*kept, epoch], most)
    assert kept[0] == 0
    assert kept[-1] == 499
    assert len(kept) == most
    assert kept == sorted(set(kept))
    if most == 64:
        assert kept[1] <= 4, "the first epochs are long"
        gaps = np.diff(np.sqrt(kept))
        assert gaps[4:].max() < 4 * gaps[4:].min(), "evenly on the root of time"


def test_snapshots_are_the_params_that_were_seen():
    recorder, path = walk(Plan(8, 8, 0, 0), 40)
    trajectory = Trajectory.of(recorder.arrays())
    assert len(trajectory.epochs) == 8
    np.testing.assert_array_equal(trajectory.whole, np.arange(8))
    np.testing.assert_array_equal(trajectory.params["dense_1"]["weights"], path[trajectory.epochs])
    np.testing.assert_array_equal(trajectory.curves["loss"], path[trajectory.epochs, :, 0, 0])
    assert trajectory.sketch is None


@pytest.mark.parametrize("width", [0, WIDTH])
def test_a_recorder_put_away_and_restored_goes_on_as_if_nothing_were(width):
    kept = Plan(8, 8 if not width else 3, width, 0)
    recorder, path = walk(kept, 30)
    halves, restored = Recorder(kept), None
    for epoch, params in enumerate(path):
        halves = halves.observe(epoch, {"dense_1": {"weights": params}}, {"loss": params[:, 0, 0]})
        if epoch == 17:
            halves = Recorder(kept).restored(halves.arrays())
    restored = halves.arrays()
    assert restored.keys() == recorder.arrays().keys()
    for name, array in recorder.arrays().items():
        np.testing.assert_array_equal(restored[name], array)
    assert Recorder(kept).restored({}).arrays() == {}


def test_a_recorder_copies_what_it_sees():
    params = np.ones((1, 4), np.float32)
    recorder = Recorder(Plan(4, 4, 0, 0)).observe(0, {"w": params}, {})
    params[:] = 7
    assert recorder.arrays()["params/w"].max() == 1


def test_sketches_keep_inner_products():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(6, 200, 120)).astype(np.float32)
    points[3:] += points[:3]
    short = sketch({"a": points[:, :50], "b": points[:, 50:]})
    assert short.shape == (6, WIDTH)
    flat = points.reshape(6, -1)
    true, found = flat @ flat.T, short @ short.T
    lengths = np.sqrt(np.diag(true))
    np.testing.assert_allclose(found / np.outer(lengths, lengths), true / np.outer(lengths, lengths), atol=0.12)
    order = sketch({"b": points[:, 50:], "a": points[:, :50]})
    np.testing.assert_array_equal(order, short, err_msg="whatever the order of names")


@pytest.mark.parametrize(
    ("members", "size", "epochs"), [(8, 9_000, 200), (8, 100_000, 200), (4, 1_000_000, 50), (3, 50_000, 4)]
)
def test_a_plan_keeps_within_its_budget_and_says_how_much(members, size, epochs):
    budget = usual_budget(members, size)
    found = plan(members, size, epochs, budget)
    assert found.frames >= 2
    assert found.bytes <= budget
    assert f"{found.bytes / MB:.1f} MB at most" in found.sentence()
    recorder, _ = walk(found, 30)
    assert len(recorder.arrays()["epochs"]) <= found.frames + (found.whole if found.width else 0)


def test_large_networks_get_sketches_and_hopeless_ones_nothing():
    assert plan(8, 9_000, 200, 32 * MB).width == 0
    assert plan(8, 100_000, 200, 32 * MB).width == WIDTH
    assert plan(8, 100_000, 200, 32 * MB).whole < FEW
    nothing = plan(8, 10_000_000, 200, 32 * MB)
    assert nothing.frames == 0
    assert "ways are not recorded" in nothing.sentence()
    assert plan(8, 9_000, 200, 0).frames == 0
    assert Recorder(nothing).observe(0, {"w": np.ones((8, 2))}, {}).arrays() == {}

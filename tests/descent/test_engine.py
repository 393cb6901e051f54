"""The engine's promises 1 to 5 and 7 (docs/design.md), each on a network small enough to see through."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.data.feed import chunked, epoch_order, epoch_weight
from talweg.descent import engine, evaluation
from talweg.descent.members import gathered, select
from talweg.descent.optimizer import make_optimizer
from talweg.objective.base import Batch
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp, with_member_axis
from talweg.objective.network import Network
from talweg.objective.words import parse_layers

ROWS, FEATURES, CLASSES, BATCH, MEMBERS = 23, 4, 3, 5, 5
NETWORK = Network(mlp((6,), CLASSES, "tanh"), LOSSES["softmax_cross_entropy"], (FEATURES,), CLASSES)
RATES = np.array([0.1, 0.02, 0.3, 0.05, 0.2], np.float32)


def table(rows=ROWS, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, FEATURES)).astype(np.float32)
    return Batch(x, (x[:, 0] + x[:, 1] > 0).astype(np.int32) + (x[:, 2] > 1), None)


DATA = table()


def feed(number, members=None, seed=0):
    """The rows of an epoch, shared, or in an order of each of the given members' own."""
    if members is None:
        order = epoch_order(ROWS, BATCH, seed, number)
    else:
        order = np.stack([epoch_order(ROWS, BATCH, seed, number, member) for member in members])
    return engine.Feed(DATA, order, epoch_weight(order, np.ones(ROWS, np.float32)))


def keys(members):
    return np.stack([np.array([7, member], np.uint32) for member in members])


def train(members, epochs=4, crowd="map", own=False, alive=lambda number, member: True, state=None, first=1):
    """Trains some of the members; `alive` says which go on in an epoch. Returns the state and the curves."""
    members = list(members)
    optimizer = make_optimizer("momentum", len(members), learning_rate=RATES[members])
    state = engine.init(NETWORK, optimizer, keys(members)) if state is None else state
    losses = []
    for number in range(first, first + epochs):
        active = np.array([alive(number, member) for member in members])
        rows = feed(number, members if own else None)
        state, info = engine.epoch(NETWORK, optimizer, state, active, rows, number, crowd)
        losses.append(np.asarray(info.loss))
    return jax.device_get(state), np.array(losses)


def of_member(tree, place):
    return jax.tree.map(lambda leaf: np.asarray(leaf)[place], tree)


def assert_same(ours, theirs, exactly=True):
    def check(a, b):
        if exactly:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-6)

    jax.tree.map(check, ours, theirs)


@pytest.mark.parametrize("own", [False, True], ids=["shared batches", "own batches"])
@pytest.mark.parametrize("crowd", ["map", "vmap", "threads"])
def test_promise_2_a_member_alone_equals_itself_in_a_crowd(crowd, own):
    state, losses = train(range(MEMBERS), crowd=crowd, own=own)
    for member in (0, 3):
        alone, its_losses = train([member], crowd=crowd, own=own)
        assert_same(of_member(alone, 0), of_member(state, member), exactly=crowd != "vmap")
        assert_same(its_losses[:, 0], losses[:, member], exactly=crowd != "vmap")
    assert (losses[-1] < losses[0]).all()


def test_map_and_vmap_agree_to_rounding():
    one, two = (train(range(MEMBERS), crowd=crowd) for crowd in ("map", "vmap"))
    assert_same(one, two, exactly=False)


def test_members_side_by_side_are_those_of_a_loop_to_the_last_bit():
    one, two = (train(range(MEMBERS), crowd=crowd) for crowd in ("map", "threads"))
    assert_same(one, two)
    active = np.array([True, False, True, True, False])
    one, two = (evaluation.evaluate(NETWORK, one[0].params, active, chunks(8), crowd) for crowd in ("map", "threads"))
    assert_same(one, two)
    assert np.isnan(two["loss"]).tolist() == (~active).tolist()


def test_members_side_by_side_compile_one_program():
    members, before = range(3), engine._epoch()._cache_size()
    train(members, epochs=1, crowd="threads")
    train(members, epochs=2, crowd="threads", own=True)
    assert engine._epoch()._cache_size() - before <= 2, "one for the shared order, one for an order of each"


def test_own_orders_differ_from_the_shared_one():
    assert (train([0], own=True)[1] != train([0])[1]).any()


@pytest.mark.parametrize("own", [False, True], ids=["shared batches", "own batches"])
@pytest.mark.parametrize("crowd", ["map", "vmap", "threads"])
@pytest.mark.parametrize("survivors", [[], [2], [1, 4], [0, 2, 3, 4]], ids=str)
def test_promise_3_a_stopped_member_never_changes_again_and_the_others_never_notice(crowd, own, survivors):
    stopped = [member for member in range(MEMBERS) if member not in survivors]
    everyone, _ = train(range(MEMBERS), crowd=crowd, own=own)
    at_two, _ = train(range(MEMBERS), epochs=2, crowd=crowd, own=own)
    state, losses = train(range(MEMBERS), crowd=crowd, own=own, alive=lambda number, m: number <= 2 or m in survivors)
    for member in stopped:
        assert_same(of_member(state, member), of_member(at_two, member))
        assert np.isnan(losses[2:, member]).all()
        assert np.isfinite(losses[:2, member]).all()
    for member in survivors:
        assert_same(of_member(state, member), of_member(everyone, member), exactly=crowd != "vmap")
        assert np.isfinite(losses[:, member]).all()


def test_survivors_are_gathered_into_a_smaller_crowd_when_that_halves_it():
    sizes = []
    for alive in range(9):
        active = np.zeros(8, bool)
        active[8 - alive :] = True
        few = gathered(active)
        if few is not None:
            assert set(np.flatnonzero(active)) <= set(few.tolist())
            assert len(set(few.tolist())) == len(few)
        sizes.append(None if few is None else len(few))
    assert sizes == [1, 1, 2, 4, 4, None, None, None, None]


def test_promise_1_resumed_at_any_epoch_equals_never_having_stopped():
    whole, losses = train(range(MEMBERS), epochs=4)
    for stop in (1, 3):
        half, before = train(range(MEMBERS), epochs=stop)
        rest, after = train(range(MEMBERS), epochs=4 - stop, state=half, first=stop + 1)
        assert_same(rest, whole)
        np.testing.assert_array_equal(np.concatenate([before, after]), losses)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


LINEAR = Network(mlp((), CLASSES), LOSSES["softmax_cross_entropy"], (FEATURES,), CLASSES)


def linear_step(weights, biases, x, y, rate):
    """One step of softmax regression on the mean loss of the rows, by its closed-form gradient."""
    slope = (softmax(x @ weights + biases) - np.eye(CLASSES)[y]) / len(x)
    return weights - rate * x.T @ slope, biases - rate * slope.sum(0)


@pytest.mark.parametrize("padding", [0, 1, 9])
def test_promise_4_a_full_batch_with_padding_is_the_closed_form_step(padding):
    optimizer = make_optimizer("sgd", 2, learning_rate=0.7)
    state = engine.init(LINEAR, optimizer, keys([0, 1]))
    order = np.concatenate([np.arange(ROWS), np.zeros(padding, int)]).astype(np.int32)[None]
    weight = (np.arange(ROWS + padding) < ROWS).astype(np.float32)[None]
    after, info = engine.epoch(LINEAR, optimizer, state, np.ones(2, bool), engine.Feed(DATA, order, weight), 1)
    for member in range(2):
        before = of_member(state.params, member)["dense_1"]
        expected = linear_step(
            before["weights"].astype(np.float64), before["biases"].astype(np.float64), DATA.x, DATA.y, 0.7
        )
        found = of_member(after.params, member)["dense_1"]
        np.testing.assert_allclose(found["weights"], expected[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found["biases"], expected[1], rtol=1e-5, atol=1e-6)
        shares = softmax(DATA.x.astype(np.float64) @ before["weights"] + before["biases"])
        assert float(info.loss[member]) == pytest.approx(-np.log(shares[np.arange(ROWS), DATA.y]).mean(), rel=1e-5)


def test_promise_4_the_last_short_batch_is_trained_on_with_its_own_size():
    optimizer = make_optimizer("sgd", 1, learning_rate=0.3)
    state = engine.init(LINEAR, optimizer, keys([0]))
    rows = feed(1)
    after, info = engine.epoch(LINEAR, optimizer, state, np.ones(1, bool), rows, 1)
    before = of_member(state.params, 0)["dense_1"]
    weights, biases = before["weights"].astype(np.float64), before["biases"].astype(np.float64)
    losses, seen = [], []
    for order, weight in zip(rows.order, rows.weight, strict=True):
        chosen = order[weight > 0]
        seen += chosen.tolist()
        x, y = DATA.x[chosen].astype(np.float64), DATA.y[chosen]
        losses += (-np.log(softmax(x @ weights + biases)[np.arange(len(x)), y])).tolist()
        weights, biases = linear_step(weights, biases, x, y, 0.3)
    assert sorted(seen) == list(range(ROWS))
    assert ROWS % BATCH == len(chosen) == 3
    found = of_member(after.params, 0)["dense_1"]
    np.testing.assert_allclose(found["weights"], weights, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["biases"], biases, rtol=1e-4, atol=1e-6)
    assert float(info.loss[0]) == pytest.approx(np.mean(losses), rel=1e-5)


def chunks(size):
    return Batch(*(chunked(column, size) for column in (DATA.x, DATA.y, np.ones(ROWS, np.float32))))


@pytest.mark.parametrize(("crowd", "size"), [("map", 4), ("map", 32), ("vmap", 4)])
def test_promise_4_evaluation_is_exact_whatever_the_chunks(crowd, size):
    optimizer = make_optimizer("sgd", 3)
    params = engine.init(NETWORK, optimizer, keys(range(3))).params
    active = np.array([True, False, True])
    sums = evaluation.evaluate(NETWORK, params, active, chunks(size), crowd)
    logits = np.asarray(evaluation.outputs(NETWORK, params, DATA.x[None]))[:, 0].astype(np.float64)
    assert sums["weight"].tolist()[::2] == [ROWS, ROWS]
    for member in (0, 2):
        predicted = logits[member].argmax(1)
        expected = np.zeros((CLASSES, CLASSES))
        np.add.at(expected, (DATA.y, predicted), 1)
        np.testing.assert_array_equal(sums["confusion"][member], expected)
        loss = -np.log(softmax(logits[member])[np.arange(ROWS), DATA.y]).sum()
        assert sums["loss"][member] == pytest.approx(loss, rel=1e-5)
    assert all(np.isnan(value[1]).all() for value in sums.values())


LOWERINGS = []
jax.monitoring.register_event_duration_secs_listener(
    lambda event, seconds, **_: LOWERINGS.append(event) if "jaxpr_to_mlir" in event else None
)


def compilations(work):
    """How many programs were compiled meanwhile."""
    before = len(LOWERINGS)
    work()
    return len(LOWERINGS) - before


def fit(rate=0.1, rows=ROWS, epochs=4, members=2, seed=0):
    data = jax.device_put(table(rows, seed))
    optimizer = make_optimizer("adam", members, learning_rate=rate)
    state = engine.init(NETWORK, optimizer, keys(range(members)) + np.uint32(seed))
    for number in range(1, epochs + 1):
        order = epoch_order(rows, 8, seed, number)
        rows_of_epoch = engine.Feed(data, order, epoch_weight(order, np.ones(rows, np.float32)))
        active = np.array([True] + [number < 3] * (members - 1))
        state, _ = engine.epoch(NETWORK, optimizer, state, active, rows_of_epoch, number)
        evaluation.evaluate(NETWORK, state.params, active, chunks(32))


def test_promise_5_one_compilation_a_shape_and_none_for_a_second_fit():
    assert compilations(lambda: fit(rows=19)) == 3, "expected one each: init, epoch, evaluate"
    assert compilations(lambda: fit(rows=19)) == 0
    assert compilations(lambda: fit(rows=19, rate=0.3, epochs=7, seed=5)) == 0
    assert compilations(lambda: fit(rows=27)) == 1, "another number of steps is another epoch, and nothing else"


def test_promise_7_a_loss_that_is_no_number_spoils_that_member_alone():
    sound = make_optimizer("momentum", MEMBERS, learning_rate=0.1)
    rates = np.array([0.1, np.inf, 0.1, 0.1, 0.1], np.float32)
    optimizer = make_optimizer("momentum", MEMBERS, learning_rate=rates)
    everyone = np.ones(MEMBERS, bool)
    spoiled, others = (engine.init(NETWORK, some, keys(range(MEMBERS))) for some in (optimizer, sound))
    for number in (1, 2):
        spoiled, info = engine.epoch(NETWORK, optimizer, spoiled, everyone, feed(number), number)
        others, _ = engine.epoch(NETWORK, sound, others, everyone, feed(number), number)
    assert np.isfinite(info.loss).tolist() == [True, False, True, True, True]
    for member in (0, 2, 3, 4):
        assert_same(of_member(spoiled, member), of_member(others, member))


def test_the_best_params_are_kept_member_by_member():
    old = {"a": jnp.zeros((3, 2)), "b": jnp.zeros(3)}
    new = {"a": jnp.ones((3, 2)), "b": jnp.ones(3)}
    kept = select(np.array([True, False, True]), new, old)
    np.testing.assert_array_equal(kept["a"], [[1, 1], [0, 0], [1, 1]])
    np.testing.assert_array_equal(kept["b"], [1, 0, 1])


class Bowl(engine.Objective):
    """A typed function's stand-in: no data, params of shape (2,), a center for each member."""

    center: jax.Array | np.ndarray

    def init(self, key):
        return jax.random.normal(key, (2,))

    def loss(self, params, batch, key):
        value = jnp.sum((params - self.center) ** 2)
        return value, {"loss": value, "weight": jnp.ones(())}

    def metrics(self, params, batch):
        return {"loss": jnp.sum((params - self.center) ** 2), "weight": jnp.ones(())}


@pytest.mark.parametrize("crowd", ["map", "vmap", "threads"])
def test_an_objective_without_data_goes_down_the_same_engine(crowd):
    centers = np.array([[1.0, 2.0], [-3.0, 0.5]], np.float32)
    objective, optimizer = Bowl(centers), make_optimizer("sgd", 2, learning_rate=0.25)
    state = engine.init(objective, optimizer, keys([0, 1]))
    start = np.asarray(state.params)
    one_step = engine.Feed(Batch(None, None, None), np.zeros((1, 1), np.int32), np.ones((1, 1), np.float32))
    for number in (1, 2, 3):
        state, _ = engine.epoch(objective, optimizer, state, np.ones(2, bool), one_step, number, crowd)
    # Each step of 0.25 along −2 (p − c) halves the distance.
    np.testing.assert_allclose(state.params, centers + (start - centers) / 8, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("own", [False, True], ids=["shared batches", "own batches"])
@pytest.mark.parametrize("ends", [(0, 2, 5), (0, 3, 5)], ids=str)
def test_how_an_epoch_is_cut_changes_no_bit(own, ends):
    """The whole epoch in one call against the same steps in segments, with a member that has stopped among them."""
    members = range(3)
    optimizer = make_optimizer("adam", 3, learning_rate=RATES[:3])
    start = engine.init(NETWORK, optimizer, keys(members))
    active = np.array([True, False, True])
    whole, cut = start, start
    for number in (1, 2):
        rows = feed(number, members if own else None)
        whole, told = engine.epoch(NETWORK, optimizer, whole, active, rows, number)
        info = None
        for begin, end in itertools.pairwise(ends):
            part = engine.Feed(
                rows.data, rows.order[..., begin:end, :], rows.weight[..., begin:end, :], np.asarray(begin, np.int32)
            )
            cut, info = engine.epoch(NETWORK, optimizer, cut, active, part, number, info=info)
        assert_same(cut, whole)
        assert_same(info, told)


@pytest.mark.parametrize("crowd", ["vmap", "step", "threads"])
def test_every_way_to_run_members_gives_equal_results_for_pictures(crowd):
    # No bias before the batch norm: its gradient is 0, of which Adam would make steps out of rounding.
    words = "reshape 4x4x1, conv 3 3x3 bias no, batchnorm, relu, maxpool 2, dropout 0.2, flatten, dense 2"
    network = Network(parse_layers(words), LOSSES["softmax_cross_entropy"], (16,), 2)
    network = dataclasses.replace(network, model=with_member_axis(network.model, 2))
    optimizer = make_optimizer("momentum", 2, learning_rate=0.01)
    draw = np.random.default_rng(0)
    data = Batch(draw.normal(size=(10, 16)).astype(np.float32), draw.integers(0, 2, 10).astype(np.int32), None)
    order = np.arange(12, dtype=np.int32).reshape(3, 4) % 10
    weight = np.ones((3, 4), np.float32)
    weight[-1, 2:] = 0
    feed = engine.Feed(data, order, weight)
    keys = np.arange(4, dtype=np.uint32).reshape(2, 2)

    def run(way, active):
        state = engine.init(network, optimizer, keys)
        return engine.epoch(network, optimizer, state, active, feed, 1, way)

    everyone = np.ones(2, bool)
    (one, told), (other, also) = run("map", everyone), run(crowd, everyone)
    assert_same(one.params, other.params, exactly=False)
    np.testing.assert_allclose(told.loss, also.loss, rtol=1e-5)
    start = engine.init(network, optimizer, keys)
    stopped, info = run(crowd, np.array([True, False]))
    assert_same(of_member(stopped, 1), of_member(start, 1))
    assert np.isnan(np.asarray(info.loss)).tolist() == [False, True]

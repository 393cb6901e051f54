"""Promise 1: a training that is written down anywhere and continued equals one that never stopped, to the bit."""

import dataclasses
import itertools
import json

import jax
import numpy as np
import pytest

from talweg.config.settings import make_settings
from talweg.descent.optimizer import make_optimizer
from talweg.run.build import build
from talweg.run.segments import InMemory, cuts
from talweg.run.standing import read_standing
from talweg.run.train import train

EPOCHS = 6
GIVEN = {
    "source": "iris",
    "hidden": (4,),
    "members": 3,
    "max_epochs": EPOCHS,
    "batch_size": 16,
    "learning_rate": 0.02,
    "stop": "no_improvement(validation_loss, patience=2) or flat(train_loss, 0.02, patience=2) and accuracy >= 0.5",
}
"""105 training rows in batches of 16: an epoch of seven steps."""


def job_of(rates=None, **given):
    job = build(make_settings({**GIVEN, **given})).job
    if rates is not None:
        optimizer = make_optimizer(job.optimizer.name, len(rates), learning_rate=np.array(rates, np.float32))
        job = dataclasses.replace(job, optimizer=optimizer)
    return dataclasses.replace(job, source=InMemory.of(job, longest=3.0))


@dataclasses.dataclass(frozen=True)
class Sum:
    """A recorder that keeps the sum of the first weights, of every second epoch."""

    epochs: tuple = ()
    sums: tuple = ()

    def observe(self, epoch, params, curves):
        if epoch % 2:
            return None
        value = np.asarray(params["dense_1"]["weights"]).sum((1, 2))
        return Sum((*self.epochs, epoch), (*self.sums, value))

    def arrays(self):
        return {"epochs": np.array(self.epochs), "sums": np.array(self.sums)}

    def restored(self, arrays):
        return Sum(tuple(arrays["epochs"]), tuple(arrays["sums"]))


class EnoughError(Exception):
    pass


def undisturbed(job):
    """The whole training, with every standing it passes, as written down."""
    written, lines = [], []

    def pause(standing):
        written.append((standing.arrays(), json.dumps(standing.facts()), len(lines)))

    return train(job, lambda told: lines.append(told), pause=pause, recorder=Sum()), lines, written


def assert_same(one, two):
    assert one.outcomes == two.outcomes
    assert one.standing.restarts == two.standing.restarts
    np.testing.assert_array_equal(one.best_epoch, two.best_epoch)
    jax.tree.map(np.testing.assert_array_equal, one.params, two.params)
    jax.tree.map(np.testing.assert_array_equal, one.recorder.arrays(), two.recorder.arrays())


KINDS = {
    "adamw, cosine": {},
    "own batches, last params": {"member_batches": "own", "keep": "last"},
    "a member that stops early, momentum": {"optimizer": "momentum", "rates": [0.2, np.inf, 0.01]},
    "members that are restarted": {"optimizer": "momentum", "rates": [0.2, np.inf, 0.01], "on_divergence": "restart"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_promise_1_continued_from_any_place_equals_never_having_stopped(kind):
    job = job_of(**KINDS[kind])
    whole, lines, written = undisturbed(job)
    places = [json.loads(facts) for _, facts, _ in written]
    assert {place["step"] for place in places} == {0, 3, 5}, "places within epochs too"
    for arrays, facts, told in written:
        rest = []
        again = train(job, rest.append, standing=read_standing(job, arrays, json.loads(facts), Sum()))
        assert_same(again, whole)
        assert len(rest) == len(lines) - told
        for one, two in zip(rest, lines[told:], strict=True):
            assert one.epoch == two.epoch
            assert one.stopped == two.stopped
            jax.tree.map(np.testing.assert_array_equal, one.curves, two.curves)


def test_how_epochs_are_cut_changes_no_result():
    job = job_of()
    whole, lines, _ = undisturbed(job)
    for longest in (7.0, 2.0):
        again, told, written = undisturbed(dataclasses.replace(job, source=InMemory.of(job, longest)))
        assert_same(again, whole)
        for one, two in zip(told, lines, strict=True):
            jax.tree.map(np.testing.assert_array_equal, one.curves, two.curves)
        assert len(written) == (len(told) - 1) * {7.0: 1, 2.0: 3}[longest]


def test_a_pause_may_end_the_training():
    def pause(standing):
        if (standing.epoch, standing.step) == (2, 3):
            raise EnoughError

    told = []
    with pytest.raises(EnoughError):
        train(job_of(), told.append, pause=pause)
    assert [progress.epoch for progress in told] == [0, 1, 2]


def test_seconds_go_on_from_what_was_used():
    job = job_of()
    _, _, written = undisturbed(job)
    arrays, facts, _ = written[2]
    standing = read_standing(job, arrays, {**json.loads(facts), "seconds": 100.0})
    told = []
    train(job, told.append, clock=iter(np.arange(5.0, 1000.0)).__next__, standing=standing)
    assert told[0].seconds > 100.0
    assert all(one.seconds < two.seconds for one, two in itertools.pairwise(told))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hidden": (5,)}, r"best/dense_1/biases is float32\[3, 4\] and not float32\[3, 5\]"),
        ({"hidden": (4, 4)}, "best/dense_2/biases is"),
        ({"members": 2}, "and not"),
        ({"keep": "last"}, "other params were to be kept"),
        ({"stop": "flat(train_loss, 0.02) and accuracy >= 0.5 and seconds(9)"}, "it has no memory"),
    ],
)
def test_a_standing_of_another_job_is_refused(given, said):
    _, _, [(arrays, facts, _), *_] = undisturbed(job_of())
    with pytest.raises(ValueError, match=said):
        read_standing(job_of(**given), arrays, json.loads(facts))


def test_cuts_are_nearly_equal_and_leave_no_single_step():
    for steps in range(1, 60):
        for longest in (0.3, 1.0, 2.0, 3.5, 7.0, 100.0):
            lengths = np.diff(cuts(steps, longest))
            assert lengths.sum() == steps
            assert len(set(lengths.tolist())) <= 2
            assert lengths.max() - lengths.min() <= 1
            assert lengths.min() >= min(2, steps)
            assert lengths.max() <= max(longest, 3)
    assert cuts(1437, 1e9).tolist() == [0, 1437]

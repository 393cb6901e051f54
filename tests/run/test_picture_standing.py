"""Promises 1 and 2 for pictures: continued, or alone, they train as undisturbed in a crowd, to the bit."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from talweg.config.settings import make_settings
from talweg.data.images.photographs import read_photographs
from talweg.run.build import build
from talweg.run.job import Job, member_keys
from talweg.run.named import named_settings
from talweg.run.segments import InMemory
from talweg.run.standing import read_standing
from talweg.run.train import train
from tests.run.shapes import shapes

EPOCHS = 3
GIVEN = {"members": 2, "max_epochs": EPOCHS, "learning_rate": 0.01, "stop": "epochs(100)"}


def labeled():
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 120, (68, 8, 8), np.uint8)
    pixels[1::2, :4] += 100
    return named_settings(pixels, np.arange(68) % 2, {"split": "70/15/15", "batch_size": 8, **GIVEN})


def photographs():
    source = [picture[:32, :40] for picture in read_photographs("photographs").pictures]
    settings = {"source": "small", "task": "denoising", "split": "60/20/20", "patch_size": 16, "batch_size": 6}
    return make_settings({**settings, "layers": "residual(conv 2 3x3, batchnorm, relu, conv 1 3x3)", **GIVEN}), source


def masks():
    pictures = shapes(10, (32, 40))
    settings = {"split": "60/20/20", "patch_size": 16, "batch_size": 6, "layers": "conv 2 3x3, batchnorm, relu, output"}
    return named_settings(*pictures, {**settings, **GIVEN})


KINDS = {
    "augmented, with batch statistics and dropout": (
        labeled,
        {
            "augment": "flip, shift 1, rotation 10, brightness 0.2, cutout 3, mixup 0.2",
            "layers": "conv 2 3x3, batchnorm, relu, maxpool 2, dropout 0.3, flatten, output",
        },
    ),
    "levels of noise": (photographs, {"noise": "5..50"}),
    "masks": (masks, {"augment": "turn, shift 2, rotation 20, brightness 0.2", "input_noise": 0.1}),
    "noisy pictures alone": (photographs, {"noise": "self"}),
}


def job_of(kind, **given):
    make, its = KINDS[kind]
    settings, source = make()
    job = build(settings.model_copy(update={**its, **given}), source).job
    steps = job.steps_per_epoch
    assert steps % 2 == 0, "two segments of one length need one program"
    return dataclasses.replace(job, source=InMemory.of(job, longest=steps / 2))


def trained(job, **given):
    """The end, the curves, and every standing on the way as it is written down."""
    lines, written = [], []

    def pause(standing):
        written.append((standing.arrays(), json.dumps(standing.facts())))

    return train(job, lines.append, pause=pause, **given), lines, written


@pytest.fixture(scope="module", params=KINDS)
def whole(request):
    job = job_of(request.param)
    return request.param, job, *trained(job)


def assert_same(found, wanted):
    jax.tree.map(np.testing.assert_array_equal, found, wanted)


def test_it_is_a_training_of_both_members(whole):
    _, job, end, lines, written = whole
    assert [json.loads(facts)["step"] for _, facts in written] == [job.steps_per_epoch // 2, 0] * EPOCHS
    for leaf in jax.tree.leaves(end.params):
        assert (leaf[0] != leaf[1]).any()
    assert (lines[-1].curves["train_loss"] < lines[1].curves["train_loss"]).all()


@pytest.mark.parametrize("place", [2, 3], ids=["within an epoch", "between two epochs"])
def test_promise_1_continued_it_ends_as_if_it_had_never_stopped(whole, place):
    """By a job that is built anew, as another process builds it."""
    kind, _, end, lines, written = whole
    arrays, facts = written[place]
    job = job_of(kind)
    again, told, rest = trained(job, standing=read_standing(job, arrays, json.loads(facts)))
    assert_same(again.params, end.params)
    assert_same([one.curves for one in told], [one.curves for one in lines[-len(told) :]])
    assert len(rest) == len(written) - place - 1
    assert_same([arrays for arrays, _ in rest], [arrays for arrays, _ in written[place + 1 :]])


class Turned(Job):
    """A job whose last members come first."""

    @property
    def keys(self):
        return member_keys(self.settings.seed, 2)[::-1][: self.settings.members]


def turned(job):
    return Turned(**{field.name: getattr(job, field.name) for field in dataclasses.fields(job)})


def test_promise_2_a_member_does_not_depend_on_its_place_nor_on_its_neighbor(whole):
    kind, job, end, _, _ = whole
    again, _, _ = trained(turned(job))
    assert_same(again.params, jax.tree.map(lambda leaf: leaf[::-1], end.params))
    if job.network.augmentation is None:
        return
    # Another program, which takes its time to be made: once.
    alone, _, _ = trained(turned(job_of(kind, members=1)))
    assert_same(alone.params, jax.tree.map(lambda leaf: leaf[1:], end.params))

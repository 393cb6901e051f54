"""What is told while a training goes on: each epoch, and within a long one each segment, when it is really done."""

import io

import numpy as np
import pytest
from rich.console import Console

from talweg.config.settings import make_settings
from talweg.run.api import train_settings
from talweg.run.build import build
from talweg.run.listening import Listener
from talweg.run.train import train
from talweg.view.terminal import progress
from talweg.view.terminal.progress import TrainingProgress

# Runs end before their rule on purpose here.
pytestmark = pytest.mark.filterwarnings("ignore:epochs.* can never hold")

SETTINGS = make_settings(
    {
        "source": "iris",
        "members": 2,
        "hidden": (4,),
        "max_epochs": 2,
        "batch_size": 16,
        "stop": "epochs(9)",
        "learning_rate": 0.02,
        "checkpoint_every": "3 steps",
    }
)
"""105 training rows in batches of 16: an epoch of seven steps, in segments of three, two and two."""


def test_within_an_epoch_each_segment_is_told_and_the_loss_so_far_leads_to_the_epochs():
    heard = []
    train_settings(SETTINGS, listener=Listener(within=heard.append, epoch=heard.append))
    kinds = [type(told).__name__ for told in heard]
    assert kinds == ["Progress", *["Within", "Within", "Progress"] * 2]
    within = [told for told in heard if type(told).__name__ == "Within"]
    assert [(told.epoch, round(told.part * 7)) for told in within] == [(1, 3), (1, 5), (2, 3), (2, 5)]
    assert all(told.active.all() and np.isfinite(told.train_loss).all() for told in within)
    # Means over the first part of the same rows: near the epoch's, and not the same.
    for told, epoch in zip(within[1::2], heard[3::3], strict=True):
        np.testing.assert_allclose(told.train_loss, epoch.curves["train_loss"], rtol=0.5)
        assert (told.train_loss != epoch.curves["train_loss"]).all()


def test_a_pause_is_made_when_the_segment_is_done_and_not_when_it_is_begun():
    done = []
    train(
        build(SETTINGS).job,
        lambda told: None,
        pause=lambda there: done.append(there.step and there.info.total.is_ready()),
    )
    assert done == [True, True, 0] * 2


def test_the_line_moves_within_an_epoch(monkeypatch):
    monkeypatch.setattr(progress, "_PLAIN_EVERY", -1.0)
    console = Console(file=io.StringIO(), width=200)
    with TrainingProgress(console, members=2, max_epochs=4, metric="accuracy") as line:
        line.within(3, 0.5, 10.0, np.array([0.5, 1.5]), np.array([True, False]))
        line.within(3, 0.75, 11.0, np.array([0.5, 1.5]), np.array([True, False]))
    # The pace is that since the first line: what came before was compilation.
    assert console.file.getvalue().splitlines() == [
        "epoch 3/4  50% · loss 1 · 1 of 2 members going",
        "epoch 3/4  75% · loss 1 · 1 of 2 members going · 0.25 epochs/s · 0:05 left at most",
    ]


def test_the_bar_of_a_terminal_fills_within_an_epoch():
    console = Console(file=io.StringIO(), force_terminal=True, width=160)
    with TrainingProgress(console, members=2, max_epochs=4, metric="accuracy") as line:
        line.within(3, 0.5, 10.0, np.array([0.5, 1.5]), np.ones(2, bool))
        line.bar.refresh()
        assert line.bar.tasks[0].completed == 2.5
    assert "epoch 3/4" in console.file.getvalue()

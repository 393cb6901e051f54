"""Progress where it goes to no terminal: a line now and then of what takes long, and none of what is soon done."""

import io

import numpy as np
from rich.console import Console

from talweg.view.terminal import progress


def test_a_short_preparation_is_silent_and_a_long_one_tells_now_and_then(monkeypatch):
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    console = Console(file=io.StringIO(), width=100)
    shown = progress.PreparationProgress(console)
    for doing in ("reading", "looking over"):
        shown.update(doing, 0.4)
    assert console.file.getvalue() == ""
    for now in (104.0, 106.0, 108.0, 112.0):
        shown.update("looking over", (now - 100) / 20)
    told = console.file.getvalue().splitlines()
    assert [line.partition(" · ")[0] for line in told] == ["looking over 30%", "looking over 60%"]
    shown.close()


def test_the_pace_is_told_without_the_first_epoch_which_is_compilation(monkeypatch):
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    console = Console(file=io.StringIO(), width=200)
    shown = progress.TrainingProgress(console, 1, 46, "accuracy")
    for epoch, now in ((0, 0.0), (1, 11.0), (11, 21.0)):
        shown.update(epoch, now, {"train_loss": np.array([0.5])}, np.array([True]))
    first, later = console.file.getvalue().splitlines()
    assert first == "epoch 1/46  loss 0.5 · 1 of 1 members going"
    assert later == "epoch 11/46  loss 0.5 · 1 of 1 members going · 1 epochs/s · 0:35 left at most"

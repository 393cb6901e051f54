"""The room on the disk told from shapes: never less than is written, and little more of what grows with the network."""

import dataclasses
import types

import numpy as np
import pytest

import talweg as tw
from talweg.config.settings import make_settings
from talweg.errors import RunFolderError
from talweg.record.checkpoints import Checkpoints
from talweg.record.folder import RunFolder
from talweg.run.build import build
from talweg.run.resuming.interruption import Interruption
from talweg.run.resuming.keeping import PACE, Keeper
from talweg.run.resuming.room import PAGES, checkpoint_bytes, disk_bytes, most_checkpoints, result_bytes, sentence
from talweg.run.standing import first_standing

# Runs end before their rule on purpose here.
pytestmark = pytest.mark.filterwarnings("ignore:epochs.* can never hold")

KINDS = {
    "adamw, recorded": {"hidden": (512,)},
    "restarts, momentum, last params": {
        "hidden": (64, 64),
        "optimizer": "momentum",
        "keep": "last",
        "on_divergence": "restart",
        "record": 0,
    },
}
COMMON = {"members": 2, "max_epochs": 3, "stop": "epochs(9)", "learning_rate": 0.01, "checkpoint_every": "1 epochs"}


@pytest.mark.parametrize("kind", KINDS)
def test_checkpoints_and_results_are_as_large_as_was_told(tmp_path, kind):
    given = {**COMMON, **KINDS[kind]}
    job = build(make_settings({"source": "iris", **given})).job
    sizes = []

    def look(told):
        sizes.extend(path.stat().st_size for path in Checkpoints(tmp_path / "run").paths())

    run = tw.train("iris", out=tmp_path / "run", progress=look, **given)
    sizes += [path.stat().st_size for path in Checkpoints(tmp_path / "run").paths()]
    assert 0.9 * checkpoint_bytes(job) < max(sizes) < checkpoint_bytes(job) + 20_000
    written = sum(path.stat().st_size for path in run.folder.path.iterdir() if path.is_file())
    assert result_bytes(job) - 2 * PAGES < written < result_bytes(job)
    assert sentence(job) in run.summary["notes"]


def test_how_many_checkpoints_there_are_at_once():
    jobs = {
        every: build(make_settings({"source": "iris", "checkpoint_every": every, "checkpoint_keep": 4})).job
        for every in ("auto", "never")
    }
    assert [most_checkpoints(job) for job in jobs.values()] == [5, 0]
    split = np.zeros(150, np.int8)
    more = disk_bytes(jobs["auto"], split) - disk_bytes(jobs["never"], split)
    assert more == 5 * checkpoint_bytes(jobs["auto"])
    assert "without checkpoints it cannot go on" in sentence(jobs["never"])


def test_a_disk_without_room_for_the_checkpoints_is_refused_beforehand(tmp_path, monkeypatch):
    job = build(make_settings({"source": "iris", **COMMON})).job
    enough = disk_bytes(job, np.zeros(150, np.int8))
    monkeypatch.setattr("shutil.disk_usage", lambda place: types.SimpleNamespace(free=enough - 1000))
    with pytest.raises(RunFolderError, match="not enough disk for this run"):
        tw.train("iris", out=tmp_path / "run", **COMMON)
    assert not (tmp_path / "run").exists()


def test_writing_takes_a_hundredth_of_the_time_at_most_from_the_first_checkpoint_on(tmp_path):
    """Before the first it is guessed from its size how long writing takes, afterwards that is measured."""
    job = build(make_settings({"source": "iris", **COMMON, "checkpoint_every": "auto"})).job
    start = dataclasses.replace(first_standing(job), epoch=1)
    keeper = Keeper(RunFolder(tmp_path), job.settings, Interruption(), size=int(PACE))

    def due(seconds):
        return keeper._due(dataclasses.replace(start, seconds=seconds))

    assert [due(99.0), due(100.0)] == [False, True]
    keeper.last, keeper.cost = (1, 0, 100.0), 2.0
    assert [due(299.0), due(300.0)] == [False, True]
    keeper.cost = 1e-3
    assert [due(129.0), due(130.0)] == [False, True]

"""The system refuses, the clock jumps, a run is copied while it trains: it is whole, and ends as if undisturbed."""

import errno
import itertools
import json
import os
import shutil
import time
from pathlib import Path

import pytest

import talweg as tw
from talweg.errors import RunFolderError

# Runs end before their rule on purpose here.
pytestmark = pytest.mark.filterwarnings("ignore:epochs.* can never hold")

SMALL = {
    "members": 2,
    "hidden": (4,),
    "max_epochs": 4,
    "stop": "epochs(100)",
    "learning_rate": 0.02,
    "checkpoint_every": "2 epochs",
}
SAME = ("params.safetensors", "trajectory.safetensors", "evaluation.safetensors", "split.npy", "preparation.json")


def train(out, **given):
    return tw.train("iris", out=out, **{**SMALL, **given})


def told(run):
    """What a run reached, in all but its seconds."""
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    curves = [{name: value for name, value in line.items() if name != "seconds"} for line in lines]
    return (
        [(run / name).read_bytes() for name in SAME],
        curves,
        json.loads((run / "summary.json").read_text())["members"],
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "undisturbed"
    train(path)
    return told(path)


CALLS = {"fsync": (os, "fsync"), "rename": (Path, "replace"), "mkdir": (Path, "mkdir"), "open": (os, "open")}


@pytest.mark.filterwarnings("ignore:the run is whole, but its report was not written")
@pytest.mark.parametrize("call", CALLS)
def test_each_call_of_the_system_may_fail_and_the_run_goes_on_once_that_is_mended(
    tmp_path, monkeypatch, undisturbed, call
):
    """The n-th call of all that a training makes fails, for every n; all before it went well."""
    owner, name = CALLS[call]
    real, count = getattr(owner, name), itertools.count(1)
    failing = 0

    def refuse(what, *rest, **named):
        ours = isinstance(what, int) or str(tmp_path) in str(what)
        if ours and next(count) == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(what, *rest, **named)

    monkeypatch.setattr(owner, name, refuse)
    train(tmp_path / "counted")
    every = next(count) - 1
    assert every >= {"fsync": 20, "rename": 10, "mkdir": 2, "open": 2}[call]
    for number in range(1, every + 1):
        run, count, failing = tmp_path / str(number), itertools.count(1), number
        try:
            train(run)
        except RunFolderError:
            failing = 0
            if (run / "summary.json").exists():
                tw.open_run(run)
            elif (run / "run.toml").exists():
                tw.resume(run)
            else:
                train(run)
        assert told(run) == undisturbed, number
        shutil.rmtree(run)


def test_a_clock_that_jumps_by_years_changes_nothing(tmp_path, monkeypatch, undisturbed):
    year, real = 365 * 86400.0, time.time
    jumps = itertools.cycle([0.0, 10 * year, -10 * year])
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    train(tmp_path / "run", stop="epochs(100) or seconds(3600)")
    ours, theirs = told(tmp_path / "run"), undisturbed
    assert ours[:2] == theirs[:2]
    assert [member["outcome"]["kind"] for member in ours[2]] == ["max_epochs"] * 2
    seconds = tw.open_run(tmp_path / "run").history.seconds
    assert (seconds[1:] > seconds[:-1]).all()
    assert seconds[-1] < 3600


def test_a_run_that_is_copied_while_it_trains_has_two_ends_that_do_not_touch_each_other(tmp_path, undisturbed):
    run, copy = tmp_path / "run", tmp_path / "elsewhere" / "copy"

    def fork(progress):
        # After a checkpoint, with a line of the history more than it speaks of, and with the lock's file.
        if progress.epoch == 3:
            shutil.copytree(run, copy)

    train(run, progress=fork)
    first = told(run)
    assert first == undisturbed
    assert not (copy / "summary.json").exists()
    shutil.move(run, tmp_path / "moved")
    tw.resume(copy)
    assert told(copy) == undisturbed
    assert tw.resume(tmp_path / "moved", max_epochs=6).history.epoch[-1] == 6
    assert told(copy) == undisturbed
    assert str(run) not in (copy / "summary.json").read_text()

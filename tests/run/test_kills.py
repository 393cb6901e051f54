"""A part of the kill harness (`benchmarks.faults`): a training killed at three instants ends as if it had not been."""

import json
import signal
import sys
import time

import pytest

from benchmarks.faults import CONTEXT, differences, spared, train_or_resume

SETTINGS = {"hidden": (4,), "members": 2, "max_epochs": 300, "stop": "epochs(300)", "checkpoint_every": "7 epochs"}


def lines(run):
    try:
        return (run / "history.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def kill_when(run, there):
    """Starts or continues the training, and kills it once something holds of its folder."""
    process = CONTEXT.Process(target=train_or_resume, args=(run, SETTINGS))
    process.start()
    try:
        while process.exitcode is None and not there():
            time.sleep(0.002)
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (run / "summary.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_training_that_is_killed_again_and_again_ends_as_if_it_never_had_been(tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    run, undisturbed = tmp_path / "run", tmp_path / "undisturbed"
    spared(train_or_resume, undisturbed, SETTINGS)
    kill_when(run, lambda: (run / "run.toml").exists())
    kill_when(run, lambda: lines(run) > 20)
    kill_when(run, lambda: lines(run) > 100)
    spared(train_or_resume, run, SETTINGS)
    assert differences(run, undisturbed) == []
    origin = json.loads((run / "origin.json").read_text())
    began = [sitting["from"]["epoch"] for sitting in origin["sittings"]]
    assert began[:2] == [0, 0]
    assert 0 < began[2] < began[3]
    assert all(epoch % 7 == 0 for epoch in began)

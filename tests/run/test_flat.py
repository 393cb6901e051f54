"""Memory stays flat over epochs, with recording and checkpoints: a process of its own watches what it holds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a process holds")
def test_a_training_holds_no_more_after_many_epochs():
    words = [sys.executable, "-m", "benchmarks.flat", "--epochs", "300"]
    # One arena that gives back what is free: else the heap that compiling left behind settles for a hundred epochs.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
    told = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[2], env=environment)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert len(found["megabytes"]) == 11
    # The members' params are 16 kB: held on to in each of the 240 epochs between, they would be 4 MB.
    assert found["grown"] < 2.5, found

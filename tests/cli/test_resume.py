"""`talweg train --resume`, `--detach` and `talweg resume`, as a person or a cluster's script uses them."""

import errno
import io
import json
import os
import signal
import sys
import time

import pytest

import talweg as tw
from talweg.cli import main

TINY = ("--members", 2, "--hidden", 4, "--stop", "epochs(10000)", "--learning-rate", 0.01)


def epochs(run):
    return [json.loads(line)["epoch"] for line in (run / "history.jsonl").read_text().splitlines()]


def test_one_line_begins_a_run_shows_it_and_goes_further(talweg, here):
    line = ("train", "iris", *TINY, "--out", "run", "--resume", "--json")
    first = talweg(*line, "--epochs", 4)
    assert first.code == 0, first.err
    written = (here / "run" / "params.safetensors").read_bytes()
    again = talweg(*line, "--epochs", 4)
    assert again.code == 0
    assert again.json() == first.json()
    assert (here / "run" / "params.safetensors").read_bytes() == written
    further = talweg(*line, "--epochs", 6)
    assert further.code == 0, further.err
    assert epochs(here / "run") == list(range(7))
    assert [member["epochs"] for member in further.json()["members"]] == [6, 6]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--resume",), "--resume goes on with the run in --out: name that folder"),
        (("--resume", "--out", "run", "--force"), "leave --force out"),
        (("--resume", "--out", "run", "--members", 3), "was begun with members 2, not 3"),
        (("--detach", "--out", "run"), "run already holds a run"),
        (("--detach", "--out", "other", "--optimizer", "addam"), "'addam' is no optimizer"),
        (("--detach", "--out", "other", "--stop", "flatt()"), "'flatt' is no stopping rule"),
        (("--detach", "--out", "run/run.toml/other"), "run/run.toml cannot be made: File exists"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(talweg, here, words, said):
    assert talweg("train", "iris", *TINY, "--epochs", 1, "--out", "run", "--quiet").code == 0
    called = talweg("train", "iris", *words)
    assert called.code == 2
    assert said in " ".join(called.err.split())
    assert "Traceback" not in called.err
    assert not (here / "other").exists()
    assert not (here / "other.log").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a session of its own")
def test_a_detached_training_is_ended_by_a_signal_saved_and_goes_on(talweg, here, monkeypatch):
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "true")
    told = talweg("train", "iris", *TINY, "--epochs", 600, "--out", "run", "--detach", "--json")
    assert told.code == 0, told.err
    content = told.json()
    assert (content["kind"], content["run"]) == ("detached", "run")
    process, run = content["process"], here / "run"
    # A session of its own: a terminal that closes does not reach it.
    assert os.getsid(process) == process != os.getsid(0)
    while not (run / "history.jsonl").exists() or (run / "history.jsonl").read_bytes().count(b"\n") < 6:
        time.sleep(0.01)
    os.kill(process, signal.SIGTERM)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGTERM
    assert "Go on with: talweg resume run" in " ".join((here / content["log"]).read_text().split())
    resumed = talweg("resume", "run", "--json")
    assert resumed.code == 0, resumed.err
    assert epochs(run) == list(range(601))


class Gone(io.StringIO):
    """The standard error of a terminal that was closed."""

    def write(self, text):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def isatty(self):
        return True


def test_a_closed_terminal_ends_no_training(here, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Gone())
    monkeypatch.setattr(sys, "argv", ["talweg", "train", "iris", "--members", "2", "--epochs", "3", "--out", "run"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert tw.verify("run").finished

"""Runs that go on: interrupted, damaged, on a full disk, further than they were meant; the end is as if undisturbed."""

import errno
import io
import json
import os
import shutil
import signal

import numpy as np
import polars
import pytest

import talweg as tw
from talweg.config.every import Every
from talweg.errors import ConfigError, DataError, RunFolderError, TalwegError, TrainingInterruptedError
from talweg.record.checkpoints import Checkpoints
from talweg.run.api import resume_run
from talweg.run.listening import Listener

# Runs end before their rule on purpose here.
pytestmark = pytest.mark.filterwarnings("ignore:epochs.* can never hold")

SMALL = {"members": 2, "hidden": (4,), "max_epochs": 6, "stop": "epochs(100)", "learning_rate": 0.02}
SAME = ("params.safetensors", "trajectory.safetensors", "evaluation.safetensors", "split.npy", "preparation.json")


def train(out, **given):
    return tw.train("iris", out=out, **{**SMALL, **given})


def history(run):
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def assert_same(run, other):
    for name in SAME:
        assert (run / name).read_bytes() == (other / name).read_bytes(), name
    assert history(run) == history(other)
    ours, theirs = (json.loads((path / "summary.json").read_text()) for path in (run, other))
    assert ours["members"] == theirs["members"]


@pytest.fixture(autouse=True)
def heard():
    """Ctrl-C is heard, though who started the tests in the background may have had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(out, epoch=3, number=signal.SIGTERM, **given):
    def ask(told):
        if told.epoch == epoch:
            os.kill(os.getpid(), number)

    with pytest.raises(TrainingInterruptedError) as caught:
        train(out, progress=ask, **given)
    return caught.value


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "undisturbed"
    train(path)
    return path


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A run that was interrupted after three epochs, with the checkpoint of the second before it."""
    path = tmp_path_factory.mktemp("runs") / "half"
    interrupted(path, checkpoint_every="1 epochs")
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_run_is_saved_says_how_to_go_on_and_ends_as_if_it_never_had_been(tmp_path, undisturbed, number):
    run = tmp_path / "run"
    error = interrupted(run, number=number)
    assert error.exit_code == 128 + number
    assert str(error) == f"interrupted after 3 epochs; everything is saved. Go on with: talweg resume {run}"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(RunFolderError, match="did not come to its end"):
        tw.open_run(run)
    tw.resume(run)
    assert_same(run, undisturbed)
    assert [sitting["from"]["epoch"] for sitting in tw.open_run(run).folder.sittings()] == [0, 3]
    with pytest.raises(ConfigError, match=r"is finished: every member has stopped.*--epochs 12"):
        tw.resume(run)
    (run / "split.npy").unlink()
    with pytest.raises(ConfigError, match=r"split.npy was damaged: it is written anew from the data. .* is finished:"):
        tw.resume(run)
    assert tw.verify(run).whole


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(tmp_path, half, undisturbed):
    run = shutil.copytree(half, tmp_path / "copy")
    newest = Checkpoints(run).paths()[0]
    newest.write_bytes(newest.read_bytes()[:-1])
    notes = []
    resume_run(run, {}, listener=Listener(note=notes.append))
    assert str(newest) in notes[0]
    assert "is damaged" in notes[0]
    assert notes[1].endswith("000002-000000.safetensors is used in its place")
    assert_same(run, undisturbed)


def test_a_finished_run_goes_further_and_a_rerun_repeats_both_sittings(tmp_path, undisturbed):
    run = shutil.copytree(undisturbed, tmp_path / "copy")
    further = tw.resume(run, max_epochs=8)
    assert further.history.epoch.tolist() == list(range(9))
    assert history(run)[:7] == history(undisturbed)
    assert [outcome["outcome"]["epoch"] for outcome in further.summary["members"]] == [8, 8]
    assert tw.open_run(run).settings.max_epochs == 8
    found = tw.rerun(run)
    assert (found.verdict, found.distance, found.first_difference) == ("identical", 0.0, None)


def test_more_epochs_are_not_offered_where_members_stopped_by_their_rule(tmp_path):
    tw.train(
        "iris", members=2, max_epochs=20, hidden=[4], stop="no_improvement(patience=1)", learning_rate=1.0, out=tmp_path
    )
    with pytest.raises(ConfigError, match=r"more epochs would change nothing, another stopping rule \(--stop\) may$"):
        tw.resume(tmp_path, max_epochs=40)


def test_data_that_were_called_from_another_folder_are_found_from_here(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    polars.DataFrame({"a": [1.0, 2.0, 3.0, 4.0] * 20, "b": [*"uuvv"] * 20}).write_csv("data.csv")
    settings = {"members": 1, "max_epochs": 2, "hidden": 4}
    tw.train("data.csv", out=tmp_path / "run", **settings)
    monkeypatch.chdir(tmp_path / "here")
    assert tw.rerun(tmp_path / "run").verdict == "identical"
    assert tw.resume(tmp_path / "run", max_epochs=3).settings.source == "data.csv"
    assert tw.open_run(tmp_path / "run").source == tmp_path / "there" / "data.csv"
    (tmp_path / "there" / "data.csv").unlink()
    with pytest.raises(DataError, match=r"No such file or built-in table: data.csv"):
        tw.rerun(tmp_path / "run")


def test_what_does_not_fit_is_refused(tmp_path, half):
    run = shutil.copytree(half, tmp_path / "copy")
    with pytest.raises(ConfigError, match="may change max_epochs and stop, not members"):
        tw.resume(run, members=3)
    with pytest.raises(DataError, match="no longer holds the data"):
        tw.resume(run, source=polars.DataFrame({"a": [1.0, 2.0, 3.0] * 50, "species": [*"abc"] * 50}))
    with pytest.raises(RunFolderError, match="holds no run"):
        tw.resume(tmp_path / "none")


def test_every_damage_to_every_file_is_named_or_changes_nothing(tmp_path, undisturbed):
    """Bits flipped and files cut off, some hundred places of each; what is opened all the same is what was written."""
    whole = tw.open_run(undisturbed)
    chance, named = np.random.default_rng(0), []
    for path in sorted(undisturbed.iterdir()):
        if not path.is_file() or path.suffix == ".html":
            continue
        content = path.read_bytes()
        run = shutil.copytree(undisturbed, tmp_path / path.name)
        for place in chance.integers(0, len(content), 15).tolist():
            flipped = bytearray(content)
            flipped[place] ^= 1 << place % 8
            for damaged in (bytes(flipped), content[:place]):
                (run / path.name).write_bytes(damaged)
                try:
                    found = tw.open_run(run)
                    found.trajectory()
                    found.folder.split()
                    found.folder.gate()
                except TalwegError as error:
                    named.append(str(error))
                    continue
                assert found.summary == whole.summary
                assert found.settings == whole.settings
                for layer, its in whole.params.items():
                    for name, array in its.items():
                        np.testing.assert_array_equal(found.params[layer][name], array)
        shutil.rmtree(run)
    assert len(named) > 200
    assert not any("\n" in sentence for sentence in named)


class Failing(io.FileIO):
    """A file of which the n-th write of all fails: half done on a full disk, not at all on a broken one."""

    left, error, writes = 0, errno.ENOSPC, 0

    def write(self, content):
        Failing.left -= 1
        Failing.writes += 1
        if Failing.left == 0:
            super().write(bytes(content)[: len(content) // 2 if Failing.error == errno.ENOSPC else 0])
            raise OSError(Failing.error, os.strerror(Failing.error))
        return super().write(content)


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Makes the n-th write below the test's folder fail, in whatever file it is; 0 for none."""
    opened = io.open

    def open_failing(file, mode="r", *rest, **named):
        if any(letter in mode for letter in "wxa") and str(tmp_path) in str(file):
            raw = Failing(file, mode.replace("b", "").replace("t", ""))
            return raw if "b" in mode else io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        return opened(file, mode, *rest, **named)

    def fail(number, error=errno.ENOSPC):
        Failing.left, Failing.error, Failing.writes = number, error, 0

    monkeypatch.setattr(io, "open", open_failing)
    return fail


@pytest.mark.filterwarnings("ignore:the run is whole, but its report was not written")
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_any_write_may_fail_and_the_run_goes_on_once_that_is_mended(tmp_path, failing, undisturbed, error):
    failing(0)
    train(tmp_path / "counted", checkpoint_every="2 epochs")
    every, failed = Failing.writes, []
    assert every >= 20
    for number in range(1, every + 1):
        run = tmp_path / str(number)
        failing(number, error)
        try:
            train(run, checkpoint_every="2 epochs")
        except RunFolderError as caught:
            failed.append(str(caught))
            failing(0)
            if (run / "summary.json").exists():
                tw.open_run(run)
            elif (run / "run.toml").exists():
                tw.resume(run)
            else:
                train(run)
        assert_same(run, undisturbed)
        shutil.rmtree(run)
    # All but those of the page, which can be made again, and of its seal before and after.
    assert len(failed) >= every - 3
    assert all(os.strerror(error) in sentence and "\n" not in sentence for sentence in failed)


def test_a_folder_that_is_removed_midway_ends_the_training_in_one_line(tmp_path):
    run = tmp_path / "run"
    with pytest.raises(
        RunFolderError, match=r"history\.jsonl could not be written: No such file or directory"
    ) as caught:
        train(run, progress=lambda told: shutil.rmtree(run) if told.epoch == 3 else None)
    assert "\n" not in str(caught.value)
    assert not run.exists()


def test_a_folder_that_turns_read_only_midway_ends_the_training_which_goes_on_once_that_is_mended(
    tmp_path, monkeypatch, undisturbed
):
    """The superuser may write anywhere, so the system's refusal is played."""
    run, opened = tmp_path / "run", io.open

    def refuse(file, mode="r", *rest, **named):
        if any(letter in mode for letter in "wxa+") and str(run) in str(file):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(file, mode, *rest, **named)

    def progress(told):
        if told.epoch == 4:
            monkeypatch.setattr(io, "open", refuse)

    with pytest.raises(RunFolderError, match=r"could not be written: Permission denied.*talweg resume") as caught:
        train(run, checkpoint_every="2 epochs", progress=progress)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(io, "open", opened)
    tw.resume(run)
    assert_same(run, undisturbed)


def test_a_folder_that_is_read_only_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    opened = os.open

    def refuse(path, flags, *rest, **named):
        if flags & os.O_CREAT and str(tmp_path) in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RunFolderError, match=r"run cannot be used as a run folder: Permission denied$"):
        train(tmp_path / "run", progress=lambda told: pytest.fail("it was trained"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("never", Every()),
        ("90s", Every(seconds=90.0)),
        ("2h", Every(seconds=7200.0)),
        ("10 epochs", Every(epochs=10)),
        ("500 steps", Every(steps=500)),
    ],
)
def test_how_often(text, expected):
    assert Every.parse(text) == expected


@pytest.mark.parametrize("text", ["", "5", "five minutes", "-5m", "0s"])
def test_how_often_is_refused(text):
    with pytest.raises(ConfigError, match=r"^checkpoint_every must be 'auto', 'never', a time such as 90s"):
        Every.parse(text)

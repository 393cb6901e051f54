"""Files that are sealed as they are put into a run folder: no kill, no failure and no neighbor gives a false alarm."""

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from talweg.errors import RunFolderError
from talweg.record.folder import RunFolder
from talweg.record.seals import SEALS, intact, read_seals, write_sealed
from talweg.record.verify import verify


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin('source = "iris"\n', {"version": 1}, np.array([0, 1, 2, -1], np.int8))
    (folder.path / "map").mkdir()
    return folder.path


def states(run):
    return {one.file: one.state for one in verify(run).files if one.state != "whole"}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def dying(monkeypatch):
    """Lets the process end at the n-th call of the system among those that change a disk; nothing is done after it."""
    left = [0]

    def watch(owner, name):
        real = getattr(owner, name)

        def call(*rest, **named):
            left[0] -= 1
            if left[0] == 0 or left[0] < -(10**6):
                left[0] = -(10**7)
                raise Killed
            return real(*rest, **named)

        monkeypatch.setattr(owner, name, call)

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (os, "open"), (Path, "write_bytes")):
        watch(owner, name)

    def die_at(number):
        left[0] = number

    return die_at


@pytest.mark.parametrize("before", [None, b"the old picture", "foreign"])
def test_a_kill_at_any_call_of_the_system_gives_no_false_alarm(run, dying, before):
    picture, number, killed = run / "map" / "pca.png", 0, 0
    while True:
        number += 1
        dying(-1)
        shutil.rmtree(run / "map")
        (run / "map").mkdir()
        (run / SEALS).unlink(missing_ok=True)
        write_sealed(run / "report.html", b"a page")
        if before == "foreign":
            # As a Talweg left it that knew no seals.
            picture.write_bytes(b"the old picture")
        elif before:
            write_sealed(picture, before)
        dying(number)
        try:
            write_sealed(picture, b"the new picture, which is longer")
        except Killed:
            killed += 1
        else:
            break
        dying(-1)
        found = verify(run)
        assert found.whole, (number, str(found))
        assert not picture.exists() or picture.read_bytes() in (b"the old picture", b"the new picture, which is longer")
        # Whatever was left of it, the next writing is as any other.
        write_sealed(picture, b"another")
        assert states(run) == {} or set(states(run).values()) == {"leftover"}
    assert killed >= 10


def test_a_file_that_is_not_as_its_seal_says_is_named(run):
    write_sealed(run / "map" / "pca.png", b"a picture")
    write_sealed(run / "report.html", b"a page")
    assert states(run) == {}
    assert intact(run, "map/pca.png", b"a picture")
    assert not intact(run, "map/pca.png", b"A picture")
    (run / "map" / "pca.png").write_bytes(b"A picture")
    (run / "report.html").unlink()
    (run / "map" / "notes.txt").write_text("mine")
    assert states(run) == {"map/pca.png": "damaged", "report.html": "missing", "map/notes.txt": "not ours"}
    mends = {one.file: one.mend for one in verify(run).files if one.wrong}
    assert mends == {"map/pca.png": f"talweg map {run}", "report.html": f"talweg report {run}"}


def test_damaged_seals_are_named_and_written_anew_with_the_next_file(run):
    write_sealed(run / "map" / "pca.png", b"a picture")
    (run / SEALS).write_bytes((run / SEALS).read_bytes()[:-1])
    assert states(run) == {SEALS: "damaged", "map/pca.png": "unsealed"}
    with pytest.raises(RunFolderError, match=r"seals\.json is damaged: it is not as it was written"):
        read_seals(run)
    write_sealed(run / "map" / "pca.png", b"a picture")
    assert states(run) == {}


def test_a_file_outside_of_every_run_is_written_without_a_seal(tmp_path):
    write_sealed(tmp_path / "picture.png", b"a picture")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_many_that_write_at_once_lose_no_seal(run):
    def write(number):
        for time in range(5):
            write_sealed(run / "map" / f"{number}.png", bytes([number, time]))
            write_sealed(run / "map" / "shared.png", bytes([number, time]))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert states(run) == {}
    assert len(read_seals(run)) == 7


def test_a_copied_and_a_moved_run_is_whole(run, tmp_path):
    write_sealed(run / "map" / "pca.png", b"a picture")
    copy = shutil.copytree(run, tmp_path / "copy")
    moved = shutil.move(run, tmp_path / "moved")
    assert states(copy) == states(moved) == {}


def test_a_full_disk_leaves_the_old_picture_and_its_seal(run, monkeypatch):
    picture = run / "map" / "pca.png"
    write_sealed(picture, b"the old picture")

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RunFolderError, match="No space left on device"):
        write_sealed(picture, b"the new picture")
    monkeypatch.undo()
    assert picture.read_bytes() == b"the old picture"
    assert states(run) == {}
    assert [path.name for path in (run / "map").iterdir()] == ["pca.png"]

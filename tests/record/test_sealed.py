"""Content that tells when it was damaged; the lock of a run folder; checkpoints on disk."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from talweg.errors import RunFolderError
from talweg.record.checkpoints import Checkpoints
from talweg.record.lock import NAME, locked
from talweg.record.sealed import mark, pack, sealed, unpack, unsealed

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b/c": np.array([True, False]),
    "scalar": np.array(7, np.int32),
    "key": np.array([[1, 2]], np.uint32),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "none": np.zeros((0, 2)),
}


def test_arrays_and_facts_come_back_to_the_bit():
    arrays, facts = unpack(pack(ARRAYS, {"epoch": 3, "words": ["ä", None, 0.1]}, "kind"), "kind")
    assert facts == {"epoch": 3, "words": ["ä", None, 0.1]}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        np.testing.assert_array_equal(arrays[name], array)


def test_every_flipped_bit_and_every_truncation_of_packed_arrays_is_noticed():
    content = pack(ARRAYS, {"epoch": 3}, "kind")
    whole = unpack(content, "kind")
    for place in range(len(content)):
        spoiled = bytearray(content)
        spoiled[place] ^= 1 << place % 8
        try:
            arrays, facts = unpack(bytes(spoiled), "kind")
        except ValueError:
            continue
        # What is not noticed changes nothing, such as a space that is now a tab.
        assert facts == whole[1]
        assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
    for length in range(0, len(content), 7):
        with pytest.raises(ValueError, match=r"^it is no whole safetensors file of ours"):
            unpack(content[:length], "kind")


def test_arrays_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"^it is a trajectory, not a checkpoint$"):
        unpack(pack(ARRAYS, {}, "trajectory"), "checkpoint")


def test_a_sealed_object_is_known_again_and_any_change_noticed():
    content = {"version": 1, "numbers": [0.1, 2, None], "words": {"ä": "ö"}}
    written = json.loads(json.dumps(sealed(content, {"params": mark(b"abc")})))
    assert unsealed(written) == (content, {"params": mark(b"abc")})
    assert unsealed(content) == (content, None)
    for change in ({"version": 2}, {"more": 1}, {"numbers": [0.1, 2, 0]}):
        with pytest.raises(ValueError, match=r"^it is not as it was written$"):
            unsealed({**written, **change})
    for seal in (
        None,
        3,
        [],
        {},
        {"files": {}},
        {"files": {"params": 3}, "content": "x"},
        {"files": [], "content": ""},
    ):
        with pytest.raises(ValueError, match=r"^its seal is broken$"):
            unsealed({**written, "seal": seal})


def test_a_mark_knows_a_file_that_goes_on():
    assert mark(b"one\n").begins(b"one\ntwo\n")
    assert not mark(b"one\n").begins(b"one")
    assert not mark(b"one\n").begins(b"One\ntwo\n")


def test_the_newest_checkpoints_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for epoch, step in ((1, 0), (1, 400), (2, 0), (10, 0)):
        checkpoints.write(epoch, step, ARRAYS, {"epoch": epoch}, keep=2)
    assert [path.name for path in checkpoints.paths()] == ["000010-000000.safetensors", "000002-000000.safetensors"]
    assert checkpoints.read(checkpoints.paths()[0]).facts == {"epoch": 10}
    # A run that goes on from an older one writes that anew; it stays, whatever lies ahead of it.
    checkpoints.write(1, 0, ARRAYS, {"epoch": 1}, keep=1)
    assert [path.name for path in checkpoints.paths()] == ["000001-000000.safetensors"]
    checkpoints.clear()
    assert not checkpoints.path.exists()
    assert checkpoints.paths() == []


def test_what_a_kill_left_half_is_cleared_with_the_next_checkpoint(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.write(1, 0, ARRAYS, {}, keep=2)
    half = checkpoints.path / ".000002-000000.safetensors.0123abcd"
    half.write_bytes(b"half")
    assert len(checkpoints.paths()) == 1
    checkpoints.write(2, 0, ARRAYS, {}, keep=2)
    assert not half.exists()


@pytest.mark.parametrize("content", [b"", b"half", pack(ARRAYS, {}, "talweg-trajectory-1")])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.write(1, 0, ARRAYS, {}, keep=2)
    checkpoints.paths()[0].write_bytes(content)
    with pytest.raises(RunFolderError, match=r"000001-000000\.safetensors is damaged: it is "):
        checkpoints.read(checkpoints.paths()[0])


HOLD = """
import pathlib, sys, time
from talweg.record.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("holds it", flush=True)
    time.sleep(60)
"""


def test_a_locked_folder_is_refused_until_the_process_that_has_it_has_ended_however(tmp_path):
    run = tmp_path / "run"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(run)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "holds it\n"
    with pytest.raises(RunFolderError) as refused, locked(run):
        pass
    assert str(refused.value) == (
        f"{run} is being written by another process ({holder.pid}); wait until it has ended, or name another folder"
    )
    holder.kill()
    holder.wait()
    with locked(run):
        assert (run / NAME).read_text() == str(os.getpid())
    assert not (run / NAME).exists()


def test_a_lock_in_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"cannot be used as a run folder: "), locked(tmp_path / "file"):
        pass

"""The run folder: files written whole or not at all, damage told in one line, names, room on the disk."""

import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from talweg.errors import RunFolderError
from talweg.record.flat import flatten, unflatten
from talweg.record.folder import FILES, REPORT, RunFolder
from talweg.record.places import existing_run, next_folder, require_free, require_space, runs_in
from talweg.record.writing import make_folder, write_atomically

PARAMS = {
    "dense_1": {
        "weights": np.arange(12, dtype=np.float32).reshape(2, 3, 2),
        "biases": np.ones((2, 2), np.float32),
    },
    "dense_2": {"weights": np.zeros((2, 2, 1), np.float32), "biases": np.ones((2, 1), np.float32)},
}


def begun(path):
    run = RunFolder(path)
    run.begin('source = "iris"\n', {"version": 1}, np.array([0, 1, 2, -1], np.int8))
    return run


def whole(path):
    run = begun(path)
    run.append('{"epoch": 0, "seconds": 0.0, "train_loss": [1.0, 2.0]}')
    run.write_gate({"errors": 0})
    run.write_params(PARAMS, {"members": "2"})
    run.write_trajectory({"epochs": np.arange(3)})
    run.write_evaluation({})
    run.write_evidence({"version": 1})
    run.write_summary({"version": 1, "members": []})
    write_atomically(run.path / REPORT, b"<!doctype html>")
    return run


def test_what_is_written_is_read_back(tmp_path):
    run = whole(tmp_path / "deep" / "iris-001")
    assert sorted(path.name for path in run.path.iterdir()) == sorted(FILES)
    assert run.holds_run()
    assert run.finished()
    assert run.settings_toml() == 'source = "iris"\n'
    assert run.preparation() == {"version": 1}
    assert run.gate() == {"errors": 0}
    assert run.split().tolist() == [0, 1, 2, -1]
    assert run.summary() == {"version": 1, "members": []}
    assert run.history()["train_loss"].tolist() == [[1.0, 2.0]]
    assert run.trajectory()["epochs"].tolist() == [0, 1, 2]
    params = run.params()
    assert params.keys() == PARAMS.keys()
    for layer in PARAMS:
        for name in PARAMS[layer]:
            np.testing.assert_array_equal(params[layer][name], PARAMS[layer][name])
    assert str(run.path) in repr(run)


def test_a_new_run_clears_the_old_one_and_nothing_else(tmp_path):
    run = whole(tmp_path / "run")
    (run.path / "notes.txt").write_text("mine")
    begun(run.path)
    assert not run.finished()
    assert {path.name for path in run.path.iterdir()} == {
        "run.toml",
        "origin.json",
        "preparation.json",
        "split.npy",
        "seals.json",
        "notes.txt",
    }


@pytest.mark.parametrize("failing", ["fsync", "replace", "write"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_failing_system_leaves_the_old_file_or_none(tmp_path, monkeypatch, failing, before):
    path = tmp_path / "summary.json"
    if before is not None:
        path.write_bytes(before)

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    elif failing == "replace":
        monkeypatch.setattr(Path, "replace", refuse)
    else:
        shutil.rmtree(tmp_path / "none", ignore_errors=True)
        path = tmp_path / "none" / "summary.json"
    with pytest.raises(RunFolderError, match=r"summary\.json could not be written: (No space left|No such file)"):
        write_atomically(path, b"new")
    monkeypatch.undo()
    if failing != "write":
        assert (path.read_bytes() if path.exists() else None) == before
        assert sorted(p.name for p in tmp_path.iterdir()) == (["summary.json"] if before else [])


def test_a_kill_before_the_rename_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    path.write_bytes(b"old")

    def kill(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", kill)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_file_is_complete_on_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    happened = []
    fsync, replace = os.fsync, Path.replace

    def seen_fsync(descriptor):
        happened.append("fsync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync file")
        fsync(descriptor)

    def seen_replace(self, target):
        assert self.read_bytes() == b"new"
        happened.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "replace", seen_replace)
    write_atomically(tmp_path / "a", b"new")
    assert happened == ["fsync file", "replace", "fsync folder"]


def test_a_file_may_be_read_by_whom_the_users_mask_allows(tmp_path):
    old = os.umask(0o022)
    try:
        write_atomically(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_flatten_and_unflatten_are_inverse():
    flat = flatten(PARAMS)
    assert list(flat) == ["dense_1/weights", "dense_1/biases", "dense_2/weights", "dense_2/biases"]
    again = unflatten(flat)
    assert again.keys() == PARAMS.keys()
    assert all(again[layer][name] is not None for layer in PARAMS for name in PARAMS[layer])
    np.testing.assert_array_equal(again["dense_1"]["weights"], PARAMS["dense_1"]["weights"])
    turned = flatten({"a": np.arange(6).reshape(2, 3).T})["a"]
    assert turned.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(turned, np.arange(6).reshape(2, 3).T)


DAMAGES = {
    "summary.json": [b"", b"{", b"[]", b"\xff\xfe", b"3"],
    "preparation.json": [b"", b"{", b"[]"],
    "gate.json": [b"{"],
    "split.npy": [b"", b"\x93NUMPY", b"PK\x03\x04", b"garbage", b"\x80\x04N."],
    "params.safetensors": [b"", b"garbage", b"\xff" * 20],
    "run.toml": [b"\xff\xfe"],
}
READERS = {
    "summary.json": RunFolder.summary,
    "preparation.json": RunFolder.preparation,
    "gate.json": RunFolder.gate,
    "split.npy": RunFolder.split,
    "params.safetensors": RunFolder.params,
    "run.toml": RunFolder.settings_toml,
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, content) for name, contents in DAMAGES.items() for content in contents]
)
def test_a_damaged_file_is_named_in_one_line(tmp_path, name, content):
    run = whole(tmp_path / "run")
    (run.path / name).write_bytes(content)
    with pytest.raises(RunFolderError) as caught:
        READERS[name](run)
    assert str(run.path / name) in str(caught.value)
    assert "is damaged" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(RunFolderError, match=rf"is no run folder: it has no {name}$"):
        READERS[name](RunFolder(tmp_path))


def test_arrays_of_objects_are_never_unpickled(tmp_path):
    run = whole(tmp_path / "run")
    np.save(run.path / "split.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(RunFolderError, match=r"split\.npy is damaged"):
        run.split()


def test_an_unfinished_run_says_so(tmp_path):
    run = begun(tmp_path / "run")
    with pytest.raises(
        RunFolderError,
        match=r"holds a run that did not come to its end: it has no summary\.json; "
        r"go on with: talweg resume .*run$",
    ):
        run.summary()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"file.run cannot be used as a run folder: Not a directory$"):
        begun(tmp_path / "file" / "run")


def test_an_append_that_fails(tmp_path):
    with pytest.raises(RunFolderError, match=r"history\.jsonl could not be written: No such file or directory$"):
        RunFolder(tmp_path / "none").append("{}")


def test_a_folder_is_made_or_it_is_said_why_not(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"file.b cannot be made: Not a directory$"):
        make_folder(tmp_path / "file" / "b")


def test_existing_run_names_the_nearest(tmp_path):
    begun(tmp_path / "iris-001")
    assert existing_run(tmp_path / "iris-001").path == tmp_path / "iris-001"
    with pytest.raises(RunFolderError, match=r"iris-01 holds no run\. Did you mean 'iris-001'\?$"):
        existing_run(tmp_path / "iris-01")
    begun(tmp_path / "runs" / "wine-001")
    with pytest.raises(RunFolderError, match=r"wine-001 holds no run\. Did you mean '.*runs.wine-001'\?$"):
        existing_run(tmp_path / "wine-001")


def test_runs_are_found_and_sorted(tmp_path):
    for name in ("b", "a"):
        begun(tmp_path / name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    assert [run.path.name for run in runs_in(tmp_path)] == ["a", "b"]
    assert runs_in(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("there", "name", "expected"),
    [
        ([], "iris", "iris-001"),
        (["iris-001", "iris-009"], "iris", "iris-010"),
        (["iris-001"], "data/iris.csv", "iris-002"),
        (["iris-big-001", "iris-x", "iris-²", "iris-"], "iris", "iris-001"),
        (["iris-999"], "iris", "iris-1000"),
        ([], "my data (1).csv", "my-data-1-001"),
        ([], "...", "run-001"),
        ([], "数据.csv", "run-001"),
    ],
)
def test_next_folder(tmp_path, there, name, expected):
    for other in there:
        (tmp_path / other).mkdir()
    assert next_folder(tmp_path, name) == tmp_path / expected


def test_require_free(tmp_path):
    require_free(tmp_path / "new", force=False)
    require_free(tmp_path, force=False)
    begun(tmp_path / "run")
    with pytest.raises(
        RunFolderError, match=r"run already holds a run; name another folder, or replace it with --force$"
    ):
        require_free(tmp_path / "run", force=False)
    require_free(tmp_path / "run", force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"file is a file, not a folder for a run$"):
        require_free(tmp_path / "file", force=True)


def test_require_space(tmp_path, monkeypatch):
    asked = []

    def usage(place):
        asked.append(Path(place))
        return shutil._ntuple_diskusage(100_000_000, 98_800_000, 1_200_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    require_space(tmp_path / "a" / "b", 1_200_000)
    assert asked == [tmp_path]
    with pytest.raises(
        RunFolderError,
        match=r"^not enough disk for this run at .*: it needs about 2\.5 MB, 1\.2 MB are free; "
        r"name another place with --out$",
    ):
        require_space(tmp_path / "a" / "b", 2_500_000)

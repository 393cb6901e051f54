"""Every file of a run, found by walking its folder, cut off and with bits flipped: named, never taken for whole.

A new kind of file in a run folder that nothing vouches for fails here.
"""

import json
import shutil

import numpy as np
import pytest

import talweg as tw
from talweg.errors import TalwegError
from talweg.record.findings import RESULT
from talweg.record.verify import BEFORE

SETTINGS = {"layers": "flatten, dense 4, relu, output", "members": 2, "max_epochs": 6, "batch_size": 16}
PLACES = 5
"""Of each file, where it is cut off, and where a bit is flipped; the first and the last byte besides."""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Pictures whose labels mean nothing, so that there are mistakes to be shown."""
    drawn = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("pictures") / "pictures.npz"
    np.savez(path, images=drawn.integers(0, 255, (60, 8, 8)).astype(np.uint8), labels=np.arange(60) % 2)
    return path


@pytest.fixture(scope="module")
def run(source, tmp_path_factory):
    """A run with all that can be made of one: a range test, checkpoints, pictures, a map, measurements, pages."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    made = tw.train(str(source), out=folder, learning_rate="auto", checkpoint_every="2 epochs", **SETTINGS)
    made.map(size=5).save(folder / "map")
    made.sharpness().save(folder / "map")
    tw.noise(folder)
    made.report(out=folder)
    made.report("de", out=folder)
    return folder


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "run")


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def named(folder):
    return [one.file for one in tw.verify(folder).files if one.wrong]


def spoil(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1 << 4
    path.write_bytes(content)


def test_a_run_is_whole_and_has_every_kind_of_file(run, talweg):
    told = talweg("verify", run, "--json")
    assert told.code == 0
    found = told.json()
    assert {one["state"] for one in found["files"]} == {"whole"}
    assert [one["file"] for one in found["files"]] == [path.relative_to(run).as_posix() for path in files_of(run)]
    kinds = {path.relative_to(run).parts[0] for path in files_of(run)}
    assert kinds >= {*BEFORE, *RESULT, "checkpoints", "map", "pictures", "report.html", "report.de.html", "seals.json"}
    assert "files are as they were written." in " ".join(talweg("verify", run).out.split())


def test_every_file_that_is_cut_off_or_has_a_bit_flipped_is_named(copy):
    chance, tried = np.random.default_rng(0), 0
    for path in files_of(copy):
        name, content = path.relative_to(copy).as_posix(), path.read_bytes()
        for place in {0, len(content) - 1, *chance.integers(0, len(content), PLACES).tolist()}:
            flipped = bytearray(content)
            flipped[place] ^= 1 << place % 8
            for kind, damaged in (("flipped", bytes(flipped)), ("cut off", content[:place])):
                path.write_bytes(damaged)
                assert name in named(copy), f"{name} {kind} at byte {place} of {len(content)}"
                tried += 1
        path.write_bytes(content)
    assert named(copy) == []
    assert tried > 200


def test_what_is_damaged_gone_and_not_ours_is_told_with_the_mend(copy, talweg):
    spoil(copy / "params.safetensors")
    spoil(copy / "map" / "noise.json")
    (copy / "report.de.html").unlink()
    (copy / "notes.txt").write_text("mine")
    told = talweg("verify", copy, "--json")
    assert told.code == 1
    found = told.json()
    assert (found["whole"], found["readable"], found["resumable"]) == (False, False, True)
    assert {one["file"]: (one["state"], one["mend"]) for one in found["files"] if one["state"] != "whole"} == {
        "params.safetensors": ("damaged", f"talweg resume {copy}"),
        "map/noise.json": ("damaged", f"talweg noise {copy}"),
        "report.de.html": ("missing", f"talweg report {copy} --lang de"),
        "notes.txt": ("not ours", ""),
    }
    text = " ".join(talweg("verify", copy).out.split())
    assert "params.safetensors damaged" in text
    assert "The run cannot be shown or applied as it is." in text
    assert talweg("verify", copy, "--quiet").out == ""
    for words in (("resume", copy, "-q"), ("noise", copy, "--json"), ("report", copy, "--lang", "de")):
        assert talweg(*words).code == 0
    assert tw.verify(copy).whole
    assert (copy / "notes.txt").read_text() == "mine"


def test_a_folder_without_a_run_is_told(tmp_path, talweg):
    assert talweg("verify", tmp_path).err == f"talweg: {tmp_path} holds no run.\n"


def told_by(talweg, run, source, out):
    """What each reading command says of a run; `None` where it refuses in one line."""

    def command(*words):
        told = talweg(*words)
        if told.code:
            assert told.code == 2
            assert told.err.startswith("talweg: ")
            assert told.err.count("\n") == 1
            return None
        return json.loads(told.out)

    def heights():
        try:
            return tw.open_run(run).map(size=5).scene.height.tolist()
        except TalwegError:
            return None

    return {
        "show": command("show", run, "--json"),
        "predict": command("predict", run, source, "--json"),
        "compare": command("compare", run, run, "--out", out / "comparison.html", "--json"),
        "replay": command("replay", run, "--stop", "epochs(3)", "--json"),
        "report": command("report", run, "--out", out, "--json"),
        "map": heights(),
    }


def test_no_command_takes_what_is_damaged_for_whole_and_resume_mends_what_it_can(run, source, tmp_path, talweg):
    whole, mended = told_by(talweg, shutil.copytree(run, tmp_path / "run"), source, tmp_path), 0
    shutil.rmtree(tmp_path / "run")
    assert None not in whole.values()
    for name in (*BEFORE, *RESULT, "seals.json", *(f"checkpoints/{path.name}" for path in run.glob("checkpoints/*"))):
        folder = shutil.copytree(run, tmp_path / "run")
        spoil(folder / name)
        for command, said in told_by(talweg, folder, source, tmp_path).items():
            assert said in (None, whole[command]), (name, command)
        told = talweg("resume", folder, "--quiet")
        assert told.code in (0, 2)
        # What only another process could know is not mended: where the run comes from, what other files were.
        assert named(folder) == [name] * (name in ("origin.json", "seals.json"))
        if name == "range_test.json":
            assert not (folder / name).exists()
        else:
            assert (folder / "params.safetensors").read_bytes() == (run / "params.safetensors").read_bytes()
            mended += 1
        shutil.rmtree(folder)
    assert mended >= 10


def page_of(folder):
    try:
        return tw.report(folder).page
    except TalwegError as error:
        return str(error)


def test_a_report_leaves_out_what_is_damaged(run, tmp_path):
    """Its pages are those that it would make if the file were not there, or it says what to measure anew."""
    for path in [*run.glob("map/*"), *run.glob("pictures/*")]:
        pages = []
        for damage in (spoil, lambda file: file.unlink()):
            folder = shutil.copytree(run, tmp_path / "run")
            damage(folder / path.relative_to(run))
            pages.append(page_of(folder))
            shutil.rmtree(folder)
        assert pages[0] == pages[1] or f"{path.name} is damaged; measure anew: talweg " in pages[0], path.name

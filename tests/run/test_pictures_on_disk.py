"""Pictures that lie on disk are trained on, checked and predicted to the same numbers, bit for bit, as in memory."""

import os
import signal

import jax
import numpy as np
import pytest
from PIL import Image

import talweg as tw
from talweg.config.settings import make_settings
from talweg.data.large import gather as gather_module
from talweg.data.large.store import is_mapped
from talweg.errors import ConfigError, DataError, TrainingInterruptedError
from talweg.run.api import resume_run, train_settings
from talweg.run.build import build
from talweg.run.listening import Listener
from talweg.run.streaming import passes, predicting, streaming
from talweg.run.streaming.predicting import predictions_of

SIDE, COUNT = 10, 130
SETTINGS = {
    "layers": "conv 3 3x3, batchnorm, relu, maxpool 2, flatten, output",
    "members": 2,
    "max_epochs": 3,
    "batch_size": 16,
    "stop": "epochs(3)",
    "augment": "flip, shift 1, mixup 0.2",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of colored pictures; one stands twice, one is blank, one has a quarter more pixels."""
    random = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("kinds")
    for number in range(COUNT):
        kind, side = "abc"[number % 3], 20 if number == 9 else SIDE
        pixels = random.integers(0, 150, (side, side, 3), np.uint8)
        pixels[..., number % 3] += 60
        pixels[:] = 7 if number == 40 else pixels
        (folder / kind).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / kind / f"{number:03d}.png")
    (folder / "a" / "copy.png").write_bytes((folder / "b" / "001.png").read_bytes())
    return folder


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path_factory):
    """A cache of the module's own, and blocks so small that there are several."""
    monkeypatch.setenv("TALWEG_CACHE", str(tmp_path_factory.getbasetemp() / "cache of pictures"))
    monkeypatch.setattr(streaming, "SEGMENT_BYTES", 3 * 16 * SIDE * SIDE * 3)
    monkeypatch.setattr(gather_module, "_AT_ONCE", 40 * SIDE * SIDE * 3)
    monkeypatch.setattr(predicting, "_PIXELS", 50 * SIDE * SIDE * 3)


@pytest.fixture(scope="module")
def runs(folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALWEG_CACHE", str(tmp_path_factory.getbasetemp() / "cache of pictures"))
        patch.setattr(streaming, "SEGMENT_BYTES", 3 * 16 * SIDE * SIDE * 3)
        out = tmp_path_factory.mktemp("runs")
        return [tw.train(str(folder), out=out / way, stream=way, **SETTINGS) for way in ("no", "yes")]


def same(one, other):
    for mine, its in zip(jax.tree.leaves(one.params), jax.tree.leaves(other.params), strict=True):
        np.testing.assert_array_equal(mine, its)
    for name, curve in one.history.curves.items():
        np.testing.assert_array_equal(curve, other.history.curves[name], err_msg=name)


def test_on_disk_and_in_memory_are_one(runs):
    same(*runs)
    memory, disk = (run.summary for run in runs)
    for part in ("members", "ensemble", "sampling_error", "split", "data", "notes", "gate", "pictures"):
        assert memory[part] == disk[part], part
    assert runs[0].preparation == runs[1].preparation
    assert {one["check"] for one in disk["gate"]["findings"]} >= {"wrong_label", "blank_pictures"}
    mistakes = sorted((runs[0].folder.path / "pictures").iterdir())
    assert mistakes
    for file in mistakes:
        assert file.read_bytes() == (runs[1].folder.path / "pictures" / file.name).read_bytes()


def test_the_pictures_lie_on_disk_and_their_parts_are_choices_of_them(folder):
    heard = []
    settings = make_settings({"source": str(folder), "stream": "yes", "seed": 4, **SETTINGS})
    job = build(settings, hear=lambda doing, part: heard.append((doing, part))).job
    assert all(is_mapped(rows.x) and rows.x.dtype == np.uint8 for rows in (job.training, job.validation, job.test))
    assert len({id(rows.x.base) for rows in (job.training, job.validation, job.test)}) == 1
    assert len(streaming.OnDisk.of(job).ends) > 2
    assert ("decoding pictures", 64 / (COUNT + 1)) in heard or ("looking for what is wrong", 0.0) in heard


def test_evaluation_sees_every_picture_once(folder, monkeypatch):
    monkeypatch.setattr(passes, "BLOCK_BYTES", 40 * SIDE * SIDE * 3)
    monkeypatch.setattr("talweg.run.job.chunk_size", lambda rows, largest: 16)
    job = build(make_settings({"source": str(folder), "stream": "yes", **SETTINGS})).job
    blocks = list(passes.passing(job.training))
    assert len(blocks) > 2
    seen = np.concatenate([block.x[block.weight > 0] for block in blocks])
    np.testing.assert_array_equal(seen, np.array(job.training.x))


def test_interrupted_in_the_middle_of_an_epoch_it_ends_as_if_it_had_not_been(folder, runs, tmp_path):
    def ask(within):
        if within.epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = make_settings({"source": str(folder), "stream": "yes", **SETTINGS})
    with pytest.raises(TrainingInterruptedError, match="interrupted in epoch 2"):
        train_settings(settings, out=tmp_path / "run", listener=Listener(within=ask))
    same(resume_run(tmp_path / "run", {}), runs[0])


def test_predictions_in_blocks_are_one(folder, runs):
    parts = [list(predictions_of(runs[1], str(folder), stream=way)) for way in ("no", "yes")]
    for memory, disk in zip(*parts, strict=True):
        np.testing.assert_array_equal(memory.probabilities, disk.probabilities)
        assert memory.files == disk.files
    whole = runs[0].predict(str(folder))
    assert len(parts[0]) > 2
    assert whole.files == tuple(file for part in parts[1] for file in part.files)
    assert len(whole.values) == COUNT + 1


def test_a_learning_rate_is_found_alike(folder):
    few = {**SETTINGS, "members": 1, "layers": "flatten, output", "augment": "none"}
    memory, disk = (tw.find_lr(str(folder), stream=way, **few).summary for way in ("no", "yes"))
    assert (memory["loss"], memory["suggestion"]) == (disk["loss"], disk["suggestion"])


def test_a_table_of_file_names_with_gaps_in_its_target(folder):
    files = sorted(folder.glob("*/*.png"))
    rows = [f"{file.relative_to(folder).as_posix()},{n / 7 if n % 10 else ''}" for n, file in enumerate(files)]
    (folder / "table.csv").write_text("\n".join(["file,size", *rows]))
    jobs = [build(make_settings({"source": str(folder / "table.csv"), "stream": way})).job for way in ("no", "yes")]
    assert jobs[0].facts["rows_without_target"] == 14
    for part in ("training", "validation", "test"):
        memory, disk = (getattr(job, part) for job in jobs)
        np.testing.assert_array_equal(memory.x, np.array(disk.x))
        np.testing.assert_array_equal(memory.y, disk.y)


def test_what_takes_all_pictures_at_once_is_refused(folder):
    for settings, message in (({"folds": 2}, "folds need all rows in memory"), ({"batch_size": "full"}, "full-batch")):
        with pytest.raises(ConfigError, match=message):
            tw.train(str(folder), stream="yes", **{**SETTINGS, **settings})


def test_a_picture_that_changed_is_noticed_though_no_training_row_did(folder, runs, tmp_path):
    said = tmp_path / "run"
    pixels, kinds = np.random.default_rng(0).integers(0, 255, (60, 8, 8), np.uint8), np.arange(60) % 2
    brief = {"members": 1, "max_epochs": 1, "layers": "flatten, output"}
    run = tw.train(pixels, kinds, out=said, **brief)
    assert {name: run.summary["data"][name] for name in ("fingerprint", "pixels")} == {
        name: run.folder.sittings()[0][name] for name in ("fingerprint", "pixels")
    }
    changed = pixels.copy()
    changed[np.flatnonzero(run.folder.split() == 2)[0]] += 1
    with pytest.raises(DataError, match="no longer holds the data"):
        tw.resume(said, source=changed, target=kinds, max_epochs=2)
    in_memory, on_disk = (build(make_settings({"source": str(folder), "stream": how})) for how in ("no", "yes"))
    assert in_memory.job.facts["pixels"] == on_disk.job.facts["pixels"]

"""Pictures from a folder to predictions: two classes that differ in which half is bright."""

import json

import numpy as np
import pytest
from PIL import Image

import talweg as tw
from talweg.config.settings import make_settings
from talweg.errors import ConfigError, DataError
from talweg.run.build import build

SETTINGS = {"layers": "conv 4 3x3, relu, maxpool 2, flatten, output", "members": 2, "max_epochs": 12, "batch_size": 16}


def halves(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 120, (count, 8, 8), np.uint8)
    labels = np.where(np.arange(count) % 2, "upper", "lower")
    pixels[1::2, :4] += 100
    pixels[::2, 4:] += 100
    return pixels, labels


def write(folder, count=60, seed=0):
    for number, (picture, label) in enumerate(zip(*halves(count, seed), strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / label / f"{number:03d}.png")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("halves"))


@pytest.fixture(scope="module")
def run(folder):
    return tw.train(str(folder), out=folder.parent / "run", augment="shift 1, brightness 0.1, mixup 0.2", **SETTINGS)


def test_the_classes_are_learned(run):
    assert run.summary["task"] == "classification"
    assert run.summary["data"]["classes"] == ["lower", "upper"]
    assert run.summary["ensemble"]["test"]["accuracy"] == 1.0


def test_pixels_are_standardised_by_the_training_pictures(run, folder):
    parts = np.load(run.folder.path / "split.npy")
    files = sorted(folder.glob("*/*.png"))
    train = np.stack([np.asarray(Image.open(file)) for file, part in zip(files, parts, strict=True) if part == 0])
    assert run.preparation.center[0] == pytest.approx(train.mean(), abs=1e-3)
    assert run.preparation.scale[0] == pytest.approx(train.std(), abs=1e-3)


def test_new_pictures_of_any_size_are_predicted(run, tmp_path):
    picture = np.zeros((40, 24, 3), np.uint8)
    picture[:20] = 210
    Image.fromarray(picture).save(tmp_path / "new.png")
    prediction = tw.open_run(run.folder.path).predict(tmp_path / "new.png")
    assert prediction.values.tolist() == ["upper"]
    assert prediction.frame().columns == ["picture", "prediction", "p_lower", "p_upper", "spread"]
    assert prediction.files == ("new.png",)


def test_folders_that_say_the_split_are_followed(tmp_path):
    for part, count in (("train", 20), ("val", 6), ("test", 4)):
        write(tmp_path / part, count)
    run = tw.train(tmp_path, out=tmp_path / "run", augment="none", **{**SETTINGS, "max_epochs": 1})
    assert run.summary["split"] == {"train": 20, "validation": 6, "test": 4}


def test_arrays_are_pictures_too(run):
    pixels, labels = halves(60)
    again = tw.train(pixels, labels, augment="shift 1, brightness 0.1, mixup 0.2", **SETTINGS)
    assert again.summary["ensemble"]["test"]["accuracy"] == 1.0
    assert again.predict(pixels[:4]).values.tolist() == ["lower", "upper", "lower", "upper"]


def test_the_network_of_pictures_is_shown_without_training():
    shown = tw.model(*halves(20), layers="conv 4 3x3, relu, globalpool, output")
    assert shown.summary["input"] == [8, 8, 1]
    assert shown.summary["params"] == 9 * 4 + 4 + 4 * 2 + 2


def test_a_number_for_each_picture_of_a_table_is_learned(tmp_path):
    pixels, _ = halves(60)
    rows = ["file,light"]
    for number, picture in enumerate(pixels):
        Image.fromarray(picture // (1 + number % 3)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{(picture // (1 + number % 3)).mean():.3f}")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    run = tw.train(tmp_path / "table.csv", layers="conv 2 3x3, relu, globalpool, output", members=1, max_epochs=60,
                   learning_rate=0.03, augment="none")  # fmt: skip
    assert (run.summary["task"], run.summary["data"]["target"]) == ("regression", "light")
    assert not [note for note in run.summary["notes"] if "--augment none" in note]
    usual = build(make_settings({"source": str(tmp_path / "table.csv")}))
    assert [note for note in usual.notes if "changed at random (shift 1, rotation 10)" in note]
    assert run.summary["ensemble"]["test"]["r2"] > 0.9
    assert run.predict(tmp_path / "0.png").values[0] == pytest.approx(pixels[0].mean(), abs=15)
    (tmp_path / "table.csv").write_text("file,light\n0.png,1\nnone.png,2")
    with pytest.raises(DataError, match=r"names 'none\.png' in row 2, but there is no file"):
        tw.check(tmp_path / "table.csv")


def test_the_gate_tells_of_copies_wrong_labels_and_lonely_classes(tmp_path):
    write(tmp_path, 30)
    first = next((tmp_path / "upper").glob("*.png"))
    (tmp_path / "lower" / "copy.png").write_bytes(first.read_bytes())
    (tmp_path / "alone").mkdir()
    Image.new("L", (8, 8), 77).save(tmp_path / "alone" / "one.png")
    found = {finding.check: finding for finding in tw.check(tmp_path).findings}
    assert "lower/copy.png (lower) is upper/" in found["wrong_label"].sentence
    assert "'alone' stands in one row only" in found["single_row_class"].sentence
    assert "alone/one.png" in found["blank_pictures"].sentence


def test_the_check_tells_of_classes_and_files(tmp_path):
    from rich.console import Console

    from talweg.view.terminal.findings import check_summary

    for part, count in (("train", 40), ("test", 10)):
        write(tmp_path / part, count)
    Image.new("RGB", (12, 9), "red").save(tmp_path / "test" / "upper" / "red.png")
    found = tw.check(tmp_path).summary
    assert found["pictures"]["classes"] == [
        {"name": "lower", "train": 16, "validation": 4, "test": 5},
        {"name": "upper", "train": 17, "validation": 3, "test": 6},
    ]
    assert found["pictures"]["files"] == {
        "sizes": 2, "smallest": [8, 8], "largest": [9, 12], "commonest": [8, 8], "commonest_pictures": 50,
        "modes": {"gray": 50, "rgb": 1},
    }  # fmt: skip
    console = Console(width=250)
    with console.capture() as told:
        console.print(check_summary(found))
    text = told.get()
    assert "class (classification), 51 pictures (33 train, 7 validation, 11 test), seen as 8x8 in color" in text
    assert "2 sizes from 8x8 to 9x12, 50 of 8x8; 50 gray, 1 in color." in text
    assert ["lower", "16", "4", "5", "25"] in [line.split() for line in text.splitlines()]
    assert "Picture test/upper/red.png." in text
    assert tw.check(*halves(20)).summary["pictures"]["files"] is None


def test_what_cannot_be_trained_on(tmp_path, folder):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"says nothing of them: expected a folder for each class .* --noise 25"):
        tw.train(tmp_path)
    with pytest.raises(ConfigError, match="image_size must be"):
        tw.train(folder, image_size="large")
    with pytest.raises(ConfigError, match="no augmentation"):
        tw.train(folder, augment="flop")
    with pytest.raises(ConfigError, match=r"conv 4 20x20.*8x8x1"):
        tw.train(folder, layers="conv 4 20x20 padding valid, relu, flatten, output")


def test_the_command_line(folder, run, monkeypatch, capsys):
    from talweg.cli import main

    monkeypatch.setattr("sys.argv", ["talweg", "predict", str(run.folder.path), str(folder), "--json"])
    with pytest.raises(SystemExit):
        main()
    assert len(json.loads(capsys.readouterr().out)["columns"]["picture"]) == 60

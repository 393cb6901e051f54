"""The gate for photographs to denoise: what it finds, what it leaves in peace, and that a training passes it first."""

import json

import numpy as np
import pytest
from PIL import Image

import talweg as tw
from talweg.data.images.photographs import read_photographs
from talweg.errors import DataError


@pytest.fixture(scope="module")
def photographs():
    return [picture[..., 0] for picture in read_photographs("photographs").pictures]


def noisy(picture, level=25.0, seed=0):
    added = picture + level * np.random.default_rng(seed).standard_normal(picture.shape)
    return np.clip(np.rint(added), 0, 255).astype(np.uint8)


def write(folder, pictures):
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:02d}.png")
    return folder


def write_pairs(folder, noisy_ones, clean_ones):
    write(folder / "noisy", noisy_ones)
    write(folder / "clean", clean_ones)
    return folder


def found(source, **given):
    return {finding.check: finding for finding in tw.check(source, **given).findings}


def test_sound_photographs_pass_in_silence(photographs):
    checked = tw.check("photographs", noise=25)
    assert [finding.check for finding in checked.findings] == ["few_pictures"]
    assert checked.summary["photographs"] == {
        "channels": 1,
        "pixels": sum(picture.size for picture in photographs),
        "learning": "noise",
        "noise": "25",
        "patch": 64,
    }
    assert checked.summary["split"] == {"train": 7, "validation": 2, "test": 1}


def test_sound_pairs_and_sound_noisy_pictures_pass_too(tmp_path, photographs):
    many = [noisy(picture) for picture in photographs]
    assert set(found(write_pairs(tmp_path / "pairs", many, photographs))) <= {"few_pictures"}
    assert set(found(write(tmp_path / "self", many), noise="self")) <= {"few_pictures"}


def test_small_pictures(tmp_path, photographs):
    folder = write(tmp_path, [*photographs, photographs[0][:20, :60]])
    assert "10.png with 20, make all patches 16 high" in found(folder, noise=25)["small_pictures"].sentence
    error = found(folder, noise=25, patch_size=48)["small_pictures"]
    assert (error.grade, error.rows, error.count) == ("error", (11,), 1)
    assert error.sentence == "1 picture holds no patch of 48 pixels, such as 10.png with a side of 20."
    Image.fromarray(photographs[0][:6]).save(folder / "10.png")
    assert "holds no patch of 8 pixels" in found(folder, noise=25)["small_pictures"].sentence
    # This one cannot be trained over.
    with pytest.raises(
        DataError,
        match=r"with a side of 6\. Leave them out, or take smaller patches with --patch-size \(at least 8\)\.$",
    ):
        tw.train(folder, noise=25, gate="warn")


def test_copies_and_lookalikes_in_two_parts(tmp_path, photographs):
    parts = {"train": photographs[:4], "val": photographs[4:6], "test": [*photographs[6:8], photographs[0]]}
    for part, pictures in parts.items():
        for number, picture in enumerate(pictures):
            write(tmp_path / part / str(number), [picture])
    copy = found(tmp_path, noise=25)["duplicate_pictures"]
    assert (copy.grade, copy.rows) == ("error", (9, 1))
    with pytest.raises(DataError, match=r"test/2/00\.png is train/0/00\.png, pixel for pixel, in another part"):
        tw.train(tmp_path, noise=25)
    scaled = np.asarray(Image.fromarray(photographs[0]).resize((200, 190)))
    write(tmp_path / "test" / "2", [noisy(scaled, 8)])
    told = found(tmp_path, noise=25)
    assert "duplicate_pictures" not in told
    assert told["similar_pictures"].grade == "warning"
    assert told["similar_pictures"].rows == (9,)


def test_clean_pictures_that_are_noisy(photographs, tmp_path):
    folder = write(tmp_path, [*photographs[:-1], noisy(photographs[-1], 12)])
    told = found(folder, noise=25)["noisy_clean_pictures"]
    assert (told.grade, told.rows) == ("warning", (10,))
    assert "1 of 10 pictures that are to be clean has noise, most of all 09.png: about 12" in told.sentence
    # Beside noise five times as strong it does not matter.
    assert "noisy_clean_pictures" not in found(folder, noise=60)


def test_noisy_pictures_that_are_clean(photographs):
    told = found(photographs, noise="self")["hardly_noisy"]
    assert told.grade == "warning"
    assert "--noise 25" in told.mend


def test_pairs_that_are_swapped(tmp_path, photographs):
    many = [noisy(picture) for picture in photographs]
    told = found(write_pairs(tmp_path / "all", photographs, many))["swapped_pairs"]
    assert told.grade == "error"
    assert "In 9 of 10 pairs the clean picture is the noisier one" in told.sentence
    assert told.mend == "Name the folders the other way round."
    told = found(write_pairs(tmp_path / "one", [photographs[0], *many[1:]], [many[0], *photographs[1:]]))
    assert (told["swapped_pairs"].grade, told["swapped_pairs"].rows) == ("warning", (1,))


def test_pairs_that_do_not_match(tmp_path, photographs):
    many = [noisy(picture) for picture in photographs]
    many[1] = np.roll(many[1], (0, 3), (0, 1))
    many[2], many[6] = many[6], many[2]
    write_pairs(tmp_path, many, photographs)
    many[4] = many[4][:100]
    told = found(write_pairs(tmp_path, many, photographs))
    assert "01.png: the noisy picture lies 3 pixels to the right" in told["shifted_pairs"].sentence
    assert told["shifted_pairs"].rows == (2,)
    assert told["other_pictures"].rows == (3, 7)
    assert told["unlike_pairs"].grade == "error"
    assert told["unlike_pairs"].rows == (5,)
    assert told["unlike_pairs"].sentence.startswith("1 pair of two sizes, such as 04.png:")
    with pytest.raises(DataError, match=r"noisy 100x256, clean 171x256\. Leave them out, or cut both to one size\.$"):
        tw.train(tmp_path, gate="warn")


def test_dim_blank_and_gray_pictures(tmp_path, photographs):
    deep = [(picture.astype(np.uint16) << 4) for picture in photographs[:6]]
    told = found(write(tmp_path / "deep", deep), noise=25)["dim_pictures"]
    assert "12 bits in a file of 16" in told.sentence
    assert told.count == 6
    blank = np.full((64, 64), 7, np.uint8)
    assert found([*photographs, blank], noise=25)["blank_pictures"].rows == (11,)
    color = [np.repeat(picture[..., None], 3, -1) for picture in photographs]
    assert found(color, noise=25)["gray_in_colour"].mend == "Train faster on one channel: --color gray."


def test_the_command_line(tmp_path, photographs, monkeypatch, capsys):
    from talweg.cli import main

    def talweg(*words):
        monkeypatch.setattr("sys.argv", ["talweg", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    folder = write(tmp_path, photographs)
    code, told = talweg("check", folder, "--noise", 25, "--json")
    assert code == 0
    assert json.loads(told.out)["photographs"]["learning"] == "noise"
    code, told = talweg("check", folder, "--noise", 25, "--patch-size", 200)
    assert code == 1
    assert "a training would not start" in told.out
    assert "10 photographs gray" in " ".join(told.out.split())
    code, told = talweg("check", folder, "--noise", "loud")
    assert code == 2

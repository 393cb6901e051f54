"""Photographs from a training to clean pictures. Tiny networks: that they denoise at all, and by which rules."""

import json

import numpy as np
import pytest
from PIL import Image

import talweg as tw
from talweg.config.settings import make_settings
from talweg.data.images.photographs import read_photographs
from talweg.errors import ConfigError, DataError
from talweg.objective.likeness import psnr
from talweg.run.pictures.build import denoiser_of
from talweg.run.pictures.defaults import denoising_settings
from talweg.run.pictures.tiled import denoised_by

SETTINGS = {
    "layers": "residual(conv 8 5x5, relu, conv 1 5x5 initializer zeros)",
    "patch_size": 16,
    "batch_size": 32,
    "max_epochs": 30,
    "learning_rate": 0.01,
    "split": "60/20/20",
}


@pytest.fixture(scope="module")
def photographs():
    return [picture[:64, :80] for picture in read_photographs("photographs").pictures]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photographs):
    place = tmp_path_factory.mktemp("photographs")
    for number, picture in enumerate(photographs):
        Image.fromarray(picture[..., 0]).save(place / f"{number}.png")
    return place


@pytest.fixture(scope="module")
def run(folder):
    return tw.train(folder, noise=25, members=2, out=folder.parent / "denoiser", **SETTINGS)


def test_noise_is_taken_away(run):
    told = run.summary["denoising"]
    assert told["noisy"]["psnr"] == pytest.approx(20.17, abs=0.2)
    assert run.summary["ensemble"]["test"]["psnr"] > told["noisy"]["psnr"] + 3
    assert run.summary["ensemble"]["test"]["ssim"] > told["noisy"]["ssim"]
    assert run.summary["metric"] == "psnr"
    assert run.history["psnr"].shape == (31, 2)


def test_whole_photographs_are_dealt(run):
    assert run.summary["data"]["photographs"]["train"] == 6
    assert sorted(np.unique(np.load(run.folder.path / "split.npy"), return_counts=True)[1]) == [2, 2, 6]


def test_pictures_to_look_at_are_kept(run):
    for sample in run.summary["denoising"]["samples"]:
        noisy, denoised, clean = (
            np.asarray(Image.open(run.folder.path / sample[kind]), np.float32)[..., None]
            for kind in ("noisy", "denoised", "clean")
        )
        assert psnr(denoised, clean) > psnr(noisy, clean) + 1


def run_noise(run, picture):
    """A picture with the noise of a run."""
    return denoiser_of(run.settings, 1).noise.on(picture.astype(np.float32), np.random.default_rng(0))


def test_tiles_do_not_show(run, photographs):
    network = denoiser_of(run.settings, 1)
    noisy = run_noise(run, photographs[0])
    whole = denoised_by(network, run.params, np.pad(noisy, ((0, 16), (0, 0), (0, 0)), mode="symmetric"), 80, 0)
    tiled = denoised_by(network, run.params, noisy, 32, 16)
    inside = np.s_[:, 8:-8, 8:-8]
    assert np.abs(whole[:, :64][inside] - tiled[inside]).max() < 8
    assert np.abs(whole[:, :64][inside] - tiled[inside]).mean() < 0.5


def test_the_self_ensemble_is_the_mean_of_eight_turned_pictures(run, photographs):
    noisy = run_noise(run, photographs[1][:40, :56])
    ways = [(turns, mirrored) for turns in range(4) for mirrored in (False, True)]
    answers = []
    for turns, mirrored in ways:
        seen = np.rot90(noisy[:, ::-1] if mirrored else noisy, turns)
        answer = np.rot90(tw.denoise(run, seen[..., 0])[0].pixels, -turns)
        answers.append(answer[:, ::-1] if mirrored else answer)
    (found,) = tw.denoise(run, noisy[..., 0], self_ensemble=True)
    np.testing.assert_allclose(found.pixels, np.mean(answers, axis=0), atol=1e-3)
    assert psnr(found.pixels, photographs[1][:40, :56]) > psnr(answers[0], photographs[1][:40, :56])


@pytest.mark.parametrize(("given", "optimizer", "rate"), [({}, "muon", 2e-3), ({"optimizer": "adamw"}, "adamw", 2e-3)])
def test_a_denoising_goes_by_muon_unless_another_is_named(given, optimizer, rate):
    found = denoising_settings(make_settings({"source": "photographs", "noise": 25, **given}), 64, 1, 1000, True)
    assert (found.optimizer, found.learning_rate, found.weight_decay) == (optimizer, rate, 1e-4)
    assert found.batch_size == 4
    assert found.max_epochs == 32
    assert found.members == 1


@pytest.mark.parametrize("size", [(7, 9), (64, 80), (150, 40)])
def test_any_size(run, size):
    picture = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    (found,) = tw.denoise(run, picture, reference=picture)
    assert found.pixels.shape == found.spread.shape == (*size, 1)
    assert found.before["psnr"] == np.inf


def test_the_command_line(run, folder, tmp_path, photographs, monkeypatch, capsys):
    from talweg.cli import main

    def talweg(*words):
        monkeypatch.setattr("sys.argv", ["talweg", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr()

    clean = folder / "0.png"
    noisy = np.clip(photographs[0] + np.random.default_rng(0).normal(0, 25, photographs[0].shape), 0, 255)
    Image.fromarray(noisy[..., 0].astype(np.uint8)).save(tmp_path / "noisy.png")
    out, spread = tmp_path / "clean.png", tmp_path / "spread.png"
    code, told = talweg(
        "denoise",
        run.folder.path,
        tmp_path / "noisy.png",
        "-o",
        out,
        "--reference",
        clean,
        "--spread",
        spread,
        "--json",
    )
    assert code in (0, None), told.err
    (picture,) = json.loads(told.out)["pictures"]
    assert picture["denoised"]["psnr"] > picture["noisy"]["psnr"] + 2
    # What was written is what was told of, but for the rounding to whole shades.
    written = np.asarray(Image.open(out), np.float64)[..., None]
    assert psnr(written, photographs[0]) == pytest.approx(picture["denoised"]["psnr"], abs=0.05)
    assert spread.exists()
    code, told = talweg("denoise", run.folder.path, tmp_path / "noisy.png", "-o", out)
    assert code == 2
    assert "exists already" in told.err
    again = ["--self-ensemble", "--reference", clean, "--force", "--json"]
    code, told = talweg("denoise", run.folder.path, tmp_path / "noisy.png", "-o", out, *again)
    assert json.loads(told.out)["self_ensemble"]
    assert json.loads(told.out)["pictures"][0]["denoised"]["psnr"] != picture["denoised"]["psnr"]
    Image.open(tmp_path / "noisy.png").convert("RGB").quantize(4).save(tmp_path / "palette.png")
    code, told = talweg("denoise", run.folder.path, tmp_path / "palette.png", "-o", out, "--force", "--json")
    assert json.loads(told.out)["pictures"][0]["done"] == ["has a palette, which is resolved", "is taken as gray"]
    code, told = talweg("denoise", run.folder.path, folder, "-o", tmp_path / "many", "--reference", folder)
    assert code in (0, None), told.err
    assert len(list((tmp_path / "many").glob("*.png"))) == 10
    assert "10 pictures written" in told.out


def test_noise_may_leave_black_and_white(run, photographs):
    noisy = photographs[0][..., 0] + np.random.default_rng(0).normal(0, 60, photographs[0].shape[:2])
    assert noisy.min() < 0
    whole, shares = (tw.denoise(run, one)[0].pixels for one in (noisy, noisy / 255))
    np.testing.assert_allclose(whole, shares, atol=0.01)


def test_deep_pictures_stay_deep(run, tmp_path, photographs, monkeypatch):
    from talweg.cli import main

    Image.fromarray(photographs[0][..., 0].astype(np.uint16) * 200).save(tmp_path / "deep.png")
    words = ["talweg", "denoise", str(run.folder.path), str(tmp_path / "deep.png"), "-o", str(tmp_path / "out.png")]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit):
        main()
    assert np.asarray(Image.open(tmp_path / "out.png")).max() > 255


def test_pairs(folder, photographs, tmp_path):
    generator = np.random.default_rng(0)
    for number, picture in enumerate(photographs):
        for place, pixels in (("clean", picture), ("noisy", picture + generator.normal(0, 25, picture.shape))):
            (tmp_path / place).mkdir(exist_ok=True)
            Image.fromarray(np.clip(pixels[..., 0], 0, 255).astype(np.uint8)).save(tmp_path / place / f"{number}.png")
    run = tw.train(tmp_path, **SETTINGS)
    assert run.summary["denoising"]["learning"] == "pairs"
    assert run.summary["ensemble"]["test"]["psnr"] > run.summary["denoising"]["noisy"]["psnr"] + 2


def test_from_noisy_pictures_alone(photographs):
    generator = np.random.default_rng(0)
    noisy = [np.clip(one + generator.normal(0, 25, one.shape), 0, 255).astype(np.uint8)[..., 0] for one in photographs]
    run = tw.train(noisy, noise="self", **{**SETTINGS, "patch_size": 32})
    assert run.summary["metric"] == "neighbor_psnr"
    found = tw.denoise(run, noisy, reference=[one[..., 0] for one in photographs])
    gains = [one.after["psnr"] - one.before["psnr"] for one in found]
    assert np.mean(gains) > 2


def test_a_threshold_of_psnr_stops(photographs):
    run = tw.train(photographs, noise=25, stop="psnr >= 21", **SETTINGS)
    assert run.summary["members"][0]["outcome"]["kind"] == "reached"
    assert "the validation psnr" in run.summary["members"][0]["outcome"]["sentence"]


def test_colour(photographs):
    run = tw.train([np.repeat(one, 3, -1) for one in photographs], noise="5..50", **{**SETTINGS, "max_epochs": 1,
                   "layers": "residual(conv 4 3x3, relu, conv 3 3x3)"})  # fmt: skip
    assert tw.denoise(run, np.zeros((1, 20, 20, 3), np.uint8))[0].pixels.shape == (20, 20, 3)


def test_a_range_test_finds_a_rate_for_a_denoising(photographs):
    few = {**SETTINGS, "max_epochs": 1, "learning_rate": "auto"}
    run = tw.train(photographs, noise=25, **few)
    assert 1e-4 < run.settings.learning_rate < 1
    assert any(note.startswith("Range test: learning rate") for note in run.summary["notes"])


def test_what_cannot_be_denoised(tmp_path, folder, photographs, run):
    with pytest.raises(DataError, match="2 photographs cannot be split"):
        tw.train(photographs[:2], noise=25)
    with pytest.raises(DataError, match=r"hold no patch of 100 pixels, such as 0 with a side of 64"):
        tw.train(photographs, noise=25, patch_size=100)
    with pytest.raises(ConfigError, match=r"needs to know its noise"):
        tw.train(folder, task="denoising")
    with pytest.raises(ConfigError, match=r"gives 32x32x1 for a row, but the denoising needs 64x64x1"):
        tw.train(photographs, noise=25, layers="conv 8 3x3 stride 2, conv 1 3x3")
    with pytest.raises(ConfigError, match=r"for classes; for denoising"):
        tw.train(photographs, noise=25, loss="softmax_cross_entropy")
    with pytest.raises(ConfigError, match="this run takes noise away"):
        run.predict(folder)
    with pytest.raises(DataError, match="holds no reference for"):
        tw.denoise(run, folder, reference=folder / "0.png")
    with pytest.raises(DataError, match="No such file or folder"):
        tw.denoise(run, tmp_path / "none.png")
    iris = tw.train("iris", members=1, max_epochs=1)
    with pytest.raises(ConfigError, match="is no denoising"):
        tw.denoise(iris, folder)

"""Pictures and masks from a training to predicted masks. Circles and squares on noise, whose masks are known."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score

import talweg as tw
from talweg.errors import ConfigError, DataError
from talweg.run.pictures.mask_scoring import pixel_sums
from talweg.view.telling.comparison import compare
from tests.run.shapes import shapes, write

SETTINGS = {
    "layers": "conv 8 5x5, relu, conv 8 5x5, relu, output",
    "patch_size": 24,
    "batch_size": 8,
    "max_epochs": 12,
    "learning_rate": 0.02,
    "members": 2,
    "split": "60/20/20",
}


@pytest.fixture(scope="module")
def pictures():
    return shapes(15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pictures):
    return write(tmp_path_factory.mktemp("shapes"), *pictures)


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    return tw.train(folder, out=tmp_path_factory.mktemp("masks") / "run", **SETTINGS)


@pytest.fixture(scope="module")
def new():
    return shapes(3, (70, 131), seed=1)


def test_masks_are_learned(run):
    told = run.summary
    assert (told["task"], told["metric"]) == ("segmentation", "mean_iou")
    assert told["ensemble"]["test"]["mean_iou"] > 0.9
    assert run.history["mean_iou"].shape == (13, 2)
    assert told["data"]["classes"] == ["0", "1", "2"]
    assert told["data"]["photographs"]["train"] == 9
    error = told["sampling_error"]
    assert error["low"] < told["ensemble"]["test"]["mean_iou"] < error["high"]
    assert "over 3 pictures" in error["method"]


def test_whole_pictures_are_dealt_and_judged(run):
    assert sorted(np.unique(np.load(run.folder.path / "split.npy"), return_counts=True)[1]) == [3, 3, 9]
    told = run.summary["segmentation"]
    assert len(told["pictures"]) == 3
    assert sum(one["pixels"] for one in told["classes"]) == 3 * 48 * 56
    mean = np.mean([one["iou"] for one in told["classes"]])
    assert mean == pytest.approx(run.summary["ensemble"]["test"]["mean_iou"])


def test_pictures_to_look_at_are_kept(run):
    sample = run.summary["segmentation"]["samples"][0]
    mask, predicted = (np.asarray(Image.open(run.folder.path / sample[kind])) for kind in ("mask", "predicted"))
    assert mask.shape == (48, 56, 3)
    wrong = (mask != predicted).any(-1)
    assert 0 < wrong.mean() < 0.1
    difference = np.asarray(Image.open(run.folder.path / sample["difference"]))
    np.testing.assert_array_equal((difference == [230, 159, 0]).all(-1), wrong)


def test_pictures_of_any_size_are_segmented(run, new):
    found = tw.segment(run, new[0], reference=new[1])
    for one, mask in zip(found, new[1], strict=True):
        assert one.mask.shape == mask.shape
        expected = jaccard_score(mask.ravel(), one.mask.ravel(), average="macro")
        assert one.scores["mean_iou"] == pytest.approx(expected)
        assert expected > 0.9
        assert sum(one.shares.values()) == pytest.approx(1)
        assert one.sure.min() >= 1 / 3
    (tiny,) = tw.segment(run, new[0][0][:5, :3], member=0)
    assert tiny.mask.shape == (5, 3)
    assert not tiny.apart.any()


def test_the_ensemble_is_the_mean_of_the_probabilities(run, new):
    (both,), *alone = (tw.segment(run.folder.path, new[0][0], member=who) for who in ("ensemble", 0, 1))
    agreed = alone[0][0].mask == alone[1][0].mask
    np.testing.assert_array_equal(both.mask[agreed], alone[0][0].mask[agreed])
    np.testing.assert_allclose(both.sure[agreed], (alone[0][0].sure + alone[1][0].sure)[agreed] / 2, rtol=1e-5)
    np.testing.assert_array_equal(both.apart > 0, ~agreed)


def test_a_mask_of_255_counts_nowhere():
    likely = np.array([[[0.9, 0.1], [0.2, 0.8]]], np.float32)
    sums = pixel_sums(likely, np.array([[0, 255]], np.uint8))
    assert sums["confusion"].tolist() == [[1, 0], [0, 0]]
    assert sums["loss"] == pytest.approx(-np.log(0.9))


def test_the_command_line(run, folder, tmp_path, new, monkeypatch, capsys):
    from talweg.cli import main

    def talweg(*words):
        monkeypatch.setattr("sys.argv", ["talweg", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr()

    source, many = write(tmp_path / "new", *new), tmp_path / "many"
    words = ["segment", run.folder.path, source / "images", "-o", many, "--reference", source / "masks"]
    code, told = talweg(*words, "--sure", tmp_path / "sure", "--json")
    assert code in (0, None), told.err
    for one, mask in zip(json.loads(told.out)["pictures"], new[1], strict=True):
        written = np.asarray(Image.open(one["file"]))
        assert written.dtype == np.uint8
        assert one["reference"]["mean_iou"] == pytest.approx(
            jaccard_score(mask.ravel(), written.ravel(), average="macro")
        )
    assert len(list((tmp_path / "sure").glob("*.png"))) == 3
    code, told = talweg(*words)
    assert code == 2
    assert "exists already" in told.err
    fresh = ["segment", run.folder.path, source / "images", "-o", tmp_path / "fresh"]
    code, told = talweg(*fresh, "--sure", tmp_path / "sure")
    assert code == 2
    assert "sure" in told.err
    assert "exists already" in told.err
    code, told = talweg(*fresh, "--sure", tmp_path / "fresh")
    assert code == 2
    assert "--out and --sure both name" in told.err
    assert not (tmp_path / "fresh").exists()
    code, told = talweg(*words, "--force")
    assert "3 masks written" in told.out
    code, told = talweg("show", run.folder.path)
    assert "masks of 3 classes" in told.out
    assert "talweg segment" in told.out
    code, told = talweg("check", folder)
    assert code in (0, None), told.out
    assert "pictures with masks" in told.out
    code, told = talweg("model", folder)
    assert told.out.split("\n")[-3].split()[:2] == ["dense", "3"]


def test_the_report_shows_masks_and_what_is_wrong(run):
    for lang, words in (("en", "predicted mask"), ("de", "vorhergesagte Maske")):
        page = run.report(lang=lang).page
        assert page.count("data:image/png") == 12
        assert words in page


def test_the_figure_has_a_row_for_each_picture(run):
    axes = run.plot.segmented()
    assert [ax.get_title() for ax in axes[:3]] == ["picture", "true mask", "predicted mask"]
    assert len(axes) == 4 * 3


def test_runs_are_compared_over_whole_pictures(run, folder):
    other = tw.train(folder, **{**SETTINGS, "max_epochs": 1}, out=folder.parent / "masks-other")
    (verdict,) = compare([run.told, other.told]).verdicts
    found = next(interval for interval in verdict.intervals if interval.over == "pictures")
    each = [[one["mean_iou"] for one in each.summary["segmentation"]["pictures"]] for each in (run, other)]
    assert (found.pairs, found.metric) == (3, "mean_iou")
    assert found.mean == pytest.approx(np.mean(each[1]) - np.mean(each[0]))


def test_arrays_weights_of_classes_and_a_threshold(pictures):
    few = [one[:8] for one in pictures]
    given = {"max_epochs": 1, "members": 1, "split": "50/25/25", "augment": "turn, shift 2, rotation 20"}
    given |= {"layers": "conv 4 3x3, relu, output", "class_weight": "balanced", "stop": "mean_iou >= 0.01"}
    run = tw.train(*few, **{**SETTINGS, **given})
    assert run.summary["members"][0]["outcome"]["kind"] == "reached"
    assert tw.segment(run, pictures[0][9])[0].mask.max() <= 2


def test_colors_and_nothing_said(tmp_path):
    pictures, masks = shapes(6, channels=3)
    palette = np.zeros((256, 3), np.uint8)
    palette[[1, 2, 255]] = [255, 0, 0], [0, 0, 255], [255, 255, 255]

    def with_border(mask):
        image = Image.fromarray(np.pad(mask[2:-2], ((2, 2), (0, 0)), constant_values=255))
        image.putpalette(palette.ravel().tolist())
        return image

    given = {"max_epochs": 1, "split": "34/33/33", "layers": "conv 4 3x3, relu, output", "members": 1}
    run = tw.train(write(tmp_path, pictures, masks, with_border), **{**SETTINGS, **given})
    assert run.preparation.labels.void == 255
    assert sum(one["pixels"] for one in run.summary["segmentation"]["classes"]) == 2 * 44 * 56
    (found,) = tw.segment(run, pictures[0])
    assert set(np.unique(found.mask)) <= {0, 1, 2}


def test_what_cannot_be_learned(tmp_path, folder, pictures, run):
    def checked(some):
        return {finding.check: finding for finding in tw.check(*some, split="60/20/20").findings}

    cut = [*pictures[1][:14], pictures[1][14][:40]]
    assert checked(pictures).keys() <= {"few_pictures"}
    found = checked((pictures[0], cut))["unlike_masks"]
    assert found.grade == "error"
    assert found.sentence == "1 mask of another size than the picture, such as that of 14: picture 48x56, mask 40x56."
    with pytest.raises(DataError, match="of another size than the picture"):
        tw.train(pictures[0], cut, gate="warn")
    rare = [mask.copy() for mask in pictures[1]]
    rare[0][0, 0] = 7
    found = checked((pictures[0], rare))
    assert found["stray_values"].sentence.startswith("1 value of the masks (7) has less than 0.01% of the pixels")
    assert found["classes_missing"].grade in ("error", "warning")
    plain = [np.minimum(mask, 1) for mask in pictures[1]]
    plain[3] = np.zeros_like(plain[3])
    assert checked((pictures[0], plain))["plain_masks"].rows == (4,)
    with pytest.raises(DataError, match="2 photographs cannot be split"):
        tw.train(*(one[:2] for one in pictures))
    with pytest.raises(ConfigError, match="mixup mixes two pictures"):
        tw.train(folder, augment="mixup 0.2")
    with pytest.raises(ConfigError, match=r"gives 64x64x4 for a row, but the segmentation needs 64x64x3"):
        tw.train(*shapes(10, (64, 64)), layers="conv 4 3x3", patch_size=64)
    with pytest.raises(ConfigError, match=r"'denoiser' takes noise away.*for this task take unet-small"):
        tw.train(folder, model="denoiser")
    with pytest.raises(ConfigError, match="is not for masks of 3 classes"):
        tw.train(folder, loss="sigmoid_cross_entropy")
    with pytest.raises(ConfigError, match="noise is for a denoising"):
        tw.train(folder, task="segmentation", noise=25)
    with pytest.raises(ConfigError, match="this run draws masks"):
        run.predict(folder)
    with pytest.raises(ConfigError, match="is no denoising"):
        tw.denoise(run, folder)
    with pytest.raises(DataError, match=r"masks holds no mask for 01.png"):
        tw.segment(run, folder / "images", reference=write(tmp_path, *shapes(1)) / "masks")

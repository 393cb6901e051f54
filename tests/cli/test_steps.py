"""`talweg find-lr` and `talweg noise`, as a person uses them."""

import numpy as np
import pytest

import talweg as tw
from talweg.run.probes.batches import batch_sizes
from talweg.view.terminal.steps import _noise_lines

SMALL = ("--members", 2, "--hidden", 8)


def test_find_lr(talweg, here):
    told = talweg("find-lr", "iris", *SMALL, "--plot", "rates.png", "--json")
    assert told.code == 0
    content = told.json()
    assert content["kind"] == "range_test"
    assert content["interval"][0] <= content["suggestion"] <= content["interval"][1]
    assert (here / "rates.png").is_file()
    text = talweg("find-lr", "iris", *SMALL, "--plot", "rates.png").out
    command = f"Next: talweg train iris --members 2 --hidden 8 --learning-rate {content['suggestion']:g}"
    assert command in " ".join(text.split())


def test_noise(talweg, here):
    told = talweg("noise", "iris", *SMALL, "--epochs", 6, "--plot", "noise.png", "--json")
    assert told.code == 0
    content = told.json()
    assert content["kind"] == "noise"
    epochs = {stage["stage"]: stage["epoch"] for stage in content["stages"]}
    assert epochs == {"start": 0, "midway": 3, "end": 6}
    for stage in content["stages"]:
        assert [one["batch_size"] for one in stage["sizes"]] == [1, 4, 16, 32, 64, 105]
        assert stage["sizes"][-1]["cosine"] > 0.999
        assert stage["sizes"][-1]["error"] < 1e-3
    assert all(time["step_seconds"] > 0 for time in content["times"])
    assert 1 <= content["suggestion"] <= 105
    assert (here / "noise.png").is_file()
    text = " ".join(talweg("noise", "iris", *SMALL, "--epochs", 6).out.split())
    assert "a random batch of 32 of 105 rows points the full gradient's way" in text


def test_noise_from_python_and_what_is_wrong(talweg, here):
    found = tw.noise("iris", members=1, max_epochs=2, hidden=(4,))
    assert np.isfinite(found.stages[0].scale).all()
    assert talweg("noise", "nosuch.csv").code == 2
    wrong = talweg("find-lr", "iris", "--optimizer", "lbfgs")
    assert (wrong.code, "finds its own step length" in wrong.err) == (2, True)


def test_noise_of_a_run_is_kept_and_told_in_its_report(talweg, here):
    assert talweg("train", "iris", *SMALL, "--epochs", 6, "--stop", "epochs(6)", "--out", "run", "--quiet").code == 0
    found = talweg("noise", "run", "--json").json()
    assert [stage["epoch"] for stage in found["stages"]] == [0, 3, 6]
    assert (here / "run" / "map" / "noise.json").is_file()
    trained = talweg("noise", "iris", *SMALL, "--epochs", 6, "--json").json()
    for one, other in zip(found["stages"], trained["stages"], strict=True):
        np.testing.assert_allclose(one["noise_scale"], other["noise_scale"], rtol=1e-3)
    page = (here / "run" / "report.html").read_text(encoding="utf-8")
    assert "How well a random batch points the full gradient&#x27;s way" in page
    assert "pointed the full gradient&#x27;s way with a cosine of" in page
    wrong = talweg("noise", "run", "--members", 3)
    assert (wrong.code, "run is a run, which has its settings already: leave members away" in wrong.err) == (2, True)
    assert talweg("train", "iris", *SMALL, "--epochs", 2, "--record", 0, "--out", "plain", "--quiet").code == 0
    wrong = talweg("noise", "plain")
    assert (wrong.code, "kept nothing of its way" in wrong.err) == (2, True)


def test_noise_of_a_denoising(here):
    pictures = list(np.random.default_rng(0).integers(0, 256, (10, 16, 16), np.uint8))
    found = tw.noise(pictures, noise=25, layers="residual(conv 1 1)", patch_size=16, max_epochs=2, split="50/30/20")
    assert found.summary["stages"][0]["sizes"][-1]["cosine"] > 0.999


def test_sizes():
    assert batch_sizes(40, 40) == [1, 4, 16, 40]
    assert batch_sizes(1, 1) == [1]


@pytest.mark.parametrize("command", ["noise", "find-lr", "schedules", "replay"])
def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_computed(talweg, here, command):
    """The source is not there either, and nobody has looked for it yet."""
    told = talweg(command, "nosuch.csv", "--plot", "picture.gif")
    assert told.code == 2
    assert told.err == "talweg: a picture's file must end in .png or .svg or .pdf, not in 'picture.gif'\n"


@pytest.mark.parametrize(
    ("used", "seconds", "said"),
    [
        (8, (1e-3, 4e-3), "with a cosine of 0.90, in 1/4 of its time."),
        (8, (1e-3, 1.1e-3), "with a cosine of 0.90, in about as much time."),
        (100, (1e-3, 4e-3), "The training sees all 100 rows at every step: its gradient is the full one."),
    ],
)
def test_what_noise_says_of_the_batch_in_use(used, seconds, said):
    sizes = [{"batch_size": rows, "cosine": cosine} for rows, cosine in ((8, 0.9), (100, 1.0))]
    stages = [{"stage": name, "noise_scale": 3.0, "sizes": sizes} for name in ("start", "midway", "end")]
    times = [{"batch_size": rows, "step_seconds": one} for rows, one in zip((8, 100), seconds, strict=True)]
    content = {"batch_size": used, "rows": 100, "suggestion": 4, "stages": stages, "times": times, "files": {}}
    assert _noise_lines(content)[0].endswith(said)

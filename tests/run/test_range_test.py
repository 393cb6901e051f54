"""The range test: what it suggests, when it suggests nothing, and that it leaves no trace."""

import numpy as np
import pytest
from PIL import Image
from scipy import integrate, stats

import talweg as tw
from talweg.config.settings import make_settings
from talweg.descent.recipes import OPTIMIZERS
from talweg.errors import ConfigError
from talweg.run.build import build
from talweg.run.probes.find_lr import HIGH, LOW, STEPS, _feed
from talweg.run.probes.suggestion import ADAM, Known, fallen, known_of, readings, smoothed, suggest

RATES = LOW * (HIGH / LOW) ** (np.arange(STEPS) / (STEPS - 1))
PLAIN = {"hidden": (8,), "members": 3, "optimizer": "sgd"}
KNOWN = Known(4e-3, scatter=0.3, error=0.5)


def falling(center, members=4, spread=0.0, depth=0.9):
    """Losses that fall evenly in the rate's logarithm by `depth`, half of it at the center, and blow up at 1."""
    centers = np.log10(center) + spread * np.linspace(-1, 1, members)[:, None]
    fall = np.clip((np.log10(RATES) - centers) / 2 + 0.5, 0, 1)
    return np.where(RATES < 1, 2 * (1 - depth * fall), 50.0)


def test_a_member_reads_a_tenth_of_the_rate_at_which_its_loss_is_lowest():
    """It falls over two powers of ten, so that it is lowest one above its middle."""
    np.testing.assert_allclose(readings(RATES, falling(1e-3)), 1e-3, rtol=0.1)


def test_or_where_nine_tenths_of_its_fall_are_done_if_that_comes_first():
    """Nine tenths between 1e-5 and 1e-4, the last tenth on the way to 0.1."""
    share = np.interp(np.log10(RATES), [-5, -4, -1], [0, 0.9, 1])
    np.testing.assert_allclose(readings(RATES, np.tile(2 - share, (3, 1))), 1e-4, rtol=0.1)


@pytest.mark.parametrize("spread", [0.0, 0.3])
@pytest.mark.parametrize("known", [Known(4e-3, 0.1, 0.5), KNOWN, Known(4e-3, 0.8, 0.25, low=0.7)])
def test_the_suggestion_is_what_bayes_makes_of_the_test_and_what_is_known(known, spread):
    """The posterior by quadrature, with SciPy's densities: its mean, and the interval that holds half of it."""
    losses = falling(1e-4, members=9, spread=spread)
    found = suggest(RATES, losses, known, "adamw")
    own = np.log10(readings(RATES, losses)) + known.low
    error = np.hypot(known.error, np.sqrt(np.pi / 2) * stats.sem(own))

    def density(place):
        return stats.norm.pdf(place, np.log10(known.rate), known.scatter) * stats.norm.pdf(np.median(own), place, error)

    whole, mean, inside = (
        integrate.quad(lambda place, f=f: f(place) * density(place), *ends, points=[-4, -3, -2], limit=200)[0]
        for f, ends in (
            (lambda place: 1.0, (-9, 4)),
            (lambda place: place, (-9, 4)),
            (lambda place: 1.0, np.log10(found.interval)),
        )
    )
    assert found.rate == pytest.approx(10 ** (mean / whole), rel=0.05)
    assert inside / whole == pytest.approx(0.5, abs=0.05)


def test_the_sentence_says_how_it_came_about():
    found = suggest(RATES, falling(1e-4, spread=0.3), KNOWN, "adamw")
    low, high = found.tested_interval
    assert found.sentence == (
        f"learning rate {found.rate:g}: the test says {found.tested:g}, the middle half of 4 members {low:g} to "
        f"{high:g}; adamw is taken to train well near 0.004; together, the test counting {found.weight:.0%}, "
        f"{found.rate:g}"
    )
    assert found.tested < found.rate < KNOWN.rate


def test_members_that_lie_apart_count_less():
    near, far = (suggest(RATES, falling(1e-4, spread=spread), KNOWN, "adamw") for spread in (0.1, 0.8))
    assert near.weight > far.weight > 0
    assert near.rate < far.rate


def test_where_the_data_decide_the_test_counts_more():
    """A step of SGD is as long as the gradient, one of Adam as long as the rate."""
    by_gradient = {name for name, recipe in OPTIMIZERS.items() if recipe.by_gradient}
    assert by_gradient == {"sgd", "momentum", "nesterov", "schedule_free_sgd"}
    losses = falling(1e-4)
    near, far = (suggest(RATES, losses, known_of(name, 4e-3), name) for name in ("adamw", "sgd"))
    assert far.weight > 0.5 > near.weight
    assert known_of("adam", 1e-3).rate == ADAM
    assert known_of("lion", 1e-4).scatter > known_of("adamw", 4e-3).scatter


def test_one_member_has_no_middle_half():
    found = suggest(RATES, falling(1e-3)[:1], KNOWN, "adamw")
    assert found.tested_interval == (found.tested, found.tested)
    assert "middle half" not in found.sentence


def test_batches_that_differ_by_more_than_all_that_is_gained_hide_nothing():
    """Each batch has its own level, up to ten times the mean; the share that is left of it is the same for all."""
    left = falling(1e-3, depth=0.5) / 2
    levels = np.random.default_rng(0).gamma(0.5, 2.0, STEPS)
    clean, noisy = (
        suggest(RATES, fallen(left, np.ones_like(left)), KNOWN, "adamw").tested,
        suggest(RATES, fallen(left * levels, levels + 0 * left), KNOWN, "adamw").tested,
    )
    assert noisy == pytest.approx(clean, rel=0.4)
    hidden = suggest(RATES, smoothed(left * levels), KNOWN, "adamw").tested
    assert hidden is None or not 0.5 < hidden / clean < 2


def test_members_that_disagree_suggest_nothing():
    found = suggest(RATES, falling(1e-3, spread=1.5), KNOWN, "adamw")
    assert (found.rate, found.interval, found.weight) == (None, None, None)
    assert found.sentence.startswith("no reliable suggestion: the members disagree")


@pytest.mark.parametrize("losses", [falling(1e-3, depth=0.05), np.full((3, STEPS), 2.0), np.full((3, STEPS), np.nan)])
def test_a_loss_that_does_not_fall_gives_no_suggestion(losses):
    found = suggest(RATES, losses, KNOWN, "adamw")
    assert found.rate is None
    assert found.sentence.startswith("no reliable suggestion: while the rate climbed from 1e-06 to 10 the loss fell by")


def test_smoothing_weighs_old_losses_less_and_less():
    losses = np.array([[1.0, 2.0, 4.0]])
    weights = 0.9 ** np.array([2, 1, 0])
    assert smoothed(losses)[0, 2] == pytest.approx((weights * losses[0]).sum() / weights.sum())


@pytest.fixture(scope="module")
def found():
    return tw.find_lr("iris", **PLAIN)


def test_on_a_table(found):
    assert 1e-3 < found.suggestion < 5
    assert found.interval[0] <= found.suggestion <= found.interval[1]
    assert found.losses.shape == (3, STEPS)
    np.testing.assert_allclose(found.rates, RATES)
    told = found.summary
    assert (told["kind"], told["members"], len(told["loss"][0])) == ("range_test", 3, STEPS)
    assert sorted([told["known"], told["suggestion"], told["tested"]])[1] == told["suggestion"]
    assert 0 < told["weight"] < 1
    assert found.figure().axes[0].get_xscale() == "log"


def test_members_see_batches_of_their_own(found):
    """The same start with other batches reads another rate; with the same it would be the same member twice."""
    alone = tw.find_lr("iris", **{**PLAIN, "members": 1})
    np.testing.assert_array_equal(alone.losses[0], found.losses[0])
    feed = _feed(build(make_settings({"source": "iris", **PLAIN})).job)
    assert feed.order.shape == (3, STEPS, 32)
    assert not (feed.order[0] == feed.order[1]).all()
    for order, weight in zip(feed.order, feed.weight, strict=True):
        assert sorted(order[:4][weight[:4] > 0].tolist()) == list(range(105))


def test_auto_takes_the_suggestion_says_so_and_changes_nothing_of_the_training(found):
    by_test = tw.train("iris", learning_rate="auto", max_epochs=3, **PLAIN)
    by_hand = tw.train("iris", learning_rate=found.suggestion, max_epochs=3, **PLAIN)
    assert by_test.settings == by_hand.settings
    assert any(note.startswith("Range test: learning rate") for note in by_test.summary["notes"])
    for layer, its in by_hand.params.items():
        for name, array in its.items():
            np.testing.assert_array_equal(array, by_test.params[layer][name])
    for name in by_hand.history.names:
        np.testing.assert_array_equal(by_hand.history[name], by_test.history[name])


def test_without_a_suggestion_the_usual_rate_is_taken_and_said(monkeypatch):
    monkeypatch.setattr("talweg.run.probes.suggestion.FALL", 2.0)
    built = build(make_settings({"source": "iris", **PLAIN, "learning_rate": "auto"}))
    assert built.job.settings.learning_rate == 0.1
    assert built.notes[-1].endswith("; the usual 0.1 is taken")


def test_a_denoising_is_tested_too_and_the_run_keeps_the_test(tmp_path):
    pictures = list(np.random.default_rng(0).integers(0, 256, (10, 16, 16), np.uint8))
    settings = {"noise": 25, "layers": "residual(conv 1 1)", "patch_size": 16, "max_epochs": 1}
    run = tw.train(pictures, learning_rate="auto", out=tmp_path / "run", record=0, **settings)
    kept = run.folder.range_test()
    taken = kept["suggestion"] or kept["usual"]
    assert run.settings.learning_rate == taken
    assert (kept["kind"], kept["optimizer"], len(kept["smooth"][0])) == ("range_test", run.settings.optimizer, STEPS)
    assert "The loss while the learning rate climbs" in (run.folder.path / "report.html").read_text()


def test_labelled_pictures_are_tested_and_trained_with_the_suggestion(tmp_path):
    dice = np.random.default_rng(0)
    for label, level in (("dark", 60), ("light", 190)):
        (tmp_path / label).mkdir()
        for number in range(20):
            pixels = np.clip(dice.normal(level, 25, (8, 8)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    settings = {"layers": "flatten, output", "optimizer": "sgd", "members": 3, "augment": "shift 1"}
    found = tw.find_lr(tmp_path, **settings)
    assert 1e-3 < found.suggestion < 1
    run = tw.train(tmp_path, learning_rate="auto", max_epochs=2, **settings)
    assert run.settings.learning_rate == found.suggestion


def test_rows_on_disk_are_tested_as_rows_in_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("TALWEG_CACHE_DIR", str(tmp_path))
    x = np.random.default_rng(0).normal(size=(60, 3)).round(3)
    rows = "\n".join(",".join(map(str, row)) + f",{row.sum():.4f}" for row in x)
    (tmp_path / "rows.csv").write_text(f"a,b,c,y\n{rows}\n")
    found = [tw.find_lr(tmp_path / "rows.csv", "y", stream=word, **PLAIN) for word in ("yes", "no")]
    np.testing.assert_allclose(found[0].losses, found[1].losses, rtol=1e-5)
    with pytest.raises(ConfigError, match=r"these are on disk\. Take a part of the source, or --no-stream$"):
        tw.noise(tmp_path / "rows.csv", "y", stream="yes", **PLAIN)


def test_an_optimizer_that_finds_its_own_length_has_no_rate_to_test():
    with pytest.raises(ConfigError, match="lbfgs with step length 'fixed' finds its own step length"):
        tw.find_lr("iris", **{**PLAIN, "optimizer": "lbfgs"})

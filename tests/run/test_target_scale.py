"""A target whose logarithm is learned: every number that is told is in its own unit, against scikit-learn's metrics."""

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression

import talweg as tw
from talweg.config.settings import make_settings
from talweg.data.clean import Preparation
from talweg.data.parts import deal
from talweg.data.reading.frames import from_mapping
from talweg.data.task import choose_target
from talweg.errors import ConfigError
from talweg.run.build import build
from talweg.run.prepare import plan_of
from talweg.run.scoring import score_members
from talweg.run.streaming.scoring_blocks import score_blocks
from talweg.run.train import train

QUICK = {"members": 2, "hidden": (8,), "max_epochs": 6, "learning_rate": 0.01, "target": "price"}


def houses(rows=240):
    generator = np.random.default_rng(3)
    area, age = generator.normal(size=(2, rows))
    price = np.exp(5 + 2 * area - 0.5 * age + 0.1 * generator.normal(size=rows))
    return from_mapping({"area": area, "age": age, "price": price}, name="houses.csv")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tw.train(houses(), out=tmp_path_factory.mktemp("runs") / "houses", **QUICK)


def test_the_logarithm_is_chosen_told_and_written_down(run):
    assert run.settings.target_scale == "log"
    assert any(
        "'price' is skewed over several orders of magnitude, so its logarithm is learned" in note
        for note in run.summary["notes"]
    )
    again = tw.open_run(run.folder.path)
    assert (again.settings.target_scale, again.preparation) == ("log", run.preparation)
    told = tw.check(houses(), "price").summary["told"]
    assert any(note.endswith("To learn it as it is: --target-scale standard.") for note in told)


def test_every_number_is_in_the_targets_own_unit(run):
    truth = houses().columns["price"].values
    parts = run.folder.split()
    for part, name in ((1, "validation"), (2, "test")):
        rows = parts == part
        expected = {"rmse": sk.root_mean_squared_error, "mae": sk.mean_absolute_error, "r2": sk.r2_score}
        for member in (0, 1, "ensemble"):
            said = run.predict(houses(), member=member).values[rows]
            told = run.summary["ensemble"] if member == "ensemble" else run.summary["members"][member]
            for metric, of in expected.items():
                assert told[name][metric] == pytest.approx(of(truth[rows], said), rel=2e-4), (name, member, metric)
    np.testing.assert_allclose(run.evaluation["test"].target, truth[parts == 2], rtol=1e-5)
    said = run.predict(houses())
    np.testing.assert_allclose(run.evaluation["test"].ensemble, said.values[parts == 2], rtol=1e-4)
    each = np.stack([run.predict(houses(), member=member).values for member in (0, 1)])
    np.testing.assert_allclose(said.spread, each.std(0), rtol=1e-6)
    mean = run.preparation.target.standardized(each).mean(0)
    np.testing.assert_allclose(said.values, run.preparation.target.decode(mean))


def test_the_compiled_curves_say_the_same(run):
    for member in (0, 1):
        told = run.summary["members"][member]
        for metric in ("rmse", "mae", "r2"):
            curve = run.history[metric][told["best_epoch"], member]
            assert curve == pytest.approx(told["validation"][metric], rel=1e-4)


def test_scores_block_by_block_are_the_same():
    job = build(make_settings({"source": "houses", **QUICK}), houses()).job
    trained = train(job, lambda told: None)
    whole, blocks = (of(job, trained.params, job.test, [0, 1]) for of in (score_members, score_blocks))
    for metric, value in whole.ensemble.items():
        assert blocks.ensemble[metric] == pytest.approx(value)
    assert blocks.interval["high"] == pytest.approx(whole.interval["high"])
    np.testing.assert_allclose(blocks.evaluation.target, whole.evaluation.target)


def test_a_linear_network_learns_what_scikit_learns_transformed_target_does():
    table = houses()
    settings = {"source": "houses", "target": "price", "members": 1, "hidden": (), "optimizer": "lbfgs"}
    given = {name: value for name, value in settings.items() if name != "source"}
    run = tw.train(table, **given, max_epochs=40, keep="last")
    target = choose_target(table, "price")
    parts, _ = deal(table, target, plan_of(make_settings(settings)))
    prepared = Preparation.fit(table, parts.train, "price", "regression")
    x, y = prepared.features(table), table.columns["price"].values
    unit = prepared.target.log_unit
    witness = TransformedTargetRegressor(
        LinearRegression(),
        func=lambda y: np.sign(y) * np.log1p(np.abs(y) / unit),
        inverse_func=lambda t: np.sign(t) * unit * np.expm1(np.abs(t)),
    ).fit(x[parts.train], y[parts.train])
    np.testing.assert_allclose(run.predict(table).values, witness.predict(x), rtol=2e-3)


def test_it_is_left_as_it_is_where_that_is_asked_for():
    job = build(make_settings({"source": "houses", **QUICK, "target_scale": "standard"}), houses()).job
    assert job.network.logarithm is None
    np.testing.assert_allclose(job.training.y.mean(), 0, atol=1e-6)
    assert job.target_scale[0] == pytest.approx(job.in_own_unit(np.array([[1.0]]))[0, 0] - job.target_shift[0])


def test_classes_have_no_logarithm():
    with pytest.raises(ConfigError, match="target_scale log is for a quantity; the target 'species' holds classes"):
        build(make_settings({"source": "iris", "target_scale": "log"}))

"""From settings to a job: nothing of validation or test rows enters what is fitted."""

import numpy as np
import pytest

from talweg.config.settings import make_settings
from talweg.data.builtin import load
from talweg.data.reading.frames import from_mapping
from talweg.errors import ConfigError
from talweg.run.build import build


def test_the_parts_of_a_job_are_the_marked_rows():
    built = build(make_settings({"source": "penguins", "split": "60/20/20"}))
    table = load("penguins")
    for mark, rows in enumerate((built.job.training, built.job.validation, built.job.test)):
        chosen = table.take(np.flatnonzero(built.parts == mark))
        np.testing.assert_array_equal(rows.x, built.preparation.features(chosen))
        np.testing.assert_array_equal(rows.y, built.preparation.targets(chosen))
    assert (built.parts >= 0).all()


def test_features_are_standardized_by_the_training_rows_alone():
    built = build(make_settings({"source": "iris"}))
    np.testing.assert_allclose(built.job.training.x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(built.job.training.x.std(0), 1, atol=1e-5)
    assert np.abs(built.job.test.x.mean(0)).max() > 1e-3


def test_rows_without_a_target_are_left_out_and_counted():
    table = from_mapping({"a": np.arange(40.0), "y": [None, *([1.5, 2.25, 3.75] * 13)]})
    built = build(make_settings({"source": "x", "target": "y"}), table)
    assert built.parts[0] == -1
    assert (built.parts == -1).sum() == 1
    assert built.job.facts["rows_without_target"] == 1
    assert len(built.job.training) + len(built.job.validation) + len(built.job.test) == 39


@pytest.mark.parametrize(("batch", "steps"), [(32, 4), ("full", 1), (1000, 1)])
def test_the_schedule_runs_over_all_steps(batch, steps):
    job = build(make_settings({"source": "iris", "batch_size": batch, "max_epochs": 10})).job
    assert job.optimizer.steps == 10 * steps


def test_the_same_settings_build_the_same_job():
    one, two = (build(make_settings({"source": "iris", "seed": 4})).job for _ in range(2))
    np.testing.assert_array_equal(one.training.x, two.training.x)
    other = build(make_settings({"source": "iris", "seed": 5})).job
    assert (one.training.x != other.training.x).any()


@pytest.mark.parametrize("optimizer", ["schedule_free_sgd", "schedule_free_adamw"])
def test_batch_statistics_and_an_average_of_steps_are_refused(optimizer):
    given = {"source": "iris", "optimizer": optimizer, "members": 1}
    with pytest.raises(ConfigError, match=rf"^'{optimizer}' keeps an average of its steps.* take groupnorm[^\n]*$"):
        build(make_settings({**given, "layers": "dense 4, batchnorm, relu, output"}))
    build(make_settings({**given, "layers": "dense 4, layernorm, relu, output"}))

"""What `auto` becomes, and that nothing is left to decide."""

import tomllib

import pytest

from talweg.config.settings import make_settings, to_toml
from talweg.descent.optimizer import OPTIMIZERS
from talweg.run.defaults import resolve


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("has_validation", [True, False])
def test_resolved_settings_are_settings_and_stay_as_they_are(task, optimizer, has_validation):
    settings = make_settings({"source": "x", "optimizer": optimizer})
    resolved = resolve(settings, task, 1000, has_validation)
    assert make_settings(tomllib.loads(to_toml(resolved))) == resolved
    assert resolve(resolved, task, 1000, has_validation) == resolved
    defaults = OPTIMIZERS[optimizer].defaults
    for name in ("learning_rate", "momentum", "weight_decay"):
        if name in defaults and optimizer != "adamw":
            assert getattr(resolved, name) == defaults[name]
    assert resolved.task == task
    assert resolved.batch_size != "auto"
    assert resolved.max_epochs != "auto"


def test_what_is_given_is_kept():
    given = {
        "source": "x",
        "task": "regression",
        "batch_size": "full",
        "max_epochs": 7,
        "learning_rate": 0.3,
        "schedule": "constant",
        "weight_decay": 0.1,
        "hidden": (3,),
        "activation": "tanh",
        "loss": "huber",
        "stop": "epochs(3)",
    }
    settings = make_settings(given)
    assert resolve(settings, "regression", 1000, True) == settings


def test_without_validation_rows_the_training_loss_decides():
    settings = make_settings({"source": "x"})
    assert "validation" not in resolve(settings, "regression", 1000, False).stop
    assert "validation_loss" in resolve(settings, "regression", 1000, True).stop


def test_the_usual_optimizer_has_settings_found_on_small_tables():
    settings = make_settings({"source": "x"})
    small = resolve(settings, "regression", 300, True)
    assert (small.learning_rate, small.weight_decay, small.hidden) == (3e-3, 0.4, (256,))
    assert resolve(settings, "classification", 300, True).learning_rate == 5e-3
    # Nothing tells when to stop: short steps of a smooth network.
    blind = resolve(settings, "regression", 300, False)
    assert (blind.learning_rate, blind.activation) == (1e-3, "silu")


def test_quantities_of_few_rows_get_rectified_units():
    def activation(task, rows, **given):
        return resolve(make_settings({"source": "x", **given}), task, rows, True).activation

    assert activation("regression", 300) == "relu"
    assert activation("regression", 1000) == activation("classification", 300) == "silu"
    # A search for the length of a step relies on the loss being smooth.
    assert activation("regression", 300, optimizer="lbfgs") == "silu"
    assert activation("regression", 300, activation="tanh") == "tanh"


@pytest.mark.parametrize(("task", "rows"), [("regression", 1000), ("classification", 2000)])
def test_many_rows_get_a_deeper_network(task, rows):
    settings = make_settings({"source": "x"})
    large = resolve(settings, task, rows, True)
    assert (large.learning_rate, large.weight_decay, large.hidden) == (2e-3, 0.1, (128, 128, 128))
    assert resolve(settings, task, rows - 1, True).hidden == (256,)


@pytest.mark.parametrize(("rows", "batch", "epochs"), [(90, 32, 300), (1258, 32, 40), (20_000, 128, 40)])
def test_small_tables_get_enough_steps(rows, batch, epochs):
    resolved = resolve(make_settings({"source": "x"}), "classification", rows, True)
    assert (resolved.batch_size, resolved.max_epochs) == (batch, epochs)
    assert resolved.stop == f"no_improvement(validation_loss, patience={epochs // 4})"


def test_a_name_in_use_for_an_optimizer_becomes_its_own():
    assert resolve(make_settings({"source": "x", "optimizer": "gd"}), "regression", 300, True).optimizer == "sgd"


@pytest.mark.parametrize(
    ("given", "epochs"),
    [
        ({"stop": "accuracy >= 0.97 or epochs(200)"}, 200),
        ({"stop": "epochs(3)"}, 3),
        ({"stop": "epochs(3)", "max_epochs": 9}, 9),
        ({"stop": "accuracy >= 0.97"}, 47),
    ],
)
def test_epochs_named_in_a_rule_are_how_long_a_training_may_be(given, epochs):
    resolved = resolve(make_settings({"source": "x", **given}), "classification", 1000, True)
    assert resolved.max_epochs == epochs

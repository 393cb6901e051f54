"""Stopping rules on curves made by hand, in plain Python and inside a compiled loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.descent.stopping import (
    FAILED,
    Diverged,
    Epochs,
    Flat,
    NearBound,
    NoImprovement,
    NonFinite,
    Outcome,
    Overfitting,
    Reached,
    SmallGradient,
    Steps,
    TimeBudget,
    greater_is_better,
    idle,
    judge,
    words,
)
from talweg.view.telling import told

NAN, INF = float("nan"), float("inf")
START = 2.0
BOUND = 0.25

# rule, the curves by name, the epoch at whose end it must hold for the first time (None: never)
TABLE = {
    "flat: patience p holds at the p-th small change": (
        Flat("train_loss", 0.01, 2),
        {"train_loss": [1.0, 0.5, 0.499, 0.498, 0.497]},
        4,
    ),
    "flat: a larger change starts the count anew": (
        Flat("train_loss", 0.01, 2),
        {"train_loss": [1.0, 0.999, 0.9, 0.899, 0.898]},
        5,
    ),
    "flat: patience 1": (Flat("train_loss", 0.01, 1), {"train_loss": [1.0, 1.0]}, 2),
    "flat: a rise of the same size is a change too": (
        Flat("train_loss", 0.01, 2),
        {"train_loss": [1.0, 1.1, 1.0, 1.1, 1.0]},
        None,
    ),
    "flat: relative to the value before": (
        Flat("train_loss", 0.1, 2),
        {"train_loss": [100.0, 95.0, 91.0, 1.0]},
        3,
    ),
    "flat: absolute": (
        Flat("train_loss", 0.1, 2, relative=False),
        {"train_loss": [100.0, 95.0, 91.0, 90.95, 90.94]},
        5,
    ),
    "flat: another curve": (
        Flat("validation_loss", 0.01, 2),
        {"train_loss": [3.0, 2.0, 1.0], "validation_loss": [1.0, 1.0, 1.0]},
        3,
    ),
    "reached: at least": (Reached("accuracy", 0.9), {"accuracy": [0.1, 0.89, 0.9, 0.95]}, 3),
    "reached: at most": (Reached("train_loss", 0.5, at_least=False), {"train_loss": [0.9, 0.5]}, 2),
    "reached: never": (Reached("accuracy", 0.9), {"accuracy": [0.1, NAN, 0.8]}, None),
    "no improvement: holds at the p-th epoch without one": (
        NoImprovement("validation_loss", 3),
        {"validation_loss": [1.0, 0.8, 0.9, 0.85, 0.8, 0.7]},
        5,
    ),
    "no improvement: each new best starts the count anew": (
        NoImprovement("validation_loss", 2),
        {"validation_loss": [1.0, 1.1, 0.9, 1.0, 0.8, 0.81, 0.82]},
        7,
    ),
    "no improvement: min_delta must be beaten": (
        NoImprovement("validation_loss", 2, min_delta=0.1),
        {"validation_loss": [1.0, 0.95, 0.91, 0.5]},
        3,
    ),
    "no improvement: upwards for a metric": (
        NoImprovement("accuracy", 2),
        {"accuracy": [0.5, 0.7, 0.6, 0.7, 0.9]},
        4,
    ),
    "no improvement: downwards for an error": (
        NoImprovement("error_rate", 2),
        {"error_rate": [0.5, 0.4, 0.3, 0.35, 0.3]},
        5,
    ),
    "no improvement: what is no number is none": (
        NoImprovement("validation_loss", 2),
        {"validation_loss": [1.0, NAN, NAN]},
        3,
    ),
    "non-finite: NaN": (NonFinite(), {"train_loss": [1.0, NAN]}, 2),
    "non-finite: infinity": (NonFinite(), {"train_loss": [1.0, 0.5, INF]}, 3),
    "non-finite: on validation": (
        NonFinite(),
        {"train_loss": [1.0, 1.0], "validation_loss": [1.0, -INF]},
        2,
    ),
    "diverged: above the start for p epochs in a row": (
        Diverged(3),
        {"train_loss": [9.0, 9.0, 1.0, 3.0, 2.1, 2.001, 1.0]},
        6,
    ),
    "diverged: at the start is not above it": (Diverged(2), {"train_loss": [2.0, 2.0, 2.0]}, None),
    "overfitting: above its best by the share, while the training loss falls": (
        Overfitting(0.1, 2),
        {"validation_loss": [1.0, 0.5, 0.54, 0.56, 0.6], "train_loss": [1.0, 0.9, 0.8, 0.7, 0.6]},
        5,
    ),
    "overfitting: a training loss that does not fall is none": (
        Overfitting(0.1, 2),
        {"validation_loss": [1.0, 0.5, 0.8, 0.8, 0.8], "train_loss": [1.0, 0.5, 0.6, 0.4, 0.6]},
        None,
    ),
    "overfitting: a new best starts the count anew": (
        Overfitting(0.0, 2),
        {"validation_loss": [1.0, 1.1, 0.9, 1.0, 1.1], "train_loss": [1.0, 0.9, 0.8, 0.7, 0.6]},
        5,
    ),
    "near the bound": (NearBound(0.05), {"train_loss": [0.4, 0.31, 0.3, 0.2]}, 3),
    "steps: at the end of the epoch that reaches them": (Steps(25), {"train_loss": [1.0] * 5}, 3),
    "epochs": (Epochs(3), {"train_loss": [1.0] * 5}, 3),
    "seconds": (TimeBudget(2.5), {"train_loss": [1.0] * 5}, 3),
    "both at the same epoch": (
        Reached("accuracy", 0.9) & Flat("train_loss", 0.01, 1),
        {"accuracy": [0.95, 0.5, 0.5, 0.95], "train_loss": [1.0, 1.0, 0.5, 0.5]},
        4,
    ),
    "one of two": (Reached("accuracy", 0.9) | Epochs(3), {"accuracy": [0.1] * 5, "train_loss": [1.0] * 5}, 3),
    "and binds parts of an or": (
        (Reached("accuracy", 0.9) & Epochs(4)) | Epochs(5),
        {"accuracy": [0.95] * 5, "train_loss": [1.0] * 5},
        4,
    ),
}
CASES = pytest.mark.parametrize(("rule", "curves", "expected"), TABLE.values(), ids=TABLE)


def seen_at(curves, place, members=1):
    """What epoch `place + 1` tells, a second an epoch, the same of every member."""
    told = {name: np.full(members, values[place], np.float32) for name, values in curves.items()}
    start = np.full(members, START, np.float32)
    bound = np.full(members, BOUND, np.float32)
    seen = {"epoch": place + 1, "step": 10 * (place + 1), "seconds": float(place + 1)}
    return {**told, **seen, "start_loss": start, "lower_bound": bound}


def first_epoch(rule, curves):
    memory, active = rule.init(1), np.ones(1, bool)
    for place in range(len(next(iter(curves.values())))):
        memory, active, outcomes = judge(rule, memory, active, seen_at(curves, place))
        if outcomes:
            return outcomes[0]
    return None


@CASES
def test_the_epoch_at_which_a_rule_holds(rule, curves, expected):
    outcome = first_epoch(rule, curves)
    assert (outcome.epoch if outcome else None) == expected
    if outcome:
        assert "\n" not in outcome.sentence
        assert len(outcome.sentence) > 15


def test_the_same_rule_inside_a_compiled_loop():
    """All rules of the table in one program; each over its curves, as JAX arrays in a scan."""

    def epochs_of(rule, curves):
        length = len(next(iter(curves.values())))
        stacked = {name: jnp.asarray(values, jnp.float32)[:, None] for name, values in curves.items()}
        number = jnp.arange(1, length + 1)
        start = jnp.full((1,), START)

        def body(memory, told):
            values, epoch = told
            seen = {**values, "epoch": epoch, "step": 10 * epoch, "seconds": epoch.astype(jnp.float32)}
            seen |= {"start_loss": start, "lower_bound": jnp.full((1,), BOUND)}
            memory, holds = rule.update(memory, seen)
            return jax.tree.map(jnp.asarray, memory), holds

        return jax.lax.scan(body, jax.tree.map(jnp.asarray, rule.init(1)), (stacked, number))[1][:, 0]

    held = jax.jit(lambda: {name: epochs_of(rule, curves) for name, (rule, curves, _) in TABLE.items()})()
    found = {name: int(np.argmax(h)) + 1 if np.any(h) else None for name, h in held.items()}
    assert found == {name: expected for name, (_, _, expected) in TABLE.items()}


def test_each_member_stops_for_itself():
    rule = NonFinite() | Reached("accuracy", 0.9) | Epochs(3)
    told = {
        "train_loss": np.array([[1.0, 1.0, 1.0], [1.0, NAN, 1.0], [1.0, NAN, 1.0]], np.float32),
        "accuracy": np.array([[0.5, 0.5, 0.95], [0.5, NAN, 0.5], [0.5, NAN, 0.5]], np.float32),
    }
    memory, active, outcomes = rule.init(3), np.ones(3, bool), {}
    for place in range(3):
        seen = {name: curve[place] for name, curve in told.items()} | {"epoch": place + 1, "seconds": 1.0}
        memory, active, stopped = judge(rule, memory, active, seen)
        assert not set(stopped) & set(outcomes), "a member stops once"
        outcomes |= stopped
    assert {member: (outcome.kind, outcome.epoch) for member, outcome in outcomes.items()} == {
        2: ("reached", 1),
        1: ("non_finite", 2),
        0: ("max_epochs", 3),
    }
    assert not active.any()


SENTENCES = [
    (
        Flat("train_loss", 1e-3, 2),
        {"train_loss": [0.25] * 3},
        (
            "flat",
            "the training loss changed by less than 0.001 of itself in each of 2 epochs, and stands at 0.25",
        ),
    ),
    (
        Flat("validation_loss", 1e-3, 2, relative=False),
        {"validation_loss": [0.25] * 3},
        ("flat", "the validation loss changed by less than 0.001 in each of 2 epochs, and stands at 0.25"),
    ),
    (
        Reached("accuracy", 0.9),
        {"accuracy": [0.9375]},
        ("reached", "the validation accuracy 0.9375 ≥ 0.9"),
    ),
    (
        Reached("rmse", 3.0, at_least=False),
        {"rmse": [2.5]},
        ("reached", "the validation rmse 2.5 ≤ 3"),
    ),
    (
        NoImprovement("validation_loss", 2),
        {"validation_loss": [1.0, 0.5, 0.75, 0.75]},
        ("no_improvement", "the validation loss did not improve in 2 epochs; its best was 0.5 at epoch 2"),
    ),
    (
        NoImprovement("accuracy", 2),
        {"accuracy": [0.5, 0.75, 0.5, 0.5]},
        (
            "no_improvement",
            "the validation accuracy did not improve in 2 epochs; its best was 0.75 at epoch 2",
        ),
    ),
    (
        NonFinite(),
        {"train_loss": [NAN]},
        (
            "non_finite",
            "the loss is no longer a finite number; a smaller learning rate is the first thing to try",
        ),
    ),
    (
        Diverged(2),
        {"train_loss": [5.0, 7.5]},
        (
            "diverged",
            "the training loss 7.5 has been above the loss before the first step, 2, for 2 epochs; "
            "a smaller learning rate is the first thing to try",
        ),
    ),
    (
        Overfitting(0.1, 1),
        {"validation_loss": [0.5, 0.75], "train_loss": [1.0, 0.5]},
        (
            "overfitting",
            "the validation loss 0.75 has stood more than 0.1 of it above its best, 0.5, for 1 epochs, "
            "while the training loss fell from 1 to 0.5",
        ),
    ),
    (
        NearBound(0.5),
        {"train_loss": [0.5]},
        ("near_bound", "the training loss 0.5 is within 0.5 of 0.25, below which no params can bring it"),
    ),
    (Steps(5), {"train_loss": [1.0]}, ("max_steps", "10 steps were taken, 5 were allowed")),
    (Epochs(2), {"train_loss": [1.0, 1.0]}, ("max_epochs", "all 2 epochs were trained")),
    (TimeBudget(1.5), {"train_loss": [1.0, 1.0]}, ("time_budget", "the time budget of 1.5 s was used up")),
    (
        Reached("accuracy", 0.5) & Epochs(1),
        {"accuracy": [0.75], "train_loss": [1.0]},
        ("reached and max_epochs", "the validation accuracy 0.75 ≥ 0.5, and all 1 epochs were trained"),
    ),
    (
        Reached("accuracy", 0.9) | Epochs(1),
        {"accuracy": [0.75], "train_loss": [1.0]},
        ("max_epochs", "all 1 epochs were trained"),
    ),
    (
        Reached("accuracy", 0.5) | Epochs(1),
        {"accuracy": [0.75], "train_loss": [1.0]},
        ("reached", "the validation accuracy 0.75 ≥ 0.5"),
    ),
]


@pytest.mark.parametrize(("rule", "curves", "expected"), SENTENCES)
def test_the_outcome_says_why_with_numbers(rule, curves, expected):
    outcome = first_epoch(rule, curves)
    assert outcome == Outcome(expected[0], len(next(iter(curves.values()))), expected[1])


@pytest.mark.parametrize(
    ("rule", "monitors"),
    [
        (Flat("train_loss") & NoImprovement("accuracy"), ("train_loss", "accuracy")),
        (Flat("train_loss") | (Reached("train_loss", 1.0) & Epochs(3)), ("train_loss",)),
        (TimeBudget(3.0), ()),
    ],
)
def test_the_curves_that_a_rule_looks_at(rule, monitors):
    assert rule.monitors == monitors


def test_which_way_is_up():
    assert greater_is_better("accuracy")
    assert not greater_is_better("rmse")
    assert not greater_is_better("validation_loss")


def test_curves_in_prose():
    assert words("train_loss") == "the training loss"
    assert words("balanced_accuracy") == "the validation balanced accuracy"
    assert words("log_loss") == "the validation log loss"


def test_the_outcome_holds_what_the_curves_stood_at():
    curves = {"accuracy": [0.5] * 2, "train_loss": [2.0] * 2}
    outcome = first_epoch(Reached("accuracy", 0.5) & Flat("train_loss", 1.0, 1), curves)
    assert outcome.numbers == {"accuracy": 0.5, "train_loss": 2.0}
    assert first_epoch(NonFinite(), {"train_loss": [NAN]}).numbers == {}


NEEDS = "can never hold: a patience of {} needs {} epochs, the training has 20"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Flat(patience=20), [f"flat(patience=20) {NEEDS.format(20, 21)}"]),
        (Flat(patience=19), []),
        (NoImprovement(patience=30), [f"no_improvement(patience=30) {NEEDS.format(30, 31)}"]),
        (Overfitting(patience=20), [f"overfitting(patience=20) {NEEDS.format(20, 21)}"]),
        (Reached("accuracy", 1.5), ["accuracy >= 1.5 can never hold: the validation accuracy is at most 1"]),
        (Reached("train_loss", -1.0), ["train_loss <= -1.0 can never hold: the training loss is at least 0"]),
        (Reached("accuracy", 1.5, at_least=False), []),
        (Reached("psnr", 99.0), []),
        (Epochs(21), ["epochs(21) can never hold: the training ends after 20"]),
        (Steps(101), ["steps(101) can never hold: the training ends after 20 epochs, 100 steps"]),
        (Steps(100) & Epochs(20) | TimeBudget(1.0), []),
        (Steps(100) & Epochs(30), ["epochs(30) can never hold: the training ends after 20"]),
        (Reached("accuracy", 0.9) & Epochs(9) & Reached("accuracy", 0.9, at_least=False), []),
        (
            Reached("accuracy", 0.9) & (Epochs(9) & Reached("accuracy", 0.5, at_least=False)),
            ["accuracy >= 0.9 and accuracy <= 0.5 can never hold together"],
        ),
    ],
    ids=str,
)
def test_a_rule_that_can_never_hold_says_so(rule, told):
    assert idle(rule, 20, 5) == told


def test_a_threshold_is_passed_as_the_curve_gets_better():
    assert Reached("accuracy", 0.9) == Reached("accuracy", 0.9, at_least=True)
    assert Reached("validation_loss", 0.1) == Reached("validation_loss", 0.1, at_least=False)


def test_a_small_gradient():
    assert first_epoch(SmallGradient(0.1), {"gradient_norm": [1.0, 0.1]}).epoch == 2


def test_the_viewers_know_the_same_failures():
    assert told.FAILED == FAILED

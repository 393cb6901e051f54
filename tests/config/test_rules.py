"""The grammar of stopping rules: what it reads, what it refuses and where, and that nothing is ever run."""

import contextlib

import pytest
from hypothesis import example, given, settings, strategies as st

from talweg.config.calls import LONGEST
from talweg.config.rules import RULES, parse_rule
from talweg.descent.stopping import (
    Both,
    Diverged,
    Either,
    Epochs,
    Flat,
    NearBound,
    NoImprovement,
    NonFinite,
    Overfitting,
    Reached,
    Rule,
    SmallGradient,
    Steps,
    TimeBudget,
)
from talweg.errors import ExpressionError

CURVES = ("train_loss", "validation_loss", "accuracy", "gradient_norm")

GOOD = {
    "flat()": Flat(),
    "flat(train_loss, 1e-4, patience=5)": Flat("train_loss", 1e-4, 5),
    "flat(validation_loss, 0.5, 3, False)": Flat("validation_loss", 0.5, 3, False),
    "no_improvement(accuracy, patience=7, min_delta=0.01)": NoImprovement("accuracy", 7, 0.01),
    "epochs(200)": Epochs(200),
    "epochs(limit=2e2)": Epochs(200),
    "seconds(1.5)": TimeBudget(1.5),
    "steps(1000)": Steps(1000),
    "overfitting(patience=3)": Overfitting(0.05, 3),
    "small_gradient(1e-3)": SmallGradient(1e-3),
    "near_bound(0.01)": NearBound(0.01),
    "non_finite()": NonFinite(),
    "diverged(patience=2)": Diverged(2),
    "diverged or flat": Either(Diverged(), Flat()),
    "accuracy >= 0.97": Reached("accuracy", 0.97),
    "train_loss <= -1": Reached("train_loss", -1.0, False),
    "  accuracy >= 1  ": Reached("accuracy", 1.0),
    "(accuracy >= 0.9\n or epochs(3))": Either(Reached("accuracy", 0.9), Epochs(3)),
    "epochs(1) and epochs(2) or epochs(3)": Either(Both(Epochs(1), Epochs(2)), Epochs(3)),
    "epochs(1) and (epochs(2) or epochs(3))": Both(Epochs(1), Either(Epochs(2), Epochs(3))),
    "epochs(1) or epochs(2) or epochs(3)": Either(Either(Epochs(1), Epochs(2)), Epochs(3)),
}


@pytest.mark.parametrize(("text", "rule"), GOOD.items())
def test_good_texts(text, rule):
    assert parse_rule(text, CURVES) == rule


@pytest.mark.parametrize("rule", GOOD.values(), ids=str)
def test_a_rule_as_text_is_the_rule_again(rule):
    assert parse_rule(str(rule), CURVES) == rule


def test_every_rule_of_the_table_is_among_the_good_texts():
    assert all(any(text.startswith(f"{name}(") for text in GOOD) for name in RULES)


# text, the position of what is wrong counted from 1, what the message must say
BAD = [
    ("", 1, "is not understood"),
    ("flat(", 5, "opens a bracket that it never closes"),
    ("epochs(3))", 10, "closes a bracket that it never opened"),
    (" accuracy >= ", 13, "is not finished: something is missing at position 13"),
    ("epochs(3) or", 13, "is not finished: something is missing"),
    ("flatt(train_loss)", 1, "Did you mean 'flat'?"),
    ("  flatt(train_loss)", 3, "Did you mean 'flat'?"),
    ("epochs(3) or\tflatt()", 14, "Did you mean 'flat'?"),
    ("(epochs(3) or\n flatt())", 16, "Did you mean 'flat'?"),
    ("accuracy >= 0.9 or epoch(3)", 20, "'epoch' is no stopping rule"),
    ("accuracy", 1, "'accuracy' is no stopping rule"),
    ("accuracy > 0.9", 1, "a threshold is written with >= or <="),
    ("accurracy >= 0.9", 1, "Did you mean 'accuracy'?"),
    ("0.9 <= accuracy", 1, "expected a rule such as"),
    ("accuracy == 0.9", 1, "expected a rule such as"),
    ("accuracy >= high", 13, "expected a number"),
    ("accuracy >= True", 13, "expected a number"),
    ("accuracy >= 1e400", 13, "expected a number"),
    ("accuracy >= 1j", 13, "expected a number"),
    ("accuracy >= '1'", 13, "expected a number"),
    ("flat(accurracy)", 6, "Did you mean 'accuracy'?"),
    (
        "flat(loss)",
        6,
        "'loss' is no curve of this training (known: train_loss, validation_loss, accuracy, gradient_norm)",
    ),
    ("flat('train_loss')", 6, "is no curve"),
    ("flat(train_loss, -1)", 18, "expected a number from 0, got -1"),
    ("flat(train_loss, 1, 0)", 21, "expected a whole number from 1, got 0"),
    ("flat(train_loss, 1, 2.5)", 21, "expected a whole number from 1, got 2.5"),
    ("flat(train_loss, 1, 2, 3)", 24, "expected True or False"),
    ("flat(train_loss, 1, 2, True, 5)", 30, "flat takes at most 4 arguments"),
    ("near_bound(0.1, 2)", 17, "near_bound takes at most 1 argument at"),
    ("epochs(9) or seconds", 14, "seconds needs 'seconds'"),
    ("flat(pace=3)", 6, "flat has no argument 'pace' (known: monitor, tolerance, patience, relative)"),
    ("flat(train_loss, monitor=accuracy)", 18, "flat got 'monitor' twice"),
    ("flat(*accuracy)", 6, "is no curve"),
    ("flat(**accuracy)", 6, "has no argument"),
    ("epochs()", 1, "epochs needs 'limit'"),
    ("epochs(3) + epochs(4)", 1, "expected a rule such as"),
    ("not epochs(3)", 1, "expected a rule such as"),
    ("accuracy >= 0.9 or é >= 1", 20, "is not understood"),
    ("__import__('os').system('true')", 1, "expected a rule such as"),
    ("(lambda: epochs(3))()", 1, "expected a rule such as"),
    ("[epochs(3) for _ in (1,)]", 1, "expected a rule such as"),
    ("epochs(3); epochs(4)", 10, "is not understood"),
    ("epochs(" + "-" * 450 + "1)", 8, "expected a number"),
    ("x" * (LONGEST + 1), LONGEST, "at most 500 characters"),
    ("test_loss <= 0.1", 1, "the test set is never monitored"),
    ("flat(test_loss)", 6, "the test set is never monitored"),
    ("epochs(3) or no_improvement(test_accuracy)", 29, "the test set is never monitored"),
]


@pytest.mark.parametrize(("text", "position", "message"), BAD)
def test_bad_texts_are_refused_where_they_are_wrong(text, position, message):
    with pytest.raises(ExpressionError) as caught:
        parse_rule(text, CURVES)
    assert message in str(caught.value)
    assert caught.value.position == position
    assert str(caught.value).endswith(f"at position {position}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["no_improvement()", "no_improvement(patience=3)", "validation_loss <= 1"])
def test_what_needs_a_validation_set_is_refused_without_one(text):
    with pytest.raises(ExpressionError, match="'validation_loss' is no curve of this training"):
        parse_rule(text, ["train_loss"])


PIECES = st.sampled_from(
    [*RULES, *CURVES, "test_loss", "and", "or", "not", "(", ")", ",", "=", ">=", "<=", "<", "patience",
     "1", "0", "-", "1e-4", "1e999", "True", "0x1f", "1_0", "*", "**", ".", ":", "lambda", "if", "else",
     "[", "]", "{", "}", "é", "\n", "\t", "\\", "\x00", "#", "f'{x}'", "await", "yield", ":=", ";", "@"]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@example("\ud800")
@example("(" * 490)
@example("-" * 490 + "1")
@example("not " * 120 + "x")
@example("a." * 240 + "b")
@example("flat(" * 80)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map(" ".join)))
def test_any_text_is_a_rule_or_an_expression_error(text):
    with contextlib.suppress(ExpressionError):
        rule = parse_rule(text, CURVES)
        assert isinstance(rule, Rule)
        assert set(rule.monitors) <= set(CURVES)
        return
    with pytest.raises(ExpressionError) as caught:
        parse_rule(text, CURVES)
    assert 1 <= caught.value.position <= len(text) + 1
    assert len(str(caught.value).splitlines()) == 1

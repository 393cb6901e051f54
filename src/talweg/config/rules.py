"""The grammar of stopping rules as a person types them; what a rule does is in `descent.stopping`.

flat(train_loss, 1e-4, patience=5) and accuracy >= 0.97 or epochs(200)
"""

import ast
import dataclasses
from collections.abc import Iterable
from typing import Any

from talweg.config.calls import arguments, fail, number, read_tree
from talweg.descent.stopping import (
    Call,
    Diverged,
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
from talweg.errors import did_you_mean, pointing_into

NEVER_TEST = "the test set is never monitored, or it would no longer be one; take the validation set's"

CALLED: tuple[type[Call], ...] = (
    Flat,
    NoImprovement,
    Overfitting,
    SmallGradient,
    NearBound,
    Epochs,
    Steps,
    TimeBudget,
    NonFinite,
    Diverged,
)
RULES: dict[str, type[Call]] = {rule.word: rule for rule in CALLED}
"""The rules that are written as calls, by name; their arguments are their settings, in order."""


def parse_rule(text: str, curves: Iterable[str]) -> Rule:
    """A stopping rule from its text.

    Args:
        text: calls of the rules in `RULES` and comparisons such as ``accuracy >= 0.97``, joined by ``and``, ``or``
            and parentheses.
        curves: the names that may be monitored.

    Raises:
        ExpressionError: with the position of what is not understood.

    Example:
        >>> parse_rule("accuracy >= 0.97 or epochs(200)", ["accuracy"]).kind
        'reached or max_epochs'
    """
    with pointing_into(text):
        return _rule(read_tree(text, "stopping rule"), tuple(curves))


def epochs_named(text: str) -> int | None:
    """The largest number of epochs that a rule names, if it names any.

    Example:
        >>> epochs_named("accuracy >= 0.97 or epochs(200)"), epochs_named("accuracy >= 0.97")
        (200, None)
    """
    with pointing_into(text):
        tree = read_tree(text, "stopping rule")
    named = [
        int(limit.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == Epochs.word
        for limit in (*node.args, *(word.value for word in node.keywords))
        if isinstance(limit, ast.Constant) and isinstance(limit.value, int | float) and limit.value >= 1
    ]
    return max(named, default=None)


def _rule(node: ast.expr, curves: tuple[str, ...]) -> Rule:
    match node:
        case ast.BoolOp(op=op, values=values):
            first, *others = (_rule(value, curves) for value in values)
            for other in others:
                first = first & other if isinstance(op, ast.And) else first | other
            return first
        case ast.Compare(left=ast.Name() as left, ops=[ast.GtE() | ast.LtE() as sign], comparators=[right]):
            return Reached(_curve(left, curves), number(right), isinstance(sign, ast.GtE))
        case ast.Compare(ops=[ast.Gt() | ast.Lt()]):
            raise fail("a threshold is written with >= or <=", node)
        case ast.Call(func=ast.Name(id=name)) if name in RULES:
            return _call(node, curves)
        case ast.Name(id=name) if name in RULES:
            return _call(ast.copy_location(ast.Call(node, [], []), node), curves)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            known = [*RULES, *curves]
            raise fail(
                f"{name!r} is no stopping rule (known: {', '.join(RULES)}, or a comparison such as "
                f"accuracy >= 0.97).{did_you_mean(name, known)} It stands",
                node,
            )
    raise fail("expected a rule such as flat(train_loss, 1e-4, patience=5) or accuracy >= 0.97", node)


def _call(node: ast.Call, curves: tuple[str, ...]) -> Rule:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    make = RULES[name]
    kinds = {field.name: field.type for field in dataclasses.fields(make)}
    needed = sum(field.default is dataclasses.MISSING for field in dataclasses.fields(make))
    given = arguments(node, name, list(kinds), needed)
    rule = make(**{argument: _value(value, kinds[argument], curves) for argument, value in given.items()})
    for monitor in rule.monitors:
        _known(monitor, node, curves)
    return rule


def _value(node: ast.expr, kind: Any, curves: tuple[str, ...]) -> Any:
    if kind is str:
        return _curve(node, curves)
    if kind is bool:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        raise fail("expected True or False", node)
    value = number(node)
    if value < 0 or (kind is int and (value != int(value) or value < 1)):
        raise fail(f"expected {'a whole number from 1' if kind is int else 'a number from 0'}, got {value:g},", node)
    return kind(value)


def _curve(node: ast.expr, curves: tuple[str, ...]) -> str:
    return _known(node.id if isinstance(node, ast.Name) else "this", node, curves)


def _known(name: str, node: ast.expr, curves: tuple[str, ...]) -> str:
    if name in curves:
        return name
    if name.startswith("test"):
        raise fail(f"{NEVER_TEST},", node)
    raise fail(
        f"{name!r} is no curve of this training (known: {', '.join(curves)}).{did_you_mean(name, curves)} It stands",
        node,
    )

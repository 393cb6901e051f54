"""The grammar of stopping rules as a person types them; what a rule does is in `descent.stopping`.

    flat(train_loss, 1e-4, patience=5) and accuracy >= 0.97 or epochs(200)

Python's own parser reads the text into a tree, of which only a whitelist is understood; nothing is ever evaluated.
"""

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

from talweg.descent.stopping import Epochs, Flat, NoImprovement, Reached, Rule, TimeBudget
from talweg.errors import ExpressionError, did_you_mean

LONGEST = 500
"""Characters of a rule's text, at most."""

Argument = tuple[str, type]
RULES: dict[str, tuple[Callable[..., Rule], tuple[Argument, ...], int]] = {
    "flat": (
        Flat,
        (("monitor", str), ("tolerance", float), ("patience", int), ("relative", bool)),
        0,
    ),
    "no_improvement": (NoImprovement, (("monitor", str), ("patience", int), ("min_delta", float)), 0),
    "epochs": (Epochs, (("limit", int),), 1),
    "seconds": (TimeBudget, (("seconds", float),), 1),
}
"""The rules that are written as calls: what makes them, their arguments in order, how many must be given."""


def parse_rule(text: str, curves: Iterable[str]) -> Rule:
    """A stopping rule from its text.

    Args:
        text: calls of `flat`, `no_improvement`, `epochs`, `seconds` and comparisons such as ``accuracy >= 0.97``,
            joined by ``and``, ``or`` and parentheses.
        curves: the names that may be monitored.

    Raises:
        ExpressionError: with the position of what is not understood.

    Example:
        >>> parse_rule("accuracy >= 0.97 or epochs(200)", ["accuracy"]).kind
        'reached or max_epochs'
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"a stopping rule has at most {LONGEST} characters, this one {len(text)},", LONGEST)
    # Each character stays one column, so that the parser's columns are positions in the text.
    line = re.sub(r"[^\x20-\x7e]", "?", re.sub(r"\s", " ", text))
    indent = len(line) - len(line.lstrip())
    try:
        tree = ast.parse(line.lstrip(), mode="eval")
    except SyntaxError as error:
        position = min(max(indent + (error.offset or 1), 1), len(text) + 1)
        raise ExpressionError(f"stopping rule {text!r} is not understood", position) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"stopping rule {text!r} is not understood", 1) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.keyword):
            node.col_offset += indent
    return _rule(tree.body, tuple(curves))


def _fail(message: str, node: ast.AST) -> ExpressionError:
    return ExpressionError(message, getattr(node, "col_offset", 0) + 1)


def _rule(node: ast.expr, curves: tuple[str, ...]) -> Rule:
    match node:
        case ast.BoolOp(op=op, values=values):
            first, *others = (_rule(value, curves) for value in values)
            for other in others:
                first = first & other if isinstance(op, ast.And) else first | other
            return first
        case ast.Compare(left=ast.Name() as left, ops=[ast.GtE() | ast.LtE() as sign], comparators=[right]):
            return Reached(_curve(left, curves), _number(right), isinstance(sign, ast.GtE))
        case ast.Compare(ops=[ast.Gt() | ast.Lt()]):
            raise _fail("a threshold is written with >= or <=", node)
        case ast.Call(func=ast.Name(id=name)) if name in RULES:
            return _call(node, curves)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            known = [*RULES, *curves]
            raise _fail(
                f"{name!r} is no stopping rule (known: {', '.join(RULES)}, or a comparison such as "
                f"accuracy >= 0.97).{did_you_mean(name, known)} It stands",
                node,
            )
    raise _fail("expected a rule such as flat(train_loss, 1e-4, patience=5) or accuracy >= 0.97", node)


def _call(node: ast.Call, curves: tuple[str, ...]) -> Rule:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    make, arguments, needed = RULES[name]
    kinds = dict(arguments)
    given: dict[str, ast.expr] = {}
    if len(node.args) > len(arguments):
        raise _fail(f"{name} takes at most {len(arguments)} arguments", node.args[len(arguments)])
    for (argument, _), value in zip(arguments, node.args, strict=False):
        given[argument] = value
    for keyword in node.keywords:
        if keyword.arg not in kinds:
            raise _fail(f"{name} has no argument {keyword.arg!r} (known: {', '.join(kinds)}).", keyword)
        if keyword.arg in given:
            raise _fail(f"{name} got {keyword.arg!r} twice,", keyword)
        given[keyword.arg] = keyword.value
    if len(given) < needed:
        raise _fail(f"{name} needs {arguments[0][0]!r}", node)
    rule = make(**{argument: _value(value, kinds[argument], curves) for argument, value in given.items()})
    for monitor in rule.monitors:
        _known(monitor, node, curves)
    return rule


def _value(node: ast.expr, kind: type, curves: tuple[str, ...]) -> Any:
    if kind is str:
        return _curve(node, curves)
    if kind is bool:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        raise _fail("expected True or False", node)
    number = _number(node)
    if number < 0 or (kind is int and (number != int(number) or number < 1)):
        raise _fail(f"expected {'a whole number from 1' if kind is int else 'a number from 0'}, got {number:g},", node)
    return kind(number)


def _number(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and abs(value) < 1e300:
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            return -_number(operand)
    raise _fail("expected a number", node)


def _curve(node: ast.expr, curves: tuple[str, ...]) -> str:
    return _known(node.id if isinstance(node, ast.Name) else "this", node, curves)


def _known(name: str, node: ast.expr, curves: tuple[str, ...]) -> str:
    if name in curves:
        return name
    if name.startswith("test"):
        raise _fail("the test set is never monitored, or it would no longer be one; take the validation set's,", node)
    raise _fail(
        f"{name!r} is no curve of this training (known: {', '.join(curves)}).{did_you_mean(name, curves)} It stands",
        node,
    )

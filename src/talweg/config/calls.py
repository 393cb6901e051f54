"""Calls as a person types them, such as `flat(train_loss, 1e-4, patience=5)`: rules and schedules are read with these.

Python's own parser reads the text into a tree, of which only a whitelist is understood; nothing is ever evaluated.
"""

import ast
import re
from collections.abc import Sequence

from talweg.errors import ExpressionError, did_you_mean

LONGEST = 500
"""Characters of a text, at most."""


def read_tree(text: str, what: str) -> ast.expr:
    """A text as a tree whose columns are positions in the text.

    Args:
        text: what was typed.
        what: what it should be, for messages.

    Raises:
        ExpressionError: if it is too long, or no expression at all.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"a {what} has at most {LONGEST} characters, this one {len(text)},", LONGEST)
    # Each character stays one column, so that the parser's columns are positions in the text.
    line = re.sub(r"[^\x20-\x7e]", "?", re.sub(r"\s", " ", text))
    indent = len(line) - len(line.lstrip())
    try:
        tree = ast.parse(line.lstrip(), mode="eval")
    except SyntaxError as error:
        raise _misread(text, what, error, indent) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"{what} {text!r} is not understood", 1) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.keyword):
            node.col_offset += indent
    return tree.body


def _misread(text: str, what: str, error: SyntaxError, indent: int) -> ExpressionError:
    """What the parser said of a text that is no expression, in our words."""
    if not error.offset and text.strip():
        # The parser came to the end of the text, which it counts as no place in it.
        return ExpressionError(f"{what} {text!r} is not finished: something is missing", len(text.rstrip()) + 1)
    told = "is not understood"
    if "was never closed" in error.msg:
        told = "opens a bracket that it never closes,"
    elif error.msg.startswith("unmatched"):
        told = "closes a bracket that it never opened,"
    return ExpressionError(f"{what} {text!r} {told}", min(max(indent + (error.offset or 1), 1), len(text) + 1))


def fail(message: str, node: ast.AST) -> ExpressionError:
    """An error that points at a part of the text."""
    return ExpressionError(message, getattr(node, "col_offset", 0) + 1)


def arguments(node: ast.Call, name: str, known: Sequence[str], needed: int = 0) -> dict[str, ast.expr]:
    """What a call was given, by name.

    Args:
        node: the call.
        name: what is called.
        known: the names of its arguments, in order.
        needed: how many must be given.

    Raises:
        ExpressionError: too many or too few, an unknown name, or one given twice.
    """
    if len(node.args) > len(known):
        most = f"{len(known)} argument{'s' * (len(known) != 1)}"
        raise fail(f"{name} takes at most {most}", node.args[len(known)])
    given = dict(zip(known, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in known:
            nearest = did_you_mean(keyword.arg or "", known)
            told = f"{name} has no argument {keyword.arg!r} (known: {', '.join(known)}).{nearest} It stands"
            raise fail(told, keyword)
        if keyword.arg in given:
            raise fail(f"{name} got {keyword.arg!r} twice,", keyword)
        given[keyword.arg] = keyword.value
    if len(given) < needed:
        raise fail(f"{name} needs {known[0]!r}", node)
    return given


def number(node: ast.expr) -> float:
    """A number, perhaps with a minus.

    Raises:
        ExpressionError: anything else.
    """
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and abs(value) < 1e300:
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            return -number(operand)
    raise fail("expected a number", node)

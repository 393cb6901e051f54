"""Whether a typed function is smooth everywhere, told from its tree: then derivatives by rules hold at every point."""

from talweg.objective.typed.tree import Apply, Tree, constant_value, walk
from talweg.sketching.bounds import bounds

_BENT = {"abs", "min", "max", "sign", "floor", "ceil", "relu", "heaviside", "hypot", "cbrt", "atan2"}
_BROKEN = {"tan", "cot", "sec", "csc", "acosh", "atanh", "asin", "acos"}
"""With poles, or with ends of their domain at which they are steep."""


def is_smooth(tree: Tree) -> bool:
    """Whether nothing in a tree can make a corner, a jump or a pole.

    Example:
        >>> from talweg.objective.typed.expression import Expression
        >>> [is_smooth(Expression.parse(text).tree) for text in ("x^2 e^x", "|x|", "1/(1 + x^2)", "1/x")]
        [True, False, True, False]
    """
    for node in walk(tree):
        if not isinstance(node, Apply):
            continue
        if node.head in _BENT | _BROKEN:
            return False
        if node.head in ("sqrt", "log", "log2", "log10") and not bounds(node.args[0]).lower > 0:
            return False
        if node.head == "/" and bounds(node.args[1]).holds(0):
            return False
        exponent = constant_value(node.args[1]) if node.head == "^" else 1.0
        whole = exponent is not None and exponent.is_integer() and exponent >= 0
        if not whole and not bounds(node.args[0]).lower > 0:
            return False
    return True

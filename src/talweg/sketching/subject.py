"""A function under study by symbols, and how its parts become plain numbers and plain data. In the child process only.

What is studied is in `calculus` and `growth`.
"""

from typing import Any

import sympy

from talweg.objective.typed.symbols import UnwritableError, from_sympy, symbol, to_sympy
from talweg.objective.typed.tree import Number, from_data, to_data, walk

Finding = dict[str, Any]

DIGITS = 30
SHORT = 12
"""The most operations of a path or a coordinate that a person would still want to read."""


class Subject:
    """A function under study: its expression, its symbols, and how its numbers are written."""

    def __init__(self, tree: list, variables: list[str], window: list):
        read = from_data(tree)
        self.window = window
        self.decimals = any(isinstance(node, Number) and "." in node.text for node in walk(read))
        self.symbols = [symbol(name) for name in variables]
        self.function = to_sympy(read)
        self.gradient = [tidy(sympy.diff(self.function, s)) for s in self.symbols]
        self.hessian = [[tidy(sympy.diff(g, s)) for s in self.symbols] for g in self.gradient]

    def data(self, expression: Any) -> list | None:
        """An expression as plain data; `None` where our grammar has no form for it."""
        try:
            return to_data(from_sympy(expression, self.decimals))
        except UnwritableError:
            return None

    def at(self, point: list) -> dict:
        """The substitution of a point."""
        return dict(zip(self.symbols, point, strict=True))


def tidy(expression: Any) -> Any:
    """A polynomial multiplied out where that is no longer; everything else as it is."""
    if expression.is_polynomial():
        expanded = sympy.expand(expression)
        if sympy.count_ops(expanded) <= sympy.count_ops(expression):
            return expanded
    return expression


def plain(value: Any) -> float | None:
    """A real SymPy number as a float; `None` where it is not one."""
    approximate = sympy.N(value, DIGITS)
    return float(approximate) if approximate.is_real and approximate.is_finite else None


def sign(value: Any) -> int | None:
    """The sign of a real number: by its digits, and exactly where these say zero."""
    approximate = plain(value)
    if approximate is None:
        return None
    if abs(approximate) > 1e-20:
        return 1 if approximate > 0 else -1
    return 0 if sympy.simplify(value) == 0 else None

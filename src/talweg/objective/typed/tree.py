"""The tree of a typed function: frozen nodes, the whitelist of what may stand in them, their plain-data form.

How text becomes a tree is in `grammar`; what a tree becomes is in `expression`, `notation` and `symbols`.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

MAX_DEPTH = 32
MAX_NODES = 400


@dataclasses.dataclass(frozen=True)
class Number:
    """A non-negative decimal number, kept as it was typed so that it stays exact (``0.1`` is one tenth)."""

    text: str
    depth = 0

    @property
    def value(self) -> Fraction:
        """The exact value."""
        return Fraction(self.text)


@dataclasses.dataclass(frozen=True)
class Constant:
    """A number with a name: `pi`, `e` or `tau`."""

    name: str
    depth = 0


@dataclasses.dataclass(frozen=True)
class Variable:
    """An unknown of the function."""

    name: str
    depth = 0


@dataclasses.dataclass(frozen=True)
class Apply:
    """An operator or a function and what it acts on.

    Attributes:
        head: ``"+"`` and ``"*"`` (two arguments or more), ``"/"`` and ``"^"`` (two), ``"neg"`` (one), or a
            name of `FUNCTIONS`.
        args: the arguments in order.
        depth: how many nodes lie one within the other below this one; follows from the arguments.
    """

    head: str
    args: tuple["Tree", ...]
    depth: int = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", 1 + max(arg.depth for arg in self.args))


Tree = Number | Constant | Variable | Apply

CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
"""Constants by name."""

MANY = 20
OPERATORS = {"+": (2, MAX_NODES), "*": (2, MAX_NODES), "/": (2, 2), "^": (2, 2), "neg": (1, 1)}
FUNCTIONS = {
    **dict.fromkeys(("sqrt", "cbrt", "exp", "log", "log2", "log10", "abs", "sign", "floor", "ceil"), (1, 1)),
    **dict.fromkeys(("sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan"), (1, 1)),
    **dict.fromkeys(("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"), (1, 1)),
    **dict.fromkeys(("erf", "relu", "sigmoid", "softplus", "heaviside"), (1, 1)),
    **dict.fromkeys(("atan2", "hypot"), (2, 2)),
    **dict.fromkeys(("min", "max"), (2, MANY)),
}
"""Functions by name, with the least and the greatest number of arguments."""

ALIASES = {
    "ln": "log",
    "lg": "log10",
    "tg": "tan",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arsinh": "asinh",
    "arcosh": "acosh",
    "artanh": "atanh",
    "sgn": "sign",
    "logistic": "sigmoid",
}
"""Other names that people write for the same functions."""


def children(tree: Tree) -> tuple[Tree, ...]:
    """The arguments of a node; none for a leaf."""
    return tree.args if isinstance(tree, Apply) else ()


def walk(tree: Tree) -> Iterator[Tree]:
    """Every node of a tree, the root first."""
    yield tree
    for child in children(tree):
        yield from walk(child)


def variables_of(tree: Tree) -> frozenset[str]:
    """The names of the variables in a tree."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, Variable))


def negate(tree: Tree) -> Tree:
    """Minus a tree, without a double minus."""
    return tree.args[0] if isinstance(tree, Apply) and tree.head == "neg" else Apply("neg", (tree,))


def number(value: float | int) -> Tree:
    """The tree of a finite float, exactly as Python would print it.

    >>> number(-2.5)
    Apply(head='neg', args=(Number(text='2.5'),))
    """
    text = repr(abs(float(value))).removesuffix(".0")
    return negate(Number(text)) if value < 0 else Number(text)


_MATH: dict[str, Callable[..., float]] = {
    "neg": lambda a: -a,
    "+": lambda *terms: math.fsum(terms),
    "*": lambda *factors: math.prod(factors),
    "/": lambda a, b: a / b,
    "^": math.pow,
    "cot": lambda a: 1 / math.tan(a),
    "sec": lambda a: 1 / math.cos(a),
    "csc": lambda a: 1 / math.sin(a),
    "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "relu": lambda a: max(a, 0.0),
    "sigmoid": lambda a: 0.5 * (1 + math.tanh(a / 2)),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "heaviside": lambda a: 0.5 * (1 + (a > 0) - (a < 0)),
    "min": min,
    "max": max,
}


def constant_value(tree: Tree) -> float | None:
    """The value of a tree without variables, in floats, so that the work is bounded.

    Returns:
        The value; NaN where it is not defined (such as 1/0), an infinity where it overflows; `None` where the
        tree has a variable.
    """
    if isinstance(tree, Number):
        return float(tree.value)
    if isinstance(tree, Constant):
        return CONSTANTS[tree.name]
    if isinstance(tree, Variable):
        return None
    values = []
    for arg in tree.args:
        value = constant_value(arg)
        if value is None:
            return None
        values.append(value)
    try:
        return float((_MATH.get(tree.head) or getattr(math, tree.head))(*values))
    except OverflowError:
        return math.inf
    except (ValueError, ZeroDivisionError):
        return math.nan


def degree(tree: Tree) -> float:
    """The greatest product of constant exponents, one upon the other: what multiplying out would come to."""
    if not isinstance(tree, Apply):
        return 1.0
    inner = [degree(arg) for arg in tree.args]
    if tree.head == "^":
        exponent = constant_value(tree.args[1])
        return inner[0] * max(1.0, abs(exponent)) if exponent is not None else max(inner)
    return sum(inner) if tree.head == "*" else max(inner)


def to_data(tree: Tree) -> list:
    """A tree as nested lists of strings, which JSON holds; `from_data` is the way back.

    >>> to_data(Apply("^", (Variable("x"), Number("2"))))
    ['^', ['variable', 'x'], ['number', '2']]
    """
    if isinstance(tree, Number):
        return ["number", tree.text]
    if isinstance(tree, Constant):
        return ["constant", tree.name]
    if isinstance(tree, Variable):
        return ["variable", tree.name]
    return [tree.head, *(to_data(arg) for arg in tree.args)]


def from_data(data: Any) -> Tree:
    """The tree of nested lists as `to_data` writes them.

    Raises:
        ValueError: where a head is not in the whitelist or the arguments are too many or too few.
    """
    match data:
        case ["number", str(text)]:
            return Number(text)
        case ["constant", str(name)] if name in CONSTANTS:
            return Constant(name)
        case ["variable", str(name)]:
            return Variable(name)
        case [str(head), *args] if head in OPERATORS or head in FUNCTIONS:
            least, most = OPERATORS.get(head) or FUNCTIONS[head]
            if least <= len(args) <= most:
                return Apply(head, tuple(from_data(arg) for arg in args))
    raise ValueError(f"not the data of an expression: {data!r:.60}")

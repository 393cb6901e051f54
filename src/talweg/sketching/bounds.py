"""An interval that holds all of a function's values, by interval arithmetic over its tree.

It may be wider than the values are. Whether a function is convex is in `convexity`.

Source: R. Moore, Interval Analysis, Prentice-Hall, 1966.
"""

import collections
import dataclasses
import math
import sys
from collections.abc import Callable

from talweg.objective.typed.tree import Apply, Tree, Variable, constant_value


@dataclasses.dataclass(frozen=True)
class Interval:
    """All real numbers from `lower` to `upper`; an infinite end is not reached."""

    lower: float | int = -math.inf
    upper: float | int = math.inf

    def holds(self, value: float | int) -> bool:
        """Whether a number lies in the interval."""
        return self.lower <= value <= self.upper


EVERYTHING = Interval()

_RANGES = {
    **dict.fromkeys(("sin", "cos", "tanh", "erf", "sign"), Interval(-1.0, 1.0)),
    **dict.fromkeys(("sigmoid", "heaviside"), Interval(0, 1)),
    "asin": Interval(-math.pi / 2, math.pi / 2),
    "acos": Interval(0, math.pi),
    "atan": Interval(-math.pi / 2, math.pi / 2),
    "atan2": Interval(-math.pi, math.pi),
    "hypot": Interval(0, math.inf),
    "acosh": Interval(0, math.inf),
    "cosh": Interval(1, math.inf),
    "sqrt": Interval(0, math.inf),
    "softplus": Interval(0, math.inf),
}


def _exp(value: float | int) -> float:
    return math.exp(value) if value < 700 else math.inf


def _log(value: float | int) -> float:
    return -math.inf if value <= 0 else math.log(value)


_INCREASING: dict[str, Callable[[float], float | int]] = {
    "exp": _exp,
    "log": _log,
    "log2": lambda a: _log(a) / math.log(2),
    "log10": lambda a: _log(a) / math.log(10),
    "sqrt": lambda a: math.sqrt(max(a, 0.0)),
    "cbrt": math.cbrt,
    "relu": lambda a: max(a, 0.0),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "sinh": lambda a: math.sinh(a) if abs(a) < 700 else math.copysign(math.inf, a),
    "asinh": math.asinh,
    "floor": lambda a: math.floor(a) if math.isfinite(a) else a,
    "ceil": lambda a: math.ceil(a) if math.isfinite(a) else a,
}


def bounds(tree: Tree) -> Interval:
    """An interval that holds every value which a tree takes where it is defined.

    >>> from talweg.objective.typed.grammar import parse
    >>> bounds(parse("sin(x)cos(y) + 0.1(x² + y²)"))
    Interval(lower=-1.0, upper=inf)
    """
    constant = constant_value(tree)
    if constant is not None:
        return EVERYTHING if math.isnan(constant) else Interval(constant, constant)
    if isinstance(tree, Variable):
        return EVERYTHING
    assert isinstance(tree, Apply)
    head, parts = tree.head, [bounds(arg) for arg in tree.args]
    match head:
        case "neg":
            return Interval(-parts[0].upper, -parts[0].lower)
        case "+":
            return _sum(parts)
        case "*":
            return _product(tree.args)
        case "/":
            return _times(parts[0], _inverse(parts[1]))
        case "^":
            return _power(parts[0], tree.args[1])
        case "abs":
            return _absolute(parts[0])
        case "min" | "max":
            choose = min if head == "min" else max
            return Interval(choose(part.lower for part in parts), choose(part.upper for part in parts))
    return _function(head, parts[0])


def _function(head: str, argument: Interval) -> Interval:
    if head in _INCREASING:
        return Interval(_INCREASING[head](argument.lower), _INCREASING[head](argument.upper))
    return _RANGES.get(head, EVERYTHING)


def _sum(parts: list[Interval]) -> Interval:
    """A sum. An end that overflowed to the wrong infinity is the greatest float; the sum stays on the safe side."""
    lowers = [min(part.lower, sys.float_info.max) for part in parts]
    uppers = [max(part.upper, -sys.float_info.max) for part in parts]
    return Interval(sum(lowers), sum(uppers))


def _absolute(part: Interval) -> Interval:
    low = 0.0 if part.holds(0) else min(abs(part.lower), abs(part.upper))
    return Interval(low, max(abs(part.lower), abs(part.upper)))


def _product(factors: tuple[Tree, ...]) -> Interval:
    """A product; a factor that stands in it twice is a square."""
    result = Interval(1, 1)
    for factor, count in collections.Counter(factors).items():
        part = bounds(factor)
        result = _times(result, part if count == 1 else _whole_power(part, count))
    return result


def _times(a: Interval, b: Interval) -> Interval:
    corners = [0.0 if 0 in (p, q) else p * q for p in (a.lower, a.upper) for q in (b.lower, b.upper)]
    return Interval(min(corners), max(corners))


def _inverse(part: Interval) -> Interval:
    if part.lower < 0 < part.upper or part.lower == part.upper == 0:
        return EVERYTHING
    if part.lower >= 0:
        return Interval(1 / part.upper, 1 / part.lower if part.lower else math.inf)
    return Interval(1 / part.upper if part.upper else -math.inf, 1 / part.lower)


def _power(base: Interval, exponent_tree: Tree) -> Interval:
    exponent = constant_value(exponent_tree)
    if exponent is None:
        return Interval(0, math.inf) if base.lower >= 0 else EVERYTHING
    if exponent.is_integer():
        power = _whole_power(base, abs(int(exponent)))
        return power if exponent >= 0 else _inverse(power)
    base = Interval(max(base.lower, 0.0), max(base.upper, 0.0))
    power = Interval(_raised(base.lower, abs(exponent)), _raised(base.upper, abs(exponent)))
    return power if exponent >= 0 else _inverse(power)


def _whole_power(base: Interval, exponent: int) -> Interval:
    if exponent == 0:
        return Interval(1, 1)
    if exponent % 2 == 0:
        base = _absolute(base)
    return Interval(_raised(base.lower, exponent), _raised(base.upper, exponent))


def _raised(value: float | int, exponent: float | int) -> float | int:
    try:
        return value**exponent
    except OverflowError:
        return math.inf if value > 0 or exponent % 2 == 0 else -math.inf

"""Straight lines along which a typed function falls without end, by arithmetic on its tree: a proof within a blink.

Along a ray each part is a polynomial in t plus something bounded, or it is given up. SymPy decides more, and takes its
time: `growth`.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.tree import Apply, Number, Tree, Variable, constant_value
from talweg.sketching.bounds import bounds

LONGEST = 64
"""The highest power of t that is worth the work."""


@dataclasses.dataclass(frozen=True)
class Growth:
    """A polynomial in t plus something that stays bounded.

    Attributes:
        powers: the coefficients, of t⁰ first, without zeros at the end.
        wobbles: whether there is something bounded besides.
    """

    powers: tuple[Fraction, ...]
    wobbles: bool = False

    @property
    def falls(self) -> bool:
        """Whether it goes to −∞ as t goes to ∞."""
        return len(self.powers) > 1 and self.powers[-1] < 0


def falling_direction(tree: Tree, variables: tuple[str, ...]) -> tuple[int, ...] | None:
    """A direction in which a function falls without end on a straight line through the origin.

    Directions along the axes and the diagonals are tried; that none falls says nothing.

    Example:
        >>> from talweg.objective.typed.grammar import parse
        >>> falling_direction(parse("3x² − 2y"), ("x", "y"))
        (0, 1)
    """
    for direction in _directions(len(variables)):
        growth = along(tree, dict(zip(variables, direction, strict=True)))
        if growth is not None and growth.falls:
            return direction
    return None


def _directions(n: int) -> Iterator[tuple[int, ...]]:
    """Axes, then diagonals; of more than four variables the axes alone."""
    if n <= 4:
        yield from sorted(itertools.product((0, 1, -1), repeat=n), key=lambda d: sum(map(abs, d)))[1:]
    else:
        for index, sign in itertools.product(range(n), (1, -1)):
            yield tuple(sign if i == index else 0 for i in range(n))


def along(tree: Tree, direction: Mapping[str, int]) -> Growth | None:
    """A tree's growth along a ray; `None` where it is neither a polynomial in t nor bounded, as far as is seen."""
    found = _along(tree, direction)
    if found is not None:
        return found
    interval = bounds(tree)
    return Growth((), True) if math.isfinite(interval.lower) and math.isfinite(interval.upper) else None


def _along(tree: Tree, direction: Mapping[str, int]) -> Growth | None:
    if isinstance(tree, Number):
        return _trimmed([tree.value])
    if isinstance(tree, Variable):
        return _trimmed([Fraction(0), Fraction(direction[tree.name])])
    constant = constant_value(tree)
    if constant is not None:
        return _trimmed([Fraction(constant)]) if math.isfinite(constant) else None
    assert isinstance(tree, Apply)
    if tree.head not in ("+", "neg", "*", "/", "^"):
        return None
    parts = [along(arg, direction) for arg in tree.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return _combined(tree, known)


def _combined(tree: Apply, parts: list[Growth]) -> Growth | None:
    match tree.head:
        case "+":
            return _sum(parts)
        case "neg":
            return _product(parts[0], Growth((Fraction(-1),)))
        case "*":
            result: Growth | None = Growth((Fraction(1),))
            for part in parts:
                result = _product(result, part) if result is not None else None
            return result
        case "/":
            divisor = parts[1]
            if divisor.wobbles or len(divisor.powers) != 1:
                return None
            return _product(parts[0], Growth((1 / divisor.powers[0],)))
    exponent = constant_value(tree.args[1])
    if exponent is None or not exponent.is_integer() or not 0 <= exponent <= LONGEST:
        return None
    result = Growth((Fraction(1),))
    for _ in range(int(exponent)):
        result = _product(result, parts[0]) if result is not None else None
    return result


def _trimmed(powers: list[Fraction], wobbles: bool = False) -> Growth:
    while powers and powers[-1] == 0:
        powers.pop()
    return Growth(tuple(powers), wobbles)


def _sum(parts: list[Growth]) -> Growth:
    columns = itertools.zip_longest(*(part.powers for part in parts), fillvalue=Fraction(0))
    return _trimmed([sum(column, Fraction(0)) for column in columns], any(part.wobbles for part in parts))


def _product(a: Growth, b: Growth) -> Growth | None:
    """A product; a bounded part may be multiplied by constants alone, and a polynomial must not get too long."""
    wobbles = a.wobbles or b.wobbles
    if wobbles and (len(a.powers) > 1 or len(b.powers) > 1):
        return None
    if len(a.powers) + len(b.powers) > LONGEST + 2:
        return None
    powers = [Fraction(0)] * max(len(a.powers) + len(b.powers) - 1, 0)
    for (i, p), (j, q) in itertools.product(enumerate(a.powers), enumerate(b.powers)):
        powers[i + j] += p * q
    return _trimmed(powers, wobbles)


def bounded_below(expression: Expression) -> bool | None:
    """Whether a typed function is bounded below, as far as its bounds and straight lines tell; `None` if neither.

    Example:
        >>> from talweg.objective.typed.expression import Expression
        >>> bounded_below(Expression.parse("himmelblau")), bounded_below(Expression.parse("x^2 - y^2"))
        (True, False)
    """
    if bounds(expression.tree).lower > -math.inf:
        return True
    return False if falling_direction(expression.tree, expression.variables) else None

"""The real zeros of an expression of one variable in closed form: points, and periodic families of points.

SymPy is imported here, in the child process that `symbolic` starts; what is asked of it is in `calculus`.
"""

import dataclasses
from typing import Any

import sympy

LONGEST = 16


@dataclasses.dataclass(frozen=True)
class Solutions:
    """Solutions of ∇f = 0.

    Attributes:
        complete: whether these are all.
        points: each a tuple of coordinates.
        families: pairs (offset, period), for x = offset + period·k.
        curves: solutions that leave a coordinate free.
        reason: why there are none, where a component of the gradient is a constant.
    """

    complete: bool
    points: list[tuple] = dataclasses.field(default_factory=list)
    families: list[tuple] = dataclasses.field(default_factory=list)
    curves: list[list] = dataclasses.field(default_factory=list)
    reason: dict | None = None


def solutions_of_one(expression: Any, variable: Any) -> Solutions | None:
    """The real zeros of an expression of one variable; `None` where SymPy finds no closed form for any."""
    if expression.equals(0):
        return Solutions(complete=True, curves=[[variable]])
    above, below = sympy.fraction(sympy.together(expression))
    if above.is_polynomial(variable) and below.is_polynomial(variable):
        return _roots(above, below, variable)
    return _collected(sympy.solveset(expression, variable, sympy.S.Reals))


def _roots(above: Any, below: Any, variable: Any) -> Solutions:
    """The real roots of a polynomial that have a short closed form, factor by factor; `below` must not vanish."""
    if above.is_number:
        return Solutions(complete=True)
    points, complete = [], True
    polynomial = sympy.Poly(above, variable)
    for factor, _ in polynomial.factor_list()[1]:
        found = [root for root in sympy.roots(factor, filter="R") if sympy.count_ops(root) <= LONGEST]
        complete &= len(found) == factor.count_roots()
        points += [(sympy.radsimp(root),) for root in found if not below.subs(variable, root).equals(0)]
    return Solutions(complete=complete, points=sorted(points, key=lambda p: float(p[0])))


def _collected(found: Any) -> Solutions | None:
    """A set as SymPy gives it, taken apart; `None` where a part of it is not a point or a periodic family."""
    points: list[tuple] = []
    families: list[tuple] = []
    parts = list(found.args) if isinstance(found, sympy.Union) else [found]
    for part in parts:
        if isinstance(part, sympy.FiniteSet):
            points += [(value,) for value in part.args if value.is_real]
        elif isinstance(part, sympy.ImageSet):
            family = _periodic(part)
            if family is None:
                return None
            families.append(family)
        elif part != sympy.S.EmptySet:
            return None
    return Solutions(complete=True, points=points, families=_distinct(families))


def _periodic(part: Any) -> tuple | None:
    """The offset, nearest to 0, and the period of {a·n + b : n whole}."""
    (n,) = part.lamda.variables
    if part.base_sets != (sympy.S.Integers,):
        return None
    member = sympy.expand(part.lamda.expr)
    period, offset = member.coeff(n, 1), member.coeff(n, 0)
    if period.free_symbols or offset.free_symbols or period == 0 or not (member - period * n - offset).equals(0):
        return None
    period = abs(period)
    offset = sympy.simplify(offset - period * sympy.ceiling(offset / period - sympy.Rational(1, 2)))
    return offset, period


def _distinct(families: list[tuple]) -> list[tuple]:
    """Each family once, by its offset; two that are half a period apart stay two, since their kinds may differ."""
    return sorted(dict.fromkeys(families), key=lambda family: float(family[0]))

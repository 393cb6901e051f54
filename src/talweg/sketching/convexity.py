"""Whether a typed function is convex, by the rules of composition over its tree. Nothing is sampled.

Source: M. Grant, S. Boyd and Y. Ye, Disciplined convex programming, in: Global Optimization, Springer, 2006.
"""

import enum

from talweg.objective.typed.tree import Apply, Tree, Variable, constant_value
from talweg.sketching.bounds import bounds


class Curvature(enum.Flag):
    """What is known of a function's curvature; affine is both."""

    UNKNOWN = 0
    CONVEX = 1
    CONCAVE = 2
    AFFINE = 3


_INCREASING_CONVEX = {"exp", "relu", "softplus"}
_INCREASING_CONCAVE = {"log", "log2", "log10", "sqrt"}


def curvature(tree: Tree) -> Curvature:
    """What the rules of composition say; `UNKNOWN` does not mean that the function is neither.

    >>> from talweg.objective.typed.grammar import parse
    >>> curvature(parse("exp(x) + |y − 1| − log(z)")).name
    'CONVEX'
    """
    if constant_value(tree) is not None or isinstance(tree, Variable):
        return Curvature.AFFINE
    assert isinstance(tree, Apply)
    parts = [curvature(arg) for arg in tree.args]
    match tree.head:
        case "+":
            return _common(parts)
        case "neg":
            return _flipped(parts[0])
        case "*":
            return _scaled(tree.args)
        case "/":
            below = constant_value(tree.args[1])
            if below is None:
                return _power(tree.args[1], -1.0, constant_value(tree.args[0]))
            return parts[0] if below > 0 else _flipped(parts[0])
        case "^":
            exponent = constant_value(tree.args[1])
            return _exponential(tree) if exponent is None else _power(tree.args[0], exponent, 1.0)
        case "abs":
            return _convex_of(parts[0], bounds(tree.args[0]).lower >= 0, bounds(tree.args[0]).upper <= 0)
        case "max" if Curvature.CONVEX in _common(parts):
            return Curvature.CONVEX
        case "min" if Curvature.CONCAVE in _common(parts):
            return Curvature.CONCAVE
        case "hypot" | "cosh" if _common(parts) == Curvature.AFFINE:
            return Curvature.CONVEX
    if tree.head in _INCREASING_CONVEX and Curvature.CONVEX in parts[0]:
        return Curvature.CONVEX
    if tree.head in _INCREASING_CONCAVE and Curvature.CONCAVE in parts[0]:
        return Curvature.CONCAVE
    return Curvature.UNKNOWN


def _common(parts: list[Curvature]) -> Curvature:
    result = Curvature.AFFINE
    for part in parts:
        result &= part
    return result


def _flipped(part: Curvature) -> Curvature:
    return {Curvature.CONVEX: Curvature.CONCAVE, Curvature.CONCAVE: Curvature.CONVEX}.get(part, part)


def _convex_of(inner: Curvature, increasing: bool, decreasing: bool) -> Curvature:
    """A convex function of something, which must be affine unless the function is monotone there."""
    if inner == Curvature.AFFINE:
        return Curvature.CONVEX
    if (increasing and Curvature.CONVEX in inner) or (decreasing and Curvature.CONCAVE in inner):
        return Curvature.CONVEX
    return Curvature.UNKNOWN


def _scaled(factors: tuple[Tree, ...]) -> Curvature:
    """A product: at most one factor that is not a constant, or the same factor twice."""
    sign = 1.0
    others = []
    for factor in factors:
        value = constant_value(factor)
        if value is None:
            others.append(factor)
        else:
            sign *= value
    if sign == 0:
        return Curvature.AFFINE
    if len(set(others)) != 1:
        return Curvature.UNKNOWN
    return _power(others[0], float(len(others)), sign)


def _power(base: Tree, exponent: float, scale: float | None) -> Curvature:
    """A constant times a power of something."""
    inner, interval = curvature(base), bounds(base)
    if scale is None:
        return Curvature.UNKNOWN
    if exponent in (0.0, 1.0):
        part = inner if exponent else Curvature.AFFINE
    elif exponent.is_integer() and exponent > 0 and exponent % 2 == 0:
        part = _convex_of(inner, interval.lower >= 0, interval.upper <= 0)
    elif exponent > 1 and (interval.lower >= 0 or not exponent.is_integer()):
        part = _convex_of(inner, interval.lower >= 0, False)
    elif 0 < exponent < 1:
        part = Curvature.CONCAVE if Curvature.CONCAVE in inner else Curvature.UNKNOWN
    elif exponent < 0 and (interval.lower > 0 or not exponent.is_integer()):
        part = _convex_of(inner, False, True)
    else:
        part = Curvature.UNKNOWN
    return part if scale > 0 else _flipped(part)


def _exponential(tree: Apply) -> Curvature:
    """A constant above 1 raised to something grows with it; below 1 it falls."""
    base = constant_value(tree.args[0])
    if base is None or base <= 0:
        return Curvature.UNKNOWN
    return _convex_of(curvature(tree.args[1]), base >= 1, base <= 1)

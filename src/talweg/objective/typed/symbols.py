"""The door to SymPy: a tree as a SymPy expression, and back. SymPy is never given text."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from talweg.objective.typed.tree import Apply, Constant, Number, Tree, Variable, negate, number

if TYPE_CHECKING:
    import sympy

_SAME_NAME = (
    *("sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "exp", "log", "sqrt", "sign", "floor", "erf", "atan2"),
)
_BACK = {
    **{name: name for name in _SAME_NAME},
    "Abs": "abs",
    "Max": "max",
    "Min": "min",
    "ceiling": "ceil",
    "Heaviside": "heaviside",
}


class UnwritableError(Exception):
    """A SymPy expression that has no form in our grammar."""


def symbol(name: str) -> "sympy.Symbol":
    """The real symbol that stands for a variable."""
    import sympy

    return sympy.Symbol(name, real=True)


def to_sympy(tree: Tree) -> "sympy.Expr":
    """The SymPy expression of a tree, over real symbols; decimal numbers become exact fractions."""
    import sympy

    if isinstance(tree, Number):
        return sympy.Rational(tree.value.numerator, tree.value.denominator)
    if isinstance(tree, Constant):
        return {"pi": sympy.pi, "e": sympy.E, "tau": 2 * sympy.pi}[tree.name]
    if isinstance(tree, Variable):
        return symbol(tree.name)
    return _apply(tree.head, [to_sympy(arg) for arg in tree.args])


def _apply(head: str, args: list) -> Any:
    import sympy

    first = args[0]
    match head:
        case "neg":
            return -first
        case "+":
            return sympy.Add(*args)
        case "*":
            return sympy.Mul(*args)
        case "/":
            return first / args[1]
        case "^":
            return first ** args[1]
        case "cbrt":
            return sympy.sign(first) * sympy.Abs(first) ** sympy.Rational(1, 3)
        case "log2" | "log10":
            return sympy.log(first) / sympy.log(int(head[3:]))
        case "hypot":
            return sympy.sqrt(first**2 + args[1] ** 2)
        case "relu":
            return sympy.Max(first, 0)
        case "sigmoid":
            return 1 / (1 + sympy.exp(-first))
        case "softplus":
            return sympy.log(1 + sympy.exp(first))
        case "heaviside":
            return sympy.Heaviside(first, sympy.Rational(1, 2))
        case "abs" | "min" | "max":
            return {"abs": sympy.Abs, "min": sympy.Min, "max": sympy.Max}[head](*args)
        case "ceil":
            return sympy.ceiling(first)
    return getattr(sympy, head)(*args)


def from_sympy(expression: Any, decimals: bool = False) -> Tree:
    """The tree of a SymPy expression, in the order in which a person would write it.

    Args:
        expression: what SymPy found.
        decimals: write fractions as decimals where these end (0.2 in place of 1/5).

    Raises:
        UnwritableError: where it has parts that the grammar has not.
    """
    import sympy

    if expression.is_Symbol:
        return Variable(expression.name)
    if expression.is_Rational:
        return _rational(Fraction(int(expression.p), int(expression.q)), decimals)
    if expression.is_Float:
        return number(float(expression))
    if expression in (sympy.pi, sympy.E):
        return Constant("pi" if expression == sympy.pi else "e")
    if expression.is_Add:
        terms = [from_sympy(term, decimals) for term in expression.as_ordered_terms()]
        return Apply("+", tuple(terms))
    if expression.is_Mul:
        return _product(expression, decimals)
    if expression.is_Pow or isinstance(expression, sympy.exp):
        return _power(expression, decimals)
    name = type(expression).__name__
    if name not in _BACK or not expression.args:
        raise UnwritableError(name)
    args = expression.args[:1] if name == "Heaviside" else expression.args
    return Apply(_BACK[name], tuple(from_sympy(arg, decimals) for arg in args))


def _rational(value: Fraction, decimals: bool) -> Tree:
    if value < 0:
        return negate(_rational(-value, decimals))
    if value.denominator == 1:
        return Number(str(value.numerator))
    if decimals and 10**6 % value.denominator == 0:
        digits = f"{value.numerator * (10**6 // value.denominator):07d}"
        return Number(f"{digits[:-6]}.{digits[-6:]}".rstrip("0"))
    return Apply("/", (Number(str(value.numerator)), Number(str(value.denominator))))


def _product(expression: Any, decimals: bool) -> Tree:
    """A product as a fraction where it has negative powers: 2x/3, not ⅔·x."""
    import sympy

    coefficient, rest = expression.as_coeff_Mul()
    above: list[Tree] = []
    below: list[Tree] = []
    size = Fraction(int(abs(coefficient).p), int(abs(coefficient).q)) if coefficient.is_Rational else None
    if size is None:
        above.append(from_sympy(abs(coefficient), decimals))
    elif decimals and 10**6 % size.denominator == 0:
        above += [_rational(size, decimals)] if size != 1 else []
    else:
        above += [Number(str(size.numerator))] if size.numerator != 1 else []
        below += [Number(str(size.denominator))] if size.denominator != 1 else []
    for factor in rest.as_ordered_factors():
        base, exponent = factor.as_base_exp()
        if exponent.is_Rational and exponent < 0 and base != sympy.E:
            below.append(from_sympy(base**-exponent, decimals))
        else:
            above.append(from_sympy(factor, decimals))
    tree = _joined(above)
    if below:
        tree = Apply("/", (tree, _joined(below)))
    return negate(tree) if coefficient < 0 else tree


def _joined(factors: list[Tree]) -> Tree:
    if not factors:
        return Number("1")
    return Apply("*", tuple(factors)) if len(factors) > 1 else factors[0]


def _power(expression: Any, decimals: bool) -> Tree:
    import sympy

    base, exponent = expression.as_base_exp()
    if base == sympy.E and not exponent.is_number:
        return Apply("exp", (from_sympy(exponent, decimals),))
    if exponent.is_Rational and exponent < 0:
        return Apply("/", (Number("1"), from_sympy(base**-exponent, decimals)))
    if exponent == sympy.Rational(1, 2):
        return Apply("sqrt", (from_sympy(base, decimals),))
    return Apply("^", (from_sympy(base, decimals), from_sympy(exponent, decimals)))

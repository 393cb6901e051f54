"""How a function grows, by symbols: proofs that it is or is not bounded below, or convex. In the child process only."""

import itertools
from typing import Any

import sympy
from sympy.calculus.util import continuous_domain

from talweg.sketching.subject import SHORT, Finding, Subject

_WITH_POLES = (sympy.tan, sympy.cot, sympy.sec, sympy.csc)


def bounded(subject: Subject) -> Finding:
    """A proof that f is, or is not, bounded below; nothing where none of the tests decides."""
    if subject.function.is_polynomial(*subject.symbols):
        decided = _bounded_polynomial(subject)
        if decided is not None:
            return decided
    return _falling_path(subject) or {}


def _bounded_polynomial(subject: Subject) -> Finding | None:
    """Polynomials: the highest power of each variable outweighs the rest, or a leading form without zeros.

    That even powers outweigh mixed terms of lower weight is Young's inequality.
    """
    polynomial = sympy.Poly(subject.function, *subject.symbols)
    tops = {}
    for index in range(len(subject.symbols)):
        pure = [(m[index], c) for m, c in polynomial.terms() if sum(m) == m[index] and m[index] > 0]
        top, coefficient = max(pure, default=(0, sympy.S.Zero), key=lambda term: term[0])
        if top == 0 or top % 2 or not coefficient > 0:
            break
        tops[index] = top
    else:
        others = [m for m, _ in polynomial.terms() if m not in {_pure(i, t, len(m)) for i, t in tops.items()}]
        if all(sum(sympy.Rational(e, tops[i]) for i, e in enumerate(m)) < 1 for m in others):
            return {"bounded_below": True, "coercive": True, "reason": "highest"}
    return _leading_form(subject, polynomial)


def _pure(index: int, power: int, size: int) -> tuple:
    return tuple(power if i == index else 0 for i in range(size))


def _leading_form(subject: Subject, polynomial: Any) -> Finding | None:
    if len(subject.symbols) != 2:
        return None
    degree = polynomial.total_degree()
    x, y = subject.symbols
    form = sum(c * x ** m[0] * y ** m[1] for m, c in polynomial.terms() if sum(m) == degree)
    along = sympy.Poly(form.subs(x, 1), y) if form.subs(x, 1).free_symbols else None
    if degree % 2 or along is None or not form.subs({x: 0, y: 1}) > 0 or not form.subs({x: 1, y: 0}) > 0:
        return None
    return {"bounded_below": True, "coercive": True, "reason": "leading"} if along.count_roots() == 0 else None


def _falling_path(subject: Subject) -> Finding | None:
    """A straight line, or in one variable steps or a pole, along which f falls without end."""
    t = sympy.Symbol("t", positive=True)
    size = len(subject.symbols)
    steps = sorted(itertools.product((0, 1, -1), repeat=size), key=lambda d: sum(map(abs, d))) if size <= 4 else []
    # SymPy's limits at infinity are not to be trusted where there are endlessly many poles: tan(t) − t has none.
    for direction in [] if subject.function.has(*_WITH_POLES) else steps[1:]:
        path = subject.function.subs(subject.at([d * t for d in direction]), simultaneous=True)
        if path.is_real is not False and sympy.limit(path, t, sympy.oo) == -sympy.oo:
            short = sympy.expand(path) if path.is_polynomial(t) else path
            return {
                "bounded_below": False,
                "reason": "direction",
                "direction": list(direction),
                "path": subject.data(short) if sympy.count_ops(short) <= SHORT else None,
            }
    return (_falling_steps(subject) or _falling_pole(subject)) if size == 1 else None


def _falling_steps(subject: Subject) -> Finding | None:
    """Steps of 2π along which an oscillation falls without end."""
    k = sympy.Symbol("k", integer=True, positive=True)
    if subject.function.has(sympy.sin, sympy.cos):
        for quarter in range(4):
            start = sympy.pi * quarter / 2
            path = sympy.simplify(subject.function.subs(subject.symbols[0], start + 2 * sympy.pi * k))
            if sympy.limit(path, k, sympy.oo) == -sympy.oo:
                return {"bounded_below": False, "reason": "steps", "start": subject.data(start)}
    return None


def _falling_pole(subject: Subject) -> Finding | None:
    """A pole of tan and its like, next to which f falls without end."""
    if not subject.function.has(*_WITH_POLES):
        return None
    for place, side in itertools.product((sympy.S.Zero, sympy.pi / 2, sympy.pi), "+-"):
        if sympy.limit(subject.function, subject.symbols[0], place, side) == -sympy.oo:
            return {"bounded_below": False, "reason": "pole", "place": subject.data(place), "side": side}
    return None


def convex(subject: Subject) -> Finding:
    """Convexity, where the Hessian decides it over the whole space."""
    entries = [h for row in subject.hessian for h in row]
    if all(h.is_number for h in entries):
        matrix = sympy.Matrix(subject.hessian)
        return {"convex": bool(matrix.is_positive_semidefinite), "reason": "constant"}
    diagonal = all(subject.hessian[i][j] == 0 for i, j in itertools.permutations(range(len(subject.symbols)), 2))
    if not diagonal:
        return {}
    verdicts = [_never_negative(subject.hessian[i][i], s) for i, s in enumerate(subject.symbols)]
    if all(verdicts):
        return {"convex": True, "reason": "second"}
    return {}


def _never_negative(second: Any, variable: Any) -> bool:
    """Whether a second derivative is ≥ 0 and continuous on the whole line."""
    if second.is_number:
        return bool(second >= 0)
    if second.is_polynomial(variable):
        odd = [factor for factor, count in sympy.Poly(second, variable).factor_list()[1] if count % 2]
        return all(factor.count_roots() == 0 for factor in odd) and bool(second.subs(variable, 0) >= 0)
    whole = continuous_domain(second, variable, sympy.S.Reals) == sympy.S.Reals
    return bool(whole and sympy.factor(sympy.simplify(second)).is_nonnegative)

"""Curve sketching by symbols: what SymPy finds about a function. Runs in the child process that `symbolic` starts.

Input and output are plain data, one JSON object a line; each finding is written as soon as it is there, so that what
was found before the time limit is kept. A tree travels as `talweg.objective.tree.to_data` writes it. JAX is never
imported here.
"""

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy
from sympy.calculus.util import continuous_domain

from talweg.landscape.families import Solutions, solutions_of_one
from talweg.objective.symbols import UnwritableError, from_sympy, symbol, to_sympy
from talweg.objective.tree import Number, from_data, to_data, walk

Finding = dict[str, Any]

DIGITS = 30
SHORT = 12


class Subject:
    """A function under study: its expression, its symbols, and how its numbers are written."""

    def __init__(self, tree: list, variables: list[str]):
        read = from_data(tree)
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


def derivatives(subject: Subject) -> Finding:
    """The gradient and the Hessian, as trees."""
    return {
        "gradient": [subject.data(g) for g in subject.gradient],
        "hessian": [[subject.data(h) for h in row] for row in subject.hessian],
        "constant_hessian": all(h.is_number for row in subject.hessian for h in row),
    }


def stationary(subject: Subject) -> Finding:
    """Every solution of ∇f = 0 that has a closed form, and whether these are all."""
    if len(subject.symbols) == 1:
        found = solutions_of_one(subject.gradient[0], subject.symbols[0])
    else:
        found = _solutions_of_many(subject)
    if found is None:
        return {"complete": False, "points": [], "families": []}
    return {
        "complete": found.complete,
        "reason": found.reason,
        "points": [point for p in found.points if (point := _described(subject, p)) is not None],
        "families": [family for f in found.families if (family := _family(subject, f)) is not None],
        "curves": [[subject.data(c) for c in curve] for curve in found.curves],
    }


def _solutions_of_many(subject: Subject) -> Solutions | None:
    """Solutions in several variables: each for itself where the gradient separates, else of polynomials."""
    for index, g in enumerate(subject.gradient):
        if g.is_number and not g.equals(0):
            reason = {"component": index, "value": subject.data(g)}
            return Solutions(complete=True, reason=reason)
    pairs = list(zip(subject.gradient, subject.symbols, strict=True))
    if all(g.free_symbols == {s} for g, s in pairs):
        return _separate([solutions_of_one(g, s) for g, s in pairs])
    if not all(g.is_polynomial(*subject.symbols) for g in subject.gradient):
        return None
    solved = sympy.solve(subject.gradient, subject.symbols, dict=True)
    solutions = [[one.get(s, s) for s in subject.symbols] for one in solved]
    points = [p for p in solutions if not any(c.free_symbols for c in p)]
    curves = [p for p in solutions if any(c.free_symbols for c in p)]
    short = [p for p in points if all(sympy.count_ops(c) <= SHORT and not c.has(sympy.CRootOf) for c in p)]
    real = [p for p in short if all(plain(c) is not None for c in p)]
    return Solutions(complete=len(short) == len(points), points=[tuple(p) for p in real], curves=curves)


def _separate(parts: list[Solutions | None]) -> Solutions | None:
    """All combinations of the coordinates' own solutions; families only where one coordinate has them."""
    if any(part is None or part.curves for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if any(part.families for part in known):
        return None
    points = [
        tuple(p[0] for p in combined) for combined in itertools.product(*(part.points for part in known))
    ]
    return Solutions(complete=all(part.complete for part in known), points=points)


def _described(subject: Subject, point: tuple) -> Finding | None:
    """A stationary point: coordinates, value, eigenvalues and kind; `None` where f is not real there."""
    here = subject.at(list(point))
    value = subject.function.subs(here)
    floats = [plain(c) for c in point]
    if plain(value) is None or None in floats:
        return None
    value = sympy.nsimplify(value) if value.is_Float else sympy.radsimp(sympy.simplify(value))
    kind, order, eigenvalues = _kind(subject, here)
    return {
        "point": [subject.data(c) for c in point],
        "floats": floats,
        "value": subject.data(value),
        "value_float": plain(value),
        "kind": kind,
        "order": order,
        "eigenvalues": eigenvalues,
        "second": subject.data(sympy.simplify(subject.hessian[0][0].subs(here))) if len(point) == 1 else None,
    }


def sign(value: Any) -> int | None:
    """The sign of a real number: by its digits, and exactly where these say zero."""
    approximate = plain(value)
    if approximate is None:
        return None
    if abs(approximate) > 1e-20:
        return 1 if approximate > 0 else -1
    return 0 if sympy.simplify(value) == 0 else None


def _kind(subject: Subject, here: dict) -> tuple[str, int, list[float]]:
    """The second-derivative test; in one variable, the first derivative that does not vanish decides."""
    if len(subject.symbols) == 1:
        variable = subject.symbols[0]
        derivative = subject.hessian[0][0]
        second = plain(derivative.subs(here))
        for order in range(2, 9):
            found = sign(derivative.subs(here))
            if found is None:
                break
            if found:
                kind = "saddle" if order % 2 else ("minimum" if found > 0 else "maximum")
                return kind, order, [second or 0.0]
            derivative = sympy.diff(derivative, variable)
        return "undecided", 2, [second or 0.0]
    matrix = sympy.Matrix(subject.hessian).subs(here)
    values = [float(v) for v in np.linalg.eigvalsh(np.array(matrix.evalf(DIGITS).tolist(), float))]
    scale = max(1.0, *(abs(v) for v in values))
    signs = {0 if abs(v) < 1e-12 * scale else (1 if v > 0 else -1) for v in values}
    if {1, -1} <= signs:
        return "saddle", 2, values
    if 0 in signs:
        return "undecided", 2, values
    return ("minimum" if 1 in signs else "maximum"), 2, values


def _family(subject: Subject, family: tuple) -> Finding | None:
    """A family x = offset + period·k: its kind and value, where these are the same for every k."""
    offset, period = family
    variable = subject.symbols[0]
    k = sympy.Symbol("k", integer=True)
    member = offset + period * k
    second = sympy.simplify(subject.hessian[0][0].subs(variable, member))
    value = sympy.simplify(subject.function.subs(variable, member))
    first = _described(subject, (offset,))
    if first is None:
        return None
    same = not second.free_symbols
    return {
        "offset": subject.data(offset),
        "period": subject.data(period),
        "offset_float": plain(offset),
        "period_float": plain(period),
        "kind": first["kind"] if same else "undecided",
        "value": subject.data(value) if not value.free_symbols else None,
        "value_float": plain(value) if not value.free_symbols else None,
    }


def limits(subject: Subject) -> Finding:
    """The limits at −∞ and ∞ of a function of one variable, and whether it is continuous everywhere."""
    variable = subject.symbols[0]
    domain = continuous_domain(subject.function, variable, sympy.S.Reals)
    result: Finding = {"continuous": bool(domain == sympy.S.Reals), "limits": [], "poles": []}
    for end in (-sympy.oo, sympy.oo):
        inside = domain.sup if end == sympy.oo else domain.inf
        limit = sympy.limit(subject.function, variable, end) if inside == end else None
        result["limits"].append(limit_data(subject, limit))
    if domain != sympy.S.Reals:
        result["poles"] = list(_poles(subject, domain))
    return result


def limit_data(subject: Subject, limit: Any) -> Finding | None:
    """A limit: infinite, finite, an interval that the function keeps moving in, or `None` where none is known."""
    if limit is None or limit.has(sympy.Limit, sympy.nan, sympy.zoo):
        return None
    if isinstance(limit, sympy.AccumBounds):
        if not all(end.is_finite for end in limit.args):
            return None
        ends = [str(float(end)) for end in limit.args]
        return {"between": ends, "texts": [subject.data(end) for end in limit.args]}
    if limit.is_infinite:
        return {"value": str(float(limit))} if limit in (sympy.oo, -sympy.oo) else None
    value = plain(limit)
    return None if value is None else {"value": str(value), "text": subject.data(sympy.simplify(limit))}


def _poles(subject: Subject, domain: Any) -> Iterator[Finding]:
    """The limits from each side at the finite ends of the domain."""
    variable = subject.symbols[0]
    parts = domain.args if isinstance(domain, sympy.Union) else [domain]
    for part in parts:
        if not isinstance(part, sympy.Interval):
            raise ValueError("a domain that is not made of intervals")
        for end, side in ((part.inf, "+"), (part.sup, "-")):
            if end.is_finite:
                limit = sympy.limit(subject.function, variable, end, side)
                yield {
                    "at": subject.data(end),
                    "at_float": plain(end),
                    "side": side,
                    "limit": limit_data(subject, limit),
                }


def bounded(subject: Subject) -> Finding:
    """A proof that f is, or is not, bounded below; nothing where none of the tests decides."""
    if subject.function.is_polynomial(*subject.symbols):
        decided = _bounded_polynomial(subject)
        if decided is not None:
            return decided
    return _falling_path(subject) or {}


def _bounded_polynomial(subject: Subject) -> Finding | None:
    """Polynomials: a positive highest power of each variable that outweighs all others (Young's inequality), or a
    leading form of two variables without zeros."""
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
    return (
        {"bounded_below": True, "coercive": True, "reason": "leading"} if along.count_roots() == 0 else None
    )


def _falling_path(subject: Subject) -> Finding | None:
    """A straight line, or one's steps of 2π, along which f falls without end."""
    t = sympy.Symbol("t", positive=True)
    k = sympy.Symbol("k", integer=True, positive=True)
    size = len(subject.symbols)
    steps = (
        sorted(itertools.product((0, 1, -1), repeat=size), key=lambda d: sum(map(abs, d)))
        if size <= 4
        else []
    )
    for direction in steps[1:]:
        path = subject.function.subs(subject.at([d * t for d in direction]), simultaneous=True)
        if path.is_real is not False and sympy.limit(path, t, sympy.oo) == -sympy.oo:
            short = sympy.expand(path) if path.is_polynomial(t) else path
            return {
                "bounded_below": False,
                "reason": "direction",
                "direction": list(direction),
                "path": subject.data(short) if sympy.count_ops(short) <= SHORT else None,
            }
    if size == 1 and subject.function.has(sympy.sin, sympy.cos):
        for quarter in range(4):
            start = sympy.pi * quarter / 2
            path = sympy.simplify(subject.function.subs(subject.symbols[0], start + 2 * sympy.pi * k))
            if sympy.limit(path, k, sympy.oo) == -sympy.oo:
                return {"bounded_below": False, "reason": "steps", "start": subject.data(start)}
    return None


def convex(subject: Subject) -> Finding:
    """Convexity, where the Hessian decides it over the whole space."""
    entries = [h for row in subject.hessian for h in row]
    if all(h.is_number for h in entries):
        matrix = sympy.Matrix(subject.hessian)
        return {"convex": bool(matrix.is_positive_semidefinite), "reason": "constant"}
    diagonal = all(
        subject.hessian[i][j] == 0 for i, j in itertools.permutations(range(len(subject.symbols)), 2)
    )
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


def studies(size: int) -> dict[str, Callable[[Subject], Finding]]:
    """What is studied, the cheapest and most useful first."""
    one = {"limits": limits} if size == 1 else {}
    return {"derivatives": derivatives, "stationary": stationary, **one, "convex": convex, "bounded": bounded}


def main() -> None:
    """Reads one question from the standard input; writes one line of findings for each study."""
    print(json.dumps({"study": "ready", "finding": {}}), flush=True)
    question = json.loads(sys.stdin.readline())
    subject = Subject(question["tree"], question["variables"])
    for name, study in studies(len(subject.symbols)).items():
        try:
            finding = study(subject)
        except (
            Exception
        ) as error:  # SymPy raises many kinds where it finds no way; each only costs this study
            finding = {"failed": type(error).__name__}
        print(json.dumps({"study": name, "finding": finding}), flush=True)
    print(json.dumps({"study": "end", "finding": {}}), flush=True)


if __name__ == "__main__":
    main()

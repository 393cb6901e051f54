"""Curve sketching by symbols: what SymPy finds about a function. Runs in the child process of `symbolic`.

Input and output are plain data, one JSON object a line; each finding is written as soon as it is there, so that
what was found before the time limit is kept. A tree travels as `talweg.objective.typed.tree.to_data` writes it. JAX is
never imported here.
"""

import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy
from sympy.calculus.util import continuous_domain

from talweg.sketching import growth
from talweg.sketching.families import Solutions, solutions_of_one
from talweg.sketching.subject import DIGITS, SHORT, Finding, Subject, plain, sign

MOST_MEMBERS = 50


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
        "families": _families(subject, found.families),
        "curves": [_curve(subject, curve) for curve in found.curves],
    }


def _curve(subject: Subject, curve: list) -> Finding:
    """Solutions that leave a coordinate free, and the value that f has on all of them."""
    value = sympy.simplify(subject.function.subs(subject.at(curve), simultaneous=True))
    known = None if value.free_symbols else value
    return {
        "point": [subject.data(c) for c in curve],
        "value": None if known is None else subject.data(known),
        "value_float": None if known is None else plain(known),
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
    points = [tuple(p[0] for p in combined) for combined in itertools.product(*(part.points for part in known))]
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


def _families(subject: Subject, pairs: list[tuple[Any, Any]]) -> list[Finding]:
    """The families x = offset + period·k, two that interleave at the same height and of one kind made one."""
    seen = [(pair, *_every_member(subject, *pair)) for pair in pairs]
    merged: list[tuple[tuple[Any, Any], str | None, Any]] = []
    for (offset, period), kind, value in seen:
        for index, ((other, wide), same_kind, same_value) in enumerate(merged):
            alike = (kind, value, period) == (same_kind, same_value, wide) and value is not None
            if alike and sympy.simplify(abs(offset - other) - period / 2) == 0:
                nearest = min((offset, other), key=lambda o: (abs(plain(o) or 0.0), -(plain(o) or 0.0)))
                merged[index] = ((nearest, period / 2), kind, value)
                break
        else:
            merged.append(((offset, period), kind, value))
    return [_family(subject, o, p, kind, value) for (o, p), kind, value in merged if kind is not None]


def _every_member(subject: Subject, offset: Any, period: Any) -> tuple[str | None, Any]:
    """The kind and the value that all members share; no kind where f is not real, no value where it differs."""
    variable = subject.symbols[0]
    member = offset + period * sympy.Symbol("k", integer=True)
    first = _described(subject, (offset,))
    if first is None:
        return None, None
    second = sympy.simplify(subject.hessian[0][0].subs(variable, member))
    value = sympy.simplify(subject.function.subs(variable, member))
    kind = first["kind"] if not second.free_symbols else _kind_by_sign(second)
    return kind, None if value.free_symbols else value


def _kind_by_sign(second: Any) -> str:
    """The kind of all members where their second derivatives differ, as far as these have one sign."""
    return "maximum" if second.is_negative else "minimum" if second.is_positive else "undecided"


def _family(subject: Subject, offset: Any, period: Any, kind: str, value: Any) -> Finding:
    members = []
    low, high = subject.window[0]
    start, step = plain(offset), plain(period)
    if start is not None and step is not None and (high - low) / step <= MOST_MEMBERS:
        for k in range(math.ceil((low - start) / step), math.floor((high - start) / step) + 1):
            place = sympy.simplify(offset + k * period)
            members.append({"point": subject.data(place), "float": plain(place)})
    return {
        "offset": subject.data(offset),
        "period": subject.data(period),
        "kind": kind,
        "value": None if value is None else subject.data(value),
        "value_float": None if value is None else plain(value),
        "members": members,
    }


def limits(subject: Subject) -> Finding:
    """The limits at −∞ and ∞ of a function of one variable, and whether it is continuous everywhere."""
    variable = subject.symbols[0]
    domain = continuous_domain(subject.function, variable, sympy.S.Reals)
    result: Finding = {"continuous": bool(domain == sympy.S.Reals), "limits": [], "poles": []}
    for end in (-sympy.oo, sympy.oo):
        inside = domain.sup if end == sympy.oo else domain.inf
        limit = sympy.limit(subject.function, variable, end) if inside == end else None
        result["limits"].append(limit_data(subject, limit) if inside == end else {"outside": True})
    if domain != sympy.S.Reals:
        result["poles"] = list(_poles(subject, domain))
    return result


def limit_data(subject: Subject, limit: Any) -> Finding | None:
    """A limit: infinite, finite, an interval that f keeps moving in, or `None` where none is known."""
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


def studies(size: int) -> dict[str, Callable[[Subject], Finding]]:
    """What is studied, the cheapest and most useful first."""
    one = {"limits": limits} if size == 1 else {}
    return {
        "derivatives": derivatives,
        "stationary": stationary,
        **one,
        "convex": growth.convex,
        "bounded": growth.bounded,
    }


def findings(question: dict[str, Any]) -> Iterator[tuple[str, Finding]]:
    """The finding of each study in turn; one that failed says so.

    Args:
        question: the function as plain data (`tree`), its `variables`, and the `window` for members of families.
    """
    subject = Subject(question["tree"], question["variables"], question["window"])
    for name, study in studies(len(subject.symbols)).items():
        try:
            yield name, study(subject)
        except Exception as error:  # SymPy raises many kinds where it finds no way; each only costs this study
            yield name, {"failed": type(error).__name__}
    yield "end", {}


def main() -> None:
    """Reads one question from the standard input; writes one line for each study."""
    print(json.dumps({"study": "ready", "finding": {}}), flush=True)
    for name, finding in findings(json.loads(sys.stdin.readline())):
        print(json.dumps({"study": name, "finding": finding}), flush=True)


if __name__ == "__main__":
    main()

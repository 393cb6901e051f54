"""A sketch as lines of reasoning, as a person would write them on a blackboard. Nothing is found out here."""

import collections

from talweg.sketching import writing
from talweg.sketching.places import Family, StationaryPoint
from talweg.sketching.sketch import Sketch
from talweg.sketching.writing import Sentence, Written

MOST_POINTS = 16


def lines(sketch: Sketch) -> list[Sentence]:
    """The lines, in the order in which one would find them."""
    return [
        _function(sketch),
        *_derivative(sketch),
        *_stationary(sketch),
        *_limits(sketch),
        *_verdicts(sketch),
        *(Sentence.of("Note: ", *note.parts, ".") for note in sketch.notes),
    ]


def _f(sketch: Sketch, mark: str = "") -> Written:
    """f(x, y), or f′(x)."""
    names = writing.names(sketch.variables)
    tex = mark.replace("″", "''").replace("′", "'")
    return Written(f"f{mark}({names.text})", f"f{tex}({names.latex})")


def _function(sketch: Sketch) -> Sentence:
    expression = sketch.expression
    line = _f(sketch) + " = " + Written(expression.pretty(), expression.latex())
    known = expression.known
    return Sentence.of(line, f"  ({known.name}: {known.about})") if known else Sentence.of(line)


def _derivative(sketch: Sketch) -> list[Sentence]:
    if not sketch.gradient:
        return [Sentence.of("The derivative has no short form here; it was computed by automatic differentiation.")]
    if len(sketch.variables) == 1:
        found = [Sentence.of(_f(sketch, "′") + " = " + sketch.gradient[0])]
        return [*found, Sentence.of(_f(sketch, "″") + " = " + sketch.hessian[0][0])] if sketch.hessian else found
    gradient = Written("∇" + _f(sketch).text, r"\nabla " + _f(sketch).latex) + " = " + writing.row(sketch.gradient)
    return [Sentence.of("gradient ", gradient)]


def _zero(sketch: Sketch) -> Written:
    """f′(x) = 0, or ∇f = 0."""
    if len(sketch.variables) == 1:
        return _f(sketch, "′") + " = 0"
    return Written("∇f = 0", r"\nabla f = 0")


def _stationary(sketch: Sketch) -> list[Sentence]:
    points, families = sketch.stationary_points, sketch.families
    if not points and not families:
        return [_none(sketch)]
    found = [_family(sketch, family) for family in families]
    listed = [point for point in points if not point.in_family]
    counts = collections.Counter(point.kind for point in points)
    if len(listed) > MOST_POINTS:
        listed = sorted(listed, key=lambda p: (p.kind != "minimum", p.value))[:MOST_POINTS]
        said = ", ".join(f"{count} {_noun(sketch, kind, count)}" for kind, count in sorted(counts.items()))
        known = "" if sketch.all_found else " that were found"
        found.append(Sentence.of(_zero(sketch), f" at {len(points)} points{known}: {said}. The first of them:"))
    return [*found, *(_point(sketch, point) for point in listed)]


def _none(sketch: Sketch) -> Sentence:
    if sketch.why_none:
        return Sentence.of(_zero(sketch), " has no solution, since ", *sketch.why_none.parts, ": no stationary point")
    if sketch.all_found:
        return Sentence.of(_zero(sketch), " has no real solution: no stationary point")
    return Sentence.of("no stationary point was found")


def _noun(sketch: Sketch, kind: str, count: int = 1) -> str:
    """The word for a kind; in one variable a saddle is an inflection point."""
    one = len(sketch.variables) == 1
    words = {
        "minimum": ("minimum", "minima"),
        "maximum": ("maximum", "maxima"),
        "saddle": ("inflection point with a horizontal tangent", "inflection points") if one else ("saddle", "saddles"),
        "undecided": ("point that the test does not decide", "points that the test does not decide"),
    }
    return words[kind][count != 1]


def _point(sketch: Sketch, point: StationaryPoint) -> Sentence:
    equals = writing.relation("=" if point.exact else "≈")
    place = writing.row([writing.names([name]) for name in sketch.variables]) + equals + writing.row(point.coordinates)
    value = (_at(point) if point.exact else Written("f", "f")) + equals + point.height
    if not point.smooth:
        return Sentence.of(f"{_noun(sketch, point.kind)} at a corner, where f has no derivative: ", place, ", ", value)
    article = "an" if _noun(sketch, point.kind)[0] in "aeiou" else "a"
    end = f": {article} {_noun(sketch, point.kind)}, "
    residual: list[str | Written] = []
    if not point.exact and point.residual is not None:
        residual = [" (residual ", _rounded(point.residual), ")"]
    return Sentence.of(_zero(sketch), " at ", place, "; ", *point.reason.parts, end, value, *residual)


def _at(point: StationaryPoint) -> Written:
    """The function at a point: f(−1)."""
    text = ", ".join(c.text for c in point.coordinates)
    return Written(f"f({text})", rf"f\left({', '.join(c.latex for c in point.coordinates)}\right)")


def _rounded(residual: float) -> Written:
    """One digit is enough to see that it is only rounding."""
    return writing.value(float(f"{residual:.0e}"))


def _family(sketch: Sketch, family: Family) -> Sentence:
    value: list[str | Written] = []
    if family.height is not None:
        value = [", ", Written("f = ", "f = ") + family.height]
    flat = family.kind == "undecided" and not family.exact and len(sketch.variables) == 1
    what = "f is constant there" if flat else _noun(sketch, family.kind, 2)
    return Sentence.of(_zero(sketch), " at ", *family.place.parts, f": {what}", *value)


def _limits(sketch: Sketch) -> list[Sentence]:
    seen = dict.fromkeys(limit.sentence for limit in sketch.limits)
    return [Sentence.of(line) for line in seen]


def _verdicts(sketch: Sketch) -> list[Sentence]:
    found = []
    words = {True: "f is bounded below", False: "f is not bounded below"}
    if sketch.bounded.holds is not None:
        found.append(Sentence.of(words[sketch.bounded.holds], ": ", *sketch.bounded.reason.parts))
    else:
        found.append(Sentence.of("whether f is bounded below could not be decided"))
    words = {True: "f is convex", False: "f is not convex"}
    if sketch.convexity.holds is not None:
        found.append(Sentence.of(words[sketch.convexity.holds], ": ", *sketch.convexity.reason.parts))
    else:
        found.append(Sentence.of("whether f is convex could not be decided"))
    if sketch.range is not None:
        found.append(Sentence.of("f takes exactly the values in ", sketch.range.written))
    return found

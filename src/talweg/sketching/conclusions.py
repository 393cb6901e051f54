"""What follows from derivatives, limits and stationary points: boundedness, convexity, range. Each with its reason.

Nothing is concluded from samples, except that a function is not convex, for which one chord below it is enough.
"""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.tree import constant_value, from_data
from talweg.sketching import writing
from talweg.sketching.bounds import bounds
from talweg.sketching.convexity import Curvature, curvature
from talweg.sketching.rays import falling_direction
from talweg.sketching.sampling import heights
from talweg.sketching.smoothness import is_smooth
from talweg.sketching.stationary import Window
from talweg.sketching.symbolic import Findings
from talweg.sketching.writing import Sentence, Written

if TYPE_CHECKING:
    from talweg.sketching.places import Places

CHORDS = 2048


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A property: whether it holds, `None` where that could not be decided, and why."""

    holds: bool | None
    reason: Sentence


UNDECIDED = Verdict(None, Sentence(()))


@dataclasses.dataclass(frozen=True)
class Limit:
    """A limit of a function of one variable.

    Attributes:
        at: where; an infinity, or an end of the domain.
        side: ``"-"`` from below, ``"+"`` from above; empty at an infinity.
        lower: the limit; where f has none, the lower end of the values that it keeps coming back to.
        upper: the same from above; equal to `lower` where there is a limit.
        place: where, as written.
        height: the limit as written.
        name: the variable as written.
    """

    at: float
    side: str
    lower: float
    upper: float
    place: Written
    height: Written
    name: Written

    @property
    def is_pole(self) -> bool:
        """Whether it is taken at an end of the domain, not at an infinity."""
        return bool(self.side)

    @property
    def sentence(self) -> Written:
        """The limit in a line."""
        to, f = writing.relation("→"), Written("f(", "f(") + self.name + ")"
        end = self.place if not self.side else self.place + Written("⁺⁻"[self.side == "-"], f"^{self.side}")
        if self.lower != self.upper:
            return f + Written(" stays between ", r" \text{ stays between } ") + self.height
        return f + to + self.height + Written(" as ", r" \text{ as } ") + self.name + to + end

    def to_dict(self) -> dict[str, Any]:
        """The limit as plain data; infinite numbers as text only."""
        return {"at": self.place.text + {"-": "⁻", "+": "⁺", "": ""}[self.side], "limit": self.height.text}


@dataclasses.dataclass(frozen=True)
class Range:
    """The interval of the values that a function takes.

    Attributes:
        lower: its lower end, −∞ where there is none.
        upper: its upper end.
        lower_taken: whether f takes the lower end.
        upper_taken: whether f takes the upper end.
        written: the interval as written.
        lowest: its lower end as written.
    """

    lower: float
    upper: float
    lower_taken: bool
    upper_taken: bool
    written: Written
    lowest: Written

    def to_dict(self) -> dict[str, Any]:
        """The interval as plain data; an infinite end is `None`."""
        return {
            "lower": self.lower if math.isfinite(self.lower) else None,
            "upper": self.upper if math.isfinite(self.upper) else None,
            "lower_taken": self.lower_taken,
            "upper_taken": self.upper_taken,
            "text": self.written.text,
        }


def limits(finding: dict[str, Any], variables: tuple[str, ...]) -> tuple[Limit, ...]:
    """The limits that symbols found, from left to right at the infinities, then at the ends of the domain."""
    found, name = [], writing.names(variables)
    for at, data in zip((-math.inf, math.inf), finding.get("limits", []), strict=False):
        if data and "outside" not in data:
            found.append(_limit(at, "", writing.value(at), data, name))
    for pole in finding.get("poles", []):
        place = writing.data(pole["at"]) or writing.value(pole["at_float"])
        if pole["limit"]:
            found.append(_limit(pole["at_float"], pole["side"], place, pole["limit"], name))
    return tuple(found)


def _limit(at: float, side: str, place: Written, data: dict[str, Any], name: Written) -> Limit:
    if "between" in data:
        low, high = map(float, data["between"])
        texts = [writing.data(t) or writing.value(v) for t, v in zip(data["texts"], (low, high), strict=True)]
        return Limit(at, side, low, high, place, texts[0] + Written(" and ", r" \text{ and } ") + texts[1], name)
    value = float(data["value"])
    return Limit(at, side, value, value, place, writing.data(data.get("text")) or writing.value(value), name)


def boundedness(
    expression: Expression, findings: Findings, found: tuple[Limit, ...], places: "Places", convexity: Verdict
) -> Verdict:
    """Whether f is bounded below."""
    for limit in found:
        if limit.lower == -math.inf:
            return Verdict(False, Sentence.of(limit.sentence))
    proof = findings["bounded"]
    if proof.get("bounded_below") is False:
        return Verdict(False, _falling(proof, expression))
    direction = falling_direction(expression.tree, expression.variables)
    if direction is not None:
        return Verdict(False, _falling({"reason": "direction", "direction": direction}, expression))
    lower = bounds(expression.tree).lower
    if lower > -math.inf:
        f = Written("f", "f") + writing.relation("≥") + writing.value(float(lower))
        return Verdict(True, Sentence.of(f, " everywhere, by the bounds of its parts"))
    if proof.get("bounded_below"):
        words = {
            "highest": "its highest powers are even, positive, and outweigh all other terms",
            "leading": "its terms of the highest degree together are positive in every direction",
        }
        return Verdict(True, Sentence.of(words[proof["reason"]]))
    if convexity.holds and (places.points or places.families):
        return Verdict(True, Sentence.of("it is convex and has a stationary point, which is its lowest"))
    if _all_ends_known(findings["limits"]):
        return Verdict(True, Sentence.of("it is continuous, and falls without end nowhere at the ends of its domain"))
    return UNDECIDED


def _all_ends_known(finding: dict[str, Any]) -> bool:
    """Whether the limit at every end of the domain of a function of one variable was found."""
    ends = [*finding.get("limits", []), *(pole["limit"] for pole in finding.get("poles", []))]
    return bool(ends) and None not in ends


def _falling(proof: dict[str, Any], expression: Expression) -> Sentence:
    """The path along which f falls without end."""
    down, name = writing.relation("→") + writing.value(-math.inf), writing.names(expression.variables)
    if proof["reason"] == "steps":
        start = writing.data(proof["start"])
        assert start is not None
        path = name + " = " + start + Written(" + 2πk", r" + 2 \pi k")
        ever = Written("k", "k") + writing.relation("→") + writing.value(math.inf)
        return Sentence.of("at ", path, " it falls without end: ", Written("f", "f") + down, " as ", ever)
    if proof["reason"] == "pole":
        place = writing.data(proof["place"])
        assert place is not None
        at = Limit(0.0, proof["side"], -math.inf, -math.inf, place, writing.value(-math.inf), name)
        return Sentence.of(at.sentence)
    direction = [float(d) for d in proof["direction"]]
    if len(direction) == 1:
        end = math.copysign(math.inf, direction[0])
        limit = Limit(end, "", -math.inf, -math.inf, writing.value(end), writing.value(-math.inf), name)
        return Sentence.of(limit.sentence)
    along = writing.row([writing.value(d) for d in direction])
    walked = [Written({1.0: "t", -1.0: "−t"}.get(d, "0"), {1.0: "t", -1.0: "-t"}.get(d, "0")) for d in direction]
    inside = Written(", ".join(w.text for w in walked), ", ".join(w.latex for w in walked))
    f = Written(f"f({inside.text})", rf"f\left({inside.latex}\right)")
    formula = writing.data(proof.get("path"))
    if formula is not None:
        f = f + " = " + formula
    return Sentence.of("along ", along, ", ", f + down)


def convexity(
    expression: Expression,
    findings: Findings,
    places: "Places",
    searched: Window,
    hessian: tuple[tuple[Written, ...], ...],
) -> Verdict:
    """Whether f is convex: by its Hessian, by rules of composition; or not, by a chord that runs below it."""
    proof = findings["convex"]
    if proof.get("convex") is True:
        return Verdict(True, _convex_reason(proof["reason"], expression, places, hessian))
    if _second_never_negative(expression, findings["derivatives"]):
        return Verdict(True, _convex_reason("second", expression, places, hessian))
    if Curvature.CONVEX in curvature(expression.tree):
        return Verdict(True, Sentence.of("it is put together from convex parts in ways that keep convexity"))
    for point in sorted(places.points, key=lambda p: math.hypot(*p.point)):
        if point.eigenvalues is not None and point.exact and point.eigenvalues[0] < -1e-9 and point.smooth:
            at = writing.row([writing.names([name]) for name in expression.variables]) + " = "
            what = "its second derivative" if expression.size == 1 else "an eigenvalue of its Hessian"
            return Verdict(False, Sentence.of(f"{what} is negative at ", at + writing.row(point.coordinates)))
    return _chord(expression, searched)


def _second_never_negative(expression: Expression, finding: dict[str, Any]) -> bool:
    """Whether the bounds of the second derivatives show it, without mixed ones, for a function without holes."""
    rows = finding.get("hessian", [])
    if not rows or not is_smooth(expression.tree) or any(None in row for row in rows):
        return False
    trees = [[from_data(entry) for entry in row] for row in rows]
    diagonal = all(constant_value(h) == 0 for i, row in enumerate(trees) for j, h in enumerate(row) if i != j)
    return diagonal and all(bounds(row[i]).lower >= 0 for i, row in enumerate(trees))


def _convex_reason(
    reason: str, expression: Expression, places: "Places", hessian: tuple[tuple[Written, ...], ...]
) -> Sentence:
    if expression.size == 1 and hessian:
        f = Written("f″(", "f''(") + writing.names(expression.variables) + ") = "
        second = f + hessian[0][0] + writing.relation("≥") + "0"
        return Sentence.of(second, " everywhere")
    if reason == "constant":
        return Sentence.of("its Hessian is the same everywhere and has no negative eigenvalue")
    return Sentence.of("its second derivatives are nowhere negative, and the mixed ones are 0")


def _chord(expression: Expression, searched: Window) -> Verdict:
    """Looks for two points between which f rises above its chord at the middle; random, but always the same."""
    low, high = np.array(searched).T
    ends = low + np.random.default_rng(0).random((2, CHORDS, len(low))) * (high - low)
    points = np.concatenate([ends[0], ends[1], ends.mean(0)])
    a, b, middle = heights(expression, points).reshape(3, -1)
    with np.errstate(invalid="ignore"):
        above = middle - (a + b) / 2
        noise = 1e-9 * (np.abs(a) + np.abs(b) + np.abs(middle))
        violated = np.flatnonzero(np.isfinite(above) & (above > noise))
    if not len(violated):
        return UNDECIDED
    worst = violated[np.argmax(above[violated] / noise[violated])]
    shown = [writing.row([writing.value(float(f"{c:.2g}")) for c in end[worst]]) for end in ends]
    return Verdict(False, Sentence.of("between ", shown[0], " and ", shown[1], " it rises above the chord"))


def range_of(
    expression: Expression, findings: Findings, found: tuple[Limit, ...], places: "Places", convexity: Verdict
) -> Range | None:
    """The values that f takes, where all stationary points, and all that happens far away, are known."""
    heights = [(p.value, p.height) for p in places.points]
    known = [(f.value, f.height) for f in places.families if f.value is not None and f.height is not None]
    smooth = is_smooth(expression.tree)
    if not (smooth and places.all_found) or len(known) < len(places.families):
        return None
    taken = [*heights, *known]
    if expression.size == 1:
        ends = [limit for limit in found if not limit.is_pole]
        if len(ends) != 2 or any(limit.lower != limit.upper and not known for limit in ends):
            return None
        return _interval(taken, [(e.lower, e.height) for e in ends if e.lower == e.upper])
    coercive = findings["bounded"].get("coercive") or convexity.holds
    if coercive and taken:
        return _interval(taken, [(math.inf, writing.value(math.inf))])
    return None


def _interval(taken: list[tuple[float, Written]], approached: list[tuple[float, Written]]) -> Range | None:
    """From the lowest to the highest of the values taken and approached."""
    both = [*taken, *approached]
    if not both:
        return None
    lower, upper = min(both, key=lambda v: v[0]), max(both, key=lambda v: v[0])
    at_lower, at_upper = (any(v[0] == end[0] for v in taken) for end in (lower, upper))
    left, right = "[" if at_lower else "(", "]" if at_upper else ")"
    written = writing.interval(lower[1], upper[1], left, right)
    if lower[0] == upper[0]:
        written = Written("{", r"\{") + lower[1] + Written("}", r"\}")
    return Range(lower[0], upper[0], at_lower, at_upper, written, lower[1])

"""Stationary points and families of them: what symbols and numbers found, matched with one another."""

import dataclasses
import math
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.objective.typed.expression import Expression
from talweg.objective.typed.tree import constant_value, from_data
from talweg.sketching import writing
from talweg.sketching.bounds import bounds
from talweg.sketching.conclusions import Verdict
from talweg.sketching.kinds import is_level, is_saddle_nearby, second_derivative_test
from talweg.sketching.levenberg import derivatives
from talweg.sketching.smoothness import is_smooth
from talweg.sketching.stationary import Stationary, Window
from talweg.sketching.writing import Sentence, Written

ZERO = 1e-12


@dataclasses.dataclass(frozen=True)
class StationaryPoint:
    """A point at which the gradient vanishes, or an extremum at a corner.

    Attributes:
        point: its coordinates.
        value: the function there.
        kind: ``"minimum"``, ``"maximum"``, ``"saddle"`` (in one variable: an inflection point with a horizontal
            tangent) or ``"undecided"``.
        exact: whether the place was found in closed form.
        residual: the length of the gradient, in float64, that is left there; `None` at a corner.
        eigenvalues: those of the Hessian, increasing; in one variable the second derivative; `None` at a corner,
            and where there is no second derivative.
        smooth: false at a corner.
        coordinates: the place as written; closed forms where exact.
        height: the value as written.
        reason: how the kind was decided.
        in_family: whether it is one of a periodic family.
    """

    point: tuple[float, ...]
    value: float
    kind: str
    exact: bool
    residual: float | None
    eigenvalues: tuple[float, ...] | None
    smooth: bool
    coordinates: tuple[Written, ...]
    height: Written
    reason: Sentence
    in_family: bool = False

    @property
    def text(self) -> str:
        """The place as written, in Unicode."""
        return writing.row(self.coordinates).text

    def to_dict(self) -> dict[str, Any]:
        """The point as plain data."""
        return {
            "point": list(self.point),
            "point_text": [c.text for c in self.coordinates],
            "value": self.value,
            "value_text": self.height.text,
            "kind": self.kind,
            "exact": self.exact,
            "residual": self.residual,
            "eigenvalues": list(self.eigenvalues) if self.eigenvalues is not None else None,
            "smooth": self.smooth,
            "reason": self.reason.text,
        }


@dataclasses.dataclass(frozen=True)
class Family:
    """Endlessly many stationary points: x = π/2 + 2πk, a curve, a flat part.

    Attributes:
        place: which points, such as ``x = π/2 + 2πk``.
        kind: as for a point.
        value: the function there; `None` where it differs from member to member or is not known.
        height: the value as written.
        exact: whether it was found in closed form.
        period: the distance of neighbors in a periodic family; else `None`.
    """

    place: Sentence
    kind: str
    value: float | None
    height: Written | None
    exact: bool
    period: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The family as plain data."""
        return {
            "text": self.place.text,
            "kind": self.kind,
            "value": self.value,
            "value_text": self.height.text if self.height else None,
            "exact": self.exact,
            "period": self.period,
        }


@dataclasses.dataclass(frozen=True)
class Places:
    """All stationary points and families, and whether these are certainly all."""

    points: tuple[StationaryPoint, ...]
    families: tuple[Family, ...]
    all_found: bool

    def settled(self, expression: Expression, convexity: Verdict) -> "Places":
        """The same, where the test does not tell but something else does: convexity, or a bound that is reached."""
        lowest, highest = (bounds(expression.tree).lower, bounds(expression.tree).upper)

        def kind_of(kind: str, value: float | None) -> tuple[str, str]:
            if kind != "undecided" or value is None:
                return kind, ""
            if convexity.holds:
                return "minimum", "f is convex, so that it is lowest wherever the gradient vanishes"
            if math.isfinite(lowest) and abs(value - lowest) <= ZERO * max(1.0, abs(lowest)):
                return "minimum", "f is nowhere lower"
            if math.isfinite(highest) and abs(value - highest) <= ZERO * max(1.0, abs(highest)):
                return "maximum", "f is nowhere higher"
            return kind, ""

        points = []
        for point in self.points:
            kind, why = kind_of(point.kind, point.value)
            reason = Sentence((*point.reason.parts, "; but ", why)) if why else point.reason
            points.append(dataclasses.replace(point, kind=kind, reason=reason))
        families = [dataclasses.replace(f, kind=kind_of(f.kind, f.value)[0]) for f in self.families]
        return Places(tuple(points), tuple(families), self.all_found)


def merge(expression: Expression, finding: dict[str, Any], numeric: Stationary, searched: Window) -> Places:
    """One list from both: closed forms checked by numbers, and what only numbers found."""
    families = [
        *(_periodic(family, expression) for family in finding.get("families", [])),
        *(_curve(curve, expression) for curve in finding.get("curves", [])),
    ]
    size = np.array([high - low for low, high in searched])
    exact = _exact_points(expression, finding, size)
    taken = np.array([point.point for point in exact]).reshape(-1, expression.size)
    rest = []
    for index in range(len(numeric.kinds)):
        near = np.abs(taken - numeric.points[index]) <= 1e-5 * size
        on_curve = bool(finding.get("curves")) and min(np.abs(numeric.eigenvalues[index])) < 1e-6
        if not near.all(1).any() and not on_curve:
            rest.append(index)
    loose = [i for i in rest if numeric.members[i] == 1]
    filled = [i for i in rest if numeric.members[i] > 1]
    points = [*exact, *(_numeric_point(numeric, i, size, expression) for i in loose)]
    families += [_filled(numeric, i, expression, searched) for i in filled]
    smooth_rest = any(numeric.smooth[i] for i in rest)
    order = (lambda p: p.point) if expression.size == 1 else (lambda p: (round(p.value, 9), p.point))
    return Places(tuple(sorted(points, key=order)), tuple(families), bool(finding.get("complete")) and not smooth_rest)


def _exact_points(
    expression: Expression, finding: dict[str, Any], size: Float[np.ndarray, " n"]
) -> list[StationaryPoint]:
    """The points that symbols found and numbers confirm, those of periodic families among them."""
    rows = list(finding.get("points", []))
    for family in finding.get("families", []):
        shared = {"value": family["value"], "kind": family["kind"], "in_family": True}
        rows += [{"point": [m["point"]], "floats": [m["float"]], **shared} for m in family["members"]]
    if not rows:
        return []
    places = np.array([row["floats"] for row in rows], float)
    at = derivatives(expression, places)
    level = np.ones(len(rows), bool) if is_smooth(expression.tree) else is_level(expression, places, size)
    points = []
    for row, height, slope, H, flat in zip(rows, at.value, at.gradient, at.hessian, level, strict=True):
        residual = float(np.linalg.norm(slope))
        if not flat or not residual <= 1e-6 * (1 + np.abs(H).max() * (1 + np.abs(row["floats"]).max())):
            continue  # outside the domain over the reals, or not a zero after all
        points.append(_exact_point(expression, row, float(height), residual, H))
    return points


def _exact_point(
    expression: Expression, row: dict[str, Any], height: float, residual: float, H: np.ndarray
) -> StationaryPoint:
    floats = tuple(float(c) for c in row["floats"])
    coordinates = [writing.data(c) for c in row["point"]]
    eigenvalues = np.linalg.eigvalsh(H)
    kind, reason = row["kind"], _test(eigenvalues, row.get("order", 2), writing.data(row.get("second")))
    if kind == "undecided" and is_saddle_nearby(expression, np.array(floats), 1.0):
        kind, reason = "saddle", Sentence.of(*reason.parts, "; but f is lower and higher close by")
    value = row.get("value_float")
    return StationaryPoint(
        point=floats,
        value=height if value is None else float(value),
        kind=kind,
        exact=None not in coordinates,
        residual=residual,
        eigenvalues=tuple(float(e) for e in eigenvalues),
        smooth=True,
        coordinates=tuple(c or writing.value(f) for c, f in zip(coordinates, floats, strict=True)),
        height=writing.data(row.get("value")) or writing.value(_clean(height)),
        reason=reason,
        in_family=bool(row.get("in_family")),
    )


def _test(eigenvalues: np.ndarray, order: int, second: Written | None) -> Sentence:
    """How the second-derivative test decides."""
    if len(eigenvalues) == 1:
        value = second or writing.value(_clean(float(eigenvalues[0])))
        sign = " = " if second else " ≈ "
        side = "" if _clean(float(eigenvalues[0])) == 0 else (" > 0" if eigenvalues[0] > 0 else " < 0")
        start = Written("f″" + sign, "f''" + sign.replace("≈", r"\approx")) + value + side
        if order == 2:
            return Sentence.of(start)
        which = {3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}[order]
        return Sentence.of(start, f", and the {which} derivative is the first that does not vanish")
    written = [writing.value(_clean(float(e))).text for e in eigenvalues]
    tex = [writing.value(_clean(float(e))).latex for e in eigenvalues]
    return Sentence.of("the Hessian has the eigenvalues ", Written(", ".join(written), r",\; ".join(tex)))


def _clean(number: float, scale: float = 1.0) -> float:
    """Zero for what is only rounding."""
    return 0.0 if abs(number) < ZERO * max(1.0, scale) else number


def _numeric_point(numeric: Stationary, index: int, size: np.ndarray, expression: Expression) -> StationaryPoint:
    point = [_clean(float(c), float(s)) for c, s in zip(numeric.points[index], size, strict=True)]
    value = _clean(float(numeric.values[index]))
    smooth = bool(numeric.smooth[index])
    eigenvalues = numeric.eigenvalues[index]
    kind, twice = numeric.kinds[index], smooth and bool(np.isfinite(eigenvalues).all())
    reason = Sentence.of("a corner: f has no derivative there" if not smooth else "f has no second derivative there")
    if twice:
        reason = _test(eigenvalues, 2, None)
    if smooth and kind == "saddle" and not (twice and second_derivative_test(eigenvalues) == "saddle"):
        reason = Sentence.of(*reason.parts, "; but f is lower and higher close by")
    return StationaryPoint(
        point=tuple(point),
        value=value,
        kind=kind,
        exact=False,
        residual=float(numeric.residuals[index]) if smooth else None,
        eigenvalues=tuple(float(e) for e in eigenvalues) if twice else None,
        smooth=smooth,
        coordinates=tuple(writing.value(c) for c in point),
        height=writing.value(value),
        reason=reason,
    )


def _periodic(family: dict[str, Any], expression: Expression) -> Family:
    """A family x = offset + period·k."""
    name = writing.names(expression.variables)
    offset, period = writing.data(family["offset"]), writing.data(family["period"])
    assert offset is not None
    assert period is not None
    step = Written(f"({period.text})k" if "/" in period.text else f"{period.text}k", period.latex + " k")
    member = step if offset.text == "0" else offset + " + " + step
    place = Sentence.of(name + " = " + member, " for every whole number ", Written("k", "k"))
    length = _float_of(family["period"])
    return Family(place, family["kind"], family["value_float"], writing.data(family["value"]), True, length)


def _float_of(data: Any) -> float:
    value = constant_value(from_data(data))
    assert value is not None
    assert math.isfinite(value)
    return value


def _curve(curve: dict[str, Any], expression: Expression) -> Family:
    """A solution that leaves a coordinate free, such as y = −x."""
    parts = []
    for name, data in zip(expression.variables, curve["point"], strict=True):
        written, own = writing.data(data), writing.names([name])
        if written is not None and written != own:
            parts.append(own + " = " + written)
    value, height = curve["value_float"], writing.data(curve["value"])
    if not parts:
        return Family(Sentence.of("every point"), "undecided", value, height, True)
    joined = Written(", ".join(p.text for p in parts), r",\; ".join(p.latex for p in parts))
    return Family(Sentence.of("the whole curve ", joined), "undecided", value, height, True)


def _filled(numeric: Stationary, index: int, expression: Expression, searched: Window) -> Family:
    """A curve or a flat part that numbers found, by the box that it fills.

    In one variable the ends are the part's own, at which f need not have a derivative, or those of the search.
    """
    value, one = _clean(float(numeric.values[index])), expression.size == 1
    ranges = []
    for name, (low, high), side in zip(expression.variables, numeric.extents[index], searched, strict=True):
        lower, upper = (writing.value(_clean(float(end), side[1] - side[0])) for end in (low, high))
        left, right = "(" if one and low > side[0] else "[", ")" if one and high < side[1] else "]"
        ends = writing.interval(lower, upper, left, right)
        ranges.append(writing.names([name]) + writing.relation("∈") + ends)
    joined = Written(", ".join(r.text for r in ranges), r",\; ".join(r.latex for r in ranges))
    what = "a flat part, " if expression.size == 1 else "a curve or flat part within "
    return Family(Sentence.of(what, joined), "undecided", value, writing.value(value), False)

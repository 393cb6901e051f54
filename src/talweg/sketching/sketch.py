"""Curve sketching: what symbols and numbers find about a typed function, put together into one result.

Symbols are `symbolic`'s work, numbers `stationary`'s; how the result is written on a blackboard is in `blackboard`,
pictures are drawn in `view`.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from talweg.errors import ConfigError
from talweg.objective.typed.expression import Expression
from talweg.sketching import conclusions, writing
from talweg.sketching.conclusions import Limit, Range, Verdict
from talweg.sketching.jumps import find_jumps
from talweg.sketching.places import Family, Places, StationaryPoint, merge
from talweg.sketching.sampling import heights
from talweg.sketching.smoothness import is_smooth
from talweg.sketching.stationary import Window, find_stationary
from talweg.sketching.symbolic import Findings, Study
from talweg.sketching.writing import Sentence, Written

VERSION = 1
SEARCH = (-10.0, 10.0)
"""The range of each variable in which stationary points are looked for by numbers, unless given."""


@dataclasses.dataclass(frozen=True)
class Curve:
    """A function of one variable and its derivative, sampled for a picture.

    Attributes:
        x: where, increasing.
        f: the function; NaN where it is not defined, or jumps.
        slope: its derivative; NaN where it has none.
    """

    x: Float[np.ndarray, " samples"]
    f: Float[np.ndarray, " samples"]
    slope: Float[np.ndarray, " samples"]


@dataclasses.dataclass(frozen=True)
class Sketch:
    """What is known of a function.

    Attributes:
        expression: the function.
        window: the range of each variable that a picture should show.
        gradient: the derivative by each variable; empty where symbols did not get so far.
        hessian: the second derivatives, likewise.
        stationary_points: those found, in one variable by their place, else the lowest first.
        families: endless families of them: periodic, curves, flat parts.
        all_found: whether it is certain that there are no others.
        why_none: why there are none, where a part of the gradient is a constant.
        limits: at −∞ and ∞ and at the ends of the domain, in one variable, as far as known.
        bounded_below: with the reason; `None` where it could not be decided.
        convex: with the reason; `None` where it could not be decided.
        range: the values that the function takes, where known.
        notes: what a reader should know about how this was found.
    """

    expression: Expression
    window: tuple[tuple[float, float], ...]
    gradient: tuple[Written, ...]
    hessian: tuple[tuple[Written, ...], ...]
    stationary_points: tuple[StationaryPoint, ...]
    families: tuple[Family, ...]
    all_found: bool
    why_none: Sentence
    limits: tuple[Limit, ...]
    bounded: Verdict
    convexity: Verdict
    range: Range | None
    notes: tuple[Sentence, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the function, in order."""
        return self.expression.variables

    @property
    def bounded_below(self) -> bool | None:
        """Whether the function is bounded below; `None` where it could not be decided."""
        return self.bounded.holds

    @property
    def convex(self) -> bool | None:
        """Whether the function is convex; `None` where it could not be decided."""
        return self.convexity.holds

    def steps(self) -> list[str]:
        """The lines of reasoning, as a person would write them on a blackboard."""
        from talweg.sketching.blackboard import lines

        return [line.text for line in lines(self)]

    def to_latex(self) -> str:
        r"""The same lines in LaTeX, one paragraph each; needs no packages but amsmath."""
        from talweg.sketching.blackboard import lines

        return "\n\n".join(line.latex.replace("%", r"\%") for line in lines(self)) + "\n"

    def curve(self, samples: int = 1201) -> Curve:
        """The function and its derivative over the window, for a picture; one variable only.

        Args:
            samples: how many places; every stationary point in the window is one besides.

        Raises:
            ConfigError: where the function has more variables.
        """
        if len(self.window) != 1:
            raise ConfigError(f"a curve needs a function of one variable, this one has {len(self.window)}")
        low, high = self.window[0]
        marked = [p.point[0] for p in self.stationary_points if low <= p.point[0] <= high]
        x = np.unique(np.concatenate([np.linspace(low, high, samples), marked]))
        with jax.enable_x64(True):
            both = jax.jit(jax.vmap(jax.value_and_grad(self.expression)))(jnp.asarray(x[:, None], jnp.float64))
            f, slope = np.asarray(both[0]), np.asarray(both[1])[:, 0]
        jumps = find_jumps(self.expression, x, f)
        behind = np.searchsorted(x, jumps)
        x, f, slope = (np.insert(each, behind, value) for each, value in ((x, jumps), (f, np.nan), (slope, np.nan)))
        holes = ~np.isfinite(f)
        return Curve(x, np.where(holes, np.nan, f), np.where(holes | ~np.isfinite(slope), np.nan, slope))

    def surface(self, side: int = 201) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The heights over the window, for a map; two variables only.

        Args:
            side: points along each axis.

        Returns:
            x and y, increasing, and the heights, one row for each y; NaN where the function is not defined.

        Raises:
            ConfigError: where the function has one variable, or more than two.
        """
        if len(self.window) != 2:
            raise ConfigError(f"a surface needs a function of two variables, this one has {len(self.window)}")
        x, y = (np.linspace(low, high, side) for low, high in self.window)
        points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
        z = heights(self.expression, points)
        return x, y, np.where(np.isfinite(z), z, np.nan).reshape(side, side)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data that JSON holds; numbers that are infinite or missing are `None`."""
        return {
            "version": VERSION,
            "expression": self.expression.pretty(),
            "latex": self.expression.latex(),
            "typed": self.expression.text,
            "name": self.expression.known.name if self.expression.known else None,
            "variables": list(self.variables),
            "window": [list(side) for side in self.window],
            "gradient": [g.text for g in self.gradient],
            "gradient_latex": [g.latex for g in self.gradient],
            "hessian": [[h.text for h in row] for row in self.hessian],
            "stationary_points": [point.to_dict() for point in self.stationary_points],
            "families": [family.to_dict() for family in self.families],
            "all_found": self.all_found,
            "limits": [limit.to_dict() for limit in self.limits],
            "bounded_below": self.bounded.holds,
            "bounded_below_reason": self.bounded.reason.text,
            "convex": self.convexity.holds,
            "convex_reason": self.convexity.reason.text,
            "range": self.range.to_dict() if self.range else None,
            "notes": [note.text for note in self.notes],
            "steps": self.steps(),
        }


def sketch(
    function: str | Expression,
    window: Window | None = None,
    let: Mapping[str, float | int] | None = None,
    time_limit: float | int = 5.0,
) -> Sketch:
    """Sketches a function: derivatives, stationary points and their kinds, limits, boundedness, convexity.

    Symbols look for closed forms within the time limit, in a child process; numbers look through the window at the
    same time, check what symbols find, and stand in where these find nothing.

    Args:
        function: as typed, or already read.
        window: the range of each variable to search and to show; found from the function where not given.
        let: values of constants by name, where the function is given as text.
        time_limit: seconds of symbolic work; 0 for none.

    Raises:
        ExpressionError: where the text is not an expression.
        ConfigError: where the window or a constant does not fit the function.

    Example:
        >>> found = sketch("2x^2 + 4x", time_limit=60)
        >>> [(p.text, p.kind, p.height.text) for p in found.stationary_points]
        [('−1', 'minimum', '−2')]
    """
    if isinstance(function, Expression) and let:
        raise ConfigError("constants get their values where the text is read: Expression.parse(text, let=...)")
    if not (np.isfinite(time_limit) and time_limit >= 0):
        raise ConfigError(f"expected a time limit of 0 seconds or more, found {time_limit}")
    expression = Expression.parse(function, let) if isinstance(function, str) else function
    known = expression.known.window if expression.known else None
    searched = _checked(window or known or [SEARCH] * expression.size, expression)
    study = Study(expression.tree, expression.variables, searched, time_limit)
    try:
        numeric = find_stationary(expression, searched, corners=not is_smooth(expression.tree))
    finally:
        findings = study.result()
    places = merge(expression, findings["stationary"], numeric, searched)
    gradient, hessian = _derivatives(findings["derivatives"])
    limits = conclusions.limits(findings["limits"], expression.variables)
    convexity = conclusions.convexity(expression, findings, places, searched, hessian)
    places = places.settled(expression, convexity)
    bounded = conclusions.boundedness(expression, findings, limits, places, convexity)
    values = conclusions.range_of(expression, findings, limits, places, convexity)
    if values is not None and values.lower_taken:
        bounded = Verdict(True, Sentence.of("its lowest value is ", values.lowest))
    return Sketch(
        expression=expression,
        window=searched if window or known else _shown(places.points, places.families, limits, expression.size),
        gradient=gradient,
        hessian=hessian,
        stationary_points=places.points,
        families=places.families,
        all_found=places.all_found,
        why_none=_why_none(findings["stationary"], expression),
        limits=limits,
        bounded=bounded,
        convexity=convexity,
        range=values,
        notes=_notes(findings, places, searched, time_limit),
    )


def _checked(window: Window, expression: Expression) -> tuple[tuple[float, float], ...]:
    """The window with one finite range for each variable."""
    if len(window) != expression.size:
        raise ConfigError(
            f"the window has {len(window)} ranges, the function {expression.size} "
            f"variables ({', '.join(expression.variables)}); give one (low, high) for each"
        )
    for name, (low, high) in zip(expression.variables, window, strict=True):
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ConfigError(f"the window's range for {name} must go from low to high, found ({low}, {high})")
    return tuple((float(low), float(high)) for low, high in window)


def _derivatives(finding: dict[str, Any]) -> tuple[tuple[Written, ...], tuple[tuple[Written, ...], ...]]:
    """The gradient and the Hessian as written; empty where a part of them has no form in our grammar."""
    gradient = [writing.data(part) for part in finding.get("gradient", [])]
    hessian = [[writing.data(part) for part in row] for row in finding.get("hessian", [])]
    known = tuple(part for part in gradient if part is not None)
    rows = tuple(tuple(part for part in row if part is not None) for row in hessian)
    complete = all(len(row) == len(hessian) for row in rows)
    return (known if len(known) == len(gradient) else ()), (rows if complete else ())


def _why_none(finding: dict[str, Any], expression: Expression) -> Sentence:
    """The component of the gradient that is a constant other than 0."""
    reason = finding.get("reason")
    value = writing.data(reason["value"]) if reason else None
    if reason is None or value is None:
        return Sentence(())
    name = writing.names([expression.variables[reason["component"]]])
    partial = Written(f"∂f/∂{name.text} = ", rf"\frac{{\partial f}}{{\partial {name.latex}}} = ")
    return Sentence.of(partial + value, " is never 0")


def _shown(
    points: tuple[StationaryPoint, ...], families: tuple[Family, ...], limits: tuple[Limit, ...], n: int
) -> tuple[tuple[float, float], ...]:
    """A window that holds what is marked, with room around it; the same width for every variable."""
    period = max((family.period or 0.0 for family in families), default=0.0)
    if n == 1 and period:
        return ((-1.25 * period, 1.25 * period),)
    poles = [[limit.at] for limit in limits if limit.is_pole and n == 1]
    places = np.array([list(point.point) for point in points] + poles)
    if not len(places):
        return ((-5.0, 5.0),) * n
    low, high = places.min(0), places.max(0)
    span = float((high - low).max())
    narrowest = 3.0 if n == 1 and (poles or span == 0) else 1.5
    reach = max(0.75 * span + 0.5, narrowest)
    middle = (low + high) / 2
    return tuple((float(m - reach), float(m + reach)) for m in middle)


def _notes(findings: Findings, places: Places, searched: Window, time_limit: float | int) -> tuple[Sentence, ...]:
    """How much of the result rests on symbols, and how much on numbers."""
    notes = []
    if not places.all_found:
        late = "" if findings.in_time or findings["stationary"] else f" within {time_limit:g} s"
        some = any(point.exact for point in places.points)
        what = f"SymPy found {'no closed form for some stationary points' if some else 'no closed form'}{late}; "
        rest = "these" if some else "stationary points"
        ranges = [writing.interval(writing.value(low), writing.value(high), "[", "]") for low, high in searched]
        within = functools.reduce(lambda a, b: a + writing.relation("×") + b, ranges)
        notes.append(Sentence.of(f"{what}{rest} in ", within, " found numerically, and others may exist"))
    if any(not point.smooth for point in places.points):
        notes.append(Sentence.of("an extremum at a corner is no zero of the derivative; it was found numerically"))
    return tuple(notes)


def boundedness_of(expression: Expression, study: Study) -> Verdict:
    """Whether a function is bounded below, from a study alone: nothing is looked for by numbers.

    Args:
        expression: the function.
        study: of it, under way; its result is waited for.
    """
    findings = study.result()
    found = conclusions.limits(findings["limits"], expression.variables)
    return conclusions.boundedness(expression, findings, found, Places((), (), False), conclusions.UNDECIDED)

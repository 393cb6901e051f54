"""Curve sketching from end to end: what is said of functions whose answers are known."""

import functools
import json
import math
import re
import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.errors import ConfigError, ExpressionError
from talweg.objective.typed.expression import Expression
from talweg.objective.typed.tree import to_data
from talweg.sketching.calculus import findings
from talweg.sketching.sketch import Sketch, sketch
from talweg.sketching.symbolic import Findings

sketching = sys.modules["talweg.sketching.sketch"]

PATIENT = 120.0


class StudyHere:
    """The same studies without a child process, which would import SymPy anew for each function."""

    def __init__(self, tree, variables, window, time_limit) -> None:
        question = {"tree": to_data(tree), "variables": variables, "window": window}
        self.question = json.loads(json.dumps(question))

    def result(self) -> Findings:
        found = dict(findings(self.question))
        return Findings(json.loads(json.dumps(found)), "end" in found)


@functools.cache
def _sketch(text: str) -> Sketch:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketching, "Study", StudyHere)
        return sketch(text)


def _said(found: Sketch) -> str:
    return "\n".join(found.steps())


def test_a_parabola_through_the_child_process() -> None:
    found = sketch("2x^2 + 4x", time_limit=PATIENT)
    assert found.steps() == _sketch("2x^2 + 4x").steps()
    assert found.to_dict() == _sketch("2x^2 + 4x").to_dict()


def test_a_parabola() -> None:
    assert _sketch("2x^2 + 4x").steps() == [
        "f(x) = 2x² + 4x",
        "f′(x) = 4x + 4",
        "f″(x) = 4",
        "f′(x) = 0 at x = −1; f″ = 4 > 0: a minimum, f(−1) = −2",
        "f(x) → ∞ as x → −∞",
        "f(x) → ∞ as x → ∞",
        "f is bounded below: its lowest value is −2",
        "f is convex: f″(x) = 4 ≥ 0 everywhere",
        "f takes exactly the values in [−2, ∞)",
    ]
    (point,) = _sketch("2x^2 + 4x").stationary_points
    assert (point.point, point.value, point.kind, point.exact) == ((-1.0,), -2.0, "minimum", True)
    assert point.residual == 0.0
    assert point.eigenvalues == (4.0,)


def test_a_trough_that_falls() -> None:
    assert _sketch("3x^2 - 2y").steps() == [
        "f(x, y) = 3x² − 2y",
        "gradient ∇f(x, y) = (6x, −2)",
        "∇f = 0 has no solution, since ∂f/∂y = −2 is never 0: no stationary point",
        "f is not bounded below: along (0, 1), f(0, t) = −2t → −∞",
        "f is convex: its Hessian is the same everywhere and has no negative eigenvalue",
    ]


def test_a_periodic_family() -> None:
    found = _sketch("sin(x)")
    assert [f.to_dict()["text"] for f in found.families] == [
        "x = −π/2 + 2πk for every whole number k",
        "x = π/2 + 2πk for every whole number k",
    ]
    assert [(f.kind, f.value, f.period) for f in found.families] == [
        ("minimum", -1.0, 2 * math.pi),
        ("maximum", 1.0, 2 * math.pi),
    ]
    assert [p.text for p in found.stationary_points] == ["−5π/2", "−3π/2", "−π/2", "π/2", "3π/2", "5π/2"]
    assert all(p.exact for p in found.stationary_points)
    assert found.all_found
    assert "f′(x) = 0 at x = π/2 + 2πk for every whole number k: maxima, f = 1" in found.steps()
    assert found.range.to_dict()["text"] == "[−1, 1]"


def test_a_function_without_closed_form() -> None:
    found = _sketch("0.1x*exp(sin(x))")
    assert not found.all_found
    assert len(found.stationary_points) == 5
    assert not any(point.exact for point in found.stationary_points)
    assert all(point.residual < 1e-12 for point in found.stationary_points)
    assert "SymPy found no closed form" in _said(found)
    assert "in [−10, 10] found numerically" in _said(found)
    assert "x ≈ 2.07393; f″ ≈ −0.552117 < 0: a maximum, f ≈ 0.498045" in _said(found)


def test_no_symbols_at_all_when_there_is_no_time() -> None:
    found = sketch("himmelblau", time_limit=0)
    kinds = [point.kind for point in found.stationary_points]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"minimum": 4, "saddle": 4, "maximum": 1}
    assert found.window == ((-5.0, 5.0), (-5.0, 5.0))
    assert found.bounded_below is True
    assert found.convex is False
    assert "within 0 s" in found.notes[0].text
    assert "himmelblau: four equal minima" in found.steps()[0]


def test_a_quintic_slope() -> None:
    found = _sketch("x^6 − 3x^5 + x")
    assert [p.kind for p in found.stationary_points] == ["minimum", "maximum", "minimum"]
    roots = np.roots([6, -15, 0, 0, 0, 1])
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    np.testing.assert_allclose([p.point[0] for p in found.stationary_points], real, atol=1e-9)
    assert "SymPy found no closed form" in _said(found)
    assert found.bounded_below is True


def test_what_the_second_derivative_does_not_tell() -> None:
    assert "the fourth derivative is the first that does not vanish: a minimum" in _said(_sketch("x^4"))
    third = _sketch("x^3")
    assert third.stationary_points[0].kind == "saddle"
    assert "an inflection point with a horizontal tangent" in _said(third)
    monkey = _sketch("monkey-saddle")
    assert monkey.stationary_points[0].kind == "saddle"
    assert "f is lower and higher close by" in _said(monkey)


def test_a_ring_of_minima() -> None:
    found = _sketch("(x² + y² − 1)²")
    assert {(f.place.text, f.kind, f.value) for f in found.families} == {
        ("the whole curve y = −sqrt(1 − x²)", "minimum", 0.0),
        ("the whole curve y = sqrt(1 − x²)", "minimum", 0.0),
    }
    assert [(p.point, p.kind) for p in found.stationary_points] == [((0.0, 0.0), "maximum")]
    assert found.range.written.text == "[0, ∞)"


def test_a_corner() -> None:
    found = _sketch("|x − 1|")
    (point,) = found.stationary_points
    assert (point.point, point.kind, point.smooth, point.eigenvalues) == ((1.0,), "minimum", False, None)
    assert "minimum at a corner, where f has no derivative: x ≈ 1, f ≈ 0" in found.steps()
    assert found.convex is True


# Typed, bounded below, convex, range: by hand.
VERDICTS = [
    ("x^4 − 10x^2", True, False, "[−25, ∞)"),
    ("x^3", False, False, "(−∞, ∞)"),
    ("exp(-x^2)", True, False, "(0, 1]"),
    ("x + 1/x", False, False, None),
    ("-log(x)", False, True, None),
    ("x log(x)", True, None, None),
    ("0.5x² + sin(x)", True, True, None),
    ("tan(x)", False, False, None),
    ("x sin(x)", False, False, None),
    ("x^2 + 2x*y + y^2", True, True, "[0, ∞)"),
    ("x^4 + y^4 − x*y", True, False, "[−1/8, ∞)"),
    ("x² + y² + z² − xy", True, True, "[0, ∞)"),
    ("mccormick", False, False, None),
]


@pytest.mark.parametrize(("text", "bounded", "convex", "values"), VERDICTS)
def test_verdicts(text: str, bounded: bool, convex: bool | None, values: str | None) -> None:
    found = _sketch(text)
    assert found.bounded_below is bounded, _said(found)
    assert found.convex is convex or convex is None, _said(found)
    if values is not None:
        assert found.range is not None
        assert found.range.written.text == values
    for verdict in (found.bounded, found.convexity):
        assert bool(verdict.reason) == (verdict.holds is not None)


EVERY = ["2x^2 + 4x", "3x^2 - 2y", "sin(x)", "x^6 − 3x^5 + x", "(x² + y² − 1)²", "|x − 1|", "-log(x)", "tan(x)"]


@pytest.mark.parametrize("text", [*EVERY, "mccormick"])
def test_json_and_latex(text: str) -> None:
    found = _sketch(text)
    said = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert said["version"] == 1
    assert said["variables"] == list(found.variables)
    assert said["bounded_below"] in (True, False, None)
    for point in said["stationary_points"]:
        assert {"point", "value", "kind", "exact", "residual", "eigenvalues"} <= set(point)
        assert point["kind"] in ("minimum", "maximum", "saddle", "undecided")
        assert len(point["point"]) == len(said["variables"])
    tex = found.to_latex()
    assert tex.count("$") % 2 == 0
    assert re.sub(r"[A-Za-zéö]", "", tex).isascii()
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")


@pytest.mark.parametrize("text", [*EVERY, "mccormick"])
def test_gradients_as_written_are_right(text: str) -> None:
    found = _sketch(text)
    names = ", ".join(found.variables)
    written = [Expression.parse(f"f({names}) = {g.text}") for g in found.gradient]
    assert len(written) == len(found.variables)
    points = np.random.default_rng(0).uniform(0.2, 2, (20, len(found.variables)))
    with jax.enable_x64(True):
        slopes = jax.vmap(jax.grad(found.expression))(jnp.asarray(points))
        again = jnp.stack([jax.vmap(g)(jnp.asarray(points)) for g in written], -1)
    np.testing.assert_allclose(again, slopes, rtol=1e-9, atol=1e-12)


def test_what_a_picture_needs() -> None:
    curve = _sketch("-log(x)").curve(101)
    assert len(curve.x) == 101
    assert np.isnan(curve.f[curve.x < 0]).all()
    np.testing.assert_allclose(curve.f[curve.x > 0], -np.log(curve.x[curve.x > 0]))
    np.testing.assert_allclose(curve.slope[curve.x > 0], -1 / curve.x[curve.x > 0])
    parabola = _sketch("2x^2 + 4x")
    assert parabola.window == ((-4.0, 2.0),)
    assert -1.0 in parabola.curve(10).x
    ring = _sketch("(x² + y² − 1)²")
    x, y, heights = ring.surface(21)
    assert heights.shape == (21, 21)
    assert heights[3, 7] == pytest.approx((x[7] ** 2 + y[3] ** 2 - 1) ** 2)
    with pytest.raises(ConfigError, match="one variable"):
        ring.curve()
    with pytest.raises(ConfigError, match="two variables"):
        parabola.surface()


def test_the_window_holds_every_marked_point() -> None:
    for text in EVERY:
        found = _sketch(text)
        for point in found.stationary_points:
            if not point.in_family:
                inside = zip(point.point, found.window, strict=True)
                assert all(low < c < high for c, (low, high) in inside), text


def test_constants_and_windows() -> None:
    found = sketch("a x^2 + 1", window=[(-1, 2)], let={"a": 3}, time_limit=PATIENT)
    assert found.expression.pretty() == "3x² + 1"
    assert found.window == ((-1.0, 2.0),)
    with pytest.raises(ConfigError, match="the window has 2 ranges, the function 1 variable"):
        sketch("x^2", window=[(-1, 1), (-1, 1)])
    with pytest.raises(ConfigError, match="from low to high"):
        sketch("x^2", window=[(1, -1)])
    with pytest.raises(ConfigError, match="time limit"):
        sketch("x^2", time_limit=-1)
    with pytest.raises(ConfigError, match=r"Expression\.parse"):
        sketch(Expression.parse("x^2"), let={"a": 1})
    with pytest.raises(ExpressionError, match="unexpected"):
        sketch("x +) 2")


@pytest.mark.parametrize("text", ["exp(exp(x))", "max(x, x)^tan(x)"])
def test_functions_that_leave_all_numbers_behind_are_sketched_in_silence(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _sketch(text).bounded.holds in (True, False, None)


BENT = {
    "x·|x|": (lambda x: x * np.abs(x), [(0, "saddle")]),
    "cbrt(x)": (np.cbrt, []),
    "sqrt(|x|)": (lambda x: np.sqrt(np.abs(x)), [(0, "minimum")]),
    "max(x, x^2)": (lambda x: np.maximum(x, x**2), [(0, "minimum")]),
    "heaviside(x)": (lambda x: np.heaviside(x, 0.5), []),
    "sin(x)/x + x^2/10": (lambda x: np.sin(x) / x + x**2 / 10, [(-2.17573, "minimum"), (2.17573, "minimum")]),
    "min(x^2, (x-2)^2+1)": (
        lambda x: np.minimum(x**2, (x - 2) ** 2 + 1),
        [(0, "minimum"), (1.25, "maximum"), (2, "minimum")],
    ),
}


@pytest.mark.parametrize("text", BENT)
def test_where_a_function_is_bent_nothing_is_believed_unseen(text) -> None:
    """Kinds agree with the heights close by, and where f′ = 0 is said, difference quotients die away (by NumPy)."""
    function, expected = BENT[text]
    found = _sketch(text)
    assert [(p.point[0], p.kind) for p in found.stationary_points] == [
        (pytest.approx(at, abs=1e-3), kind) for at, kind in expected
    ]
    for point in found.stationary_points:
        at = point.point[0] + np.array([-1e-3, 1e-3, -1e-6, 1e-6])
        rise = function(at) - point.value
        assert (rise.min() >= -1e-12) == (point.kind == "minimum")
        assert (rise.max() <= 1e-12) == (point.kind == "maximum")
        far, close = np.abs(rise[:2]).max() / 1e-3, np.abs(rise[2:]).max() / 1e-6
        assert (close < 0.1 * far) == point.smooth


def test_in_the_plane_a_hessian_that_is_none_decides_nothing() -> None:
    (point,) = _sketch("|x y|").stationary_points
    assert (point.kind, point.eigenvalues) == ("minimum", None)
    assert "f has no second derivative there; but f is nowhere lower" in point.reason.text
    # Peano's function rises from 0 along every line and is lower on a parabola between.
    (peano,) = _sketch("(y - x^2)(y - 3x^2)").stationary_points
    assert peano.kind == "undecided"


def test_saddles_between_hills_are_found_though_the_axes_are_level() -> None:
    found = _sketch("cos(x)cos(y)")
    kinds = [point.kind for point in found.stationary_points]
    assert kinds.count("saddle") == 36
    assert "at 85 points that were found: 25 maxima, 24 minima, 36 saddles" in _said(found)


def test_flat_parts_have_their_true_ends() -> None:
    steps = _sketch("|x-1| + |x+2|").steps()
    assert "f′(x) = 0 at a flat part, x ∈ (−2, 1): minima, f = 3" in steps
    told = _said(_sketch("floor(x)"))
    assert "x ∈ [−10, −9): f is constant there, f = −10" in told
    assert "x ∈ (−9, −8): f is constant there, f = −9" in told
    assert "minim" not in told


def test_every_sentence_names_the_variable_that_was_typed() -> None:
    told = _said(_sketch("f(t) = t^3 - 3t")) + _said(_sketch("T^2")) + _said(_sketch("t sin(t)"))
    assert "f(t) → −∞ as t → −∞" in told
    assert "f″(T) = 2 ≥ 0 everywhere" in told
    assert "at t = 3π/2 + 2πk it falls without end: f → −∞ as k → ∞" in told
    assert "x" not in told.replace("convex", "").replace("exactly", "").replace("maximum", "").replace("exist", "")


def test_what_oscillates_and_grows_is_told_as_it_is() -> None:
    damped = _sketch("exp(-x)sin(5x)")
    assert sorted(family.kind for family in damped.families) == ["maximum", "minimum"]
    poles = _said(_sketch("tan(x) - x"))
    assert "f is not bounded below: f(x) → −∞ as x → π/2⁺" in poles
    assert "f(x) → −∞ as x → −∞" in _said(_sketch("floor(x)"))
    assert "f takes exactly the values in {3}" in _said(_sketch("f(x) = 3"))

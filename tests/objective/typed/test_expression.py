"""Typed functions: what is read, what is refused and where, and that values and derivatives are right."""

import builtins
import importlib
import math
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from talweg.errors import ConfigError, ExpressionError, TalwegError
from talweg.objective.typed.expression import Expression
from talweg.objective.typed.grammar import MAX_LENGTH, parse
from talweg.objective.typed.notation import pretty
from talweg.objective.typed.test_functions import TEST_FUNCTIONS
from talweg.objective.typed.tree import Apply, Number, Tree, Variable, constant_value, from_data, to_data, walk

# What is typed, its variables in order, a point, and the value there by Python's own arithmetic.
READ = [
    ("2x^2 + 4x", "x", (3.0,), 30.0),
    ("2x²+4x", "x", (3.0,), 30.0),
    ("3x^2 − 2y", "x y", (2.0, 5.0), 2.0),
    ("f(y, x) = 3x^2 - 2y", "y x", (5.0, 2.0), 2.0),
    ("y = 2x + 1", "x", (3.0,), 7.0),
    ("x**3", "x", (-2.0,), -8.0),
    ("-x^2", "x", (3.0,), -9.0),
    ("2^-x", "x", (2.0,), 0.25),
    ("2^3^x", "x", (2.0,), 512.0),
    ("x - 3 - 2", "x", (1.0,), -4.0),
    ("1/2x", "x", (4.0,), 2.0),
    ("x/2/2", "x", (4.0,), 1.0),
    ("½x²", "x", (4.0,), 8.0),
    ("x⁻²", "x", (2.0,), 0.25),
    ("x²y", "x y", (3.0, 2.0), 18.0),
    ("xy", "x y", (3.0, 2.0), 6.0),
    ("2pix", "x", (1.0,), 2 * math.pi),
    ("2πx", "x", (1.0,), 2 * math.pi),
    ("2ex", "x", (1.0,), 2 * math.e),
    ("2e3x", "x", (1.0,), 2000.0),
    ("xsin(x)", "x", (2.0,), 2 * math.sin(2)),
    ("x(x + 1)", "x", (2.0,), 6.0),
    ("(x+1)(x-1)", "x", (3.0,), 8.0),
    ("[x+1]{x-1}", "x", (3.0,), 8.0),
    ("|x − 1||x|", "x", (-2.0,), 6.0),
    ("|(x|x|)|", "x", (-2.0,), 4.0),
    ("√x + √(x+5)", "x", (4.0,), 5.0),
    ("sin²x + cos 2x", "x", (0.7,), math.sin(0.7) ** 2 + math.cos(1.4)),
    ("sin x cos y", "x y", (0.7, 0.2), math.sin(0.7) * math.cos(0.2)),
    ("ln(x) + log10(x) + log2(x)", "x", (3.0,), math.log(3) + math.log10(3) + math.log2(3)),
    ("arctan(x) + asin(x)", "x", (0.3,), math.atan(0.3) + math.asin(0.3)),
    ("min(x, y, 1) + max(x, y)", "x y", (2.0, 3.0), 4.0),
    ("pow(x, 2) + atan2(y, x) + hypot(x, y)", "x y", (3.0, 4.0), 9 + math.atan2(4, 3) + 5),
    ("sinh(x) + cosh(x) + tanh(x)", "x", (0.4,), math.sinh(0.4) + math.cosh(0.4) + math.tanh(0.4)),
    ("asinh(x) + atanh(x) + acosh(1 + x)", "x", (0.4,), math.asinh(0.4) + math.atanh(0.4) + math.acosh(1.4)),
    ("cot(x) + sec(x) + csc(x)", "x", (0.4,), 1 / math.tan(0.4) + 1 / math.cos(0.4) + 1 / math.sin(0.4)),
    ("cbrt(x) + sign(x) + floor(x) + ceil(x)", "x", (-8.5,), -math.cbrt(8.5) - 1 - 9 - 8),
    ("relu(x) + heaviside(x)", "x", (2.5,), 3.5),
    ("sigmoid(x) + softplus(x)", "x", (0.4,), 1 / (1 + math.exp(-0.4)) + math.log1p(math.exp(0.4))),
    ("erf(x) + exp(x) + abs(x) + tau", "x", (0.4,), math.erf(0.4) + math.exp(0.4) + 0.4 + math.tau),
    ("tan(x)", "x", (0.4,), math.tan(0.4)),
    ("Sin(x) + SQRT(x)", "x", (4.0,), math.sin(4) + 2),
    ("width^2 + height", "height width", (1.0, 3.0), 10.0),
    ("x_1^2 + x₂ + x3", "x1 x2 x3", (2.0, 3.0, 4.0), 11.0),
    ("θ + alpha·2", "alpha θ", (1.0, 3.0), 5.0),
    ("z + b + y + a + x", "x y z a b", (1.0, 2.0, 3.0, 4.0, 5.0), 15.0),
    ("f(a, b) = ab", "a b", (2.0, 3.0), 6.0),
    ("a x + a y", "x y a", (1.0, 2.0, 3.0), 9.0),
    ("f(e) = 2e", "e", (5.0,), 10.0),
    ("f(x) = 3", "x", (5.0,), 3.0),
    ("x × 2 ÷ 4 · 3", "x", (8.0,), 12.0),
    ("+x - -x", "x", (8.0,), 16.0),
]

# What is refused, the position, and a part of what is said.
REFUSED = [
    ("", 1, "ends too early"),
    ("   ", 4, "ends too early"),
    ("x +", 4, "ends too early"),
    ("2x + 3)", 7, "unexpected ')'"),
    ("x + * 2", 5, "unexpected '*'"),
    ("(x", 3, "expected ')'"),
    ("(x]", 3, "expected ')'"),
    ("|x", 3, "expected '|'"),
    ("sqr(x)", 1, "unknown function 'sqr' (did you mean 'sqrt'?)"),
    ("2 + foo(x)", 5, "unknown function 'foo'"),
    ("g(x) + 1", 1, "unknown function 'g'"),
    ("himelblau", 1, "did you mean 'himmelblau'?"),
    ("sin", 4, "expected '(' after sin"),
    ("sin + x", 5, "expected '(' after sin"),
    ("sin⁻¹x", 4, "asin(x)"),
    ("sin^x(x)", 5, "whole number as the power"),
    ("sin(x, y)", 1, "sin takes 1 argument, found 2"),
    ("min(x)", 1, "min takes 2 arguments or more, found 1"),
    ("x 2", 3, "expected an operator before '2'"),
    ("1.2.3x", 4, "expected an operator before '.3'"),
    ("x.y", 2, "unexpected character '.'"),
    ("x; y", 2, "unexpected character ';'"),
    ("x\x00", 2, "unexpected character '\\x00'"),
    ("__import__('os')", 1, "unexpected character '_'"),
    ("x == 2", 3, "unexpected '='"),
    ("3 + 4", 1, "expected a variable"),
    ("f(x) = y", 8, "neither a variable of f(x) nor a constant"),
    ("f(x, x) = x", 6, "twice"),
    ("f(x, sin) = x", 6, "expected the name of a variable"),
    ("x + 1/0", 6, "not defined"),
    ("x + log(0 - 1)", 5, "not defined"),
    ("x^65", 2, "an exponent beyond 64"),
    ("x¹⁰⁰⁰⁰", 2, "an exponent beyond 64"),
    ("9^9^9^9", 4, "an exponent beyond 64"),
    ("((x^64)^64)", 8, "powers of powers"),
    ("x + 1e400", 5, "a number outside"),
    ("x + 1e-400", 5, "a number outside"),
    ("x + " + "9" * 40, 5, "a number outside"),
    ("x + (10^60)^2", 12, "a constant beyond"),
    ("a" * 31 + "+x", 1, "a name longer than"),
]


@pytest.mark.parametrize(("text", "variables", "point", "value"), READ)
def test_text_is_read_as_people_write_it(text: str, variables: str, point: tuple, value: float) -> None:
    f = Expression.parse(text)
    assert f.variables == tuple(variables.split())
    with jax.enable_x64(True):
        found = f(jnp.array(point))
        assert found.dtype == jnp.float64
        np.testing.assert_allclose(found, value, rtol=1e-12)


@pytest.mark.parametrize(("text", "position", "said"), REFUSED)
def test_errors_point_at_the_character(text: str, position: int, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text)
    assert caught.value.position == position
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(f"at position {position}")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 60 + "x" + ")" * 60,
        "-" * 200 + "x",
        "x" + "^x" * 200,
        "x" + "/x" * 200,
        "sin(" * 60 + "x" + ")" * 60,
        "x-" * 450 + "x",
        "√" * 200 + "x",
        "|(" * 300,
        "sin " * 240 + "x",
        "[" * 500,
    ],
)
def test_size_and_depth_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"longer than|deeper than|more than"):
        Expression.parse(text)


def test_the_longest_text_is_read() -> None:
    text = "x" + " + x" * ((MAX_LENGTH - 1) // 4)
    assert float(Expression.parse(text)(jnp.array([1.0]))) == (MAX_LENGTH - 1) // 4 + 1


# --- constants with values --------------------------------------------------------------------------------------


def test_constants_get_values() -> None:
    f = Expression.parse("ax^2 + b x + c_1", let={"a": 2, "b": -1.5, "c_1": 1e-3})
    assert f.variables == ("x",)
    assert f.pretty() == "2x² − 1.5x + 0.001"
    assert float(f(jnp.array([2.0]))) == pytest.approx(5.001)


def test_a_constant_may_be_declared_too() -> None:
    assert Expression.parse("f(x, a) = a x", let={"a": 2}).variables == ("x",)


@pytest.mark.parametrize(
    ("let", "said"),
    [
        ({"b": 1.0}, "'b' does not occur in '2x'"),
        ({"x": math.nan}, "finite number for the constant 'x'"),
        ({"x": math.inf}, "finite number"),
        ({"sin": 1.0}, "a name such as 'a'"),
        ({"2": 1.0}, "a name such as 'a'"),
        ({"x y": 1.0}, "a name such as 'a'"),
        ({"": 1.0}, "a name such as 'a'"),
    ],
)
def test_constants_that_do_not_fit(let: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=r"constant|name") as caught:
        Expression.parse("2x", let=let)
    assert said in str(caught.value)


# --- derivatives --------------------------------------------------------------------------------------------------

SMOOTH = [
    "x^3/(1 + x²) − 2^x + x^1.5 + √x",
    "sin²x + cos 2x + tan(x) + cot(x) + sec(x) + csc(x)",
    "sinh(x) + cosh(x) + tanh(x) + asinh(x) + atanh(x) + acosh(1 + x)",
    "asin(x) + acos(x) + atan(x) + erf(x) + exp(x) + |x| + cbrt(x)",
    "log(x) + log10(x) + log2(x) + relu(x) + sigmoid(x) + softplus(x)",
    "min(x, y, 1) + max(x, y²) + atan2(y, x) + hypot(x, y) + x^y",
]


@pytest.mark.parametrize("text", [*SMOOTH, *TEST_FUNCTIONS])
def test_the_gradient_agrees_with_finite_differences(text: str) -> None:
    f = Expression.parse(text)
    point, step = np.linspace(0.31, 0.73, f.size), 1e-5
    moved = point + step * np.vstack([np.eye(f.size), -np.eye(f.size)])
    with jax.enable_x64(True):
        values, slopes = jax.jit(jax.vmap(jax.value_and_grad(f)))(jnp.asarray(np.vstack([point, moved])))
    central = (values[1 : f.size + 1] - values[f.size + 1 :]) / (2 * step)
    np.testing.assert_allclose(slopes[0], central, rtol=1e-6, atol=1e-7 * (1 + float(np.abs(values).max())))


@pytest.mark.parametrize("text", SMOOTH)
def test_the_hessian_agrees_with_finite_differences(text: str) -> None:
    f = Expression.parse(text)
    point, step = np.linspace(0.31, 0.73, f.size), 1e-5
    moved = point + step * np.vstack([np.eye(f.size), -np.eye(f.size)])
    with jax.enable_x64(True):
        bends = jax.jit(jax.hessian(f))(jnp.asarray(point))
        slopes = jax.jit(jax.vmap(jax.grad(f)))(jnp.asarray(moved))
    np.testing.assert_allclose(bends, (slopes[: f.size] - slopes[f.size :]) / (2 * step), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("power", range(-3, 7))
def test_whole_powers_are_exact_and_differentiable(power: int) -> None:
    f = Expression.parse(f"x^{power}" if power >= 0 else f"1/x^{-power}")
    points = [-2.0, -1.0, 1.0, 3.0] + ([0.0] if power >= 0 else [])
    with jax.enable_x64(True):
        for x in points:
            assert float(f(jnp.array([x]))) == x**power
            slope = float(jax.grad(f)(jnp.array([x]))[0])
            assert slope == pytest.approx(power * x ** (power - 1) if power else 0.0, rel=1e-14)


@pytest.mark.parametrize("text", ["log(x)", "sqrt(x)", "x^0.5", "x^(1/3)", "asin(x - 2)", "acosh(x)", "x^x"])
def test_a_hole_is_nan(text: str) -> None:
    assert math.isnan(float(Expression.parse(text)(jnp.array([-1.5]))))


def test_it_takes_the_type_of_the_point() -> None:
    f = Expression.parse("pi x + sqrt(2)")
    assert f(jnp.zeros(1, jnp.float32)).dtype == jnp.float32
    with jax.enable_x64(True):
        assert float(f(jnp.array([1.0]))) == math.pi + math.sqrt(2)


def test_equal_functions_are_compiled_once() -> None:
    traces = 0

    def value(f: Expression, point: jax.Array) -> jax.Array:
        nonlocal traces
        traces += 1
        return f(point)

    compiled = jax.jit(value, static_argnums=0)
    compiled(Expression.parse("x^2"), jnp.ones(1))
    compiled(Expression.parse("x^2"), jnp.zeros(1))
    assert traces == 1


# --- hostile and random text ----------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"xyzabefgh0123456789.,+-*/^()[]{}|√π½²³⁻₁_='\"\\;:@#$%&!?<>~` \n\t\x00é日😀\ud800−·÷j",
        *("**", "sin", "exp", "log", "max", "f(x)=", "f(", "himmelblau", "nan", "inf", "None", "1e999", "9^9^9", "0x"),
        *("__import__", "os.system('true')", "eval(", "lambda:", "exec", "open('f')", "import os", "((((", "))))"),
    ]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=200, deadline=None)
@given(TEXTS)
@example("9^9^9^9")
@example("(" * 10_000)
@example("__import__('os').system('true')")
@example("f(" + "x," * 300 + ")=x")
@example("().__class__.__bases__[0].__subclasses__()")
@example("x" * 2000)
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"the text was evaluated: {args!r:.80}")

    kept = {name: getattr(builtins, name) for name in ("eval", "exec", "compile", "open", "__import__")}
    kept_import = importlib.import_module
    try:
        for name in kept:
            setattr(builtins, name, forbidden)
        importlib.import_module = forbidden
        try:
            read = Expression.parse(text)
        except ExpressionError as error:
            read, position = None, error.position
    finally:
        for name, function in kept.items():
            setattr(builtins, name, function)
        importlib.import_module = kept_import
    if read is None:
        assert 1 <= position <= len(text) + 1
    else:
        assert set(read.variables) >= {node.name for node in walk(read.tree) if isinstance(node, Variable)}
        read.pretty(), read.latex()


# --- notation -----------------------------------------------------------------------------------------------------


def _trees() -> st.SearchStrategy[Tree]:
    numbers = st.sampled_from(["0", "1", "2", "7", "0.1", "12.5", "1e-3", "3e20"]).map(Number)
    leaves = st.one_of(numbers, st.sampled_from("xyzab").map(Variable), st.just(Variable("x1")))

    def grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        pair = st.tuples(inner, inner)
        several = st.lists(inner, min_size=2, max_size=4).map(tuple)
        return st.one_of(
            st.builds(Apply, st.sampled_from(["+", "*", "max"]), several),
            st.builds(Apply, st.just("/"), pair),
            st.builds(Apply, st.sampled_from(["neg", "sin", "exp", "abs", "sqrt"]), st.tuples(inner)),
            st.builds(Apply, st.just("^"), st.tuples(inner, st.sampled_from("0123").map(Number))),
            st.builds(Apply, st.just("^"), st.tuples(inner, st.just(Apply("neg", (Number("2"),))))),
        )

    return st.recursive(leaves, grown, max_leaves=12)


def _sure(tree: Tree) -> bool:
    """Whether the grammar takes a tree: no part of it is an undefined or a huge constant."""
    values = [constant_value(node) for node in walk(tree)]
    return all(v is None or abs(v) <= 1e99 for v in values)


@settings(max_examples=100, deadline=None)
@given(_trees().filter(_sure), st.tuples(*[st.floats(0.3, 2.0)] * 6))
def test_what_is_written_reads_back_as_the_same_function(tree: Tree, point: tuple) -> None:
    names = ("x", "y", "z", "a", "b", "x1")
    again = parse(f"f({', '.join(names)}) = {pretty(tree)}")
    with jax.enable_x64(True):
        first, second = (Expression("", names, t)(jnp.array(point)) for t in (tree, again))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-300)


@settings(max_examples=100, deadline=None)
@given(_trees())
def test_plain_data_reads_back_as_the_same_tree(tree: Tree) -> None:
    assert from_data(to_data(tree)) == tree


@pytest.mark.parametrize(
    "data", [[], "x", ["eval", ["number", "1"]], ["+", ["number", "1"]], ["constant", "x"], ["variable", 1], None]
)
def test_plain_data_of_no_tree_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="not the data of an expression"):
        from_data(data)


@pytest.mark.parametrize(
    ("text", "written", "tex"),
    [
        ("2*x**2 + 4*x", "2x² + 4x", "2 x^{2} + 4 x"),
        ("3x^2 - 2y", "3x² − 2y", "3 x^{2} - 2 y"),
        ("x - (y - 1)", "x − (y − 1)", r"x - \left(y - 1\right)"),
        ("-(x + 1)^2", "−(x + 1)²", r"-\left(x + 1\right)^{2}"),
        ("exp(-x^2/2)", "exp(−x²/2)", r"\exp\left(-\frac{x^{2}}{2}\right)"),
        ("x^(y+1)", "x^(y + 1)", "x^{y + 1}"),
        ("x * sin(2*pi*y)", "x·sin(2πy)", r"x \sin\left(2 \pi y\right)"),
        ("|x| + sqrt(x) + cbrt(x)", "|x| + sqrt(x) + cbrt(x)", r"\left|x\right| + \sqrt{x} + \sqrt[3]{x}"),
        ("x_1 + theta2 + width", "theta₂ + width + x₁", None),
        ("3*2*x", "3·2x", r"3 \cdot 2 x"),
        ("x/(y*z)", "x/(yz)", r"\frac{x}{y z}"),
        ("1e-3x + 2e40", "0.001x + 2·10⁴⁰", r"0.001 x + 2 \cdot 10^{40}"),
    ],
)
def test_notation(text: str, written: str, tex: str | None) -> None:
    f = Expression.parse(text)
    if tex is None:
        assert sorted(f.pretty().split(" + ")) == sorted(written.split(" + "))
        assert r"\theta_{2}" in f.latex()
        assert r"\mathrm{width}" in f.latex()
    else:
        assert f.pretty() == written
        assert f.latex() == tex


# --- doors ----------------------------------------------------------------------------------------------------------


def test_reading_imports_neither_sympy_nor_jax() -> None:
    code = (
        "import sys, talweg.objective, talweg.landscape, talweg.sketching\n"
        "from talweg.objective.typed.grammar import parse; parse('x^2')\n"
        "print(*({'jax', 'sympy', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_errors_are_for_people() -> None:
    with pytest.raises(TalwegError, match=r"(?m)^unexpected '\)' at position 7$"):
        Expression.parse("2x + 3)")

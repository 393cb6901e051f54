"""A typed function: its variables, and its value as a JAX function.

How text is read is in `grammar`, how a tree is written in `notation`; descending it is the engine's work,
looking at it (stationary points, convexity) that of the landscape room.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from talweg.errors import ConfigError, ExpressionError, pointing_into
from talweg.objective.typed import grammar, notation, tokens
from talweg.objective.typed.test_functions import KnownFunction, known_function
from talweg.objective.typed.tree import FUNCTIONS, Apply, Tree, Variable, constant_value, number, variables_of


@dataclasses.dataclass(frozen=True)
class Expression:
    """A typed function of one or more variables; calling it gives its value at a point.

    Attributes:
        text: the function as typed; for a test function, its formula.
        variables: the names of its variables, in the order in which a point gives their values.
        tree: the function as data.
        known: what is known of it, where it was called by the name of a test function.

    Example:
        >>> f = Expression.parse("f(x, y) = 3x^2 − 2y")
        >>> f.variables
        ('x', 'y')
        >>> float(f(jnp.array([1.0, 2.0])))
        -1.0
        >>> f.pretty()
        '3x² − 2y'
    """

    text: str
    variables: tuple[str, ...]
    tree: Tree
    known: KnownFunction | None = None

    @classmethod
    def parse(cls, text: str, let: Mapping[str, float | int] | None = None) -> "Expression":
        """Reads a function as people write it, or the name of a test function.

        The variables stand in the order of `f(y, x) = …` where the text begins so; otherwise x, y, z come
        first and the others follow by the alphabet.

        Args:
            text: such as ``"2x² + 4x"``, ``"f(x, y) = x^2 − a·y"`` or ``"himmelblau"``.
            let: values of constants by name.

        Raises:
            ExpressionError: where the text is not an expression of at least one variable, with the position.
            ConfigError: where a constant does not occur in the text, or has no finite value.
        """
        known = known_function(text)
        formula = known.text if known else text
        constants = {tokens.name_of(name): _constant(name, value) for name, value in (let or {}).items()}
        with pointing_into(formula):
            tree = grammar.parse(formula, values=constants)
            _refuse_unused(formula, constants)
            order, _ = tokens.declared(formula)
            variables = _alphabetical(tree) if order is None else tuple(n for n in order if n not in constants)
            if not variables:
                raise ExpressionError("expected a variable such as x, found only constants", 1)
        return cls(formula, variables, tree, known)

    @property
    def size(self) -> int:
        """The number of variables, n."""
        return len(self.variables)

    def __call__(self, point: Float[Array, " n"]) -> Float[Array, ""]:
        """The value at a point, of the point's floating type; NaN where the function is not defined.

        Whole powers are products, so that they and their derivatives hold at 0 and for negative numbers.
        Works under `jax.jit`, `jax.vmap`, `jax.grad` and `jax.hessian`.
        """
        values = dict(zip(self.variables, point, strict=True))
        return jnp.asarray(_value(self.tree, values), point.dtype)

    def pretty(self) -> str:
        """The function in Unicode, as a person writes it."""
        return notation.pretty(self.tree)

    def latex(self) -> str:
        """The function in LaTeX, without the dollar signs."""
        return notation.latex(self.tree)


def _constant(name: str, value: object) -> Tree:
    """The tree that stands for a constant with a value."""
    read = tokens.tokenize(name, 0, [tokens.name_of(name)])
    if len(read) != 2 or read[0].kind != "name" or name in FUNCTIONS:
        raise ConfigError(f"expected a name such as 'a' for a constant, found {name!r}")
    if not isinstance(value, int | float) or not abs(value) <= grammar.MAX_CONSTANT:
        raise ConfigError(f"expected a finite number for the constant {name!r}, found {value!r}")
    return number(float(value))


def _refuse_unused(text: str, constants: Mapping[str, Tree]) -> None:
    """A constant that does not occur is a slip of the pen."""
    _, start = tokens.declared(text)
    words = {token.text for token in tokens.tokenize(text, start, list(constants))}
    for name in constants:
        if name not in words:
            raise ConfigError(f"the constant {name!r} does not occur in {text.strip()!r}")


def _alphabetical(tree: Tree) -> tuple[str, ...]:
    """The variables of a tree: x, y, z first, the others by the alphabet."""
    return tuple(sorted(variables_of(tree), key=lambda name: (name not in ("x", "y", "z"), name)))


_JAX: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "+": lambda *terms: sum(terms[1:], start=terms[0]),
    "*": lambda *factors: math.prod(factors[1:], start=factors[0]),
    "/": lambda a, b: a / b,
    "cot": lambda a: 1 / jnp.tan(a),
    "sec": lambda a: 1 / jnp.cos(a),
    "csc": lambda a: 1 / jnp.sin(a),
    "min": lambda *args: _fold(jnp.minimum, args),
    "max": lambda *args: _fold(jnp.maximum, args),
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "erf": jax.scipy.special.erf,
    "heaviside": lambda a: jnp.heaviside(a, 0.5),
    "asin": jnp.arcsin,
    "acos": jnp.arccos,
    "atan": jnp.arctan,
    "atan2": jnp.arctan2,
    "asinh": jnp.arcsinh,
    "acosh": jnp.arccosh,
    "atanh": jnp.arctanh,
}


def _fold(function: Callable[[Any, Any], Any], args: tuple) -> Any:
    result = args[0]
    for arg in args[1:]:
        result = function(result, arg)
    return result


def _value(tree: Tree, values: Mapping[str, Any]) -> Any:
    """A tree's value under JAX; a part without variables is a Python float and takes the others' type."""
    constant = constant_value(tree)
    if constant is not None:
        return constant
    if isinstance(tree, Variable):
        return values[tree.name]
    assert isinstance(tree, Apply)  # a number or a named constant has a constant value
    args = [_value(arg, values) for arg in tree.args]
    if tree.head == "^":
        return _power(args[0], args[1])
    return (_JAX.get(tree.head) or getattr(jnp, tree.head))(*args)


def _power(base: Any, exponent: Any) -> Any:
    """A power; a whole one by products. A root or another power of a negative number is NaN."""
    if isinstance(exponent, float) and exponent.is_integer():
        return jax.lax.integer_pow(base, int(exponent))
    if isinstance(exponent, float) and exponent == 0.5:
        return jnp.sqrt(base)
    return jnp.power(base, exponent)

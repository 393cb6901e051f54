"""A function of the user's own, its convolutions and poolings in Talweg's forms. The forms are in their own files.

XLA's CPU compiler does the gradients of both badly in the body of a loop, where an epoch's steps run. A function that
was not written with Talweg's layers (an Equinox module, a pair of functions) is traced to its operations, as for a
batch, and these are carried out one after the other, each convolution and each pooling window in the form that is fast
there. What is not found so (inside a loop or a condition of the function's own), or has settings that Talweg's forms
do not know, is computed as it stands.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, jaxprs_in_params
from jaxtyping import Array

from talweg.objective.convolution import convolve
from talweg.objective.pooling import pooled

SLOW_IN_LOOPS = ("conv_general_dilated", "reduce_window_max", "reduce_window_sum")
"""Operations whose gradients XLA's CPU compiler does badly in the body of a loop."""
_CALLS = ("jit", "pjit", "closed_call")
"""Operations that only call others."""

Form = Callable[..., Array]


def recast(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, to rounding, with its convolutions and pooling windows in Talweg's forms.

    Example:
        >>> def smoothed(x, kernel):
        ...     return lax.conv_general_dilated(x, kernel, (1,), "SAME")
        >>> x, kernel = jnp.arange(6.0).reshape(1, 1, 6), jnp.ones((1, 1, 3))
        >>> bool(jnp.allclose(recast(smoothed)(x, kernel), smoothed(x, kernel)))
        True
    """

    @functools.wraps(function)
    def recasted(*arguments: Any) -> Any:
        program, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
        found = _carried_out(program.jaxpr, program.consts, jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shapes), found)

    return recasted


def holds_slow(function: Callable[..., Any], *shapes: Any) -> bool:
    """Whether a function, recast, still holds an operation that is slow in loops.

    Args:
        function: the user's.
        *shapes: of its arguments.
    """
    return _slow(jax.make_jaxpr(function)(*shapes).jaxpr)


def _slow(program: Jaxpr) -> bool:
    for operation in program.eqns:
        inner = jaxprs_in_params(operation.params)
        if operation.primitive.name in _CALLS:
            slow = any(map(_slow, inner))
        elif operation.primitive.name in SLOW_IN_LOOPS:
            slow = _form(operation) is None
        else:
            slow = any(name in str(each) for each in inner for name in SLOW_IN_LOOPS)
        if slow:
            return True
    return False


def _carried_out(program: Jaxpr, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    """The outputs of a program."""
    known = dict(zip((*program.constvars, *program.invars), (*constants, *arguments), strict=True))

    def value(place: Any) -> Any:
        return place.val if isinstance(place, Literal) else known[place]

    for operation in program.eqns:
        known |= zip(operation.outvars, _result(operation, [value(place) for place in operation.invars]), strict=True)
    return [value(place) for place in program.outvars]


def _result(operation: JaxprEqn, values: list[Any]) -> Sequence[Any]:
    if operation.primitive.name in _CALLS:
        inner: ClosedJaxpr = operation.params.get("jaxpr") or operation.params["call_jaxpr"]
        return _carried_out(inner.jaxpr, inner.consts, values)
    if form := _form(operation):
        return [form(*values)]
    primitive: Any = operation.primitive
    settings = primitive.get_bind_params(operation.params)
    # Before JAX 0.10 an operation's functions came apart from its settings.
    functions, settings = settings if isinstance(settings, tuple) else ((), settings)
    found = primitive.bind(*functions, *values, **settings)
    return found if primitive.multiple_results else [found]


def _form(operation: JaxprEqn) -> Form | None:
    """How an operation is carried out otherwise; `None` for as it stands."""
    name = operation.primitive.name
    kinds: list[Any] = [place.aval for place in operation.invars]
    if name not in SLOW_IN_LOOPS or not all(jnp.issubdtype(kind.dtype, jnp.floating) for kind in kinds):
        return None
    return _convolution(operation.params) if name == SLOW_IN_LOOPS[0] else _pooling(name, operation.params)


def _convolution(settings: dict[str, Any]) -> Form | None:
    pads, groups = settings["padding"], settings["feature_group_count"]
    known = settings["batch_group_count"] == 1 and settings["preferred_element_type"] is None
    if not known or not 1 <= len(pads) <= 3 or min(min(pad) for pad in pads) < 0:
        return None
    rows, kernels, outputs = settings["dimension_numbers"]

    def form(x: Array, kernel: Array) -> Array:
        x = x.transpose(rows[0], *rows[2:], rows[1])
        spread = [(0, 0, 0), *((0, 0, step - 1) for step in settings["lhs_dilation"]), (0, 0, 0)]
        x = lax.pad(x, jnp.zeros((), x.dtype), spread)
        kernel = kernel.transpose(*kernels[2:], kernels[1], kernels[0])
        found = convolve(x, kernel, settings["window_strides"], pads, settings["rhs_dilation"], groups)
        return jnp.moveaxis(found, range(found.ndim), (outputs[0], *outputs[2:], outputs[1]))

    return form


def _pooling(name: str, settings: dict[str, Any]) -> Form | None:
    pads = settings["padding"]
    apart = (*settings["base_dilation"], *settings["window_dilation"])
    if any(step != 1 for step in apart) or min(min(pad) for pad in pads) < 0:
        return None
    combine, fill = (jnp.maximum, -math.inf) if name == "reduce_window_max" else (jnp.add, 0.0)

    def form(x: Array) -> Array:
        # Every axis may be one that windows go along; a row and a channel are put round them.
        window, stride = settings["window_dimensions"], settings["window_strides"]
        return pooled(x[None, ..., None], window, stride, pads, combine, fill)[0, ..., 0]

    return form

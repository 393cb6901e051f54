"""How the engine's programs are compiled. What they compute is in `engine`.

XLA's CPU compiler protects what a loop carries with copies, and decides by a coarse analysis where one is needed. The
finer one needs fewer, and each copy is also something that two threads wait for. XLA has it, and leaves it off; a
version that no longer knows it compiles as it does by itself.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax.errors import JaxRuntimeError

FEWER_COPIES = {"xla_cpu_copy_insertion_use_region_analysis": True}
"""An option of XLA for programs whose time goes into a loop."""


@functools.cache
def accepted(name: str, value: Any) -> bool:
    """Whether the installed XLA knows an option, found out by compiling next to nothing with it.

    Example:
        >>> accepted("no_such_option", True)
        False
    """
    try:
        jax.jit(lambda: 0, compiler_options={name: value}).lower().compile()
    except JaxRuntimeError:
        return False
    return True


def looping(function: Callable, *static: str) -> Callable[[], Any]:
    """The compiled form of a function that is one long loop; it is asked for when it is needed, and made once.

    Args:
        function: of arrays.
        static: the names of those arguments that are not.

    Example:
        >>> double = looping(lambda x: 2 * x)
        >>> float(double()(1.5)), double() is double()
        (3.0, True)
    """

    @functools.cache
    def compiled() -> Any:
        options = {name: value for name, value in FEWER_COPIES.items() if accepted(name, value)}
        return jax.jit(function, static_argnames=static, compiler_options=options)

    return compiled

"""Networks of the user's own: an Equinox module or a pair of functions, as a layer among others.

What a person's function gives is looked at once, by its shapes; nothing is drawn before the members are. Its
convolutions and poolings are computed in Talweg's forms (`recast`).
"""

import abc
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, final

import equinox as eqx
import jax
from jaxtyping import Array, PRNGKeyArray

from talweg.errors import ConfigError
from talweg.objective.layers import Layer, LayerParams, Sequential, Shape
from talweg.objective.recast import recast

Build = Callable[..., Any]
PASSED = ("key", "shape", "outputs")
"""What a function that builds a network may ask for, by name."""


class Foreign(Layer):
    """A network that is computed by the user's own operations, its convolutions and poolings in Talweg's forms."""

    by_row: ClassVar[bool] = False

    @abc.abstractmethod
    def as_written(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        """What `apply` computes, by the user's own operations."""

    def apply(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return recast(self.as_written)(params, x, key)


@final
class Pair(Foreign):
    """A network as two functions: `init(key, shape)` gives nested params, `apply(params, x, key)` uses them.

    Attributes:
        draw: the first; the shape is that of one row.
        use: the second; `x` is a batch, the key is `None` in evaluation.
    """

    kind: ClassVar[str] = "pair"

    draw: Callable[..., Any] = eqx.field(static=True)
    use: Callable[..., Any] = eqx.field(static=True)

    def output_shape(self, shape: Shape) -> Shape:
        params = jax.eval_shape(lambda: self.init(jax.random.key(0), shape))
        rows = _of_shape((2, *shape))
        return jax.eval_shape(lambda params, x: self.apply(params, x, None), params, rows).shape[1:]

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        drawn = self.draw(key, shape)
        if not _nested(drawn):
            raise ConfigError(
                "init must give params as dictionaries of dictionaries of arrays, such as "
                f"{{'dense_1': {{'weights': ...}}}}, got {type(drawn).__name__}"
            )
        return drawn

    def as_written(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        return self.use(params, x, key)


@final
class Module(Foreign):
    """A network as an Equinox module, which acts on one row: `module(x)`, or `module(x, key=key)` if it takes a key.

    In evaluation it is put into inference mode, so that its dropout is off. Modules that carry state from batch to
    batch (`eqx.nn.BatchNorm`) do not fit; take `groupnorm`, or Talweg's own `batchnorm`.

    Attributes:
        build: draws the module from a key; equal ones compile once.
    """

    kind: ClassVar[str] = "module"

    build: "Builder" = eqx.field(static=True)

    def output_shape(self, shape: Shape) -> Shape:
        module = eqx.filter_eval_shape(self.build, jax.random.key(0))
        if any(isinstance(node, eqx.nn.StateIndex) for node in jax.tree.leaves(module, is_leaf=_is_state)):
            raise ConfigError(
                f"{self.build} holds a layer with state, such as eqx.nn.BatchNorm; take one that looks at a row alone"
            )
        return eqx.filter_eval_shape(lambda module, x: _call(module, x, None), module, _of_shape(shape)).shape

    def init(self, key: PRNGKeyArray, shape: Shape) -> LayerParams:
        return _by_name(eqx.filter(self.build(key), eqx.is_inexact_array))

    def as_written(self, params: LayerParams, x: Array, key: PRNGKeyArray | None) -> Array:
        skeleton = eqx.filter_eval_shape(self.build, jax.random.key(0))
        module = _filled(skeleton, params)
        if key is None:
            return jax.vmap(lambda row: _call(module, row, None))(x)
        return jax.vmap(lambda row, its: _call(module, row, its))(x, jax.random.split(key, len(x)))


@final
class Builder:
    """A user's function with the shapes it is to be called with. Two of the same are equal.

    It is called with those of `key`, `shape` (of one row) and `outputs` (how many numbers a row is to give) that
    its parameters name.
    """

    def __init__(self, function: Build, shape: Shape, outputs: int):
        self.function, self.shape, self.outputs = function, shape, outputs
        self.wanted = _parameters(function)

    def __call__(self, key: Array | None) -> Any:
        known = dict(zip(PASSED, (key, self.shape, self.outputs), strict=True))
        return self.function(**{name: known[name] for name in self.wanted})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Builder) and self._same() == other._same()

    def __hash__(self) -> int:
        return hash(self._same())

    def _same(self) -> tuple:
        return self.function, self.shape, self.outputs

    def __str__(self) -> str:
        return f"{self.function.__module__}:{getattr(self.function, '__qualname__', '?')}"


def _parameters(function: Build) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if strange := [name for name in needed if name not in PASSED]:
        raise ConfigError(
            f"the function that builds a network is called with key, shape and outputs, by name; it also asks for "
            f"{', '.join(strange)}"
        )
    return tuple(p.name for p in parameters if p.name in PASSED)


def user_model(function: Build, shape: Shape, outputs: int) -> Layer:
    """The network that a user's function builds.

    Args:
        function: gives an Equinox module (it must then take a key), a pair of functions `init` and `apply`, or
            Talweg's own layers.
        shape: of one row.
        outputs: how many numbers a row is to give.

    Raises:
        ConfigError: if it asks for something else than `key`, `shape`, `outputs`, or gives something else.
    """
    builder = Builder(function, shape, outputs)
    made = eqx.filter_eval_shape(builder, jax.random.key(0)) if "key" in builder.wanted else builder(None)
    if isinstance(made, Layer):
        return made if "key" not in builder.wanted else builder(None)
    if isinstance(made, list | tuple) and made and all(isinstance(layer, Layer) for layer in made):
        return Sequential(made)
    if isinstance(made, tuple) and len(made) == 2 and all(map(callable, made)):
        return Pair(*(builder(None) if "key" in builder.wanted else made))
    if isinstance(made, eqx.Module) and callable(made):
        if "key" not in builder.wanted:
            raise ConfigError(f"{builder} must take a key, or all members would start at the same place")
        return Module(builder)
    raise ConfigError(
        f"{builder} must give an Equinox module that can be called, a pair of functions init and apply, or layers, "
        f"got {type(made).__name__}"
    )


def find_function(name: str) -> Build:
    """A user's function by its place, `module:function`; modules in the current folder are found too.

    The module is imported, so its code runs: only its own user may name it.

    Raises:
        ConfigError: if there is no such module or function.
    """
    module_name, _, function_name = name.partition(":")
    if os.getcwd() not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name.split(".")[0] and error.name != module_name:
            raise
        raise ConfigError(f"there is no module {module_name!r} here or installed, for the model {name!r}") from None
    function = getattr(module, function_name, None)
    if not callable(function):
        found = [known for known, value in vars(module).items() if inspect.isfunction(value)]
        raise ConfigError(f"{module_name!r} has no function {function_name!r}. It has: {', '.join(found) or 'none'}")
    return function


def _of_shape(shape: Shape) -> Any:
    struct: Any = jax.ShapeDtypeStruct
    return struct(shape, jax.numpy.float32)


def _call(module: Any, row: Array, key: Array | None) -> Array:
    """Applies a module to one row; without a key in inference mode."""
    if key is None:
        module = eqx.nn.inference_mode(module)
    takes_key = "key" in inspect.signature(type(module).__call__).parameters
    return module(row, key=key) if takes_key else module(row)


def _is_state(node: Any) -> bool:
    return isinstance(node, eqx.nn.StateIndex)


def _nested(params: Any) -> bool:
    if isinstance(params, Mapping):
        return all(isinstance(name, str) and "/" not in name and _nested(its) for name, its in params.items())
    return eqx.is_array(params) or isinstance(params, jax.ShapeDtypeStruct)


def _path(path: tuple) -> tuple[str, ...]:
    return tuple(str(getattr(step, "name", getattr(step, "key", getattr(step, "idx", step)))) for step in path)


def _by_name(module: Any) -> LayerParams:
    """A module's arrays as nested dictionaries: the names of its fields, the numbers of its lists."""
    params: LayerParams = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(module):
        *groups, name = _path(path)
        place = params
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = leaf
    return params


def _filled(skeleton: Any, params: LayerParams) -> Any:
    """A module with its arrays taken from nested dictionaries."""

    def fill(path: tuple, leaf: Any) -> Any:
        if not isinstance(leaf, jax.ShapeDtypeStruct) or not jax.numpy.issubdtype(leaf.dtype, jax.numpy.inexact):
            return leaf
        place: Any = params
        for step in _path(path):
            place = place[step]
        return place

    return jax.tree_util.tree_map_with_path(fill, skeleton)

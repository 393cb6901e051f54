"""An optimizer as a description, with settings that may differ from member to member. Which there are is in `recipes`.

Its name is static, its settings are arrays. The Optax transformation is built while tracing, so that neither another
learning rate nor a list of them compiles anything anew.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.descent.schedule import SCHEDULES
from talweg.errors import ConfigError, did_you_mean

STEP_LENGTHS = ("fixed", "backtracking")


class Optimizer(eqx.Module):
    """An optimizer of one member, or of a crowd when its settings have a leading member axis.

    Attributes:
        name: a key of `OPTIMIZERS`.
        schedule: a key of `SCHEDULES`.
        steps: over how many steps the schedule runs.
        step_length: ``"fixed"``, or ``"backtracking"``: the step is halved until the loss falls by what the slope
            promises (Armijo 1966), so that it is only as long as does not hurt.
        settings: the learning rate and whatever else the recipe takes.
    """

    name: str = eqx.field(static=True)
    schedule: str = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    step_length: str = eqx.field(static=True)
    settings: Mapping[str, Float[Array | np.ndarray, "*members"]]

    def _transformation(self) -> optax.GradientTransformationExtraArgs:
        factor = SCHEDULES[self.schedule](self.steps)
        made = OPTIMIZERS[self.name].build(lambda count: self.settings["learning_rate"] * factor(count), self.settings)
        if self.step_length == "backtracking":
            search = optax.scale_by_backtracking_linesearch(40, decrease_factor=0.5, increase_factor=math.inf)
            made = optax.chain(made, search)
        return optax.with_extra_args_support(made)

    def init(self, params: PyTree[Array]) -> PyTree:
        """The optimizer's state before the first step."""
        return self._transformation().init(params)

    def update(
        self,
        gradient: PyTree[Array],
        state: PyTree,
        params: PyTree[Array],
        value: Float[Array, ""],
        value_fn: Callable[[PyTree[Array]], Float[Array, ""]],
    ) -> tuple[PyTree, PyTree]:
        """One step.

        Args:
            gradient: of the loss at the params.
            state: the optimizer's.
            params: where the member stands.
            value: the loss there.
            value_fn: the loss elsewhere on the same batch, for the optimizers that look ahead.

        Returns:
            The new params and the new state.
        """
        updates, state = self._transformation().update(
            gradient, state, params, value=value, grad=gradient, value_fn=value_fn
        )
        return optax.apply_updates(params, updates), state


def make_optimizer(
    name: str,
    members: int,
    *,
    schedule: str = "constant",
    steps: int = 1,
    step_length: str = "fixed",
    dtype: Any = np.float32,
    **settings: float | Float[np.ndarray, " members"],
) -> Optimizer:
    """An optimizer for so many members.

    Args:
        name: a key of `OPTIMIZERS` or `ALIASES`.
        members: the length of the member axis.
        schedule: a key of `SCHEDULES`.
        steps: over how many steps the schedule runs.
        step_length: ``"fixed"`` or ``"backtracking"``.
        dtype: of the settings; that of the params.
        **settings: one number for all members, or one for each; the recipe's defaults fill the rest.

    Raises:
        ConfigError: for an unknown name or setting.

    Example:
        >>> make_optimizer("adam", members=2, learning_rate=0.01).settings["learning_rate"]
        array([0.01, 0.01], dtype=float32)
    """
    name = ALIASES.get(name, name)
    _require("optimizer", name, OPTIMIZERS)
    _require("schedule", schedule, SCHEDULES)
    _require("step length", step_length, STEP_LENGTHS)
    defaults = OPTIMIZERS[name].defaults
    for setting in settings:
        _require(f"setting of optimizer {name!r}", setting, defaults)
    values = {
        key: np.broadcast_to(np.asarray(settings.get(key, value), dtype), (members,)) for key, value in defaults.items()
    }
    return Optimizer(name, schedule, steps, step_length, values)


def _require(what: str, name: str, known: Any) -> None:
    if name not in known:
        raise ConfigError(f"{name!r} is no {what}. Known: {', '.join(known)}.{did_you_mean(name, known)}")


def gradient_norm(gradient: PyTree[Array]) -> Float[Array, ""]:
    """The Euclidean length of a gradient over all params."""
    return jnp.asarray(optax.tree.norm(gradient))

"""An optimizer as a description, with settings that may differ from member to member. Which there are is in `recipes`.

Its name is static, its settings are arrays. The Optax transformation is built while tracing, so that neither another
learning rate nor a list of them compiles anything anew.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from talweg.descent.averaging import average, averaged
from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.descent.schedule import Schedule, make_schedule
from talweg.errors import ConfigError, require_known

STEP_LENGTHS = ("fixed", "backtracking", "wolfe")
EXTRAS = ("clip_norm", "ema")
"""Settings that every optimizer takes besides its own, and has only when they are given."""


class Optimizer(eqx.Module):
    """An optimizer of one member, or of a crowd when its settings have a leading member axis.

    Attributes:
        name: a key of `OPTIMIZERS`.
        step_length: ``"fixed"``; ``"backtracking"``: the step is halved until the loss falls by what the slope
            promises (Armijo 1966), so that it is only as long as does not hurt; ``"wolfe"``: it is also as long as is
            worth while, until the slope along it has fallen (strong Wolfe conditions; Nocedal & Wright 2006, 3.5).
        settings: the learning rate and whatever else the recipe takes; `clip_norm`, the length that a gradient is
            cut down to; `ema`, the decay of the params' average that is kept.
        schedule: what the learning rate is multiplied with at each step.
    """

    name: str = eqx.field(static=True)
    step_length: str = eqx.field(static=True)
    settings: Mapping[str, Float[Array | np.ndarray, "*members"]]
    schedule: Schedule

    def _transformation(self) -> optax.GradientTransformationExtraArgs:
        def rate(count: Any) -> Any:
            return self.settings["learning_rate"] * self.schedule.factor(count)

        parts = [OPTIMIZERS[self.name].build(rate, self.settings), *self._lengths()]
        if "clip_norm" in self.settings:
            parts.insert(0, optax.clip_by_global_norm(self.settings["clip_norm"]))
        if "ema" in self.settings:
            parts.append(average(self.settings["ema"]))
        return optax.with_extra_args_support(parts[0] if len(parts) == 1 else optax.chain(*parts))

    def _lengths(self) -> list[optax.GradientTransformationExtraArgs]:
        """What makes the steps longer or shorter by looking at the loss."""
        watching = self.schedule.watching()
        lengths = [] if watching is None else [watching]
        if self.step_length == "backtracking":
            lengths.append(optax.scale_by_backtracking_linesearch(40, decrease_factor=0.5, increase_factor=math.inf))
        elif self.step_length == "wolfe":
            lengths.append(optax.scale_by_zoom_linesearch(30, initial_guess_strategy="one"))
        return lengths

    @property
    def averages(self) -> bool:
        """Whether other params are kept than those the last step led to."""
        return "ema" in self.settings or OPTIMIZERS[self.name].kept is not None

    def kept(self, params: PyTree[Array], state: PyTree) -> PyTree[Array]:
        """The params that are evaluated and kept: those of now, or the optimizer's average of them."""
        kept = OPTIMIZERS[self.name].kept
        params = params if kept is None else kept(state, params)
        return averaged(state, params) if "ema" in self.settings else params

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
    schedule: str | Schedule = "constant",
    steps: int = 1,
    step_length: str = "fixed",
    dtype: Any = np.float32,
    **settings: float | Float[np.ndarray, " members"],
) -> Optimizer:
    """An optimizer for so many members.

    Args:
        name: a key of `OPTIMIZERS` or `ALIASES`.
        members: the length of the member axis.
        schedule: made by `make_schedule`, or a key of `schedule.SHAPES` with its defaults.
        steps: over how many steps a schedule that is named runs.
        step_length: one of `STEP_LENGTHS`.
        dtype: of the settings; that of the params.
        **settings: one number for all members, or one for each; the recipe's defaults fill the rest.

    Raises:
        ConfigError: for an unknown name or setting, or for parts that do not go together.

    Example:
        >>> make_optimizer("adam", members=2, learning_rate=0.01).settings["learning_rate"]
        array([0.01, 0.01], dtype=float32)
    """
    name = ALIASES.get(name, name)
    require_known("optimizer", name, OPTIMIZERS, aliases=ALIASES)
    require_known("step length", step_length, STEP_LENGTHS)
    recipe = OPTIMIZERS[name]
    _refuse_settings_of_others(name, settings)
    if not isinstance(schedule, Schedule):
        schedule = make_schedule(schedule, members, steps=steps, dtype=dtype)
    _refuse_what_does_not_go_together(name, schedule.name, step_length, settings)
    values = {
        key: np.broadcast_to(np.asarray(value, dtype), (members,))
        for key, value in {**recipe.defaults, **settings}.items()
    }
    return Optimizer(name, step_length, values, schedule)


def _refuse_settings_of_others(name: str, settings: Iterable[str]) -> None:
    known = (*OPTIMIZERS[name].defaults, *EXTRAS)
    for setting in settings:
        others = [other for other, recipe in OPTIMIZERS.items() if setting in recipe.defaults]
        if setting not in known and others:
            raise ConfigError(
                f"{setting!r} is no setting of optimizer {name!r}, but of {', '.join(others)}. "
                f"Those of {name!r}: {', '.join(known)}."
            )
        require_known(f"setting of optimizer {name!r}", setting, known)


def _refuse_what_does_not_go_together(name: str, schedule: str, step_length: str, settings: Mapping[str, Any]) -> None:
    averages = OPTIMIZERS[name].kept is not None
    if averages and schedule not in ("constant", "warmup"):
        raise ConfigError(
            f"{name!r} averages its steps in place of a schedule; take the schedule 'constant' or 'warmup', "
            f"not {schedule!r}"
        )
    if averages and "ema" in settings:
        raise ConfigError(f"{name!r} keeps an average already; leave ema away")
    if step_length != "fixed" and (averages or name == "lbfgs"):
        raise ConfigError(f"{name!r} has a step length of its own; leave step_length 'fixed', not {step_length!r}")


def gradient_norm(gradient: PyTree[Array]) -> Float[Array, ""]:
    """The Euclidean length of a gradient over all params."""
    return jnp.asarray(optax.tree.norm(gradient))

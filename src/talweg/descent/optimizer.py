"""The optimizers by name, as Optax makes them, with settings that may differ from member to member.

An optimizer here is a description: its name is static, its settings are arrays. The Optax transformation is built
while tracing, so that neither another learning rate nor a list of them compiles anything anew.
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from talweg.errors import ConfigError, did_you_mean

Settings = Mapping[str, Any]
LearningRate = Callable[[Any], Any]


class Recipe(eqx.Module):
    """How Optax makes an optimizer.

    Attributes:
        build: from the learning rate as a function of the step, and the settings.
        defaults: its settings and their values when none are given; the learning rate among them.
        source: the paper.
    """

    build: Callable[[LearningRate, Settings], optax.GradientTransformation] = eqx.field(static=True)
    defaults: Mapping[str, float] = eqx.field(static=True)
    source: str = eqx.field(static=True)


OPTIMIZERS: dict[str, Recipe] = {
    "sgd": Recipe(
        lambda rate, s: optax.chain(optax.add_decayed_weights(s["weight_decay"]), optax.sgd(rate)),
        {"learning_rate": 0.1, "weight_decay": 0.0},
        "Robbins & Monro 1951",
    ),
    "momentum": Recipe(
        lambda rate, s: optax.chain(
            optax.add_decayed_weights(s["weight_decay"]), optax.sgd(rate, momentum=s["momentum"])
        ),
        {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0},
        "Polyak 1964",
    ),
    "nesterov": Recipe(
        lambda rate, s: optax.chain(
            optax.add_decayed_weights(s["weight_decay"]), optax.sgd(rate, momentum=s["momentum"], nesterov=True)
        ),
        {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0},
        "Nesterov 1983; Sutskever et al. 2013",
    ),
    "adam": Recipe(
        lambda rate, s: optax.adam(rate, s["beta1"], s["beta2"], s["epsilon"]),
        {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        "Kingma & Ba 2015",
    ),
    "adamw": Recipe(
        lambda rate, s: optax.adamw(
            rate, s["beta1"], s["beta2"], s["epsilon"], weight_decay=s["weight_decay"]
        ),
        {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2},
        "Loshchilov & Hutter 2019",
    ),
}
"""Optimizers by name."""

SCHEDULES: dict[str, Callable[[int], optax.Schedule]] = {
    "constant": lambda steps: optax.constant_schedule(1.0),
    "cosine": lambda steps: optax.cosine_decay_schedule(1.0, steps),
}
"""What the learning rate is multiplied with at each step of so many (cosine: Loshchilov & Hutter 2017)."""


class Optimizer(eqx.Module):
    """An optimizer of one member, or of a crowd when its settings have a leading member axis.

    Attributes:
        name: a key of `OPTIMIZERS`.
        schedule: a key of `SCHEDULES`.
        steps: over how many steps the schedule runs.
        settings: the learning rate and whatever else the recipe takes.
    """

    name: str = eqx.field(static=True)
    schedule: str = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    settings: Mapping[str, Float[Array | np.ndarray, "*members"]]

    def _transformation(self) -> optax.GradientTransformation:
        shape = SCHEDULES[self.schedule](self.steps)
        return OPTIMIZERS[self.name].build(
            lambda count: self.settings["learning_rate"] * shape(count), self.settings
        )

    def init(self, params: PyTree[Array]) -> PyTree:
        """The optimizer's state before the first step."""
        return self._transformation().init(params)

    def update(self, gradient: PyTree[Array], state: PyTree, params: PyTree[Array]) -> tuple[PyTree, PyTree]:
        """One step: the new params and the new state."""
        updates, state = self._transformation().update(gradient, state, params)
        return optax.apply_updates(params, updates), state


def make_optimizer(
    name: str,
    members: int,
    schedule: str = "constant",
    steps: int = 1,
    **settings: float | Float[np.ndarray, " members"],
) -> Optimizer:
    """An optimizer for so many members.

    Args:
        name: a key of `OPTIMIZERS`.
        members: the length of the member axis.
        schedule: a key of `SCHEDULES`.
        steps: over how many steps the schedule runs.
        **settings: one number for all members, or one for each; the recipe's defaults fill the rest.

    Raises:
        ConfigError: for an unknown name or setting.

    Example:
        >>> make_optimizer("adam", members=2, learning_rate=0.01).settings["learning_rate"]
        array([0.01, 0.01], dtype=float32)
    """
    if name not in OPTIMIZERS:
        raise ConfigError(
            f"{name!r} is no optimizer. Known: {', '.join(OPTIMIZERS)}.{did_you_mean(name, OPTIMIZERS)}"
        )
    if schedule not in SCHEDULES:
        raise ConfigError(
            f"{schedule!r} is no schedule. Known: {', '.join(SCHEDULES)}.{did_you_mean(schedule, SCHEDULES)}"
        )
    defaults = OPTIMIZERS[name].defaults
    for setting in settings:
        if setting not in defaults:
            raise ConfigError(
                f"optimizer {name!r} has no setting {setting!r}. Known: {', '.join(defaults)}."
                + did_you_mean(setting, defaults)
            )
    values = {
        key: np.broadcast_to(np.asarray(settings.get(key, value), np.float32), (members,))
        for key, value in defaults.items()
    }
    return Optimizer(name, schedule, steps, values)


def gradient_norm(gradient: PyTree[Array]) -> Float[Array, ""]:
    """The Euclidean length of a gradient over all params."""
    return jnp.asarray(optax.tree.norm(gradient))

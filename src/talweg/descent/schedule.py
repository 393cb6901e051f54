"""How the learning rate changes over the steps: each schedule a factor of it. Which rate that is says the optimizer.

Everything that a schedule is told, its length among it, is an array that may differ from member to member, so that
neither another length nor another setting compiles anything anew. Optax's schedules want Python's numbers; these are
the same curves, tested to be.
"""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from talweg.descent.plateau import scale_on_plateau
from talweg.errors import require_known

Settings = Mapping[str, Any]

_ROUNDING = 1e-5
"""Added before a share is cut down to a whole number, so that a third of three is one."""


class Shape(eqx.Module):
    """A kind of schedule.

    Attributes:
        factor: what the learning rate is multiplied with, from the share of the schedule that is done (0 to 1, the
            warm-up apart), and the settings.
        defaults: its settings and their values when none are given.
        meaning: what it does, in a few words.
        source: who described it.
    """

    factor: Callable[[Any, Settings], Any] = eqx.field(static=True)
    defaults: Mapping[str, float] = eqx.field(static=True)
    meaning: str = eqx.field(static=True)
    source: str = eqx.field(static=True)


def _constant(done: Any, s: Settings) -> Any:
    return jnp.ones_like(done)


def _step(done: Any, s: Settings) -> Any:
    return s["factor"] ** jnp.minimum(jnp.floor(done * (s["drops"] + 1) + _ROUNDING), s["drops"])


def _exponential(done: Any, s: Settings) -> Any:
    return s["end"] ** done


def _polynomial(done: Any, s: Settings) -> Any:
    return s["end"] + (1 - s["end"]) * (1 - done) ** s["power"]


def _half_wave(done: Any) -> Any:
    """From 1 to 0 along half a wave of the cosine."""
    return 0.5 * (1 + jnp.cos(jnp.pi * done))


def _cosine(done: Any, s: Settings) -> Any:
    return s["end"] + (1 - s["end"]) * _half_wave(done)


def _cosine_restarts(done: Any, s: Settings) -> Any:
    """Cycle k is `growth ** k` as long as the first; the cycles' lengths add up to the whole."""
    growth = jnp.where(s["growth"] == 1, 2.0, s["growth"])
    even = s["growth"] == 1
    whole = jnp.where(even, s["cycles"], (growth ** s["cycles"] - 1) / (growth - 1))
    at = done * whole
    cycle = jnp.floor(jnp.where(even, at, jnp.log1p(at * (growth - 1)) / jnp.log(growth)) + _ROUNDING)
    began = jnp.where(even, cycle, (growth**cycle - 1) / (growth - 1))
    length = jnp.where(even, 1.0, growth**cycle)
    within = jnp.where(done >= 1, 1.0, jnp.clip((at - began) / length, 0, 1))
    return s["end"] + (1 - s["end"]) * _half_wave(within)


def _one_cycle(done: Any, s: Settings) -> Any:
    up = s["start"] + (1 - s["start"]) * (1 - _half_wave(jnp.clip(done / s["rise"], 0, 1)))
    down = s["end"] + (1 - s["end"]) * _half_wave(jnp.clip((done - s["rise"]) / (1 - s["rise"]), 0, 1))
    return jnp.where(done < s["rise"], up, down)


def _inverse_sqrt(done: Any, s: Settings) -> Any:
    """The root of how many times longer than the warm-up it has been going, and one over it."""
    return jnp.sqrt(s["warmup"] / (s["warmup"] + done * (1 - s["warmup"])))


_COSINE = "Loshchilov & Hutter 2017"
SHAPES: dict[str, Shape] = {
    "constant": Shape(_constant, {}, "the same at every step", "Robbins & Monro 1951"),
    "warmup": Shape(_constant, {"warmup": 0.1}, "rises evenly from 0, then stays", "Goyal et al. 2017"),
    "step": Shape(_step, {"factor": 0.1, "drops": 2.0}, "falls to a share of itself, so many times", "He et al. 2016"),
    "exponential": Shape(_exponential, {"end": 0.01}, "falls by the same share at every step", "Optax"),
    "polynomial": Shape(_polynomial, {"power": 1.0, "end": 0.0}, "falls along a power; 1 is a line", "Optax"),
    "cosine": Shape(_cosine, {"end": 0.0}, "falls along half a wave of the cosine", _COSINE),
    "cosine_restarts": Shape(
        _cosine_restarts, {"cycles": 3.0, "growth": 1.0, "end": 0.0}, "cosine, and up again, so many times", _COSINE
    ),
    "one_cycle": Shape(
        _one_cycle, {"rise": 0.3, "start": 0.04, "end": 4e-6}, "up along a cosine and far down", "Smith & Topin 2019"
    ),
    "inverse_sqrt": Shape(_inverse_sqrt, {"warmup": 0.1}, "rises, then falls as 1/√step", "Vaswani et al. 2017"),
    "plateau": Shape(
        _constant,
        {"factor": 0.1, "patience": 10.0, "tolerance": 1e-4, "end": 0.0},
        "falls to a share of itself when a member's training loss stands still for `patience` epochs",
        "PyTorch",
    ),
}
"""Schedules by name. Each takes `warmup` besides: the share of its length in which the rate rises evenly from 0."""

ALIASES = {"linear": "polynomial", "onecycle": "one_cycle", "sgdr": "cosine_restarts"}
"""Other names in use."""


class Schedule(eqx.Module):
    """A schedule of one member, or of a crowd when its settings have a leading member axis.

    Attributes:
        name: a key of `SHAPES`.
        settings: what its shape takes, and `length`, `epoch` (both in steps) and `warmup` (a share of the length).
    """

    name: str = eqx.field(static=True)
    settings: Mapping[str, Float[Array | np.ndarray, "*members"]]

    def factor(self, count: Any) -> Any:
        """What the learning rate is multiplied with at a step, counted from 0; after its end it stays.

        Of `plateau` only the warm-up is known beforehand; the rest depends on the losses (see `watching`).
        """
        s = self.settings
        at = jnp.clip(count / s["length"], 0, 1)
        done = jnp.clip((at - s["warmup"]) / jnp.maximum(1 - s["warmup"], 1e-9), 0, 1)
        rising = at / jnp.maximum(s["warmup"], 1e-9)
        return jnp.where(at < s["warmup"], rising, SHAPES[self.name].factor(done, s))

    def watching(self) -> optax.GradientTransformationExtraArgs | None:
        """What looks at the loss and makes the steps shorter, for the schedule that does."""
        return scale_on_plateau(self.settings) if self.name == "plateau" else None


def make_schedule(
    name: str, members: int, *, steps: int = 1, epoch: int = 1, dtype: Any = np.float32, **settings: float
) -> Schedule:
    """A schedule for so many members.

    Args:
        name: a key of `SHAPES` or `ALIASES`.
        members: the length of the member axis.
        steps: over how many steps it runs.
        epoch: how many steps an epoch has.
        dtype: of the settings.
        **settings: what the shape takes; its defaults fill the rest.

    Raises:
        ConfigError: for an unknown name or setting.

    Example:
        >>> schedule = make_schedule("cosine", 1, steps=8)
        >>> schedule.factor(np.array([0, 4, 8])).round(2).tolist()
        [1.0, 0.5, 0.0]
    """
    name = ALIASES.get(name, name)
    require_known("schedule", name, SHAPES, aliases=ALIASES)
    defaults = {"warmup": 0.0, **SHAPES[name].defaults}
    for setting in settings:
        require_known(f"setting of the schedule {name!r}", setting, defaults)
    given = {**defaults, **settings, "length": max(steps, 1), "epoch": max(epoch, 1)}
    return Schedule(name, {key: np.full(members, value, dtype) for key, value in given.items()})

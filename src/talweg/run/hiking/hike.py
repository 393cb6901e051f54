"""A hike: many descents of one function from different starts, and where each arrived, in words.

The same engine and the same stopping rules as for networks; here the plane is the space itself.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from talweg.config.rules import parse_rule
from talweg.config.schedules import schedule_of
from talweg.descent import engine
from talweg.descent.optimizer import Optimizer, make_optimizer
from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.descent.stopping import Epochs, Left, NonFinite, Outcome, Rule, SmallGradient
from talweg.descent.walk import CURVES, Walk, walk
from talweg.errors import ConfigError, require_known
from talweg.objective.typed.expression import Expression
from talweg.objective.typed.function import Function
from talweg.run.hiking.starts import Window, draw_starts, window_of
from talweg.run.hiking.words import outcomes_of, warnings_of
from talweg.run.job import member_keys
from talweg.sketching.arrivals import Arrivals, arrivals
from talweg.sketching.conclusions import UNDECIDED, Verdict
from talweg.sketching.levenberg import derivatives
from talweg.sketching.sketch import boundedness_of
from talweg.sketching.symbolic import Study

SYMBOLS = 3.0
"""Seconds that symbols may take to decide whether the function is bounded below, while the hikers walk."""
LEVEL = 1e-9
"""The slope, as a share of the landscape's steepness on the window, that still counts as level ground."""


@dataclasses.dataclass(frozen=True)
class HikeSettings:
    """How the hikers go.

    Attributes:
        hikers: how many there are; set by the starts where these are given as points.
        start: ``"grid"``, ``"random"``, ``"sobol"``, or points such as ``"(1, 2) (-3, 0)"``.
        window: the range of each variable as numbers ``low, high, low, high, ...``; chosen if absent.
        optimizer: a key of `recipes.OPTIMIZERS` or `recipes.ALIASES`.
        learning_rate: the step length; chosen from the curvature if absent.
        schedule: how it changes over the steps.
        step_length: ``"fixed"``; ``"backtracking"``: only as long as does not hurt; ``"wolfe"``: and as long as is
            worth while.
        momentum: for the optimizers that have one.
        noise: standard deviation added to each partial derivative, as a share of the landscape's steepness.
        max_steps: steps of a hiker, at most.
        stop: further stopping rules, on `loss` and `gradient_norm`.
        seed: decides starts and noise.
    """

    hikers: int = 24
    start: str = "sobol"
    window: tuple[float, ...] | None = None
    optimizer: str = "gd"
    learning_rate: float | None = None
    schedule: str = "constant"
    step_length: str = "fixed"
    momentum: float | None = None
    noise: float = 0.0
    max_steps: int = 1000
    stop: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        checks = {
            "hikers": (1 <= self.hikers <= 100_000, "from 1 to 100000"),
            "learning_rate": (self.learning_rate is None or 0 < self.learning_rate < np.inf, "greater than 0"),
            "momentum": (self.momentum is None or 0 <= self.momentum < 1, "from 0 to below 1"),
            "noise": (0 <= self.noise < np.inf, "0 or more"),
            "max_steps": (1 <= self.max_steps <= 1_000_000, "from 1 to 1000000"),
            "seed": (0 <= self.seed < 2**63, "0 or more"),
        }
        for name, (good, wanted) in checks.items():
            if not good:
                raise ConfigError(f"{name} must be {wanted}, got {getattr(self, name)}")


@dataclasses.dataclass(frozen=True, eq=False)
class Hike:
    """What became of the hikers.

    Attributes:
        function: what was descended.
        name: how it is written.
        variables: the names of its variables.
        settings: as given.
        window: the range of each variable.
        learning_rate: the one used.
        steepness: a typical length of the gradient on the window.
        paths: every place of every hiker, of shape `(hikers, steps + 1, n)`; NaN after its last step.
        heights: the function there.
        steps: how many steps each took.
        stops: the rule that stopped each.
        arrivals: the places where hikers ended.
        bounded: whether the function is bounded below, as far as symbols tell, with the reason.
        outcomes: where each arrived, a word (see `record.scene.Scene`) and a sentence.
        warnings: what a person should know, a sentence each.
    """

    function: Callable[[Any], Any]
    name: str
    variables: tuple[str, ...]
    settings: HikeSettings
    window: Window
    learning_rate: float
    steepness: float
    paths: Float[np.ndarray, "hikers places n"]
    heights: Float[np.ndarray, "hikers places"]
    steps: Int[np.ndarray, " hikers"]
    stops: tuple[Outcome, ...]
    arrivals: Arrivals
    bounded: Verdict
    outcomes: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def hike(
    function: str | Expression | Callable[[Any], Any],
    settings: HikeSettings = HikeSettings(),
    variables: Sequence[str] = (),
    let: Mapping[str, float] | None = None,
) -> Hike:
    """Lets hikers go down a function from different starts.

    Args:
        function: a text such as ``"x^2 + 3y^2"``, the name of a test function, or any callable from an array of
            shape `(n,)` to a number that JAX can trace.
        settings: how they go.
        variables: the names of a callable's variables, which also say how many it has.
        let: values of constants in a text.

    Raises:
        ExpressionError: a text that is no function.
        ConfigError: a setting that is out of range or does not fit.

    Example:
        >>> found = hike("2x^2 + 4x", HikeSettings(hikers=3))
        >>> found.arrivals.points.round(6).tolist(), found.outcomes[0][0]
        ([[-1.0]], 'arrived')
    """
    value, name, names = _named(function, variables, let)
    window = window_of(settings.window, value, len(names))
    study = Study(value.tree, names, window, SYMBOLS) if isinstance(value, Expression) else None
    starts = draw_starts(settings.start, settings.hikers, window, settings.seed)
    look = _look_around(value, starts, window, settings.seed)
    rate = _learning_rate(settings, look) if settings.learning_rate is None else settings.learning_rate
    rule = make_rule(settings, window, look.steepness)
    noise = np.full(len(starts), settings.noise * look.steepness) if settings.noise else None
    with jax.enable_x64(True):
        objective = Function(value, starts, noise)
        optimizer = optimizer_of(settings, len(starts), rate)
        state = engine.init(objective, optimizer, member_keys(settings.seed, len(starts)))
        walked = walk(objective, optimizer, state, rule)
    bounded = boundedness_of(value, study) if study and isinstance(value, Expression) else UNDECIDED
    return _told(value, name, names, settings, window, rate, look, walked, bounded)


def _named(
    function: str | Expression | Callable[[Any], Any], variables: Sequence[str], let: Mapping[str, float] | None
) -> tuple[Callable[[Any], Any], str, tuple[str, ...]]:
    if isinstance(function, str):
        function = Expression.parse(function, let)
    if isinstance(function, Expression):
        return function, function.pretty(), function.variables
    if not variables:
        raise ConfigError(
            "name the variables of a Python function, such as variables=['x', 'y'], so that one knows how many it has"
        )
    return function, getattr(function, "__name__", "f"), tuple(variables)


@dataclasses.dataclass(frozen=True)
class _Look:
    """What the landscape is like on the window: its steepness, its curvature where it is strong (the 90 % point)."""

    steepness: float
    curvature: float
    defined: bool


def _look_around(value: Callable[[Any], Any], starts: np.ndarray, window: Window, seed: int) -> _Look:
    low, high = np.array(window).T
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x6C6F6F6B]))
    points = np.vstack([starts[:256], low + generator.random((256, len(low))) * (high - low)])
    at = derivatives(value, points)
    good = np.isfinite(at.value) & np.isfinite(at.gradient).all(1) & np.isfinite(at.hessian).all((1, 2))
    if not good.any():
        return _Look(1.0, 1.0, False)
    slope = np.linalg.norm(at.gradient[good], axis=1)
    curvature = np.abs(np.linalg.eigvalsh(at.hessian[good])).max(1)
    return _Look(float(np.median(slope)) or 1.0, float(np.quantile(curvature, 0.9)), True)


_ADAPTIVE = ("adam", "adamw", "nadam", "rmsprop", "adagrad", "lion", "schedule_free_adamw")


def _learning_rate(settings: HikeSettings, look: _Look) -> float:
    """One over the strong curvature for gradient descent (Nesterov 2004, 1.2.3); see docs for the others."""
    name = ALIASES.get(settings.optimizer, settings.optimizer)
    if name in ("newton", "lbfgs"):
        return 1.0
    if name in _ADAPTIVE:
        return 0.05
    stable = 1.0 / look.curvature if look.curvature > 0 else 0.1
    return stable * (8.0 if settings.step_length != "fixed" else 0.3 if name != "sgd" else 1.0)


def optimizer_of(settings: HikeSettings, hikers: int, rate: float) -> Optimizer:
    """The optimizer for so many hikers, in float64. A function has no weights to decay."""
    extra: dict[str, Any] = {} if settings.momentum is None else {"momentum": settings.momentum}
    name = ALIASES.get(settings.optimizer, settings.optimizer)
    require_known("optimizer", name, OPTIMIZERS)
    if OPTIMIZERS[name].matrices:
        raise ConfigError(f"{name!r} turns matrices, and a hiker's place is none; take another optimizer")
    if "weight_decay" in OPTIMIZERS[name].defaults:
        extra["weight_decay"] = 0.0
    return make_optimizer(
        name,
        hikers,
        schedule=schedule_of(settings.schedule, hikers, 1, settings.max_steps, np.float64),
        step_length=settings.step_length,
        dtype=np.float64,
        learning_rate=rate,
        **extra,
    )


def make_rule(settings: HikeSettings, window: Window, steepness: float) -> Rule:
    """The rules that stop a hiker: the guards, level ground, the user's own, the last step."""
    rule: Rule = NonFinite() | Left(window) | SmallGradient(LEVEL * steepness)
    if settings.stop is not None:
        rule = rule | parse_rule(settings.stop, CURVES)
    return rule | Epochs(settings.max_steps)


def _told(
    value: Callable[[Any], Any],
    name: str,
    names: tuple[str, ...],
    settings: HikeSettings,
    window: Window,
    rate: float,
    look: _Look,
    walked: Walk,
    bounded: Verdict,
) -> Hike:
    """Every path cut at its end, and where it led."""
    paths, heights = np.swapaxes(walked.params, 0, 1).copy(), walked.loss.T.copy()
    later = np.arange(heights.shape[1]) > walked.steps[:, None]
    paths[later], heights[later] = np.nan, np.nan
    ends = paths[np.arange(len(paths)), walked.steps]
    low, high = np.array(window).T
    found = arrivals(value, ends, high - low)
    hiked = Hike(
        function=value,
        name=name,
        variables=names,
        settings=settings,
        window=window,
        learning_rate=rate,
        steepness=look.steepness,
        paths=paths,
        heights=heights,
        steps=walked.steps,
        stops=walked.outcomes,
        arrivals=found,
        bounded=bounded,
        outcomes=(),
        warnings=(),
    )
    outcomes = outcomes_of(hiked)
    hiked = dataclasses.replace(hiked, outcomes=outcomes)
    return dataclasses.replace(hiked, warnings=warnings_of(hiked, look.defined))

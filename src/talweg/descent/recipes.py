"""The table of optimizers: how each is made of Optax's parts, its settings, its source. Nothing is descended here."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import optax

from talweg.descent.newton import scale_by_newton

Settings = Mapping[str, Any]
LearningRate = Callable[[Any], Any]


class Recipe(eqx.Module):
    """How an optimizer is made.

    Attributes:
        build: from the learning rate as a function of the step, and the settings.
        defaults: its settings and their values when none are given; the learning rate among them.
        source: the paper.
        largest: the most params it is meant for; `None` for any number.
    """

    build: Callable[[LearningRate, Settings], optax.GradientTransformation] = eqx.field(static=True)
    defaults: Mapping[str, float] = eqx.field(static=True)
    source: str = eqx.field(static=True)
    largest: int | None = eqx.field(static=True, default=None)


def _sgd(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(s["weight_decay"]), optax.sgd(rate))


def _momentum(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(s["weight_decay"]), optax.sgd(rate, s["momentum"]))


def _nesterov(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(s["weight_decay"]), optax.sgd(rate, s["momentum"], nesterov=True))


def _adam(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.adam(rate, s["beta1"], s["beta2"], s["epsilon"])


def _adamw(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.adamw(rate, s["beta1"], s["beta2"], s["epsilon"], weight_decay=s["weight_decay"])


def _nadam(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.nadam(rate, s["beta1"], s["beta2"], s["epsilon"])


def _rmsprop(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.rmsprop(rate, s["decay"], s["epsilon"])


def _adagrad(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.adagrad(rate, initial_accumulator_value=0.0, eps=s["epsilon"])


def _lion(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.lion(rate, s["beta1"], s["beta2"], weight_decay=s["weight_decay"])


def _lbfgs(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    search = optax.scale_by_zoom_linesearch(max_linesearch_steps=20, initial_guess_strategy="one")
    return optax.lbfgs(rate, memory_size=10, linesearch=search)


def _newton(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.chain(scale_by_newton(s["damping"]), optax.scale_by_learning_rate(rate))


_BETAS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

OPTIMIZERS: dict[str, Recipe] = {
    "sgd": Recipe(_sgd, {"learning_rate": 0.1, "weight_decay": 0.0}, "Robbins & Monro 1951"),
    "momentum": Recipe(_momentum, {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0}, "Polyak 1964"),
    "nesterov": Recipe(
        _nesterov,
        {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0},
        "Nesterov 1983; Sutskever et al. 2013",
    ),
    "adam": Recipe(_adam, {"learning_rate": 1e-3, **_BETAS}, "Kingma & Ba 2015"),
    "adamw": Recipe(_adamw, {"learning_rate": 1e-3, **_BETAS, "weight_decay": 1e-2}, "Loshchilov & Hutter 2019"),
    "nadam": Recipe(_nadam, {"learning_rate": 1e-3, **_BETAS}, "Dozat 2016"),
    "rmsprop": Recipe(_rmsprop, {"learning_rate": 1e-3, "decay": 0.9, "epsilon": 1e-8}, "Tieleman & Hinton 2012"),
    "adagrad": Recipe(_adagrad, {"learning_rate": 1e-2, "epsilon": 1e-7}, "Duchi et al. 2011"),
    "lion": Recipe(
        _lion, {"learning_rate": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 1e-3}, "Chen et al. 2023"
    ),
    "lbfgs": Recipe(_lbfgs, {"learning_rate": 1.0}, "Liu & Nocedal 1989, with a strong-Wolfe search"),
    "newton": Recipe(
        _newton, {"learning_rate": 1.0, "damping": 1e-6}, "Newton's method; Dauphin et al. 2014 at saddles", 2000
    ),
}
"""Optimizers by name."""

ALIASES = {"gd": "sgd", "bfgs": "lbfgs"}
"""Other names in use: gradient descent is SGD on the full batch; BFGS comes in its limited-memory form."""

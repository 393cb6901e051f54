"""The table of optimizers: how each is made of Optax's parts, its settings, its source. Nothing is descended here."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import optax

from talweg.descent.averaging import find
from talweg.descent.newton import scale_by_newton

Settings = Mapping[str, Any]
LearningRate = Callable[[Any], Any]


class Recipe(eqx.Module):
    """How an optimizer is made.

    Attributes:
        build: from the learning rate as a function of the step, and the settings.
        defaults: its settings and their values when none are given; the learning rate among them.
        source: the paper.
        looks_ahead: whether it asks for the loss elsewhere, so that each step must see all rows.
        largest: the most params it is meant for; `None` for any number.
        matrices: whether it is made for matrices, so that it is of no use to a point in a plane.
        by_gradient: whether a step is as long as the gradient, so that the loss decides which learning rates are good;
            Adam and its kin divide the gradient by its own size, so that a step is as long as the rate.
        kept: gives the params to evaluate and keep from its state and the params, where they are others than these.
    """

    build: Callable[[LearningRate, Settings], optax.GradientTransformation] = eqx.field(static=True)
    defaults: Mapping[str, float] = eqx.field(static=True)
    source: str = eqx.field(static=True)
    looks_ahead: bool = eqx.field(static=True, default=False)
    largest: int | None = eqx.field(static=True, default=None)
    matrices: bool = eqx.field(static=True, default=False)
    by_gradient: bool = eqx.field(static=True, default=False)
    kept: Callable[[Any, Any], Any] | None = eqx.field(static=True, default=None)


def _decaying(made: optax.GradientTransformation, s: Settings) -> optax.GradientTransformation:
    """Weight decay as a part of the gradient: half the squared length of the params, added to the loss."""
    return optax.chain(optax.add_decayed_weights(s["weight_decay"]), made)


def _sgd(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.sgd(rate), s)


def _momentum(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.sgd(rate, s["momentum"]), s)


def _nesterov(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.sgd(rate, s["momentum"], nesterov=True), s)


def _adam(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.adam(rate, s["beta1"], s["beta2"], s["epsilon"]), s)


def _adamw(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.adamw(rate, s["beta1"], s["beta2"], s["epsilon"], weight_decay=s["weight_decay"])


def _nadam(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.nadam(rate, s["beta1"], s["beta2"], s["epsilon"]), s)


def _rmsprop(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.rmsprop(rate, s["decay"], s["epsilon"], eps_in_sqrt=False), s)


def _adagrad(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return _decaying(optax.adagrad(rate, initial_accumulator_value=0.0, eps=s["epsilon"]), s)


def _lion(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.lion(rate, s["beta1"], s["beta2"], weight_decay=s["weight_decay"])


def _muon(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    """Matrices and kernels by Muon, with steps as long as Adam's (Liu et al. 2025); all else by Adam."""
    return optax.contrib.muon(
        rate,
        beta=s["momentum"],
        weight_decay=s["weight_decay"],
        adam_b1=s["beta1"],
        adam_b2=s["beta2"],
        adam_weight_decay=s["weight_decay"],
        muon_weight_dimension_numbers=_as_matrices,
        consistent_rms=0.2,
    )


FEWEST_FILTERS = 4
"""A kernel with fewer goes by Adam: it gives a picture, gray or in color, and one filter cannot be turned."""


def _as_matrices(params: Any) -> Any:
    """How Muon sees each array: the kernel of a convolution as one matrix of (places times channels, filters).

    Of arrays with more than two axes only the weights of our own convolutions are known to have their filters last; an
    embedding has a table for each column, a foreign layer whatever it likes. `None` stands for what goes by Adam.
    """
    return jax.tree_util.tree_map_with_path(_as_matrix, params)


def _as_matrix(path: tuple[Any, ...], leaf: Any) -> optax.contrib.MuonDimensionNumbers | None:
    layer, name = [getattr(part, "key", "") for part in (None, None, *path)[-2:]]
    if leaf.ndim != 2 and not (leaf.ndim > 2 and name == "weights" and str(layer).startswith("conv")):
        return None
    if leaf.ndim > 2 and leaf.shape[-1] < FEWEST_FILTERS:
        return None
    return optax.contrib.MuonDimensionNumbers(tuple(range(leaf.ndim - 1)), leaf.ndim - 1)


def _schedule_free_sgd(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.contrib.schedule_free(_sgd(rate, s), rate, s["beta1"])


def _schedule_free_adamw(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    numbers = {"b1": s["beta1"], "b2": s["beta2"], "eps": s["epsilon"], "weight_decay": s["weight_decay"]}
    return optax.contrib.schedule_free_adamw(rate, **numbers)


def _averaged_steps(state: Any, params: Any) -> Any:
    free = find(state, optax.contrib.ScheduleFreeState)
    return optax.contrib.schedule_free_eval_params(free, params)


def _lbfgs(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    search = optax.scale_by_zoom_linesearch(max_linesearch_steps=20, initial_guess_strategy="one")
    return optax.lbfgs(rate, memory_size=10, linesearch=search)


def _newton(rate: LearningRate, s: Settings) -> optax.GradientTransformation:
    return optax.chain(scale_by_newton(s["damping"]), optax.scale_by_learning_rate(rate))


_BETAS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
_DECAY = {"weight_decay": 0.0}
_HEAVY = {"learning_rate": 0.05, "momentum": 0.9, **_DECAY}
_FREE = "Defazio et al. 2024"

OPTIMIZERS: dict[str, Recipe] = {
    "sgd": Recipe(_sgd, {"learning_rate": 0.1, **_DECAY}, "Robbins & Monro 1951", by_gradient=True),
    "momentum": Recipe(_momentum, _HEAVY, "Polyak 1964", by_gradient=True),
    "nesterov": Recipe(_nesterov, _HEAVY, "Nesterov 1983; Sutskever et al. 2013", by_gradient=True),
    "adam": Recipe(_adam, {"learning_rate": 1e-3, **_BETAS, **_DECAY}, "Kingma & Ba 2015"),
    "adamw": Recipe(_adamw, {"learning_rate": 1e-3, **_BETAS, "weight_decay": 1e-2}, "Loshchilov & Hutter 2019"),
    "nadam": Recipe(_nadam, {"learning_rate": 1e-3, **_BETAS, **_DECAY}, "Dozat 2016"),
    "rmsprop": Recipe(
        _rmsprop, {"learning_rate": 1e-3, "decay": 0.9, "epsilon": 1e-8, **_DECAY}, "Tieleman & Hinton 2012"
    ),
    "adagrad": Recipe(_adagrad, {"learning_rate": 1e-2, "epsilon": 1e-7, **_DECAY}, "Duchi et al. 2011"),
    "lion": Recipe(
        _lion, {"learning_rate": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 1e-3}, "Chen et al. 2023"
    ),
    "muon": Recipe(
        _muon,
        {"learning_rate": 2e-3, "momentum": 0.95, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.1},
        "Jordan et al. 2024; Liu et al. 2025",
        matrices=True,
    ),
    "schedule_free_sgd": Recipe(
        _schedule_free_sgd,
        {"learning_rate": 0.5, "beta1": 0.9, **_DECAY},
        _FREE,
        by_gradient=True,
        kept=_averaged_steps,
    ),
    "schedule_free_adamw": Recipe(
        _schedule_free_adamw, {"learning_rate": 5e-3, **_BETAS, **_DECAY}, _FREE, kept=_averaged_steps
    ),
    "lbfgs": Recipe(_lbfgs, {"learning_rate": 1.0}, "Liu & Nocedal 1989, with a strong-Wolfe search", looks_ahead=True),
    "newton": Recipe(
        _newton,
        {"learning_rate": 1.0, "damping": 1e-6},
        "Newton's method; Dauphin et al. 2014 at saddles",
        looks_ahead=True,
        largest=2000,
    ),
}
"""Optimizers by name."""

ALIASES = {"gd": "sgd", "bfgs": "lbfgs", "schedule_free": "schedule_free_adamw"}
"""Other names in use: gradient descent is SGD on the full batch; BFGS comes in its limited-memory form."""

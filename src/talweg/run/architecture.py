"""Which network the settings describe: layers, a ready-made one, or a function of the user's own."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from talweg.config.grid import grid_of, member_value
from talweg.config.settings import AUTO, Settings
from talweg.data.clean import Preparation
from talweg.data.roles import quantiles_of, roles_of
from talweg.errors import ConfigError, did_you_mean
from talweg.objective.foreign import find_function, user_model
from talweg.objective.layers import Embed, Features, Flatten, Layer, Sequential, Shape, written
from talweg.objective.models import mlp
from talweg.objective.ready_made import READY_MADE, ready_made
from talweg.objective.words import parse_layers

MLP, LIST = "mlp", "layers"
"""Dense layers as `hidden` says, and the list in `layers`."""
MODELS = (MLP, LIST, *READY_MADE)


def check_model(settings: Settings) -> None:
    """Looks names up before the data are read.

    Raises:
        ConfigError: an unknown model, or settings that contradict each other.
        ExpressionError: a list of layers that is not understood.
    """
    model, own = settings.model, ":" in settings.model
    if settings.layers is not None:
        if model not in (AUTO, LIST):
            raise ConfigError(f"give layers or the model {model!r}, not both")
        parse_layers(settings.layers)
    elif model == LIST:
        raise ConfigError("the model 'layers' needs a list of layers, such as 'dense 64, relu, output'")
    dense = settings.layers is None and model in (AUTO, MLP)
    if settings.dropout is not None and not dense:
        raise ConfigError("dropout is for the model 'mlp' alone; in a list of layers write it where it acts")
    if settings.hidden != AUTO and not dense:
        raise ConfigError("hidden is for the model 'mlp' alone; leave it out, or leave out layers and model")
    if own:
        find_function(model)
    elif model not in (AUTO, *MODELS):
        raise ConfigError(
            f"{model!r} is no model. Known: {', '.join(MODELS)}, or module:function for one of your own."
            f"{did_you_mean(model, MODELS)}"
        )


def resolve_model(settings: Settings, inputs: Shape) -> Settings:
    """The settings with the network written out: a ready-made one becomes its list of layers.

    Args:
        settings: checked.
        inputs: the shape of one row.

    Raises:
        ConfigError: a ready-made network that is not for such rows.
    """
    if settings.layers is None and settings.model in (AUTO, MLP):
        return settings.model_copy(update={"model": MLP})
    update: dict[str, Any] = {"hidden": AUTO}
    if settings.layers is not None:
        update["model"] = LIST
    elif settings.model in READY_MADE:
        update |= {"model": LIST, "layers": ready_made(settings.model, inputs, settings.task == "denoising")}
    return settings.model_copy(update=update)


def model_of(settings: Settings, inputs: Shape, outputs: Shape, features: Features | None = None) -> Layer:
    """The network that settings describe.

    Args:
        settings: with nothing left to decide.
        inputs: the shape of one row of features.
        outputs: the shape of what the loss needs for one row.
        features: of a table, what they are.

    Raises:
        ConfigError: a network that does not fit the rows, or does not end in what the loss needs.
    """
    settings = resolve_model(settings, inputs)
    if settings.layers is not None:
        model: Layer = parse_layers(settings.layers, settings.initializer, outputs[-1])
        model = model if features is None else model.informed(features)
        mend = f"end the list with 'output' (here dense {outputs[-1]})"
        mend += ", after 'globalpool' or 'flatten'" * (len(model.output_shape(inputs)) > len(outputs))
        if len(outputs) == len(inputs) > 1:
            mend = f"a denoiser gives the size that it gets; end the list with 'conv {outputs[-1]} 3x3'"
    elif ":" in settings.model:
        model = user_model(find_function(settings.model), inputs, outputs[-1])
        model = model if features is None else model.informed(features)
        mend = "its outputs are how many it is to give"
    else:
        hidden = [int(units) for units in settings.hidden]
        dropout = member_value(grid_of(settings), "dropout", settings.dropout)
        dense = mlp(hidden, outputs[-1], settings.activation, settings.initializer, dropout)
        return dense if len(inputs) == 1 else Sequential([Flatten(), *dense.layers])
    found = model.output_shape(inputs)
    if found != outputs:
        raise ConfigError(
            f"the network gives {written(found)} for a row, but the {settings.task} needs {written(outputs)}; {mend}"
        )
    return model


def features_of(preparation: Preparation) -> Features:
    """What a table's features are, as the layers want to know it."""
    roles = roles_of(preparation.encoders)
    return Features(roles.width, roles.numbers, roles.words, preparation.quantiles)


def with_quantiles(preparation: Preparation, training: Float[np.ndarray, "rows features"], bins: int) -> Preparation:
    """The preparation with the quantiles of the training rows between which so many bins lie."""
    found = quantiles_of(training, roles_of(preparation.encoders), bins + 1)
    return dataclasses.replace(preparation, quantiles=found)


def bins_of(model: Layer) -> int:
    """How many bins the network's layers cut a number into, at most; 0 if none does."""
    layers = jax.tree.leaves(model, is_leaf=lambda node: isinstance(node, Embed))
    return max((layer.bins for layer in layers if isinstance(layer, Embed) and layer.numbers == "piecewise"), default=0)

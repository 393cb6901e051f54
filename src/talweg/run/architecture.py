"""Which network the settings describe: layers, a ready-made one, or a function of the user's own; and its loss."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from talweg.config.grid import grid_of, member_value
from talweg.config.pictures import parse_augmentation
from talweg.config.settings import AUTO, Settings
from talweg.data.clean import Preparation
from talweg.data.images.prepare import PicturePreparation
from talweg.data.roles import quantiles_of, roles_of
from talweg.errors import ConfigError, require_known
from talweg.objective.foreign import find_function, user_model
from talweg.objective.layers import Embed, Features, Flatten, Layer, Sequential, Shape, Standardize, written
from talweg.objective.losses import LOSSES, Loss
from talweg.objective.models import layers_of, mlp, with_member_axis
from talweg.objective.network import Network
from talweg.objective.ready_made import READY_MADE, ready_made
from talweg.objective.words import parse_layers
from talweg.run.own_unit import logarithm_of

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
    if settings.activation != AUTO and not dense:
        raise ConfigError("activation is for the model 'mlp' alone; in a list of layers write it where it acts")
    if own:
        find_function(model)
    elif model != AUTO:
        require_known("model", model, MODELS, besides="module:function for one of your own")


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
    update: dict[str, Any] = {"hidden": AUTO, "activation": AUTO}
    if settings.layers is not None:
        update["model"] = LIST
    elif settings.model in READY_MADE:
        update |= {"model": LIST, "layers": ready_made(settings.model, inputs, settings.task)}
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
            mend = f"it is to give the height and width that it gets; end the list with 'conv {outputs[-1]} 3x3'"
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


def _loss(settings: Settings, classes: int) -> Loss:
    loss = LOSSES[settings.loss]
    if loss.task != settings.task:
        fitting = [name for name, other in LOSSES.items() if other.task == settings.task]
        raise ConfigError(f"the loss {loss.name!r} is for {loss.task}; for {settings.task} take {' or '.join(fitting)}")
    if loss.binary and classes != 2:
        raise ConfigError(
            f"the loss {loss.name!r} is for two classes, the target has {classes}; take softmax_cross_entropy"
        )
    return loss


def picture_shape(preparation: Preparation | PicturePreparation) -> Shape | None:
    """Height, width and channels, if the rows are pictures."""
    return preparation.shape if isinstance(preparation, PicturePreparation) else None


def network_of(
    settings: Settings, inputs: Shape, classes: int, preparation: Preparation | PicturePreparation | None = None
) -> Network:
    """The network that resolved settings describe.

    Args:
        settings: with nothing left to decide.
        inputs: the shape of one row of features.
        classes: how many classes; 0 for regression.
        preparation: of pictures, it knows how their pixels are standardized; of a table, what its features are.

    Raises:
        ConfigError: a loss that does not fit the task.
    """
    loss = _loss(settings, classes)
    outputs = loss.outputs(classes or 1)
    features = features_of(preparation) if isinstance(preparation, Preparation) else None
    model, augmentation = model_of(settings, inputs, (outputs,), features), None
    if isinstance(preparation, PicturePreparation):
        model = Sequential([Standardize(preparation.center, preparation.scale), *layers_of(model)])
        augmentation = parse_augmentation(settings.augment)
    return Network(
        with_member_axis(model, settings.members),
        loss,
        inputs,
        classes,
        augmentation,
        settings=network_settings(settings),
        logarithm=None if preparation is None else logarithm_of(preparation.target),
    )


def network_settings(settings: Settings) -> dict[str, Any]:
    """What changes training alone, a value for each member.

    Args:
        settings: with nothing left to decide.

    Raises:
        ConfigError: label smoothing where there are no classes.
    """
    if settings.label_smoothing is not None and settings.task not in ("classification", "segmentation"):
        raise ConfigError("label_smoothing is for classes; a regression has none to smooth. Leave it away")
    grid, names = grid_of(settings), ("label_smoothing", "input_noise", "initializer_scale")
    given = {name: member_value(grid, name, getattr(settings, name)) for name in names}
    return {
        name: np.broadcast_to(np.asarray(value, np.float32), (settings.members,))
        for name, value in given.items()
        if value is not None
    }

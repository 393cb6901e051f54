"""The layers of a network, by subject. How they are strung together is in `models`, how they are typed in `words`."""

from talweg.objective.layers.activation import (
    ACTIVATIONS,
    Activation,
    elu,
    gelu,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from talweg.objective.layers.base import STATISTICS, Layer, LayerParams, Shape, look_up, written
from talweg.objective.layers.composed import Beside, Residual, Sequential
from talweg.objective.layers.convolution import Conv, ConvTransposed, Upsample
from talweg.objective.layers.dense import Dense
from talweg.objective.layers.dropout import Dropout
from talweg.objective.layers.embedding import Bins, Embed, Features
from talweg.objective.layers.initializers import INITIALIZERS
from talweg.objective.layers.norm import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from talweg.objective.layers.pixels import Standardize
from talweg.objective.layers.pooling import AvgPool, GlobalPool, MaxPool
from talweg.objective.layers.shaping import Flatten, Reshape

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "STATISTICS",
    "Activation",
    "AvgPool",
    "BatchNorm",
    "Beside",
    "Bins",
    "Conv",
    "ConvTransposed",
    "Dense",
    "Dropout",
    "Embed",
    "Features",
    "Flatten",
    "GlobalPool",
    "GroupNorm",
    "Layer",
    "LayerNorm",
    "LayerParams",
    "MaxPool",
    "RMSNorm",
    "Reshape",
    "Residual",
    "Sequential",
    "Shape",
    "Standardize",
    "Upsample",
    "elu",
    "gelu",
    "leaky_relu",
    "look_up",
    "relu",
    "sigmoid",
    "silu",
    "softplus",
    "tanh",
    "written",
]

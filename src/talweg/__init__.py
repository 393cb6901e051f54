"""Talweg trains neural networks by gradient descent, many initializations at once, and explains the way down.

Only the public names live here. Each is fetched from its room at first use, so that `import talweg` is quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_NAMES = {
    # What one does with networks.
    "talweg.run.api": ("train", "resume"),
    "talweg.run.written": ("open_run",),
    "talweg.run.check": ("check",),
    "talweg.run.model": ("model",),
    "talweg.run.explain": ("report", "compare"),
    "talweg.run.probes.find_lr": ("find_lr",),
    "talweg.run.probes.noise": ("noise",),
    "talweg.run.probes.replay": ("replay",),
    "talweg.run.probes.schedules": ("schedules",),
    "talweg.run.pictures.denoising": ("denoise",),
    "talweg.run.pictures.segmenting": ("segment",),
    "talweg.run.resuming.rerun": ("rerun",),
    "talweg.record.verify": ("verify",),
    "talweg.run.storage": ("cache",),
    # What one does with typed functions.
    "talweg.api": ("hike", "sketch"),
    # What one holds afterwards, and what may go wrong.
    "talweg.run.result": ("Run",),
    "talweg.run.prediction": ("Prediction",),
    "talweg.record.history": ("History",),
    "talweg.config.settings": ("Settings",),
    "talweg.errors": ("TalwegError", "TalwegWarning"),
    # When and why to stop.
    "talweg.descent.stopping": (
        *("Outcome", "Flat", "NoImprovement", "Overfitting", "Reached", "SmallGradient", "NearBound"),
        *("Epochs", "Steps", "TimeBudget", "NonFinite", "Diverged"),
    ),
    # Of what networks are made.
    "talweg.objective.layers": (
        *("Activation", "AvgPool", "BatchNorm", "Beside", "Conv", "ConvTransposed", "Dense", "Dropout", "Embed"),
        *("Flatten", "GlobalPool", "GroupNorm", "LayerNorm", "MaxPool", "RMSNorm", "Reshape", "Residual"),
        *("Sequential", "Upsample", "elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"),
    ),
}
"""The public names by the room that each lives in; below they stand once more for type checkers and editors."""
_ROOMS = {name: room for room, names in _NAMES.items() for name in names}
__all__ = ["__version__", *_ROOMS]

if TYPE_CHECKING:
    from talweg.api import hike as hike, sketch as sketch
    from talweg.config.settings import Settings as Settings
    from talweg.descent.stopping import (
        Diverged as Diverged,
        Epochs as Epochs,
        Flat as Flat,
        NearBound as NearBound,
        NoImprovement as NoImprovement,
        NonFinite as NonFinite,
        Outcome as Outcome,
        Overfitting as Overfitting,
        Reached as Reached,
        SmallGradient as SmallGradient,
        Steps as Steps,
        TimeBudget as TimeBudget,
    )
    from talweg.errors import TalwegError as TalwegError, TalwegWarning as TalwegWarning
    from talweg.objective.layers import (
        Activation as Activation,
        AvgPool as AvgPool,
        BatchNorm as BatchNorm,
        Beside as Beside,
        Conv as Conv,
        ConvTransposed as ConvTransposed,
        Dense as Dense,
        Dropout as Dropout,
        Embed as Embed,
        Flatten as Flatten,
        GlobalPool as GlobalPool,
        GroupNorm as GroupNorm,
        LayerNorm as LayerNorm,
        MaxPool as MaxPool,
        Reshape as Reshape,
        Residual as Residual,
        RMSNorm as RMSNorm,
        Sequential as Sequential,
        Upsample as Upsample,
        elu as elu,
        gelu as gelu,
        leaky_relu as leaky_relu,
        relu as relu,
        sigmoid as sigmoid,
        silu as silu,
        softplus as softplus,
        tanh as tanh,
    )
    from talweg.record.history import History as History
    from talweg.record.verify import verify as verify
    from talweg.run.api import resume as resume, train as train
    from talweg.run.check import check as check
    from talweg.run.explain import compare as compare, report as report
    from talweg.run.model import model as model
    from talweg.run.pictures.denoising import denoise as denoise
    from talweg.run.pictures.segmenting import segment as segment
    from talweg.run.prediction import Prediction as Prediction
    from talweg.run.probes.find_lr import find_lr as find_lr
    from talweg.run.probes.noise import noise as noise
    from talweg.run.probes.replay import replay as replay
    from talweg.run.probes.schedules import schedules as schedules
    from talweg.run.result import Run as Run
    from talweg.run.resuming.rerun import rerun as rerun
    from talweg.run.storage import cache as cache
    from talweg.run.written import open_run as open_run


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'talweg' has no attribute {name!r}")
    value = getattr(importlib.import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

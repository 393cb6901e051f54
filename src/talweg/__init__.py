"""Talweg trains neural networks by gradient descent, many initializations at once, and explains the way down.

Only the public names live here. Each is fetched from its room at first use, so that `import talweg` is quick.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = {
    "train": "talweg.run.api",
    "resume": "talweg.run.api",
    "rerun": "talweg.run.resuming.rerun",
    "report": "talweg.run.explain",
    "compare": "talweg.run.explain",
    "verify": "talweg.record.verify",
    "check": "talweg.run.check",
    "denoise": "talweg.run.pictures.denoising",
    "model": "talweg.run.model",
    "hike": "talweg.api",
    "sketch": "talweg.api",
    "schedules": "talweg.run.probes.schedules",
    "open_run": "talweg.run.written",
    "cache": "talweg.run.storage",
    "Run": "talweg.run.result",
    "Prediction": "talweg.run.prediction",
    "Settings": "talweg.config.settings",
    "History": "talweg.record.history",
    "Outcome": "talweg.descent.stopping",
    "replay": "talweg.run.probes.replay",
    "noise": "talweg.run.probes.noise",
    "find_lr": "talweg.run.probes.find_lr",
    "Diverged": "talweg.descent.stopping",
    "Epochs": "talweg.descent.stopping",
    "Flat": "talweg.descent.stopping",
    "NearBound": "talweg.descent.stopping",
    "NoImprovement": "talweg.descent.stopping",
    "NonFinite": "talweg.descent.stopping",
    "Overfitting": "talweg.descent.stopping",
    "Reached": "talweg.descent.stopping",
    "SmallGradient": "talweg.descent.stopping",
    "Steps": "talweg.descent.stopping",
    "TimeBudget": "talweg.descent.stopping",
    "TalwegError": "talweg.errors",
    "TalwegWarning": "talweg.errors",
}
_LAYERS = (
    *("Activation", "AvgPool", "BatchNorm", "Beside", "Conv", "ConvTransposed", "Dense", "Dropout", "Embed", "Flatten"),
    *("GlobalPool", "GroupNorm", "LayerNorm", "MaxPool", "RMSNorm", "Reshape", "Residual", "Sequential", "Upsample"),
    *("elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"),
)
_ROOMS |= dict.fromkeys(_LAYERS, "talweg.objective.layers")

if TYPE_CHECKING:
    from talweg.api import hike, sketch
    from talweg.config.settings import Settings
    from talweg.descent.stopping import (
        Diverged,
        Epochs,
        Flat,
        NearBound,
        NoImprovement,
        NonFinite,
        Outcome,
        Overfitting,
        Reached,
        SmallGradient,
        Steps,
        TimeBudget,
    )
    from talweg.errors import TalwegError, TalwegWarning
    from talweg.objective.layers import (
        Activation,
        AvgPool,
        BatchNorm,
        Beside,
        Conv,
        ConvTransposed,
        Dense,
        Dropout,
        Embed,
        Flatten,
        GlobalPool,
        GroupNorm,
        LayerNorm,
        MaxPool,
        Reshape,
        Residual,
        RMSNorm,
        Sequential,
        Upsample,
        elu,
        gelu,
        leaky_relu,
        relu,
        sigmoid,
        silu,
        softplus,
        tanh,
    )
    from talweg.record.history import History
    from talweg.record.verify import verify
    from talweg.run.api import resume, train
    from talweg.run.check import check
    from talweg.run.explain import compare, report
    from talweg.run.model import model
    from talweg.run.pictures.denoising import denoise
    from talweg.run.prediction import Prediction
    from talweg.run.probes.find_lr import find_lr
    from talweg.run.probes.noise import noise
    from talweg.run.probes.replay import replay
    from talweg.run.probes.schedules import schedules
    from talweg.run.result import Run
    from talweg.run.resuming.rerun import rerun
    from talweg.run.storage import cache
    from talweg.run.written import open_run

__all__ = [
    "Activation",
    "AvgPool",
    "BatchNorm",
    "Beside",
    "Conv",
    "ConvTransposed",
    "Dense",
    "Diverged",
    "Dropout",
    "Embed",
    "Epochs",
    "Flat",
    "Flatten",
    "GlobalPool",
    "GroupNorm",
    "History",
    "LayerNorm",
    "MaxPool",
    "NearBound",
    "NoImprovement",
    "NonFinite",
    "Outcome",
    "Overfitting",
    "Prediction",
    "RMSNorm",
    "Reached",
    "Reshape",
    "Residual",
    "Run",
    "Sequential",
    "Settings",
    "SmallGradient",
    "Steps",
    "TalwegError",
    "TalwegWarning",
    "TimeBudget",
    "Upsample",
    "__version__",
    "cache",
    "check",
    "compare",
    "denoise",
    "elu",
    "find_lr",
    "gelu",
    "hike",
    "leaky_relu",
    "model",
    "noise",
    "open_run",
    "relu",
    "replay",
    "report",
    "rerun",
    "resume",
    "schedules",
    "sigmoid",
    "silu",
    "sketch",
    "softplus",
    "tanh",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'talweg' has no attribute {name!r}")
    value = getattr(importlib.import_module(_ROOMS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

"""Three steps of each optimizer and the factors of each schedule by PyTorch, written to `torch_steps.json` beside this.

Run it where PyTorch is installed (2.13 wrote what is committed): python tests/descent/reference/torch_steps.py
The tests read the numbers, so that they need no PyTorch.
"""

import json
import warnings
from pathlib import Path

import torch
from torch import optim
from torch.optim import lr_scheduler

START = {"a": [1.5, -2.0], "b": [[0.3]]}
CURVATURE = {"a": [1.0, 4.0], "b": [[0.5]]}
SLOPES = "the gradient of half the sum of curvature times the params' squares"
STEPS = 60

# talweg's name and settings, and how PyTorch makes the same
OPTIMIZERS = {
    "sgd": ({"learning_rate": 0.1, "weight_decay": 0.2}, lambda p: optim.SGD(p, 0.1, weight_decay=0.2)),
    "momentum": (
        {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.2},
        lambda p: optim.SGD(p, 0.1, momentum=0.8, weight_decay=0.2),
    ),
    "nesterov": (
        {"learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.2},
        lambda p: optim.SGD(p, 0.1, momentum=0.8, weight_decay=0.2, nesterov=True),
    ),
    "adam": (
        {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2},
        lambda p: optim.Adam(p, 0.1, (0.7, 0.9), 1e-3, weight_decay=0.2),
    ),
    "adamw": (
        {"learning_rate": 0.1, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "weight_decay": 0.2},
        lambda p: optim.AdamW(p, 0.1, (0.7, 0.9), 1e-3, weight_decay=0.2),
    ),
    "rmsprop": (
        {"learning_rate": 0.1, "decay": 0.8, "epsilon": 1e-3, "weight_decay": 0.2},
        lambda p: optim.RMSprop(p, 0.1, 0.8, 1e-3, weight_decay=0.2),
    ),
    "adagrad": (
        {"learning_rate": 0.1, "epsilon": 1e-8, "weight_decay": 0.2},
        lambda p: optim.Adagrad(p, 0.1, weight_decay=0.2, eps=1e-8),
    ),
    "clip_norm": (
        {"learning_rate": 0.1, "weight_decay": 0.0, "clip_norm": 1.0},
        lambda p: optim.SGD(p, 0.1),
    ),
}

SCHEDULES = {
    "step": ({"factor": 0.3, "drops": 3.0}, lambda o: lr_scheduler.StepLR(o, STEPS // 4, 0.3)),
    "exponential": ({"end": 0.05}, lambda o: lr_scheduler.ExponentialLR(o, 0.05 ** (1 / STEPS))),
    "polynomial": ({"power": 2.0}, lambda o: lr_scheduler.PolynomialLR(o, STEPS, 2.0)),
    "cosine": ({"end": 0.1}, lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 0.1)),
    "cosine_restarts": (
        {"cycles": 2.0, "growth": 2.0, "end": 0.1},
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, STEPS // 3, 2, 0.1),
    ),
    "one_cycle": (
        {"rise": 20 / 60, "start": 0.05, "end": 0.0005},
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, STEPS + 1, pct_start=21 / 61, div_factor=20, final_div_factor=100),
    ),
}
PLATEAU = {"factor": 0.5, "patience": 2, "losses": [3.0, 2.9, 3.1, 2.95, 2.92, 2.91, 2.0, 2.0, 2.0, 2.0, 1.9, 1.9]}


def three_steps(name: str) -> dict[str, list]:
    params = {key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in START.items()}
    optimizer = OPTIMIZERS[name][1](list(params.values()))
    for _ in range(3):
        optimizer.zero_grad()
        sum((torch.tensor(CURVATURE[key]) * value**2).sum() / 2 for key, value in params.items()).backward()
        if "clip_norm" in OPTIMIZERS[name][0]:
            torch.nn.utils.clip_grad_norm_(params.values(), OPTIMIZERS[name][0]["clip_norm"])
        optimizer.step()
    return {key: value.detach().tolist() for key, value in params.items()}


def factors(name: str) -> list[float]:
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler, told = SCHEDULES[name][1](optimizer), []
    for _ in range(STEPS):
        told.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return told


def plateau() -> list[float]:
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    # PyTorch waits for one epoch more than its patience.
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=PLATEAU["factor"], patience=PLATEAU["patience"] - 1)
    told = []
    for loss in PLATEAU["losses"]:
        scheduler.step(loss)
        told.append(optimizer.param_groups[0]["lr"])
    return told


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    content = {
        "torch": torch.__version__.split("+")[0],
        "optimizers": {n: {"settings": s, "params": three_steps(n)} for n, (s, _) in OPTIMIZERS.items()},
        "schedules": {n: {"settings": s, "factors": factors(n)} for n, (s, _) in SCHEDULES.items()},
        "plateau": {**PLATEAU, "scales": plateau()},
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")

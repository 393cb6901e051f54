"""Optimizers and schedules against PyTorch's, whose numbers `reference/torch_steps.py` wrote.

NAdam, Lion, Muon, schedule-free and Newton are checked against their formulas in test_optimizer.py: PyTorch has none
of them, or another variant (its NAdam lets the momentum grow; its Muon works in half precision).
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.descent.optimizer import make_optimizer
from talweg.descent.plateau import scale_on_plateau
from talweg.descent.schedule import make_schedule

TOLD = json.loads((Path(__file__).parent / "reference" / "torch_steps.json").read_text())
START = {"a": jnp.array([1.5, -2.0]), "b": jnp.array([[0.3]])}
CURVATURE = {"a": jnp.array([1.0, 4.0]), "b": jnp.array([[0.5]])}


def height(params):
    return sum(jnp.sum(CURVATURE[name] * params[name] ** 2) for name in params) / 2


@jax.jit
def three_steps(optimizer):
    params, memory = START, optimizer.init(START)
    for _ in range(3):
        value, gradient = jax.value_and_grad(height)(params)
        params, memory = optimizer.update(gradient, memory, params, value, height)
    return params


@pytest.mark.parametrize("name", TOLD["optimizers"])
def test_three_steps(name):
    told = TOLD["optimizers"][name]
    made = make_optimizer("sgd" if name == "clip_norm" else name, 1, **told["settings"])
    found = three_steps(jax.tree.map(lambda leaf: leaf[0], made))
    for leaf, expected in told["params"].items():
        np.testing.assert_allclose(found[leaf], expected, rtol=1e-5)


@pytest.mark.parametrize("name", TOLD["schedules"])
def test_factors(name):
    told = TOLD["schedules"][name]
    found = make_schedule(name, 1, steps=60, **told["settings"]).factor(np.arange(60))
    np.testing.assert_allclose(found, told["factors"], atol=2e-6)


def test_plateau():
    told, scales = TOLD["plateau"], []
    settings = {"factor": told["factor"], "patience": told["patience"], "tolerance": 1e-4, "end": 0.0, "epoch": 1}
    watching = scale_on_plateau(settings)
    state = watching.init({"x": jnp.ones(())})
    for loss in told["losses"]:
        updates, state = watching.update({"x": jnp.ones(())}, state, value=jnp.float32(loss))
        scales.append(float(updates["x"]))
    assert scales == told["scales"]

"""Convolutions and their gradients against PyTorch's, whose numbers `reference/torch_convolutions.py` wrote."""

import importlib.util
import json
from pathlib import Path

import jax
import numpy as np
import pytest

from talweg.objective.convolution import convolve

SCRIPT = Path(__file__).parent / "reference" / "torch_convolutions.py"
SPEC = importlib.util.spec_from_file_location(SCRIPT.stem, SCRIPT)
reference = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(reference)
TOLD = json.loads(SCRIPT.with_suffix(".json").read_text())


@pytest.mark.parametrize("number", range(len(reference.CASES)), ids=lambda number: str(reference.CASES[number]))
def test_outputs_and_both_gradients_are_those_of_pytorch(number):
    *_, stride, zeros, dilation, groups = reference.CASES[number]
    pads = tuple((count, count) for count in zeros)
    with jax.enable_x64(True):
        x, weights, slope = map(jax.numpy.asarray, reference.operands(number))

        @jax.jit
        def all_three(x, weights, slope):
            found, back = jax.vjp(lambda x, w: convolve(x, w, tuple(stride), pads, tuple(dilation), groups), x, weights)
            return found, *back(slope)

        for ours, theirs in zip(all_three(x, weights, slope), TOLD[number], strict=True):
            np.testing.assert_allclose(reference.told(ours), theirs, rtol=1e-7, atol=1e-8)

"""Writes torch_convolutions.json: convolutions and their gradients as PyTorch has them, in float64.

    python tests/objective/reference/torch_convolutions.py     # wants torch, which the tests do not

Inputs are drawn by NumPy from the case's number, so that only what PyTorch gives is stored, rounded to 9 digits.
"""

import json
from pathlib import Path

import numpy as np

CASES = [
    # places, channels, filters, kernel, stride, zeros on both sides, dilation, groups
    [[9], 3, 5, [3], [2], [1], [1], 1],
    [[6, 7], 1, 8, [3, 3], [1, 1], [1, 1], [1, 1], 1],
    [[7, 6], 3, 6, [5, 3], [2, 1], [2, 1], [1, 1], 1],
    [[6, 5], 6, 1, [3, 3], [1, 2], [1, 0], [1, 1], 1],
    [[6, 6], 5, 2, [2, 3], [1, 1], [0, 2], [2, 1], 1],
    [[5, 3], 32, 32, [3, 3], [1, 1], [1, 1], [1, 1], 1],
    [[6, 6], 4, 6, [3, 3], [2, 2], [1, 1], [1, 1], 2],
    [[5, 6], 4, 4, [3, 3], [1, 1], [1, 1], [1, 2], 4],
    [[3, 4, 5], 2, 3, [2, 2, 3], [1, 2, 1], [0, 1, 1], [1, 1, 1], 1],
]
TOLD = 24
"""Numbers of each array that are stored, evenly spread; and its sum."""


def operands(number):
    """Rows, kernel and slopes of a case: channels last, the kernel's places first."""
    places, channels, filters, kernel, stride, zeros, dilation, groups = CASES[number]
    draw = np.random.default_rng(number)
    x = draw.normal(size=(2, *places, channels))
    weights = draw.normal(size=(*kernel, channels // groups, filters))
    out = [
        (n + 2 * z - d * (k - 1) - 1) // s + 1
        for n, k, s, z, d in zip(places, kernel, stride, zeros, dilation, strict=True)
    ]
    return x, weights, draw.normal(size=(2, *out, filters))


def told(array):
    """What is stored of an array."""
    flat = np.asarray(array).ravel()
    some = np.linspace(0, flat.size - 1, min(TOLD, flat.size)).round().astype(int)
    return [float(f"{value:.9g}") for value in [flat.sum(), *flat[some]]]


def by_torch(number):
    """Output, the input's gradient and the kernel's."""
    import torch

    *_, kernel, stride, zeros, dilation, groups = CASES[number]
    axes = len(kernel)
    x, weights, slope = map(torch.from_numpy, operands(number))
    x, slope = (rows.movedim(-1, 1).contiguous() for rows in (x, slope))
    weights = weights.permute(axes + 1, axes, *range(axes)).contiguous()
    x.requires_grad_(True)
    weights.requires_grad_(True)
    convolve = (torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d)[axes - 1]
    found = convolve(x, weights, None, stride, zeros, dilation, groups)
    found.backward(slope)
    return (
        found.detach().movedim(1, -1).numpy(),
        x.grad.movedim(1, -1).numpy(),
        weights.grad.permute(*range(2, axes + 2), 1, 0).numpy(),
    )


if __name__ == "__main__":
    stored = [[told(array) for array in by_torch(number)] for number in range(len(CASES))]
    Path(__file__).with_suffix(".json").write_text(json.dumps(stored, indent=1) + "\n")

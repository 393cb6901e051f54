"""What a random batch knows of the full gradient, and what it costs. The numbers come in as plain data."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from talweg.view.style import (
    BLUE,
    GRAY,
    GREEN,
    INK,
    ORANGE,
    halo,
    literal,
    new_figure,
    place_legend,
    quiet_frame,
    styled,
)

_STAGES = {"start": BLUE, "midway": ORANGE, "end": GREEN}


@styled
def noise_figure(told: Mapping[str, Any]) -> Figure:
    """Three panels over the batch size: the direction, the error beside its law, the time of an epoch.

    Args:
        told: the JSON object of `talweg noise` (see docs/json.md).

    Returns:
        The figure.
    """
    figure = new_figure(15.6, 5.6)
    left, middle, right = figure.subplots(1, 3)
    handles, words = [], []
    for stage in told["stages"]:
        color = _STAGES[stage["stage"]]
        size = np.array([one["batch_size"] for one in stage["sizes"]])
        cosine, error, law = (np.array([one[key] for one in stage["sizes"]]) for key in ("cosine", "error", "law"))
        line = left.plot(size, cosine, color=color, linewidth=2.4, marker="o", markersize=6)[0]
        part = size < told["rows"]
        middle.plot(size[part], error[part], color=color, linewidth=0, marker="o", markersize=7)
        middle.plot(size[part], law[part], color=color, linewidth=1.6, linestyle=(0, (5, 2)))
        handles.append(line)
        words.append(f"{stage['stage']} (epoch {stage['epoch']}, noise scale {stage['noise_scale']:.3g})")
    left.set(ylim=(min(0.0, left.get_ylim()[0]), 1.04), ylabel="cosine with the full gradient", title="Direction")
    middle.set(yscale="log", ylabel="relative error", title="Error (dashed: the 1/√batch law)")
    _draw_times(right, told)
    for ax in (left, middle, right):
        _dress(ax, told)
    figure.suptitle(
        literal(f"{told['data']}: what a random batch knows of the gradient"), fontweight="bold", fontsize=17
    )
    place_legend(figure, handles, words)
    return figure


def _draw_times(ax: Axes, told: Mapping[str, Any]) -> None:
    size = np.array([one["batch_size"] for one in told["times"]])
    step = 1000 * np.array([one["step_seconds"] for one in told["times"]])
    epoch = 1000 * np.array([one["epoch_seconds"] for one in told["times"]])
    for values, color, word in ((epoch, INK, "an epoch"), (step, GRAY, "a step")):
        ax.plot(size, values, color=color, linewidth=2.4, marker="o", markersize=6)
        ax.annotate(word, (size[1], values[1]), (4, 12), textcoords="offset points", color=color, fontsize=13,
                    path_effects=halo())  # fmt: skip
    ax.set(yscale="log", ylabel="milliseconds, one member", title="Time")


def _dress(ax: Axes, told: Mapping[str, Any]) -> None:
    """The batch size across, with the size used and the size suggested."""
    ax.set_xscale("log", base=2)
    ax.set_xlabel("batch size (rows)")
    quiet_frame(ax)
    used = told["batch_size"]
    ax.axvline(used, color=GRAY, linewidth=1.3, linestyle=(0, (2, 2)), zorder=0)
    ax.annotate(f"used: {used}", (used, 0), (4, 6), xycoords=("data", "axes fraction"), textcoords="offset points",
                fontsize=11, color=GRAY, path_effects=halo())  # fmt: skip

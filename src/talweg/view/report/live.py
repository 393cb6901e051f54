"""Live curves in a notebook: what a training tells after each epoch, as a progress bar and a small chart.

Nothing here asks for IPython: it is used where the process serves a notebook, and else left alone.
"""

import importlib
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from talweg.view.report.curves import axis_of_curves, epochs_axis
from talweg.view.report.svg import Frame, chart
from talweg.view.telling.wording import capital, tongue

EVERY = 0.25
"""Seconds between two drawings, at least: the training goes first."""
_LOSSES = {"train_loss": "train", "validation_loss": "validation"}

_STYLE = """<style>
.talweg-live { max-width: 40rem; font: 13px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
.talweg-live progress { width: 100%; accent-color: #0072b2; }
.talweg-live .chart { width: 100%; } .talweg-live text { font-size: 11.5px; fill: currentColor; opacity: 0.75; }
.talweg-live .grid, .talweg-live .axis { stroke: currentColor; stroke-opacity: 0.2; fill: none; }
.talweg-live .train { color: #2a8fd0; } .talweg-live .validation { color: #d55e00; }
.talweg-live .median { stroke: currentColor; stroke-width: 2.2; fill: none; }
</style>"""


@final
class LiveCurves:
    """Shows a training's losses while it runs.

    Args:
        show: puts something into the notebook, and gives what puts another thing in its place.
        clock: gives seconds.
    """

    def __init__(
        self, show: Callable[[Any], Callable[[Any], None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.show, self.clock = show, clock
        self.most, self.drawn = 0, -EVERY
        self.replace: Callable[[Any], None] | None = None
        self.epochs: list[int] = []
        self.medians: dict[str, list[float]] = {}

    def start(self, built: Any) -> None:
        """Hears of the job before the first step."""
        self.most = int(built.job.settings.max_epochs)

    def update(self, told: Any) -> None:
        """Hears of each epoch."""
        self.epochs.append(told.epoch)
        for name in _LOSSES:
            self.medians.setdefault(name, []).append(_median(told.curves, name))
        if not told.active.any() or self.clock() - self.drawn >= EVERY:
            self.drawn = self.clock()
            self._draw(told)

    def _draw(self, told: Any) -> None:
        shown = _Html(self.html(int(told.active.sum()), len(told.active), told.seconds))
        if self.replace is None:
            self.replace = self.show(shown)
        else:
            self.replace(shown)

    def html(self, going: int, members: int, seconds: float) -> str:
        """What is shown now."""
        say, epoch = tongue("en"), self.epochs[-1]
        losses = {name: np.array(values) for name, values in self.medians.items() if np.isfinite(values).any()}
        told = [f"epoch {epoch} of {self.most}", f"{going} of {members} members going", f"{seconds:.1f} s"]
        told += [f"{say.curve(name)} {say.number(float(values[-1]))}" for name, values in losses.items()]
        words = " · ".join(told)
        bar = f'<progress max="{max(self.most, 1)}" value="{epoch}" aria-label="epochs"></progress>'
        return f'{_STYLE}<div class="talweg-live">{bar}<div>{words}</div>{self._chart(losses)}</div>'

    def _chart(self, losses: Mapping[str, np.ndarray]) -> str:
        if len(self.epochs) < 3 or not losses:
            return ""
        say = tongue("en")
        heights = axis_of_curves([values[:, None] for values in losses.values()], [], say.curve("loss"), say)
        frame = Frame(epochs_axis(max(self.most, 1), say), heights, height=240)
        epochs = np.array(self.epochs, dtype=np.float64)
        marks = [frame.line(epochs, values, f"median {_LOSSES[name]}") for name, values in losses.items()]
        return chart(frame, marks, say, capital(say.listed(say.curve(name) for name in losses)))


def _median(curves: Mapping[str, np.ndarray], name: str) -> float:
    known = curves[name][np.isfinite(curves[name])] if name in curves else np.array([])
    return float(np.median(known)) if len(known) else np.nan


@final
class _Html:
    """What a notebook shows as it is."""

    def __init__(self, text: str):
        self.text = text

    def _repr_html_(self) -> str:
        return self.text


def live_curves() -> LiveCurves | None:
    """Live curves for the notebook that this process serves; `None` where it serves none."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ != "ZMQInteractiveShell":
        return None
    display = importlib.import_module("IPython.display").display

    def show(what: Any) -> Callable[[Any], None]:
        return display(what, display_id=True).update

    return LiveCurves(show)

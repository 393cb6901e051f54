"""The line in the terminal that moves while a run is prepared and trains. Numbers come in as plain data."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from talweg.view.terminal.columns import number, words
from talweg.view.terminal.textcurve import text_curve

_PLAIN_EVERY = 5.0
"""Seconds between two lines where the progress does not go to a terminal."""


@final
class _WithCurve(Progress):
    """A progress bar with the curve of a loss under it, once there are some epochs of it."""

    def __init__(self, losses: list[float], *columns: ProgressColumn, **options: Any):
        self.losses = losses
        super().__init__(*columns, **options)

    def get_renderables(self) -> Iterator[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if len(self.losses) > 2:
            width = min(60, self.console.width - 2)
            yield Text("\n".join(text_curve(np.array(self.losses), width, 3)), style="cyan", no_wrap=True)


@final
class TrainingProgress:
    """A line that moves while a run trains: epoch, losses, the main metric, epochs per second, time left.

    In a terminal it is redrawn in place with a small curve of the loss under it; elsewhere a plain line is written
    now and then.
    """

    def __init__(self, console: Console, members: int, max_epochs: int, metric: str):
        self.members, self.max_epochs, self.metric = members, max_epochs, metric
        self.console, self.said = console, time.monotonic()
        self.losses: list[float] = []
        self.since: tuple[float, float] | None = None
        self.bar = _WithCurve(
            self.losses,
            TextColumn("epoch {task.fields[epoch]}/{task.total}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}"),
            console=console,
            transient=True,
            refresh_per_second=8,
        )
        self.task = self.bar.add_task("", total=max_epochs, epoch=0, told="compiling ...")

    def __enter__(self) -> "TrainingProgress":
        if self.console.is_terminal:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self.bar.stop()

    def update(self, epoch: int, seconds: float, curves: Mapping[str, np.ndarray], active: np.ndarray) -> None:
        """Shows one more epoch: the mean over the members that were still going."""
        if epoch == 0:
            return
        told = self._told(float(epoch), seconds, curves, active)
        watched = curves.get("validation_loss", curves["train_loss"])
        self.losses.append(_mean(watched) or np.nan)
        self._show(epoch, float(epoch), told)

    def within(self, epoch: int, part: float, seconds: float, train_loss: np.ndarray, active: np.ndarray) -> None:
        """Shows how far an epoch is that takes long: its number, the share that is done, the loss in it so far."""
        told = self._told(epoch - 1 + part, seconds, {"train_loss": train_loss}, active)
        self._show(epoch, epoch - 1 + part, f"{part:.0%} · {told}")

    def _show(self, epoch: int, done: float, told: str) -> None:
        if self.console.is_terminal:
            self.bar.update(self.task, completed=done, epoch=epoch, told=told)
        elif time.monotonic() - self.said > _PLAIN_EVERY:
            self.said = time.monotonic()
            self.console.print(f"epoch {epoch}/{self.max_epochs}  {told}")

    def _told(self, done: float, seconds: float, curves: Mapping[str, np.ndarray], active: np.ndarray) -> str:
        parts = [f"loss {number(_mean(curves['train_loss']))}"]
        if self.metric in curves:
            parts.append(f"validation {words(self.metric)} {number(_mean(curves[self.metric]))}")
        parts.append(f"{int(active.sum())} of {self.members} members going")
        parts += self._pace(done, seconds)
        return " · ".join(parts)

    def _pace(self, done: float, seconds: float) -> list[str]:
        """How fast it goes since it was first heard of: what came before was compilation, or another sitting."""
        if self.since is None:
            self.since = done, seconds
        rate = (done - self.since[0]) / max(seconds - self.since[1], 1e-9)
        if rate <= 0:
            return []
        return [f"{rate:.3g} epochs/s", f"{_duration((self.max_epochs - done) / rate)} left at most"]


@final
class PreparationProgress:
    """What is being done with a large source before the first step, and how far it is."""

    def __init__(self, console: Console):
        # What is soon done needs no line where lines stay.
        self.console, self.said, self.doing = console, time.monotonic(), ""
        self.began, self.first = 0.0, 0.0
        self.bar = Progress(TextColumn("{task.description}"), BarColumn(bar_width=24), console=console, transient=True)
        self.task = self.bar.add_task("", total=1.0)

    def close(self) -> None:
        """Takes the line away."""
        if self.console.is_terminal:
            self.bar.stop()

    def update(self, doing: str, part: float) -> None:
        """Shows what is being done, which part of it is, how fast, and how long it will still take."""
        now = time.monotonic()
        if doing != self.doing:
            self.began, self.first = now, part
        told = f"{doing} {part:.0%}{self._pace(part, now)}"
        if self.console.is_terminal:
            self.bar.start()
            self.bar.update(self.task, description=told, completed=part)
        elif now - self.said > _PLAIN_EVERY:
            self.said = now
            self.console.print(told)
        self.doing = doing

    def _pace(self, part: float, now: float) -> str:
        """Told once there is something to tell it by."""
        rate = (part - self.first) / max(now - self.began, 1e-9)
        if now - self.began < 1.0 or rate <= 0:
            return ""
        return f" · {rate:.1%} a second · {_duration((1 - part) / rate)} left"


def _mean(values: np.ndarray) -> float | None:
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) else None


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

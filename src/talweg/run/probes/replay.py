"""When another rule would have stopped a recorded run, and what that would have cost or saved. Nothing is trained."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from talweg.config.rules import parse_rule
from talweg.descent.stopping import Diverged, NearBound, NonFinite, Outcome, Rule, judge, leaves
from talweg.errors import ConfigError
from talweg.record.history import History
from talweg.record.places import existing_run
from talweg.record.plain import plain_data
from talweg.run.result import Run
from talweg.view.charts.curves import curves_figure

VERSION = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Replay:
    """What a rule would have done.

    Attributes:
        run: the run's name.
        stop: the rule as it is typed.
        metric: the main metric's name.
        history: the curves of the run.
        recorded: the epoch at which each member stopped.
        outcomes: when and why the rule would have stopped each; `None` if not within what was recorded.
        kept: for the run and for the rule, the epoch whose params each member keeps.
    """

    run: str
    stop: str
    metric: str
    history: History
    recorded: Int[np.ndarray, " members"]
    outcomes: tuple[Outcome | None, ...]
    kept: tuple[Int[np.ndarray, " members"], Int[np.ndarray, " members"]]

    def __repr__(self) -> str:
        stopped = sum(outcome is not None for outcome in self.outcomes)
        return f"<Replay of {self.run} under {self.stop}: stops {stopped} of {len(self.outcomes)} members>"

    @property
    def epochs(self) -> Int[np.ndarray, " members"]:
        """The epoch at which each member would have stopped; where the rule did not, the recorded one."""
        stops = [None if outcome is None else outcome.epoch for outcome in self.outcomes]
        return np.array([last if stop is None else stop for stop, last in zip(stops, self.recorded, strict=True)])

    @property
    def summary(self) -> dict[str, Any]:
        """The replay as plain data; its shape is in docs/json.md."""
        members = range(len(self.outcomes))
        loss = [self._at("validation_loss", kept) for kept in self.kept]
        metric = [self._at(self.metric, kept) for kept in self.kept]
        seconds = [float(self.history.seconds[self._place(np.array([ends.max()]))[0]]) for ends in self._ends()]
        return {
            "version": VERSION,
            "kind": "replay",
            "run": self.run,
            "stop": self.stop,
            "metric": self.metric,
            "members": [
                {
                    "member": member,
                    "recorded": _one(member, self.recorded, self.kept[0], loss[0], metric[0]),
                    "replayed": _one(member, self.epochs, self.kept[1], loss[1], metric[1]),
                    "outcome": None if outcome is None else dataclasses.asdict(outcome),
                }
                for member, outcome in zip(members, self.outcomes, strict=True)
            ],
            "epochs": {"recorded": int(self.recorded.sum()), "replayed": int(self.epochs.sum())},
            "seconds": {"recorded": seconds[0], "replayed": seconds[1]},
            "mean_loss": {"recorded": _mean(loss[0]), "replayed": _mean(loss[1])},
            "mean_metric": {"recorded": _mean(metric[0]), "replayed": _mean(metric[1])},
            "not_stopped": [member for member, outcome in enumerate(self.outcomes) if outcome is None],
        }

    def figure(self) -> Figure:
        """The run's curves, with a dot where the rule would have stopped each member."""
        stops = [None if outcome is None else outcome.epoch for outcome in self.outcomes]
        curves = {"epoch": self.history.epoch, **self.history.curves}
        return curves_figure(curves, stop_epochs=stops, title=f"{self.run}, stopped by {self.stop}")

    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        return self.recorded, self.epochs

    def _place(self, epochs: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.history.epoch, epochs)

    def _at(self, curve: str, epochs: np.ndarray) -> Float[np.ndarray, " members"]:
        if curve not in self.history.names:
            return np.full(len(epochs), np.nan)
        return self.history[curve][self._place(epochs), np.arange(len(epochs))]


def replay(run: Run | str | Path, stop: str | Rule) -> Replay:
    """Shows another rule the curves of a finished run.

    Args:
        run: a run, or its folder.
        stop: a stopping rule as it is typed, or made of `talweg.Flat` and the like.

    Raises:
        RunFolderError: a folder without a finished run.
        ExpressionError: a rule that is not understood, or looks at a curve that was not recorded.
        ConfigError: a rule that needs what no run records.

    Example:
        >>> import talweg as tw
        >>> run = tw.train("iris", members=2, max_epochs=20, stop="epochs(20)")
        >>> tw.replay(run, tw.Epochs(5)).epochs.tolist()
        [5, 5]
    """
    if isinstance(run, Run):
        summary, history = run.summary, run.history
    else:
        folder = existing_run(Path(run))
        summary, history = folder.summary(), folder.history()
    text = str(stop)
    rule = parse_rule(text, history.names)
    for part in leaves(rule):
        if isinstance(part, Diverged | NearBound):
            raise ConfigError(f"{part} looks at what a run does not record; a replay can do without it")
    recorded = np.array([member["epochs"] for member in summary["members"]])
    steps = int(summary["training"]["steps_per_epoch"])
    outcomes = _replayed(NonFinite() | rule, history, recorded, steps)
    found = Replay(summary["run"]["name"], text, summary["metric"], history, recorded, outcomes, (recorded, recorded))
    best = summary["training"]["keep"] == "best" and "validation_loss" in history.names
    kept = np.array([member["best_epoch"] for member in summary["members"]])
    return dataclasses.replace(found, kept=(kept, _best_until(history, found.epochs) if best else found.epochs))


def _replayed(
    rule: Rule, history: History, recorded: Int[np.ndarray, " members"], steps: int
) -> tuple[Outcome | None, ...]:
    active, memory = np.ones(len(recorded), bool), rule.init(len(recorded))
    outcomes: dict[int, Outcome] = {}
    for place, epoch in enumerate(history.epoch.tolist()):
        if epoch == 0:
            continue
        seen = {name: values[place] for name, values in history.curves.items()}
        seen |= {"epoch": epoch, "step": epoch * steps, "seconds": float(history.seconds[place])}
        memory, active, stopped = judge(rule, memory, active & (recorded >= epoch), seen)
        outcomes |= stopped
    return tuple(outcomes.get(member) for member in range(len(recorded)))


def _best_until(history: History, epochs: Int[np.ndarray, " members"]) -> Int[np.ndarray, " members"]:
    """The epoch of each member's lowest validation loss until it stops; the start does not count."""
    losses = history["validation_loss"]
    allowed = (history.epoch[:, None] >= 1) & (history.epoch[:, None] <= epochs) & np.isfinite(losses)
    places = np.where(allowed, losses, np.inf).argmin(0)
    return np.where(allowed.any(0), history.epoch[places], 0)


def _one(
    member: int, epochs: np.ndarray, kept: np.ndarray, loss: np.ndarray, metric: np.ndarray
) -> dict[str, float | int | None]:
    return {
        "epochs": int(epochs[member]),
        "kept_epoch": int(kept[member]),
        "validation_loss": plain_data(loss[member]),
        "metric": plain_data(metric[member]),
    }


def _mean(values: np.ndarray) -> float | None:
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else None

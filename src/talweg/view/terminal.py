"""A run in the terminal: the progress while it trains, and the summary at its end. Numbers come in as plain data."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from talweg.data.cache import in_words
from talweg.view.pictures import denoising_lines
from talweg.view.textcurve import text_curve

_PLAIN_EVERY = 5.0
"""Seconds between two lines where the progress does not go to a terminal."""


def number(value: float | None) -> str:
    """A number as a table shows it; a dash where there is none.

    Example:
        >>> number(0.97222), number(12345.6), number(None)
        ('0.9722', '12346', '–')
    """
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def words(name: str) -> str:
    """A metric's name as prose."""
    known = {
        "psnr": "PSNR",
        "ssim": "SSIM",
        "rmse": "RMSE",
        "mae": "MAE",
        "r2": "R²",
        "roc_auc": "ROC AUC",
        "macro_f1": "macro F1",
    }
    return known.get(name, name.replace("_", " "))


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
        self.bar = _WithCurve(
            self.losses,
            TextColumn("epoch {task.completed}/{task.total}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[told]}"),
            console=console,
            transient=True,
            refresh_per_second=8,
        )
        self.task = self.bar.add_task("", total=max_epochs, told="compiling ...")

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
        told = self._told(epoch, seconds, curves, active)
        watched = curves.get("validation_loss", curves["train_loss"])
        self.losses.append(_mean(watched) or np.nan)
        if self.console.is_terminal:
            self.bar.update(self.task, completed=epoch, told=told)
        elif time.monotonic() - self.said > _PLAIN_EVERY:
            self.said = time.monotonic()
            self.console.print(f"epoch {epoch}/{self.max_epochs}  {told}", highlight=False)

    def _told(self, epoch: int, seconds: float, curves: Mapping[str, np.ndarray], active: np.ndarray) -> str:
        parts = [f"loss {number(_mean(curves['train_loss']))}"]
        if self.metric in curves:
            parts.append(f"validation {words(self.metric)} {number(_mean(curves[self.metric]))}")
        parts.append(f"{int(active.sum())} of {self.members} members going")
        rate = epoch / max(seconds, 1e-9)
        left = (self.max_epochs - epoch) / rate
        parts.append(f"{rate:.3g} epochs/s")
        parts.append(f"{_duration(left)} left at most")
        return " · ".join(parts)


@final
class PreparationProgress:
    """What is being done with a large source before the first step, and how far it is."""

    def __init__(self, console: Console):
        self.console, self.said, self.doing = console, 0.0, ""
        self.bar = Progress(TextColumn("{task.description}"), BarColumn(bar_width=24), console=console, transient=True)
        self.task = self.bar.add_task("", total=1.0)

    def close(self) -> None:
        """Takes the line away."""
        if self.console.is_terminal:
            self.bar.stop()

    def update(self, doing: str, part: float) -> None:
        """Shows what is being done, and which part of it is."""
        if self.console.is_terminal:
            self.bar.start()
            self.bar.update(self.task, description=f"{doing} {part:4.0%}", completed=part)
        elif time.monotonic() - self.said > _PLAIN_EVERY or doing != self.doing:
            self.said = time.monotonic()
            self.console.print(f"{doing} {part:.0%}", highlight=False)
        self.doing = doing


def _mean(values: np.ndarray) -> float | None:
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) else None


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def training_summary(summary: Mapping[str, Any]) -> RenderableType:
    """A finished training, as shown at its end and by `talweg show`.

    Args:
        summary: the run's summary (see docs/json.md).
    """
    return Group(
        _facts(summary),
        Text(),
        _members(summary),
        Text(),
        *_reasons(summary),
        Text(),
        *sweep_lines(summary),
        _spread(summary),
        *denoising_lines(summary),
        *_sampling(summary),
        *(Text(f"Warning: {warning}", style="yellow") for warning in summary["warnings"]),
        *_what_next(summary),
    )


def _facts(summary: Mapping[str, Any]) -> RenderableType:
    data, split, model, training = (summary[key] for key in ("data", "split", "model", "training"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    what = f"{len(data['classes'])} classes" if data["classes"] else "a quantity"
    told = f"{data['target']} ({what}) from {data['features']} features, {data['rows']} rows"
    photographs, thing = data.get("photographs"), "rows"
    if photographs:
        told = f"{data['rows']} photographs, noise {photographs['noise']}; patches of {photographs['patch']} pixels"
        thing = f"tiles of {photographs['train']}, {photographs['validation']} and {photographs['test']} photographs"
    grid.add_row("Data", f"{data['name']}: {told}")
    parts = ", ".join(f"{split[part]} {label}" for part, label in _PARTS if split[part])
    if folds := split.get("folds"):
        parts = f"{split['train']} rows in {len(folds)} folds, each held out by a member; {split['test']} test"
    grid.add_row("Split", f"{parts} {thing} ({data['split']}, seed {summary['run']['seed']})")
    grid.add_row("Model", f"{_layers(model)}; {model['params']:,} params; {model['loss'].replace('_', ' ')}")
    settings = ", ".join(f"{words(name)} {_each(value)}" for name, value in training["settings"].items())
    steps = f"{training['steps_per_epoch']} step{'s' * (training['steps_per_epoch'] != 1)} an epoch"
    grid.add_row(
        "Training",
        f"{training['optimizer']}: {settings}; {training['schedule']} schedule; "
        f"batches of {training['batch_size']} rows, {steps}",
    )
    grid.add_row("Stop", training["stop"])
    return grid


def _each(value: float | list[float]) -> str:
    """A setting of all members, or the values that they share among them."""
    if not isinstance(value, list):
        return f"{value:.4g}"
    return "/".join(f"{each:.4g}" for each in dict.fromkeys(value))


_PARTS = (("train", "training"), ("validation", "validation"), ("test", "test"))


def _layers(model: Mapping[str, Any]) -> str:
    named = [f"{layer['kind']} {layer['units']}" if layer["units"] else layer["kind"] for layer in model["layers"]]
    return " → ".join([f"{model['inputs']} inputs", *named])


def _members(summary: Mapping[str, Any]) -> RenderableType:
    metric = summary["metric"]
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    metric_name = words(metric)
    titles = (
        "member",
        "stopped\nat epoch",
        "kept\nepoch",
        "validation\nloss",
        f"validation\n{metric_name}",
        f"test\n{metric_name}",
    )
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("\nwhy it stopped", no_wrap=True)
    for member in summary["members"]:
        validation, test = member["validation"] or {}, member["test"] or {}
        table.add_row(
            str(member["member"]),
            str(member["epochs"]),
            str(member["best_epoch"]),
            number(validation.get("loss")),
            number(validation.get(metric)),
            number(test.get(metric)),
            member["outcome"]["kind"].replace("_", " "),
        )
    return table


def _reasons(summary: Mapping[str, Any]) -> list[Text]:
    """One line for each kind of Outcome: how many, and the sentence of the first."""
    kinds = Counter(member["outcome"]["kind"] for member in summary["members"])
    lines = []
    for kind, count in kinds.items():
        first = next(member for member in summary["members"] if member["outcome"]["kind"] == kind)
        whose = f"member {first['member']}" if count > 1 or len(summary["members"]) > 1 else "it"
        lines.append(
            Text(
                f"Stopped ({count} of {len(summary['members'])}, {kind.replace('_', ' ')}); "
                f"{whose}: {first['outcome']['sentence']}."
            )
        )
    return lines


def sweep_lines(summary: Mapping[str, Any]) -> list[RenderableType]:
    """What became of the settings that were lists: a line for each combination, and which was best."""
    sweep = summary.get("sweep")
    if sweep is None:
        return []
    metric = summary["metric"]
    titles = [words(name) for name in sweep["settings"]]
    titles += ["members", "validation loss", "± std", f"validation {words(metric)}", "above the best", "95 %"]
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in titles:
        table.add_column(title, justify="right", overflow="fold")
    best = sweep["best"]
    for entry in sweep["values"]:
        told, behind = entry["validation"] or {}, entry["behind_best"] or {}
        is_best = best is not None and all(entry[name] == best[name] for name in sweep["settings"])
        interval = f"{number(behind.get('low'))} to {number(behind.get('high'))}"
        failed = f" ({entry['failed']} failed)" if entry["failed"] else ""
        table.add_row(
            *(number(entry[name]) for name in sweep["settings"]),
            f"{len(entry['members'])}{failed}",
            number(told.get("loss", {}).get("mean")),
            number(told.get("loss", {}).get("std")),
            number(told.get(metric, {}).get("mean")),
            "best" if is_best else number(behind.get("mean")),
            "" if is_best or behind.get("low") is None else interval,
            style="bold" if is_best else "",
        )
    return [table, *(Text(f"Warning: {warning}.", style="yellow") for warning in sweep["warnings"]), Text()]


def _spread(summary: Mapping[str, Any]) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("over the members", no_wrap=True)
    for title in ("mean", "± std", "worst", "best", "ensemble"):
        table.add_column(title, justify="right", no_wrap=True)
    for part, spread in summary["spread"].items():
        for name in dict.fromkeys((summary["metric"], "loss")):
            row = spread[name]
            values = [number(row[key]) for key in ("mean", "std", "worst", "best")]
            label = "out-of-fold" if part == "validation" and "folds" in summary["split"] else part
            table.add_row(f"{label} {words(name)}", *values, number(summary["ensemble"][part][name]))
    return table


def _sampling(summary: Mapping[str, Any]) -> list[Text]:
    error = summary["sampling_error"]
    if error is None:
        return []
    return [
        Text(
            f"{summary['split']['test']} test rows leave the ensemble's {words(error['metric'])} between "
            f"{number(error['low'])} and {number(error['high'])} ({error['method']})."
        )
    ]


def _what_next(summary: Mapping[str, Any]) -> list[Text]:
    run = summary["run"]
    pace = f", {run['epochs_per_second']:.3g} epochs/s" if run["epochs_per_second"] else ""
    lines = [Text(f"Trained in {run['seconds']:.1f} s (first epoch {run['first_epoch_seconds']:.1f} s{pace}).")]
    if not summary["files"]:
        return lines
    folder = summary["files"]["summary"].removesuffix("/summary.json").removesuffix("\\summary.json")
    names = ", ".join(path[len(folder) + 1 :] for path in summary["files"].values())
    return [
        *lines,
        Text(f"Written to {folder}: {names}."),
        Text.assemble("Next: ", (_next(summary, folder), "bold"), "; ", (f"talweg map {folder}", "bold")),
    ]


def _next(summary: Mapping[str, Any], folder: str) -> str:
    if "denoising" in summary:
        return f"talweg denoise {folder} photo.png -o clean.png"
    return f"talweg predict {folder} new.csv -o predictions.csv"


def runs_table(summaries: list[tuple[str, Mapping[str, Any] | None]]) -> RenderableType:
    """The runs of a folder, one line each; unfinished ones have no summary.

    Args:
        summaries: each run's path, and its summary.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for title in ("run", "data"):
        table.add_column(title, overflow="fold")
    for title in ("members", "metric", "validation", "test", "ensemble"):
        table.add_column(title, no_wrap=True)
    for path, summary in summaries:
        if summary is None:
            table.add_row(path, "not finished")
            continue
        metric, spread = summary["metric"], summary["spread"]
        means = [number(spread[part][metric]["mean"]) if part in spread else "–" for part in ("validation", "test")]
        ensemble = summary["ensemble"].get("test", {}).get(metric)
        table.add_row(
            path,
            summary["data"]["name"],
            str(len(summary["members"])),
            words(metric),
            *means,
            number(ensemble),
        )
    return table


def cache_table(cache: Mapping[str, Any]) -> RenderableType:
    """What lies in the cache, one store a line, the last used first.

    Args:
        cache: the JSON object of the cache (see docs/json.md).
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("what", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("last used", no_wrap=True)
    for store in cache["stores"]:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(store["used"]))
        table.add_row(store["about"], in_words(store["bytes"]), used)
    limit = f"{in_words(cache['bytes'])} of at most {in_words(cache['limit'])} in {cache['folder']}"
    return Group(table, Text(limit, style="dim"))

"""A finished training in the terminal: what was reached, why it stopped, where the files are, what to type next."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.view.telling.told import LEARNED
from talweg.view.terminal.columns import Columns, number, words
from talweg.view.terminal.pictures import denoising_lines, segmentation_lines


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
        *segmentation_lines(summary),
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
    told = (
        f"{data['target']} ({what}) from {data['features']} feature{'s' * (data['features'] != 1)}, {data['rows']} rows"
    )
    photographs, thing = data.get("photographs"), "rows"
    if photographs:
        what = f"noise {photographs['noise']}" if "noise" in photographs else f"masks of {what}"
        told = f"{data['rows']} photographs, {what}; patches of {photographs['patch']} pixels"
        thing = f"tiles of {photographs['train']}, {photographs['validation']} and {photographs['test']} photographs"
    grid.add_row("Data", f"{data['name']}: {told}")
    if left := _left_out(data.get("columns", [])):
        grid.add_row("Left out", left)
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


def _left_out(columns: Sequence[Mapping[str, str]]) -> str:
    """The columns that are not learned from, and what they are; of many the first."""
    left = [column for column in columns if column["kind"] not in LEARNED]
    named = [f"{one['name']} ({one['reason' if one['kind'] == 'ignored' else 'kind']})" for one in left]
    return ", ".join(named if len(named) < 8 else [*named[:6], f"and {len(named) - 6} more"])


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
    table = Columns()
    metric_name = words(metric)
    titles = (
        "member",
        "stopped\nat epoch",
        "kept\nepoch",
        "validation\nloss",
        f"validation\n{metric_name}",
        f"test\n{metric_name}",
    )
    sweep = summary.get("sweep") or {"settings": [], "values": []}
    swept, tried = sweep["settings"], {member: entry for entry in sweep["values"] for member in entry["members"]}
    for title in (*titles, *(f"\n{words(name)}" for name in swept)):
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
            *(number(tried[member["member"]][name]) for name in swept),
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
    table = Columns()
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
    table = Columns()
    some = summary["ensemble"]["members"]
    # Those that a sweep chose, or that did not fail: the numbers are of them alone.
    whose = "the members" if len(some) == len(summary["members"]) else f"members {_numbered(some)}"
    table.add_column(f"over {whose}", no_wrap=True)
    for title in ("mean", "± std", "worst", "best", "ensemble"):
        table.add_column(title, justify="right", no_wrap=True)
    for part, spread in summary["spread"].items():
        # Where one class is rare, accuracy says little: the gate told to judge by these.
        rare = any(found["check"] == "imbalance" for found in summary.get("gate", {}).get("findings", []))
        shown = (summary["metric"], *(("balanced_accuracy", "macro_f1") if rare else ()), "loss")
        for name in dict.fromkeys(name for name in shown if name in spread):
            row = spread[name]
            values = [number(row[key]) for key in ("mean", "std", "worst", "best")]
            label = "out-of-fold" if part == "validation" and "folds" in summary["split"] else part
            table.add_row(f"{label} {words(name)}", *values, number(summary["ensemble"][part][name]))
    return table


def _numbered(members: Sequence[int]) -> str:
    """Members by their numbers; of many the first."""
    return (
        ", ".join(map(str, members))
        if len(members) < 7
        else f"{', '.join(map(str, members[:5]))}, ... ({len(members)})"
    )


def _sampling(summary: Mapping[str, Any]) -> list[Text]:
    error = summary["sampling_error"]
    if error is None:
        return []
    pictures = (summary.get("denoising") or summary.get("segmentation") or {}).get("pictures")
    judged = f"{len(pictures)} test pictures" if pictures else f"{summary['split']['test']} test rows"
    return [
        Text(
            f"{judged} leave the ensemble's {words(error['metric'])} between "
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
    typed = shlex.quote(folder)  # it may hold a space
    names = ", ".join(path[len(folder) + 1 :] for path in summary["files"].values())
    return [
        *lines,
        Text(f"Written to {folder}: {names}."),
        Text.assemble("Next: ", (_next(summary, typed), "bold"), "; ", (f"talweg map {typed}", "bold")),
    ]


def _next(summary: Mapping[str, Any], folder: str) -> str:
    if "denoising" in summary:
        return f"talweg denoise {folder} photo.png -o clean.png"
    if "segmentation" in summary:
        return f"talweg segment {folder} picture.png -o mask.png"
    return f"talweg predict {folder} new.csv -o predictions.csv"

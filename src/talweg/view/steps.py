"""Schedules, range tests and the gradient's noise in the terminal. Numbers come in as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.view.terminal import number, words


def schedules_text(content: Mapping[str, Any], chosen: bool, notes: Sequence[str]) -> RenderableType:
    """The table of schedules, or some rates of those that were asked for.

    Args:
        content: the JSON object of `talweg schedules` (see docs/json.md).
        chosen: whether schedules were asked for by name.
        notes: what one should know of the picture.
    """
    table = _rates(content) if chosen else _known(content)
    written = [Text(f"Written to {path}.") for path in content["files"].values()]
    return Group(table, *(Text(f"Note: {note}.") for note in notes), *written)


def _plain_table(titles: Sequence[str], right: bool = False) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if right and place else "left", overflow="fold")
    return table


def _known(content: Mapping[str, Any]) -> Table:
    table = _plain_table(("schedule", "settings, with their defaults", "what it does", "source"))
    for known in content["known"]:
        settings = ", ".join(f"{name}={value:g}" for name, value in known["settings"].items())
        table.add_row(known["name"], settings, known["meaning"], known["source"])
    return table


def _rates(content: Mapping[str, Any]) -> Table:
    epochs, texts = content["epoch"], [entry["schedule"] for entry in content["schedules"]]
    table = _plain_table(("epoch", *texts), right=True)
    for share in range(11):
        place = round(share / 10 * (len(epochs) - 1))
        rates = [number(entry["learning_rate"][place]) for entry in content["schedules"]]
        table.add_row(number(epochs[place]), *rates)
    return table


def replay_text(content: Mapping[str, Any]) -> RenderableType:
    """What another rule would have done, member by member and in all.

    Args:
        content: the JSON object of `talweg replay` (see docs/json.md).
    """
    metric = words(content["metric"])
    pairs = (("stopped at", "would at"), ("kept", "would keep"), ("validation loss", "would be"), (metric, "would be"))
    table = _plain_table(("member", *(title for pair in pairs for title in pair)), right=True)
    for entry in content["members"]:
        then, now = entry["recorded"], entry["replayed"]
        told = ((then[key], now[key]) for key in ("epochs", "kept_epoch", "validation_loss", "metric"))
        stopped = "later" if entry["outcome"] is None else str(now["epochs"])
        cells = [_cell(value) for pair in told for value in pair]
        table.add_row(str(entry["member"]), cells[0], stopped, *cells[2:])
    first = next((entry for entry in content["members"] if entry["outcome"] is not None), None)
    reasons = [] if first is None else [f"Member {first['member']}: {first['outcome']['sentence']}."]
    return Group(table, Text(), *(Text(line) for line in (*reasons, *_replay_lines(content))))


def _cell(value: float | int | None) -> str:
    return str(value) if isinstance(value, int) else number(value)


def _replay_lines(content: Mapping[str, Any]) -> list[str]:
    epochs, seconds, loss = content["epochs"], content["seconds"], content["mean_loss"]
    saved = 1 - epochs["replayed"] / max(epochs["recorded"], 1)
    lines = [
        f"{epochs['replayed']} epochs in place of {epochs['recorded']} over all members: {saved:.0%} saved, "
        f"{number(seconds['recorded'] - seconds['replayed'])} of {number(seconds['recorded'])} s."
    ]
    if loss["replayed"] is not None and loss["recorded"] is not None:
        then, now = content["mean_metric"]["recorded"], content["mean_metric"]["replayed"]
        lines.append(
            f"Mean validation loss {number(loss['replayed'])} in place of {number(loss['recorded'])}, "
            f"{words(content['metric'])} {number(now)} in place of {number(then)}."
        )
    if waiting := content["not_stopped"]:
        lines.append(f"It would not have stopped member {', '.join(map(str, waiting))} within what was recorded.")
    return lines + [f"Written to {path}." for path in content["files"].values()]

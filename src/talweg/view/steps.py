"""Schedules, range tests and the gradient's noise in the terminal. Numbers come in as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.view.terminal import number


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

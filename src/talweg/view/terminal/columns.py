"""Numbers and names as the terminal shows them, and what lies in a folder of runs or in the cache.

A training is told of in `progress` while it goes on and in `training_summary` at its end.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.data.large.cache import in_words

_WIDEST = 1000
"""Columns of a line, at most."""


def plain_console(file: Any = None) -> Console:
    """A console that shows every text as it is: a column named `weight [kg]` or `:x:` is no markup.

    Args:
        file: where it writes; standard output if it is absent.
    """
    return Console(file=file, highlight=False, markup=False, emoji=False)


@final
class Columns(Table):
    """A table without lines; where the terminal is too narrow for its numbers, its lines are longer than that.

    An ellipsis in the place of a digit would be worse.
    """

    def __init__(self, space: int = 1, **options: Any):
        super().__init__(box=None, pad_edge=False, padding=(0, space), header_style="bold", **options)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Any]:
        for column in (column for column in self.columns if column.no_wrap):
            lines = [line for cell in (column.header, *column.cells) for line in str(cell).splitlines()]
            column.min_width = max(map(cell_len, lines), default=0)
        needed = self.__rich_measure__(console, options.update_width(_WIDEST)).minimum
        return super().__rich_console__(console, options.update_width(max(options.max_width, needed)))


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


def runs_table(summaries: list[tuple[str, Mapping[str, Any] | None]]) -> RenderableType:
    """The runs of a folder, one line each; unfinished ones have no summary.

    Args:
        summaries: each run's path, and its summary.
    """
    table = Columns()
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
    table = Columns()
    table.add_column("what", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("last used", no_wrap=True)
    for store in cache["stores"]:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(store["used"]))
        table.add_row(store["about"], in_words(store["bytes"]), used)
    limit = f"{in_words(cache['bytes'])} of at most {in_words(cache['limit'])} in {cache['folder']}"
    return Group(table, Text(limit, style="dim"))

"""Numbers and names as the terminal shows them, and what lies in a folder of runs or in the cache.

A training is told of in `progress` while it goes on and in `training_summary` at its end.
"""

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.data.large.cache import in_words


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

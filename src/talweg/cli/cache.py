"""`talweg cache`: what prepared data lie on the disk, and how much of it they may take."""

import re
from typing import TYPE_CHECKING

import click

from talweg.cli.output import json_option, put
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@click.command()
@click.option("--clear", is_flag=True, help="Remove everything. What is needed again is prepared again.")
@click.option("--limit", metavar="SIZE", help="How much it may hold from now on, such as 20GB. [default: 64GB]")
@json_option
def cache(clear: bool, limit: str | None, as_json: bool) -> None:
    """List the data that were prepared for sources larger than memory.

    When the limit is reached, what was not used for longest makes room. The cache lies in the folder that the
    variable TALWEG_CACHE names, else in the user's cache folder.
    """
    from talweg.data.large.cache import in_words
    from talweg.run import storage

    kept = storage.cache()
    if limit is not None:
        kept.set_limit(_bytes(limit))
    freed = kept.clear() if clear else 0
    entries = [entry for entry in kept.entries() if entry.bytes]
    content = {
        "version": 1,
        "kind": "cache",
        "folder": str(kept.folder),
        "limit": kept.limit,
        "bytes": sum(entry.bytes for entry in entries),
        "freed": freed,
        "stores": [
            {"key": entry.key, "about": entry.about, "bytes": entry.bytes, "used": entry.used} for entry in entries
        ],
    }

    def text() -> "RenderableType":
        from talweg.view.terminal.columns import cache_table

        if clear:
            return f"Removed {in_words(freed)} from {kept.folder}."
        return cache_table(content) if entries else f"Nothing in {kept.folder} (limit {in_words(kept.limit)})."

    put(content, text, as_json)


def _bytes(text: str) -> int:
    """A size as a person writes it.

    Raises:
        ConfigError: something else than a number with B, kB, MB, GB or TB behind it.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMGT]?B?)", text.strip(), re.IGNORECASE)
    unit = match[2].upper() if match else ""
    unit = unit if unit in _UNITS else unit + "B"
    if not match or unit not in _UNITS:
        raise ConfigError(f"--limit is a size such as 500MB or 20GB, got {text!r}")
    return int(float(match[1]) * _UNITS[unit])

"""Where a source is read from: a database, a file held in memory, or one so large that it is put on disk first."""

import math
import os
import tempfile
from pathlib import Path
from typing import Any

from talweg.config.settings import Settings
from talweg.data.hearing import Hear, quiet
from talweg.data.large.blocks import in_blocks
from talweg.data.large.large import open_large, open_spooled
from talweg.data.reading.read import read_table
from talweg.data.reading.sql import Query, is_database
from talweg.data.table import Table
from talweg.errors import ConfigError, DataError
from talweg.run.storage import cache
from talweg.run.streaming.available import available_memory

PER_BYTE = {".parquet": 10, ".pq": 10, ".arrow": 5, ".feather": 5, ".gz": 25, ".zst": 25, ".zstd": 25}
"""Bytes of memory that a training takes for each byte of a file, by what it ends with; 6 for plain text."""


def open_table(settings: Settings, source: Any = None, hear: Hear = quiet) -> Table:
    """The table of a source; its columns lie on disk if it is too large for memory, or if the settings say so.

    Args:
        settings: source, query and stream are used.
        source: data as a Python object; the settings' source is read if it is absent.
        hear: is told of the progress of what takes long.

    Raises:
        ConfigError: a query without a database, or a database without a query; a source that cannot be streamed.
        DataError: a source that cannot be read.
    """
    given = settings.source if source is None else source
    if is_database(given):
        if settings.query is None:
            raise ConfigError("a database needs a query: what are the rows? (--query 'SELECT ...')")
        given = Query(given, settings.query)
    elif settings.query is not None and not isinstance(given, Query):
        raise ConfigError(
            f"a query needs a database as its source, such as sqlite:///shop.db or env:NAME, not {settings.source}"
        )
    if isinstance(given, Query):
        return _spooled(given, hear) if settings.stream == "yes" else given.table()
    path = _file(given)
    if path is None or not path.exists():
        if settings.stream == "yes" and not isinstance(given, Table):
            raise ConfigError(f"only files, folders and databases can be streamed, not {settings.source}")
        return read_table(given)
    if settings.stream == "yes" and not in_blocks(path):
        raise DataError(f"{path.name} can only be read whole; save it as CSV or Parquet to stream it.")
    large = settings.stream == "yes" or (settings.stream == "auto" and _too_large(path) and in_blocks(path))
    return open_large(path, cache(), hear) if large else read_table(given)


def room_for_pixels(stream: str) -> float:
    """Bytes of decoded pictures that may be in memory: they are held up to three times until a training begins.

    Args:
        stream: as set: ``"yes"``, ``"no"``, or ``"auto"``.

    Example:
        >>> room_for_pixels("yes"), room_for_pixels("no")
        (0.0, inf)
    """
    return {"yes": 0.0, "no": math.inf}.get(stream, available_memory() / 3)


def without_credentials(settings: Settings) -> tuple[Settings, Query | None]:
    """The settings as they may be shown and kept, and the query with all that opens the database.

    Example:
        >>> from talweg.config.settings import make_settings
        >>> uri = "postgresql://me:secret@host/shop"
        >>> without_credentials(make_settings({"source": uri, "query": "select 1"}))[0].source
        'postgresql://host/shop'
    """
    if not is_database(settings.source) or settings.query is None:
        return settings, None
    query = Query(settings.source, settings.query)
    return settings.model_copy(update={"source": query.name}), query


def _file(given: Any) -> Path | None:
    return Path(given).expanduser() if isinstance(given, str | os.PathLike) else None


def _spooled(query: Query, hear: Hear) -> Table:
    kept = cache()
    kept.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.folder, prefix=".query-") as folder:
        hear("asking the database", 0.0)
        return open_spooled(query.spool(Path(folder)), query.name, kept, hear)


def _too_large(path: Path) -> bool:
    files = [path] if path.is_file() else [entry for entry in path.iterdir() if entry.is_file()]
    needed = sum(file.stat().st_size * PER_BYTE.get(file.suffix.lower(), 6) for file in files)
    return needed > available_memory()

"""A folder of stores that are named by a hash of everything they were made from, bounded in size.

Such a store is never stale: other data make another store. It is made under another name and renamed when it is whole.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from talweg.data.large.store import FORMAT, INDEX, Store, Writer, open_store
from talweg.errors import DataError

DEFAULT_LIMIT = 64 * 10**9
"""Bytes that a cache may hold if nobody has said otherwise."""

_LIMIT = "limit"
_MAKING = re.compile(r"\.making-[0-9a-f]{32}-(\d+)-[0-9a-f]{8}")
_KEY = re.compile(r"[0-9a-f]{32}")


def key_of(*parts: str | bytes) -> str:
    """The name of a store made from these parts: equal for equal parts, and for no others.

    Returns:
        32 hexadecimal digits (BLAKE2b, RFC 7693).

    Example:
        >>> key_of("ab", "c") == key_of("a", "bc")
        False
    """
    digest = hashlib.blake2b(FORMAT.to_bytes(8, "little"), digest_size=16)
    for part in parts:
        piece = part.encode() if isinstance(part, str) else part
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


@dataclasses.dataclass(frozen=True)
class Entry:
    """A store as a cache lists it.

    Attributes:
        key: its name.
        about: what it holds, in words.
        bytes: how much of the disk it takes.
        used: when it was last used, in seconds since 1970.
    """

    key: str
    about: str
    bytes: int
    used: float


@dataclasses.dataclass(frozen=True)
class Cache:
    """A folder of stores. Those that were not used for longest make room for new ones.

    Attributes:
        folder: where it is; made when it is needed.
    """

    folder: Path

    def get(self, key: str, make: Callable[[Writer], Mapping[str, Any]], about: str, needed: int = 0) -> Store:
        """The store of a key, made if it is not there.

        An interrupted `make` leaves nothing behind. Two processes that make the same store do not disturb each
        other: the first to finish wins, and both use its store.

        Args:
            key: by `key_of`, from everything that the content depends on.
            make: fills a new store and returns its facts, as plain data.
            about: what it holds, in words, for a person who lists the cache.
            needed: about how many bytes it will take.

        Raises:
            DataError: the disk is full, or the folder cannot be written.

        Example:
            >>> import numpy as np, tempfile
            >>> def squares(writer):
            ...     writer.column("x", np.int64).append(np.arange(4) ** 2)
            ...     return {"rows": 4}
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     store = Cache(Path(folder)).get(key_of("squares"), squares, "four squares")
            ...     store.arrays["x"].tolist(), store.facts["rows"]
            ([0, 1, 4, 9], 4)
        """
        if (found := self.find(key)) is not None:
            return found
        try:
            return self._made(key, make, about, needed)
        except OSError as error:
            raise DataError(
                f"The cache in {self.folder} could not be written: {error.strerror or error}. Make room with"
                " `talweg cache --clear`, or set TALWEG_CACHE to a folder on another disk."
            ) from None

    def find(self, key: str) -> Store | None:
        """The store of a key, if it is there and whole; it counts as used now."""
        store = open_store(self.folder / key)
        if store is not None:
            with contextlib.suppress(OSError):
                os.utime(store.path / INDEX)
        return store

    def _made(self, key: str, make: Callable[[Writer], Mapping[str, Any]], about: str, needed: int) -> Store:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tidy()
        free = shutil.disk_usage(self.folder).free + sum(entry.bytes for entry in self.entries())
        if free < needed:
            raise DataError(
                f"Not enough disk for the cache in {self.folder}: it needs about {in_words(needed)},"
                f" {in_words(free)} are free; set TALWEG_CACHE to a folder on another disk."
            )
        self._make_room(needed)
        making = self.folder / f".making-{key}-{os.getpid()}-{secrets.token_hex(4)}"
        making.mkdir()
        writer = Writer(making)
        try:
            writer.finish(about, make(writer))
            if self.find(key) is None:
                shutil.rmtree(self.folder / key, ignore_errors=True)
            # Somebody else may have been quicker; what he made is the same.
            with contextlib.suppress(OSError):
                making.rename(self.folder / key)
        finally:
            for column in writer.columns.values():
                with contextlib.suppress(OSError):
                    column.close()
            shutil.rmtree(making, ignore_errors=True)
        self._make_room(0, keep=key)
        store = self.find(key)
        if store is None:
            raise DataError(f"The store {self.folder / key} was removed while it was made; begin again.")
        return store

    @property
    def limit(self) -> int:
        """Bytes that the stores may take together."""
        try:
            return int((self.folder / _LIMIT).read_text())
        except (OSError, ValueError):
            return DEFAULT_LIMIT

    def set_limit(self, limit: int) -> None:
        """Sets the limit and keeps to it at once.

        Raises:
            DataError: the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = self.folder / f".{_LIMIT}-{secrets.token_hex(4)}"
            temporary.write_text(str(limit))
            temporary.replace(self.folder / _LIMIT)
        except OSError as error:
            raise DataError(f"The cache in {self.folder} could not be written: {error.strerror}.") from None
        self._make_room(0)

    def entries(self) -> list[Entry]:
        """All whole stores, the last used first.

        Raises:
            DataError: the folder cannot be read.
        """
        found = []
        for path in self._paths():
            # A store may be removed by another process while this one lists.
            with contextlib.suppress(OSError, ValueError, KeyError):
                if _KEY.fullmatch(path.name):
                    index = json.loads((path / INDEX).read_bytes())
                    used = (path / INDEX).stat().st_mtime
                    found.append(Entry(path.name, index["about"], sum(index["sizes"].values()), used))
        return sorted(found, key=lambda entry: -entry.used)

    def clear(self) -> int:
        """Removes every store; a process that reads one keeps what it has open. Returns the bytes set free."""
        self.tidy()
        entries = self.entries()
        for entry in entries:
            shutil.rmtree(self.folder / entry.key, ignore_errors=True)
        return sum(entry.bytes for entry in entries)

    def tidy(self) -> None:
        """Removes what killed processes left half made."""
        for path in self._paths():
            if (match := _MAKING.fullmatch(path.name)) and not _alive(int(match[1])):
                shutil.rmtree(path, ignore_errors=True)

    def _paths(self) -> list[Path]:
        try:
            return list(self.folder.iterdir()) if self.folder.is_dir() else []
        except OSError as error:
            raise DataError(
                f"The cache in {self.folder} cannot be read: {error.strerror}; set TALWEG_CACHE to another folder."
            ) from None

    def _make_room(self, needed: int, keep: str = "") -> None:
        total = needed
        for entry in self.entries():
            total += entry.bytes
            if entry.key != keep and (total > self.limit or shutil.disk_usage(self.folder).free < needed):
                shutil.rmtree(self.folder / entry.key, ignore_errors=True)
                total -= entry.bytes


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def in_words(size: int | float) -> str:
    """A number of bytes for a person.

    Example:
        >>> in_words(1_234_000_000), in_words(10)
        ('1.2 GB', '10 B')
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.{0 if units[0] in ('B', 'kB') or size >= 100 else 1}f} {units[0]}"

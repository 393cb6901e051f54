"""Arrays on disk that are read through memory maps, and how they are written. What they hold is not known here.

A store is a folder of `.npy` files beside one `store.json`, which is written last. Where stores are kept, and for how
long, is in `cache`.
"""

import contextlib
import dataclasses
import json
import mmap
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, final

import numpy as np
from jaxtyping import Int, Shaped

FORMAT = 1
"""The version of a store's layout; part of every key, so that another version makes stores of its own."""
INDEX = "store.json"
"""The file of a store that says what the others hold; a folder without it is no store."""

NEAR = 8
"""Pages between two rows that are as quickly read as left out."""
_AT_ONCE = 32
"""Pages that are asked for in one call: Linux reads no more of a longer piece than it reads ahead, 128 kB at least."""
_AT_A_TIME = 2**18
"""Rows whose pages are told together."""


@dataclasses.dataclass(frozen=True, eq=False)
class Store:
    """Arrays that lie on disk and are read as they are touched.

    Attributes:
        path: its folder.
        arrays: read-only memory maps, by name.
        facts: what its maker wrote beside them, as plain data.
    """

    path: Path
    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


def is_mapped(array: Any) -> bool:
    """Whether an array, or the one it is a view or a choice of, lies on disk."""
    return _map_of(array) is not None


def forget(*arrays: Any) -> None:
    """Gives the memory of the pages that were read of mapped arrays back to the system; others are left alone.

    Without it everything that was ever touched counts as the process's memory until the system needs it elsewhere.
    """
    for array in arrays:
        if (mapped := _map_of(array)) is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def pages_of(array: Shaped[np.ndarray, "all *rest"], rows: Int[np.ndarray, " some"]) -> list[tuple[int, int]]:
    """The pages of a file that hold some rows, as runs: the first page and the one after the last.

    Args:
        array: a mapped array whose rows lie one after the other in the file.
        rows: positions in ascending order.
    """
    mapped = _map_of(array)
    begin = array.ctypes.data - (0 if mapped is None else np.frombuffer(mapped, np.uint8).ctypes.data)
    runs: list[tuple[int, int]] = []
    for start in range(0, len(rows), _AT_A_TIME):
        starts = begin + rows[start : start + _AT_A_TIME].astype(np.int64) * array.strides[0]
        first, last = starts // mmap.PAGESIZE, (starts + max(array.strides[0], 1) - 1) // mmap.PAGESIZE
        apart = first[1:] > last[:-1] + NEAR
        ends = last[np.append(apart, True)] + 1
        found = list(zip(first[np.append(True, apart)].tolist(), ends.tolist(), strict=True))
        if runs and found[0][0] < runs[-1][1] + NEAR:
            found[0] = (runs.pop()[0], found[0][1])
        runs += found
    return runs


@contextlib.contextmanager
def only(array: Any, pages: Iterable[tuple[int, int]]) -> Iterator[None]:
    """While some pages of a mapped array are read, the disk reads them alone, and all are asked for at once.

    By itself the system reads a long piece of the file around each page that is touched: up to megabytes, which a
    memory smaller than the file loses again before they are of use.
    """
    mapped = _map_of(array)
    if mapped is None or not hasattr(mmap, "MADV_RANDOM"):
        yield
        return
    mapped.madvise(mmap.MADV_RANDOM)
    for begin, end in pages:
        for start in range(begin, end, _AT_ONCE):
            mapped.madvise(mmap.MADV_WILLNEED, start * mmap.PAGESIZE, min(_AT_ONCE, end - start) * mmap.PAGESIZE)
    yield
    mapped.madvise(mmap.MADV_NORMAL)


def _map_of(array: Any) -> mmap.mmap | None:
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    return array


@final
class Column:
    """One array of a store while it is written, block after block along its first axis."""

    def __init__(self, path: Path, dtype: Any, shape: tuple[int, ...]):
        self.dtype, self.shape, self.rows = np.dtype(dtype), shape, 0
        self._file: IO[bytes] = path.open("w+b")
        self._write_header()

    def append(self, block: Shaped[np.ndarray, "rows *rest"]) -> None:
        """Adds rows; they must have the array's dtype and the shape of its rows."""
        if block.dtype != self.dtype or block.shape[1:] != self.shape:
            raise ValueError(f"{block.dtype} {block.shape[1:]} does not fit {self.dtype} {self.shape}")
        self._file.write(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)
        self.rows += len(block)

    def close(self) -> None:
        """Flushes everything to disk; the number of rows, now known, goes into the header."""
        if not self._file.closed:
            self._file.seek(0)
            self._write_header()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _write_header(self) -> None:
        # NumPy leaves room for the first axis to grow, so that the header keeps its length.
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False}
        np.lib.format.write_array_header_1_0(self._file, {**header, "shape": (self.rows, *self.shape)})


@final
class Writer:
    """A store while it is made.

    Attributes:
        path: a folder in which scratch files may be left; they are removed when the store is whole.
    """

    def __init__(self, path: Path):
        self.path = path
        self.columns: dict[str, Column] = {}
        self._files: dict[str, str] = {}
        self._begun = 0

    def column(self, name: str, dtype: Any, shape: tuple[int, ...] = ()) -> Column:
        """Begins an array.

        Args:
            name: how it is found in the store; any text.
            dtype: of its elements.
            shape: of one row; `()` for an array of one axis.
        """
        self._files[name] = f"{self._begun}.npy"
        self._begun += 1
        self.columns[name] = Column(self.path / self._files[name], dtype, shape)
        return self.columns[name]

    def remove(self, name: str) -> None:
        """Takes an array out again."""
        self.columns.pop(name).close()
        (self.path / self._files.pop(name)).unlink()

    def written(self, name: str) -> np.ndarray:
        """An array that is complete, read back as a memory map before the store is whole."""
        self.columns[name].close()
        return _mapped(self.path / self._files[name])

    def finish(self, about: str, facts: Mapping[str, Any]) -> None:
        """Writes the index, with which the store is whole."""
        files = self._files
        for column in self.columns.values():
            column.close()
        for stray in set(self.path.iterdir()) - {self.path / file for file in files.values()}:
            shutil.rmtree(stray) if stray.is_dir() else stray.unlink()
        sizes = {file: (self.path / file).stat().st_size for file in files.values()}
        index = {"format": FORMAT, "about": about, "arrays": files, "sizes": sizes, "facts": facts}
        with (self.path / INDEX).open("x") as file:
            json.dump(index, file, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())


def open_store(path: Path) -> Store | None:
    """The store in a folder, if there is one and its files are whole."""
    try:
        index = json.loads((path / INDEX).read_bytes())
        if index["format"] != FORMAT or any((path / f).stat().st_size != n for f, n in index["sizes"].items()):
            return None
        arrays = {name: _mapped(path / file) for name, file in index["arrays"].items()}
        return Store(path, arrays, index["facts"])
    except (OSError, ValueError, KeyError):
        return None


def _mapped(path: Path) -> np.ndarray:
    """A `.npy` file as a read-only array over a memory map that `forget` knows."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.ndarray(shape, dtype, mapped, file.tell())

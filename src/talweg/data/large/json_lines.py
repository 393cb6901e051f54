"""A file of JSON objects, one a line, larger than memory: as frames of some rows at a time, of one type a column.

A column has the type that all of its values agree on, as polars finds it in a file that is held whole. It is found in
each block; what several blocks agree on is asked of polars itself, with a row that stands for each of them.
"""

import dataclasses
import json
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talweg.data.large.delimited import read_packed
from talweg.data.reading.typed import frame_of_lines
from talweg.data.reading.unpack import unpacked_name, unpacking
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 16 * 2**20
"""Bytes of a file that are read at a time."""
_LONGEST_LINE = 64 * 2**20


@dataclasses.dataclass(frozen=True)
class JsonLines:
    """A file of JSON objects, one a line, plain or packed.

    Attributes:
        path: the file.
        name: what messages call it.
        schema: the type of each column, in the order in which they are first met.
        notes: what was decided in reading it.
        decimal_comma: whether ``1,234`` is more likely 1.234 than 1234.
    """

    path: Path
    name: str
    schema: "pl.Schema"
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False

    @classmethod
    def of(cls, path: Path, hear: Callable[[str, float], None]) -> "JsonLines":
        """The file, the types of its columns found in all of it.

        Raises:
            DataError: a line that is no JSON object, named by its number; types that do not go together; damage.
        """
        name = unpacked_name(path.name)
        seen: dict[str, pl.Schema] = {}
        for text, before, part in _pieces(path, name):
            schema = frame_of_lines(text, name, before).schema
            seen.setdefault(repr(schema), schema)
            hear("looking over", part)
        if not seen:
            raise DataError(f"{name} is empty; expected one JSON object a line.")
        rows = [{column: _standing_for(dtype) for column, dtype in schema.items()} for schema in seen.values()]
        return cls(path, name, frame_of_lines("\n".join(map(json.dumps, rows)).encode(), name).schema)

    def __call__(
        self, columns: list[str] | None = None, hoped: Container[str] = ()
    ) -> Iterator[tuple["pl.DataFrame", float]]:
        """The frames, in order, each with the part read so far; a column's type says what it holds, so hope is idle."""
        for text, before, part in _pieces(self.path, self.name):
            frame = frame_of_lines(text, self.name, before, self.schema)
            yield frame if columns is None else frame.select(columns), part


def _standing_for(dtype: Any) -> Any:
    """A value that polars would give a type."""
    import polars as pl

    if isinstance(dtype, pl.List):
        return [_standing_for(dtype.inner)]
    if isinstance(dtype, pl.Struct):
        return {field.name: _standing_for(field.dtype) for field in dtype.fields}
    if dtype.is_integer():
        return 0 if dtype == pl.Int64 else 2**64
    return {pl.Float64: 0.5, pl.Boolean: True, pl.Null: None}.get(type(dtype), "word")


def _pieces(path: Path, name: str) -> Iterator[tuple[bytes, int, float]]:
    """The text cut between lines, each piece with the number of lines before it and the part read so far."""
    size, rest, before = max(1, path.stat().st_size), b"", 0
    with path.open("rb") as file:
        stream = unpacking(file)
        while True:
            more = read_packed(stream, name, _BLOCK)
            rest += more
            end = rest.rfind(b"\n") + 1 if more else len(rest)
            if rest[:end].strip():
                yield rest[:end], before, min(1.0, file.tell() / size)
            before += rest.count(b"\n", 0, end)
            rest = rest[end:]
            if len(rest) > _LONGEST_LINE:
                raise DataError(f"Line {before + 1} of {name} is longer than 64 MB; expected one JSON object a line.")
            if not more:
                return

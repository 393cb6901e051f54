"""A text file larger than memory as frames of some rows at a time. What its words mean is not judged here.

Its text is handled as bytes of UTF-8, whatever its encoding was. Where the caller hopes that a column holds nothing but
plain numbers, they are read as such at once, which is several times as fast, wherever it is certain that the slow way
would have come to the same.
"""

import codecs
import dataclasses
import io
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from jaxtyping import Int, UInt8

from talweg.data.reading.delimited import Dialect, decode, read_words, sniff
from talweg.data.reading.unpack import unpacked_name, unpacking
from talweg.data.reading.words import MISSING
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 16 * 2**20
"""Bytes of a file that are read at a time."""
_LONGEST_ROW = 64 * 2**20
_HEAD = 2**20
_BOM = b"\xef\xbb\xbf"
_LARGEST_PLAIN = 1e15
"""A number that may have sixteen digits may be a code."""
_GAPS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize())} - {""} | {"NaN", "NaT"})


@dataclasses.dataclass(frozen=True)
class Delimited:
    """A text file of delimited rows, plain or packed.

    Attributes:
        path: the file.
        name: what messages call it.
        dialect: how it writes its rows.
        encoding: of its text.
        notes: what was decided in reading it.
        decimal_comma: whether ``1,234`` is more likely 1.234 than 1234.
    """

    path: Path
    name: str
    dialect: Dialect
    encoding: str
    notes: tuple[str, ...]
    decimal_comma: bool

    @classmethod
    def of(cls, path: Path) -> "Delimited":
        """The file, its dialect found in its first rows and its encoding in all of it.

        Raises:
            DataError: it is no text, or damaged.
        """
        name = unpacked_name(path.name)
        head, encoding = _head(path, name)
        dialect = sniff(head, name)
        notes = []
        if encoding == "cp1252":
            notes.append(f"{name} is not UTF-8; it was read as Windows-1252.")
        if dialect.headless:
            notes.append(f"{name} has no header line; its columns are called {', '.join(dialect.header)}.")
        return cls(path, name, dialect, encoding, tuple(notes), dialect.decimal_comma)

    def __call__(
        self, columns: list[str] | None = None, hoped: Container[str] = ()
    ) -> Iterator[tuple["pl.DataFrame", float]]:
        """The frames, in order, each with the part of the file read so far.

        Args:
            columns: which are wanted; all of them if it is not said.
            hoped: columns that may come as numbers, of any block in which all of their words are plain ones. It is
                looked at before each block.
        """
        rows, body = 0, dataclasses.replace(self.dialect, headless=True)
        for text, part in self._pieces():
            frame = _read_hopefully(text, body, hoped)
            if frame is None:
                frame = read_words(text.decode(), body, self.name, before=rows)
            rows += frame.height
            yield frame if columns is None else frame.select(columns), part

    def _pieces(self) -> Iterator[tuple[bytes, float]]:
        """The text below the header, cut between rows."""
        size = self.path.stat().st_size
        rest, header = b"", not self.dialect.headless
        with self.path.open("rb") as file:
            for text in self._texts(unpacking(file)):
                rest += text or b""
                end = len(rest) if text is None else _end_of_row(rest)
                if header and end:
                    start = _first_row(rest)
                    rest, end, header = rest[start:], end - start, False
                if end and (rest[:1024].strip() or rest[:end].strip()):
                    yield rest[:end], min(1.0, file.tell() / size)
                    rest = rest[end:]
                if len(rest) > _LONGEST_ROW:
                    raise DataError(f"{self.name} has a row of more than 64 MB; a quote is opened and never closed.")

    def _texts(self, stream: io.BufferedIOBase) -> Iterator[bytes | None]:
        """The text as UTF-8, every line ending in a line feed; `None` at its end."""
        plain = self.encoding == "utf-8-sig"
        decoder = codecs.getincrementaldecoder(self.encoding)()
        first, held = True, b""
        while data := read_packed(stream, self.name, _BLOCK):
            text = held + (data if plain else decoder.decode(data).encode())
            text = text.removeprefix(_BOM) if first and plain else text
            # A carriage return at the end may be half of a line's end.
            first, held = False, b"\r" * text.endswith(b"\r")
            yield _with_line_feeds(text[:-1] if held else text)
        yield _with_line_feeds(held + (b"" if plain else decoder.decode(b"", True).encode()))
        yield None


def _with_line_feeds(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _read_hopefully(text: bytes, dialect: Dialect, hoped: Container[str]) -> "pl.DataFrame | None":
    """The rows of a text without header, the hoped columns as numbers; `None` where it is not certain that they are."""
    import polars as pl

    numbers = [place for place, name in enumerate(dialect.header) if name in hoped]
    if not numbers or b'"' in text or text.startswith((b"\n", b" ")) or b"\n\n" in text or b"\n " in text:
        return None
    starts = _field_starts(text, dialect)
    if starts is None or any(_may_be_codes(text, starts[:, place]) for place in numbers):
        return None
    types = {name: pl.Float64 if name in hoped else pl.String for name in dialect.header}
    try:
        frame = pl.read_csv(text, has_header=False, separator=dialect.delimiter, schema=types, null_values=_GAPS)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        return None
    for place in numbers:
        low, high = frame.to_series(place).min(), frame.to_series(place).max()
        if low is not None and not max(-cast(float, low), cast(float, high)) < _LARGEST_PLAIN:
            return None
    return frame if frame.height == len(starts) else None


def _field_starts(text: bytes, dialect: Dialect) -> Int[np.ndarray, "rows columns"] | None:
    """Where each field begins; `None` unless every row has as many as the header."""
    letters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((letters == ord(dialect.delimiter)) | (letters == ord("\n")))
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    rows, more = divmod(len(ends), len(dialect.header))
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    last = ends[len(dialect.header) - 1 :: len(dialect.header)]
    if more or rows != lines or (letters[last[:-1]] != ord("\n")).any():
        return None
    return np.concatenate([[0], ends[:-1] + 1]).reshape(rows, -1)


def _may_be_codes(text: bytes, starts: Int[np.ndarray, " rows"]) -> bool:
    """Whether some word of a column has a leading zero, as codes do, or space before it, behind which it may have."""
    letters: UInt8[np.ndarray, " letters"] = np.frombuffer(text, np.uint8)
    first = letters.take(starts, mode="clip")
    if ((first == ord(" ")) | (first == ord("\t"))).any():
        return True
    zero = starts + ((first == ord("+")) | (first == ord("-")))
    places = zero[letters.take(zero, mode="clip") == ord("0")] + 1
    behind = letters[places[places < len(letters)]]
    return bool(((behind >= ord("0")) & (behind <= ord("9"))).any())


def _head(path: Path, name: str) -> tuple[str, str]:
    """The first text of a file, and the encoding of all of it."""
    with path.open("rb") as file:
        head = read_packed(unpacking(file), name, _HEAD)
    if not head.strip():
        raise DataError(f"{name} is empty; expected a header line and one row of values a line below it.")
    # A cut in the middle of a letter must not look like another encoding; UTF-16 is cut between two letters anyway.
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    whole = head if wide or len(head) < _HEAD else head[: head.rfind(b"\n") + 1] or head
    text, encoding = decode(whole, name)
    marked = {"utf-16-le": "utf-16", "utf-16-be": "utf-16", "utf-8": "utf-8-sig"}
    if encoding == "utf-8" and not _is_utf8(path, name):
        encoding = "cp1252"
    return text, marked.get(encoding, encoding)


def _is_utf8(path: Path, name: str) -> bool:
    reader = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        stream = unpacking(file)
        try:
            while data := read_packed(stream, name, _BLOCK):
                # Plain letters need no decoding, unless the one before is not whole.
                if reader.getstate()[0] or not data.isascii():
                    reader.decode(data)
            reader.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def read_packed(stream: io.BufferedIOBase, name: str, size: int) -> bytes:
    """So many bytes of a file that is unpacked as it is read; fewer at its end.

    Raises:
        DataError: it is damaged.
    """
    try:
        return stream.read(size)
    except (OSError, EOFError) as error:
        raise DataError(f"{name} is damaged or cut short: {error}") from None


def _end_of_row(text: bytes) -> int:
    """Where the last whole row of a text ends: behind a line end that stands in no quotes; 0 without one."""
    end = text.rfind(b"\n") + 1
    inside = text.count(b'"', 0, end) % 2 == 1
    while end and inside:
        before = text.rfind(b"\n", 0, end - 1) + 1
        inside ^= text.count(b'"', before, end) % 2 == 1
        end = before
    return end


def _first_row(text: bytes) -> int:
    """Where the row below the header begins."""
    start = len(text) - len(text.lstrip(b"\n"))
    end = text.find(b"\n", start) + 1
    while end and text.count(b'"', start, end) % 2 == 1:
        end = text.find(b"\n", end) + 1
    return end or len(text)

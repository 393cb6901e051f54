"""Text files of delimited rows: their encoding, delimiter and header, and rows of uneven length. No types.

Every field comes out as a word; what the words mean is for `words` to say.
"""

import csv
import dataclasses
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from talweg.data.reading.words import is_missing, read_numbers
from talweg.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SAMPLE = 65_536
_DELIMITERS = (",", ";", "\t", "|")


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How a file writes its rows.

    Attributes:
        delimiter: what stands between two fields.
        header: the names of the columns.
        headless: whether the names were made up because the file has none.
        decimal_comma: whether ``3,5`` means three and a half.
    """

    delimiter: str
    header: tuple[str, ...]
    headless: bool
    decimal_comma: bool


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text of a file and its encoding: by its byte order mark, else UTF-8, else Windows' cp1252.

    Raises:
        DataError: it is none of these.

    Example:
        >>> decode("Größe".encode("cp1252"), "data.csv")
        ('Größe', 'cp1252')
    """
    marked = next(((mark, encoding) for mark, encoding in _BOMS if data.startswith(mark)), None)
    attempts = [marked[1]] if marked else ["utf-8", "cp1252"]
    for encoding in attempts:
        try:
            text = data[len(marked[0]) if marked else 0 :].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise DataError(f"{name} is not a text file in {' or '.join(attempts)}; expected CSV, TSV or Parquet.")


def sniff(text: str, name: str) -> Dialect:
    r"""The dialect of a text, from its first rows.

    Raises:
        DataError: a column name stands twice.

    Example:
        >>> sniff("size;price\n1,5;2\n", "data.csv").delimiter
        ';'
    """
    # Whole lines of the beginning; a file without a line end in its first part is taken as it is.
    sample = text if len(text) <= _SAMPLE else text[: text.rfind("\n", 0, _SAMPLE) + 1] or text
    rows = {
        delimiter: list(filter(None, csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)))
        for delimiter in _DELIMITERS
    }
    delimiter = max(_DELIMITERS, key=lambda each: _regularity(rows[each]))
    header, body = [field.strip() for field in rows[delimiter][0]], rows[delimiter][1:]
    headless = _is_data(header)
    if headless:
        header = [f"x{j}" for j in range(len(header))]
    header = [field or f"unnamed_{j}" for j, field in enumerate(header)]
    if twice := [field for j, field in enumerate(header) if field in header[:j]]:
        raise DataError(f"Column {twice[0]!r} stands twice in the header of {name}; rename one of them.")
    comma = delimiter == ";" and not any(re.fullmatch(r"-?\d+\.\d+", word.strip()) for row in body for word in row)
    return Dialect(delimiter, tuple(header), headless, comma)


def _regularity(rows: list[list[str]]) -> tuple[float, int]:
    # A delimiter is right when every row has as many fields as the header; the more fields the better.
    width = len(rows[0])
    return (sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0, width)


def _is_data(header: list[str]) -> bool:
    words = [word for word in header if not is_missing(word)]
    decimals = any(re.fullmatch(r"[+-]?\d*[.,]\d+", word) for word in words)
    return decimals or (bool(words) and not any(map(_is_nan, read_numbers(words))))


def _is_nan(number: float) -> bool:
    return bool(number != number)


def read_words(text: str, dialect: Dialect, name: str, before: int = 0) -> "pl.DataFrame":
    """The rows of a text below its header, every field a word as it was written.

    Args:
        text: whole rows, the header first unless the dialect has none.
        dialect: how they are written.
        name: what messages call the file.
        before: how many of the file's rows come before this text.

    Raises:
        DataError: no rows; a row with more or fewer fields than the header, named by its line.
    """
    import polars as pl

    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _without_blank_lines(text, keep=len(dialect.header) == 1)
    try:
        frame = pl.read_csv(
            text.encode(),
            has_header=False,
            skip_rows=0 if dialect.headless else 1,
            separator=dialect.delimiter,
            schema=dict.fromkeys(dialect.header, pl.String),
            empty_string_is_null=False,
        )
    except pl.exceptions.NoDataError:
        raise DataError(f"{name} has a header but no rows; expected one row of values a line below it.") from None
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError) as error:
        _refuse_uneven(text, dialect, name, before)
        raise DataError(f"{name} cannot be read as a table: {str(error).splitlines()[0]}") from None
    # A row that is too short is filled up silently; it can only be one whose last field is empty.
    last = frame.to_series(frame.width - 1)
    if frame.width > 1 and (last.is_null() | (last == "")).any():
        _refuse_uneven(text, dialect, name, before)
    return frame


def _without_blank_lines(text: str, keep: bool) -> str:
    text = text.strip("\n")
    # Two plain searches first: a pattern takes seconds for a large file, which seldom has a blank line.
    if keep or not ("\n\n" in text or "\n " in text):
        return text
    if '"' not in text:
        return re.sub(r"\n(?: *\n)+", "\n", text)
    lines, inside = [], False
    for line in text.split("\n"):
        if line.strip(" ") or inside:
            lines.append(line)
        inside ^= line.count('"') % 2 == 1
    return "\n".join(lines)


def _refuse_uneven(text: str, dialect: Dialect, name: str, before: int) -> None:
    width = len(dialect.header)
    for row, fields in enumerate(_field_counts(text, dialect.delimiter), start=before + dialect.headless):
        if fields != width:
            raise DataError(
                f"Row {row} of {name} has {fields} field{'s' * (fields != 1)} where the header has {width};"
                f" every row needs one a column (put quotes around a field that holds {dialect.delimiter!r})."
            )


def _field_counts(text: str, delimiter: str) -> Iterator[int]:
    if '"' not in text:
        return (line.count(delimiter) + 1 for line in text.split("\n"))
    return (len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))

"""A source read in blocks is the table that it is when held whole: the witness is `read_table`."""

import datetime as dt
import gzip
import itertools
import json

import numpy as np
import polars as pl
import pytest

from talweg.data.fingerprint import fingerprint
from talweg.data.large import blocks, delimited, json_lines, taker
from talweg.data.large.cache import Cache
from talweg.data.large.large import open_large
from talweg.data.large.store import is_mapped
from talweg.data.reading.read import from_polars, read_table
from talweg.data.table import Text
from talweg.errors import DataError


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of some 20 rows, so that a file of 100 has several."""
    monkeypatch.setattr(blocks, "_BLOCK", 400)
    monkeypatch.setattr(delimited, "_BLOCK", 400)
    monkeypatch.setattr(delimited, "_HEAD", 300)
    monkeypatch.setattr(taker, "_ROWS", 32)


def _same(stored, whole):
    assert list(stored.columns) == list(whole.columns)
    assert stored.rows == whole.rows
    for name, column in whole.columns.items():
        mine = stored.columns[name]
        assert type(mine) is type(column), name
        if isinstance(column, Text):
            assert mine.levels == column.levels, name
            assert is_mapped(mine.codes)
            np.testing.assert_array_equal(mine.codes, column.codes)
        else:
            assert mine.values.dtype == column.values.dtype, name
            assert is_mapped(mine.values)
            np.testing.assert_array_equal(mine.values, column.values)
    assert fingerprint(stored) == fingerprint(whole)


ROWS = 120
COLUMNS = {
    "number": lambda i: f"{i / 7:.4f}",
    "gaps": lambda i: "N/A" if i % 9 == 0 else str(i),
    "late gap": lambda i: "?" if i == 110 else str(i),
    "nothing": lambda i: "",
    "word": lambda i: "abc"[i % 3],
    "late word": lambda i: "many" if i == 115 else str(i % 4),
    "strays": lambda i: "kg" if i in (3, 77) else f"{i}.5",
    "code": lambda i: f"{i:05d}",
    "late code": lambda i: "007" if i == 119 else "7",
    "date": lambda i: f"2024-01-{i % 28 + 1:02d}",
    "late no date": lambda i: "soon" if i == 118 else f"2024-01-{i % 28 + 1:02d}",
    "thousands": lambda i: f"{i * 100_003:,}".replace(",", ",") if i else "0",
    "quoted": lambda i: f'say "{i % 5}",\nthen' if i % 10 == 0 else "plain",
    "long": lambda i: "12345678901234567890" if i == 90 else str(i),
    "comma": lambda i: f"{i},25",
    "points": lambda i: f"{i},5" if i % 2 else "1.234",
}


def _csv(delimiter=",", quote=True):
    def field(word):
        return '"' + word.replace('"', '""') + '"' if any(c in word for c in ',;"\n') else word

    lines = [delimiter.join(COLUMNS)]
    lines += [delimiter.join(field(make(i)) for make in COLUMNS.values()) for i in range(ROWS)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("delimiter", "encoding", "end"),
    [(",", "utf-8", "\n"), (";", "utf-8-sig", "\r\n"), ("\t", "utf-16", "\n"), (",", "cp1252", "\n")],
)
def test_a_text_file_in_blocks_is_the_table_it_is_when_held_whole(
    tmp_path, cache, small_blocks, delimiter, encoding, end
):
    text = _csv(delimiter)
    if encoding == "cp1252":
        text = text.replace("abc", "abc").replace("many", "größer")
    path = tmp_path / "data.csv"
    path.write_bytes(text.replace("\n", end).encode(encoding))
    _same(open_large(path, cache), read_table(path))
    assert open_large(path, cache).notes == read_table(path).notes


def test_a_gzipped_file_without_header(tmp_path, cache, small_blocks):
    text = "".join(f"{i},{i / 3:.3f},{i % 2}\n" for i in range(200))
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    stored = open_large(path, cache)
    _same(stored, read_table(path))
    assert stored.notes == ("data.csv has no header line; its columns are called x0, x1, x2.",)


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_file_packed_with_zstandard(tmp_path, cache, small_blocks, pieces):
    zstandard = pytest.importorskip("zstandard", reason="the extra zstd is not installed")
    text = _csv().encode()
    cuts = [len(text) * part // pieces for part in range(pieces + 1)]
    packed = b"".join(zstandard.compress(text[first:last]) for first, last in itertools.pairwise(cuts))
    path = tmp_path / "data.csv.zst"
    path.write_bytes(packed)
    stored = open_large(path, cache)
    _same(stored, read_table(path))
    assert stored.name == "data.csv"
    path.write_bytes(packed[:-7])
    for read in (read_table, lambda path: open_large(path, cache)):
        with pytest.raises(DataError, match=r"data\.csv.* is damaged or cut short: it ends in the middle of a frame"):
            read(path)


def _json_rows():
    """Rows whose columns change their type, come late, hold gaps, lists, or numbers beyond 64 bits."""
    for i in range(ROWS):
        row = {"whole": i, "real": i / 7, "late real": i if i < 100 else i / 8, "flag": i % 3 == 0, "list": [i, 2]}
        row |= {"word": "abc"[i % 3] + "ü", "number": str(i), "none": None, "inside": {"x": i, "y": "u"}}
        row |= {
            "late word": i if i < 110 else "many",
            "huge": 2**70 + i if i == 90 else i,
            "gap": None if i < 60 else i,
        }
        yield row | ({"late": i} if i > 80 else {})


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_in_blocks_are_the_table_they_are_when_held_whole(tmp_path, cache, monkeypatch, packed):
    monkeypatch.setattr(json_lines, "_BLOCK", 900)
    lines = [json.dumps(row, ensure_ascii=False) for row in _json_rows()]
    text = "\n\n".join(["\n".join(lines[:50]), "\r\n".join(lines[50:])]).encode()
    path = tmp_path / ("data.jsonl" + ".gz" * packed)
    path.write_bytes(gzip.compress(text, mtime=0) if packed else text)
    assert len(list(json_lines.JsonLines.of(path, lambda doing, part: None)())) > 10
    _same(open_large(path, cache), read_table(path))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"a": 1, "b": }', r"Line 71 of data\.jsonl is no JSON: .* in column 15; expected one object a line"),
        ("[1, 2]", r"Line 71 of data\.jsonl holds no JSON object"),
        ('{"a": true, "b": 2}', r"data\.jsonl cannot be read as JSON lines: .*bool"),
    ],
)
def test_a_bad_line_of_json_is_named_as_it_is_of_a_file_held_whole(tmp_path, cache, monkeypatch, line, message):
    monkeypatch.setattr(json_lines, "_BLOCK", 100)
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(['{"a": 1, "b": 2}'] * 70 + [line] + ['{"a": 1, "b": 2}'] * 20))
    for read in (read_table, lambda path: open_large(path, cache)):
        with pytest.raises(DataError, match=message):
            read(path)


FRAME = pl.DataFrame(
    {
        "float": np.linspace(0, 1, 2500).astype(np.float32),
        "whole": np.arange(2500),
        "huge": np.arange(2500) + 2**60,
        "flag": [None, True, False, True, False] * 500,
        "day": [dt.date(2024, 1, 1) + dt.timedelta(days=i % 90) for i in range(2500)],
        "instant": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=i) for i in range(2500)],
        "word": [None, "a", "?", "b ", "c"] * 500,
        "number as word": ["1.5", "2", "-", "4", "5"] * 500,
        "nothing": [None] * 2500,
        "list": [[1, 2], [3]] * 1250,
    }
).with_columns(pl.col("word").cast(pl.Categorical).alias("category"))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_frames_in_blocks(tmp_path, cache, small_blocks, suffix):
    path = tmp_path / f"data.{suffix}"
    FRAME.write_parquet(path, row_group_size=700) if suffix == "parquet" else FRAME.write_ipc(path)
    _same(open_large(path, cache), read_table(path))


def test_a_folder_of_parquet_files_is_one_table(tmp_path, cache, small_blocks):
    folder = tmp_path / "data"
    folder.mkdir()
    for number in (1, 0, 2):
        FRAME[number * 1000 : (number + 1) * 1000].write_parquet(folder / f"part-{number}.parquet")
    (folder / "_SUCCESS").write_text("")
    _same(open_large(folder, cache), from_polars(FRAME, "data"))
    FRAME.select("float", "whole").write_parquet(folder / "part-3.parquet")
    with pytest.raises(DataError, match=r"part-3.parquet has other columns than part-0.parquet in data"):
        open_large(folder, cache)


def test_it_is_made_once_and_again_when_the_file_changes(tmp_path, cache):
    path = tmp_path / "data.csv"
    heard = []
    path.write_text("a,b\n1,2\n3,4\n")
    open_large(path, cache, lambda doing, part: heard.append(doing))
    assert set(heard) == {"reading", "storing"}
    heard.clear()
    open_large(path, cache, lambda doing, part: heard.append(doing))
    assert heard == []
    path.write_text("a,b\n1,2\n3,5\n")
    assert open_large(path, cache).columns["b"].values.tolist() == [2, 5]
    path.touch()
    heard.clear()
    open_large(path, cache, lambda doing, part: heard.append(doing))
    assert set(heard) == {"reading"}, "the same contents, so only they are read"


def test_too_many_words_are_numbers_or_are_left_out(tmp_path, cache, small_blocks, monkeypatch):
    monkeypatch.setattr(taker, "MOST_WORDS", 50)
    path = tmp_path / "data.csv"
    rows = [f"id-{i},{'bad' if i in (5, 90) else i / 3:.6},{'ab'[i % 2]}" for i in range(120)]
    path.write_text("\n".join(["name,size,sort", *rows]) + "\n")
    table = open_large(path, cache)
    assert list(table.columns) == ["size", "sort"]
    expected = np.array([np.nan if i in (5, 90) else float(f"{i / 3:.6}") for i in range(120)])
    np.testing.assert_array_equal(table.columns["size"].values, expected)
    assert table.columns["sort"].levels == ("a", "b")
    assert table.notes == (
        "'name' holds more than 50 different words; it is left out, as an identifier or a text.",
        "'size' holds more than 50 different words, nearly all of them numbers; the others are taken as missing.",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "data.csv is empty"),
        (b"a,b\n", "data.csv has a header but no rows"),
        (b"a,b\n" + b"1,2\n" * 150 + b"1,2,3\n" + b"1,2\n" * 9, "Row 151 of data.csv has 3 fields where the header"),
        (b"a,a\n1,2\n", "Column 'a' stands twice"),
        (b"PAR1 and nothing more", "data.csv is damaged or cut short"),
        (gzip.compress(b"a,b\n" + bytes(range(256)) * 99, mtime=0)[:300], "data.csv is damaged or cut short"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, cache, small_blocks, content, message):
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_large(path, cache)
    assert [entry for entry in cache.entries() if entry.bytes] == []


def test_a_quote_that_never_closes_is_said(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(delimited, "_BLOCK", 400)
    monkeypatch.setattr(delimited, "_LONGEST_ROW", 1000)
    path = tmp_path / "data.csv"
    path.write_text('a,b\n1,"2\n' + "3,4\n" * 1000)
    with pytest.raises(DataError, match="a quote is opened and never closed"):
        open_large(path, cache)


def test_no_such_files(tmp_path, cache):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        open_large(tmp_path / "none.csv", cache)
    with pytest.raises(DataError, match="is a folder without Parquet files"):
        open_large(tmp_path, cache)


NUMBERS = [
    "1.5",
    "+1.5",
    "-.5",
    "5.",
    "1e5",
    "1e400",
    "inf",
    "-inf",
    "nan",
    "0",
    "-0",
    "0.25",
    "0e5",
    "4.9e-324",
    "9" * 15,
]
NO_NUMBERS = ["007", "-007", " 1.5", "1.5 ", " 007", "9" * 16, "NA", "null", "-", "1_000", "1,5", "kg", "12 kg", "0x10"]


@pytest.mark.parametrize("word", [*NUMBERS, *NO_NUMBERS])
def test_numbers_read_at_once_are_those_of_the_slow_way(tmp_path, cache, small_blocks, monkeypatch, word):
    """No quotes, so that columns of plain numbers are read as such at once; one word stands in a late block."""
    read, came = delimited._read_hopefully, []
    monkeypatch.setattr(delimited, "_read_hopefully", lambda *given: came.append(read(*given)) or came[-1])
    path = tmp_path / "data.csv"
    rows = [f"{i / 7:.4f};{word if i == 90 else i};{'ab'[i % 2]};{word if i == 119 else -i}" for i in range(120)]
    path.write_text("\n".join(["x;late;sort;last", *rows]))
    _same(open_large(path, cache), read_table(path))
    assert any(frame is not None and frame["x"].dtype == pl.Float64 for frame in came)


@pytest.mark.parametrize("text", ["a,b\n" + "1,2\n" * 300 + "3\n", "a,b\n" + "1,2\n" * 300 + "3,4,5\n" + "1,2\n" * 9])
def test_an_uneven_row_is_named_when_numbers_are_read_at_once(tmp_path, cache, small_blocks, text):
    path = tmp_path / "data.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"Row 301 of data.csv has [13] fields? where the header has 2"):
        open_large(path, cache)

import gzip
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xlsxwriter
import zstandard

from talweg.data.fingerprint import fingerprint
from talweg.data.reading.read import read_table
from talweg.data.table import Dates, Numbers, Text
from talweg.errors import DataError, MissingExtraError

WORDS = 'name,size,day\n"a, b",1.5,2024-02-29\nc,N/A,2024-03-01\n'


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def workbook(sheets):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path):
    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def plain(table):
    """The values of a table as Python lists, None for missing."""
    result = {}
    for name, column in table.columns.items():
        if isinstance(column, Text):
            values = [None if code < 0 else column.levels[code] for code in column.codes]
        else:
            values = [
                None if gone else value for gone, value in zip(column.missing(), column.values.tolist(), strict=True)
            ]
        result[name] = values
    return result


def test_the_three_sorts_of_column(put):
    table = read_table(put(WORDS))
    assert [type(column) for column in table.columns.values()] == [Text, Numbers, Dates]
    assert table.name == "data.csv"
    assert table.rows == 2
    assert plain(table)["name"] == ["a, b", "c"]
    assert plain(table)["size"] == [1.5, None]
    assert table.columns["day"].values[0] == np.datetime64("2024-02-29")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a;b\n1,5;x\n-2;y\n", {"a": [1.5, -2.0], "b": ["x", "y"]}),
        ("a;b\n1.234,5;1,234\n2.000,0;3\n", {"a": [1234.5, 2000.0], "b": [1.234, 3.0]}),
        ("a;b\n1.5;2\n", {"a": [1.5], "b": [2.0]}),
        ("a\tb\n1\t2,5\n", {"a": [1.0], "b": [2.5]}),
        ("a|b\n1|x,y\n", {"a": [1.0], "b": ["x,y"]}),
        ('a,b\n"1,234",1\n"12,345,678",2\n', {"a": [1234.0, 12345678.0], "b": [1.0, 2.0]}),
        ("a,b\r\n1,x\r\n2,y\r\n", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        ("a,b\r1,x\r2,y", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        ("a,b\n1,x\n\n \n2,y\n\n\n", {"a": [1.0, 2.0], "b": ["x", "y"]}),
        ('a,b\n\n1,"x\n\ny"\n', {"a": [1.0], "b": ["x\n\ny"]}),
        ("a,b\n1,2\n,\n3,4\n", {"a": [1.0, None, 3.0], "b": [2.0, None, 4.0]}),
        ("a\n1\n\n3\n", {"a": [1.0, None, 3.0]}),
        (" a ,b\n 1 , x \n", {"a": [1.0], "b": ["x"]}),
        ("zip,n\n00501,1\n10001,2\n", {"zip": ["00501", "10001"], "n": [1.0, 2.0]}),
        ("a,b\nN/A,?\n-,NULL\nna,None\n,nan\n1,x\n", {"a": [None] * 4 + [1.0], "b": [None] * 4 + ["x"]}),
        ("id,x\n12345678901234567,1\n12345678901234568,2\n", None),
    ],
)  # fmt: skip
def test_ways_of_writing(put, content, expected):
    table = plain(read_table(put(content)))
    if expected is None:  # a float would confuse the two
        expected = {"id": ["12345678901234567", "12345678901234568"], "x": [1.0, 2.0]}
    assert table == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(put, encoding):
    table = read_table(put("größe;ort\n1,5;Köln\n".encode(encoding)))
    assert plain(table) == {"größe": [1.5], "ort": ["Köln"]}
    assert ("Windows-1252" in "".join(table.notes)) == (encoding == "cp1252")


def test_a_file_without_header(put):
    table = read_table(put("5.1,3.5,setosa\n4.9,3.0,virginica\n"))
    assert plain(table)["x2"] == ["setosa", "virginica"]
    assert table.notes == ("data.csv has no header line; its columns are called x0, x1, x2.",)
    assert list(read_table(put("name,2007,2008\nx,1,2\n")).columns) == ["name", "2007", "2008"]


def test_the_same_table_from_every_format(put):
    """CSV, TSV, gzip, Parquet, Feather, JSON lines, pandas, polars and a dict of one table are one table."""
    pandas = pd.read_csv(Path(__file__).with_name("penguins.csv"))
    frame = pl.from_dicts(pandas.astype(object).where(pandas.notna(), None).to_dict("records"))
    csv = pandas.to_csv(index=False)
    parquet, feather = io.BytesIO(), io.BytesIO()
    frame.write_parquet(parquet)
    frame.write_ipc(feather, compression="zstd")
    sources = [
        put(csv),
        put(csv.replace(",", "\t"), "data.tsv"),
        put(gzip.compress(csv.encode(), mtime=0), "data.csv.gz"),
        put(parquet.getvalue(), "data.parquet"),
        put(parquet.getvalue(), "misnamed.csv"),
        put(feather.getvalue(), "data.feather"),
        put(frame.write_ndjson().encode(), "data.jsonl"),
        pandas,
        pandas.convert_dtypes(),
        pandas.astype({"species": "category"}),
        frame,
        frame.lazy(),
        frame.with_columns(pl.col("species").cast(pl.Categorical)),
        frame.to_dict(as_series=False),
        "penguins",
    ]
    assert len({fingerprint(read_table(source)) for source in sources}) == 1


def test_pandas_reads_the_same_numbers(put):
    content = "a,b\n" + "\n".join(
        f"{float(x)!r},{i}" for i, x in enumerate(np.random.default_rng(0).normal(size=200) * 1e9)
    )
    ours, theirs = read_table(put(content)), pd.read_csv(io.StringIO(content))
    np.testing.assert_array_equal(ours.columns["a"].values, theirs["a"].to_numpy())


def test_parquet_types(put):
    import datetime
    import decimal

    frame = pl.DataFrame(
        {
            "int": [1, None],
            "float32": pl.Series([0.5, 1.5], dtype=pl.Float32),
            "bool": [True, None],
            "decimal": [decimal.Decimal("1.25"), decimal.Decimal("2.5")],
            "date": [datetime.date(2024, 1, 1), None],
            "instant": [datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.UTC)] * 2,
            "lasting": [datetime.timedelta(seconds=90), datetime.timedelta(hours=1)],
            "big": [2**60, 2**60 + 1],
            "list": [[1, 2], [3]],
            "nothing": [None, None],
        }
    )
    table = read_table(frame)
    assert plain(table)["int"] == [1.0, None]
    assert plain(table)["bool"] == ["True", None]
    assert plain(table)["decimal"] == [1.25, 2.5]
    assert plain(table)["lasting"] == [90.0, 3600.0]
    assert plain(table)["big"] == [str(2**60), str(2**60 + 1)]
    assert plain(table)["list"] == ["[1, 2]", "[3]"]
    assert table.columns["instant"].values[0] == np.datetime64("2024-01-01T12")
    assert isinstance(table.columns["date"], Dates)
    assert table.columns["nothing"].missing().all()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "data.csv", "data.csv is empty; expected a header line and one row of values a line below it."),
        (" \n\n", "data.csv", "data.csv is empty"),
        ("\ufeff", "data.csv", "data.csv is empty"),
        ("a,b\n", "data.csv", "data.csv has a header but no rows; expected one row of values a line below it."),
        ("a,b\n1,2\n3\n", "data.csv", "Row 2 of data.csv has 1 field where the header has 2; every row needs one"),
        ("a,b\n1,2\n3,4,5\n", "data.csv", "Row 2 of data.csv has 3 fields where the header has 2"),
        ('a,b\n"1\n1",2\n3,"4",5\n', "data.csv", "Row 2 of data.csv has 3 fields"),
        ('a,b\n"x",2\n"y"\n', "data.csv", "Row 2 of data.csv has 1 field "),
        ('a,b\n1,"open\n2,3\n', "data.csv", "data.csv cannot be read as a table"),
        ("a,b,a\n1,2,3\n", "data.csv", "Column 'a' stands twice in the header of data.csv; rename one of them."),
        (b"PAR1 and no more", "t.parquet", "t.parquet is damaged or cut short"),
        (b"ARROW1 and no more", "t.feather", "t.feather is damaged or cut short"),
        (b'{"a": 1}\n{not json\n', "t.jsonl", "Line 2 of t.jsonl is no JSON: Expecting property name"),
        (b'{"a": 1}\n[2]\n', "t.jsonl", "Line 2 of t.jsonl holds no JSON object; expected one a line."),
        (b'{"a": 1}', "t.json", "t.json holds no list of objects; expected one object a row."),
        (b"[1,", "t.json", "t.json is no JSON: "),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "t.csv.gz", "t.csv.gz is damaged or cut short"),
        (b"\x89PNG\r\n\x1a\n\0\0", "t.png", "t.png is not a text file in utf-8 or cp1252; expected CSV"),
        (zstandard.compress(b"a,b\n1,2\n")[:-3], "t.csv.zst", "t.csv.zst is damaged or cut short: it ends in"),
        (b"\x28\xb5\x2f\xfd nonsense", "t.csv.zst", "t.csv.zst is damaged or cut short"),
        (b"PK\x03\x04", "t.xlsx", "t.xlsx is damaged or cut short: it begins as a zip archive"),
        (npz(x=np.eye(2), y=np.zeros(3)), "t.npz", "In t.npz, 'x' has 2 rows and 'y' has 3; they must be the same"),
        (npz(z=np.eye(2)), "t.npz", "Array 'z' of t.npz has shape (2, 2); expected features 'x' of shape"),
        (npz(o=np.array([{}], object)), "t.npz", "Array 'o' of t.npz holds Python objects, which are never unpickled"),
        (workbook({"one": [["a"], [1]], "two": [["b"], [2]]}), "t.xlsx", "t.xlsx has several sheets with rows"),
        (workbook({"one": []}), "t.xlsx", "t.xlsx has no sheet with rows"),
    ],
)  # fmt: skip
def test_bad_files(put, content, name, message):
    with pytest.raises(DataError) as refusal:
        read_table(put(content, name))
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


def test_no_such_file(put, tmp_path, monkeypatch):
    put(WORDS)
    with pytest.raises(DataError, match=r"No such file or built-in table: .*dat\.csv\. Did you mean '.*data\.csv'\?"):
        read_table(tmp_path / "dat.csv")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"^No such file or built-in table: datta.csv. Did you mean 'data.csv'\?$"):
        read_table("datta.csv")
    with pytest.raises(DataError, match=r"pengiuns. Did you mean 'penguins'\?$"):
        read_table("pengiuns")
    with pytest.raises(DataError, match=r"zzz. Built in: digits, iris, wine, breast-cancer, diabetes, penguins\.$"):
        read_table("zzz")
    with pytest.raises(
        DataError, match="is a folder without Parquet files or pictures; expected a file, or a folder of them"
    ):
        read_table(tmp_path)


def test_a_workbook(put):
    rows = [["name", "size", "code"], ["a", 1.5, "?"], ["b", None, 7], ["c", 3, 8]]
    table = read_table(put(workbook({"empty": [], "data": rows}), "t.xlsx"))
    assert plain(table) == {"name": ["a", "b", "c"], "size": [1.5, None, 3.0], "code": [None, 7.0, 8.0]}


@pytest.mark.parametrize(("extra", "library"), [("excel", "fastexcel"), ("zstd", "zstandard")])
def test_what_is_not_installed_is_named(put, monkeypatch, extra, library):
    content = workbook({"a": [["x"], [1]]}) if extra == "excel" else zstandard.compress(b"a\n1\n")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'talweg\[{extra}\]'"):
        read_table(put(content, "t"))


def test_packed_files_are_read_as_unpacked(put):
    packed = [
        put(gzip.compress(WORDS.encode(), mtime=0), "a.csv.gz"),
        put(zstandard.compress(WORDS.encode()), "b.csv.zst"),
    ]
    for path in packed:
        table = read_table(path)
        assert fingerprint(table) == fingerprint(read_table(put(WORDS)))
        assert table.name == path.name.rsplit(".", 1)[0]


def test_arrays_of_numpy(put, tmp_path):
    table = read_table(put(npz(x=np.eye(3), y=np.array(["u", "v", "u"])), "t.npz"))
    assert (list(table.columns), table.target) == (["x0", "x1", "x2", "y"], "y")
    table = read_table(put(npz(size=np.arange(3), name=np.array(["u", "v", "u"])), "t.npz"))
    assert plain(table) == {"size": [0, 1, 2], "name": ["u", "v", "u"]}
    np.save(tmp_path / "t.npy", np.eye(2))
    assert read_table(tmp_path / "t.npy").rows == 2


def test_a_folder_of_parquet_files(put, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}).write_parquet(folder / "part-0.parquet")
    pl.DataFrame({"b": ["z"], "a": [3.5]}).write_parquet(folder / "part-1.parquet")
    assert plain(read_table(folder)) == {"a": [1.0, 2.0, 3.5], "b": ["x", "y", "z"]}
    pl.DataFrame({"a": [1]}).write_parquet(folder / "part-2.parquet")
    with pytest.raises(DataError, match=r"^Column 'b' is missing in parts/part-2\.parquet; every file needs the same"):
        read_table(folder)
    (folder / "part-2.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"^parts/part-2\.parquet is damaged or cut short"):
        read_table(folder)


def test_a_list_of_objects(put):
    table = read_table(put('[{"a": 1, "b": "x"}, {"a": 2.5, "b": null}]', "t.json"))
    assert plain(table) == {"a": [1.0, 2.5], "b": ["x", None]}


def test_a_file_beats_a_built_in_name(put, tmp_path, monkeypatch):
    put(WORDS, "iris")
    monkeypatch.chdir(tmp_path)
    assert read_table("iris").rows == 2


def test_nothing_is_written_beside_the_data(put, tmp_path):
    read_table(put(WORDS))
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.csv"]


def test_what_is_no_source():
    with pytest.raises(DataError, match="Cannot read a table from a int; expected a path"):
        read_table(3)
    with pytest.raises(DataError, match=r"Cannot read a table from an array of shape \(3,\)"):
        read_table(np.zeros(3))
    with pytest.raises(DataError, match="has a header but no rows"):
        read_table(pl.DataFrame({"a": []}))

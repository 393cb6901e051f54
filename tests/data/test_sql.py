"""Queries of a real SQLite file, and of a real PostgreSQL server that is started here where it is installed."""

import datetime as dt
import sqlite3

import numpy as np
import pytest

from talweg.data.reading import sql
from talweg.data.reading.sql import Query, is_database
from talweg.data.table import Dates, Numbers, Text
from talweg.errors import ConfigError, DataError

pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    path = tmp_path_factory.mktemp("sqlite") / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table sales (price real, sort text, pieces integer, day text, blank real)")
        rows = [(i / 3, "abc"[i % 3], None if i % 7 == 0 else i, f"2024-01-{i % 28 + 1:02d}", None) for i in range(100)]
        connection.executemany("insert into sales values (?, ?, ?, ?, ?)", rows)
    connection.close()
    return path


def test_a_query_of_sqlite_is_a_table(shop, monkeypatch):
    monkeypatch.setattr(sql, "_ROWS", 30)
    table = Query(f"sqlite:///{shop}", "select * from sales where pieces is null or pieces > 10").table()
    assert table.rows == 100 - 9
    price, sort, pieces, day, nothing = table.columns.values()
    assert isinstance(price, Numbers)
    assert isinstance(sort, Text)
    assert sort.levels == ("a", "b", "c")
    assert np.isnan(pieces.values).sum() == 15
    assert isinstance(day, Dates)
    assert np.isnan(nothing.values).all()


def test_a_query_can_be_spooled_to_disk(shop, tmp_path):
    import polars as pl

    files = Query(f"sqlite:///{shop}", "select price, pieces from sales").spool(tmp_path)
    frame = pl.read_parquet(files)
    assert frame["price"].cast(pl.Float64).to_list() == [i / 3 for i in range(100)], "no digit is lost"
    assert frame["pieces"].null_count() == 15


def test_a_variable_of_the_environment_holds_the_uri(shop, monkeypatch):
    monkeypatch.setenv("SHOP", f"sqlite:///{shop}")
    query = Query("env:SHOP", "select price from sales")
    assert query.table().rows == 100
    assert query.name == "env:SHOP"
    monkeypatch.delenv("SHOP")
    with pytest.raises(ConfigError, match="The variable SHOP is not set; it should hold a connection URI"):
        query.table()


def test_a_missing_database_is_not_made(tmp_path):
    with pytest.raises(DataError, match=r"No such database: .*none\.db"):
        Query(f"sqlite:///{tmp_path / 'none.db'}", "select 1").table()
    assert list(tmp_path.iterdir()) == []


def test_a_query_cannot_write(shop):
    before = shop.read_bytes()
    with pytest.raises(DataError, match="readonly database"):
        Query(f"sqlite:///{shop}", "delete from sales").table()
    with pytest.raises(DataError, match="readonly database"):
        Query(f"sqlite:///{shop}", "create table more (x)").table()
    assert shop.read_bytes() == before


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from sails", "no such table: sails"),
        ("select price, sort as price from sales", "'price' stands twice in the query's result; rename one with AS"),
        ("select * from sales where price > 1e9", "gives no rows"),
        ("savepoint here", "The query gives no rows; expected a SELECT"),
    ],
)
def test_a_query_that_fails_is_one_line(shop, query, message):
    with pytest.raises(DataError, match=message):
        Query(f"sqlite:///{shop}", query).table()


def test_unknown_kinds_of_database():
    with pytest.raises(
        ConfigError, match=r"'postgressql' is no kind of database that is known\. Did you mean 'postgresql'"
    ):
        Query("postgressql://host/shop", "select 1").table()
    with pytest.raises(DataError, match="needs the driver"):
        Query("mysql+pymysql://host/shop", "select 1").table()


SECRET = "s3cr3t!p@ss"


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        (f"postgresql://me:{SECRET}@host/shop", "postgresql://host/shop"),
        (f"postgresql+psycopg://me:{SECRET}@host:5432/shop?password={SECRET}", "postgresql+psycopg://host:5432/shop"),
        (f"postgresql://me:with/slash{SECRET}@host/shop", "postgresql://host/shop"),
        ("postgresql:///shop?host=/run&user=me", "postgresql:///shop"),
        (f"postgresql://me:why?{SECRET}@host/shop", "postgresql://..."),
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("env:URL", "env:URL"),
    ],
)
def test_what_is_shown_of_a_uri_holds_no_secret(uri, name):
    query = Query(uri, "select 1")
    assert is_database(uri)
    assert query.name == name
    assert SECRET not in f"{query!r} {query.name}"
    assert "with" not in query.name


@pytest.mark.parametrize("source", ["data.csv", "iris", "/a/b", "C:\\data.csv", "env:", 3, None])
def test_other_sources_are_no_databases(source):
    assert not is_database(source)


@pytest.fixture(scope="module")
def uri(postgres):
    import sqlalchemy

    engine = sqlalchemy.create_engine(postgres.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("create sequence numbers")
        connection.exec_driver_sql(
            "create table sales as select i as piece, (i / 3.0)::numeric(12, 6) as price, i % 2 = 0 as sold,"
            " 'sort ' || i % 3 as sort, timestamp '2024-01-01' + i * interval '1 hour' as at,"
            " case when i % 5 = 0 then null else i::double precision end as gaps"
            " from generate_series(0, 119999) as i",
            execution_options={"no_parameters": True},
        )
    engine.dispose()
    return postgres


@pytest.mark.postgres
class TestPostgres:
    def test_every_type_becomes_a_column(self, uri):
        table = Query(uri, "select * from sales order by piece limit 1000").table()
        assert table.columns["piece"].values.tolist() == list(range(1000))
        assert table.columns["price"].values[1] == 0.333333
        assert table.columns["sold"].levels == ("False", "True")
        assert table.columns["sort"].levels == ("sort 0", "sort 1", "sort 2")
        assert table.columns["at"].values[1] == np.datetime64(dt.datetime(2024, 1, 1, 1))
        assert np.isnan(table.columns["gaps"].values).sum() == 200

    def test_rows_come_in_batches(self, uri):
        sizes = [len(rows) for _, rows in Query(uri, "select piece from sales where sort like 'sort%'").batches(50_000)]
        assert sizes == [50_000, 50_000, 20_000]

    def test_nothing_can_be_written(self, uri):
        with pytest.raises(DataError, match="refuses the query"):
            Query(uri, "delete from sales returning piece").table()
        with pytest.raises(DataError, match="in a read-only transaction"):
            Query(uri, "select nextval('numbers') as n").table()
        assert Query(uri, "select count(*) as n from sales").table().columns["n"].values[0] == 120_000

    def test_a_wrong_password_is_not_repeated(self, uri):
        wrong = uri.replace("right", SECRET.replace("@", "%40"))
        with pytest.raises(DataError, match="password authentication failed") as caught:
            Query(wrong, "select 1").table()
        assert "s3cr3t" not in str(caught.value)
        assert caught.value.__cause__ is None

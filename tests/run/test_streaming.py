"""A source that lies on disk is trained on to the same numbers, bit for bit, as one that is held in memory."""

import threading
import time

import jax
import numpy as np
import polars as pl
import pytest

import talweg as tw
from talweg.config.settings import make_settings
from talweg.data.large import encoding, gather as gather_module, sample
from talweg.data.large.ahead import ahead
from talweg.data.large.gather import gather
from talweg.data.large.store import is_mapped
from talweg.errors import ConfigError, DataError
from talweg.run.build import build
from talweg.run.streaming import passes, streaming

ROWS = 1500
SETTINGS = {"members": 2, "hidden": (8,), "max_epochs": 3, "batch_size": 32, "stop": "epochs(3)"}
SAID = ("two green lamps", "one red chair", "a table for six", "three red lamps")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A table with words, sentences, gaps, dates, a constant and an outlier; a class and a quantity to predict."""
    random = np.random.default_rng(5)
    size = random.normal(size=ROWS)
    size[7] = 1e6
    frame = pl.DataFrame(
        {
            "size": size,
            "gaps": [None if i % 11 == 0 else float(value) for i, value in enumerate(random.normal(size=ROWS))],
            "sort": random.choice(["a", "b", "c", "rare"], ROWS, p=[0.5, 0.3, 0.198, 0.002]),
            "day": [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(ROWS)],
            "same": ["x"] * ROWS,
            "said": [f"order {i} of {words} and it came in time" for i, words in enumerate(random.choice(SAID, ROWS))],
            "price": np.where(np.abs(size) < 9, 3 * size, 0.0) + random.normal(size=ROWS) / 5,
        }
    )
    way = ["up" if price > 0 else "down" for price in frame["price"]]
    frame = frame.with_columns(pl.Series("way", [None if i % 97 == 0 else word for i, word in enumerate(way)]))
    path = tmp_path_factory.mktemp("source") / "data.csv"
    frame.write_csv(path)
    return path


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path_factory):
    """A cache of the module's own, and blocks and segments so small that there are several."""
    monkeypatch.setenv("TALWEG_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setattr(encoding, "_BLOCK_BYTES", 300 * 8 * 12)
    monkeypatch.setattr(streaming, "SEGMENT_BYTES", 32 * 4 * 12 * 7)


def _same(one, other):
    for mine, its in zip(jax.tree.leaves(one.params), jax.tree.leaves(other.params), strict=True):
        np.testing.assert_array_equal(mine, its)
    assert list(one.history.curves) == list(other.history.curves)
    for name, curve in one.history.curves.items():
        np.testing.assert_array_equal(curve, other.history.curves[name], err_msg=name)
    for part in ("members", "ensemble", "sampling_error", "split", "data"):
        mine, its = dict(enumerate(one.summary[part])) if part == "members" else one.summary[part], other.summary[part]
        assert (list(mine.values()) if part == "members" else mine) == its


@pytest.mark.parametrize(
    ("target", "settings"),
    [
        ("way", {"shuffle": "block", "class_weight": "balanced"}),
        ("price", {"member_batches": "own", "loss": "huber"}),
        ("way", {"split_by": "hash", "split": "60/40"}),
    ],
)
def test_on_disk_and_in_memory_are_one(source, target, settings):
    runs = [tw.train(source, target, **{**SETTINGS, **settings, "stream": stream}) for stream in ("no", "yes")]
    _same(*runs)
    assert runs[0].summary["notes"] == runs[1].summary["notes"]
    assert runs[0].summary["gate"] == runs[1].summary["gate"]


def test_the_rows_lie_on_disk_and_are_made_once(source):
    heard = []
    settings = make_settings({"source": str(source), "target": "way", "seed": 7, "stream": "yes", **SETTINGS})
    for _ in range(2):
        job = build(settings, hear=lambda doing, part: heard.append(doing)).job
        assert all(is_mapped(rows.x) and is_mapped(rows.y) for rows in (job.training, job.validation, job.test))
        assert len(streaming.OnDisk.of(job).ends) > 3
        heard.append("built")
    assert heard.index("built") > heard.index("encoding")
    assert "encoding" not in heard[heard.index("built") :]


def test_a_very_large_table_is_spoken_for_by_some_rows_alike(source, monkeypatch):
    monkeypatch.setattr(sample, "MOST_VALUES", 8 * 600)
    runs = [tw.train(source, "way", **SETTINGS, stream=stream) for stream in ("no", "yes")]
    _same(*runs)
    assert any("600 of 1500 rows, drawn evenly, speak for all" in note for note in runs[0].summary["notes"])
    numbers = {encoder.name: encoder for encoder in runs[0].preparation.encoders}
    assert numbers["gaps"].missing
    whole = tw.train(source, "way", **SETTINGS, stream="no", seed=0)
    assert whole.preparation.classes == runs[0].preparation.classes


def test_rows_beyond_memory_come_in_an_order_that_a_disk_can_follow(source, monkeypatch):
    settings = make_settings({"source": str(source), "target": "way", "stream": "yes", **SETTINGS})
    monkeypatch.setattr(streaming, "available_memory", lambda: 1000.0)
    built = build(settings)
    assert built.job.settings.shuffle == "block"
    assert "they are shuffled in blocks that lie together" in built.notes[-1]
    for calm, shuffle in (({"shuffle": "full"}, "full"), ({"stream": "no"}, "full"), ({"shuffle": "block"}, "block")):
        built = build(settings.model_copy(update=calm))
        assert built.job.settings.shuffle == shuffle
        assert "shuffled" not in " ".join(built.notes)


def test_resumed_in_the_middle_of_an_epoch_the_segments_go_on(source):
    job = build(make_settings({"source": str(source), "target": "price", "stream": "yes", **SETTINGS})).job
    disk = streaming.OnDisk.of(job)
    every = list(disk.segments(2))
    later = list(disk.segments(2, int(disk.ends[1]) + 3))
    seen = [
        np.concatenate([feed.data.x[feed.order].reshape(-1, disk.x.shape[1]) for feed in some])
        for some in (every, later)
    ]
    np.testing.assert_array_equal(seen[0][-len(seen[1]) :], seen[1])
    assert int(later[0].first) == disk.ends[1] + 3
    assert sum(feed.weight.sum() for feed in every) == len(job.training)


def test_evaluation_in_several_blocks_sees_every_row_once(source, monkeypatch):
    monkeypatch.setattr(passes, "BLOCK_BYTES", 64 * 4 * 12)
    monkeypatch.setattr("talweg.run.job.chunk_size", lambda rows, largest: 64)
    job = build(make_settings({"source": str(source), "target": "price", "stream": "yes", **SETTINGS})).job
    blocks = list(passes.passing(job.training))
    assert len(blocks) > 5
    rows = np.concatenate([block.x[block.weight > 0] for block in blocks])
    np.testing.assert_array_equal(rows, job.training.x)
    assert not next(iter(passes.passing(passes.Rows(rows[:0], rows[:0])))).weight.any()


def test_gathering_from_disk_is_indexing(source, monkeypatch):
    job = build(make_settings({"source": str(source), "target": "price", "stream": "yes", **SETTINGS})).job
    monkeypatch.setattr(gather_module, "_AT_ONCE", 4096)
    rows = np.random.default_rng(0).integers(0, len(job.training), 3000)
    np.testing.assert_array_equal(gather(job.training.x, rows), np.array(job.training.x)[rows])
    np.testing.assert_array_equal(gather(job.training.y, rows[:0]), np.array(job.training.y)[:0])


def test_what_is_made_ahead_comes_in_order_and_stops_with_its_user():
    assert list(ahead(iter(range(20)))) == list(range(20))

    def broken():
        yield 1
        raise DataError("the disk is gone")

    things = ahead(broken())
    assert next(things) == 1
    with pytest.raises(DataError, match="the disk is gone"):
        next(things)

    endless = ahead(iter(int, 1))
    next(endless)
    endless.close()
    time.sleep(0)
    assert not [thread for thread in threading.enumerate() if thread.name == "talweg-ahead"]


@pytest.mark.parametrize(
    ("given", "settings", "error", "message"),
    [
        ("iris", {"stream": "yes"}, ConfigError, "only files, folders and databases can be streamed, not iris"),
        ("CSV", {"stream": "yes", "folds": 2}, ConfigError, "folds need all rows in memory"),
        ("CSV", {"stream": "yes", "batch_size": "full"}, ConfigError, "full-batch .* needs all rows in memory"),
        ("CSV", {"query": "select 1"}, ConfigError, "a query needs a database as its source"),
        ("sqlite:///shop.db", {}, ConfigError, "a database needs a query"),
        ("JSON", {"stream": "yes"}, DataError, "data.json can only be read whole; save it as CSV or Parquet"),
    ],
)
def test_what_cannot_be_streamed_is_said(source, tmp_path, given, settings, error, message):
    (tmp_path / "data.json").write_text("[" + ", ".join(['{"a": 1, "b": 2}'] * 30) + "]")
    given = {"CSV": str(source), "JSON": str(tmp_path / "data.json")}.get(given, given)
    with pytest.raises(error, match=message):
        tw.train(given, **{"members": 2, "max_epochs": 2, **settings})


def test_a_database_is_trained_on_and_its_credentials_are_kept_nowhere(source, tmp_path, monkeypatch):
    import sqlite3

    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        pl.read_csv(source).to_pandas().to_sql("sales", connection, index=False)
    connection.close()
    # A URI with a password, for a driver that takes one: SQLite does not.
    make = sqlalchemy.create_engine
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda uri, **more: make(f"sqlite:///{path}", **more))
    given = {"query": "select * from sales", "target": "price", **SETTINGS}
    runs = [
        tw.train("postgresql://me:s3cret@host/shop", out=tmp_path / stream, stream=stream, **given)
        for stream in ("no", "yes")
    ]
    assert runs[0].settings.source == "postgresql://host/shop"
    for name, curve in runs[0].history.curves.items():
        np.testing.assert_array_equal(curve, runs[1].history.curves[name])
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"s3cret" not in written
    assert any("name it as env:NAME" in note for note in runs[0].summary["notes"])


def test_predictions_in_blocks_are_predictions(source, tmp_path):
    run = tw.train(str(source), "way", **SETTINGS)
    whole = run.predict(str(source))
    from talweg.run.streaming.predicting import predictions_of, write_predictions

    for stream in ("yes", "no"):
        parts = list(predictions_of(run, str(source), stream=stream))
        assert len(parts) > 3
        np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), whole.values)
        np.testing.assert_array_equal(np.concatenate([part.spread for part in parts]), whole.spread)
    for name in ("out.csv", "out.parquet"):
        told = write_predictions(predictions_of(run, str(source), stream="yes"), tmp_path / name)
        assert told.rows == ROWS
        read = pl.read_csv(tmp_path / name) if name.endswith("csv") else pl.read_parquet(tmp_path / name)
        assert read["prediction"].to_list() == whole.values.tolist()
        np.testing.assert_allclose(read["p_up"], whole.probabilities[:, 1], rtol=1e-12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "out.parquet"]


def test_predictions_that_fail_midway_leave_nothing(source, tmp_path):
    from talweg.run.streaming.predicting import predictions_of, write_predictions

    run = tw.train(str(source), "way", **SETTINGS)

    def broken():
        yield next(predictions_of(run, str(source)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_predictions(broken(), tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_learning_rate_is_found_alike(source):
    few = {"members": 1, "hidden": (4,), "batch_size": 64, "max_epochs": 2}
    memory, disk = (tw.find_lr(str(source), "price", stream=stream, **few).summary for stream in ("no", "yes"))
    assert memory["loss"] == disk["loss"]
    assert memory["suggestion"] == disk["suggestion"]

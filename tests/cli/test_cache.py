import os

import numpy as np
import pytest

import talweg as tw
from talweg.data.large.cache import key_of


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TALWEG_CACHE", str(tmp_path / "cache"))
    return tw.cache()


def _fill(cache, name, used):
    def make(writer):
        writer.column("x", np.float32).append(np.zeros(500, np.float32))
        return {}

    os.utime(cache.get(key_of(name), make, name).path / "store.json", (used, used))


def test_the_cache_is_listed_limited_and_cleared(talweg, cache):
    assert talweg("cache").out.startswith("Nothing in")
    _fill(cache, "features of a.csv", 1e9)
    _fill(cache, "features of b.csv", 2e9)
    told = talweg("cache", "--json").json()
    assert [store["about"] for store in told["stores"]] == ["features of b.csv", "features of a.csv"]
    assert told["bytes"] == sum(store["bytes"] for store in told["stores"]) > 4000
    text = talweg("cache").out
    assert "features of a.csv" in text
    assert "2033" in text

    told = talweg("cache", "--limit", "3kB", "--json").json()
    assert told["limit"] == 3000
    assert [store["about"] for store in told["stores"]] == ["features of b.csv"]
    assert "Removed 2 kB" in talweg("cache", "--clear").out
    assert talweg("cache", "--json").json()["stores"] == []


@pytest.mark.parametrize(("words", "size"), [("1.5 GB", 1_500_000_000), ("20g", 20 * 10**9), ("700", 700)])
def test_sizes_are_read_as_people_write_them(talweg, cache, words, size):
    assert talweg("cache", "--limit", words, "--json").json()["limit"] == size == cache.limit


@pytest.mark.parametrize("words", ["many", "-3GB", "3 XB"])
def test_a_size_that_is_none_is_one_line(talweg, cache, words):
    told = talweg("cache", f"--limit={words}")
    assert (told.code, told.err) == (2, f"talweg: --limit is a size such as 500MB or 20GB, got {words!r}\n")

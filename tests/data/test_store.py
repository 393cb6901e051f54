import errno
import itertools
import json
import os
import subprocess
import sys
from mmap import PAGESIZE

import numpy as np
import pytest

from talweg.data.large import gather as gathering
from talweg.data.large.cache import Cache, in_words, key_of
from talweg.data.large.gather import gather
from talweg.data.large.store import NEAR, forget, is_mapped, only, pages_of
from talweg.errors import DataError


def _counting(rows, calls=None):
    def make(writer):
        if calls is not None:
            calls.append(rows)
        column = writer.column("a/b \0ü", np.int32)
        for start in range(0, rows, 3):
            column.append(np.arange(start, min(start + 3, rows), dtype=np.int32))
        writer.column("x", np.uint8, (2, 2)).append(np.full((rows, 2, 2), 7, np.uint8))
        return {"rows": rows}

    return make


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def test_a_store_comes_back_as_it_was_written_and_is_made_once(cache):
    calls = []
    for _ in range(2):
        store = cache.get(key_of("k"), _counting(10, calls), "ten")
        assert store.arrays["a/b \0ü"].tolist() == list(range(10))
        assert store.arrays["x"].shape == (10, 2, 2)
        assert store.facts == {"rows": 10}
    assert calls == [10]
    assert np.load(store.path / "0.npy").tolist() == list(range(10)), "the files are plain .npy files"


def test_maps_are_read_only_and_can_be_forgotten(cache):
    store = cache.get(key_of("k"), _counting(10), "ten")
    part = store.arrays["x"][3:5]
    assert is_mapped(part)
    assert not is_mapped(part.copy())
    forget(part, np.ones(3))
    forget(*store.arrays.values())
    assert (part == 7).all()
    with pytest.raises(ValueError, match="read-only"):
        part[0] = 1


@pytest.mark.parametrize("row", [1, 3, 1000, 5000])
@pytest.mark.parametrize("seed", range(3))
def test_the_pages_of_some_rows_hold_every_byte_of_them_and_little_else(cache, row, seed):
    rows = np.unique(np.random.default_rng(seed).integers(0, 5000, 40))

    def make(writer):
        writer.column("x", np.uint8, (row,)).append(np.zeros((5000, row), np.uint8))
        return {}

    made = cache.get(key_of("k"), make, "rows")
    array = made.arrays["x"]
    header = (made.path / "0.npy").stat().st_size - array.nbytes
    pages = [(header + r * row) // PAGESIZE for r in rows], [(header + (r + 1) * row - 1) // PAGESIZE for r in rows]
    wanted = {page for start, stop in zip(*pages, strict=True) for page in range(start, stop + 1)}
    runs = pages_of(array, rows)
    asked = {page for start, stop in runs for page in range(start, stop)}
    assert wanted <= asked
    assert all(any(abs(page - near) <= NEAR for near in wanted) for page in asked - wanted)
    assert all(one[1] + NEAR <= other[0] for one, other in itertools.pairwise(runs))


@pytest.mark.parametrize("at_once", [96 * 2**20, 2 * PAGESIZE], ids=["at once", "by pieces"])
def test_rows_come_in_any_order_and_no_others_are_asked_for(cache, monkeypatch, at_once):
    array = cache.get(key_of("k"), _counting(90_000), "rows").arrays["a/b \0ü"]
    seen = []
    monkeypatch.setattr(gathering, "_AT_ONCE", at_once)
    monkeypatch.setattr(gathering, "only", lambda given, pages: seen.extend(pages) or only(given, pages))
    assert gather(array, np.array([89_999, 0, 7, 7])).tolist() == [89_999, 0, 7, 7]
    assert sum(stop - start for start, stop in seen) == 2


def test_an_empty_array_is_kept(cache):
    def make(writer):
        writer.column("x", np.float32, (3,))
        return {}

    assert cache.get(key_of("none"), make, "nothing").arrays["x"].shape == (0, 3)


def test_a_block_of_another_kind_is_refused(cache):
    def make(writer):
        writer.column("x", np.float32).append(np.ones(2))
        return {}

    with pytest.raises(ValueError, match="float64"):
        cache.get(key_of("k"), make, "wrong")


def test_an_interrupted_make_leaves_nothing(cache):
    def make(writer):
        writer.column("x", np.float32).append(np.ones(2, np.float32))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.get(key_of("k"), make, "never")
    assert list(cache.folder.iterdir()) == []


def test_what_a_killed_process_left_is_tidied(cache):
    killed = (
        "import os, sys; from pathlib import Path; from talweg.data.large.cache import Cache, key_of\n"
        "Cache(Path(sys.argv[1])).get(key_of('k'), lambda writer: os._exit(9), 'never')"
    )
    subprocess.run([sys.executable, "-c", killed, str(cache.folder)], check=False)
    assert [path.name[:8] for path in cache.folder.iterdir()] == [".making-"]
    cache.get(key_of("k"), _counting(3), "three")
    assert [path.name for path in cache.folder.iterdir()] == [key_of("k")]


def test_a_damaged_store_is_made_again(cache):
    store = cache.get(key_of("k"), _counting(10), "ten")
    with (store.path / "0.npy").open("r+b") as file:
        file.truncate(130)
    assert cache.find(key_of("k")) is None
    assert cache.get(key_of("k"), _counting(10), "ten").arrays["a/b \0ü"].tolist() == list(range(10))


def test_the_other_maker_wins_without_harm(cache):
    def make(writer):
        cache.get(key_of("k"), _counting(4), "the quicker")
        return _counting(4)(writer)

    assert cache.get(key_of("k"), make, "the slower").facts == {"rows": 4}
    assert [entry.about for entry in cache.entries()] == ["the quicker"]
    assert len(list(cache.folder.iterdir())) == 1


def test_the_limit_removes_what_was_not_used_for_longest(cache):
    for age, name in enumerate(["new", "middle", "old"]):
        store = cache.get(key_of(name), _counting(1000), name)
        os.utime(store.path / "store.json", (1e9 - age, 1e9 - age))
    size = cache.entries()[0].bytes
    assert size > 8000
    cache.set_limit(2 * size + 10)
    assert [entry.about for entry in cache.entries()] == ["new", "middle"]
    cache.get(key_of("newest"), _counting(1000), "newest")
    assert [entry.about for entry in cache.entries()] == ["newest", "new"]
    cache.set_limit(1)
    assert cache.entries() == []
    cache.get(key_of("huge"), _counting(1000), "larger than the limit")
    assert len(cache.entries()) == 1, "what is in use stays"
    assert cache.clear() == size
    assert cache.entries() == []


def test_too_little_room_is_said_before_anything_is_made(cache):
    with pytest.raises(DataError, match=r"Not enough disk .* about 1000000 TB, .* TALWEG_CACHE"):
        cache.get(key_of("k"), _counting(1), "huge", needed=10**18)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"could not be written: .*talweg cache --clear"):
        Cache(tmp_path / "file" / "cache").get(key_of("k"), _counting(1), "one")


def test_a_folder_that_cannot_be_read_is_one_line(cache, monkeypatch):
    cache.folder.mkdir()
    monkeypatch.setattr("os.listdir", refused)
    monkeypatch.setattr("os.scandir", refused)
    with pytest.raises(DataError, match=r"^The cache in .* cannot be read: Permission denied; set TALWEG_CACHE"):
        cache.entries()
    with pytest.raises(DataError, match="cannot be read"):
        cache.clear()


def refused(*_):
    raise PermissionError(errno.EACCES, "Permission denied")


def test_facts_are_plain_data(cache):
    store = cache.get(key_of("k"), _counting(2), "two")
    assert json.loads((store.path / "store.json").read_text())["facts"] == {"rows": 2}


def test_keys_and_sizes():
    assert key_of("a", "b") != key_of("b", "a") != key_of("ab")
    assert [in_words(n) for n in (0, 999, 1000, 2_500_000, 10**13)] == ["0 B", "999 B", "1 kB", "2.5 MB", "10.0 TB"]

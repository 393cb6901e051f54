"""The memory that the system leaves, of machines whose files are made up."""

from pathlib import Path

import pytest

from talweg.run.streaming import available
from talweg.run.streaming.available import available_memory, free_swap

MEMINFO = "MemTotal:  9 kB\nMemAvailable:  2 kB\nSwapTotal:  5 kB\nSwapFree:  1 kB\n"
SECOND = {"memory.max": "1000\n", "memory.current": "900\n"}
FIRST = {"memory.limit_in_bytes": "1000\n", "memory.usage_in_bytes": "900\n"}
FILES = "anon 300\ninactive_file 400\nactive_file 150\nshmem 50\ntotal_inactive_file 999\n"


def machine(root: Path, groups: str = "", meminfo: str = MEMINFO, **files: dict[str, str]) -> Path:
    """A machine's files: its process's groups, and for each group (`_` for `/`) what stands in it."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(meminfo)
    (root / "proc/self/cgroup").write_text(groups)
    for place, told in files.items():
        folder = root / "sys/fs/cgroup" / place.replace("_", "/")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in told.items():
            (folder / name).write_text(text)
    return root


def test_without_groups_it_is_what_the_machine_has(tmp_path):
    assert available_memory(machine(tmp_path)) == 2048
    assert free_swap(tmp_path) == 1024


@pytest.mark.parametrize(
    ("groups", "place", "told", "rest"),
    [
        ("0::/\n", "", SECOND, 100),
        ("0::/a/b\n", "a_b", SECOND, 100),
        ("0::/a/b\n", "a", SECOND, 100),
        ("0::/a\n", "a", SECOND | {"memory.stat": FILES}, 650),
        ("0::/a\n", "a", SECOND | {"memory.max": "max\n"}, 2048),
        ("0::/of/the/host\n", "", SECOND, 100),
        ("5:cpu:/b\n4:memory:/a\n0::/\n", "memory_a", FIRST, 100),
        ("4:cpu,memory:/a\n", "memory_a", FIRST | {"memory.stat": FILES}, 650),
        ("4:memory:/of/the/host\n", "memory", FIRST, 100),
        ("4:cpu:/a\n", "memory_a", FIRST, 2048),
    ],
)
def test_a_group_and_those_above_it_limit_what_is_left(tmp_path, groups, place, told, rest):
    assert available_memory(machine(tmp_path, groups, **{place: told})) == rest


def test_a_limit_above_what_the_machine_has_changes_nothing(tmp_path):
    assert available_memory(machine(tmp_path, "0::/\n", **{"": SECOND | {"memory.max": "99999\n"}})) == 2048


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(available, "_half_of_all", lambda: None)
    assert available_memory(tmp_path) == available.UNKNOWN
    assert free_swap(tmp_path) == 0


def test_this_machine_tells():
    assert 0 < available_memory() < 2**50

"""How much memory the system leaves to this process. What a training needs of it is in `run.memory`."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

UNKNOWN = 4e9
"""Bytes that are taken for granted where the system tells nothing."""


def available_memory(root: Path = Path("/")) -> float:
    """Bytes of memory that this process may still take, without swap: of the machine and of its control groups.

    Args:
        root: where the system's files `proc` and `sys` lie.

    Example:
        >>> available_memory() > 0
        True
    """
    groups = (_rest_of_group(group) for group in _groups(root))
    found = [rest for rest in (_meminfo(root, "MemAvailable") or _half_of_all(), *groups) if rest is not None]
    return min(found, default=UNKNOWN)


def free_swap(root: Path = Path("/")) -> float:
    """Bytes of memory on the disk that nobody uses; 0 where the system does not tell."""
    return _meminfo(root, "SwapFree") or 0.0


def _meminfo(root: Path, name: str) -> float | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (root / "proc/meminfo").read_text().splitlines()
        return next((int(line.split()[1]) * 1024.0 for line in lines if line.startswith(f"{name}:")), None)
    return None


def _half_of_all() -> float | None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    return None


def _groups(root: Path) -> Iterator[Path]:
    """The control groups that this process is in, with those above them, whose limits hold for it as well.

    A line of `/proc/self/cgroup` is `number:controllers:path`. The second version of groups names no controllers; the
    first has a tree for each. Inside a container the path may be the host's and lead nowhere: then the top is its own.
    """
    with contextlib.suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory") or "memory" in controllers.split(","):
                top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
                group = top / path.lstrip("/")
                yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _rest_of_group(group: Path) -> float | None:
    """Bytes that a control group leaves, of the second version of groups or of the first; `None` without a limit."""
    for used, limit in (("memory.current", "memory.max"), ("memory.usage_in_bytes", "memory.limit_in_bytes")):
        with contextlib.suppress(OSError, ValueError):
            taken = float((group / used).read_text()) - _of_files(group)
            return float((group / limit).read_text()) - taken
    return None


def _of_files(group: Path) -> float:
    """Bytes of a control group that hold copies of files, which the system gives up when they are needed."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        entries = (line.split() for line in (group / "memory.stat").read_text().splitlines())
        return float(sum(int(size) for name, size in entries if name in ("inactive_file", "active_file")))
    return 0.0

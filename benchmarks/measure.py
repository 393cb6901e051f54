"""How times are taken and told: rounds in turn, medians of ratios, the machine's own rate, tables."""

import datetime
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

QUIET = 0.5
"""The mean number of running processes above which a machine is busy with something else."""

PACKAGES = ("jax", "jaxlib", "keras", "torch", "scikit-learn", "numpy")


def in_turn(timed: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Times everyone once a round, each round starting with another, so that drift of the machine meets all alike.

    Args:
        timed: functions that give seconds.
        rounds: how many times each is called.
    """
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    names = list(timed)
    for _ in range(rounds):
        for name in names:
            seconds[name].append(timed[name]())
        names = [*names[1:], names[0]]
    return seconds


def ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """How many times faster, as the median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(slower, faster, strict=True))


def wall(function: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def matrix_product(size: int = 2048) -> Callable[[], float]:
    """The machine's own float32 matrix product, by NumPy's BLAS: each call gives operations per second."""
    import numpy as np

    a = np.random.default_rng(0).standard_normal((size, size), np.float32)
    out = np.empty_like(a)
    return lambda: 2.0 * size**3 / wall(lambda: np.matmul(a, a, out=out))


def verdict(value: float, target: float, at_most: bool = False) -> str:
    """The target, and whether it was reached."""
    reached = value <= target if at_most else value >= target
    return f"{'≤' if at_most else '≥'} {target:g}: {'reached' if reached else '**missed**'}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are aligned to the right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(packages: Sequence[str] = PACKAGES) -> str:
    """Processor, cores, load, versions and date: what a table of times means nothing without."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    busy = " (**busy: these times mean little**)" if load > QUIET else ""
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {load:.1f} at the start{busy}; "
        f"Python {platform.python_version()}, {versions}; "
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load_line() -> str:
    """The processor, the load and the date, for pages that tell of quality and not of time."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{_processor()}, load {load:.1f} at the end; {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"

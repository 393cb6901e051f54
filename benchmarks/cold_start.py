"""Whole processes: import, compile, train 30 epochs on the digits, score. And how soon `talweg` answers at all.

Usage: python -m benchmarks.cold_start [--rounds N]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import in_turn, machine, ratio, table, verdict, wall

PROGRAMS = Path(__file__).parent / "programs"


def process(*command: str, cache: str | None = None) -> Callable[[], float]:
    """Runs Python in a process of its own and gives the seconds from start to end.

    Args:
        *command: what follows `python`.
        cache: where compiled programs are kept; a fresh folder each time if it is absent.
    """

    def run() -> float:
        with tempfile.TemporaryDirectory() as fresh:
            environment = {**os.environ, "XDG_CACHE_HOME": cache or fresh}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            return wall(
                lambda: subprocess.run(
                    [sys.executable, *command], env=environment, check=True, stdout=subprocess.DEVNULL
                )
            )

    return run


def fit(library: str, count: int, cache: str | None = None) -> Callable[[], float]:
    """A process in which a library trains so many networks."""
    return process(str(PROGRAMS / f"fit_{library}.py"), str(count), cache=cache)


def imports(module: str) -> Callable[[], float]:
    """A process that only imports a module."""
    return process("-c", f"import {module}")


def report(rounds: int) -> str:
    """The two tables."""
    with tempfile.TemporaryDirectory() as cache:
        programs = {
            "scikit-learn, 1 fit": fit("scikit_learn", 1),
            "Talweg, 1 member, first start": fit("talweg", 1),
            "Talweg, 1 member, later start": fit("talweg", 1, cache),
            "scikit-learn, 16 fits": fit("scikit_learn", 16),
            "PyTorch, 3 fits": fit("pytorch", 3),
            "Talweg, 16 members, first start": fit("talweg", 16),
            "Talweg, 16 members, later start": fit("talweg", 16, cache),
            "python": process("-c", ""),
            "import talweg": imports("talweg"),
            "talweg --help": process("-m", "talweg", "--help"),
        }
        for program in programs.values():
            program()  # files are read from disk and byte-compiled once; the cache is filled
        seconds = in_turn(programs, rounds)
    return f"{_fits(seconds)}\n\n{_answers(seconds)}\n"


def _fits(seconds: dict[str, list[float]]) -> str:
    """Each program with the peer it is held against; at most so many times the peer's time."""
    asked = {
        "Talweg, 1 member, first start": {"scikit-learn, 1 fit": 2.0},
        "Talweg, 1 member, later start": {"scikit-learn, 1 fit": 1.2},
        "Talweg, 16 members, first start": {"scikit-learn, 16 fits": 1.0, "PyTorch, 3 fits": 1.0},
        "Talweg, 16 members, later start": {"scikit-learn, 16 fits": 1.0, "PyTorch, 3 fits": 1.0},
    }
    lines = []
    for name in (name for name in seconds if "fit" in name or "member" in name):
        held = [
            f"{(value := ratio(seconds[name], seconds[peer])):.2f} × {peer}, {verdict(value, most, at_most=True)}"
            for peer, most in asked.get(name, {}).items()
        ]
        lines.append([name, f"{statistics.median(seconds[name]):.2f}", "; ".join(held)])
    return table(("whole process, 30 epochs", "s", "against"), lines)


def _answers(seconds: dict[str, list[float]]) -> str:
    bare = statistics.median(seconds["python"])
    own = statistics.median(seconds["import talweg"]) - bare
    whole = statistics.median(seconds["talweg --help"])
    return table(
        ("", "s", "asked"),
        [
            ["import talweg, without Python's own start", f"{own:.3f}", verdict(own, 0.2, at_most=True)],
            ["talweg --help, the whole process", f"{whole:.3f}", verdict(whole, 0.5, at_most=True)],
        ],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(machine(), "\n")
    print(report(options.rounds))

"""A sweep of sixteen learning rates on the digits: one process against three trainings in processes of their own.

python -m benchmarks.sweep             # three rounds, writes benchmarks/sweep.md

One member a rate, defaults else. Whole processes are timed, start, compilation and written files with them: once with
a fresh folder for compiled programs, then with one that is filled. Both sides take turns.
"""

import argparse
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import in_turn, load_line, ratio, table, verdict, wall

RATES = [float(f"{rate:.2g}") for rate in np.logspace(-4, -0.25, 16)]
SEPARATE = 3


def _train(out: Path, cache: Path, rates: list[float]) -> None:
    listed = ",".join(f"{rate:g}" for rate in rates)
    command = [sys.executable, "-m", "talweg", "train", "digits", "--quiet", "--force", "--out", str(out)]
    command += ["--members", str(len(rates)), "--learning-rate", listed, *(["--sweep"] if len(rates) > 1 else [])]
    subprocess.run(command, check=True, env={**os.environ, "JAX_COMPILATION_CACHE_DIR": str(cache)})


def together(folder: Path, cache: Path) -> float:
    """Seconds of one process that tries all rates."""
    return wall(lambda: _train(folder / "sweep", cache, RATES))


def apart(folder: Path, cache: Path) -> float:
    """Seconds of three processes, one after the other, each with a rate of its own."""
    return wall(lambda: [_train(folder / str(rate), cache, [rate]) for rate in RATES[5 : 5 + SEPARATE]])


WAYS = (together, apart)


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ways = {each.__name__: functools.partial(each, folder, folder / f"cache-{each.__name__}") for each in WAYS}
        first = {name: [way()] for name, way in ways.items()}
        timed = in_turn(ways, asked.rounds)
    rows = []
    for what, seconds in (("first start", first), ("later starts", timed)):
        one, three = seconds["together"], seconds["apart"]
        times = ratio(three, one)
        rows.append((what, f"{np.median(one):.1f} s", f"{np.median(three):.1f} s", f"{times:.2f}", verdict(times, 1.0)))
    head = ("", "16 rates, one process", "3 rates, 3 processes", "times as long", "target")
    intro = (__doc__ or "").split("\n\n")
    text = f"# Sweeps\n\n{intro[0]}\n\n{intro[2]}\n{table(head, rows)}\n\n{load_line()}\n"
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

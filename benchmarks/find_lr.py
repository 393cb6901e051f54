"""What the range test's suggestion costs against the best of a fine grid, on eight data sets.

python -m benchmarks.find_lr            # 6 seeds, writes benchmarks/find_lr.md
python -m benchmarks.find_lr --seeds 2 --only iris wine

Each seed draws its own split, starts and order. All rates of the grid and the suggestion are tried from the same
starts in one sweep; points are accuracy or R², times 100, on test rows, as the mean over members and seeds. The best
of the grid is chosen on those same rows, which flatters it.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import talweg as tw
from benchmarks.measure import load_line

GRID = [float(f"{rate:.2g}") for rate in np.logspace(-4, 0, 13)]
AIM = 0.5
STARTS = 3


def _moons() -> tuple[Any, Any]:
    from sklearn.datasets import make_moons

    x, y = make_moons(600, noise=0.25, random_state=0)
    return x, np.array(["a", "b"])[y]


def _friedman() -> tuple[Any, Any]:
    from sklearn.datasets import make_friedman1

    return make_friedman1(800, noise=1.0, random_state=0)


SOURCES: dict[str, Callable[[], tuple[Any, Any]]] = {
    **{
        name: lambda name=name: (name, None)  # type: ignore[misc]
        for name in ("iris", "wine", "breast-cancer", "penguins", "diabetes", "digits")
    },
    "moons": _moons,
    "friedman": _friedman,
}


def points(name: str, seed: int) -> tuple[np.ndarray, float, float | None]:
    """What each rate of the grid reaches, what the suggestion reaches, and the suggestion."""
    source, target = SOURCES[name]()
    found = tw.find_lr(source, target, seed=seed)
    taken = found.usual if found.suggestion is None else found.suggestion
    rates = [*GRID, *([] if taken in GRID else [taken])]
    run = tw.train(source, target, seed=seed, learning_rate=rates, members=STARTS * len(rates), record=0)
    metric = "r2" if run.summary["metric"] == "rmse" else run.summary["metric"]
    reached = {}
    for entry in run.summary["sweep"]["values"]:
        each = [run.summary["members"][member]["test"][metric] for member in entry["members"]]
        reached[entry["learning_rate"]] = 100 * float(np.mean([-1.0 if one is None else one for one in each]))
    return np.array([reached[rate] for rate in GRID]), reached[taken], found.suggestion


def row(name: str, seeds: int) -> tuple[str, bool]:
    """One line of the table, and whether the aim was reached."""
    told = [points(name, seed) for seed in range(seeds)]
    grid, reached = np.mean([one[0] for one in told], 0), np.array([one[1] for one in told])
    suggestions = [one[2] for one in told if one[2] is not None]
    best = int(grid.argmax())
    behind = float(grid[best] - reached.mean())
    error = float(np.std([one[0][best] - one[1] for one in told], ddof=1) / np.sqrt(seeds)) if seeds > 1 else 0.0
    good = behind <= AIM
    span = f"{min(suggestions):.2g} to {max(suggestions):.2g}" if suggestions else "none"
    return (
        f"| {name} | {span} ({len(suggestions)} of {seeds}) | {reached.mean():.2f} | {GRID[best]:g}: {grid[best]:.2f} "
        f"| {behind:+.2f} ± {error:.2f} | {'reached' if good else '**missed**'} |",
        good,
    )


def main() -> None:
    """Measures every data set and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--only", nargs="*", default=list(SOURCES))
    asked = parser.parse_args()
    titles = "data | suggestions over seeds | points there | best of the grid | behind ± standard error | ≤ 0.5"
    head = f"| {titles} |\n{'|---' * 6}|"
    print(head, flush=True)
    rows = []
    for name in asked.only:
        rows.append(row(name, asked.seeds))
        print(rows[-1][0], flush=True)
    reached = f"Within {AIM} points on {sum(good for _, good in rows)} of {len(rows)}."
    print(reached)
    if asked.only == list(SOURCES):
        text = "\n".join(line for line, _ in rows)
        intro = (__doc__ or "").split("\n\n")
        about = f"{intro[0]}\n\n{intro[2]}\n\n{STARTS} starts a rate, {asked.seeds} seeds, defaults else."
        Path(__file__).with_suffix(".md").write_text(
            f"# The range test\n\n{about}\n\n{head}\n{text}\n\n{reached}\n\n{load_line()}\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()

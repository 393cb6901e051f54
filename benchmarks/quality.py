"""What the defaults reach on small tables, over seeds: each seed draws its own split, starts and order.

python benchmarks/quality.py            # 20 seeds, writes benchmarks/quality.md
python benchmarks/quality.py --seeds 3 --set activation=silu
"""

import argparse
import itertools
import platform
from pathlib import Path
from typing import Any

import numpy as np

import talweg as tw

AIMS = {"iris": 0.975, "wine": 0.985, "breast-cancer": 0.965, "digits": 0.978}
SPLITS = ("60/15/25", "75/0/25")
"""A quarter for the test, stratified; of the rest a fifth for validation, or all of it for training."""


def measure(name: str, split: str, seed: int, settings: dict[str, Any]) -> dict[str, float]:
    """One training with the defaults: what the mean member and the ensemble reach on the test rows."""
    summary = tw.train(name, seed=seed, split=split, **settings).summary
    metric = summary["metric"]
    return {
        "member": summary["spread"]["test"][metric]["mean"],
        "ensemble": summary["ensemble"]["test"][metric],
        "loss": summary["ensemble"]["test"]["loss"],
        "epochs": float(np.mean([member["epochs"] for member in summary["members"]])),
        "seconds": summary["run"]["seconds"],
    }


def row(name: str, split: str, seeds: range, settings: dict[str, Any]) -> str:
    """One line of the table."""
    runs = [measure(name, split, seed, settings) for seed in seeds]
    mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    error = float(np.std([run["ensemble"] for run in runs], ddof=1) / np.sqrt(len(runs))) if len(runs) > 1 else 0.0
    aim = f"{AIMS[name]:.3f}" if name in AIMS else "–"
    return (
        f"| {name} | {split} | {mean['member']:.4f} | {mean['ensemble']:.4f} ± {error:.4f} | {aim} "
        f"| {mean['loss']:.4f} | {mean['epochs']:.0f} | {mean['seconds']:.1f} |"
    )


def main() -> None:
    """Measures every table and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[*AIMS, "penguins", "diabetes"])
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="changes")
    asked = parser.parse_args()
    settings = dict(change.split("=", 1) for change in asked.changes)
    if "hidden" in settings:
        settings["hidden"] = settings["hidden"].split(",")
    seeds = range(asked.first, asked.first + asked.seeds)
    titles = "table | split | mean member | ensemble ± standard error | aim | ensemble's loss | epochs | s"
    head = f"| {titles} |\n{'|---' * 8}|"
    print(head, flush=True)
    rows = []
    for name, split in itertools.product(asked.only, SPLITS):
        rows.append(row(name, split, seeds, settings))
        print(rows[-1], flush=True)
    if not settings and asked.seeds >= 20:
        text = f"{__doc__.split(chr(10))[0]}\n\nSeeds {seeds[0]} to {seeds[-1]}, 8 members, defaults.\n"
        text += "Split: training/validation/test in percent, stratified.\n"
        text += "Accuracy for classes, RMSE for diabetes; all on rows never seen.\n\n"
        Path(__file__).with_suffix(".md").write_text(
            f"# Quality of the defaults\n\n{text}{head}\n" + "\n".join(rows) + f"\n\n{platform.platform()}\n"
        )


if __name__ == "__main__":
    main()

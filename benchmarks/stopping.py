"""What "flat and reached" costs against training to the end, on four tables.

python -m benchmarks.stopping            # 20 seeds, writes benchmarks/stopping.md
python -m benchmarks.stopping --seeds 3 --only iris

Each seed draws its own split, starts and order; 8 members, defaults else. Both trainings are the same up to the epoch
at which the rule stops a member, schedule and all. Points are test accuracy times 100, as the mean over members and
seeds; both keep each member's best params on validation, as every training does unless told otherwise.
"""

import argparse
from pathlib import Path

import numpy as np

import talweg as tw
from benchmarks.measure import load_line

RULE = "flat(train_loss, 0.005, patience=10, relative=False) and accuracy >= 0.95"
TABLES = ("iris", "wine", "breast-cancer", "digits")
MOST_LOST, MOST_EPOCHS = 0.3, 0.6


def measured(name: str, seed: int, stop: str) -> tuple[float, float, float]:
    """Test accuracy in points, epochs a member, and the share of members that the rule itself stopped."""
    summary = tw.train(name, seed=seed, stop=stop, record=0).summary
    members = summary["members"]
    points = 100 * float(np.mean([member["test"]["accuracy"] for member in members]))
    stopped = float(np.mean([member["outcome"]["kind"] == "flat and reached" for member in members]))
    return points, float(np.mean([member["epochs"] for member in members])), stopped


def row(name: str, seeds: int) -> tuple[str, bool]:
    """One line of the table, and whether both aims were reached."""
    whole = np.array([measured(name, seed, "epochs(1000000)") for seed in range(seeds)])
    ruled = np.array([measured(name, seed, RULE) for seed in range(seeds)])
    lost, share = whole[:, 0] - ruled[:, 0], float(ruled[:, 1].mean() / whole[:, 1].mean())
    error = float(lost.std(ddof=1) / np.sqrt(seeds)) if seeds > 1 else 0.0
    good = float(lost.mean()) <= MOST_LOST and share <= MOST_EPOCHS
    return (
        f"| {name} | {whole[:, 0].mean():.2f} | {ruled[:, 0].mean():.2f} | {lost.mean():+.2f} ± {error:.2f} "
        f"| {whole[:, 1].mean():.0f} | {ruled[:, 1].mean():.0f} | {share:.0%} | {ruled[:, 2].mean():.0%} "
        f"| {'reached' if good else '**missed**'} |",
        good,
    )


def main() -> None:
    """Measures every table and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=list(TABLES))
    asked = parser.parse_args()
    titles = (
        "table | points at the end | points by the rule | lost ± standard error | epochs to the end "
        "| epochs by the rule | share | members stopped by it | ≤ 0.3 lost in ≤ 60 %"
    )
    head = f"| {titles} |\n{'|---' * 9}|"
    print(head, flush=True)
    rows = []
    for name in asked.only:
        rows.append(row(name, asked.seeds))
        print(rows[-1][0], flush=True)
    if asked.only == list(TABLES):
        intro = (__doc__ or "").split("\n\n")
        text = "\n".join(line for line, _ in rows)
        head = f"# Stopping: flat and reached\n\n{intro[0]}\n\n`{RULE}`, {asked.seeds} seeds.\n\n{intro[2]}\n\n{head}"
        page = f"{head}\n{text}\n\n{load_line()}\n"
        Path(__file__).with_suffix(".md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

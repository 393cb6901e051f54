"""What stopping rules add to an epoch, as a share of it.

python -m benchmarks.rules             # writes benchmarks/rules.md

The digits, 8 members, defaults else: the wall time of an epoch from the run's own history, the first left out, next to
the time that `judge` takes to show the rules the same curves. Both are medians, taken in the same process.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

import talweg as tw
from benchmarks.measure import load_line, table
from talweg.config.rules import parse_rule
from talweg.descent.stopping import Diverged, Epochs, NonFinite, Rule, judge
from talweg.record.history import History

RULES = {
    "one": "no_improvement(validation_loss, patience=1000)",
    "two that hold together": "flat(train_loss, 1e-9, patience=1000) and accuracy >= 1.0",
    "six": "flat(train_loss, 1e-9, patience=1000) and accuracy >= 1.0 or no_improvement(patience=1000) "
    "or overfitting(patience=1000) or steps(1000000) or seconds(1e6) or train_loss <= 0",
}
"""None fires, so that all members are judged to the end; the guards and the last epoch come on top, as always."""
MOST = 0.01
PASSES = 50


def judging(rule: Rule, history: History) -> float:
    """Seconds of one epoch's judgement, the median over the epochs of several passes."""
    members, times = history["train_loss"].shape[1], []
    for _ in range(PASSES):
        memory, active = rule.init(members), np.ones(members, bool)
        for place, epoch in enumerate(history.epoch.tolist()):
            seen = {name: values[place] for name, values in history.curves.items()}
            seen |= {"epoch": epoch, "step": 40 * epoch, "seconds": 0.0, "start_loss": np.full(members, np.inf)}
            began = time.perf_counter()
            memory, active, _ = judge(rule, memory, active, seen)
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Measures and writes the page."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    run = tw.train("digits", max_epochs=12, stop="epochs(12)", record=0)
    epoch = statistics.median(np.diff(run.history.seconds)[1:].tolist())
    rows = []
    for name, text in RULES.items():
        rule = NonFinite() | Diverged() | parse_rule(text, run.history.names) | Epochs(1_000_000)
        seconds = judging(rule, run.history)
        share = seconds / epoch
        verdict = "reached" if share <= MOST else "**missed**"
        rows.append((f"{name}: `{text}`", f"{1e6 * seconds:.0f} µs", f"{share:.3%}", f"≤ {MOST:.0%}: {verdict}"))
    head = ("rules", "judging an epoch", f"of an epoch of {1000 * epoch:.0f} ms", "target")
    intro = (__doc__ or "").strip().split("\n\n")
    page = f"# The rules' cost\n\n{intro[0]}\n\n{intro[2]}\n\n{table(head, rows)}\n\n{load_line()}\n"
    Path(__file__).with_suffix(".md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()

"""What checkpoints cost: trainings that write them next to the same trainings that do not.

python -m benchmarks.checkpoints             # writes benchmarks/checkpoints.md

By default a checkpoint is written every half minute at most, beside the training, and less often where writing takes
long. Each network is trained with `--checkpoint-every auto`, `5s` and `never`, in turn; the wall time is that of the
epochs after the first, which holds the compilation. A training of less than half a minute has none due by default; one
every five seconds, six times as often, is the harder test.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import talweg as tw
from benchmarks.measure import in_turn, machine, ratio, table, verdict

ROWS = 10_000
CASES: dict[str, dict[str, Any]] = {
    "784-128-10, 8 members": {"hidden": (128,), "members": 8, "batch_size": 128},
    "784-1024-1024-10, 1 member": {"hidden": (1024, 1024), "members": 1, "batch_size": 128},
}
EVERY = {"never": "never", "auto (the default)": "auto", "every 5 s": "5s"}
MOST = 1.02


def seconds(data: Any, settings: dict[str, Any], every: str, folder: Path, epochs: int) -> float:
    """Seconds of the epochs after the first."""
    run = tw.train(
        *data, **settings, checkpoint_every=every, out=folder / "run", force=True, record=0, gate="warn",
        max_epochs=epochs, stop=f"epochs({epochs})",
    )  # fmt: skip
    told = run.summary["run"]
    return told["seconds"] - told["first_epoch_seconds"]


def measure(settings: dict[str, Any], rounds: int, least: float) -> list[tuple[str, ...]]:
    """The lines of one network."""
    draw = np.random.default_rng(0)
    data = draw.standard_normal((ROWS, 784), np.float32), draw.integers(0, 10, ROWS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trial = seconds(data, settings, "never", folder, 11) / 10
        epochs = 1 + max(2, round(least / trial))
        timed = {
            words: lambda every=every: seconds(data, settings, every, folder, epochs) for words, every in EVERY.items()
        }
        found = in_turn(timed, rounds)
    lines = []
    for words, each in found.items():
        factor = ratio(each, found["never"])
        asked = verdict(factor, MOST, at_most=True) if words != "never" else ""
        lines.append((words, str(epochs), f"{statistics.median(each):.2f}", f"{factor:.3f}", asked))
    return lines


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=35.0, help="How long each training goes on, at least.")
    asked = parser.parse_args()
    intro = (__doc__ or "").strip().split("\n\n")
    page = [f"# The cost of checkpoints\n\n{intro[0]}\n\n{intro[2]}\n\n{machine(('jax', 'numpy'))}."]
    for name, settings in CASES.items():
        head = ("checkpoints", "epochs", "seconds", "times as long as never", "asked")
        page.append(f"**{name}**\n\n{table(head, measure(settings, asked.rounds, asked.seconds))}")
        print(page[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Memory over many epochs: `python -m benchmarks.flat [--epochs N]` trains with recording and checkpoints, and watches.

Prints as JSON the megabytes that the process holds after each tenth of the epochs, and by how much the last tenth
exceeds the second. The part that is among the tests is in `tests/run/test_flat.py`.
"""

import argparse
import gc
import json
import os
import tempfile
from pathlib import Path
from typing import Any

SETTINGS = {"members": 2, "hidden": (256,), "stop": "epochs(1000000)", "checkpoint_every": "10 epochs", "record": 0.25}
"""A state of 16 kB of params, of which few are recorded: one that is held on to each epoch would show."""


def resident() -> float:
    """Megabytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def watch(epochs: int) -> dict[str, Any]:
    """Trains so many epochs, and tells what the process held on the way."""
    import talweg as tw

    held: list[float] = []

    def look(told: Any) -> None:
        if told.epoch % (epochs // 10) == 0:
            gc.collect()
            held.append(round(resident(), 2))

    with tempfile.TemporaryDirectory() as folder:
        tw.train("iris", out=Path(folder) / "run", max_epochs=epochs, progress=look, **SETTINGS)
    return {"epochs": epochs, "megabytes": held, "grown": round(held[-1] - held[2], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2000)
    print(json.dumps(watch(parser.parse_args().epochs)))


if __name__ == "__main__":
    main()

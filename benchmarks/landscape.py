"""The map of a dense network: share of the machine's matrix-product rate, the ratio to `loss-landscapes`' loop, memory.

Usage: python -m benchmarks.landscape [--rows N] [--grid N] [--peer PYTHON]

The peer is a Python that has `torch` and `loss-landscapes`; without it that part is left out. Its loop is timed on a
small grid and scaled to the whole one. The three measurements follow each other in turns, so that a busy machine
slows them alike; the figures are medians over the turns.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import jax
import numpy as np

from talweg.landscape import vectors
from talweg.landscape.directions import filter_normalized
from talweg.landscape.surface import block_of, fill
from talweg.objective.base import Batch, Objective, Params, Sums
from talweg.objective.losses import LOSSES
from talweg.objective.models import mlp
from talweg.objective.network import Network
from talweg.run.job import Rows
from talweg.run.surveying.ground import even_chunks

FEATURES, HIDDEN, CLASSES = 784, 128, 10
PEER = f"""
import sys, time, warnings
warnings.filterwarnings("ignore")
import torch, loss_landscapes
from loss_landscapes.metrics import Loss
rows, steps = int(sys.argv[1]), int(sys.argv[2])
torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear({FEATURES}, {HIDDEN}), torch.nn.ReLU(), torch.nn.Linear({HIDDEN}, {CLASSES})
)
x, y = torch.randn(rows, {FEATURES}), torch.randint({CLASSES}, (rows,))
metric = Loss(torch.nn.functional.cross_entropy, x, y)
for _ in sys.stdin:
    start = time.perf_counter()
    with torch.no_grad():
        loss_landscapes.random_plane(model, metric, steps=steps, deepcopy_model=True)
    print((time.perf_counter() - start) / steps**2, flush=True)
"""


class Opaque(Objective):
    """A network that does not show its layers, so that every product is done at every point."""

    network: Network

    def init(self, key: jax.Array) -> Params:
        return self.network.init(key)

    def loss(self, params: Params, batch: Batch, key: jax.Array) -> tuple[jax.Array, Sums]:
        return self.network.loss(params, batch, key)

    def metrics(self, params: Params, batch: Batch) -> Sums:
        return self.network.metrics(params, batch)


def data(rows: int) -> Batch:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, FEATURES)).astype(np.float32)
    return even_chunks(Rows(x, generator.integers(0, CLASSES, rows)))


def subject() -> tuple[Network, vectors.HostParams]:
    """The network, and one draw of its params."""
    network = Network(mlp([HIDDEN], CLASSES), LOSSES["softmax_cross_entropy"], (FEATURES,), CLASSES)
    return network, jax.device_get(jax.jit(lambda key: network.init(key))(jax.random.key(0)))


def peak_memory(rows: int, grid: int) -> float:
    """Megabytes of a process that fills a whole map, its libraries, rows and compilations among them."""
    code = f"from benchmarks.landscape import fill_whole; fill_whole({rows}, {grid})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def fill_whole(rows: int, grid: int) -> None:
    """Fills a map, and prints the megabytes that the process took at most."""
    network, params = subject()
    axis = np.linspace(-1.0, 1.0, grid)
    for _ in fill(network, filter_normalized(params), axis, axis, data(rows)):
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def blocks(network: Objective, params: vectors.HostParams, rows: Batch) -> Iterator[float]:
    """Seconds a point, one block of a large map after the other; the first compiles and is not told."""
    axis = np.linspace(-1.0, 1.0, 500)
    plane = filter_normalized(params)
    block = block_of(plane, rows)
    surfaces = fill(network, plane, axis, axis, rows, block=block)
    next(surfaces)
    while True:
        start = time.perf_counter()
        next(surfaces)
        yield (time.perf_counter() - start) / block


def product_rate(size: int = 2048) -> Callable[[], float]:
    """The float32 matrix product's operations a second."""
    a = jax.device_put(np.random.default_rng(0).normal(size=(size, size)).astype(np.float32))
    product = jax.jit(lambda a: a @ a)
    product(a).block_until_ready()

    def measure() -> float:
        start = time.perf_counter()
        product(product(a)).block_until_ready()
        return 2 * 2 * size**3 / (time.perf_counter() - start)

    return measure


def peer_loop(python: str, rows: int, steps: int = 5) -> Callable[[], float]:
    """Seconds a point of the `loss-landscapes` package's loop, in a process that stays up between the turns."""
    process = subprocess.Popen(
        [python, "-c", PEER, str(rows), str(steps)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def measure() -> float:
        process.stdin.write("\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    measure()
    return measure


def report(rows: int, grid: int, turns: int, peer: str | None) -> None:
    network, params = subject()
    chunks = data(rows)
    operations = 2 * rows * (FEATURES * HIDDEN + HIDDEN * CLASSES)
    plain, whole = blocks(Opaque(network), params, chunks), blocks(network, params, chunks)
    measures: dict[str, Callable[[], float]] = {
        "rate": product_rate(),
        "plain": lambda: next(plain),
        "map": lambda: next(whole),
    }
    next(plain), next(whole)
    if peer:
        measures["peer"] = peer_loop(peer, rows)
    seen: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(turns):
        for name, measure in measures.items():
            seen[name].append(measure())
    rates = seen.pop("rate")
    print(f"{vectors.size_of(params)} params, {rows} rows, {grid} × {grid} points; medians of {turns} turns")
    print(f"matrix product: {statistics.median(rates) / 1e9:.0f} GF/s ({min(rates) / 1e9:.0f}-{max(rates) / 1e9:.0f})")
    words = {
        "plain": "every product at every point",
        "map": "first layer once for all points (what `fill` does)",
        "peer": "loss-landscapes' loop (PyTorch), scaled",
    }
    for name, seconds in seen.items():
        share = statistics.median(operations / s / r for s, r in zip(seconds, rates, strict=True))
        print(
            f"{words[name]}: {statistics.median(seconds) * grid**2:.1f} s for the map, "
            f"{share:.0%} of the product's rate (counting every product)"
        )
    if peer:
        ratios = [theirs / ours for theirs, ours in zip(seen["peer"], seen["map"], strict=True)]
        print(f"loss-landscapes / talweg: {statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})")
    told = ", ".join(f"{size} × {size} points {peak_memory(rows, size):.0f} MB" for size in (grid, 2 * grid - 1))
    print(f"peak memory of the whole process: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--grid", type=int, default=51)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--peer", help="a Python that has torch and loss-landscapes")
    given = parser.parse_args()
    report(given.rows, given.grid, given.turns, given.peer)


if __name__ == "__main__":
    main()

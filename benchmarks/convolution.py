"""Convolutional networks: pictures a second next to PyTorch, alone and as a crowd, and the engine's ways to run them.

Usage: python -m benchmarks.convolution [--rounds N] [--only NUMBER] [--crowds]
"""

import argparse
import dataclasses
import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.measure import in_turn, machine, ratio, table, verdict

Train = Callable[[], float]
"""Trains for one more epoch and gives its seconds."""


@dataclasses.dataclass(frozen=True)
class Pictures:
    """A convolutional network, and pictures of a given shape.

    Attributes:
        name: in the tables.
        words: the network as a list of layers.
        shape: of a picture.
        rows: pictures of an epoch.
        batch: of a step.
        classes: how many; 0 where the target is a picture.
        members: how many networks are trained.
        target: how many times faster than PyTorch Talweg is to be.
    """

    name: str
    words: str
    shape: tuple[int, int, int]
    rows: int
    batch: int
    classes: int
    members: int
    target: float

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Pictures, and classes or pictures; what they hold does not change the time."""
        draw = np.random.default_rng(0)
        x = draw.standard_normal((self.rows, *self.shape), np.float32)
        return x, draw.integers(0, self.classes, self.rows).astype(np.int32) if self.classes else x


CNN = "conv 16 3x3, relu, maxpool 2, conv 32 3x3, relu, maxpool 2, flatten, dense 64, relu, dense 10"
DENOISER = "conv 32 3x3, relu, conv 32 3x3, relu, conv 1 3x3"
CASES = (
    Pictures("CNN, 28x28x1, batch 64", CNN, (28, 28, 1), 2048, 64, 10, 1, 1.3),
    Pictures("CNN, 8 members", CNN, (28, 28, 1), 512, 64, 10, 8, 1.3),
    Pictures("three convolutions at 32 channels, 40x40x1, batch 32", DENOISER, (40, 40, 1), 512, 32, 0, 1, 1.2),
)


def talweg(case: Pictures, crowd: str = "map") -> Train:
    """All members, as `talweg.train` runs them: the order of the rows is drawn on the host."""
    import jax

    from talweg.data.feed import epoch_order, epoch_weight
    from talweg.descent import engine
    from talweg.descent.optimizer import make_optimizer
    from talweg.objective.base import Batch
    from talweg.objective.losses import LOSSES, Loss
    from talweg.objective.network import Network
    from talweg.objective.words import parse_layers
    from talweg.run.job import member_keys

    x, y = case.data()
    squared = Loss("squares", "regression", lambda outputs, y: ((outputs - y) ** 2).mean((1, 2, 3)))
    loss = LOSSES["softmax_cross_entropy"] if case.classes else squared
    network = Network(parse_layers(case.words), loss, case.shape, case.classes)
    optimizer = make_optimizer("adam", case.members, learning_rate=1e-3)
    state = engine.init(network, optimizer, member_keys(0, case.members))
    data = jax.device_put(Batch(x, y, None))
    count, active, ones = itertools.count(1), np.ones(case.members, bool), np.ones(case.rows, np.float32)

    def epoch() -> float:
        nonlocal state
        began, number = time.perf_counter(), next(count)
        order = epoch_order(case.rows, case.batch, 0, number)
        feed = engine.Feed(data, order, epoch_weight(order, ones))
        state, info = engine.epoch(network, optimizer, state, active, feed, number, crowd)
        np.asarray(info.loss)
        return time.perf_counter() - began

    return epoch


def pytorch(case: Pictures, channels_last: bool = False) -> Train:
    """Eager PyTorch, one member after the other; rows are indexed, which is quicker than a data loader."""
    import torch

    form = torch.channels_last if channels_last else torch.contiguous_format
    x, y = map(torch.from_numpy, case.data())
    x = x.permute(0, 3, 1, 2).contiguous(memory_format=form)
    y = y.long() if case.classes else x
    loss_of = torch.nn.CrossEntropyLoss() if case.classes else torch.nn.MSELoss()

    def network() -> torch.nn.Module:
        if case.classes:
            layers = [torch.nn.Conv2d(1, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
            layers += [torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
            layers += [torch.nn.Flatten(), torch.nn.Linear(1568, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)]
        else:
            layers = [torch.nn.Conv2d(1, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(32, 32, 3, padding=1)]
            layers += [torch.nn.ReLU(), torch.nn.Conv2d(32, 1, 3, padding=1)]
        return torch.nn.Sequential(*layers).to(memory_format=form)

    members = [network() for _ in range(case.members)]
    optimizers = [torch.optim.Adam(model.parameters(), 1e-3) for model in members]

    def epoch() -> float:
        began = time.perf_counter()
        for model, optimizer in zip(members, optimizers, strict=True):
            for rows in torch.randperm(case.rows).split(case.batch):
                optimizer.zero_grad()
                loss_of(model(x[rows]), y[rows]).backward()
                optimizer.step()
        return time.perf_counter() - began

    return epoch


def measure(case: Pictures, rounds: int, crowds: bool) -> str:
    """The table of one case."""
    chosen = "threads" if case.members > 1 else "map"  # as `run.crowd` chooses on two cores
    ways = (chosen, *(way for way in ("map", "step", "vmap") if way != chosen)) if crowds else (chosen,)
    trainers = {f"Talweg, {way}": talweg(case, way) for way in ways}
    trainers |= {"PyTorch, eager": pytorch(case), "PyTorch, eager, channels last": pytorch(case, channels_last=True)}
    for train in trainers.values():
        train()  # compiles, and touches all memory once
    seconds = in_turn(trainers, rounds)
    ours = seconds[f"Talweg, {chosen}"]
    lines = []
    for name, taken in seconds.items():
        pictures = case.rows * case.members / statistics.median(taken)
        faster = ratio(taken, ours)
        asked = verdict(faster, case.target) if name.startswith("PyTorch") else ""
        lines.append([name, f"{pictures:,.0f}", f"{faster:.2f}", asked])
    return f"**{case.name}**\n\n{table(('', 'pictures a second', 'times as long as Talweg', 'asked'), lines)}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=int, choices=range(1, len(CASES) + 1), help="one case, by its number")
    parser.add_argument("--crowds", action="store_true", help="every way of the engine, not only map")
    options = parser.parse_args()
    print(machine(), "\n")
    for case in CASES if options.only is None else (CASES[options.only - 1],):
        print(measure(case, options.rounds, options.crowds), flush=True)

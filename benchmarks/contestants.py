"""Who is timed: each contestant prepares a problem and gives a function that trains for so many epochs.

Every one shuffles the rows anew in each epoch, and does what its own guide calls the fast way: PyTorch indexes tensors
rather than using a data loader, Keras runs 32 steps a call. Only the epochs are timed; the rest is done once.
"""

import os
import time
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "jax")

from benchmarks.problems import Problem

Train = Callable[[int], float]
"""Trains for so many more epochs, and gives the seconds that one took."""


def _timed(epoch: Callable[[], None]) -> Train:
    def train(epochs: int) -> float:
        began = time.perf_counter()
        for _ in range(epochs):
            epoch()
        return (time.perf_counter() - began) / epochs

    return train


def talweg(problem: Problem) -> Train:
    """One member, as `talweg.train` runs it: the order of the rows is drawn on the host, then one compiled epoch."""
    import itertools

    import jax
    import numpy as np

    from talweg.data.feed import epoch_order, epoch_weight
    from talweg.descent import engine
    from talweg.descent.optimizer import make_optimizer
    from talweg.objective.base import Batch
    from talweg.objective.losses import LOSSES, default_loss
    from talweg.objective.models import mlp
    from talweg.objective.network import Network
    from talweg.run.job import member_keys

    x, y = problem.data()
    features, *hidden, outputs = problem.units
    loss = LOSSES[default_loss("classification" if problem.classifies else "regression")]
    network = Network(mlp(hidden, outputs), loss, (features,), outputs if problem.classifies else 0)
    optimizer = make_optimizer(problem.optimizer, 1, learning_rate=problem.learning_rate)
    state = engine.init(network, optimizer, member_keys(0, 1))
    data = jax.device_put(Batch(x, y if problem.classifies else y[:, None], None))
    count, active, ones = itertools.count(1), np.ones(1, bool), np.ones(problem.rows, np.float32)

    def epoch() -> None:
        nonlocal state
        number = next(count)
        order = epoch_order(problem.rows, problem.batch, 0, number)
        feed = engine.Feed(data, order, epoch_weight(order, ones))
        state, info = engine.epoch(network, optimizer, state, active, feed, number)
        jax.device_get(info)

    return _timed(epoch)


def pytorch(problem: Problem) -> Train:
    """Eager PyTorch."""
    import torch

    x, y = map(torch.from_numpy, problem.data())
    y = y.long() if problem.classifies else y[:, None]
    layers: list[torch.nn.Module] = []
    for before, after in zip(problem.units, problem.units[1:], strict=False):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss() if problem.classifies else torch.nn.MSELoss()
    rate = problem.learning_rate
    optimizer = (
        torch.optim.Adam(model.parameters(), lr=rate)
        if problem.optimizer == "adam"
        else torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    )

    def epoch() -> None:
        for rows in torch.randperm(problem.rows).split(problem.batch):
            optimizer.zero_grad()
            loss_of(model(x[rows]), y[rows]).backward()
            optimizer.step()

    return _timed(epoch)


def keras_on_jax(problem: Problem) -> Train:
    """Keras on JAX, 32 steps a call; its epochs are timed from inside `fit`, whose own start is not counted."""
    import keras

    x, y = problem.data()
    *hidden, outputs = problem.units[1:]
    dense = [keras.layers.Dense(units, activation="relu") for units in hidden]
    model = keras.Sequential([keras.Input((problem.units[0],)), *dense, keras.layers.Dense(outputs)])
    rate = problem.learning_rate
    model.compile(
        optimizer=keras.optimizers.Adam(rate)
        if problem.optimizer == "adam"
        else keras.optimizers.SGD(rate, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True) if problem.classifies else "mse",
        steps_per_execution=32,
    )

    class Stopwatch(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict | None = None) -> None:
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.seconds.append(time.perf_counter() - self.began)

    def train(epochs: int) -> float:
        watch = Stopwatch()
        model.fit(x, y, batch_size=problem.batch, epochs=epochs + 1, verbose=0, callbacks=[watch])
        return sum(watch.seconds[1:]) / epochs

    return train


def scikit_learn(problem: Problem) -> Train:
    """scikit-learn's MLP, which goes on where it stood (`warm_start`)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y = problem.data()
    model = (MLPClassifier if problem.classifies else MLPRegressor)(
        hidden_layer_sizes=problem.units[1:-1],
        solver="adam" if problem.optimizer == "adam" else "sgd",
        alpha=0.0,
        batch_size=problem.batch,
        learning_rate_init=problem.learning_rate,
        nesterovs_momentum=False,
        tol=0.0,
        n_iter_no_change=10**9,
        warm_start=True,
        random_state=0,
    )

    def train(epochs: int) -> float:
        model.max_iter = epochs
        began = time.perf_counter()
        model.fit(x, y)
        return (time.perf_counter() - began) / epochs

    return train


PEERS: dict[str, Callable[[Problem], Train]] = {
    "PyTorch": pytorch,
    "Keras on JAX": keras_on_jax,
    "scikit-learn": scikit_learn,
}
"""The other libraries, by the names in the tables."""

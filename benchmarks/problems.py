"""The training problems that are timed, and what is asked of each. Who trains them is in `contestants`."""

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True)
class Problem:
    """A dense network with relu, and data of a given shape.

    Attributes:
        rows: how many rows an epoch has.
        units: of each layer, from the features to the outputs; one output means regression.
        batch: rows of a step.
        optimizer: ``"momentum"`` (SGD, 0.9) or ``"adam"``.
        targets: how many times faster than each peer Talweg is to be.
        share: what part of the machine's own matrix-product rate it is to reach.
    """

    rows: int
    units: tuple[int, ...]
    batch: int
    optimizer: str
    targets: Mapping[str, float]
    share: float = 0.0

    def __str__(self) -> str:
        return f"{self.rows} rows, {'-'.join(map(str, self.units))}, {self.optimizer}, batch {self.batch}"

    @property
    def classifies(self) -> bool:
        """Whether the targets are classes."""
        return self.units[-1] > 1

    @property
    def learning_rate(self) -> float:
        """Small enough for every contestant to stay finite."""
        return 1e-3 if self.optimizer == "adam" else 1e-2

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Features, and classes or a real target of shape `(rows,)`; what they hold does not change the time."""
        draw = np.random.default_rng(0)
        x = draw.standard_normal((self.rows, self.units[0]), np.float32)
        direction = draw.standard_normal((self.units[0], self.units[-1]), np.float32)
        outputs = np.tanh(x @ direction)
        return x, outputs.argmax(1).astype(np.int32) if self.classifies else outputs[:, 0]

    def products(self) -> float:
        """Floating-point operations in the matrix products of an epoch.

        Each layer's product is done three times a row: forwards, for the gradient of its weights, and, but for the
        first layer, for the gradient of its input.
        """
        pairs = [before * after for before, after in zip(self.units, self.units[1:], strict=False)]
        return 2.0 * self.rows * (3 * sum(pairs) - pairs[0])


SMALL = Problem(1437, (64, 64, 64, 10), 32, "momentum", {"PyTorch": 8, "Keras on JAX": 2, "scikit-learn": 5})
WIDE = Problem(20_000, (784, 128, 10), 64, "momentum", {"Keras on JAX": 1.5, "PyTorch": 2.5})
REGRESSION = Problem(100_000, (20, 256, 256, 1), 512, "adam", {"Keras on JAX": 1.4})
LARGE = Problem(20_000, (784, 1024, 1024, 10), 256, "momentum", {"PyTorch": 1.3}, share=0.85)
PROBLEMS = (SMALL, WIDE, REGRESSION, LARGE)

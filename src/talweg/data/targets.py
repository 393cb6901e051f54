"""How a target becomes what a network learns: a class's position, or a standardized quantity; and back again.

Which column is the target, and whether it holds classes, is for `task` to say.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float, Int

from talweg.data.table import Column
from talweg.data.task import Label, Task, labels_of, quantities_of
from talweg.errors import DataError

Scale = Literal["auto", "standard", "log"]
"""How a quantity is learned: as it is, or its logarithm; `auto`: as `spans_magnitudes` says."""

SKEWED = 1.0
"""A skewness above which the logarithm is tried; an exponential distribution has 2."""
_SPAN = 100.0
"""So many times the logarithm's unit, the usual least value, a usual large one must be for a logarithm unasked."""
_EVENED = 0.5
"""The part of the skewness that the logarithm may leave, at most."""
_SMALL = 0.05
"""The quantile of the sizes below which the logarithm turns straight."""
_LEAST = 1e-9
"""The part of the greatest size that the logarithm's unit is at least; what is smaller is as good as 0."""


@dataclasses.dataclass(frozen=True)
class ClassTarget:
    """A target of classes.

    Attributes:
        name: the column.
        classes: the classes in sorted order; a row's target is a position in them.
    """

    task: ClassVar[Task] = "classification"

    name: str
    classes: tuple[Label, ...]

    def encode(self, column: Column, table: str) -> Int[np.ndarray, " rows"]:
        """The position of each row's class (int32).

        Raises:
            DataError: a class that training did not have, or a missing one, with its row.
        """
        codes, labels = labels_of(column)
        # Compared as words, so that a class 1 of a Parquet file is the class "1" of a CSV file.
        place = {str(label): position for position, label in enumerate(self.classes)}
        positions = np.array([place.get(str(label), -1) for label in labels] + [-1], dtype=np.int32)[codes]
        if len(lost := np.flatnonzero(positions < 0)):
            found = "nothing" if codes[lost[0]] < 0 else repr(labels[codes[lost[0]]])
            raise DataError(
                f"Target {self.name!r} of {table} holds {found} in row {lost[0] + 1}; expected one of the"
                f" classes {', '.join(map(str, self.classes[:10]))}{', ...' * (len(self.classes) > 10)}."
            )
        return positions


@dataclasses.dataclass(frozen=True)
class NumberTarget:
    """A target that is a quantity, standardized so that losses and learning rates do not depend on its unit.

    A skewed one is standardized after its logarithm: sign(y) log(1 + |y| / log_unit), which is a plain logarithm of
    what is far above the unit, straight around 0, and there for every number.

    Attributes:
        name: the column.
        center: the mean of the training rows, or of their logarithms.
        scale: their standard deviation.
        log_unit: the unit of the logarithm; `None` where there is none.

    Example:
        >>> prices = NumberTarget.fit("price", np.array([1.0, 10.0, 100.0, 1000.0]), "log")
        >>> prices.decode(prices.standardized(np.array([20.0]))).round(6).tolist()
        [20.0]
    """

    task: ClassVar[Task] = "regression"
    classes: ClassVar[tuple[Label, ...]] = ()

    name: str
    center: float
    scale: float
    log_unit: float | None = None

    @classmethod
    def fit(cls, name: str, values: Float[np.ndarray, " train"], scale: Scale = "auto") -> "NumberTarget":
        """Fitted to the values of the training rows."""
        unit = log_unit_of(values) if scale == "log" or (scale == "auto" and spans_magnitudes(values)) else None
        taken = values.astype(np.float64) if unit is None else logarithm(values, unit)
        return cls(name, float(taken.mean()), float(taken.std()) or 1.0, unit)

    def encode(self, column: Column, table: str) -> Float[np.ndarray, " rows"]:
        """The standardized quantity (float32).

        Raises:
            DataError: a value that is missing or no number, with its row.
        """
        numbers = quantities_of(column, self.name, table)
        if len(lost := np.flatnonzero(numbers.missing())):
            raise DataError(f"Target {self.name!r} of {table} holds no number in row {lost[0] + 1}.")
        return self.standardized(numbers.values).astype(np.float32)

    def standardized(self, values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Quantities as they are learned (float64)."""
        taken = values.astype(np.float64) if self.log_unit is None else logarithm(values, self.log_unit)
        return (taken - self.center) / self.scale

    def decode(self, standardized: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Standardized predictions in the target's own unit (float64); the inverse of `encode`."""
        taken = standardized.astype(np.float64) * self.scale + self.center
        return taken if self.log_unit is None else np.sign(taken) * self.log_unit * np.expm1(np.abs(taken))


def logarithm(values: Float[np.ndarray, "*shape"], unit: float) -> Float[np.ndarray, "*shape"]:
    """The logarithm with sign of numbers in a unit: 0 at 0, about straight up to the unit, log(y / unit) far above it.

    Example:
        >>> logarithm(np.array([0.0, np.e - 1, 1 - np.e]), 1.0).tolist()
        [0.0, 1.0, -1.0]
    """
    return np.sign(values) * np.log1p(np.abs(values.astype(np.float64)) / unit)


def log_unit_of(values: Float[np.ndarray, " train"]) -> float:
    """The unit of a target's logarithm: the least that its values usually are, of counts 1.

    Example:
        >>> log_unit_of(np.array([0.0, 0.0, 1.0, 2.0, 50.0]))
        1.0
    """
    sizes = np.abs(values[values != 0].astype(np.float64))
    if not len(sizes):
        return 1.0
    return float(max(np.quantile(sizes, _SMALL, method="lower"), _LEAST * sizes.max()))


def spans_magnitudes(values: Float[np.ndarray, " train"]) -> bool:
    """Whether a target's logarithm is learned unasked: it is skewed, and usual values differ a hundredfold.

    Where they differ less, the logarithm mostly brings the mean absolute error down and the RMSE up: on salaries,
    prices of cars and houses, wages and applications to colleges the former fell on five of five tables, the latter on
    one (5 splits each, skewness 1.1 to 3.7). So there it is offered, not done.

    Example:
        >>> draws = np.random.default_rng(0).normal(size=1000)
        >>> spans_magnitudes(np.exp(2 * draws)), spans_magnitudes(np.exp(draws / 2)), spans_magnitudes(draws)
        (True, False, False)
    """
    return is_skewed(values) and bool(np.quantile(values, 1 - _SMALL) >= _SPAN * log_unit_of(values))


def is_skewed(values: Float[np.ndarray, " train"]) -> bool:
    """Whether the logarithm evens a target out, as it does prices, incomes and sizes.

    No value is negative, the skewness is above 1, and the logarithm at least halves it.

    Example:
        >>> draws = np.random.default_rng(0).normal(size=1000)
        >>> is_skewed(np.exp(draws)), is_skewed(draws), is_skewed(100 + draws)
        (True, False, False)
    """
    if values.min() < 0:
        return False
    before = skewness(values)
    return before > SKEWED and abs(skewness(logarithm(values, log_unit_of(values)))) < _EVENED * before


def skewness(values: Float[np.ndarray, " rows"]) -> float:
    """The mean cube of the standard scores: 0 for what is symmetric, above 0 for a long tail of large values."""
    apart = values.astype(np.float64) - values.mean(dtype=np.float64)
    spread = float(np.sqrt((apart**2).mean()))
    return float(((apart / spread) ** 3).mean()) if spread > 0 else 0.0


def fit_target(known: Column, name: str, task: Task, table: str, scale: Scale = "auto") -> ClassTarget | NumberTarget:
    """How a target is encoded, from its values in the training rows."""
    if task == "classification":
        return ClassTarget(name, labels_of(known)[1])
    return NumberTarget.fit(name, quantities_of(known, name, table).values, scale)


def target_to_dict(target: ClassTarget | NumberTarget) -> dict[str, Any]:
    """The target's encoding as plain data; what older versions did not know is left out where it is not used."""
    kind = "classes" if isinstance(target, ClassTarget) else "number"
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(target).items()}
    return {"kind": kind, **{name: value for name, value in plain.items() if value is not None}}


def target_from_dict(data: Mapping[str, Any] | None) -> ClassTarget | NumberTarget:
    """The encoding that `target_to_dict` wrote.

    Raises:
        KeyError, TypeError: the data are damaged.
    """
    if data is None:
        raise TypeError("there is no target")
    sort = {"classes": ClassTarget, "number": NumberTarget}[data["kind"]]
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return sort(**{name: value for name, value in plain.items() if name != "kind"})

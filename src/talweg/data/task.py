"""What is to be predicted: which column, classes or a quantity, known in which rows. No features here."""

import dataclasses
from typing import Literal, cast, get_args

import numpy as np
from jaxtyping import Int

from talweg.data.large.store import forget
from talweg.data.reading.words import read_numbers, spread
from talweg.data.table import Column, Dates, Numbers, Table, Text
from talweg.errors import ConfigError, DataError

Task = Literal["classification", "regression"]
Label = str | int | float
"""A class as the user wrote it: a word, or a number."""

_USUAL_NAMES = ("target", "label", "class", "y")
_MOST_INTEGER_CLASSES = 20
_FEWEST_ROWS_A_VALUE = 3
_BLOCK = 2**20


@dataclasses.dataclass(frozen=True, eq=False)
class Target:
    """The column to predict.

    Attributes:
        name: the column.
        task: whether its values are classes or a quantity.
        reasons: why this column and why that task, a sentence each, where they were not named.
        rows: the positions of the rows in which it is known, sorted.
        missing: in how many rows it is not; they are left out.
    """

    name: str
    task: Task
    reasons: tuple[str, ...]
    rows: Int[np.ndarray, " known"]
    missing: int


def choose_target(table: Table, name: str | None = None, task: str | None = None) -> Target:
    """The target that was asked for, or the likely one.

    Args:
        table: the whole table.
        name: the column; by default the one the source names, else one called target, label, class or y (in
            any case), else the last.
        task: by default as `infer_task` says.

    Raises:
        ConfigError: `task` is neither classification nor regression.
        DataError: there is no such column; its values are all missing, all the same, or all different
            classes; or they are words where a quantity was asked for.

    Example:
        >>> from talweg.data.reading.frames import from_mapping
        >>> target = choose_target(from_mapping({"size": [1, 2, 3], "price": [9.5, 8.1, None]}))
        >>> target.name, target.task, target.missing
        ('price', 'regression', 1)
        >>> target.reasons[0]
        "'price' is taken as the target because it is the last column."
    """
    if task not in (None, *get_args(Task)):
        raise ConfigError(f"Unknown task {task!r}; expected classification or regression.")
    reasons = []
    if name is None:
        name, why = _likely(table)
        if why:
            reasons.append(f"{name!r} is taken as the target because {why}.")
    column = table.column(name)
    known = np.flatnonzero(~column.missing())
    if len(known) == 0:
        raise DataError(f"Target {name!r} of {table.name} has no value in any of its {table.rows} rows.")
    if task is None:
        task, why = infer_task(column)
        reasons.append(f"It is a {task}: {why}.")
    chosen = cast(Task, task)
    _refuse_hopeless(column.take(known), name, chosen, table.name)
    return Target(name, chosen, tuple(reasons), known, table.rows - len(known))


def _likely(table: Table) -> tuple[str, str]:
    if table.target is not None:
        return table.target, ""
    for usual in _USUAL_NAMES:
        for name in table.columns:
            if name.lower() == usual:
                return name, "of its name"
    return list(table.columns)[-1], "it is the last column"


def infer_task(column: Column) -> tuple[Task, str]:
    """Whether a column holds classes or a quantity, and why.

    Words and booleans are classes. Numbers are classes where they are whole, at most 20 different ones, and
    either just two or on average in three rows each; otherwise they are a quantity.

    Raises:
        DataError: dates, which are neither.

    Example:
        >>> infer_task(Numbers(np.array([0.0, 1.0, 1.0, 0.0])))
        ('classification', 'it holds 2 different whole numbers')
    """
    if isinstance(column, Text):
        return "classification", "it holds words"
    if isinstance(column, Dates):
        raise DataError("The target holds dates; choose a column of words or numbers.")
    values = column.values[~column.missing()]
    different = np.unique(values)
    if not (different == np.floor(different)).all():
        return "regression", "it holds numbers that are not all whole"
    few = len(different) <= _MOST_INTEGER_CLASSES and len(values) >= _FEWEST_ROWS_A_VALUE * len(different)
    task: Task = "classification" if few or len(different) == 2 else "regression"
    return task, f"it holds {len(different)} different whole numbers"


def labels_of(column: Column) -> tuple[Int[np.ndarray, " rows"], tuple[Label, ...]]:
    """The class of each row, and the classes in sorted order.

    Args:
        column: the target.

    Returns:
        For each row the position of its class, or -1 where it is missing; and the classes that stand in some
        row: words as they are, whole numbers as int, others as float.

    Example:
        >>> codes, labels = labels_of(Numbers(np.array([10.0, 9.0, np.nan, 10.0])))
        >>> codes.tolist(), labels
        ([1, 0, -1, 1], (9, 10))
    """
    if isinstance(column, Text):
        used = np.flatnonzero(column.counts())
        position = np.full(len(column.levels) + 1, -1, np.int32)
        position[used] = np.arange(len(used))
        codes = np.empty(len(column.codes), np.int32)
        for start in range(0, len(codes), _BLOCK):
            codes[start : start + _BLOCK] = position[column.codes[start : start + _BLOCK]]
            forget(column.codes)
        return codes, tuple(column.levels[code] for code in used)
    if isinstance(column, Dates):
        raise DataError("The target holds dates; choose a column of words or numbers.")
    values = column.values
    # Block by block, so that a long column is not copied several times.
    parts = [values[start : start + _BLOCK] for start in range(0, len(values), _BLOCK)]
    different = np.array([])
    for part in parts:
        different = np.union1d(different, part[np.isfinite(part)])
        forget(values)
    codes = np.empty(len(values), np.int32)
    for start, part in zip(range(0, len(values), _BLOCK), parts, strict=True):
        known = np.isfinite(part)
        codes[start : start + _BLOCK] = np.where(known, np.searchsorted(different, np.where(known, part, 0.0)), -1)
        forget(values)
    return codes, tuple(_label(value) for value in different.tolist())


def _label(value: float) -> int | float:
    return int(value) if value == int(value) else value


def quantities_of(column: Column, name: str, table: str) -> Numbers:
    """The target's values as numbers.

    Raises:
        DataError: a word that is no number, with its row; or dates.
    """
    if isinstance(column, Numbers):
        return column
    if isinstance(column, Text):
        numbers = spread(read_numbers(column.levels), column)
        strange = np.flatnonzero(np.isnan(numbers) & ~column.missing())
        if len(strange) == 0:
            return Numbers(numbers)
        word = column.levels[column.codes[strange[0]]]
        raise DataError(
            f"Target {name!r} of {table} holds {word!r} in row {strange[0] + 1}; a regression needs numbers."
            " Mend the column, or use the task classification."
        )
    raise DataError(f"Target {name!r} of {table} holds dates; choose a column of words or numbers.")


def _refuse_hopeless(known: Column, name: str, task: Task, table: str) -> None:
    """Raise DataError where nothing can be learned of the target's known values."""
    codes, labels = labels_of(known if task == "classification" else quantities_of(known, name, table))
    rows = len(codes)
    if len(labels) == 1:
        raise DataError(
            f"Target {name!r} of {table} is {labels[0]!r} in all {rows} rows where it is known; there is"
            " nothing to learn. Choose another column."
        )
    counts = np.bincount(codes)
    if task == "classification" and 2 * (counts == 1).sum() > rows:
        raise DataError(
            f"Target {name!r} of {table} has {len(labels)} different values in {rows} rows, most of them in"
            " one row: one row per class leaves nothing to learn from. Choose another column, or the task"
            " regression if its values are a quantity."
        )

"""How rows are dealt to the parts of a split: by chance, whole groups, by time, by content, or as the source says.

What chance does is in `split`, how groups and instants are kept whole in `together`; here is the choice.
"""

import dataclasses
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from talweg.data.columns import as_text
from talweg.data.large.sample import blocks, places
from talweg.data.rowhash import row_hashes, shares
from talweg.data.split import PARTS, Fractions, Split, deal_folds, split
from talweg.data.table import Column, Table, Text
from talweg.data.task import Target, labels_of
from talweg.data.together import deal_groups, group_codes, instants, split_by_time, split_groups
from talweg.errors import ConfigError, DataError

SPLIT_COLUMN = "split"
"""A column of this name (in any case) that holds nothing but the words below says which part a row is in."""

_WORDS = {
    "train": 0, "training": 0,
    "validation": 1, "valid": 1, "val": 1, "dev": 1,
    "test": 2, "testing": 2, "holdout": 2,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Plan:
    """How rows are to be dealt.

    Attributes:
        fractions: the shares of the three parts.
        seed: decides what is left to chance.
        group: a column whose equal values stay together.
        time: a column of dates or numbers; the past trains, the future tests.
        by: ``"seed"``: by the rows' positions; ``"hash"``: by what they hold, whatever their order.
        folds: how many folds the training and validation rows are dealt to; 0 for none.
        given: whether a column called `split` may say it.
    """

    fractions: Fractions = dataclasses.field(default_factory=Fractions)
    seed: int = 0
    group: str | None = None
    time: str | None = None
    by: Literal["seed", "hash"] = "seed"
    folds: int = 0
    given: bool = True

    def __post_init__(self) -> None:
        if self.time and (self.folds or self.group or self.by == "hash"):
            other = "folds" if self.folds else "group" if self.group else "split_by hash"
            raise ConfigError(f"time and {other} exclude each other: rows dealt by time follow the calendar alone.")

    def columns(self, table: Table) -> tuple[str, ...]:
        """The columns that say how rows belong together; they are no features unless they are declared so.

        Raises:
            DataError: a column that is not there.
        """
        for name in filter(None, (self.group, self.time)):
            table.column(name)
        given = given_column(table) if self.given else None
        return tuple(name for name in (given, self.group, self.time) if name)


def given_column(table: Table) -> str | None:
    """The column by which the source itself says which part each row is in, if it has one."""
    for name, column in table.columns.items():
        if name.lower() == SPLIT_COLUMN and isinstance(column, Text):
            words = {column.levels[code].lower() for code in np.flatnonzero(column.counts())}
            if words and words <= set(_WORDS) and {_WORDS[word] for word in words} >= {0}:
                return name
    return None


def deal(table: Table, target: Target, plan: Plan) -> tuple[Split, tuple[str, ...]]:
    """The parts of a table's rows, and what a person should hear of how they were made.

    Args:
        table: the whole table.
        target: rows in which it is not known are left out.
        plan: how.

    Raises:
        ConfigError: ways that exclude each other.
        DataError: a column that is missing or has gaps; too few rows, groups or instants for the parts.

    Example:
        >>> from talweg.data.reading.frames import from_mapping
        >>> from talweg.data.task import choose_target
        >>> table = from_mapping({"day": [3, 1, 4, 2], "y": [0.5, 1.5, 2.5, 3.5]})
        >>> parts, notes = deal(table, choose_target(table), Plan(Fractions.parse("50/25/25"), time="day"))
        >>> parts.train, parts.test
        (array([1, 3]), array([2]))
    """
    rows, notes = target.rows, []
    known = table.select(plan.columns(table)).take(rows)
    given = given_column(table) if plan.given else None
    strata = _classes(table.column(target.name)) if target.task == "classification" else None
    if given is not None:
        parts, told = _as_given(table, known, given, rows, plan, strata)
        notes.append(told)
    else:
        parts = _dealt(table, known, rows, plan, strata)
    if plan.folds:
        parts = _folded(known if plan.by == "seed" else table.take(rows), parts, plan, strata, rows)
        notes.append(
            f"Training and validation rows are dealt to {plan.folds} folds; each member holds one of them out and is"
            " judged on it. The scales of columns and target and the words of columns are learned of all of them."
        )
    _refuse_no_training(parts, table.name, given)
    return parts.of(rows), tuple(notes)


def _dealt(
    table: Table, known: Table, rows: Int[np.ndarray, " rows"], plan: Plan, strata: Int[np.ndarray, " rows"] | None
) -> Split:
    """The parts of some rows of a table, of which the plan's columns are known."""
    if plan.time is not None:
        return split_by_time(instants(known, plan.time, rows), plan.fractions)
    if plan.by == "hash":
        return _by_hash(table, rows, plan)
    if plan.group is not None:
        return split_groups(group_codes(known, plan.group, rows), plan.fractions, plan.seed, strata)
    return split(len(rows), plan.fractions, plan.seed, strata)


def _classes(target: Column) -> Int[np.ndarray, " known"]:
    """The class of each row in which it is known."""
    codes = labels_of(target)[0]
    return codes[codes >= 0]


def _refuse_no_training(parts: Split, table: str, given: str | None) -> None:
    if not len(parts.train):
        why = f"column {given!r} names none" if given else "there are too few"
        raise DataError(f"{table} leaves no training rows: {why}; give more rows or another split.")


def _as_given(
    table: Table,
    known: Table,
    given: str,
    rows: Int[np.ndarray, " rows"],
    plan: Plan,
    strata: Int[np.ndarray, " rows"] | None,
) -> tuple[Split, str]:
    """The parts that a column names, and how that is said. Where it names none for validation, training gives some."""
    parts, some = _as_said(known, given, rows), plan.fractions.of_training()
    told = f"Column {given!r} says which rows train, validate and test; --split is not used."
    if plan.folds or len(parts.validation) or int(len(parts.train) * some.validation / 100) == 0:
        return parts, told
    train = parts.train
    # Nobody stops in time, nor chooses, by rows that are trained on, and the test rows are looked at once.
    inner = _dealt(
        table,
        known.take(train),
        rows[train],
        dataclasses.replace(plan, fractions=some),
        None if strata is None else strata[train],
    )
    apart = f"{len(inner.validation)} of {len(train)} training rows"
    kept = f"{100 - plan.fractions.test:g}/0/{plan.fractions.test:g}"
    return Split(train[inner.train], train[inner.validation], parts.test), (
        f"Column {given!r} says which rows train and test. It names none for validation, for which {apart} are set"
        f" apart; --split {kept} leaves them in training."
    )


def _as_said(table: Table, name: str, rows: Int[np.ndarray, " rows"]) -> Split:
    column = as_text(table.columns[name])
    if len(lost := np.flatnonzero(column.missing())):
        raise DataError(
            f"Column {name!r} of {table.name} says nothing in row {rows[lost[0]] + 1}; expected train, validation or"
            f" test there, or declare it a feature with --column {name}=category."
        )
    part = np.array([_WORDS.get(word.lower(), 3) for word in column.levels])[column.codes]
    return Split(*(places(part == which) for which in range(3)))


def _by_hash(table: Table, rows: Int[np.ndarray, " rows"], plan: Plan) -> Split:
    cuts, part = np.cumsum([float(part) for part in plan.fractions.exact()]), np.empty(len(rows), np.int8)
    # Block by block, since a table may lie on disk.
    for some in blocks(len(rows)):
        place = _hash_shares(table.take(rows[some]), plan, 0)
        part[some] = np.minimum(np.searchsorted(cuts, place, side="right"), 2)
    for number, (name, share) in enumerate(zip(PARTS, plan.fractions.exact(), strict=True)):
        if share > 0 and not (part == number).any():
            raise DataError(f"The rows' hashes leave none for {name}; give more rows, another seed or another split.")
    return Split(*(places(part == which) for which in range(3)))


def _hash_shares(table: Table, plan: Plan, stream: int) -> Float[np.ndarray, " rows"]:
    names = (plan.group,) if plan.group else tuple(table.columns)
    return shares(row_hashes(table, names, plan.seed + stream))


def _folded(
    table: Table,
    parts: Split,
    plan: Plan,
    strata: Int[np.ndarray, " rows"] | None,
    rows: Int[np.ndarray, " rows"],
) -> Split:
    """The training and validation rows together, each in one of the folds."""
    together = np.sort(np.concatenate([parts.train, parts.validation]))
    some, classes = table.take(together), None if strata is None else strata[together]
    if plan.by == "hash":
        fold = np.minimum((_hash_shares(some, plan, 1) * plan.folds).astype(np.int64), plan.folds - 1)
    elif plan.group is not None:
        codes = group_codes(some, plan.group, rows[together])
        if codes.max() + 1 < plan.folds:
            raise DataError(f"{codes.max() + 1} groups of {plan.group!r} cannot fill {plan.folds} folds; take fewer.")
        fold = deal_groups(codes, np.full(plan.folds, 1 / plan.folds), plan.seed, classes)
    else:
        fold = deal_folds(len(together), plan.folds, plan.seed, classes)
    if len(np.unique(fold)) < plan.folds:
        raise DataError(f"{len(together)} rows leave one of {plan.folds} folds empty; take fewer folds.")
    return Split(together, together[:0], parts.test, fold)

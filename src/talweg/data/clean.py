"""The preparation: a table becomes features and targets, as learned from the training rows only. Plain data.

It knows which column gets which encoder; what an encoder does with its column is in `encode`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from talweg.data.columns import DECLARED, USED, ColumnKind, as_dates, as_numbers, as_text, find_kinds
from talweg.data.encode import ENCODERS, CategoryEncoder, Encoder
from talweg.data.large.sample import values_of
from talweg.data.large.store import forget
from talweg.data.means import FOLDS, outputs_of
from talweg.data.numbers import NumberEncoder, share_scale
from talweg.data.sentences import TextEncoder
from talweg.data.split import deal_folds
from talweg.data.table import Column, Dates, Numbers, Table
from talweg.data.targets import ClassTarget, NumberTarget, Scale, fit_target, target_from_dict, target_to_dict
from talweg.data.task import Label, Task
from talweg.errors import DataError, RunFolderError, did_you_mean

VERSION = 4
"""The newest version of the plain data. What needs none of its news is written as the version before, so that a run
begun by an older Talweg goes on: 2 knows of logarithms of the target, 3 of means of it where a word stands, 4 of free
text."""
_READ: Mapping[str, Callable[[Column], Column]] = {"number": as_numbers, "date": as_dates}
"""How a column is read again whose values must be of one kind."""
_HELD: Mapping[str, type[Column]] = {"number": Numbers, "date": Dates}
"""The columns whose values are of that kind already."""
_NEWS = {"known": (), "means": (), "drawn": 0.0}
"""What version 3 added to a category; left out where it is not used."""


@dataclasses.dataclass(frozen=True)
class Preparation:
    """Everything learned of the training rows before the network: applied to any table of the same columns.

    Attributes:
        encoders: one for each column that becomes features, in the order of the table.
        target: how the target is encoded.
        kinds: what each column was found to be, also those left out.
        quantiles: of each feature that is a number, where the network's layers ask for them (see `roles`).

    Example:
        >>> from talweg.data.builtin import load
        >>> penguins = load("penguins")
        >>> preparation = Preparation.fit(penguins, np.arange(300), "species", "classification")
        >>> preparation.features(penguins).shape, preparation.classes
        ((344, 15), ('Adelie', 'Chinstrap', 'Gentoo'))
    """

    encoders: tuple[Encoder, ...]
    target: ClassTarget | NumberTarget
    kinds: tuple[ColumnKind, ...]
    quantiles: tuple[tuple[float, ...], ...] = ()

    @classmethod
    def fit(
        cls,
        table: Table,
        train_rows: Int[np.ndarray, " train"],
        target: str,
        task: Task,
        kinds: Mapping[str, str] | None = None,
        aside: Mapping[str, str] | None = None,
        target_scale: Scale = "auto",
        means: bool = True,
    ) -> "Preparation":
        """Fit on the training rows; no other row changes anything.

        Args:
            table: the whole table.
            train_rows: positions of the training rows; the target is known in each.
            target: the column to predict.
            task: whether it holds classes or a quantity.
            kinds: what columns are, where the user says so (see `columns.Kind`).
            aside: columns that serve otherwise, and why they are no features.
            target_scale: how a quantity is learned (see `targets.Scale`).
            means: whether categories of very many words learn what the target is where each stands.

        Raises:
            ConfigError: a kind that does not exist.
            DataError: a column that does not exist or is not of its declared kind; no column to predict from.
        """
        found = find_kinds(table, train_rows, target, kinds, aside)
        columns = {c.name: table.columns[c.name].take(train_rows) for c in found if c.kind in USED}
        encoders = [ENCODERS[c.kind].fit(c.name, columns[c.name]) for c in found if c.kind in USED]
        _refuse_wordless(encoders, found, table.name)
        numbers = [encoder for encoder in encoders if isinstance(encoder, NumberEncoder)]
        shared = share_scale(numbers, [columns[encoder.name] for encoder in numbers])
        encoders = [shared.get(encoder.name, encoder) for encoder in encoders]
        known = table.column(target).take(train_rows)
        learned = fit_target(known, target, task, table.name, target_scale)
        if means:
            outputs = outputs_of(learned, known, table.name)
            encoders = [
                encoder.with_means(columns[encoder.name], outputs) if isinstance(encoder, CategoryEncoder) else encoder
                for encoder in encoders
            ]
        return cls(tuple(encoder for encoder in encoders if encoder.feature_names()), learned, found)

    @property
    def task(self) -> Task:
        """Whether the target holds classes or a quantity."""
        return self.target.task

    @property
    def classes(self) -> tuple[Label, ...]:
        """The classes in sorted order; empty for a quantity."""
        return self.target.classes

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name a feature, in their order."""
        return tuple(name for encoder in self.encoders for name in encoder.feature_names())

    def features(self, table: Table) -> Float[np.ndarray, "rows features"]:
        """The features of a table, row by row in its order (float32).

        Args:
            table: any table that has the columns; others, and the target, are not looked at.

        Raises:
            DataError: a column is missing, or holds no value that could be read.
        """
        self._refuse_missing(table)
        features = np.empty((table.rows, len(self.feature_names)), np.float32)
        start = 0
        for encoder in self.encoders:
            column = table.columns[encoder.name]
            _refuse_unreadable(encoder, column, table.name)
            stop = start + len(encoder.feature_names())
            features[:, start:stop] = encoder.apply(column)
            start = stop
        return features

    def held_out(
        self, table: Table, train_rows: Int[np.ndarray, " train"], fold: Int[np.ndarray, " train"] | None = None
    ) -> Iterator[tuple[slice, Float[np.ndarray, "train outputs"]]]:
        """Of the training rows those features that their own targets are in, taken over other rows in their place.

        Args:
            table: the whole table.
            train_rows: positions of the training rows.
            fold: the fold of each, if they are dealt to folds already.

        Yields:
            Which features, and what they are in the training rows.
        """
        start = 0
        for encoder in self.encoders:
            stop = start + len(encoder.feature_names())
            if isinstance(encoder, CategoryEncoder) and encoder.means:
                known, column = (table.columns[name].take(train_rows) for name in (self.target.name, encoder.name))
                dealt = deal_folds(len(train_rows), FOLDS) if fold is None else fold
                outputs = outputs_of(self.target, known, table.name)
                yield slice(start + encoder.width, stop), encoder.held_out(column, outputs, dealt).astype(np.float32)
            start = stop

    def targets(self, table: Table) -> Int[np.ndarray, " rows"] | Float[np.ndarray, " rows"]:
        """The encoded target: positions in `classes` (int32), or standardized quantities (float32).

        Raises:
            DataError: there is no such column, or a row's target is missing or unknown.
        """
        return self.target.encode(table.column(self.target.name), table.name)

    def surprises(self, table: Table) -> tuple[str, ...]:
        """What a new table holds that training did not, a sentence each: unseen words, stray words, gaps."""
        self._refuse_missing(table)
        sentences: list[str] = []
        for encoder in self.encoders:
            column = table.columns[encoder.name]
            sentences += _surprises(encoder, column)
            # Of a table on disk no more than a column is in memory.
            forget(values_of(column))
        return tuple(sentences)

    def refuse_other(self, table: Table) -> None:
        """Makes sure that a table is of the kind that training had.

        Raises:
            DataError: a column is missing, or one of numbers holds only words.
        """
        self._refuse_missing(table)
        for encoder in self.encoders:
            column = table.columns[encoder.name]
            _refuse_unreadable(encoder, column, table.name)
            forget(values_of(column))

    def _refuse_missing(self, table: Table) -> None:
        lost = [encoder.name for encoder in self.encoders if encoder.name not in table.columns]
        if lost:
            known = {encoder.name for encoder in self.encoders}
            others = [name for name in table.columns if name not in known]
            named = ", ".join(map(repr, lost[:5])) + f" and {len(lost) - 5} more" * (len(lost) > 5)
            raise DataError(
                f"{table.name} lacks the column{'s' * (len(lost) > 1)} {named} that training had. Columns:"
                f" {', '.join(list(table.columns)[:12])}{', ...' * (len(table.columns) > 12)}."
                f"{did_you_mean(lost[0], others)}"
            )

    def to_dict(self) -> dict[str, Any]:
        """The preparation as plain data for JSON; floats come back exactly."""
        plain = {
            "version": self._version(),
            "columns": [{"kind": encoder.kind, **_plain(encoder)} for encoder in self.encoders],
            "target": target_to_dict(self.target),
            "kinds": [_plain(column) for column in self.kinds],
        }
        return plain | ({"quantiles": [list(each) for each in self.quantiles]} if self.quantiles else {})

    def _version(self) -> int:
        if any(isinstance(encoder, TextEncoder) for encoder in self.encoders):
            return VERSION
        if any(isinstance(encoder, CategoryEncoder) and encoder.means for encoder in self.encoders):
            return 3
        return 1 if getattr(self.target, "log_unit", None) is None else 2

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Preparation":
        """The preparation that `to_dict` wrote.

        Raises:
            RunFolderError: the data are of another version or damaged.
        """
        if data.get("version") not in range(1, VERSION + 1):
            raise RunFolderError(
                f"The preparation is of version {data.get('version')!r}; this Talweg reads versions 1 to {VERSION}."
                " Read the run with the Talweg that wrote it, or train anew."
            )
        try:
            return cls(
                tuple(_built(ENCODERS[column["kind"]], column) for column in data["columns"]),
                target_from_dict(data["target"]),
                tuple(ColumnKind(**column) for column in data["kinds"]),
                tuple(tuple(map(float, each)) for each in data.get("quantiles", ())),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunFolderError(f"The preparation is damaged ({error!r}); train anew.") from None


def _refuse_unreadable(encoder: Encoder, column: Column, table: str) -> None:
    """Raise DataError where a column of numbers or dates holds none at all: it is another column, or written anew."""
    if encoder.kind not in _READ or isinstance(column, _HELD[encoder.kind]):
        return
    known = np.flatnonzero(~column.missing())
    if len(known) and _READ[encoder.kind](column).missing()[known].all():
        text = as_text(column.take(known[:1]))
        raise DataError(
            f"Column {encoder.name!r} of {table} holds {text.levels[text.codes[0]]!r} in row {known[0] + 1} and no"
            f" {encoder.kind} anywhere; it held {encoder.kind}s in training."
        )


def _refuse_wordless(encoders: Iterable[Encoder], kinds: Iterable[ColumnKind], table: str) -> None:
    """Raise DataError where a column was declared text of which nothing can be learned."""
    declared = {found.name for found in kinds if found.reason == DECLARED}
    for encoder in encoders:
        if isinstance(encoder, TextEncoder) and not encoder.center and encoder.name in declared:
            raise DataError(
                f"Column {encoder.name!r} of {table} was declared text, but no word stands in two training rows;"
                " nothing can be learned of it. Leave it out, or declare it a category."
            )


def _surprises(encoder: Encoder, column: Column) -> Iterable[str]:
    gaps = int(column.missing().sum())
    if gaps and not encoder.missing:
        yield f"{encoder.name!r} is missing in {_rows(gaps)}, which training never saw."
    if isinstance(encoder, CategoryEncoder):
        if not encoder.rare and len(unseen := encoder.unseen(column)):
            yield f"{encoder.name!r} holds words that training never saw in {_rows(len(unseen))}."
    elif isinstance(encoder, TextEncoder):
        if len(strange := encoder.strange(column)):
            yield f"{encoder.name!r} holds no word that training knew in {_rows(len(strange))}."
    elif encoder.kind in _READ:
        others = int((_READ[encoder.kind](column).missing() & ~column.missing()).sum())
        if others:
            yield f"{encoder.name!r} holds no {encoder.kind} in {_rows(others)}; they are taken as missing."


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"


def _plain(data: Any) -> dict[str, Any]:
    used = {name: value for name, value in vars(data).items() if name not in _NEWS or value != _NEWS[name]}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in used.items()}


def _built(sort: Any, data: Mapping[str, Any]) -> Any:
    fields = {field.name for field in dataclasses.fields(sort)}
    if fields - set(_NEWS) != set(data) - {"kind"} - set(_NEWS):
        raise ValueError(f"expected {sorted(fields)}")
    return sort(**{name: _frozen(data[name]) for name in fields & set(data)})


def _frozen(value: Any) -> Any:
    """The same with tuples for lists."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value

"""What each column is (a number, a category, a date, nothing to learn from) and why. Nothing is changed here.

The kinds are found in the training rows alone, so that no other row has a say in what the network is shown.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Literal, cast, get_args

import numpy as np
from jaxtyping import Int

from talweg.data.reading.words import are_codes, read_dates, read_numbers, spread
from talweg.data.table import Column, Dates, Numbers, Table, Text, unknown_column
from talweg.errors import ConfigError, DataError, did_you_mean

Kind = Literal["number", "category", "date", "text", "identifier", "constant", "duplicate", "ignored"]
USED: tuple[Kind, ...] = ("number", "category", "date", "text")
"""The kinds that become features; columns of the others are left out."""
DECLARED = "declared"
"""The reason for a kind that the user said."""

_IDENTIFIER_NAME = re.compile(r"(?i:(?:^|.*[_\W])(?:id|uuid|guid|index|idx|row)|unnamed_0)|.*[a-z](?:Id|ID)")
_IGNORE: Mapping[str, str] = {"ignore": "ignored"}
_MANY_WORDS = 20
_MOST_STRAYS = 0.05
_GAP_WORDS = 2


@dataclasses.dataclass(frozen=True)
class ColumnKind:
    """What a column was found, or declared, to be.

    Attributes:
        name: the column.
        kind: what it is.
        reason: why, as the end of a sentence.
    """

    name: str
    kind: Kind
    reason: str


def find_kinds(
    table: Table,
    rows: Int[np.ndarray, " train"],
    target: str,
    declared: Mapping[str, str] | None = None,
    aside: Mapping[str, str] | None = None,
) -> tuple[ColumnKind, ...]:
    """The kind of every column but the target, in the order of the table.

    Args:
        table: the whole table.
        rows: the training rows; no other row is looked at.
        target: the column that is predicted.
        declared: kinds that the user says, by column; `ignore` is short for `ignored`.
        aside: columns that serve otherwise, and why they are no features; a declared kind wins.

    Raises:
        ConfigError: a kind that does not exist, or one for the target.
        DataError: a declared column that does not exist, or that cannot be of its kind; or no column is left.

    Example:
        >>> from talweg.data.reading.frames import from_mapping
        >>> table = from_mapping({"size": [1.5, 2.5], "site": ["a", "a"], "price": [1, 2]})
        >>> [(found.name, found.kind) for found in find_kinds(table, np.array([0, 1]), "price")]
        [('size', 'number'), ('site', 'constant')]
    """
    declared = {name: _IGNORE.get(kind, kind) for name, kind in (declared or {}).items()}
    for name, kind in declared.items():
        _check_declared(table, name, kind)
    if target in declared:
        raise ConfigError(
            f"{target!r} is the target, not one of the columns it is predicted from: say what it is by task"
        )
    aside = {name: why for name, why in (aside or {}).items() if name not in declared}
    kinds: list[ColumnKind] = []
    seen: dict[bytes, str] = {}
    for name in table.columns:
        if name == target:
            continue
        if name in aside:
            kinds.append(ColumnKind(name, "ignored", aside[name]))
            continue
        column = table.columns[name].take(rows)
        if name in declared and (declared[name] not in USED or not column.missing().all()):
            _refuse_unfit(column, name, declared[name], table.name, rows)
            kinds.append(ColumnKind(name, cast(Kind, declared[name]), DECLARED))
            continue
        found = ColumnKind(name, *_kind(name, column))
        same = seen.setdefault(_content(column), name) if found.kind in USED else name
        kinds.append(
            found if same == name else ColumnKind(name, "duplicate", f"the same as {same!r} in every training row")
        )
    if not any(found.kind in USED for found in kinds):
        left_out = "; ".join(f"{found.name!r}: {found.kind}, {found.reason}" for found in kinds[:5])
        raise DataError(f"{table.name} has no column to predict {target!r} from ({left_out or 'it has no other'}).")
    return tuple(kinds)


def _check_declared(table: Table, name: str, kind: str) -> None:
    if kind not in get_args(Kind):
        raise ConfigError(
            f"Unknown kind {kind!r} for column {name!r}; expected one of {', '.join(get_args(Kind))}."
            f"{did_you_mean(kind, get_args(Kind))}"
        )
    if name not in table.columns:
        raise DataError(unknown_column(name, table.name, table.columns))


def _refuse_unfit(column: Column, name: str, kind: str, table: str, rows: Int[np.ndarray, " train"]) -> None:
    if kind not in ("number", "date"):
        return
    read: Column = as_numbers(column) if kind == "number" else as_dates(column)
    strange = np.flatnonzero(read.missing() & ~column.missing())
    if len(strange):
        text = as_text(column)
        word = text.levels[text.codes[strange[0]]]
        raise DataError(
            f"Column {name!r} of {table} was declared a {kind} but holds {word!r} in row"
            f" {rows[strange[0]] + 1}; mend that value, leave it empty, or declare the column a category."
        )


def _content(column: Column) -> bytes:
    match column:
        case Text(codes, levels):
            return repr(levels).encode() + codes.tobytes()
        case Numbers(values) | Dates(values):
            return values.tobytes()


def _kind(name: str, column: Column) -> tuple[Kind, str]:
    missing = column.missing()
    if missing.all():
        return "constant", "no value in any training row"
    match column:
        case Text():
            return _kind_of_text(name, column)
        case Dates(values):
            first = values[~missing]
            return ("constant", "one date in every row") if _same(first, missing) else ("date", "dates")
        case Numbers(values):
            known = values[~missing]
            if _same(known, missing):
                return "constant", f"{known[0]:g} in every training row"
            if _IDENTIFIER_NAME.fullmatch(name) and len(known) == len(values) and _all_different_wholes(values):
                return "identifier", "a whole number of its own in every row, and its name"
            return "number", "numbers"


def _same(known: np.ndarray, missing: np.ndarray) -> bool:
    return not missing.any() and bool((known == known[0]).all())


def _all_different_wholes(values: np.ndarray) -> bool:
    return bool((values == np.floor(values)).all()) and len(np.unique(values)) == len(values)


def _kind_of_text(name: str, column: Text) -> tuple[Kind, str]:
    counts = column.counts()
    words = [column.levels[code] for code in np.flatnonzero(counts)]
    counts, known = counts[counts > 0], int(counts.sum())
    if len(words) == 1 and known == len(column.codes):
        return "constant", f"{words[0]!r} in every training row"
    if not are_codes(words) and (strays := _strays(words, counts)):
        return "number", f"numbers but for {strays}, taken as missing"
    if len(words) == known and _IDENTIFIER_NAME.fullmatch(name):
        return "identifier", "a word of its own in every row, and its name"
    if len(words) > _MANY_WORDS and len(words) > 0.5 * known:
        spaces = sum(word.count(" ") for word in words) / len(words)
        if spaces >= 4:
            return "text", f"sentences, {len(words)} different ones"
        if len(words) > 0.9 * known:
            return "identifier", f"{len(words)} different words in {known} rows"
    return "category", f"{len(words)} different words"


def _strays(words: list[str], counts: Int[np.ndarray, " words"]) -> str:
    """The few words among many numbers, or nothing where they are not few or not among many."""
    few = words[:: 1 + len(words) // 256]
    if 2 * np.isnan(read_numbers(few)).sum() > len(few):
        return ""
    strange = np.isnan(read_numbers(words))
    # One word or two, however often, are how a source writes that there is no number.
    most = 0.5 if strange.sum() <= _GAP_WORDS else _MOST_STRAYS
    if (~strange).sum() < _MANY_WORDS or counts[strange].sum() > most * counts.sum():
        return ""
    named = [repr(words[place]) for place in np.flatnonzero(strange)[:3]]
    return ", ".join(named) + (" and others" if strange.sum() > 3 else "") or "nothing"


def as_numbers(column: Column) -> Numbers:
    """The column read as numbers; a word that is none, and a date, is missing.

    Example:
        >>> as_numbers(Text.of(["1,5", "many"])).values
        array([1.5, nan])
    """
    match column:
        case Numbers():
            return column
        case Text(_, levels):
            return Numbers(spread(read_numbers(levels), column))
        case Dates(values):
            return Numbers(np.full(len(values), np.nan))


def as_dates(column: Column) -> Dates:
    """The column read as dates; a word that is none, and a number, is missing."""
    match column:
        case Dates():
            return column
        case Text(codes, levels):
            return Dates(np.append(read_dates(levels), np.datetime64("NaT"))[codes])
        case Numbers(values):
            return Dates(np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]"))


def as_text(column: Column) -> Text:
    """The column read as words; a whole number is written without a point.

    Example:
        >>> as_text(Numbers(np.array([2007.0, np.nan]))).levels
        ('2007',)
    """
    match column:
        case Text():
            return column
        case Numbers(values) | Dates(values):
            known = ~column.missing()
            different, place = np.unique(values[known], return_inverse=True)
            words = [_word(value) for value in different.tolist()]
            order = np.argsort(np.array(words, dtype=object), kind="stable")
            codes = np.full(len(values), -1, np.int32)
            codes[known] = np.argsort(order)[place]
            return Text(codes, tuple(words[position] for position in order))


def _word(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)

"""What the gate says of words that people read as dates or numbers, and a program cannot for certain."""

import re
from collections.abc import Iterable, Iterator

from talweg.data.gate.finding import Case, Finding
from talweg.data.reading.words import SLASHED
from talweg.data.table import Text

_LOOKED_AT = 50
_UNIT = re.compile(r"[+-]?(?:(?:[$€£¥]|USD|EUR|GBP|CHF|JPY)\s*)?[+-]?\d[\d.,]*\s*(?:[^\W\d_]|[%°$€£¥/]){0,4}")
"""A number with a unit, a currency or a percent sign beside it."""
_LETTERS = re.compile(r"[^\d.,+\s-]+")


def slashed_dates(case: Case) -> Iterable[Finding]:
    """Columns of dates such as 3/4/2024, which nobody can read for certain, and which are taken as words."""
    for name, some, taken in _words(case):
        if all(map(SLASHED.fullmatch, some)):
            yield Finding(
                "warning",
                "slashed_dates",
                f"Column {name!r} holds dates such as {some[0]!r}, of which day and month cannot be told apart;"
                f" it is taken as {taken}.",
                f"Write them as 2024-12-31 or 31.12.2024, or leave them out with --column {name}=ignore.",
                (name,),
            )


def numbers_with_units(case: Case) -> Iterable[Finding]:
    """Columns of numbers that all have the same unit beside them, such as 50 %, and which are taken as words."""
    for name, some, taken in _words(case):
        units = {tuple(_LETTERS.findall(word)) for word in some}
        if len(units) == 1 and all(units) and all(map(_UNIT.fullmatch, some)):
            yield Finding(
                "warning",
                "numbers_with_units",
                f"Column {name!r} holds numbers with {''.join(*units)!r} beside them, such as {some[0]!r}; it is taken"
                f" as {taken}.",
                "Write the numbers alone, and the unit in the column's name.",
                (name,),
            )


def _words(case: Case) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each column that is taken as words or names: what it is called, some of its words, and what it is taken as."""
    for found in case.preparation.kinds:
        column = case.table.columns[found.name]
        if found.kind in ("category", "identifier") and isinstance(column, Text) and len(column.levels) > 1:
            some = column.levels[:: 1 + len(column.levels) // _LOOKED_AT]
            yield found.name, some, "words" if found.kind == "category" else "a name of each row, and left out"

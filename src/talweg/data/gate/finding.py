"""What the gate looks at and what it says: a case, a finding, a report. What is looked for stands beside it."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Int, Num

from talweg.data.clean import Preparation
from talweg.data.images.prepare import PicturePreparation
from talweg.data.large.gather import Stack
from talweg.data.split import PARTS, Split
from talweg.data.table import Table
from talweg.data.task import Target, labels_of

Grade = Literal["error", "warning", "note"]
GRADES: tuple[Grade, ...] = ("error", "warning", "note")
"""From what makes every number of a training meaningless to what is only good to know."""

_SHOWN = 20
_NAMED = 3


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that the gate found.

    Attributes:
        grade: how bad it is.
        check: what was looked for, a word that stays the same from version to version.
        sentence: what was found, in plain words.
        mend: what to do about it, in plain words.
        columns: the columns concerned.
        rows: the rows concerned, counted from 1 below the header; the first twenty.
        count: how many rows are concerned; 0 where it is no matter of rows.
    """

    grade: Grade
    check: str
    sentence: str
    mend: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    count: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As plain data; its shape is in docs/json.md."""
        plain = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


@dataclasses.dataclass(frozen=True)
class Report:
    """What the gate found in a source, the worst first.

    Attributes:
        findings: each thing.
    """

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Report":
        """The report of findings, sorted by their grade."""
        return cls(tuple(sorted(findings, key=lambda finding: GRADES.index(finding.grade))))

    def graded(self, grade: Grade) -> tuple[Finding, ...]:
        """The findings of one grade."""
        return tuple(finding for finding in self.findings if finding.grade == grade)

    def to_dict(self) -> dict[str, Any]:
        """As plain data; its shape is in docs/json.md."""
        counts = {f"{grade}s": len(self.graded(grade)) for grade in GRADES}
        return {**counts, "findings": [finding.to_dict() for finding in self.findings]}


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A table on its way into a training.

    Attributes:
        table: the whole table.
        target: what is predicted, and in which rows it is known.
        parts: which rows train, validate and test.
        preparation: how columns become features.
        features: the features of the rows in which the target is known, in their order.
        group: the column that keeps rows together, if one was named.
        time: the column of the time by which rows were split, if one was named.
        given: the column by which the source says the split, if it does.
    """

    table: Table
    target: Target
    parts: Split
    preparation: Preparation | PicturePreparation
    features: Num[Stack, "known *features"]
    group: str | None = None
    time: str | None = None
    given: str | None = None

    def part(self) -> Int[np.ndarray, " known"]:
        """For each row in which the target is known: its part, and with folds its fold."""
        return self.parts.marks(self.table.rows)[self.target.rows]

    def labels(self) -> tuple[Int[np.ndarray, " known"], tuple[str, ...]]:
        """The class of each of these rows, as a position in the classes, and the classes as words."""
        codes, labels = labels_of(self.table.columns[self.target.name].take(self.target.rows))
        return codes, tuple(map(str, labels))

    def rows(self, chosen: Bool[np.ndarray, " known"]) -> dict[str, Any]:
        """The fields `rows` and `count` of a finding, for some of these rows."""
        places = self.target.rows[np.flatnonzero(chosen)]
        return {"rows": tuple((places[:_SHOWN] + 1).tolist()), "count": len(places)}

    def used(self) -> tuple[str, ...]:
        """The columns that became features."""
        return tuple(encoder.name for encoder in self.preparation.encoders)

    def part_names(self) -> tuple[tuple[int, str], ...]:
        """The parts that hold rows, with their numbers in `part` (without folds)."""
        sizes = (self.parts.train, self.parts.validation, self.parts.test)
        return tuple((number, name) for number, (name, rows) in enumerate(zip(PARTS, sizes, strict=True)) if len(rows))


def named(things: Sequence[object]) -> str:
    """The first few of many, quoted, for a sentence.

    Example:
        >>> named(["a", "b"]), named(["a", "b", "c", "d", "e"])
        ("'a' and 'b'", "'a', 'b', 'c' and 2 more")
    """
    shown = [repr(str(thing)) for thing in things[:_NAMED]]
    if len(things) > _NAMED:
        return f"{', '.join(shown)} and {len(things) - _NAMED} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(count: int, thing: str = "row") -> str:
    """A number and its noun.

    Example:
        >>> counted(1), counted(3, "class")
        ('1 row', '3 classes')
    """
    return f"{count} {thing}{'' if count == 1 else 'es' if thing.endswith('s') else 's'}"


def percent(share: float) -> str:
    """A share in percent, with as many digits as it needs.

    Example:
        >>> percent(0.25), percent(0.0042), percent(0.99987)
        ('25 %', '0.42 %', '99.987 %')
    """
    edge = min(share, 1 - share)
    digits = 0 if edge >= 0.05 or edge <= 0 else 1 if edge >= 0.01 else 2 if edge >= 0.001 else 3
    return f"{100 * share:.{digits}f} %"

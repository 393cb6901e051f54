"""From a source to rows that are split, prepared and looked over. What is trained on them is for `build` to say."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.config.settings import Settings
from talweg.data.clean import Preparation
from talweg.data.finding import Case, Report
from talweg.data.gate import inspect
from talweg.data.parts import Plan, deal, given_column
from talweg.data.read import read_table
from talweg.data.split import Fractions, Split
from talweg.data.table import Table
from talweg.data.task import Target, choose_target
from talweg.errors import ConfigError, DataError


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """A source, ready to be learned from.

    Attributes:
        table: the whole table.
        target: what is predicted, and in which rows it is known.
        parts: which rows train, validate and test.
        preparation: how columns become features, fitted on the training rows.
        features: of the rows in which the target is known, in their order.
        report: what the gate found.
        notes: what was decided for the user, a sentence each.
    """

    table: Table
    target: Target
    parts: Split
    preparation: Preparation
    features: Float[np.ndarray, "known features"]
    report: Report
    notes: tuple[str, ...]


def prepare(settings: Settings, source: Any = None) -> Prepared:
    """Reads, splits, prepares and looks over a source.

    Args:
        settings: those of the data are used: source, target, task, split and its ways, columns.
        source: data as a Python object; the settings' source is read if it is absent.

    Raises:
        ConfigError: ways of splitting that exclude each other; a kind of column that does not exist.
        DataError: a source that cannot be read, or not be learned from.
    """
    plan = plan_of(settings)
    table = read_table(settings.source if source is None else source)
    target = choose_target(table, settings.target, None if settings.task == "auto" else settings.task)
    parts, notes = deal(table, target, plan)
    aside = dict.fromkeys(plan.columns(table), "it says how the rows are split")
    preparation = Preparation.fit(table, parts.train, target.name, target.task, settings.columns, aside)
    features = preparation.features(table.take(target.rows))
    given = given_column(table) if plan.given else None
    case = Case(table, target, parts, preparation, features, plan.group, plan.time, given)
    told = (*table.notes, *target.reasons, *notes)
    return Prepared(table, target, parts, preparation, features, inspect(case), told)


def plan_of(settings: Settings) -> Plan:
    """How rows are to be split, from the settings.

    Raises:
        ConfigError: shares that do not add up; ways that exclude each other.
    """
    if settings.folds and settings.members % settings.folds:
        raise ConfigError(
            f"{settings.members} members cannot hold out {settings.folds} folds alike; give {settings.folds}, or a"
            " multiple of it."
        )
    return Plan(
        Fractions.parse(settings.split),
        settings.seed,
        settings.group,
        settings.time,
        settings.split_by,
        settings.folds or 0,
        given="split" not in {name.lower() for name in settings.columns},
    )


def refuse_errors(report: Report, gate: str) -> None:
    """Makes sure that the gate found no error, or that the user wants to train all the same.

    Raises:
        DataError: it did; the message tells the first and how many there are.
    """
    errors = report.graded("error")
    if not errors or gate == "warn":
        return
    more = f" ({len(errors) - 1} more: see talweg check)" if len(errors) > 1 else ""
    raise DataError(f"{errors[0].sentence} {errors[0].mend}{more} To train all the same: --gate warn.")

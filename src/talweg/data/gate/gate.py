"""The gate that a table passes before the first step: every check in turn. Nothing is changed, nothing is printed."""

from collections.abc import Callable, Iterable

from talweg.data.gate import columns, rows, target, unread
from talweg.data.gate.finding import Case, Finding, Report

CHECKS: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    target.missing_target,
    target.other_task,
    target.skewed_target,
    target.classes_in_parts,
    target.imbalance,
    rows.duplicates,
    rows.duplicates_after_cleaning,
    rows.label_conflicts,
    rows.groups,
    rows.time_order,
    columns.give_aways,
    columns.identifiers,
    columns.left_out,
    columns.texts,
    unread.slashed_dates,
    unread.numbers_with_units,
    columns.non_finite,
    columns.mostly_missing,
    columns.many_features,
    columns.drift,
)
"""Everything that is looked for in a table; adding a check is a function and a line here."""


def inspect(case: Case) -> Report:
    """Everything that the checks find, the worst first.

    Example:
        >>> from talweg.data.builtin import load
        >>> from talweg.data.clean import Preparation
        >>> from talweg.data.parts import Plan, deal
        >>> from talweg.data.task import choose_target
        >>> table = load("penguins")
        >>> target = choose_target(table)
        >>> parts, _ = deal(table, target, Plan())
        >>> preparation = Preparation.fit(table, parts.train, target.name, target.task)
        >>> case = Case(table, target, parts, preparation, preparation.features(table.take(target.rows)))
        >>> inspect(case).graded("error")
        ()
    """
    return Report.of(finding for check in CHECKS for finding in check(case))

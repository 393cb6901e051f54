"""The gate that a table passes before the first step: every check in turn. Nothing is changed, nothing is printed."""

from collections.abc import Callable, Iterable

from talweg.data import checks_columns, checks_rows, checks_target
from talweg.data.finding import Case, Finding, Report

CHECKS: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    checks_target.missing_target,
    checks_target.other_task,
    checks_target.classes_in_parts,
    checks_target.imbalance,
    checks_rows.duplicates,
    checks_rows.duplicates_after_cleaning,
    checks_rows.label_conflicts,
    checks_rows.groups,
    checks_rows.time_order,
    checks_columns.give_aways,
    checks_columns.identifiers,
    checks_columns.left_out,
    checks_columns.non_finite,
    checks_columns.mostly_missing,
    checks_columns.many_features,
    checks_columns.drift,
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

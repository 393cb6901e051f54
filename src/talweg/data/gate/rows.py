"""What the gate looks for in the rows: the same row in two parts, conflicting labels, groups and time that leak."""

import re
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Int, UInt64

from talweg.data.columns import as_dates, as_text
from talweg.data.gate.finding import Case, Finding, Grade, counted, named, percent
from talweg.data.rowhash import feature_hashes, mixed, row_hashes
from talweg.data.table import Numbers

_MANY_COPIES, _FEW_COPIES = 0.01, 3
_MANY_CONFLICTS = 0.05
_GROUP_NAME = re.compile(
    r"(?i:(?:.*[_\W])?(?:id|uuid|guid|user|patient|subject|person|customer|client|household|session|group|site|device))"
    r"|.*[a-z](?:Id|ID)"
)
_FEWEST_GROUPS = 5


def duplicates(case: Case) -> Iterable[Finding]:
    """Rows that stand in more than one part, value for value."""
    names = tuple(name for name in case.table.columns if name != case.given)
    yield from _copies(case, row_hashes(case.table, names)[case.target.rows], "duplicates", "value for value")


def duplicates_after_cleaning(case: Case) -> Iterable[Finding]:
    """Rows that stand in more than one part once they are cleaned, and were not the same before."""
    names = tuple(name for name in case.table.columns if name != case.given)
    raw = row_hashes(case.table, names)[case.target.rows]
    target = row_hashes(case.table, (case.target.name,))[case.target.rows]
    clean = feature_hashes(np.asarray(case.features)) + target
    # A row that has an exact copy elsewhere was told of already.
    yield from _copies(
        case, clean, "duplicates_after_cleaning", "once they are cleaned", _in_two_parts(raw, case.part())
    )


def _copies(
    case: Case,
    hashes: UInt64[np.ndarray, " known"],
    check: str,
    how: str,
    told: Bool[np.ndarray, " known"] | None = None,
) -> Iterable[Finding]:
    part = case.part()
    twice = _in_two_parts(hashes, part)
    if told is not None:
        twice &= ~told
    judged = twice & ((part > 0) | (case.parts.fold is not None))
    if not judged.any():
        return
    count = int(judged.sum())
    share = count / max(1, int((part > 0).sum()))
    different = len(np.unique(hashes)) / len(hashes)
    grade: Grade = "warning" if share >= _MANY_COPIES and count >= _FEW_COPIES else "note"
    natural = f" Only {percent(different)} of all rows differ, so some must meet." if different < 0.5 else ""
    first = np.flatnonzero(judged)[0]
    other = np.flatnonzero((hashes == hashes[first]) & (part != part[first]))[0]
    yield Finding(
        grade,
        check,
        f"{counted(count)} of validation and test stand{'s' * (count == 1)} in another part too,"
        f" {how} ({percent(share)} of them; row {case.target.rows[first] + 1} is row {case.target.rows[other] + 1})."
        f"{natural}",
        "Leave the copies out, or keep equal rows together with --split-by hash.",
        (),
        **case.rows(judged),
    )


def _in_two_parts(hashes: UInt64[np.ndarray, " known"], part: Int[np.ndarray, " known"]) -> Bool[np.ndarray, " known"]:
    """Which rows have an equal one in another part."""
    order = np.argsort(hashes, kind="stable")
    ordered, parts = hashes[order], part[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    apart = np.minimum.reduceat(parts, starts) != np.maximum.reduceat(parts, starts)
    found = np.empty(len(hashes), bool)
    found[order] = np.repeat(apart, np.diff(np.append(starts, len(hashes))))
    return found


def label_conflicts(case: Case) -> Iterable[Finding]:
    """Rows whose features are the same and whose labels differ: nobody can get all of them right."""
    if case.target.task != "classification":
        return
    codes, _ = case.labels()
    alike = np.unique(feature_hashes(np.asarray(case.features)), return_inverse=True)[1]
    cell, counts = np.unique(alike * (int(codes.max()) + 1) + codes, return_counts=True)
    place = cell // (int(codes.max()) + 1)
    best, total = np.zeros(int(alike.max()) + 1, np.int64), np.bincount(alike)
    np.maximum.at(best, place, counts)
    conflict = (best < total)[alike]
    if not conflict.any():
        return
    reachable = best.sum() / len(codes)
    grade: Grade = "warning" if 1 - reachable >= _MANY_CONFLICTS else "note"
    yield Finding(
        grade,
        "label_conflicts",
        f"{counted(int(conflict.sum()))} share all their features with a row of another class; no prediction from"
        f" these features can be right in more than {percent(reachable)} of the rows.",
        "Look for a wrong label, or for a column that tells these rows apart.",
        (case.target.name,),
        **case.rows(conflict),
    )


def groups(case: Case) -> Iterable[Finding]:
    """Values of a column that names groups and that stand in more than one part."""
    if case.group is not None:
        yield from _groups_in_two_parts(case, case.group, "error")
        return
    kinds = {found.name: found.kind for found in case.preparation.kinds}
    for name, kind in kinds.items():
        if kind in ("category", "number", "text", "ignored") and _GROUP_NAME.fullmatch(name):
            yield from _groups_in_two_parts(case, name, "warning")


def _groups_in_two_parts(case: Case, name: str, grade: Grade) -> Iterable[Finding]:
    text = as_text(case.table.columns[name].take(case.target.rows))
    known = text.codes >= 0
    sizes = np.bincount(text.codes[known], minlength=len(text.levels))
    if grade != "error" and (
        (sizes > 1).sum() < _FEWEST_GROUPS or len(text.levels) < 0.02 * len(text.codes) or _is_quantity(case, name)
    ):
        return
    # Mixed, so that no code meets another column's by chance; a row without a group is a group of its own.
    hashes = mixed(np.where(known, text.codes, len(text.levels) + np.arange(len(known))).astype(np.uint64))
    apart = _in_two_parts(hashes, case.part())
    if not apart.any():
        return
    shared = [text.levels[code] for code in np.unique(text.codes[apart])]
    yield Finding(
        grade,
        "group_leak",
        f"{counted(len(shared), 'value')} of {name!r} stand{'s' * (len(shared) == 1)} in more than one part"
        f" ({named(shared)}): what is learned of a group in training helps it in the test.",
        "Take another split: the source's own split column tears them apart."
        if grade == "error"
        else f"If the rows of one value belong together, keep them together with --group {name}.",
        (name,),
        **case.rows(apart),
    )


def _is_quantity(case: Case, name: str) -> bool:
    column = case.table.columns[name]
    return isinstance(column, Numbers) and not bool((column.values == np.floor(column.values)).all())


def time_order(case: Case) -> Iterable[Finding]:
    """Training rows later than test rows, where rows have dates."""
    if case.time is not None and case.given is None:
        return
    names = [found.name for found in case.preparation.kinds if found.kind == "date"]
    names += [case.time] if case.time is not None else []
    for name in names:
        column = case.table.columns[name]
        when = (column if isinstance(column, Numbers) else as_dates(column)).values
        train, test = when[case.parts.train], when[case.parts.test]
        train, test = train[~_unknown(train)], test[~_unknown(test)]
        if not len(train) or not len(test) or train.max() < test.min():
            continue
        later = float((train[:, None] >= np.sort(test)[None, :1]).mean())
        yield Finding(
            "error" if case.time is not None else "note",
            "time_leak",
            f"By {name!r}, {percent(later)} of the training rows are not earlier than the first test row.",
            "Take another split: the source's own split column mixes past and future."
            if case.time is not None
            else f"If the network is to predict the future, train on the past with --time {name}.",
            (name,),
        )


def _unknown(when: np.ndarray) -> np.ndarray:
    return np.isnat(when) if when.dtype.kind == "M" else ~np.isfinite(when)

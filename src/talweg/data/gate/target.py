"""What the gate looks for in the target: gaps, the other task, classes that are rare or missing from a part."""

from collections.abc import Iterable

import numpy as np

from talweg.data.gate.finding import Case, Finding, Grade, counted, named, percent
from talweg.data.split import PARTS
from talweg.data.table import Numbers
from talweg.data.targets import NumberTarget, is_skewed, skewness
from talweg.data.task import quantities_of

_MOST_CLASSES = 20
_FEWEST_VALUES = 10
_UNEVEN, _VERY_UNEVEN = 10, 50


def missing_target(case: Case) -> Iterable[Finding]:
    """Rows in which the target is not known; they are left out."""
    if not case.target.missing:
        return
    column = case.table.columns[case.target.name]
    lost = np.flatnonzero(column.missing())
    infinite = isinstance(column, Numbers) and bool(np.isinf(column.values[lost]).any())
    yield Finding(
        "warning" if infinite else "note",
        "missing_target",
        f"The target {case.target.name!r} is {'infinite or ' * infinite}missing in {counted(len(lost))}; they are"
        " left out.",
        "Fill the target in where it is known.",
        (case.target.name,),
        tuple((lost[:20] + 1).tolist()),
        len(lost),
    )


def other_task(case: Case) -> Iterable[Finding]:
    """Numbers that look like a quantity and are taken as classes, or the other way round."""
    name, column = case.target.name, case.table.columns[case.target.name]
    if not isinstance(column, Numbers):
        return
    values = np.unique(column.values[case.target.rows])
    if case.target.task == "classification" and len(values) > _MOST_CLASSES:
        yield Finding(
            "warning",
            "other_task",
            f"The target {name!r} is taken as classes but holds {len(values)} different numbers, as a quantity does.",
            "If its values are a quantity, use --task regression.",
            (name,),
        )
    elif case.target.task == "regression" and len(values) <= _FEWEST_VALUES and (values == np.floor(values)).all():
        yield Finding(
            "warning",
            "other_task",
            f"The target {name!r} is taken as a quantity but holds only {len(values)} different whole numbers, as"
            " classes do.",
            "If its values are classes, use --task classification.",
            (name,),
        )


def skewed_target(case: Case) -> Iterable[Finding]:
    """A quantity with a long tail of large values, of which the logarithm could be learned and is not."""
    target = case.preparation.target
    if not isinstance(target, NumberTarget) or target.log_unit is not None:
        return
    values = quantities_of(case.table.columns[target.name].take(case.parts.train), target.name, case.table.name).values
    if is_skewed(values):
        yield Finding(
            "note",
            "skewed_target",
            f"The target {target.name!r} is skewed (skewness {skewness(values):.1f}): the largest values have most to"
            " say in a squared error.",
            "To learn its logarithm, which cares for relative errors: --target-scale log.",
            (target.name,),
        )


def classes_in_parts(case: Case) -> Iterable[Finding]:
    """Classes without a row in training (nothing can be learned of them) or in validation or test."""
    if case.target.task != "classification":
        return
    codes, labels = case.labels()
    part = case.part()
    in_training = np.bincount(codes[(part == 0) | (part > 2)], minlength=len(labels))
    if len(lost := np.flatnonzero(in_training == 0)):
        yield Finding(
            "error",
            "classes_missing",
            f"Training holds no row of {_classes(lost, labels)}, which stand elsewhere.",
            "Split the rows in another way, or leave those rows out, as --gate warn does.",
            (case.target.name,),
            **case.rows(np.isin(codes, lost)),
        )
    for number, name in case.part_names()[1:]:
        held = np.bincount(codes[part == number], minlength=len(labels))
        absent = np.flatnonzero((held == 0) & (in_training > 0))
        if len(absent):
            yield Finding(
                "warning",
                "classes_missing",
                f"The {PARTS[number]} rows hold none of {_classes(absent, labels)}: nothing there says how well"
                f" {'it is' if len(absent) == 1 else 'they are'} predicted.",
                f"Give more rows of {'it' if len(absent) == 1 else 'them'}, or a larger share for {name}.",
                (case.target.name,),
                **case.rows(np.isin(codes, absent)),
            )


def imbalance(case: Case) -> Iterable[Finding]:
    """A class that is far rarer than the most frequent one, or stands in one row only."""
    if case.target.task != "classification":
        return
    codes, labels = case.labels()
    counts = np.bincount(codes, minlength=len(labels))
    if len(alone := np.flatnonzero(counts == 1)):
        yield Finding(
            "warning",
            "single_row_class",
            f"{_classes(alone, labels, 'stands', 'stand')} in one row only: it can train, but never be tested.",
            "Give more rows of it, join it with another class, or leave it out.",
            (case.target.name,),
            **case.rows(np.isin(codes, alone)),
        )
    rare, common = int(counts.argmin()), int(counts.argmax())
    uneven = counts[common] / counts[rare]
    if uneven < _UNEVEN or counts[rare] == 1:
        return
    grade: Grade = "warning" if uneven >= _VERY_UNEVEN else "note"
    yield Finding(
        grade,
        "imbalance",
        f"Class {labels[rare]!r} has {counted(int(counts[rare]))}, class {labels[common]!r} {counts[common]}: always"
        f" saying {labels[common]!r} is right in {percent(counts[common] / counts.sum())} of the rows.",
        "Judge by balanced accuracy or macro F1; --class-weight balanced lets every class count alike.",
        (case.target.name,),
    )


def _classes(codes: np.ndarray, labels: tuple[str, ...], one: str = "", many: str = "") -> str:
    verb = f" {one if len(codes) == 1 else many}" if one else ""
    return f"{'Class' if one else 'class'}{'es' * (len(codes) != 1)} {named([labels[code] for code in codes])}{verb}"

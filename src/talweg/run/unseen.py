"""Classes that stand in validation or test rows alone. What the gate says of them is in `data/gate/target`."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from talweg.data.gate.finding import counted, named
from talweg.data.large.sample import places
from talweg.data.split import Split
from talweg.data.table import Table
from talweg.data.task import Label, Target, labels_of


def without_unseen(
    table: Table,
    target: Target,
    parts: Split,
    classes: Sequence[Label],
    gate: str,
) -> tuple[Target, Split, tuple[str, ...]]:
    """Without the rows of classes that training does not hold, if the user wants to train all the same.

    No metric could count them: the likelihood of such a class is 0, its log loss infinite.

    Args:
        table: the whole table.
        target: what is predicted.
        parts: which rows train, validate and test.
        classes: those that training holds; empty for a quantity.
        gate: ``"warn"`` if errors that the gate finds are trained over; nothing is left out otherwise.

    Returns:
        The target without those rows, the split without them, and a sentence if there are any.
    """
    if gate != "warn" or target.task != "classification":
        return target, parts, ()
    codes, labels = labels_of(table.columns[target.name])
    known = set(map(str, classes))
    unseen = [str(label) not in known for label in labels]
    rows = places(np.array([*unseen, False])[codes])
    if not len(rows):
        return target, parts, ()
    names = named([label for label, strange in zip(labels, unseen, strict=True) if strange])
    told = (
        f"Left out of every number: {counted(len(rows))} of class{'es' * (sum(unseen) != 1)} {names}, which training"
        " does not hold and which could only be predicted wrong."
    )
    return dataclasses.replace(target, rows=np.setdiff1d(target.rows, rows)), parts.without(rows), (told,)

"""What the gate looks for in pictures: the same one in two parts or under two labels, blank ones, classes of one."""

import hashlib
import math
from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Bool, Int

from talweg.data.gate import target
from talweg.data.gate.finding import Case, Finding, Grade, counted, percent
from talweg.data.images.pictures import Pictures
from talweg.data.large.gather import gather
from talweg.data.large.sample import blocks

_FEW, _MANY = 3, 0.01
_NUMBERS = 2**24
"""Numbers of pictures that are looked at together."""


def inspect_pictures(case: Case, pictures: Pictures) -> Iterable[Finding]:
    """Everything that the checks find.

    Args:
        case: what is known of each picture, the split and the target.
        pictures: the pictures, in the order of the case's table.
    """
    of_target: tuple[Callable[[Case], Iterable[Finding]], ...] = (
        target.missing_target,
        target.other_task,
        target.classes_in_parts,
        target.imbalance,
    )
    for check in of_target:
        yield from check(case)
    known = pictures.take(case.target.rows)
    same, blank = _looked_at(known)
    yield from _conflicts(case, known, same)
    yield from _copies(case, known, same)
    yield from _blank(case, known, blank)


def _looked_at(pictures: Pictures) -> tuple[Int[np.ndarray, " known"], Bool[np.ndarray, " known"]]:
    """A number for each picture, equal for those that are equal pixel for pixel; and which are of a single color."""
    digests: list[bytes] = []
    blank = np.empty(len(pictures), bool)
    for some in blocks(len(pictures), max(1, _NUMBERS // math.prod(pictures.shape))):
        pixels = gather(pictures.pixels, np.arange(some.start, some.stop))
        digests += [hashlib.blake2b(one.tobytes(), digest_size=16).digest() for one in pixels]
        flat = pixels.reshape(len(pixels), -1, pixels.shape[-1])
        blank[some] = (flat == flat[:, :1]).all((1, 2))
    return np.unique(np.array(digests), return_inverse=True)[1], blank


def _conflicts(case: Case, pictures: Pictures, same: Int[np.ndarray, " known"]) -> Iterable[Finding]:
    """Equal pictures of different classes: at least one of them is labeled wrongly."""
    if case.target.task != "classification":
        return
    codes, labels = case.labels()
    order = np.lexsort((codes, same))
    first, second = order[:-1], order[1:]
    torn = np.flatnonzero((same[first] == same[second]) & (codes[first] != codes[second]))
    if not len(torn):
        return
    wrong = np.isin(same, same[first[torn]])
    one, other = first[torn[0]], second[torn[0]]
    yield Finding(
        "warning",
        "wrong_label",
        f"{counted(int(wrong.sum()), 'picture')} stand under more than one class, pixel for pixel the same:"
        f" {pictures.files[one]} ({labels[codes[one]]}) is {pictures.files[other]} ({labels[codes[other]]}).",
        "Leave the one with the wrong label out.",
        (case.target.name,),
        **case.rows(wrong),
    )


def _copies(case: Case, pictures: Pictures, same: Int[np.ndarray, " known"]) -> Iterable[Finding]:
    """Pictures of validation and test that stand in another part too."""
    part = case.part()
    least, most = np.full(int(same.max()) + 1, 127), np.full(int(same.max()) + 1, -1)
    np.minimum.at(least, same, part)
    np.maximum.at(most, same, part)
    apart = (least < most)[same]
    judged = apart & (part > 0)
    if not judged.any():
        return
    count, share = int(judged.sum()), judged.sum() / max(1, int((part > 0).sum()))
    first = int(np.flatnonzero(judged)[0])
    other = int(np.flatnonzero((same == same[first]) & (part != part[first]))[0])
    grade: Grade = "warning" if share >= _MANY and count >= _FEW else "note"
    yield Finding(
        grade,
        "duplicate_pictures",
        f"{counted(count, 'picture')} of validation and test stand{'s' * (count == 1)} in another part too, pixel for"
        f" pixel ({percent(share)} of them; {pictures.files[first]} is {pictures.files[other]}).",
        "Leave the copies out.",
        (),
        **case.rows(judged),
    )


def _blank(case: Case, pictures: Pictures, blank: Bool[np.ndarray, " known"]) -> Iterable[Finding]:
    """Pictures of a single color."""
    if blank.any():
        yield Finding(
            "warning",
            "blank_pictures",
            f"{counted(int(blank.sum()), 'picture')} show{'s' * int(blank.sum() == 1)} nothing but one color, such as"
            f" {pictures.files[int(blank.argmax())]}.",
            "Look at them: they may have been exported wrongly.",
            (),
            **case.rows(blank),
        )

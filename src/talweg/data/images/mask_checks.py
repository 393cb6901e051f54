"""What the gate looks for in pictures with masks: two sizes, classes that a part lacks, stray values, rare classes."""

from collections.abc import Iterable

import numpy as np

from talweg.data.gate.finding import Finding, Report, counted
from talweg.data.images.masks import Masked
from talweg.data.images.photo_case import PhotoCase, rows_of
from talweg.data.images.photo_checks import copies, dim, few, gray_in_colour, lookalikes, small

_STRAY = 1e-4
_RARE = 0.01


def inspect_masked(case: PhotoCase, masked: Masked) -> Report:
    """Everything that the checks find, the worst first."""
    of_pictures = (small, copies, lookalikes, dim, gray_in_colour, few)
    found = [finding for check in of_pictures for finding in check(case)]
    return Report.of([*unlike_masks(masked), *classes_missing(case, masked), *shares(masked), *found])


def unlike_masks(masked: Masked) -> Iterable[Finding]:
    """Masks that are not as large as their pictures."""
    both = list(zip(masked.photographs.pictures, masked.masks, strict=True))
    unlike = np.array([picture.shape[:2] != mask.shape for picture, mask in both])
    if unlike.any():
        first = int(unlike.argmax())
        (high, wide), (mask_high, mask_wide) = both[first][0].shape[:2], both[first][1].shape
        yield Finding(
            "error",
            "unlike_masks",
            f"{counted(int(unlike.sum()), 'mask')} of another size than the picture, such as that of"
            f" {masked.photographs.files[first]}: picture {high}x{wide}, mask {mask_high}x{mask_wide}.",
            "Leave them out, or bring both to one size; a mask by the nearest pixel alone.",
            **rows_of(unlike),
        )


def classes_missing(case: PhotoCase, masked: Masked) -> Iterable[Finding]:
    """Classes that no mask of a part shows."""
    for part, rows in (("train", case.parts.train), ("validation", case.parts.validation), ("test", case.parts.test)):
        absent = np.flatnonzero(masked.counts(rows).sum(0) == 0) if len(rows) else np.array([], int)
        if not len(absent):
            continue
        names = ", ".join(masked.labels.names[place] for place in absent[:10])
        which, does = ("Class", "is") if len(absent) == 1 else ("Classes", "are")
        if part == "train":
            told = f"{which} {names} {does} in no training mask, and cannot be learned."
        else:
            told = f"{which} {names} {does} in no {part} mask: the mean over the classes there leaves that out."
        yield Finding(
            "error" if part == "train" else "warning",
            "classes_missing",
            told,
            "Take another --seed or --split, or deal the pictures yourself: train/, val/, test/ with images/ and"
            " masks/ in each.",
        )


def shares(masked: Masked) -> Iterable[Finding]:
    """Values so rare that they are hardly meant, and classes that a network may learn to leave out."""
    counts = masked.counts()
    share = counts.sum(0) / max(counts.sum(), 1)
    stray = share < _STRAY
    names = [masked.labels.names[place] for place in np.flatnonzero(stray)]
    have = "has" if len(names) == 1 else "have"
    if stray.any() and len(share) - stray.sum() >= 2:
        yield Finding(
            "warning",
            "stray_values",
            f"{counted(len(names), 'value')} of the masks ({', '.join(names[:10])}) {have}"
            f" less than {_STRAY:.2%} of the pixels: soft edges leave such, and each counts as a class.",
            "If they are no classes, write the masks anew, without scaling, smoothing or JPEG.",
            **rows_of(np.asarray(counts[:, stray].any(1))),
        )
    elif share.min() < _RARE:
        rare = int(share.argmin())
        yield Finding(
            "note",
            "imbalance",
            f"Class {masked.labels.names[rare]} has {share[rare]:.2%} of the pixels.",
            "Where it is the one that matters, --class-weight balanced lets every class count alike.",
        )
    if (plain := (counts > 0).sum(1) == 1).any():
        yield Finding(
            "note",
            "plain_masks",
            f"{counted(int(plain.sum()), 'mask')} with a single class, such as that of"
            f" {masked.photographs.files[int(plain.argmax())]}.",
            "See whether that is meant, or nobody drew them.",
            **rows_of(plain),
        )

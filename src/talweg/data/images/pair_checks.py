"""What the gate looks for in pairs of noisy and clean pictures: two sizes, other things, shifts, folders swapped.

How pairs are laid on each other is in `alignment`; what is looked for in every photograph, in `photo_checks`.
"""

from collections.abc import Iterable

import numpy as np

from talweg.data.gate.finding import Finding, counted
from talweg.data.images.alignment import alignment
from talweg.data.images.noise_level import noise_level
from talweg.data.images.photo_case import NOISY, SMALL_PATCH, PhotoCase, does, numbered, rows_of

_OTHER = 0.5
"""Pairs that correlate less show different things."""


def unlike_sizes(case: PhotoCase) -> Iterable[Finding]:
    """Pairs whose two pictures differ in size."""
    photographs = case.photographs
    if photographs.noisy is None:
        return
    unlike = np.array([n.shape != c.shape for n, c in zip(photographs.noisy, photographs.pictures, strict=True)])
    if unlike.any():
        first = int(unlike.argmax())
        noisy, clean = photographs.noisy[first].shape, photographs.pictures[first].shape
        yield Finding(
            "error",
            "unlike_pairs",
            f"{counted(int(unlike.sum()), 'pair')} of two sizes, such as {photographs.files[first]}: noisy"
            f" {noisy[0]}x{noisy[1]}, clean {clean[0]}x{clean[1]}.",
            "Leave them out, or cut both to one size.",
            **rows_of(unlike),
        )


def misplaced(case: PhotoCase) -> Iterable[Finding]:
    """Pairs that show different things, or of which one is shifted."""
    photographs = case.photographs
    if photographs.noisy is None:
        return
    shifted: dict[int, tuple[int, int]] = {}
    other: dict[int, float] = {}
    for number in case.measured():
        noisy, clean = photographs.noisy[number], photographs.pictures[number]
        if noisy.shape != clean.shape or min(clean.shape[:2]) < SMALL_PATCH:
            continue
        found = alignment(noisy, clean)
        if found.likeness < _OTHER:
            other[number] = found.likeness
        elif found.down or found.right:
            shifted[number] = (found.down, found.right)
    if other:
        first = next(iter(other))
        yield Finding(
            "warning",
            "other_pictures",
            f"{counted(len(other), 'pair')} {does(len(other), 'show')} different things, such as"
            f" {photographs.files[first]}: its two pictures correlate by {other[first]:.2f}.",
            "See whether the names of the files belong together.",
            **numbered(other),
        )
    if shifted:
        first = next(iter(shifted))
        yield Finding(
            "warning",
            "shifted_pairs",
            f"{counted(len(shifted), 'pair')} {does(len(shifted), 'lie')} beside each other, such as"
            f" {photographs.files[first]}: the noisy picture lies {_way(*shifted[first])}.",
            "Cut the pictures so that they lie on each other: a denoiser trained on shifted pairs blurs.",
            **numbered(shifted),
        )


def _way(down: int, right: int) -> str:
    ways = [(down, "down" if down > 0 else "up"), (right, "to the right" if right > 0 else "to the left")]
    return " and ".join(f"{counted(abs(by), 'pixel')} {way}" for by, way in ways if by)


def swapped(case: PhotoCase) -> Iterable[Finding]:
    """Clean pictures that are noisier than the noisy ones."""
    photographs = case.photographs
    if photographs.noisy is None:
        return
    places = case.measured()
    noisy, clean = (
        np.array([noise_level(pictures[number]) for number in places])
        for pictures in (photographs.noisy, photographs.pictures)
    )
    wrong = clean > np.maximum(1.5 * noisy, NOISY)
    if wrong.any():
        most = bool(wrong.sum() > len(places) / 2)
        yield Finding(
            "error" if most else "warning",
            "swapped_pairs",
            f"In {wrong.sum()} of {counted(len(places), 'pair')} the clean picture is the noisier one, such as"
            f" {photographs.files[places[int(wrong.argmax())]]}: noise of about {clean[wrong][0]:.0f} of 255 in the"
            f" clean one, {noisy[wrong][0]:.0f} in the noisy one.",
            "Name the folders the other way round." if most else "See whether these two are swapped.",
            **numbered([places[place] for place in np.flatnonzero(wrong)]),
        )

"""What the gate looks for in photographs to denoise: copies in two parts, noise in clean pictures, small or dim ones.

What is looked for in pairs is in `pair_checks`, how noise is told from texture in `noise_level`.
"""

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float

from talweg.data.gate.finding import Finding, Report, counted
from talweg.data.images.noise_level import noise_level
from talweg.data.images.pair_checks import misplaced, swapped, unlike_sizes
from talweg.data.images.photo_case import NOISY, SMALL_PATCH, PhotoCase, does, numbered, rows_of
from talweg.data.images.photographs import Picture

_SHARE = 0.25
"""Noise in a clean picture that matters, as a share of the noise that is learned."""
_HARDLY = 1.0
_ALIKE, _CELLS = 0.97, 16
_DIM = 32.0


def inspect_photographs(case: PhotoCase) -> Report:
    """Everything that the checks find, the worst first."""
    return Report.of(finding for check in CHECKS for finding in check(case))


def small(case: PhotoCase) -> Iterable[Finding]:
    """Pictures that hold no patch, or that make all patches small."""
    sides = case.sides()
    least = max(8, case.patch or 0)
    if (too_small := sides < least).any():
        yield Finding(
            "error",
            "small_pictures",
            f"{counted(int(too_small.sum()), 'picture')} {does(too_small.sum(), 'hold')} no patch of {least} pixels,"
            f" such as {case.first(too_small)} with a side of {sides[too_small.argmax()]}.",
            "Leave them out, or take smaller patches with --patch-size (at least 8).",
            **rows_of(too_small),
        )
    elif case.patch is None and sides.min() < min(SMALL_PATCH, case.usual):
        narrow = sides < SMALL_PATCH
        yield Finding(
            "warning",
            "small_pictures",
            f"{counted(int(narrow.sum()), 'picture')} with a side under {SMALL_PATCH} pixels, such as"
            f" {case.first(narrow)} with {sides[narrow.argmax()]}, make all patches {sides.min() // 8 * 8} high.",
            "Leave them out: a network learns little from patches so small.",
            **rows_of(narrow),
        )


def copies(case: PhotoCase) -> Iterable[Finding]:
    """Pictures that stand in two parts, pixel for pixel."""
    first: dict[bytes, int] = {}
    files, part = case.photographs.files, case.part()
    for number, picture in enumerate(case.photographs.pictures):
        other = first.setdefault(picture.tobytes(), number)
        if other != number and part[other] != part[number]:
            yield Finding(
                "error",
                "duplicate_pictures",
                f"{files[number]} is {files[other]}, pixel for pixel, in another part.",
                "Leave one of them out.",
                (),
                (number + 1, other + 1),
                2,
            )


def lookalikes(case: PhotoCase) -> Iterable[Finding]:
    """Pictures in two parts that show the same: scaled, written anew, or taken of one scene with other noise."""
    seen = [_signature(picture) for picture in case.photographs.pictures]
    known = [number for number, signature in enumerate(seen) if signature is not None]
    if len(known) < 2:
        return
    part, files, pictures = case.part()[known], case.photographs.files, case.photographs.pictures
    likeness = np.stack([signature for signature in seen if signature is not None])
    alike = (likeness @ likeness.T > _ALIKE) & (part[:, None] != part[None, :])
    pairs = [
        (known[one], known[other])
        for one, other in np.argwhere(np.triu(alike))
        if not np.array_equal(pictures[known[one]], pictures[known[other]])
    ]
    if pairs:
        one, other = pairs[0]
        judged = np.isin(np.arange(len(files)), pairs) & (case.part() > 0)
        yield Finding(
            "warning",
            "similar_pictures",
            f"{counted(int(judged.sum()), 'picture')} of validation and test {does(judged.sum(), 'show')} what"
            f" pictures of another part show, such as {files[other]} and {files[one]}.",
            "Keep such pictures together: put them into folders train/, val/ and test/.",
            **rows_of(judged),
        )


def _signature(picture: Picture) -> Float[np.ndarray, " cells"] | None:
    """What a picture shows, coarsely and without its slow changes of light; `None` of one that shows too little."""
    plane = picture.astype(np.float64).mean(-1)
    for axis in (0, 1):
        edges = np.linspace(0, plane.shape[axis], _CELLS, endpoint=False).astype(int)
        counts = np.diff([*edges, plane.shape[axis]])
        if counts.min() < 1:
            return None
        plane = np.add.reduceat(plane, edges, axis) / np.expand_dims(counts, 1 - axis)
    around = np.pad(plane, 1, mode="edge")
    near = sum(around[i : i + _CELLS, j : j + _CELLS] for i in range(3) for j in range(3)) / 9
    shape = (plane - near).ravel()
    return shape / np.linalg.norm(shape) if shape.std() > 1.0 else None


def noise_of_their_own(case: PhotoCase) -> Iterable[Finding]:
    """Clean pictures with noise in them, which a denoiser learns to keep; and noisy ones without any."""
    places = case.measured()
    levels = np.array([noise_level(case.photographs.pictures[number]) for number in places])
    if case.learning == "self":
        if float(np.median(levels)) < _HARDLY and (still := levels < _HARDLY).any():
            yield Finding(
                "warning",
                "hardly_noisy",
                f"{still.sum()} of {counted(len(places), 'picture')} show hardly any noise that is independent from"
                f" pixel to pixel, such as {case.photographs.files[places[int(still.argmax())]]}; such noise is what"
                " noisy pictures alone can teach.",
                "If they are clean, name the noise to take away, such as --noise 25; if they were scaled or written as"
                " JPEG, take the camera's own files.",
                **numbered([places[place] for place in np.flatnonzero(still)]),
            )
        return
    noisy = levels > max(NOISY, _SHARE * case.strength)
    if noisy.any():
        worst, has = int(levels.argmax()), "has" if noisy.sum() == 1 else "have"
        yield Finding(
            "warning",
            "noisy_clean_pictures",
            f"{noisy.sum()} of {counted(len(places), 'picture')} that are to be clean {has} noise, most of all"
            f" {case.photographs.files[places[worst]]}: about {levels[worst]:.0f} of 255. A denoiser learns to keep it,"
            " and is judged by it.",
            "Leave them out, scale them down with --image-size, or learn from noisy pictures alone with --noise self.",
            **numbered([places[place] for place in np.flatnonzero(noisy)]),
        )


def dim(case: PhotoCase) -> Iterable[Finding]:
    """Pictures of a single color, and those that use little of black to white."""
    pictures = case.photographs.pictures
    range_of = np.array([np.subtract(*np.percentile(picture[::2, ::2], (99.8, 0.2))) for picture in pictures])
    if (blank := np.array([np.ptp(picture) == 0 for picture in pictures])).any():
        yield Finding(
            "warning",
            "blank_pictures",
            f"{counted(int(blank.sum()), 'picture')} {does(blank.sum(), 'show')} nothing but one color, such as"
            f" {case.first(blank)}.",
            "Look at them: they may have been exported wrongly.",
            **rows_of(blank),
        )
    if (pale := ~blank & (range_of < _DIM)).any():
        least = int(np.flatnonzero(pale)[range_of[pale].argmin()])
        deep = " (12 bits in a file of 16 do so)" if pictures[least].dtype != np.uint8 else ""
        yield Finding(
            "warning",
            "dim_pictures",
            f"{counted(int(pale.sum()), 'picture')} {does(pale.sum(), 'use')} little of black to white, least of all"
            f" {case.photographs.files[least]}: {range_of[least]:.1f} of 255{deep}. Levels of noise count in 255.",
            "Stretch their contrast before training, or name a noise that fits it.",
            **rows_of(pale),
        )


def gray_in_colour(case: PhotoCase) -> Iterable[Finding]:
    """Color pictures whose channels are equal."""
    if case.photographs.channels == 1:
        return
    gray = np.array([bool((p[..., :1] == p[..., 1:]).all()) for p in case.photographs.pictures])
    if gray.any():
        every = bool(gray.all())
        yield Finding(
            "note",
            "gray_in_colour",
            f"{'All' if every else gray.sum()} of {counted(len(gray), 'picture')} are gray in three equal channels,"
            f" such as {case.first(gray)}.",
            "Train faster on one channel: --color gray."
            if every
            else "Take all as gray with --color gray, or leave the gray ones out.",
            **rows_of(gray),
        )


def few(case: PhotoCase) -> Iterable[Finding]:
    """Parts of a single picture, which say little."""
    alone = [
        name for name, rows in (("validation", case.parts.validation), ("test", case.parts.test)) if len(rows) == 1
    ]
    if alone:
        yield Finding(
            "note",
            "few_pictures",
            f"A single picture makes the {' and one the '.join(alone)} set: what is reached on it may be chance.",
            "More pictures make a surer number, or cut large ones into several that show different things.",
        )


CHECKS: tuple[Callable[[PhotoCase], Iterable[Finding]], ...] = (
    small,
    unlike_sizes,
    swapped,
    copies,
    lookalikes,
    misplaced,
    noise_of_their_own,
    dim,
    gray_in_colour,
    few,
)
"""Everything that is looked for in photographs; adding a check is a function and a line here."""

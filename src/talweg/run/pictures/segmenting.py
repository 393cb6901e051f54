"""Masks drawn as one call, from a run and pictures to a class for every pixel; `talweg segment` is here."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from talweg.data.images.labels import Labels, Mask
from talweg.data.images.masks import masks_of
from talweg.data.images.prepare import MaskPreparation
from talweg.data.images.save import save_mask
from talweg.data.images.shelf import Single, open_shelf
from talweg.errors import ConfigError, DataError
from talweg.objective.metrics import metric_values
from talweg.run.pictures.mask_scoring import likelihoods, pixel_sums
from talweg.run.pictures.segmentation import segmenter_of
from talweg.run.prediction import Chosen, members_named
from talweg.run.result import Run
from talweg.run.written import open_run


@dataclasses.dataclass(frozen=True, eq=False)
class Segmented:
    """What a run says of every pixel of a picture.

    Attributes:
        name: what the picture is called.
        mask: the value of the likeliest class, as the masks of training hold it: a gray value, a place in their
            palette, or a color as red * 65536 + green * 256 + blue.
        labels: the classes, and how files hold them.
        sure: the probability given to that class.
        apart: the share of the members that say another class.
        shares: of each class its part of the pixels, by name.
        scores: `mean_iou`, `pixel_accuracy` and `dice` against the reference; empty without one.
        done: what was done to the picture as it was read, such as ``"has a palette, which is resolved"``.
    """

    name: str
    mask: Shaped[np.ndarray, "height width"]
    labels: Labels
    sure: Float[np.ndarray, "height width"]
    apart: Float[np.ndarray, "height width"]
    shares: dict[str, float]
    scores: dict[str, float]
    done: tuple[str, ...] = ()

    def png(self) -> bytes:
        """The mask as a file that holds the same values as the masks of training."""
        palette = dict(zip(self.labels.values, self.labels.palette, strict=False))
        return save_mask(self.mask, self.labels.kind, palette)


def segment(
    run: Run | str | Path, source: Any, reference: Any = None, member: Chosen = "ensemble", skip_broken: bool = False
) -> list[Segmented]:
    """Draws the masks of pictures of any size.

    Args:
        run: a finished segmentation, or its folder.
        source: a picture file, a folder of them, or arrays of pixels.
        reference: the true masks, by the same names or in the same order, for what is reached: a folder, a file, or
            arrays.
        member: whose work: ``"ensemble"``, whose probabilities are averaged, ``"best"``, or a member's number.
        skip_broken: whether broken pictures are left out rather than an error.

    Raises:
        ConfigError: a run that draws no masks, or no such member.
        DataError: pictures that cannot be read, or a reference that does not fit.
    """
    return list(segment_each(run, source, reference, member, skip_broken))


def segment_each(
    run: Run | str | Path,
    source: Any,
    reference: Any = None,
    member: Chosen = "ensemble",
    skip_broken: bool = False,
    named: Callable[[Sequence[str]], object] = lambda names: None,
    note: Callable[[str], object] = lambda sentence: None,
) -> Iterator[Segmented]:
    """The same picture by picture, so that a folder of them may be larger than memory (see `segment`).

    Args:
        run: as for `segment`.
        source: likewise.
        reference: likewise.
        member: likewise.
        skip_broken: likewise.
        named: hears what the pictures are called, before the first is looked at.
        note: hears which broken ones are left out.
    """
    run = open_run(run) if isinstance(run, str | Path) else run
    if not isinstance(run.preparation, MaskPreparation):
        raise ConfigError(f"{run.summary['run']['name']} draws no masks: it was trained for {run.settings.task}")
    chosen, labels = members_named(run, member), run.preparation.labels
    shelf = open_shelf(source, run.preparation.color, skip_broken)
    true = None if reference is None else masks_of(reference, shelf.files, labels)
    for sentence in shelf.notes:
        note(sentence)
    named(shelf.files)
    network = segmenter_of(run.settings, run.preparation)
    for place, single in shelf.each(skip_broken, note):
        each, mean = [], np.zeros((*single.pixels.shape[:2], len(labels.values)), np.float32)
        mask = None if true is None else _fitting(single, true(place))
        for told in likelihoods(network, run.params, single.pixels, chosen):
            mean += told / len(chosen)
            each.append(told.argmax(-1).astype(np.uint8))
        scores = {} if mask is None else metric_values(pixel_sums(mean, mask), "segmentation")
        yield _segmented(single, mean, np.stack(each), labels, {name: float(value) for name, value in scores.items()})


def _fitting(single: Single, mask: Mask) -> Mask:
    if single.pixels.shape[:2] != mask.shape:
        (high, wide), (mask_high, mask_wide) = single.pixels.shape[:2], mask.shape
        raise DataError(f"{single.name} is {high}x{wide}, its mask {mask_high}x{mask_wide}; they must be of one size")
    return mask


def _segmented(
    single: Single,
    mean: Float[np.ndarray, "height width classes"],
    each: UInt8[np.ndarray, "members height width"],
    labels: Labels,
    scores: dict[str, float],
) -> Segmented:
    said = mean.argmax(-1).astype(np.uint8)
    counts = np.bincount(said.ravel(), minlength=len(labels.values)) / said.size
    shares = dict(zip(labels.names, counts.tolist(), strict=True))
    apart = (each != said).mean(0)
    return Segmented(single.name, labels.picture(said), labels, mean.max(-1), apart, shares, scores, single.done)

"""Photographs denoised as one call, from a run and files to pictures and what they reach; `talweg denoise` is here."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from talweg.data.images.photographs import ARRAYS
from talweg.data.images.prepare import PhotographPreparation
from talweg.data.images.shelf import Shelf, Single, open_shelf
from talweg.errors import ConfigError, DataError, did_you_mean
from talweg.objective.likeness import psnr, ssim
from talweg.run.pictures.build import denoiser_of
from talweg.run.pictures.tiled import denoised_by, in_eight_ways, members_of
from talweg.run.prediction import Chosen, members_named
from talweg.run.result import Run
from talweg.run.written import open_run

Picture = Shaped[np.ndarray, "_ _ _"]


@dataclasses.dataclass(frozen=True, eq=False)
class Denoised:
    """A picture without its noise.

    Attributes:
        name: what the picture is called.
        pixels: the mean of the members, in pixels of 0 to 255.
        spread: the standard deviation over the members at each pixel: how far they disagree.
        deep: whether the noisy picture had more than 8 bits.
        before: `psnr` and `ssim` of the noisy picture against its reference; empty without one.
        after: those of the denoised one.
        done: what was done to it as it was read, such as ``"has a palette, which is resolved"``.
    """

    name: str
    pixels: Float[np.ndarray, "height width channels"]
    spread: Float[np.ndarray, "height width channels"]
    deep: bool
    before: dict[str, float]
    after: dict[str, float]
    done: tuple[str, ...] = ()

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"<Denoised {self.name}: {width}x{height}>"


def denoise(
    run: Run | str | Path,
    source: Any,
    reference: Any = None,
    member: Chosen = "ensemble",
    skip_broken: bool = False,
    self_ensemble: bool = False,
) -> list[Denoised]:
    """Takes the noise away from pictures of any size.

    Args:
        run: a finished denoising, or its folder.
        source: a picture file, a folder of them, or arrays of pixels.
        reference: what the pictures should look like, in the same order or by the same names, for PSNR and SSIM.
        member: whose work: ``"ensemble"``, ``"best"``, or a member's number.
        skip_broken: whether broken pictures are left out rather than an error.
        self_ensemble: whether each picture is also seen turned and mirrored, eight times in all, and the answers
            averaged: a little better, and eight times as long.

    Raises:
        ConfigError: a run that is no denoising, or no such member.
        DataError: pictures that cannot be read, or a reference that does not fit.
    """
    return list(denoise_each(run, source, reference, member, skip_broken, self_ensemble))


def denoise_each(
    run: Run | str | Path,
    source: Any,
    reference: Any = None,
    member: Chosen = "ensemble",
    skip_broken: bool = False,
    self_ensemble: bool = False,
    named: Callable[[Sequence[str]], object] = lambda names: None,
    note: Callable[[str], object] = lambda sentence: None,
) -> Iterator[Denoised]:
    """The same picture by picture, so that a folder of them may be larger than memory (see `denoise`).

    Args:
        run: as for `denoise`.
        source: likewise.
        reference: likewise.
        member: likewise.
        skip_broken: likewise.
        self_ensemble: likewise.
        named: hears what the pictures are called, before the first is denoised.
        note: hears which broken ones are left out.
    """
    run = open_run(run) if isinstance(run, str | Path) else run
    if not isinstance(run.preparation, PhotographPreparation):
        raise ConfigError(f"{run.summary['run']['name']} is no denoising: it was trained for {run.settings.task}")
    chosen = members_named(run, member)
    noisy = open_shelf(source, run.preparation.color, skip_broken, unbounded=True)
    clean = None if reference is None else _references(noisy, reference, run.preparation)
    for sentence in noisy.notes:
        note(sentence)
    named(noisy.files)
    network = members_of(denoiser_of(run.settings, run.preparation.channels), chosen)
    params = members_of(run.params, chosen)
    for place, single in noisy.each(skip_broken, note):
        wanted = None if clean is None else _fitting(single, clean(place))
        each = (in_eight_ways if self_ensemble else denoised_by)(network, params, single.pixels.astype(np.float32))
        before, after = (
            {} if wanted is None else {"psnr": psnr(one, wanted), "ssim": ssim(one, wanted)}
            for one in (single.pixels, each.mean(0))
        )
        deep = single.pixels.dtype != np.uint8
        yield Denoised(single.name, each.mean(0), each.std(0), deep, before, after, single.done)


def _references(noisy: Shelf, reference: Any, preparation: PhotographPreparation) -> Callable[[int], Single]:
    """Gives the reference of each noisy picture: the only one of both, or that of the same name without its suffix."""
    clean = open_shelf(reference, preparation.color)
    places = {_stem(name): place for place, name in enumerate(clean.files)}
    if len(noisy) == len(clean) == 1 or noisy.name == clean.name == ARRAYS:
        if len(noisy) != len(clean):
            raise DataError(f"there are {len(noisy)} pictures and {len(clean)} references")
        return clean.read
    if lost := [name for name in noisy.files if _stem(name) not in places]:
        raise DataError(f"{clean.name} holds no reference for {lost[0]}.{did_you_mean(_stem(lost[0]), places)}")
    return lambda place: clean.read(places[_stem(noisy.files[place])])


def _fitting(noisy: Single, clean: Single) -> Picture:
    if noisy.pixels.shape != clean.pixels.shape:
        raise DataError(
            f"{noisy.name} has shape {noisy.pixels.shape}, its reference {clean.pixels.shape}; they must be of one size"
        )
    return clean.pixels


def _stem(name: str) -> str:
    return Path(name).with_suffix("").as_posix()

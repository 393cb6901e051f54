"""Photographs denoised as one call, from a run and files to pictures and what they reach; `talweg denoise` is here."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from talweg.data.images.photographs import Photographs, read_photographs
from talweg.data.images.prepare import PhotographPreparation
from talweg.errors import ConfigError, DataError, did_you_mean
from talweg.objective.likeness import psnr, ssim
from talweg.run.pictures.build import denoiser_of
from talweg.run.pictures.denoise import denoised_by, in_eight_ways, members_of
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
    run = open_run(run) if isinstance(run, str | Path) else run
    if not isinstance(run.preparation, PhotographPreparation):
        raise ConfigError(f"{run.summary['run']['name']} is no denoising: it was trained for {run.settings.task}")
    chosen = members_named(run, member)
    noisy = read_photographs(source, color=run.preparation.color, skip_broken=skip_broken, unbounded=True)
    clean = None if reference is None else _references(noisy, reference, run.preparation)
    network = members_of(denoiser_of(run.settings, run.preparation.channels), chosen)
    params = members_of(run.params, chosen)
    found = []
    for number, (name, picture) in enumerate(zip(noisy.files, noisy.pictures, strict=True)):
        each = (in_eight_ways if self_ensemble else denoised_by)(network, params, picture.astype(np.float32))
        before, after = {}, {}
        if clean is not None:
            before, after = (_likeness(one, clean[number]) for one in (picture, each.mean(0)))
        done = noisy.done[number] if noisy.done else ()
        found.append(Denoised(name, each.mean(0), each.std(0), picture.dtype != np.uint8, before, after, done))
    return found


def _likeness(picture: Picture, clean: Picture) -> dict[str, float]:
    return {"psnr": psnr(picture, clean), "ssim": ssim(picture, clean)}


def _references(noisy: Photographs, reference: Any, preparation: PhotographPreparation) -> list[Picture]:
    """The reference of each noisy picture: the only one of both, or that of the same name without its suffix."""
    clean = read_photographs(reference, color=preparation.color)
    if len(noisy) == len(clean) == 1 or noisy.name == clean.name == "the arrays":
        found = list(clean.pictures)
    else:
        stems = {_stem(name): picture for name, picture in zip(clean.files, clean.pictures, strict=True)}
        lost = [name for name in noisy.files if _stem(name) not in stems]
        if lost:
            raise DataError(f"{clean.name} holds no reference for {lost[0]}.{did_you_mean(_stem(lost[0]), stems)}")
        found = [stems[_stem(name)] for name in noisy.files]
    for name, one, other in zip(noisy.files, noisy.pictures, found, strict=False):
        if one.shape != other.shape:
            raise DataError(f"{name} has shape {one.shape}, its reference {other.shape}; they must be of one size")
    if len(found) != len(noisy):
        raise DataError(f"there are {len(noisy)} pictures and {len(found)} references")
    return found


def _stem(name: str) -> str:
    return Path(name).with_suffix("").as_posix()

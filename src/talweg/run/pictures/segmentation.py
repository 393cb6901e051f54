"""From settings and pictures with masks to a job that learns to draw masks: read, split by whole pictures, cut."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Int

from talweg.config.pictures import parse_augmentation, parse_size
from talweg.config.settings import AUTO, Settings
from talweg.data.gate.finding import Report
from talweg.data.images.mask_checks import inspect_masked
from talweg.data.images.masks import Masked, read_masked
from talweg.data.images.photo_case import PhotoCase
from talweg.data.images.photo_parts import Pair, deal_photographs
from talweg.data.images.prepare import MaskPreparation, channel_moments
from talweg.data.split import Fractions, Split
from talweg.errors import ConfigError
from talweg.objective.augment import Augmentation
from talweg.objective.layers import Sequential, Standardize
from talweg.objective.losses import LOSSES
from talweg.objective.models import layers_of, with_member_axis
from talweg.objective.segmentation import Segmentation
from talweg.run.architecture import model_of, network_settings
from talweg.run.build import Built
from talweg.run.job import Rows
from talweg.run.pictures.build import (
    USUAL_PATCH,
    facts_of,
    job_on_patches,
    patch_of,
    require_trainable,
    training_tiles,
    watched_tiles,
)
from talweg.run.pictures.defaults import segmentation_settings
from talweg.run.prepare import refuse_errors
from talweg.run.stepping import idle_parts, require_fitting


@dataclasses.dataclass(frozen=True, eq=False)
class LookedOver:
    """Pictures with masks as a training takes them, before anything is decided about the network.

    Attributes:
        masked: all of them.
        parts: whole pictures, dealt.
        report: what the gate found.
    """

    masked: Masked
    parts: Split
    report: Report


def look_over(settings: Settings, source: Any = None) -> LookedOver:
    """Reads pictures and masks, deals them, and lets them pass the gate.

    Args:
        settings: those of the data are used: source, target (the folder of masks), split, color, size, patches.
        source: pictures and masks as Python objects; the settings' source is read if it is absent.

    Raises:
        ConfigError: a size that is none, or a noise.
        DataError: pictures or masks that cannot be read, or are too few.
    """
    if settings.noise is not None:
        raise ConfigError("noise is for a denoising; leave it out to learn masks")
    longest = None if settings.image_size == AUTO else max(parse_size(settings.image_size))
    color = None if settings.color == AUTO else settings.color
    given = settings.source if source is None else source
    masked = read_masked(given, settings.target, color, longest, settings.skip_broken)
    parts, notes = deal_photographs(masked.photographs, Fractions.parse(settings.split), settings.seed)
    photographs = dataclasses.replace(masked.photographs, notes=(*masked.photographs.notes, *notes))
    masked = dataclasses.replace(masked, photographs=photographs)
    patch = None if settings.patch_size == AUTO else int(settings.patch_size)
    case = PhotoCase(photographs, parts, "masks", patch, USUAL_PATCH)
    return LookedOver(masked, parts, inspect_masked(case, masked))


def build_segmentation(settings: Settings, source: Any = None) -> Built:
    """A job that learns masks, from settings.

    Args:
        settings: as given; `auto` is resolved here.
        source: pictures and masks as Python objects; the settings' source is read if it is absent.

    Raises:
        ConfigError: a setting that does not fit.
        DataError: pictures or masks that cannot be read, or are too few or too small.
    """
    found = look_over(settings, source)
    masked, parts, photographs = found.masked, found.parts, found.masked.photographs
    require_trainable(found.report)
    refuse_errors(found.report, settings.gate)

    patch = patch_of(settings, photographs, "masks")
    training = training_tiles(*_chosen(masked, parts.train), patch)
    preparation = MaskPreparation(
        photographs.channels, *channel_moments(training.x, np.arange(len(training))), masked.labels
    )
    known = (patch, photographs.channels, len(training), len(parts.validation) > 0)
    usual = segmentation_settings(settings.model_copy(update={"stop": AUTO}), *known).stop
    settings = segmentation_settings(settings, *known)
    network = segmenter_of(settings, preparation)
    require_fitting(settings.optimizer, network)
    if settings.class_weight == "balanced":
        network = dataclasses.replace(network, class_weight=_balanced(masked, parts.train))
    pairs = {part: _pairs(masked, rows) for part, rows in (("validation", parts.validation), ("test", parts.test))}
    watched = [_watched(masked, rows) for rows in (parts.validation, parts.test)]
    facts = facts_of(settings, photographs, parts, masked.masks)
    facts |= {"target": "mask", "classes": list(masked.labels.names)}
    job = job_on_patches(settings, network, training, watched, pairs, facts)
    marks = parts.marks(len(photographs))
    return Built(job, preparation, marks, photographs.notes, found.report, idle=idle_parts(job, usual))


def segmenter_of(settings: Settings, preparation: MaskPreparation) -> Segmentation:
    """The network that resolved settings describe.

    Args:
        settings: with nothing left to decide.
        preparation: knows the classes, and how pixels are standardized.

    Raises:
        ConfigError: a loss for quantities, or layers that do not give every pixel what the loss needs.
    """
    loss, patch, classes = LOSSES[settings.loss], int(settings.patch_size), len(preparation.labels.values)
    if loss.task != "classification" or (loss.binary and classes != 2):
        raise ConfigError(f"the loss {loss.name!r} is not for masks of {classes} classes; take softmax_cross_entropy")
    shape = (patch, patch, preparation.channels)
    model = model_of(settings, shape, (patch, patch, loss.outputs(classes)))
    model = Sequential([Standardize(preparation.center, preparation.scale), *layers_of(model)])
    return Segmentation(
        with_member_axis(model, settings.members),
        type(loss)(loss.name, "segmentation", loss.per_row, loss.binary),
        shape,
        classes,
        _augmentation(settings),
        settings=network_settings(settings),
    )


def _augmentation(settings: Settings) -> Augmentation | None:
    found = parse_augmentation(settings.augment)
    if found is not None and found.mixup:
        raise ConfigError("mixup mixes two pictures, and masks cannot be mixed; leave it out of augment")
    return found


def _chosen(masked: Masked, rows: Int[np.ndarray, " some"]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Some of the pictures, and their masks with a channel of their own."""
    return [masked.photographs.pictures[row] for row in rows], [masked.masks[row][..., None] for row in rows]


def _watched(masked: Masked, rows: Int[np.ndarray, " some"]) -> Rows:
    if not len(rows):
        return Rows(np.zeros((0, 8, 8, masked.photographs.channels), np.uint8), np.zeros((0, 8, 8, 1), np.uint8))
    return watched_tiles(*_chosen(masked, rows))


def _pairs(masked: Masked, rows: Int[np.ndarray, " some"]) -> tuple[Pair, ...]:
    """What is judged: whole pictures, all of them."""
    photographs = masked.photographs
    return tuple(Pair(photographs.files[row], photographs.pictures[row], masked.masks[row][..., None]) for row in rows)


def _balanced(masked: Masked, rows: Int[np.ndarray, " train"]) -> tuple[float, ...]:
    """Weights with which every class counts alike in the loss, and a mean pixel counts 1."""
    counts = np.maximum(masked.counts(rows).sum(0), 1)
    return tuple((counts.sum() / (len(counts) * counts)).tolist())

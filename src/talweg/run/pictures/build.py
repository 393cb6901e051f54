"""From settings and photographs to a job that takes noise away: read, split by whole photographs, cut into tiles."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from talweg.config.pictures import SELF, parse_noise, parse_size
from talweg.config.settings import AUTO, Settings
from talweg.data.evenly import evenly
from talweg.data.gate.finding import Report
from talweg.data.images.photo_case import PhotoCase
from talweg.data.images.photo_checks import inspect_photographs
from talweg.data.images.photo_parts import Pair, deal_photographs, pairs_of
from talweg.data.images.photographs import Photographs, Picture, cut, read_photographs, tile_for
from talweg.data.images.prepare import PhotographPreparation
from talweg.data.split import Fractions, Split
from talweg.errors import ConfigError, DataError
from talweg.objective.denoising import Denoising, Learning
from talweg.objective.losses import LOSSES
from talweg.objective.models import with_member_axis
from talweg.objective.network import Network
from talweg.objective.noise import Noise
from talweg.run.architecture import model_of, network_settings
from talweg.run.build import Built
from talweg.run.crowd import with_crowd
from talweg.run.job import Job, Rows
from talweg.run.pictures.defaults import denoising_settings
from talweg.run.prepare import refuse_errors
from talweg.run.stepping import idle_parts, optimizer_of, require_fitting, rule_of

JUDGED_TILE = 128
"""The side of the tiles on which training is watched, at most."""
USUAL_PATCH = 64
"""The side of a patch where none is named."""
MOST_WATCHED = 256
"""So many tiles are looked at after each epoch, at most, evenly spread over the photographs."""


@dataclasses.dataclass(frozen=True, eq=False)
class LookedOver:
    """Photographs as a training takes them, before anything is decided about the network.

    Attributes:
        photographs: all of them.
        learning: from what a denoiser will learn.
        noise: the noise that is added; `None` if none is.
        parts: whole photographs, dealt.
        report: what the gate found.
    """

    photographs: Photographs
    learning: Learning
    noise: Noise | None
    parts: Split
    report: Report


def look_over(settings: Settings, source: Any = None) -> LookedOver:
    """Reads photographs, deals them, and lets them pass the gate.

    Args:
        settings: those of the data are used: source, target, noise, split, color, size, patches.
        source: photographs as Python objects; the settings' source is read if it is absent.

    Raises:
        ConfigError: a noise that is none or does not fit.
        DataError: photographs that cannot be read, or are too few.
    """
    noise = None if settings.noise is None else parse_noise(settings.noise)
    photographs = _read(settings, source)
    learning = _learning(settings, photographs)
    parts, notes = deal_photographs(photographs, Fractions.parse(settings.split), settings.seed)
    patch = None if settings.patch_size == AUTO else int(settings.patch_size)
    strength = 0.0 if noise is None else noise.strength()
    case = PhotoCase(photographs, parts, learning, patch, _usual_patch(learning), strength)
    photographs = dataclasses.replace(photographs, notes=(*photographs.notes, *notes))
    return LookedOver(photographs, learning, noise, parts, inspect_photographs(case))


def build_denoising(settings: Settings, source: Any = None) -> Built:
    """A denoising job from settings.

    Args:
        settings: as given; `auto` is resolved here.
        source: photographs as Python objects; the settings' source is read if it is absent.

    Raises:
        ConfigError: a setting that does not fit.
        DataError: photographs that cannot be read, or are too few or too small.
    """
    found = look_over(settings, source)
    photographs, learning, noise, parts = found.photographs, found.learning, found.noise, found.parts
    require_trainable(found.report)
    refuse_errors(found.report, settings.gate)

    patch = patch_of(settings, photographs, learning)
    training = training_tiles(*_given_and_wanted(photographs, parts.train), patch)
    known = (patch, photographs.channels, len(training), len(parts.validation) > 0)
    usual = denoising_settings(settings.model_copy(update={"stop": AUTO}), *known).stop
    settings = denoising_settings(settings, *known)
    network = denoiser_of(settings, photographs.channels)
    require_fitting(settings.optimizer, network)
    pairs = {
        part: pairs_of(photographs, rows, noise.on if noise else None, settings.seed, learning == "self")
        for part, rows in (("validation", parts.validation), ("test", parts.test))
    }
    watched = [_watched_rows(photographs, rows) for rows in (parts.validation, parts.test)]
    job = job_on_patches(settings, network, training, watched, pairs, _facts(settings, photographs, parts, learning))
    preparation = PhotographPreparation(photographs.channels, learning)
    marks = parts.marks(len(photographs))
    return Built(job, preparation, marks, photographs.notes, found.report, idle=idle_parts(job, usual))


def job_on_patches(
    settings: Settings,
    network: Network,
    training: Rows,
    watched: Sequence[Rows],
    pairs: Mapping[str, tuple[Pair, ...]],
    facts: Mapping[str, Any],
) -> Job:
    """The job of a network that gives a picture for a picture, trained on patches and judged on whole ones.

    Args:
        settings: resolved, but for how the members run.
        network: the objective.
        training: tiles out of which patches are cut.
        watched: the tiles of the validation and of the test set.
        pairs: whole pictures and what is wanted of them, by part.
        facts: what the summary says of the data, the classes among them.
    """
    validation, test = watched
    settings = with_crowd(settings, network, len(training))
    return Job(
        settings=settings,
        network=network,
        optimizer=optimizer_of(settings, len(training)),
        rule=rule_of(settings, network.row_loss.task, len(validation) > 0),
        training=training,
        validation=validation,
        test=test,
        classes=tuple(facts["classes"]),
        target_scale=np.ones(1),
        target_shift=np.zeros(1),
        facts=facts,
        pairs={part: found for part, found in pairs.items() if found},
    )


def require_trainable(report: Report) -> None:
    """Refuses what cannot be trained over, whatever the user wants of the gate.

    Raises:
        DataError: pictures that hold no patch, or pairs of two sizes.
    """
    for error in report.graded("error"):
        if error.check in ("small_pictures", "unlike_pairs", "unlike_masks"):
            raise DataError(f"{error.sentence} {error.mend}")


def _read(settings: Settings, source: Any) -> Photographs:
    longest = None if settings.image_size == AUTO else max(parse_size(settings.image_size))
    color = None if settings.color == AUTO else settings.color
    given = settings.source if source is None else source
    return read_photographs(given, settings.target, color, longest, settings.skip_broken)


def _learning(settings: Settings, photographs: Photographs) -> Learning:
    if photographs.noisy is not None:
        if settings.noise is not None:
            raise ConfigError(f"pairs hold their own noise; leave out noise, which is {settings.noise!r}")
        return "pairs"
    if settings.noise is None:
        raise ConfigError(
            "a denoising needs to know its noise: a level such as --noise 25, or --noise self for pictures that are"
            " noisy themselves, or a folder with noisy/ and clean/"
        )
    return "self" if settings.noise.strip().lower() == SELF else "noise"


def _usual_patch(learning: str) -> int:
    return 96 if learning == "self" else USUAL_PATCH


def patch_of(settings: Settings, photographs: Photographs, learning: str) -> int:
    """The side of the patches: as set, or as usual where the pictures are large enough.

    Raises:
        ConfigError: an odd one, where every other pixel is to predict its neighbor.
    """
    smallest = min(min(picture.shape[:2]) for picture in photographs.pictures)
    usual = min(_usual_patch(learning), smallest // 8 * 8)
    patch = usual if settings.patch_size == AUTO else int(settings.patch_size)
    if learning == "self" and patch % 2:
        raise ConfigError(f"patch_size must be even to learn from noisy pictures alone, got {patch}")
    return patch


def denoiser_of(settings: Settings, channels: int) -> Denoising:
    """The network that resolved settings describe.

    Args:
        settings: with nothing left to decide.
        channels: of a picture.

    Raises:
        ConfigError: a loss for classes, or layers that do not give a picture of the size they got.
    """
    loss, patch = LOSSES[settings.loss], int(settings.patch_size)
    if loss.task != "regression":
        raise ConfigError(f"the loss {loss.name!r} is for classes; for denoising take mean_squared_error or huber")
    if settings.input_noise is not None:
        raise ConfigError("input_noise is for features; a denoising learns from the noise that --noise names")
    noise = None if settings.noise is None else parse_noise(settings.noise)
    learning: Learning = "pairs" if settings.noise is None else "noise" if noise else "self"
    task = "self_denoising" if learning == "self" else "denoising"
    shape = (patch, patch, channels)
    model = model_of(settings, shape, shape)
    row_loss = dataclasses.replace(loss, task=task)
    return Denoising(
        with_member_axis(model, settings.members),
        row_loss,
        shape,
        settings=network_settings(settings),
        learning=learning,
        noise=noise,
    )


def _given_and_wanted(photographs: Photographs, rows: np.ndarray) -> tuple[list[Picture], list[Picture] | None]:
    """What a denoiser is given of some photographs, and what is wanted of it; nothing else where it is the same."""
    clean = [photographs.pictures[row] for row in rows]
    return (clean, None) if photographs.noisy is None else ([photographs.noisy[row] for row in rows], clean)


def training_tiles(given: Sequence[Picture], wanted: Sequence[Picture] | None, patch: int) -> Rows:
    """The rows of a training: tiles of photographs out of which steps cut patches, with the same tiles of the others.

    Args:
        given: what the network is given.
        wanted: of each what is wanted, of the same size; `None` if that is the same.
        patch: the side of a patch.
    """
    side, stride = tile_for(given, patch)
    tiles = cut(given, side, stride)
    return Rows(tiles, _nothing(len(tiles)) if wanted is None else cut(wanted, side, stride))


def watched_tiles(given: Sequence[Picture], wanted: Sequence[Picture] | None) -> Rows:
    """The rows on which a training is watched: some tiles beside each other, of as many photographs as there are.

    Args:
        given: at least one.
        wanted: of each what is wanted, of the same size; `None` if that is the same.
    """
    side = min(JUDGED_TILE, min(min(picture.shape[:2]) for picture in given)) // 16 * 16 or 8
    tiles = cut(given, side, side)
    some = evenly(len(tiles), MOST_WATCHED)
    return Rows(tiles[some], _nothing(len(some)) if wanted is None else cut(wanted, side, side)[some])


def _watched_rows(photographs: Photographs, rows: np.ndarray) -> Rows:
    if not len(rows):
        shape = (0, 8, 8, photographs.channels)
        return Rows(np.zeros(shape, np.uint8), np.zeros(shape if photographs.noisy else (0, 0), np.uint8))
    return watched_tiles(*_given_and_wanted(photographs, rows))


def _nothing(rows: int) -> np.ndarray:
    """Targets of rows that are their own."""
    return np.zeros((rows, 0), np.uint8)


def facts_of(
    settings: Settings, photographs: Photographs, parts: Split, also: Sequence[np.ndarray] = ()
) -> dict[str, Any]:
    """What a summary says of photographs, whatever is learned of them.

    Args:
        settings: resolved.
        photographs: all of them.
        parts: which train, validate and test.
        also: what belongs to them besides, such as masks: it is in the fingerprint.
    """
    digest = hashlib.blake2b(digest_size=32)
    for pixels in (*photographs.pictures, *also):
        digest.update(str(pixels.shape).encode() + pixels.tobytes())
    return {
        "name": photographs.name,
        "rows": len(photographs),
        "rows_without_target": 0,
        "columns": [],
        "features": int(settings.patch_size) ** 2 * photographs.channels,
        "split": str(Fractions.parse(settings.split)),
        "fingerprint": digest.hexdigest(),
        "photographs": {
            "train": len(parts.train),
            "validation": len(parts.validation),
            "test": len(parts.test),
            "channels": photographs.channels,
            "pixels": int(sum(picture[..., 0].size for picture in photographs.pictures)),
            "patch": int(settings.patch_size),
        },
    }


def _facts(settings: Settings, photographs: Photographs, parts: Split, learning: Learning) -> dict[str, Any]:
    facts = facts_of(settings, photographs, parts)
    return {
        **facts,
        "target": "clean picture" if learning != "self" else "neighboring pixels",
        "classes": [],
        "photographs": {**facts["photographs"], "noise": settings.noise or "pairs"},
    }

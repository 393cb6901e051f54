"""What a denoiser is worth on whole photographs: PSNR and SSIM of members and ensemble, beside the noisy pictures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.data.images.photo_parts import Pair
from talweg.objective.base import Params
from talweg.objective.denoising import WHITE, Denoising
from talweg.objective.likeness import psnr, ssim
from talweg.run.job import Job
from talweg.run.pictures.tiled import denoised_by, members_of
from talweg.run.scoring import Scores

MOST_SAMPLES = 4
"""So many pictures are kept in the run folder to be looked at."""


def likeness(network: Denoising, picture: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    """The loss and the metrics of one picture."""
    rows = (picture.reshape(1, -1) / WHITE, clean.reshape(1, -1) / WHITE)
    found = {"loss": float(network.row_loss.per_row(*rows)[0])}
    if network.learning == "self":
        return {**found, "neighbor_psnr": psnr(picture, clean)}
    return {**found, "psnr": psnr(picture, clean), "ssim": ssim(picture, clean)}


def score_pictures(job: Job, params: Params, pairs: Sequence[Pair], members: Sequence[int]) -> Scores:
    """Scores on whole pictures: each metric is the mean over the pictures.

    Args:
        job: what was trained.
        params: with a leading member axis.
        pairs: the pictures.
        members: which of them enter the ensemble.
    """
    network = job.network
    assert isinstance(network, Denoising)
    alone: list[list[dict[str, float]]] = [[] for _ in range(job.settings.members)]
    together = []
    for pair in pairs:
        found = denoised_by(network, params, pair.given)
        for member, picture in enumerate(found):
            alone[member].append(likeness(network, picture, pair.wanted))
        together.append(likeness(network, found[list(members)].mean(0), pair.wanted))
    return Scores(tuple(map(_mean, alone)), _mean(together), _interval(together), None)


def _mean(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}


def _interval(scores: Sequence[Mapping[str, float]]) -> dict[str, float | str] | None:
    """95 % interval of the mean over the pictures, by Student's t; `None` for one picture, which says nothing of it."""
    if len(scores) < 2:
        return None
    name = next(name for name in scores[0] if name != "loss")
    values = np.array([score[name] for score in scores])
    half = half_width(values)
    method = f"Student's t over {len(values)} pictures, 95 %"
    return {"metric": name, "low": float(values.mean()) - half, "high": float(values.mean()) + half, "method": method}


def half_width(values: Float[np.ndarray, " pictures"]) -> float:
    """Half of the 95 % interval of a mean, by Student's t; two values at least.

    Example:
        >>> round(half_width(np.array([1.0, 2.0, 3.0])), 4)
        2.4841
    """
    from scipy import special

    return float(special.stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / math.sqrt(len(values)))


def denoising_summary(job: Job, params: Params, members: Sequence[int]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is reached on each picture of the test set (or of validation), and some pictures to look at.

    Returns:
        Plain data (its shape is in docs/json.md), and the pictures by the names of their files.
    """
    network, part = job.network, "test" if "test" in job.pairs else "validation"
    assert isinstance(network, Denoising)
    pictures: list[dict[str, Any]] = []
    noisy: list[dict[str, float]] = []
    samples: list[dict[str, str]] = []
    kept: dict[str, np.ndarray] = {}
    chosen = members_of(params, members)
    settings = members_of(network, members)
    for number, pair in enumerate(job.pairs.get(part, ())):
        denoised = denoised_by(settings, chosen, pair.given)
        spread = float(denoised.std(0).mean())
        before, after = (likeness(network, picture, pair.wanted) for picture in (pair.given, denoised.mean(0)))
        pictures.append({"picture": pair.name, "spread": spread, "noisy": before, "denoised": after})
        noisy.append(before)
        if number < MOST_SAMPLES:
            files = {kind: f"pictures/{number + 1}-{kind}.png" for kind in ("noisy", "denoised", "clean")}
            kept |= {
                files["noisy"]: np.clip(pair.given, 0, 255),
                files["denoised"]: denoised.mean(0),
                files["clean"]: pair.wanted,
            }
            samples.append({"picture": pair.name, **files})
    facts = job.facts["photographs"]
    return {
        "noise": facts["noise"],
        "learning": network.learning,
        "patch": facts["patch"],
        "part": part if pictures else None,
        "noisy": _mean(noisy) if noisy else None,
        "pictures": pictures,
        "samples": samples,
    }, kept


def noisy_loss(job: Job) -> float:
    """The loss of leaving the noisy pictures as they are, on pictures not trained on."""
    network = job.network
    assert isinstance(network, Denoising)
    pairs = job.pairs.get("validation") or job.pairs["test"]
    return float(np.mean([likeness(network, pair.given, pair.wanted)["loss"] for pair in pairs]))

"""What predicted masks are worth on whole pictures: members and ensemble, class by class, picture by picture."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from talweg.data.images.labels import IGNORED
from talweg.data.images.photo_parts import Pair
from talweg.objective.base import Params
from talweg.objective.metrics import intersection_over_union
from talweg.objective.segmentation import Segmentation
from talweg.record.evaluation import Evaluation, kept_rows
from talweg.run.job import Job
from talweg.run.pictures.scoring import half_width
from talweg.run.pictures.tiled import Picture, answers, members_of
from talweg.run.scoring import Scores, values_of_sums
from talweg.view.pictures.masks import difference, painted
from talweg.view.telling.quality import by_class

MOST_SAMPLES = 4
"""So many pictures are kept in the run folder to be looked at."""

Codes = UInt8[np.ndarray, "height width"]
Likelihoods = Float[np.ndarray, "height width classes"]


def likelihoods(
    network: Segmentation, params: Params, picture: Picture, members: Sequence[int]
) -> Iterator[Likelihoods]:
    """How likely each member holds each class to be, at every pixel; one member at a time, as memory wants it.

    Args:
        network: with a leading member axis, as `params` have.
        params: of all members.
        picture: in pixels of 0 to 255, of any size.
        members: who is asked.
    """
    for member in members:
        one, its = members_of((network, params), [member])
        yield answers(one, its, picture, network.row_loss.probabilities)[0]


def pixel_sums(said: Likelihoods, mask: Codes, class_weight: Sequence[float] = ()) -> dict[str, Any]:
    """The sums of `metrics.classification_sums` over the pixels of which something is said."""
    known = mask != IGNORED
    y, told, classes = mask[known].astype(np.int64), said[known], said.shape[-1]
    losses = -np.log(np.maximum(told[np.arange(len(y)), y].astype(np.float64), np.finfo(np.float32).tiny))
    weight = np.asarray(class_weight or (1.0,) * classes)[y]
    confusion = np.bincount(y * classes + told.argmax(-1), minlength=classes**2).reshape(classes, classes)
    return {
        "loss": float(losses @ weight),
        "weight": float(weight.sum()),
        "plain_loss": float(losses.sum()),
        "confusion": confusion,
    }


def score_masks(job: Job, params: Params, pairs: Sequence[Pair], members: Sequence[int]) -> Scores:
    """Scores over all pixels of whole pictures.

    Args:
        job: what was trained.
        params: with a leading member axis.
        pairs: the pictures and their masks.
        members: which of them enter the ensemble.
    """
    network, count = job.network, job.settings.members
    assert isinstance(network, Segmentation)
    known = [pair.wanted[..., 0] != IGNORED for pair in pairs]
    starts = np.concatenate([[0], np.cumsum([some.sum() for some in known])])
    kept = kept_rows(int(starts[-1]), count, network.classes)
    alone: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    together, votes, sure = [], [], []
    for number, pair in enumerate(pairs):
        mask = pair.wanted[..., 0]
        inside = kept[(kept >= starts[number]) & (kept < starts[number + 1])] - starts[number]
        mean, said = np.zeros((*mask.shape, network.classes), np.float32), []
        for member, found in enumerate(likelihoods(network, params, pair.given, range(count))):
            alone[member].append(pixel_sums(found, mask, network.class_weight))
            said.append(found[known[number]][inside].argmax(-1))
            if member in members:
                mean += found / len(members)
        together.append(pixel_sums(mean, mask, network.class_weight))
        votes.append(np.stack(said))
        sure.append((mask[known[number]][inside], mean[known[number]][inside]))
    target, ensemble = (np.concatenate(column) for column in zip(*sure, strict=True))
    whole = _added(together)
    evaluation = Evaluation(
        int(starts[-1]),
        kept,
        target.astype(np.int32),
        ensemble,
        np.concatenate(votes, axis=1).astype(np.uint16),
        whole["confusion"],
    )
    return Scores(
        tuple(_values(_added(each)) for each in alone),
        _values(whole),
        _interval(together),
        evaluation,
        tuple(map(_values, together)),
    )


def _added(sums: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: sum(one[name] for one in sums) for name in sums[0]}


def _values(sums: Mapping[str, Any]) -> dict[str, float]:
    """The metrics; all NaN where nothing is said of any pixel."""
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = {**sums, "weight": np.float64(sums["weight"])}
        return values_of_sums(plain, "segmentation", np.ones(1))


def _interval(sums: Sequence[Mapping[str, Any]]) -> dict[str, float | str] | None:
    """95 % interval of the mean over the classes, by which pictures there are: the jackknife (Tukey 1958).

    Pixels of a picture are no independent witnesses, and the metric is no mean over pictures: each is left out in turn.
    `None` for fewer than three pictures.
    """
    count = len(sums)
    if count < 3:
        return None
    whole = _added(sums)
    mean = _values(whole)["mean_iou"]
    without = [{name: whole[name] - one[name] for name in whole} for one in sums]
    pseudo = np.array([count * mean - (count - 1) * _values(left)["mean_iou"] for left in without])
    half = half_width(pseudo)
    method = f"jackknife and Student's t over {count} pictures, 95 %"
    return {"metric": "mean_iou", "low": max(0.0, mean - half), "high": min(1.0, mean + half), "method": method}


def segmentation_summary(
    job: Job, params: Params, members: Sequence[int], scores: Mapping[str, Scores]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is reached class by class and picture by picture on the test set (or on validation), and some pictures.

    Args:
        job: what was trained.
        params: with a leading member axis.
        members: the ensemble.
        scores: what is reached, by part.

    Returns:
        Plain data (its shape is in docs/json.md), and the pictures by the names of their files.
    """
    part = next((part for part in ("test", "validation") if part in scores), None)
    told: dict[str, Any] = {"patch": job.facts["photographs"]["patch"], "part": part}
    if part is None:
        return {**told, "classes": [], "pictures": [], "samples": []}, {}
    found, pairs = scores[part], job.pairs[part]
    assert found.evaluation is not None
    assert found.evaluation.confusion is not None
    shown, kept = [], dict[str, np.ndarray]()
    for number, pair in enumerate(pairs[:MOST_SAMPLES], 1):
        files = {kind: f"pictures/{number}-{kind}.png" for kind in ("picture", "mask", "predicted", "difference")}
        kept |= dict(zip(files.values(), _looked_at(job, params, members, pair), strict=True))
        shown.append({"name": pair.name, **files})
    return {
        **told,
        "classes": _by_class(job.classes, found.evaluation.confusion),
        "pictures": [{"picture": pair.name, **one} for pair, one in zip(pairs, found.pictures, strict=True)],
        "samples": shown,
    }, kept


def _looked_at(job: Job, params: Params, members: Sequence[int], pair: Pair) -> tuple[np.ndarray, ...]:
    """A picture, its mask, the predicted one, and what is wrong in that."""
    network, mask = job.network, pair.wanted[..., 0]
    assert isinstance(network, Segmentation)
    mean = sum(likelihoods(network, params, pair.given, members))
    said = np.asarray(mean).argmax(-1).astype(np.uint8)
    classes = network.classes
    return pair.given, painted(mask, classes), painted(said, classes), difference(pair.given, mask, said, classes)


def _by_class(names: Sequence[str], confusion: np.ndarray) -> list[dict[str, Any]]:
    found, overlap = by_class(confusion), intersection_over_union(confusion)
    return [
        {
            "class": name,
            "pixels": int(found.rows[label]),
            "iou": float(overlap[label]),
            "recall": float(found.recall[label]),
            "precision": float(found.precision[label]),
        }
        for label, name in enumerate(names)
    ]


def constant_loss(job: Job) -> float:
    """The loss of giving each class its share of the training pixels everywhere, on pictures not trained on."""
    network = job.network
    weight = np.array(network.class_weight or (1.0,) * network.classes)
    counts = np.bincount(job.training.y.ravel(), minlength=256)[: network.classes]
    shares = counts * weight
    told = -np.log(np.maximum(shares / shares.sum(), 1e-12))
    pairs = job.pairs.get("validation") or job.pairs["test"]
    seen = sum(np.bincount(pair.wanted.ravel(), minlength=256)[: network.classes] for pair in pairs)
    return float(np.average(told, weights=weight * seen))

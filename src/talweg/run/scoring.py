"""What a set of predictions is worth: every metric, members beside their ensemble, and the set's sampling error."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from talweg.objective.base import Params
from talweg.objective.logarithm import Logarithm
from talweg.objective.losses import Loss
from talweg.objective.metrics import METRICS, classification_sums, metric_values, regression_sums
from talweg.objective.network import Network
from talweg.record.evaluation import Evaluation, kept_rows
from talweg.run.job import Job, Rows
from talweg.run.train import member_outputs

Z95 = 1.959963984540054
"""The standard normal's 97.5 % point."""


def predictions(
    network: Network, outputs: Float[np.ndarray, "*many rows outputs"]
) -> Float[np.ndarray, "*many rows columns"]:
    """Class probabilities, or standardized targets, from outputs, in float64."""
    if network.classes:
        return network.row_loss.probabilities(outputs)
    return outputs.astype(np.float64)


def score(
    loss: Loss,
    predicted: Float[np.ndarray, "rows columns"],
    y: Num[np.ndarray, "rows *targets"],
    target_scale: Float[np.ndarray, " targets"],
    class_weight: Sequence[float] = (),
    logarithm: Logarithm | None = None,
) -> dict[str, float]:
    """Every metric of a task, and the loss.

    Args:
        loss: what was minimized.
        predicted: as given by `predictions`.
        y: the true classes, or the true standardized targets.
        target_scale: what one unit of the sums is in each target's own unit.
        class_weight: what a row of each class counts in the loss; all alike if it is empty.
        logarithm: what was learned of the targets, if it was.
    """
    values = values_of_sums(sums_of(loss, predicted, y, class_weight, logarithm), loss.task, target_scale)
    for metric in METRICS.values():
        if metric.task == loss.task and metric.from_outputs is not None:
            values[metric.name] = metric.from_outputs(predicted, y, np.ones(len(y)))
    return values


def scored(
    job: Job, predicted: Float[np.ndarray, "rows columns"], y: Num[np.ndarray, "rows *targets"]
) -> dict[str, float]:
    """Every metric of a job's task, and the loss (see `score`)."""
    network = job.network
    return score(network.row_loss, predicted, y, job.target_scale, network.class_weight, network.logarithm)


def sums_of(
    loss: Loss,
    predicted: Float[np.ndarray, "rows columns"],
    y: Num[np.ndarray, "rows *targets"],
    class_weight: Sequence[float] = (),
    logarithm: Logarithm | None = None,
) -> dict[str, Any]:
    """The sums from which most metrics follow; those of two sets of rows add up to both's."""
    weight = np.ones(len(y))
    if loss.task == "regression":
        row_loss = np.asarray(loss.per_row(predicted, y), dtype=np.float64)
        return regression_sums(row_loss, predicted, y.astype(np.float64), weight, logarithm)
    likelihood = np.maximum(predicted[np.arange(len(y)), y], np.finfo(np.float64).tiny)
    row_loss, classes = -np.log(likelihood), predicted.shape[1]
    return classification_sums(row_loss, predicted.argmax(-1), y, weight, classes, class_weight)


def values_of_sums(sums: Mapping[str, Any], task: str, target_scale: Float[np.ndarray, " targets"]) -> dict[str, float]:
    """The loss, and every metric that follows from sums."""
    values = {"loss": float(sums["loss"] / sums["weight"])}
    return values | {name: float(value) for name, value in metric_values(sums, task, target_scale).items()}


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """What the members and their ensemble reach on one part of the split.

    Attributes:
        members: every metric of each member.
        ensemble: every metric of the mean of the members' predictions.
        interval: 95 % interval of the ensemble's main metric from the set's size alone, and how it was made.
        evaluation: the predictions themselves, beside the truth; `None` of denoised pictures.
        pictures: of whole pictures that were judged one by one, what the ensemble reaches on each.
    """

    members: tuple[Mapping[str, float], ...]
    ensemble: Mapping[str, float]
    interval: Mapping[str, float | str] | None
    evaluation: Evaluation | None
    pictures: tuple[Mapping[str, float], ...] = ()


def score_members(job: Job, params: Params, rows: Rows, members: Sequence[int]) -> Scores | None:
    """Scores the given members, one at a time so that memory does not grow with their number; `None` without rows.

    Args:
        job: what was trained.
        params: with a leading member axis.
        rows: the part of the split.
        members: which of them enter the ensemble; the metrics of the others are given too.
    """
    if not len(rows):
        return None
    each: list[Mapping[str, float]] = []
    said: list[np.ndarray] = []
    everyone = np.arange(len(rows))
    counts = _voices(job, rows, members)
    mean = np.zeros(())
    kept = kept_rows(len(rows), job.settings.members, max(job.network.classes, 1))
    for member in range(job.settings.members):
        predicted = predictions(job.network, member_outputs(job.network, params, member, rows))
        own = job.folds.held_out(member) if job.folds and rows is job.validation else everyone
        each.append(scored(job, predicted[own], rows.y[own]))
        said.append(decided(job, predicted[kept]))
        # Not merely times 0: what a failed member says is no number.
        mean = mean + np.where(counts[member, :, None] > 0, predicted * counts[member, :, None], 0.0)
    return Scores(
        tuple(each),
        scored(job, mean, rows.y),
        _sampling(job, mean, rows),
        _evaluation(job, mean, np.stack(said), rows, kept),
    )


def _voices(job: Job, rows: Rows, members: Sequence[int]) -> Float[np.ndarray, "members rows"]:
    """How much each member has to say of each row in the ensemble: alike, or with folds nothing of rows it trained on.

    Where every member that held a row out has failed, they speak all the same: no other may.
    """
    voice = np.zeros((job.settings.members, len(rows)))
    if job.folds is None or rows is not job.validation:
        voice[list(members)] = 1.0
    else:
        holders = [[m for m in range(len(voice)) if m % job.folds.count == f] for f in range(job.folds.count)]
        for fold, holding in enumerate(holders):
            speaking = [member for member in holding if member in members] or holding
            voice[np.ix_(np.array(speaking), np.flatnonzero(job.folds.fold == fold))] = 1.0
    return voice / voice.sum(0)


def decided(job: Job, predicted: np.ndarray) -> np.ndarray:
    """The likeliest class, or the quantity in its own unit, as a member says it."""
    if job.network.classes:
        return predicted.argmax(-1).astype(np.uint16)
    return job.in_own_unit(predicted)[:, 0].astype(np.float32)


def _evaluation(job: Job, mean: np.ndarray, said: np.ndarray, rows: Rows, kept: np.ndarray) -> Evaluation:
    """What outlives the run of its predictions on a part of the split."""
    if not (classes := job.network.classes):
        target = job.in_own_unit(rows.y[kept])[:, 0].astype(np.float32)
        return Evaluation(len(rows), kept, target, decided(job, mean[kept]), said)
    confusion = np.bincount(rows.y * classes + mean.argmax(-1), minlength=classes**2).reshape(classes, classes)
    target, probabilities = rows.y[kept].astype(np.int32), mean[kept].astype(np.float32)
    return Evaluation(len(rows), kept, target, probabilities, said, confusion)


def _sampling(job: Job, predicted: np.ndarray, rows: Rows) -> dict[str, float | str]:
    if job.network.classes:
        low, high = wilson_interval(int((predicted.argmax(-1) == rows.y).sum()), len(rows))
        return {"metric": "accuracy", "low": low, "high": high, "method": "Wilson 95 %"}
    squared = ((job.in_own_unit(predicted) - job.in_own_unit(rows.y)) ** 2).mean(-1)
    low, high = root_mean_interval(squared)
    return {
        "metric": "rmse",
        "low": low,
        "high": high,
        "method": "normal approximation of the mean square, 95 %",
    }


def wilson_interval(hits: int, rows: int) -> tuple[float, float]:
    """95 % interval of a share that was counted on so many rows (Wilson 1927).

    Example:
        >>> low, high = wilson_interval(97, 100)
        >>> round(low, 3), round(high, 3)
        (0.915, 0.99)
    """
    share = hits / rows
    center = (share + Z95**2 / (2 * rows)) / (1 + Z95**2 / rows)
    half = Z95 / (1 + Z95**2 / rows) * math.sqrt(share * (1 - share) / rows + Z95**2 / (4 * rows**2))
    return max(0.0, center - half), min(1.0, center + half)


def root_mean_interval(squared: Float[np.ndarray, " rows"]) -> tuple[float, float]:
    """95 % interval of a root mean square, from the spread of the squares (central limit theorem)."""
    error = Z95 * float(squared.std(ddof=1)) / math.sqrt(len(squared)) if len(squared) > 1 else math.inf
    mean = float(squared.mean())
    return math.sqrt(max(0.0, mean - error)), math.sqrt(mean + error)

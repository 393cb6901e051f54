"""Quality measures: sums over rows that add up exactly over batches, and the metrics that follow from them.

The sums are written once for NumPy and JAX alike: inside the compiled evaluation they run on JAX arrays, for an
ensemble's averaged prediction on NumPy's. Losses, which are minimized, are in `losses`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int, Num

from talweg.objective.base import Sums
from talweg.objective.logarithm import Logarithm

AnyArray = Array | np.ndarray
HostSums = Mapping[str, Any]


def classification_sums(
    row_loss: AnyArray,
    predicted: AnyArray,
    y: AnyArray,
    weight: AnyArray,
    classes: int,
    class_weight: Sequence[float] = (),
) -> Sums:
    """Sums from which every metric of a classifier follows that does not need the order of the rows.

    Args:
        row_loss: each row's loss, of shape `(rows,)`.
        predicted: each row's predicted class.
        y: each row's true class.
        weight: what each row counts; 0 for padding.
        classes: how many classes there are.
        class_weight: what a row of each class counts in the loss, and in nothing else; all alike if it is empty.

    Returns:
        `loss` and `weight`, scalars that give the mean loss as it is minimized; `plain_loss`, the sum in which classes
        count alike; and `confusion` of shape `(classes, classes)`: true by predicted.
    """
    xp = row_loss.__array_namespace__()
    labels = xp.arange(classes)
    true = (y[:, None] == labels).astype(row_loss.dtype)
    chosen = (predicted[:, None] == labels).astype(row_loss.dtype)
    told = xp.where(weight > 0, row_loss, 0.0) * weight
    scale = weight_of_rows(class_weight, y, row_loss)
    return {
        "loss": xp.sum(told * scale),
        "weight": xp.sum(weight * scale),
        "plain_loss": xp.sum(told),
        "confusion": (true * weight[:, None]).T @ chosen,
    }


def weight_of_rows(class_weight: Sequence[float], y: AnyArray, like: AnyArray) -> AnyArray | float:
    """What each row counts in the loss by its class; 1 where no class weighs more than another.

    Args:
        class_weight: one number a class; or none.
        y: each row's class.
        like: an array of the library and type that are wanted.
    """
    if not class_weight:
        return 1.0
    return like.__array_namespace__().asarray(class_weight, dtype=like.dtype)[y]


def regression_sums(
    row_loss: AnyArray, predicted: AnyArray, y: AnyArray, weight: AnyArray, logarithm: Logarithm | None = None
) -> Sums:
    """Sums from which every metric of a regression follows.

    Args:
        row_loss: each row's loss, of shape `(rows,)`.
        predicted: predicted targets, of shape `(rows, targets)`.
        y: true targets, of the same shape.
        weight: what each row counts; 0 for padding.
        logarithm: is undone before errors are taken, if it was learned.

    Returns:
        `loss` and `weight`, scalars; `squared` and `absolute` errors, `target` and `target_squared`, of shape
        `(targets,)`.
    """
    xp = row_loss.__array_namespace__()
    counts = weight[:, None]
    if logarithm is not None:
        predicted, y = logarithm.undone(predicted), logarithm.undone(y)
    error = xp.where(counts > 0, predicted - y, 0.0)
    return {
        "loss": xp.sum(xp.where(weight > 0, row_loss, 0.0) * weight),
        "weight": xp.sum(weight),
        "squared": xp.sum(counts * error**2, axis=0),
        "absolute": xp.sum(counts * abs(error), axis=0),
        "target": xp.sum(counts * y, axis=0),
        "target_squared": xp.sum(counts * y**2, axis=0),
    }


def _accuracy(sums: HostSums) -> Any:
    confusion = sums["confusion"]
    return np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum((-2, -1))


def _recall(confusion: np.ndarray) -> np.ndarray:
    """Each class's share of rows found; NaN for a class without rows."""
    rows = confusion.sum(-1)
    return np.divide(np.diagonal(confusion, axis1=-2, axis2=-1), rows, out=np.full(rows.shape, np.nan), where=rows > 0)


def _balanced_accuracy(sums: HostSums) -> Any:
    return np.nanmean(_recall(sums["confusion"]), -1)


def intersection_over_union(
    confusion: Num[np.ndarray, "*many classes classes"],
) -> Float[np.ndarray, "*many classes"]:
    """Of each class what is and was said to be of it, as a share of what is or was (Jaccard 1901).

    Args:
        confusion: true by predicted.

    Returns:
        NaN for a class that neither is nor was said.

    Example:
        >>> intersection_over_union(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
        [0.75, 0.8]
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    either = confusion.sum(-1) + confusion.sum(-2) - hits
    return np.divide(hits, either, out=np.full(either.shape, np.nan), where=either > 0)


def _mean_iou(sums: HostSums) -> Any:
    return np.nanmean(intersection_over_union(sums["confusion"]), -1)


def _macro_f1(sums: HostSums) -> Any:
    confusion = sums["confusion"]
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    seen = confusion.sum(-1) + confusion.sum(-2)
    f1 = np.divide(2 * hits, seen, out=np.full(seen.shape, np.nan), where=seen > 0)
    return np.nanmean(f1, -1)


def _log_loss(sums: HostSums) -> Any:
    """Every row counts alike, whatever its class weighs in the loss that is minimized."""
    return sums["plain_loss"] / sums["confusion"].sum((-2, -1))


def _rmse(sums: HostSums) -> Any:
    return np.sqrt(sums["squared"] / sums["weight"][..., None])


def _mae(sums: HostSums) -> Any:
    return sums["absolute"] / sums["weight"][..., None]


def _r2(sums: HostSums) -> Any:
    """NaN where all targets are equal, which leaves no spread to explain but rounding's."""
    spread = sums["target_squared"] - sums["target"] ** 2 / sums["weight"][..., None]
    noise = 1e-6 * sums["target_squared"]  # the compiled sums are float32
    share = np.divide(sums["squared"], spread, out=np.full(spread.shape, np.nan), where=spread > noise)
    return (1.0 - share).mean(-1)


def _psnr(sums: HostSums) -> Any:
    """In decibels, from the mean squared error over all pixels, in units of white."""
    squared = sums["squared"] / sums["weight"]
    return -10 * np.log10(np.maximum(squared, np.finfo(np.float64).tiny))


def area_under_curve(
    probabilities: Float[np.ndarray, "rows classes"],
    y: Int[np.ndarray, " rows"],
    weight: Float[np.ndarray, " rows"],
) -> float:
    """Area under the ROC curve: the chance that a row of a class is ranked above a row of the others.

    With more than two classes, the plain mean over the classes, each against the rest (Hand & Till 2001 discuss the
    alternatives). Ties count one half (Mann & Whitney 1947). NaN where a class has no rows.
    """
    classes = probabilities.shape[1]
    chosen = [1] if classes == 2 else range(classes)
    return float(np.mean([_one_against_rest(probabilities[:, c], y == c, weight) for c in chosen]))


def _one_against_rest(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> float:
    values, place = np.unique(score, return_inverse=True)
    ups = np.bincount(place, weight * positive, len(values))
    downs = np.bincount(place, weight * ~positive, len(values))
    pairs = ups.sum() * downs.sum()
    below = np.cumsum(downs) - downs
    return float(np.sum(ups * (below + downs / 2)) / pairs) if pairs > 0 else float("nan")


class Metric(eqx.Module):
    """A quality measure that is reported and can be monitored, but is not minimized.

    Attributes:
        name: its key in `METRICS`.
        task: ``"classification"``, ``"regression"``, ``"segmentation"``, ``"denoising"``, or ``"self_denoising"``,
            without clean pictures.
        greater_is_better: which way is up.
        from_sums: gives its value from the sums; `None` if it needs the rows' order.
        from_outputs: gives its value from probabilities, classes and weights; `None` if the sums are enough.
        in_target_units: whether `from_sums` gives one value a target, in the unit of the sums; each is scaled back to
            its target's own unit, then averaged.
    """

    name: str = eqx.field(static=True)
    task: str = eqx.field(static=True)
    greater_is_better: bool = eqx.field(static=True)
    from_sums: Callable[[HostSums], Any] | None = eqx.field(static=True, default=None)
    from_outputs: Callable[..., float] | None = eqx.field(static=True, default=None)
    in_target_units: bool = eqx.field(static=True, default=False)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "classification", True, _accuracy),
        Metric("error_rate", "classification", False, lambda sums: 1.0 - _accuracy(sums)),
        Metric("balanced_accuracy", "classification", True, _balanced_accuracy),
        Metric("macro_f1", "classification", True, _macro_f1),
        Metric("log_loss", "classification", False, _log_loss),
        Metric("roc_auc", "classification", True, from_outputs=area_under_curve),
        Metric("rmse", "regression", False, _rmse, in_target_units=True),
        Metric("mae", "regression", False, _mae, in_target_units=True),
        Metric("r2", "regression", True, _r2),
        Metric("mean_iou", "segmentation", True, _mean_iou),
        Metric("pixel_accuracy", "segmentation", True, _accuracy),
        Metric("dice", "segmentation", True, _macro_f1),
        Metric("psnr", "denoising", True, _psnr),
        Metric("ssim", "denoising", True),
        Metric("neighbor_psnr", "self_denoising", True, _psnr),
    )
}
"""Metrics by name; the first of a task is the one shown while training. `error_rate` is the 0/1 loss."""


def default_metric(task: str) -> str:
    """The metric that is shown for a task when none is named."""
    return next(name for name, metric in METRICS.items() if metric.task == task)


def metric_values(
    sums: HostSums, task: str, target_scale: Float[np.ndarray, " targets"] | None = None
) -> dict[str, np.ndarray]:
    """All metrics of a task that follow from sums.

    Args:
        sums: as given by `classification_sums` or `regression_sums`, with any leading member axes.
        task: ``"classification"`` or ``"regression"``.
        target_scale: what one unit of the sums is in each target's own unit; 1 if absent.
    """
    values = {}
    for metric in METRICS.values():
        if metric.task == task and metric.from_sums is not None:
            value = np.asarray(metric.from_sums(sums))
            if metric.in_target_units:
                value = (value * (1.0 if target_scale is None else target_scale)).mean(-1)
            values[metric.name] = np.asarray(value)
    return values

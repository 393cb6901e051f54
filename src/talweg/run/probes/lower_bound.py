"""How low the training loss can be brought at all, whatever the params: known from the loss and the rows alone.

Rows whose features are equal get the same prediction. Where their targets differ, some loss stays.
"""

import numpy as np
from jaxtyping import Float

from talweg.run.job import Job

MOST_ROWS = 200_000
"""Of more rows equal ones are not looked for; the bound is then that of the loss, 0."""
MOST_NUMBERS = 2**26
"""Nor among more numbers: to look for them takes some copies of the rows."""


def lower_bound(job: Job) -> Float[np.ndarray, " members"]:
    """A bound of each member's mean training loss from below.

    For classes it is the entropy of the targets among equal rows, smoothed as the loss smooths them; for the squared
    error their variance, for the absolute error their distance from the median. Where training sees other rows than
    these (augmented, noisy, weighted), it is 0, below which none of the losses goes.
    """
    smoothing = np.asarray(job.network.settings.get("label_smoothing", np.zeros(job.settings.members)), np.float64)
    changed = job.network.augmentation is not None or job.network.class_weight or job.folds is not None
    large = len(job.training) > MOST_ROWS or job.training.x.size > MOST_NUMBERS
    if changed or large or "input_noise" in job.network.settings:
        return np.zeros(job.settings.members)
    flat = np.asarray(job.training.x).reshape(len(job.training), -1)
    group = np.unique(flat, axis=0, return_inverse=True)[1].ravel()
    y, loss = np.asarray(job.training.y), job.network.row_loss
    if loss.task == "classification":
        return _entropy(group, y, job.network.classes, smoothing)
    if loss.name not in ("mean_squared_error", "mean_absolute_error"):
        return np.zeros(job.settings.members)
    left = np.zeros(len(y))
    for rows in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]):
        if loss.name == "mean_squared_error":
            left[rows] = ((y[rows] - y[rows].mean(0)) ** 2).mean(-1)
        else:
            left[rows] = np.abs(y[rows] - np.median(y[rows], axis=0)).mean(-1)
    return np.full(job.settings.members, left.mean())


def _entropy(
    group: np.ndarray, y: np.ndarray, classes: int, smoothing: Float[np.ndarray, " members"]
) -> Float[np.ndarray, " members"]:
    """The mean entropy of the smoothed targets within each group of equal rows."""
    counts = np.zeros((int(group.max()) + 1, classes))
    np.add.at(counts, (group, y), 1)
    size = counts.sum(1, keepdims=True)
    share = (1 - smoothing[:, None, None]) * counts / size + smoothing[:, None, None] / classes
    entropy = -(share * np.log(np.where(share > 0, share, 1))).sum(-1)
    return (entropy * size[:, 0]).sum(-1) / len(y)

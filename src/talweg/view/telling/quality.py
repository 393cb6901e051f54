"""What predictions beside the truth say: calibration, ROC curves, classes, mistakes, disagreement. Plain numbers.

The metrics themselves are the run's; nothing here is computed a second time that the summary holds.
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.record.evaluation import Evaluation

BINS = 10


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """How often the likeliest class was right, by the probability that it was given.

    Attributes:
        confidence: the mean probability in each bin that has rows.
        right: the share of its rows that were right.
        rows: how many rows it has.
        error: the expected calibration error: the mean gap between the two, weighted by rows (Guo et al. 2017).
    """

    confidence: Float[np.ndarray, " bins"]
    right: Float[np.ndarray, " bins"]
    rows: Int[np.ndarray, " bins"]
    error: float


def calibration(told: Evaluation, bins: int = BINS) -> Calibration:
    """The calibration of an ensemble of classifiers, in bins of equal width.

    Example:
        >>> sure = np.array([[0.9, 0.1], [0.9, 0.1]])
        >>> told = Evaluation(2, np.arange(2), np.array([0, 1]), sure, np.zeros((1, 2), int))
        >>> round(calibration(told).error, 3)
        0.4
    """
    given = told.ensemble.max(1).astype(np.float64)
    hit = told.ensemble.argmax(1) == told.target
    place = np.minimum((given * bins).astype(int), bins - 1)
    rows = np.bincount(place, minlength=bins)
    some = rows > 0
    confidence = np.bincount(place, given, bins)[some] / rows[some]
    right = np.bincount(place, hit, bins)[some] / rows[some]
    return Calibration(confidence, right, rows[some], float(np.abs(confidence - right) @ rows[some] / len(given)))


def roc(told: Evaluation, label: int) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]] | None:
    """False and true positive rates of a class against the rest, over all thresholds; `None` without both kinds.

    Ties move both rates at once, so that the area under the points is that of Mann and Whitney.
    """
    positive = told.target == label
    if not 0 < positive.sum() < len(positive):
        return None
    score = told.ensemble[:, label]
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hits = np.cumsum(positive[order])[last] / positive.sum()
    misses = np.cumsum(~positive[order])[last] / (~positive).sum()
    return np.concatenate([[0.0], misses]), np.concatenate([[0.0], hits])


@dataclasses.dataclass(frozen=True, eq=False)
class ByClass:
    """What is reached class by class, over all rows of a part.

    Attributes:
        rows: of each class.
        recall: the share of them that was found; NaN for a class without rows.
        precision: the share of the rows so predicted that are of the class; NaN where none was.
        f1: the harmonic mean of both; NaN for a class that neither is nor was predicted.
    """

    rows: Int[np.ndarray, " classes"]
    recall: Float[np.ndarray, " classes"]
    precision: Float[np.ndarray, " classes"]
    f1: Float[np.ndarray, " classes"]


def by_class(confusion: Int[np.ndarray, "classes classes"]) -> ByClass:
    """Recall, precision and F1 of every class, from a confusion matrix (true by predicted)."""
    hits, rows, said = np.diagonal(confusion), confusion.sum(1), confusion.sum(0)

    def share(of: np.ndarray, number: np.ndarray) -> np.ndarray:
        return np.divide(number, of, out=np.full(len(of), np.nan), where=of > 0)

    return ByClass(rows, share(rows, hits), share(said, hits), share(rows + said, 2 * hits))


def confused(confusion: Int[np.ndarray, "classes classes"], most: int = 12) -> list[tuple[int, int, int]]:
    """The most frequent confusions: true class, predicted class, rows."""
    wrong = confusion - np.diag(np.diagonal(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [(int(true), int(said), int(wrong[true, said])) for true, said in pairs if wrong[true, said] > 0]


def worst(told: Evaluation, most: int = 10) -> Int[np.ndarray, " few"]:
    """The kept rows that are most wrong: wrong classes by how sure, or quantities by the size of their error."""
    if told.ensemble.ndim == 1:
        return np.argsort(-np.abs(told.ensemble - told.target), kind="stable")[:most]
    wrong = np.flatnonzero(told.ensemble.argmax(1) != told.target)
    return wrong[np.argsort(-told.ensemble[wrong].max(1), kind="stable")][:most]


def disagreement(told: Evaluation, sound: Bool[np.ndarray, " members"]) -> float | None:
    """How far members differ: the share of rows on which two of them say different classes, on average over pairs.

    Of quantities, the members' standard deviation as a share of the target's; `None` of fewer than two members.
    """
    members = told.members[sound]
    if len(members) < 2:
        return None
    if told.ensemble.ndim == 1:
        spread = float(told.target.std())
        return float(np.sqrt((members.var(0, ddof=1)).mean())) / spread if spread > 0 else None
    same = 0.0
    for label in range(told.ensemble.shape[1]):
        votes = (members == label).sum(0)
        same += float((votes * (votes - 1)).sum())
    return 1.0 - same / (len(members) * (len(members) - 1) * members.shape[1])

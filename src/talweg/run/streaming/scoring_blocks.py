"""Scores of a part of the split that is too large to be held: sums over blocks of rows. What a metric is, is elsewhere.

Every metric that follows from sums is exact. The area under the curve needs the order of all rows: it is that of some
hundred thousand rows, spread evenly over the part.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Float, Int, Num

from talweg.data.evenly import evenly
from talweg.data.large.sample import blocks
from talweg.data.large.store import forget
from talweg.objective.base import Params
from talweg.objective.metrics import METRICS
from talweg.record.evaluation import Evaluation, kept_rows
from talweg.run.job import Job, Rows
from talweg.run.scoring import Z95, Scores, decided, predictions, sums_of, values_of_sums, wilson_interval
from talweg.run.streaming.passes import BLOCK_BYTES
from talweg.run.train import member_outputs

HELD = 2**18
"""Rows of a part that are scored all together."""
_NUMBERS = 2**23
"""Predicted numbers that are held at a time."""
_RANKED = 2**25
"""Predicted numbers that are kept for metrics which need the order of the rows."""


def score_blocks(job: Job, params: Params, rows: Rows, members: Sequence[int]) -> Scores:
    """Scores the given members on a part of any size (see `scoring.score_members`).

    Args:
        job: what was trained, without folds.
        params: with a leading member axis.
        rows: the part of the split.
        members: which of them enter the ensemble.
    """
    count, columns = job.settings.members, max(job.network.classes, 1)
    ranked = evenly(len(rows), min(HELD, _RANKED // ((count + 1) * columns)))
    kept = kept_rows(len(rows), count, columns)
    tallies = [_Tally(job) for _ in range(count + 1)]
    row_bytes = rows.x.nbytes // len(rows)
    for some in blocks(len(rows), max(1024, min(_NUMBERS // ((count + 1) * columns), BLOCK_BYTES // row_bytes))):
        part = Rows(np.array(rows.x[some]), np.array(rows.y[some]))
        forget(rows.x, rows.y)
        predicted = [predictions(job.network, member_outputs(job.network, params, m, part)) for m in range(count)]
        mean = np.sum([predicted[member] for member in members], axis=0) / len(members)
        for tally, each in zip(tallies, [*predicted, mean], strict=True):
            tally.add(each, part.y, _within(ranked, some), _within(kept, some))
    truth = rows.y[ranked]
    *each, ensemble = (tally.values(truth) for tally in tallies)
    said = np.stack([decided(job, tally.kept()) for tally in tallies[:-1]])
    return Scores(
        tuple(each),
        ensemble,
        tallies[-1].interval(),
        _evaluation(job, tallies[-1], said, rows.y[kept], len(rows), kept),
    )


@final
class _Tally:
    """What is known of one member's predictions, or the ensemble's, after the blocks so far."""

    def __init__(self, job: Job):
        self.job = job
        self.sums: dict[str, Any] = {}
        self.ranked: list[np.ndarray] = []
        self.seen: list[np.ndarray] = []
        self.rows, self.mean, self.spread = 0, 0.0, 0.0
        """Of the squared errors: how many, their mean, and the summed squares of their distance from it."""

    def add(self, predicted: np.ndarray, y: np.ndarray, ranked: np.ndarray, kept: np.ndarray) -> None:
        """Counts one more block."""
        job = self.job
        network = job.network
        found = sums_of(network.row_loss, predicted, y, network.class_weight, network.logarithm)
        self.sums = {name: self.sums[name] + value if self.sums else value for name, value in found.items()}
        self.ranked.append(predicted[ranked].astype(np.float32))
        self.seen.append(predicted[kept])
        if not job.network.classes:
            self._add_squared(((job.in_own_unit(predicted) - job.in_own_unit(y)) ** 2).mean(-1))

    def _add_squared(self, squared: Float[np.ndarray, " rows"]) -> None:
        # Two sets' moments as one's (Chan, Golub & LeVeque 1979).
        rows, mean = len(squared), float(squared.mean())
        apart, total = mean - self.mean, self.rows + rows
        self.spread += float(((squared - mean) ** 2).sum()) + apart**2 * self.rows * rows / total
        self.mean += apart * rows / total
        self.rows = total

    def kept(self) -> Float[np.ndarray, "kept columns"]:
        """The predictions of the rows that outlive the run."""
        return np.concatenate(self.seen)

    def values(self, truth: Num[np.ndarray, "ranked *targets"]) -> Mapping[str, float]:
        """Every metric of the task."""
        task = self.job.network.row_loss.task
        values = values_of_sums(self.sums, task, self.job.target_scale)
        for metric in METRICS.values():
            if metric.task == task and metric.from_outputs is not None:
                outputs = np.concatenate(self.ranked).astype(np.float64)
                values[metric.name] = metric.from_outputs(outputs, truth, np.ones(len(truth)))
        return values

    def confusion(self) -> Int[np.ndarray, "classes classes"]:
        """True by predicted class."""
        return np.rint(self.sums["confusion"]).astype(np.int64)

    def interval(self) -> dict[str, float | str]:
        """95 % interval of the main metric, from the size of the part alone."""
        if self.job.network.classes:
            confusion = self.confusion()
            low, high = wilson_interval(int(np.trace(confusion)), int(confusion.sum()))
            return {"metric": "accuracy", "low": low, "high": high, "method": "Wilson 95 %"}
        error = Z95 * math.sqrt(self.spread / (self.rows - 1) / self.rows)
        return {
            "metric": "rmse",
            "low": math.sqrt(max(0.0, self.mean - error)),
            "high": math.sqrt(self.mean + error),
            "method": "normal approximation of the mean square, 95 %",
        }


def _evaluation(
    job: Job, ensemble: _Tally, said: np.ndarray, y: np.ndarray, rows: int, kept: Int[np.ndarray, " kept"]
) -> Evaluation:
    """What outlives the run of its predictions on the part."""
    if not job.network.classes:
        target = job.in_own_unit(y)[:, 0].astype(np.float32)
        return Evaluation(rows, kept, target, decided(job, ensemble.kept()), said)
    probabilities = ensemble.kept().astype(np.float32)
    return Evaluation(rows, kept, y.astype(np.int32), probabilities, said, ensemble.confusion())


def _within(places: Int[np.ndarray, " some"], block: slice) -> Int[np.ndarray, " fewer"]:
    """Which places are in a block, counted from its start."""
    first, last = np.searchsorted(places, [block.start, block.stop])
    return places[first:last] - block.start

"""What a climbing learning rate suggests: the members' losses are read, and weighed against what is known beforehand.

A range test is one noisy piece of evidence about a number of which much is known without it. How the climb is made is
in `find_lr`.
"""

import dataclasses

import numpy as np
from jaxtyping import Float, Int

from talweg.descent.recipes import OPTIMIZERS

MEMORY = 0.9
"""How much of the smoothed loss is kept from step to step."""
FALL = 0.1
"""The share of its start by which the loss must fall for a suggestion to mean something."""
DONE = 0.9
"""The share of the fall after which a longer step is no longer worth its risk."""
MARGIN = 10.0
"""How far below the rate at which the loss is lowest it is suggested to stay: the convention since Smith (2017)."""
AGREE = 10.0
"""Members whose own readings differ by more than this factor agree on none."""
QUARTILE = 0.6745
"""Half of a normal variable's values are within so many standard deviations."""


@dataclasses.dataclass(frozen=True)
class Known:
    """What is known of a good learning rate before any test, and of the test; all but the rate in powers of ten.

    Attributes:
        rate: near which the optimizer is taken to train well.
        scatter: how far good rates lie from it, from data to data (a standard deviation).
        error: how far the reading lies from good rates, however many members read it (a standard deviation).
        low: how far below good rates it lies in the middle.
    """

    rate: float
    scatter: float
    error: float
    low: float = 0.0


ADAM = 4e-3
"""Near which Adam trains networks on standardised columns: the middle of the rates that AdamW takes by the data."""


def known_of(optimizer: str, usual: float) -> Known:
    """What is known of an optimizer; how it was measured is in benchmarks/find_lr.md.

    Args:
        optimizer: its name.
        usual: the rate that is taken without a test.
    """
    if OPTIMIZERS[optimizer].by_gradient:
        # The data decide which rates are good, and a step longer than that is thrown out at once: the test is exact,
        # and its margin too large.
        return Known(usual, scatter=0.4, error=0.25, low=0.8)
    if optimizer in ("adamw", "adam", "nadam"):
        return Known(usual if optimizer == "adamw" else ADAM, scatter=0.3, error=0.5)
    # The usual rate is a textbook's: no one has measured here how good it is.
    return Known(usual, scatter=0.8, error=0.5)


@dataclasses.dataclass(frozen=True)
class Suggestion:
    """A learning rate, and how it came about.

    Attributes:
        rate: the rate to take; `None` if there is no reliable one.
        interval: as likely as not a good rate is in it.
        tested: what the test alone says.
        tested_interval: the middle half of what the members read by themselves.
        known: near which rate the optimizer is taken to train well.
        weight: what the test counts, between 0 and 1; the known rate counts the rest.
        sentence: the suggestion, or why there is none.
    """

    rate: float | None
    interval: tuple[float, float] | None
    tested: float | None
    tested_interval: tuple[float, float] | None
    known: float
    weight: float | None
    sentence: str


def suggest(
    rates: Float[np.ndarray, " steps"],
    smooth: Float[np.ndarray, "members steps"],
    known: Known,
    optimizer: str,
) -> Suggestion:
    """The rate that the test and what is known of the optimizer say together.

    Both are taken as normal in the rate's logarithm, and weighed by how exact they are (a shrunk estimate: Efron &
    Morris 1975): the known rate by its scatter, the test by its error, and by how far its members lie apart.

    Args:
        rates: the learning rate of each step.
        smooth: the members' smoothed losses.
        known: of the optimizer.
        optimizer: its name.
    """
    own = readings(rates, smooth)
    if isinstance(own, str):
        return Suggestion(None, None, None, None, known.rate, None, f"no reliable suggestion: {own}")
    own = own * 10**known.low
    low, tested, high = np.exp(np.quantile(np.log(own), [0.25, 0.5, 0.75])).tolist()
    weight = known.scatter**2 / (known.scatter**2 + known.error**2 + _error_of_median(np.log10(own)) ** 2)
    rate = tested**weight * known.rate ** (1 - weight)
    beside = 10 ** (QUARTILE * known.scatter * np.sqrt(1 - weight))
    low, tested, high, rate, least, most = map(_two_digits, (low, tested, high, rate, rate / beside, rate * beside))
    half = f", the middle half of {len(own)} members {low:g} to {high:g}" if len(own) > 1 else ""
    sentence = (
        f"learning rate {rate:g}: the test says {tested:g}{half}; {optimizer} is taken to train well near "
        f"{known.rate:g}; together, the test counting {weight:.0%}, {rate:g}"
    )
    return Suggestion(rate, (least, most), tested, (low, high), known.rate, weight, sentence)


def readings(
    rates: Float[np.ndarray, " steps"], smooth: Float[np.ndarray, "members steps"]
) -> Float[np.ndarray, " some"] | str:
    """Where each member had nine tenths of its fall for good, but at most a tenth of where its loss is lowest.

    Where the loss falls the rate is long enough to get somewhere; where it is lowest the next steps already throw the
    member out. The margin of ten below that place is the convention of range tests (Smith 2017, arXiv:1506.01186);
    smaller ones helped on some tables and cost as much on others.

    Args:
        rates: the learning rate of each step.
        smooth: the members' smoothed losses.

    Returns:
        A rate of each member whose loss falls, or why they mean nothing.
    """
    start = smooth[:, : len(rates) // 10].mean(1)
    lowest = np.nanmin(np.where(np.isfinite(smooth), smooth, np.inf), axis=1)
    fall = 1 - lowest / start
    if not np.median(fall) >= FALL:
        least = max(float(np.median(fall)), 0)
        climb = f"while the rate climbed from {rates[0]:g} to {rates[-1]:g}"
        return f"{climb} the loss fell by only {least:.0%} of its start"
    far = fall >= FALL
    done = rates[_for_good(smooth, start - DONE * (start - lowest))][far]
    own = np.minimum(done, rates[_lowest(smooth)][far] / MARGIN)
    low, high = np.exp(np.quantile(np.log(own), [0.25, 0.75]))
    if high > AGREE * low:
        return f"the members disagree, the middle half of them between {low:.2g} and {high:.2g}"
    return own


def fallen(
    losses: Float[np.ndarray, "members steps"], before: Float[np.ndarray, "members steps"]
) -> Float[np.ndarray, "members steps"]:
    """Each member's smoothed losses, as if all batches had been alike.

    Args:
        losses: on each step's batch.
        before: on the same batches at the member's start.

    Returns:
        The share of the loss at the start that is left on the same batches (a ratio estimate: the batches' own
        differences cancel), times its mean there.
    """
    return smoothed(losses) / smoothed(before) * before.mean(1, keepdims=True)


def smoothed(losses: Float[np.ndarray, "members steps"]) -> Float[np.ndarray, "members steps"]:
    """A moving average of each member's losses that weighs old ones less and less, corrected for its start."""
    smooth, total, weight = np.empty_like(losses), np.zeros(len(losses)), 0.0
    for step, now in enumerate(losses.T):
        total, weight = MEMORY * total + (1 - MEMORY) * now, MEMORY * weight + (1 - MEMORY)
        smooth[:, step] = total / weight
    return smooth


def _error_of_median(values: Float[np.ndarray, " some"]) -> float:
    """The standard error of a normal sample's median; 0 where one value tells nothing of it."""
    return float(np.sqrt(np.pi / 2) * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _lowest(smooth: Float[np.ndarray, "members steps"]) -> Int[np.ndarray, " members"]:
    """The step at which each member's loss is lowest."""
    return np.where(np.isfinite(smooth), smooth, np.inf).argmin(1)


def _for_good(
    smooth: Float[np.ndarray, "members steps"], level: Float[np.ndarray, " members"]
) -> Int[np.ndarray, " members"]:
    """For each member the step after which its loss stays at a level or below until it is lowest."""
    steps = []
    for losses, most, lowest in zip(smooth, level, _lowest(smooth), strict=True):
        above = np.flatnonzero(losses[:lowest] > most)
        steps.append(int(above[-1]) + 1 if len(above) else 0)
    return np.array(steps)


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")

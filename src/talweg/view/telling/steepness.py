"""How sharp the valleys are in which a run's members ended, as a report tells it. It is drawn in `sharpness`."""

import dataclasses
import statistics

from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, plain


@dataclasses.dataclass(frozen=True)
class Steepness:
    """Medians over the members of which the sharpness was measured.

    Attributes:
        sharpness: the greatest eigenvalue λ of the training loss's Hessian at the params kept.
        limit: the largest learning rate with which gradient descent is stable there; `None` where λ is not positive.
        rates: the learning rates that the members' settings name.
        momentum: whether the descent had momentum, which makes longer steps stable.
        descends: whether the optimizer is gradient descent, so that the limit is its own.
        members: how many were measured.
        used: training rows that were looked at.
        total: training rows there are.
    """

    sharpness: float
    limit: float | None
    rates: tuple[float, ...]
    momentum: bool
    descends: bool
    members: int
    used: int
    total: int


def steepness(told: Told) -> Steepness | None:
    """How sharp a run's valleys are; `None` where it was not measured."""
    known = [member for member in told.sharpness.get("members", []) if plain(member["eigenvalues"][0]) is not None]
    if not known:
        return None
    limits = [member["largest_stable_learning_rate"] for member in known]
    return Steepness(
        statistics.median(member["eigenvalues"][0] for member in known),
        None if None in limits else statistics.median(limits),
        tuple(sorted({member["learning_rate"] for member in known})),
        any(member["momentum"] for member in known),
        told.sharpness["descends"],
        len(known),
        told.sharpness["rows"]["used"],
        told.sharpness["rows"]["total"],
    )


def steepness_words(found: Steepness, optimizer: str, say: Tongue) -> list[str]:
    """What was measured, and what it says of the learning rate, a sentence each."""
    members, rows = say.count("members", found.members), say.whole(found.used)
    words = [say("text.valley.sharpness", members=members, rows=rows, total=say.count("rows", found.total))]
    if found.limit is not None:
        words.append(say("text.valley.limit", limit=say("formula.momentum" if found.momentum else "formula.plain")))
        if not found.descends:
            words.append(say("text.valley.adaptive", optimizer=optimizer))
    return words

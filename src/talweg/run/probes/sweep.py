"""What became of settings that were lists: which values were best on validation, and how surely. No training here.

The values were tried from the same starts and on the same batches, so that they can be compared start by start.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.config.grid import Grid
from talweg.descent.stopping import FAILED, Outcome


def sweep_report(
    grid: Grid, outcomes: Sequence[Outcome], scores: Sequence[Mapping[str, float]] | None, metric: str
) -> dict[str, Any] | None:
    """The report of a sweep as plain data (its shape is in docs/json.md).

    Args:
        grid: which member had which values.
        outcomes: how each member ended.
        scores: what each reaches on validation; without such rows nothing can be said.
        metric: the main metric's name, told beside the loss that decides.

    Returns:
        `None` if no setting was a list.
    """
    if not grid.names:
        return None
    failed = np.array([outcome.kind in FAILED for outcome in outcomes])
    losses = np.array([np.inf if bad or scores is None else scores[m]["loss"] for m, bad in enumerate(failed)])
    losses = np.where(np.isfinite(losses), losses, np.inf).reshape(len(grid.values), grid.starts)
    best = None if scores is None or not np.isfinite(losses).any() else best_combination(losses)
    return {
        "settings": list(grid.names),
        "starts": grid.starts,
        "judged_by": "validation loss",
        "values": [
            {
                **dict(zip(grid.names, values, strict=True)),
                "members": grid.members_of(place),
                "failed": int(failed[grid.members_of(place)].sum()),
                "validation": _spread(grid.members_of(place), failed, scores, ("loss", metric)),
                "behind_best": None if best is None else paired(losses[place], losses[best]),
            }
            for place, values in enumerate(grid.values)
        ],
        "best": None if best is None else dict(zip(grid.names, grid.values[best], strict=True)),
        "best_members": [] if best is None else grid.members_of(best),
        "warnings": list(_warnings(grid, losses, failed, best)),
    }


def chosen_members(
    grid: Grid, outcomes: Sequence[Outcome], losses: Float[np.ndarray, " members"]
) -> tuple[int, ...] | None:
    """The members with the best values that did not fail; `None` if there is nothing to choose or none came through.

    Args:
        grid: which member had which values.
        outcomes: how each member ended.
        losses: what each reaches on validation.
    """
    failed = np.array([outcome.kind in FAILED for outcome in outcomes])
    counted = np.where(failed | ~np.isfinite(losses), np.inf, losses).reshape(len(grid.values), grid.starts)
    if not grid.names or not np.isfinite(counted).any():
        return None
    return tuple(m for m in grid.members_of(best_combination(counted)) if not failed[m])


def best_combination(losses: Float[np.ndarray, "combinations starts"]) -> int:
    """The combination with the lowest mean loss among those with the fewest failures."""
    failures = np.isinf(losses).sum(1)
    counted = np.where(np.isinf(losses), np.nan, losses)
    means = np.array([np.nanmean(row) if np.isfinite(row).any() else np.inf for row in counted])
    return int(np.lexsort((means, failures))[0])


def paired(losses: Float[np.ndarray, " starts"], best: Float[np.ndarray, " starts"]) -> dict[str, float | int | None]:
    """How much higher losses are than the best value's, start by start.

    Returns:
        The mean difference over the starts at which both came through, its 95 % interval by Student's t (`None` for
        a single start), at how many of them the best was lower, and how many they are.

    Example:
        >>> told = paired(np.array([0.3, 0.5, 0.4]), np.array([0.2, 0.3, 0.3]))
        >>> round(told["mean"], 3), told["best_wins"], told["starts"]
        (0.133, 3, 3)
    """
    both = np.isfinite(losses) & np.isfinite(best)
    difference = losses[both] - best[both]
    count = len(difference)
    told: dict[str, float | int | None] = {"mean": None, "low": None, "high": None, "best_wins": 0, "starts": count}
    if not count:
        return told
    told |= {"mean": float(difference.mean()), "best_wins": int((difference > 0).sum())}
    if count > 1:
        from scipy.stats import t

        half = float(t.ppf(0.975, count - 1)) * float(difference.std(ddof=1)) / math.sqrt(count)
        told |= {"low": float(difference.mean()) - half, "high": float(difference.mean()) + half}
    return told


def _spread(
    members: list[int],
    failed: np.ndarray,
    scores: Sequence[Mapping[str, float]] | None,
    names: Iterable[str],
) -> dict[str, dict[str, float]] | None:
    sound = [member for member in members if not failed[member]]
    if scores is None or not sound:
        return None
    told = {}
    for name in names:
        values = np.array([scores[member][name] for member in sound])
        std = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        told[name] = {"mean": float(values.mean()), "std": std, "low": float(values.min()), "high": float(values.max())}
    return told


def _warnings(
    grid: Grid, losses: Float[np.ndarray, "combinations starts"], failed: np.ndarray, best: int | None
) -> Iterable[str]:
    if "learning_rate" in grid.names:
        yield from _too_long(grid.of("learning_rate"), failed)
    if best is None:
        yield "no value is the best: there is no validation set, or every member failed"
        return
    if grid.starts == 1:
        yield f"each value was tried from one start alone; take {2 * grid.members} members to see what is chance"
    elif rivals := _rivals(losses, best):
        told = "; ".join(_written(grid, place) for place in rivals)
        yield f"{grid.starts} starts do not tell the best from {told}"
    for place, name in enumerate(grid.names):
        listed = sorted({values[place] for values in grid.values})
        value = grid.values[best][place]
        if len(listed) > 2 and value in (listed[0], listed[-1]) and value != 0:
            way = "lower" if value == listed[0] else "higher"
            yield f"the best {name}, {value:g}, is the {way[:-2]}est that was tried; try {way} ones"


def _too_long(rates: Float[np.ndarray, " members"], failed: np.ndarray) -> Iterable[str]:
    fell = sorted(set(rates[failed].tolist()))
    if fell:
        stood = [rate for rate in sorted(set(rates.tolist())) if rate not in fell]
        largest = f"the largest that did not is {stood[-1]:g}" if stood else "none did not; try much smaller ones"
        yield f"members with learning_rate {', '.join(f'{rate:g}' for rate in fell)} diverged; {largest}"


def _rivals(losses: Float[np.ndarray, "combinations starts"], best: int) -> list[int]:
    """The combinations whose difference from the best may be chance: its interval holds 0."""
    told = {place: paired(row, losses[best]) for place, row in enumerate(losses) if place != best}
    return [place for place, one in told.items() if isinstance(one["low"], float) and one["low"] <= 0]


def _written(grid: Grid, place: int) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in zip(grid.names, grid.values[place], strict=True))

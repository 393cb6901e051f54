"""Members that diverge go on from their last good state at half the learning rate, where that was asked for.

Good is a state from which a whole epoch went well: the one after it may be about to burst already.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Float

from talweg.descent import engine
from talweg.descent.members import select
from talweg.descent.optimizer import Optimizer
from talweg.descent.stopping import FAILED, Memory, Outcome, Rule

LARGEST = 10
"""How often a member is restarted at most: its learning rate is then a thousandth."""


class Safety(eqx.Module):
    """What it takes to restart members; the member axis first.

    Attributes:
        good: each member's last good state.
        before: its state before the epoch under way, good once that has gone well.
        rate: what its learning rate is multiplied with.
    """

    good: engine.State
    before: engine.State
    rate: Float[jax.Array | np.ndarray, " members"]

    @staticmethod
    def start(state: engine.State, members: int) -> "Safety":
        """Before the first step."""
        return Safety(state, state, np.ones(members, np.float32))


@dataclasses.dataclass(frozen=True)
class Restart:
    """One restart of a member.

    Attributes:
        member: which.
        epoch: at whose end it was found to diverge.
        rate: what its learning rate is multiplied with from then on.
        reason: the Outcome it would have had.
    """

    member: int
    epoch: int
    rate: float
    reason: str


def slowed(optimizer: Optimizer, safety: Safety | None) -> Optimizer:
    """The optimizer with the members' own shares of the learning rate."""
    if safety is None:
        return optimizer
    rate = optimizer.settings["learning_rate"]
    return dataclasses.replace(
        optimizer, settings={**optimizer.settings, "learning_rate": (rate * safety.rate).astype(rate.dtype)}
    )


def went_well(
    curves: Mapping[str, Float[np.ndarray, " members"]],
    start_loss: Float[np.ndarray, " members"],
    active: Bool[np.ndarray, " members"],
) -> Bool[np.ndarray, " members"]:
    """Of which members an epoch went well: the losses are numbers, and no higher than before the first step."""
    fine = active & (curves["train_loss"] <= start_loss)
    return fine & np.isfinite(curves["validation_loss"]) if "validation_loss" in curves else fine


def restarted(
    safety: Safety,
    state: engine.State,
    well: Bool[np.ndarray, " members"],
    stopped: Mapping[int, Outcome],
    restarts: tuple[Restart, ...],
) -> tuple[Safety, engine.State, tuple[Restart, ...]]:
    """After an epoch: members that failed just now are back at their last good state, at half the learning rate.

    Args:
        safety: as it was before the epoch.
        state: where the epoch led.
        well: of which members it went well.
        stopped: the Outcome of each member that stopped just now.
        restarts: those before.

    Returns:
        The same after the restarts, the new ones last.
    """
    often = [sum(one.member == member for one in restarts) for member in range(len(well))]
    failed = [member for member, outcome in stopped.items() if outcome.kind in FAILED and often[member] < LARGEST]
    back = np.isin(np.arange(len(well)), failed)
    good = select(well, safety.before, safety.good) if well.any() else safety.good
    rate = np.where(back, safety.rate * np.float32(0.5), safety.rate)
    if failed:
        state = select(back, good, state)
    new = [Restart(m, stopped[m].epoch, float(rate[m]), stopped[m].kind) for m in failed]
    return Safety(good, state, rate), state, (*restarts, *new)


def forgotten(rule: Rule, memory: Memory, members: Bool[np.ndarray, " members"]) -> Memory:
    """The rule's memory with that of some members as before the first epoch."""

    def choose(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.where(members.reshape(members.shape + (1,) * (old.ndim - 1)), new.astype(old.dtype), old)

    return jax.tree.map(choose, memory, rule.init(len(members)))


def told(restarts: tuple[Restart, ...], member: int) -> list[dict[str, Any]]:
    """A member's restarts as plain data."""
    return [{"epoch": one.epoch, "rate": one.rate, "reason": one.reason} for one in restarts if one.member == member]

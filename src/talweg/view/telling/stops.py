"""Why members stopped, in any language: the rules as data, which of them fired, and what each saw.

A rule is plain data here, as a run's evidence holds it; what it does is in `descent.stopping`.
"""

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, plain

Rule = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Watch:
    """One rule of a run.

    Attributes:
        rule: its kind and its numbers.
        with_others: the rules that had to hold at the same epoch; empty if it stops a member by itself.
        stopped: the members it stopped, alone or with those.
    """

    rule: Rule
    with_others: tuple[Rule, ...]
    stopped: tuple[int, ...]


@functools.lru_cache(maxsize=4)
def watches(told: Told) -> list[Watch]:
    """Every rule that watched, in their order, each with the members it stopped."""
    rules: list[tuple[Rule, tuple[Rule, ...]]] = []
    for leaf in _leaves(told.evidence.get("rules") or {}):
        # A limit that the user typed may repeat the one that always stands.
        rules += [leaf] if leaf not in rules else []
    fired: dict[int, list[int]] = defaultdict(list)
    for member, entry in enumerate(told.members):
        for kind in entry["outcome"]["kind"].split(" and "):
            places = [place for place, (rule, _) in enumerate(rules) if rule["kind"] == kind]
            held = [place for place in places if len(places) == 1 or _holds(told, rules[place][0], member)]
            for place in held[:1]:
                fired[place].append(member)
    return [Watch(rule, others, tuple(fired[place])) for place, (rule, others) in enumerate(rules)]


def _leaves(rule: Rule, others: tuple[Rule, ...] = ()) -> list[tuple[Rule, tuple[Rule, ...]]]:
    if "any" in rule:
        return [leaf for part in rule["any"] for leaf in _leaves(part, others)]
    if "all" in rule:
        return [
            leaf
            for part in rule["all"]
            for leaf in _leaves(part, (*others, *(other for other in rule["all"] if other is not part)))
        ]
    return [(rule, others)] if "kind" in rule else []


def _holds(told: Told, rule: Rule, member: int) -> bool:
    """Which of several rules of a kind it was: the one that holds at the member's last epoch."""
    value = told.at(rule.get("monitor", "train_loss"), member, int(told.stops[member]))
    if rule["kind"] == "reached" and value is not None:
        return value >= rule["threshold"] - 1e-6 if rule["at_least"] else value <= rule["threshold"] + 1e-6
    if rule["kind"] == "no_improvement":
        best = best_before(told, rule["monitor"], member)
        return best is not None and told.stops[member] - best[0] >= rule["patience"]
    return True


def best_before(told: Told, curve: str, member: int) -> tuple[int, float] | None:
    """The epoch and the value of a member's best on a curve, from epoch 1 to its stop."""
    if curve not in told.history.names:
        return None
    epochs, values = told.history.epoch, told.history[curve][:, member]
    seen = np.isfinite(values) & (epochs >= 1) & (epochs <= told.stops[member])
    if not seen.any():
        return None
    turned = np.where(seen, -values if told.upward(curve) else values, np.inf)
    place = int(np.argmin(turned))
    return int(epochs[place]), float(values[place])


def rule_words(rule: Rule, say: Tongue) -> str:
    """A rule as such."""
    key = f"rule.{rule.get('kind')}"
    if not say.knows(key):
        return str(rule.get("kind", "")).replace("_", " ")
    return say(key, **_parts(rule, say))


def _parts(rule: Rule, say: Tongue) -> dict[str, str]:
    """What a rule's words may ask for."""
    parts = {name: say.number(value) for name, value in rule.items() if plain(value) is not None}
    parts["curve"] = say.curve(str(rule.get("monitor") or "train_loss"))
    parts["sign"] = "≥" if rule.get("at_least") else "≤"
    if "limit" in rule:
        parts["limit"] = say.whole(int(rule["limit"]))
    if rule.get("relative") and "tolerance" in rule:
        parts["tolerance"] = say("rule.relative", tolerance=parts["tolerance"])
    return parts


def why_words(kind: str, say: Tongue) -> str:
    """A kind of Outcome in a few words; of rules that held together, each."""
    return say.listed(say.or_else(f"why.{part}", part) for part in kind.split(" and "))


def outcome_words(told: Told, member: int, say: Tongue) -> str:
    """Why a member stopped, with its numbers; as the run wrote it, where a rule has no words here."""
    fired = [watch.rule for watch in watches(told) if member in watch.stopped]
    outcome = told.members[member]["outcome"]
    if not fired or not all(say.knows(f"outcome.{rule['kind']}") for rule in fired):
        return str(outcome["sentence"])
    return "; ".join(_saw(told, rule, member, say) for rule in fired)


def _saw(told: Told, rule: Rule, member: int, say: Tongue) -> str:
    curve, parts = str(rule.get("monitor") or "train_loss"), _parts(rule, say)
    parts["value"] = say.number(told.at(curve, member, int(told.stops[member])))
    if best := best_before(told, curve, member):
        parts |= {"epoch": say.whole(best[0]), "best": say.number(best[1])}
    else:
        parts |= {"epoch": "–", "best": "–"}
    return say(f"outcome.{rule['kind']}", **parts)

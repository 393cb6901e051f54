"""The checklist by which a lecture explains how a network was trained, filled in with one run's own numbers.

How it is laid out is in `report`; the numbers are in `facts`, what should make one look twice is in `flags`.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from talweg.view.telling.facts import Fact, batch_error, facts
from talweg.view.telling.flags import Flag, flags, gradient_ratio
from talweg.view.telling.probed import noise_words, range_words
from talweg.view.telling.steepness import steepness, steepness_words
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue

STEPS = (
    "data", "split", "model", "loss", "metrics", "start", "gradient", "batches", "rate", "stopping", "curves",
    "valley", "members", "test",
)  # fmt: skip
"""The steps, in the lecture's order."""

_LINKS = {"curves": "curves", "stopping": "curves", "loss": "curves", "members": "members", "valley": "members",
          "test": "results", "metrics": "results", "data": "repeat", "start": "repeat", "rate": "repeat"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of the checklist.

    Attributes:
        key: which one.
        title: its name.
        mark: ``"done"``, ``"look"`` (a flag was raised) or ``"missing"``.
        facts: labels and numbers.
        text: what it means, in a sentence or two.
        flags: what should make one look twice.
        link: the section that holds the evidence; empty if the numbers themselves are it.
    """

    key: str
    title: str
    mark: str
    facts: tuple[Fact, ...]
    text: str
    flags: tuple[str, ...] = ()
    link: str = ""


def checklist(told: Told, say: Tongue) -> list[Step]:
    """Every step of the checklist for a run."""
    raised = flags(told, say)
    return [_step(told, key, raised, say) for key in STEPS]


def _step(told: Told, key: str, raised: list[Flag], say: Tongue) -> Step:
    mine = tuple(flag.text for flag in raised if flag.step == key)
    mark = "missing" if _missing(told, key) else "look" if mine else "done"
    link = "probes" if (key == "batches" and told.noise) or (key == "rate" and told.range_test) else _LINKS.get(key, "")
    return Step(key, say(f"step.{key}.title"), mark, facts(told, key, say), _text(told, key, say), mine, link)


def _missing(told: Told, key: str) -> bool:
    """Whether a step was left out of the run, or nothing of it was kept."""
    if key == "test":
        return not told.summary["split"]["test"]
    if key == "curves":
        return not any(np.isfinite(values).any() for values in told.history.curves.values())
    if key == "valley":
        return gradient_ratio(told) is None and steepness(told) is None
    return key == "members" and len(told.members) == 1


def _text(told: Told, key: str, say: Tongue) -> str:
    parts: dict[str, str] = {}
    more: list[str] = []
    name = f"step.{key}.text"
    folds = told.summary["split"].get("folds")
    if key == "data":
        name = "text.data.folds" if folds else name
        parts["features"] = say.whole(told.summary["data"]["features"])
    if key == "split" and folds:
        name, parts["folds"] = "text.split.folds", say.whole(len(folds))
    if key == "gradient":
        parts["params"] = say.whole(told.summary["model"]["params"])
    if key == "loss":
        curve = told.median("train_loss") if "train_loss" in told.history.names else np.array([np.nan])
        known = curve[np.isfinite(curve)]
        if len(known) > 1:
            parts = {"first": say.number(float(known[0])), "last": say.number(float(known[-1]))}
        else:
            name = "text.loss.unmeasured"
        if told.settings.get("target_scale") == "log":
            more.append(say("text.loss.logarithm", target=told.summary["data"]["target"]))
    if key == "batches":
        more += _batch_words(told, say)
    if key == "rate" and told.range_test:
        more.append(range_words(told.range_test, say))
    if key == "valley":
        ratio = gradient_ratio(told)
        more.append(say("text.valley.missing") if ratio is None else
                    say("text.valley.ratio", ratio=say.number(ratio, 2)))  # fmt: skip
        if (found := steepness(told)) is not None:
            more += steepness_words(found, str(told.summary["training"]["optimizer"]), say)
    return " ".join([say(name, **parts), *more])


def _batch_words(told: Told, say: Tongue) -> Iterator[str]:
    training = told.summary["training"]
    if training.get("steps_per_epoch") == 1 and training.get("batch_size") == told.rows_a_member:
        yield say("text.batches.full")
    start, end = (batch_error(told, when) for when in ("start", "end"))
    if start is not None and end is not None:
        rows = say.whole(told.evidence["gradient"]["rows"])
        yield say("text.batches.error", start=say.number(start, 2), end=say.number(end, 2), rows=rows)
    if told.noise:
        yield noise_words(told.noise, say)

"""Red flags: what of a run's own numbers should make a person look twice, each at its step of the checklist.

A flag is raised by a rule of thumb that is written beside it; how it is worded is in the catalogue.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from talweg.view.telling.quality import by_class, calibration, disagreement
from talweg.view.telling.stops import rule_words, watches
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital, plain


@dataclasses.dataclass(frozen=True)
class Flag:
    """A red flag.

    Attributes:
        step: the step of the checklist that it belongs to.
        kind: what it is, a key of the catalogue.
        text: the sentence.
    """

    step: str
    kind: str
    text: str


def flags(told: Told, say: Tongue) -> list[Flag]:
    """Every red flag of a run, in the order of the checklist."""
    raised: list[Flag] = []
    for look in (_data, _split, _model, _batches, _rate, _stopping, _curves, _valley, _members, _test):
        step = look.__name__.removeprefix("_")
        raised += [Flag(step, kind, capital(say(f"flag.{kind}", **parts))) for kind, parts in look(told, say)]
    return raised


Raised = Iterator[tuple[str, dict[str, str]]]


def _data(told: Told, say: Tongue) -> Raised:
    for finding in gate_findings(told):
        if finding.get("grade", finding.get("level")) in ("error", "warning"):
            kind = say.or_else(f"gate.{finding.get('check', '')}", str(finding.get("check", "")))
            yield "gate", {"kind": kind, "found": _found(finding, told, say)}
    data = told.summary["data"]
    kinds = {kind: say(f"kind.{kind}") for kind in ("text", "identifier")}
    columns = [column for column in data.get("columns", []) if column["kind"] in kinds]
    left = [f"{say.quoted(column['name'])} ({kinds[column['kind']]})" for column in columns]
    if left:
        key = "columns.one" if len(left) == 1 else "columns.many"
        yield "left_out", {"columns": say(key, names=say.listed(left))}
    # Five times as many rows: beyond it, always guessing the larger of two classes is right in five of six cases.
    counts = class_counts(told)
    if counts is not None and counts.min() * 5 < counts.max():
        names, few, many = data["classes"], int(counts.argmin()), int(counts.argmax())
        times = say.number(counts[many] / max(counts[few], 1), 2)
        yield "imbalance", {"largest": names[many], "smallest": names[few], "times": times}


def _found(finding: Mapping[str, Any], told: Told, say: Tongue) -> str:
    """What the gate found: its own sentence, which is English; in another language what it concerns, in brackets."""
    if say.lang == "en":
        return str(finding.get("sentence", finding.get("message", "")))
    parts = []
    if columns := [say.quoted(name) for name in finding.get("columns", [])]:
        parts.append(say("columns.one" if len(columns) == 1 else "columns.many", names=say.listed(columns)))
    if count := int(finding.get("count", 0)):
        places = say.listed(map(str, finding.get("rows", [])), 3)
        thing = "found_pictures" if told.summary.get("pictures") or told.summary["data"].get("photographs") else "rows"
        parts.append(say.count(thing, count) + (f": {places}" if places and thing == "rows" else ""))
    return f" ({'; '.join(parts)})" if parts else ""


def gate_findings(told: Told) -> list[Mapping[str, Any]]:
    """What the gate found before training, if it left anything in the summary."""
    gate = told.summary.get("gate") or told.summary["data"].get("gate") or {}
    found = gate.get("findings", []) if isinstance(gate, Mapping) else gate
    return [finding for finding in found if isinstance(finding, Mapping)]


def class_counts(told: Told) -> np.ndarray | None:
    """Rows of each class in the part by which the run is judged, which is split class by class."""
    part = told.evaluation.get(told.held_back or "")
    return None if part is None or part.confusion is None else part.confusion.sum(1)


def _split(told: Told, say: Tongue) -> Raised:
    split = told.summary["split"]
    rows = min(split.get("folds", [split["validation"]]))
    if not rows:
        yield "no_validation", {}
    elif rows < 30 and not told.summary["data"].get("photographs"):  # a share of so few moves by 3 points with each row
        yield "small_validation", {"rows": say.count("rows", rows)}


def _model(told: Told, say: Tongue) -> Raised:
    params, rows = told.summary["model"]["params"], told.rows_a_member
    if params > 10 * rows and not told.summary["split"]["validation"]:
        yield "many_params", {"params": say.whole(params), "rows": say.whole(rows)}


def _batches(told: Told, say: Tongue) -> Raised:
    if told.summary["training"].get("steps_per_epoch") == 1:
        yield "one_step", {}


def _rate(told: Told, say: Tongue) -> Raised:
    sweep = told.summary.get("sweep") or {}
    best = (sweep.get("best") or {}).get("learning_rate")
    tried = {value["learning_rate"] for value in sweep.get("values", []) if "learning_rate" in value}
    if best is not None and len(tried) > 2 and best in (min(tried), max(tried)):
        yield "edge", {"rate": say.number(plain(best))}


def _stopping(told: Told, say: Tongue) -> Raised:
    everyone = say.whole(len(told.members))
    failed = int((~told.sound).sum())
    if failed:
        yield "failed", {"count": say.whole(failed), "all": everyone}
    for sentence in told.summary["training"].get("idle", []):
        # Why it could not is said in English; the rule itself is typed alike in every language.
        yield "idle", {"found": str(sentence) if say.lang == "en" else str(sentence).partition(" can never hold")[0]}
    for watch in watches(told):
        rule = watch.rule
        if rule["kind"] == "reached" and not watch.stopped and rule["monitor"] in told.history.names:
            values = told.history[rule["monitor"]][1:]
            known = values[np.isfinite(values)]
            met = (known >= rule["threshold"]) if rule["at_least"] else (known <= rule["threshold"])
            if len(known) and not met.any():
                best = known.max() if rule["at_least"] else known.min()
                yield "unreached", {"rule": rule_words(rule, say), "best": say.number(float(best))}
    last = int(told.history.epoch[-1])
    late = [m for m in told.members if m["outcome"]["kind"] == "max_epochs" and m["best_epoch"] > 0.95 * last]
    if told.settings.get("keep") == "best" and len(late) * 2 > len(told.members) and last > 20 and _slopes(told):
        yield "still_falling", {"count": say.whole(len(late)), "all": everyone}
    first = told.stops[told.sound & (told.stops <= 3)]
    if (len(first) and last > 3) or (len(first) and _limit(told) > 3):
        yield "at_once", {"count": say.whole(len(first)), "all": everyone, "epoch": say.whole(int(first.max()))}


def _slopes(told: Told) -> bool:
    """Whether the validation loss still fell by a hundredth of itself in the last twentieth of the epochs."""
    curve = told.median("validation_loss")
    before = curve[int(0.95 * (len(curve) - 1))]
    return bool(curve[-1] < 0.99 * before)


def _limit(told: Told) -> int:
    limit = told.summary["training"].get("max_epochs")
    return int(limit) if isinstance(limit, int) else int(told.history.epoch[-1])


def _curves(told: Told, say: Tongue) -> Raised:
    names = told.history.names
    if "validation_loss" not in names or "train_loss" not in names or not told.sound.any():
        return
    pairs = []
    for member in np.flatnonzero(told.sound).tolist():
        kept = told.members[member]["best_epoch"]
        pairs.append((told.at("train_loss", member, kept), told.at("validation_loss", member, kept)))
    known = np.array([pair for pair in pairs if None not in pair], dtype=float)
    if len(known):
        train, validation = np.median(known, axis=0)
        if validation < 0.8 * train:
            yield "validation_better", {"train": say.number(train), "validation": say.number(validation)}
    # A tenth above the lowest is more than a wobble, if the training loss went on falling meanwhile.
    curve, training = told.median("validation_loss"), told.median("train_loss")
    lowest = int(np.nanargmin(curve)) if np.isfinite(curve).any() else -1
    if lowest >= 0 and curve[lowest] > 0 and curve[-1] > 1.1 * curve[lowest] and training[-1] < training[lowest]:
        share = say.percent(curve[-1] / curve[lowest] - 1, 0)
        yield "overfit" if told.settings.get("keep") == "best" else "overfit_last", {"share": share}


def _valley(told: Told, say: Tongue) -> Raised:
    ratio = gradient_ratio(told)
    if ratio is not None and ratio > 0.1:
        yield "steep", {"ratio": say.number(ratio, 2)}


def gradient_ratio(told: Told) -> float | None:
    """The gradient's length at the params kept as a share of that at the start: the median of the members."""
    gradient = told.evidence.get("gradient") or {}
    ends, starts = (gradient.get(when, {}).get("norm", []) for when in ("end", "start"))
    pairs = zip(ends, starts, told.sound, strict=False)
    ratios = [end / start for end, start, sound in pairs if sound and end is not None and start]
    return float(np.median(ratios)) if ratios else None


def _members(told: Told, say: Tongue) -> Raised:
    if len(told.members) == 1:
        yield "one_member", {}
        return
    part = told.evaluation.get(told.held_back or "")
    apart = disagreement(part, told.sound) if part is not None else None
    if apart is not None and apart > 0.1:
        kind = "disagree" if part is not None and part.ensemble.ndim > 1 else "disagree_quantity"
        yield kind, {"share": say.percent(apart)}
    spread, ensemble = told.summary["spread"].get("validation"), told.summary["ensemble"].get("validation")
    # Of folds each row is judged by the one member that had not seen it: there is no average to be better.
    averaged = "folds" not in told.summary["split"] and int(told.sound.sum()) > 1
    if spread and ensemble and averaged:
        mean, value = plain(spread[told.metric]["mean"]), plain(ensemble.get(told.metric))
        better = told.upward(told.metric)
        if mean is not None and value is not None and (value < mean if better else value > mean):
            yield "ensemble", {"ensemble": say.number(value), "mean": say.number(mean)}


def _test(told: Told, say: Tongue) -> Raised:
    if not told.summary["split"]["test"]:
        yield "no_test", {}
        return
    rows, error = told.summary["split"]["test"], told.summary["sampling_error"] or {}
    low, high = plain(error.get("low")), plain(error.get("high"))
    value = plain(told.summary["ensemble"]["test"].get(error.get("metric")))
    if low is not None and high is not None and value is not None and high - low > _widest(told, value):
        yield "small_test", {"rows": say.count("rows", rows), "width": say.number(high - low, 2)}
    part = told.evaluation.get("test")
    if part is None or part.ensemble.ndim == 1:
        return
    if part.confusion is not None:
        found = by_class(part.confusion)
        for label in np.flatnonzero((found.recall < 0.5) & (found.rows > 1))[:5]:
            hits = say.whole(int(part.confusion[label, label]))
            yield (
                "class_fails",
                {
                    "name": told.summary["data"]["classes"][label],
                    "hits": hits,
                    "rows": say.whole(int(found.rows[label])),
                },
            )
        guess = part.confusion.sum(1).max() / part.confusion.sum()
        if value is not None and value < guess + 0.02:
            yield "constant", {"value": say.number(value), "constant": say.number(float(guess))}
    # Of few rows the error is large by chance alone: some 0.1 for a hundred rows in ten bins.
    ece = calibration(part).error
    if ece > max(0.05, 1.0 / np.sqrt(len(part.target))):
        yield "calibration", {"ece": say.number(ece, 2)}


def _widest(told: Told, value: float) -> float:
    """An interval that is too wide to tell: a tenth for a share, a quarter of the value for an error."""
    return 0.1 if told.summary["task"] == "classification" else 0.25 * abs(value)

"""The checklist by which a lecture explains how a network was trained, filled in with one run's own numbers.

How it is laid out is in `report`; what should make one look twice is in `flags`.
"""

import dataclasses
import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from talweg.view.flags import Flag, flags, gate_findings, gradient_ratio
from talweg.view.quality import disagreement
from talweg.view.stops import rule_words, watches, why_words
from talweg.view.told import FAILED, Told
from talweg.view.wording import Tongue, plain

Fact = tuple[str, str]
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
    facts = tuple((_label(label, say), value) for label, value in _FACTS[key](told, say) if value)
    mine = tuple(flag.text for flag in raised if flag.step == key)
    mark = "missing" if _missing(told, key) else "look" if mine else "done"
    return Step(key, say(f"step.{key}.title"), mark, facts, _text(told, key, say), mine, _LINKS.get(key, ""))


def _label(label: str, say: Tongue) -> str:
    """A fact's label: a key of the catalogue, or behind an equals sign the word itself."""
    return label[1:] if label.startswith("=") else say(f"label.{label}")


def _missing(told: Told, key: str) -> bool:
    """Whether a step was left out of the run, or nothing of it was kept."""
    if key == "test":
        return not told.summary["split"]["test"]
    if key == "curves":
        return not any(np.isfinite(values).any() for values in told.history.curves.values())
    if key == "valley":
        return gradient_ratio(told) is None and not _sharpness(told)
    return key == "members" and len(told.members) == 1


def _text(told: Told, key: str, say: Tongue) -> str:
    parts: dict[str, str] = {}
    more: list[str] = []
    name = f"step.{key}.text"
    if key == "data":
        parts["features"] = say.whole(told.summary["data"]["features"])
    if key == "gradient":
        parts["params"] = say.whole(told.summary["model"]["params"])
    if key == "loss":
        curve = told.median("train_loss") if "train_loss" in told.history.names else np.array([np.nan])
        known = curve[np.isfinite(curve)]
        if len(known) > 1:
            parts = {"first": say.number(float(known[0])), "last": say.number(float(known[-1]))}
        else:
            name = "text.loss.unmeasured"
    if key == "batches":
        more += _batch_words(told, say)
    if key == "valley":
        ratio = gradient_ratio(told)
        more.append(say("text.valley.missing") if ratio is None else
                    say("text.valley.ratio", ratio=say.number(ratio, 2)))  # fmt: skip
    return " ".join([say(name, **parts), *more])


def _batch_words(told: Told, say: Tongue) -> Iterator[str]:
    training = told.summary["training"]
    if training.get("steps_per_epoch") == 1 and training.get("batch_size") == told.summary["split"]["train"]:
        yield say("text.batches.full")
    start, end = (_batch_error(told, when) for when in ("start", "end"))
    if start is not None and end is not None:
        rows = say.whole(told.evidence["gradient"]["rows"])
        yield say("text.batches.error", start=say.number(start, 2), end=say.number(end, 2), rows=rows)


def _batch_error(told: Told, when: str) -> float | None:
    gradient = told.evidence.get("gradient") or {}
    known = [error for error in gradient.get(when, {}).get("batch_error") or [] if error is not None]
    return statistics.median(known) if known else None


Facts = Iterator[Fact]


def _data(told: Told, say: Tongue) -> Facts:
    data = told.summary["data"]
    columns = data.get("columns", [])
    left = [column["name"] for column in columns if column["kind"] not in ("number", "category", "date", "picture")]
    yield "source", str(data["name"])
    yield "rows", say.whole(data["rows"])
    yield "target", str(data["target"])
    if data.get("rows_without_target"):
        yield "rows_without_target", say.whole(data["rows_without_target"])
    yield "columns_used", say.whole(len(columns) - len(left)) if columns else ""
    yield "columns_left", say.listed(left, 4) or say("none") if columns else ""
    yield "features", say.whole(data["features"])
    if told.summary.get("gate") or data.get("gate"):
        grades = [finding.get("grade", finding.get("level")) for finding in gate_findings(told)]
        counts = {f"{grade}s": say.whole(grades.count(grade)) for grade in ("error", "warning", "note")}
        yield "gate", say("fact.gate.found", **counts) if grades else say("fact.gate.clean")


def _split(told: Told, say: Tongue) -> Facts:
    split = told.summary["split"]
    for part in ("train", "validation", "test"):
        yield part, say.count("rows", split[part]) if split[part] else say("none")
    yield "shares", str(told.summary["data"].get("split", ""))


def _model(told: Told, say: Tongue) -> Facts:
    model = told.summary["model"]
    yield "layers", layers_words(model)
    yield "inputs", say.whole(model["inputs"])
    yield "params", say.whole(model["params"])


def layers_words(model: Mapping[str, Any]) -> str:
    """The layers in a line, such as ``dense 64 → relu → dense 10``."""
    return " → ".join(
        str(layer.get("words") or " ".join(str(layer[part]) for part in ("kind", "units") if layer.get(part)))
        for layer in model["layers"]
    )


def _loss(told: Told, say: Tongue) -> Facts:
    yield "loss", str(told.summary["model"]["loss"]).replace("_", " ")
    if "train_loss" in told.history.names:
        known = told.median("train_loss")
        known = known[np.isfinite(known)]
        if len(known):
            yield "train", say("fact.range", low=say.number(float(known[0])), high=say.number(float(known[-1])))
    if "validation_loss" in told.history.names and np.isfinite(curve := told.median("validation_loss")).any():
        yield "lowest_validation", say.number(float(np.nanmin(curve)))


def _metrics(told: Told, say: Tongue) -> Facts:
    yield "main_metric", say.curve(told.metric)
    part = told.held_back
    if part:
        for name, value in told.summary["ensemble"][part].items():
            if name != "loss" and name != told.metric and plain(value) is not None:
                yield f"={say.curve(name)}", say.number(value)


def _start(told: Told, say: Tongue) -> Facts:
    yield "initializer", str(told.settings.get("initializer", "")).replace("_", " ")
    yield "members", say.whole(len(told.members))
    yield "seed", str(told.summary["run"]["seed"])


def _gradient(told: Told, say: Tongue) -> Facts:
    yield "derivatives", say.whole(told.summary["model"]["params"])
    yield "optimizer", str(told.summary["training"]["optimizer"])
    for when in ("start", "end"):
        yield f"gradient_{when}", _norm(told, when, say)


def _norm(told: Told, when: str, say: Tongue) -> str:
    gradient = told.evidence.get("gradient") or {}
    known = [norm for norm in gradient.get(when, {}).get("norm", []) if norm is not None]
    return say.number(statistics.median(known), 3) if known else ""


def _batches(told: Told, say: Tongue) -> Facts:
    training, rows = told.summary["training"], told.summary["split"]["train"]
    if training.get("batch_size"):
        share = say("fact.of_rows", share=say.percent(training["batch_size"] / max(rows, 1)))
        yield "batch_size", f"{say.whole(training['batch_size'])} ({share})"
    if training.get("steps_per_epoch"):
        yield "steps_per_epoch", say.whole(training["steps_per_epoch"])
    for when in ("start", "end"):
        error = _batch_error(told, when)
        yield f"batch_error_{when}", "" if error is None else say.percent(error, 0)


def _rate(told: Told, say: Tongue) -> Facts:
    training = told.summary["training"]
    given = {**training.get("settings", {})}
    rates = told.settings.get("learning_rate")
    if isinstance(rates, list) and rates and all(plain(rate) is not None for rate in rates):
        low, high = say.number(min(rates)), say.number(max(rates))
        yield "learning_rate", say("fact.per_member", low=low, high=high)
    elif plain(given.get("learning_rate")) is not None:
        yield "learning_rate", say.number(given["learning_rate"])
    yield "schedule", str(training.get("schedule", ""))
    for name, value in given.items():
        if name != "learning_rate" and plain(value) is not None:
            yield name if say.knows(f"label.{name}") else f"={name.replace('_', ' ')}", say.number(value)


def _stopping(told: Told, say: Tongue) -> Facts:
    chosen = [watch.rule for watch in watches(told) if watch.rule["kind"] not in FAILED]
    yield "rules", "; ".join(rule_words(rule, say) for rule in chosen) or str(told.summary["training"].get("stop", ""))
    kinds: dict[str, int] = {}
    for member in told.members:
        kinds[member["outcome"]["kind"]] = kinds.get(member["outcome"]["kind"], 0) + 1
    yield "stopped", "; ".join(f"{say.whole(n)} × {why_words(kind, say)}" for kind, n in kinds.items())
    first, last = int(told.stops.min()), int(told.stops.max())
    yield "epochs", say.whole(first) if first == last else say("fact.range", low=say.whole(first), high=say.whole(last))
    if told.settings.get("keep") in ("best", "last"):
        yield "kept", say(f"fact.kept.{told.settings['keep']}")


def _curves(told: Told, say: Tongue) -> Facts:
    curve = told.median("validation_loss") if "validation_loss" in told.history.names else np.array([np.nan])
    if not np.isfinite(curve).any():
        yield "epochs", say.whole(int(told.history.epoch[-1]))
        return
    place = int(np.nanargmin(curve))
    yield "best_epoch", say.whole(int(told.history.epoch[place]))
    yield "lowest_validation", say.number(float(curve[place]))
    if "train_loss" in told.history.names and np.isfinite(there := told.median("train_loss")[place]):
        yield "training_there", say.number(float(there))


def _valley(told: Told, say: Tongue) -> Facts:
    yield "gradient_end", _norm(told, "end", say)
    ratio = gradient_ratio(told)
    yield "gradient_start", "" if ratio is None else _norm(told, "start", say)
    yield "sharpness", _sharpness(told, say) if _sharpness(told) else ""


def _sharpness(told: Told, say: Tongue | None = None) -> str:
    """The largest curvature at the params kept, if a map measured it."""
    known = [plain(member.get("sharpness")) for member in told.members]
    values = [value for value in known if value is not None]
    if not values:
        return ""
    return say.number(statistics.median(values), 3) if say else "known"


def _members(told: Told, say: Tongue) -> Facts:
    yield "members", say.whole(len(told.members))
    part = told.held_back
    if part is None:
        return
    spread = told.summary["spread"][part][told.metric]
    yield "spread", f"{say.number(spread['mean'])} ± {say.number(spread['std'], 2)}"
    yield "range", say("fact.range", low=say.number(spread["worst"]), high=say.number(spread["best"]))
    yield "ensemble", say.number(plain(told.summary["ensemble"][part].get(told.metric)))
    if (kept := told.evaluation.get(part)) is not None and (apart := disagreement(kept, told.sound)) is not None:
        yield "disagreement" if kept.ensemble.ndim > 1 else "apart", say.percent(apart)


def _test(told: Told, say: Tongue) -> Facts:
    if "test" not in told.summary["spread"]:
        return
    error = told.summary["sampling_error"] or {}
    yield "rows", say.whole(told.summary["split"]["test"])
    yield f"={say.curve(told.metric)}", say.number(plain(told.summary["ensemble"]["test"].get(told.metric)))
    if error:
        yield "interval", say("fact.range", low=say.number(error["low"]), high=say.number(error["high"]))


_FACTS = {
    "data": _data, "split": _split, "model": _model, "loss": _loss, "metrics": _metrics, "start": _start,
    "gradient": _gradient, "batches": _batches, "rate": _rate, "stopping": _stopping, "curves": _curves,
    "valley": _valley, "members": _members, "test": _test,
}  # fmt: skip

"""The numbers of a run that stand at each step of the checklist, as labels and text. The steps are in `checklist`."""

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from talweg.view.telling.flags import gate_findings, gradient_ratio
from talweg.view.telling.quality import disagreement
from talweg.view.telling.steepness import steepness
from talweg.view.telling.stops import rule_words, watches, why_words
from talweg.view.telling.told import FAILED, LEARNED, Told
from talweg.view.telling.wording import Tongue, plain

Fact = tuple[str, str]
Facts = Iterator[Fact]


def facts(told: Told, step: str, say: Tongue) -> tuple[Fact, ...]:
    """The labels and numbers of a step; what is not known of the run is left out."""
    return tuple((_label(label, say), value) for label, value in _FACTS[step](told, say) if value)


def _label(label: str, say: Tongue) -> str:
    """A fact's label: a key of the catalogue, or behind an equals sign the word itself."""
    return label[1:] if label.startswith("=") else say(f"label.{label}")


def batch_error(told: Told, when: str) -> float | None:
    """What a batch's gradient misses of the full one, as a share of it: the median of the members."""
    gradient = told.evidence.get("gradient") or {}
    known = [error for error in gradient.get(when, {}).get("batch_error") or [] if error is not None]
    return statistics.median(known) if known else None


def _data(told: Told, say: Tongue) -> Facts:
    data = told.summary["data"]
    columns = data.get("columns", [])
    left = [column["name"] for column in columns if column["kind"] not in LEARNED]
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
        counts = {what: say.count(what, grades.count(what[:-1])) for what in ("errors", "warnings", "notes")}
        yield "gate", say("fact.gate.found", **counts) if grades else say("fact.gate.clean")


def _split(told: Told, say: Tongue) -> Facts:
    split = told.summary["split"]
    if folds := split.get("folds"):
        yield "train_and_validation", say.count("rows", split["train"])
        sizes = say.whole(folds[0]) if len(set(folds)) == 1 else _range(min(folds), max(folds), say)
        yield "folds", say("fact.folds", folds=say.whole(len(folds)), rows=sizes)
    for part in ("test",) if folds else ("train", "validation", "test"):
        yield part, say.count("rows", split[part]) if split[part] else say("none")
    yield "shares", str(told.summary["data"].get("split", ""))


def _range(low: int, high: int, say: Tongue) -> str:
    return say("fact.range", low=say.whole(low), high=say.whole(high))


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
    if told.settings.get("target_scale") == "log":
        yield "learned", say("fact.logarithm", target=told.summary["data"]["target"])
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
    training, rows = told.summary["training"], told.rows_a_member
    if training.get("batch_size"):
        share = say("fact.of_rows", share=say.percent(training["batch_size"] / max(rows, 1)))
        yield "batch_size", f"{say.whole(training['batch_size'])} ({share})"
    if training.get("steps_per_epoch"):
        yield "steps_per_epoch", say.whole(training["steps_per_epoch"])
    for when in ("start", "end"):
        error = batch_error(told, when)
        yield f"batch_error_{when}", "" if error is None else say.percent(error, 0)
    if told.noise:
        scales = [say.number(stage["noise_scale"], 3) for stage in told.noise["stages"]]
        yield "noise_scale", " → ".join(scales)
        yield "batch_suggested", say.whole(told.noise["suggestion"])


def _rate(told: Told, say: Tongue) -> Facts:
    training = told.summary["training"]
    given = {**training.get("settings", {})}
    rates = told.settings.get("learning_rate")
    if isinstance(rates, list) and rates and all(plain(rate) is not None for rate in rates):
        low, high = say.number(min(rates)), say.number(max(rates))
        yield "learning_rate", say("fact.per_member", low=low, high=high)
    elif plain(given.get("learning_rate")) is not None:
        yield "learning_rate", say.number(given["learning_rate"])
    if told.range_test:
        low, high = (say.number(end, 2) for end in told.range_test["interval"] or (None, None))
        found = plain(told.range_test["suggestion"])
        yield "range_test", say("none") if found is None else say("fact.range", low=low, high=high)
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
    if (found := steepness(told)) is not None:
        yield "sharpness", say.number(found.sharpness, 3)
        yield "stable_rate", "" if found.limit is None else say.number(found.limit, 3)
        low, high = (say.number(rate, 3) for rate in (found.rates[0], found.rates[-1]))
        yield "learning_rate", low if low == high else say("fact.range", low=low, high=high)


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

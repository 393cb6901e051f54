"""Epochs against loss and quality measures, with each stopping rule drawn as the line it is."""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Float

from talweg.record.history import carried_on
from talweg.view.report.svg import HEIGHT, WIDTH, Axis, Frame, axis_of, chart
from talweg.view.telling.stops import Rule, Watch, best_before, outcome_words, rule_words, watches
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital

WIDE = 1120
FAR_APART = 30.0
"""From this ratio of a curve's largest to its smallest value on, its axis is logarithmic."""


@dataclasses.dataclass(frozen=True)
class Chart:
    """One panel.

    Attributes:
        name: the quantity.
        title: the same in words.
        svg: the drawing.
        legend: a class and words for each kind of mark.
    """

    name: str
    title: str
    svg: str
    legend: tuple[tuple[str, str], ...]


def panels(told: Told) -> dict[str, dict[str, str]]:
    """Which curves share a panel: of each quantity, the curves' names by a class for their color.

    The losses of training and validation share one. A measure that is another's mirror or twin is left out.
    """
    found: dict[str, dict[str, str]] = {}
    for name in told.history.names:
        if name in ("train_loss", "validation_loss"):
            found.setdefault("loss", {})["train" if name == "train_loss" else "validation"] = name
        elif not _twin(told, name):
            found[name] = {"validation": name}
    return dict(sorted(found.items(), key=lambda panel: (panel[0] != "loss", panel[0] != told.metric)))


def _twin(told: Told, name: str) -> bool:
    """Whether a curve repeats the validation loss, as the log loss does for most classifiers."""
    values = told.history[name]
    other = told.history.curves.get("validation_loss")
    if not np.isfinite(values).any():
        return True
    return name == "log_loss" and other is not None and np.allclose(values, other, rtol=1e-4, equal_nan=True)


def curve_charts(told: Told, say: Tongue) -> list[Chart]:
    """Every panel of a run; none where no epoch told a finite number."""
    charts = [_chart(told, name, curves, say) for name, curves in panels(told).items()]
    return [found for found in charts if found is not None]


def _chart(told: Told, name: str, curves: Mapping[str, str], say: Tongue) -> Chart | None:
    every = np.concatenate([told.history[curve].ravel() for curve in curves.values()])
    if not np.isfinite(every).any():
        return None
    mine = [watch for watch in watches(told) if _panel_of(watch.rule) == name]
    thresholds = [float(watch.rule["threshold"]) for watch in mine if watch.rule["kind"] == "reached"]
    size = (WIDE, 420) if name == "loss" else (WIDTH, HEIGHT)
    frame = Frame(
        epochs_axis(int(told.history.epoch[-1]), say),
        axis_of_curves([told.history[curve] for curve in curves.values()], thresholds, say.curve(name), say),
        *size,
    )
    marks: list[str] = []
    legend: list[tuple[str, str]] = []
    for css, curve in curves.items():
        drawn, words = _curve(told, frame, curve, css, say)
        marks += drawn
        legend += words
    for watch in mine:
        marks += _rule(told, frame, watch, say)
    stops = list(_stops(told, frame, name, say))
    if stops:
        marks += stops
        legend.append(("stop", say("chart.stop")))
    if mine and len(marks) > len(curves):
        legend.append(("rule", say("chart.rule")))
    described = " ".join(_described(told, curve, say) for curve in curves.values())
    return Chart(name, capital(say.curve(name)), chart(frame, marks, say, described), tuple(legend))


def epochs_axis(last: int, say: Tongue) -> Axis:
    """The axis of the epochs, from the state before the first step."""
    return Axis(0.0, max(1.0, last * 1.02), label=say("axis.epoch"), whole=True)


def axis_of_curves(curves: list[np.ndarray], thresholds: list[float], label: str, say: Tongue) -> Axis:
    """The axis of the values: all of them but the wildest hundredth, and the thresholds among them.

    The state before the first step is left out where it would press all that follows into a line.
    """
    after = np.concatenate([values[1:].ravel() for values in curves])
    every = np.concatenate([values.ravel() for values in curves])
    known = after[np.isfinite(after)] if np.isfinite(after).any() else every[np.isfinite(every)]
    values = np.array([*np.quantile(known, [0.002, 0.995]).tolist(), *thresholds])
    if (known > 0).all() and (values > 0).all() and values.max() > FAR_APART * values.min():
        whole = every[np.isfinite(every) & (every > 0)]
        return axis_of(np.append(values, np.quantile(whole, 0.998)), f"{label} ({say('chart.log')})", log=True)
    return axis_of(values, label)


def _curve(told: Told, frame: Frame, name: str, css: str, say: Tongue) -> tuple[list[str], list[tuple[str, str]]]:
    epochs, values = told.history.epoch.astype(np.float64), told.history[name]
    words = say.curve(name)
    if values.shape[1] == 1:
        return [frame.line(epochs, values[:, 0], f"median {css}")], [(f"median {css}", words)]
    drawn = [
        frame.line(epochs, values[:, member], f"member {css}", say("chart.member", member=member))
        for member in range(values.shape[1])
    ]
    quarters = _quarters(values[:, told.sound] if told.sound.any() else values)
    drawn.append(frame.band(epochs, quarters[0], quarters[2], f"band {css}"))
    drawn.append(frame.line(epochs, quarters[1], f"median {css}"))
    return drawn, [(f"median {css}", say("chart.median", curve=words)), (f"band {css}", say("chart.band"))]


def _quarters(values: Float[np.ndarray, "epochs members"]) -> Float[np.ndarray, "3 epochs"]:
    known = carried_on(values)
    quarters = np.full((3, len(values)), np.nan)
    some = np.isfinite(known).any(axis=1)
    finite = np.where(np.isfinite(known[some]), known[some], np.nan)
    quarters[:, some] = np.nanquantile(finite, [0.25, 0.5, 0.75], axis=1)
    return quarters


def _panel_of(rule: Rule) -> str:
    monitor = rule.get("monitor") or "train_loss"
    return "loss" if monitor in ("train_loss", "validation_loss") else str(monitor)


def _watched(rule: Rule, told: Told) -> str:
    """The curve on which a rule's stop is marked."""
    if rule.get("monitor") in told.history.names:
        return str(rule["monitor"])
    return "validation_loss" if rule["kind"] == "max_epochs" and "validation_loss" in told.history.names else (
        "train_loss"
    )  # fmt: skip


def _stops(told: Told, frame: Frame, name: str, say: Tongue) -> Iterator[str]:
    """A dot for each member, where its rule fired, on the curve that the rule watched; in the other panels too."""
    for watch in watches(told):
        curve = _watched(watch.rule, told)
        if _panel_of(watch.rule) != name:
            continue
        points = [(member, told.at(curve, member, int(told.stops[member]))) for member in watch.stopped]
        known = [(member, height) for member, height in points if height is not None]
        if known:
            titles = [
                f"{say('chart.member', member=member)}: {outcome_words(told, member, say)}" for member, _ in known
            ]
            x = told.stops[[member for member, _ in known]].astype(np.float64)
            y = np.array([height for _, height in known])
            yield frame.dots(x, y, "stop", 4.5 if len(told.members) <= 24 else 3.2, titles)


def _rule(told: Told, frame: Frame, watch: Watch, say: Tongue) -> list[str]:
    """A rule as the line it is; a guard that nobody met is not drawn."""
    rule, end = watch.rule, float(told.history.epoch[-1])
    kind = rule["kind"]
    if kind == "reached":
        height = float(rule["threshold"])
        words = rule_words(rule, say)
        return [
            frame.segment((0, height), (frame.x.high, height), "rule"),
            frame.text(frame.x.low, height, words, "note rulename", lift=-6),
        ]
    if kind == "max_epochs" and watch.stopped:
        low, high = frame.y.low, frame.y.high
        limit = float(rule["limit"])
        return [
            frame.segment((limit, low), (limit, high), "rule"),
            frame.text(limit, high, say("chart.limit", limit=say.whole(int(limit))), "note rulename", "end", 12),
        ]
    if kind == "time_budget" and watch.stopped:
        low, high = frame.y.low, frame.y.high
        words = say("chart.budget", seconds=say.number(rule["seconds"]))
        return [frame.segment((end, low), (end, high), "rule"), frame.text(end, high, words, "note", "end", 12)]
    if kind in ("no_improvement", "flat") and watch.stopped:
        return _window(told, frame, watch, say)
    if kind == "diverged" and watch.stopped and (start := told.at("train_loss", watch.stopped[0], 1)) is not None:
        return [
            frame.segment((0, start), (frame.x.high, start), "rule"),
            frame.text(frame.x.high, start, say("chart.start"), "note rulename", "end"),
        ]
    return []


def _window(told: Told, frame: Frame, watch: Watch, say: Tongue) -> list[str]:
    """What patience looked at, for the member whose stop is the median one: from its best, or its tolerance window."""
    rule, curve = watch.rule, _watched(watch.rule, told)
    order = sorted(watch.stopped, key=lambda member: told.stops[member])
    member = order[len(order) // 2]
    stop = float(told.stops[member])
    if rule["kind"] == "no_improvement":
        best = best_before(told, curve, member)
        if best is None:
            return []
        epoch, height = best
        words = say("chart.patience", patience=say.whole(rule["patience"]))
        return [
            frame.segment((epoch, height), (stop, height), "rule"),
            frame.dots(np.array([float(epoch)]), np.array([height]), "best", 4.5),
            frame.text(stop, height, words, "note rulename", "end", 16),
        ]
    value = told.at(curve, member, int(stop))
    if value is None:
        return []
    room = rule["tolerance"] * (abs(value) if rule.get("relative") else 1.0)
    (left, top), (right, bottom) = frame.place(stop - rule["patience"], value + room), frame.place(stop, value - room)
    middle, half = (top + bottom) / 2, max((bottom - top) / 2, 5.0)
    tolerance = say.number(rule["tolerance"], 2)
    words = say("chart.window", tolerance=tolerance, patience=say.whole(rule["patience"]))
    return [
        f'<rect class="window" x="{left:.1f}" y="{middle - half:.1f}" width="{right - left:.1f}" '
        f'height="{2 * half:.1f}"/>',
        frame.text(stop, value, words, "note rulename", "end", 22),
    ]


def _described(told: Told, name: str, say: Tongue) -> str:
    """A curve in words, for those who do not see it."""
    curve = told.median(name)
    known = np.flatnonzero(np.isfinite(curve))
    if not len(known):
        return ""
    up = told.upward(name)
    best = known[int((curve[known].argmax if up else curve[known].argmin)())]
    return say(
        "chart.told",
        curve=capital(say.curve(name)),
        epochs=say.count("epochs", int(told.history.epoch[-1])),
        first=say.number(float(curve[known[0]])),
        last=say.number(float(curve[known[-1]])),
        word=say("chart.highest" if up else "chart.lowest"),
        best=say.number(float(curve[best])),
        at=say.whole(int(told.history.epoch[best])),
        members=say.count("members", len(told.members)),
    )

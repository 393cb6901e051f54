"""The charts of what was measured besides a training: the range test of its learning rate, its gradient's noise."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from talweg.view.report.markup import figure, text
from talweg.view.report.svg import Axis, Frame, axis_of, chart
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue

_COLORS = ("r0", "r1", "r2")
"""The classes of the stages' colors, in order."""


def probed(told: Told, say: Tongue) -> str:
    """The section, or nothing where nothing was measured."""
    drawn = "".join([*_range_test(told.range_test, say), *_noise(told.noise, say)])
    return f'<p>{text(say("probes.lead"))}</p><div class="charts">{drawn}</div>' if drawn else ""


def _range_test(found: Mapping[str, Any], say: Tongue) -> Iterator[str]:
    if not found:
        return
    rates = np.array(found["learning_rate"])
    losses = np.array([[math.nan if one is None else one for one in member] for member in found["smooth"]])
    start, low = float(np.nanmedian(losses[:, : len(rates) // 10])), float(np.nanmin(losses))
    top = start + 0.35 * (start - low) if start > low else 1.5 * start
    shown = np.where(losses <= top, losses, np.nan)
    y = Axis(low - 0.06 * (top - low), top, False, say("probes.range.y"))
    frame = Frame(Axis(float(rates[0]), float(rates[-1]), True, say("probes.range.x")), y)
    marks = [frame.line(rates, member, "member train") for member in shown]
    marks.append(frame.line(rates, _median(shown), "median train"))
    rate, words = found["suggestion"], say("none")
    if rate is not None:
        inner, outer = found["interval"]
        band = np.array([inner, outer])
        marks.insert(0, frame.band(band, np.full(2, y.low), np.full(2, y.high), "band validation"))
        marks.append(frame.segment((rate, y.low), (rate, y.high), "median validation"))
        words = say.number(rate, 2)
        marks.append(frame.text(rate, top, say("probes.range.mark", rate=words), anchor="end"))
    members = say.count("members", found["members"])
    yield figure(say("probes.range.title"), chart(frame, marks, say, say("probes.range.described", members=members,
                                                                       rate=words)))  # fmt: skip


def _median(values: Float[np.ndarray, "members steps"]) -> Float[np.ndarray, " steps"]:
    """Where at least half of the members are on the picture."""
    some = np.isfinite(values).sum(0) * 2 >= len(values)
    median = np.full(values.shape[1], np.nan)
    median[some] = np.nanmedian(values[:, some], axis=0)
    return median


def _noise(found: Mapping[str, Any], say: Tongue) -> Iterator[str]:
    if not found:
        return
    legend = [(f"median {color}", words) for color, words in zip(_COLORS, _stages(found, say), strict=True)]
    yield figure(say("probes.cosine.title"), _cosines(found, say), legend=legend)
    yield figure(say("probes.error.title"), _errors(found, say), legend=legend)
    yield figure(say("probes.time.title"), _times(found, say),
                 legend=[("median r0", say("probes.time.epoch")), ("median r5", say("probes.time.step"))])  # fmt: skip


def _stages(found: Mapping[str, Any], say: Tongue) -> list[str]:
    return [say(f"probes.stage.{stage['stage']}", epoch=say.whole(stage["epoch"])) for stage in found["stages"]]


def _sizes(found: Mapping[str, Any]) -> Float[np.ndarray, " sizes"]:
    return np.array([one["batch_size"] for one in found["times"]], np.float64)


def _of(stage: Mapping[str, Any], name: str) -> Float[np.ndarray, " sizes"]:
    return np.array([one[name] for one in stage["sizes"]], np.float64)


def _drawn(
    found: Mapping[str, Any], y: Axis, lines: Sequence[tuple[np.ndarray, str, bool]], title: str, say: Tongue
) -> str:
    """Values against the batch size, with the size that the training used."""
    sizes = _sizes(found)
    frame = Frame(axis_of(sizes, say("probes.batch.x"), log=True), y)
    used = found["batch_size"]
    marks = [frame.segment((used, y.low), (used, y.high), "rule")]
    marks.append(frame.text(used, y.low, say("probes.batch.used", rows=say.whole(used)), lift=-8))
    for values, css, dotted in lines:
        known = np.isfinite(values)
        marks.append(frame.line(sizes[known], values[known], css))
        if dotted:
            marks.append(frame.dots(sizes[known], values[known], f"dot {css.split()[-1]}"))
    return chart(frame, marks, say, title)


def _cosines(found: Mapping[str, Any], say: Tongue) -> str:
    lines = [
        (_of(stage, "cosine"), f"median {color}", True) for stage, color in zip(found["stages"], _COLORS, strict=True)
    ]
    low = min(0.0, *(float(values.min()) for values, _, _ in lines))
    return _drawn(found, Axis(low, 1.04, False, say("probes.cosine.y")), lines, say("probes.cosine.title"), say)


def _errors(found: Mapping[str, Any], say: Tongue) -> str:
    """All rows miss nothing, which has no place on a logarithmic axis."""
    part = _sizes(found) < found["rows"]
    lines = []
    for stage, color in zip(found["stages"], _COLORS, strict=True):
        lines.append((np.where(part, _of(stage, "law"), np.nan), f"member strong {color}", False))
        lines.append((np.where(part, _of(stage, "error"), np.nan), f"median {color}", True))
    every = np.concatenate([values for values, _, _ in lines])
    return _drawn(found, axis_of(every, say("probes.error.y"), log=True), lines, say("probes.error.title"), say)


def _times(found: Mapping[str, Any], say: Tongue) -> str:
    epoch, step = (1000 * np.array([one[f"{what}_seconds"] for one in found["times"]]) for what in ("epoch", "step"))
    lines = [(epoch, "median r0", True), (step, "median r5", True)]
    y = axis_of(np.concatenate([epoch, step]), say("probes.time.y"), log=True)
    return _drawn(found, y, lines, say("probes.time.title"), say)

"""The page of runs side by side. What is compared, and whether it counts, is in `comparison`."""

import numpy as np

from talweg.view.report.curves import axis_of_curves, epochs_axis
from talweg.view.report.markup import figure, table, text
from talweg.view.report.page import whole_page
from talweg.view.report.svg import Frame, chart
from talweg.view.telling.comparison import HELD_BACK, Comparison, Interval, Verdict
from talweg.view.telling.wording import Tongue, capital, plain, tongue

COLORS = 6
"""Colors there are for runs; more runs begin again."""


def comparison_page(compared: Comparison, *, lang: str = "en") -> str:
    """Runs side by side as one HTML file.

    Raises:
        ConfigError: when there is no catalogue for the language.
    """
    say = tongue(lang)
    names = list(compared.names)
    title = say("compare.title")
    header = f'<p class="over">{text(title)}</p><h1>{text(" · ".join(names[:4]))}</h1>'
    sections = {
        "verdict": _verdicts(compared, say),
        "settings": _settings(compared, names, say),
        "curves": _curves(compared, say),
        "reached": _reached(compared, say),
    }
    return whole_page(say, f"{title}: {', '.join(names)}", header, sections, compared.runs[0].evidence)


def verdict_words(verdict: Verdict, say: Tongue) -> str:
    """What may be said of two runs, in a sentence."""
    one, other = verdict.runs
    if verdict.why:
        return say("compare.unpaired", one=one, other=other, why=say(f"compare.why.{verdict.why}"))
    if not verdict.better:
        alone = len(verdict.intervals) < 2 and verdict.intervals[0].over in HELD_BACK
        return say("compare.alone" if alone else "compare.noise", one=one, other=other)
    worse = other if verdict.better == one else one
    if verdict.intervals[0].over == "seeds":
        pairs = say.whole(verdict.intervals[0].pairs)
        return say("compare.winner.seeds", better=verdict.better, worse=worse, pairs=pairs)
    return say("compare.winner", better=verdict.better, worse=worse)


def _verdicts(compared: Comparison, say: Tongue) -> str:
    said = "".join(f'<p class="lead">{text(verdict_words(verdict, say))}</p>' for verdict in compared.verdicts)
    rows = [
        (
            f"{verdict.runs[1]} − {verdict.runs[0]}",
            _over(interval, compared, say),
            say.curve(interval.metric),
            say.number(interval.mean, 3),
            say("fact.range", low=say.number(interval.low, 3), high=say.number(interval.high, 3)),
        )
        for verdict in compared.verdicts
        for interval in verdict.intervals
    ]
    if not rows:
        return said
    head = [say("compare.run"), say("compare.what"), say("results.measure"), say("compare.difference"),
            say("compare.interval")]  # fmt: skip
    return said + f"<p>{text(say('compare.lead'))}</p>" + table(head, rows, say("compare.test"), words=(1, 2))


def _over(interval: Interval, compared: Comparison, say: Tongue) -> str:
    if interval.over == "rows":
        part = compared.runs[0].held_back or "test"
        return say(f"compare.rows.{part}", rows=say.whole(interval.pairs))
    key = f"compare.{interval.over}" if interval.paired else "compare.starts.unpaired"
    return say(key, pairs=say.whole(interval.pairs))


def _settings(compared: Comparison, names: list[str], say: Tongue) -> str:
    if not compared.settings:
        return f"<p>{text(say('compare.same'))}</p>"
    rows = [(name.replace("_", " "), *values) for name, values in compared.settings.items()]
    every = tuple(range(1, len(names) + 1))
    return table([say("compare.setting"), *names], rows, say("section.settings"), words=every, hidden=True)


def _curves(compared: Comparison, say: Tongue) -> str:
    """The median of each run, over each other, for every curve that two of them have."""
    names = dict.fromkeys(name for run in compared.runs for name in run.history.names)
    chosen = [
        name
        for name in names
        if sum(name in run.history.names and bool(np.isfinite(run.median(name)).any()) for run in compared.runs) > 1
    ]
    drawn = "".join(_chart(compared, name, say, first=nth == 0) for nth, name in enumerate(chosen))
    return f'<p>{text(say("compare.curves"))}</p><div class="charts">{drawn}</div>' if drawn else ""


def _chart(compared: Comparison, name: str, say: Tongue, first: bool) -> str:
    called = zip(compared.names, compared.runs, strict=True)
    runs = [(nth % COLORS, run, label) for nth, (label, run) in enumerate(called) if name in run.history.names]
    frame = Frame(
        epochs_axis(max(int(run.history.epoch[-1]) for _, run, _ in runs), say),
        axis_of_curves([run.history[name] for _, run, _ in runs], [], say.curve(name), say),
    )
    marks = []
    for color, run, _ in runs:
        epochs = run.history.epoch.astype(np.float64)
        marks += [
            frame.line(epochs, run.history[name][:, member], f"member r{color}") for member in range(len(run.members))
        ]
        marks.append(frame.line(epochs, run.median(name), f"median r{color}"))
    legend = tuple((f"median r{color}", label) for color, _, label in runs)
    described = f"{capital(say.curve(name))}: {say.listed(label for _, _, label in runs)}."
    return figure(capital(say.curve(name)), chart(frame, marks, say, described), legend=legend if first else ())


def _reached(compared: Comparison, say: Tongue) -> str:
    """Every quality measure of every run: the members' spread, and the ensemble."""
    rows = []
    for name, run in zip(compared.names, compared.runs, strict=True):
        part = run.held_back
        if part is None:
            continue
        spread = run.summary["spread"][part].get(run.metric, {})
        reached = f"{say.number(plain(spread.get('mean')))} ± {say.number(plain(spread.get('std')), 2)}"
        value = say.number(plain(run.summary["ensemble"][part].get(run.metric)))
        rows.append((name, say(f"part.{part}"), say.curve(run.metric), reached, value,
                     say.whole(int(np.median(run.stops)))))  # fmt: skip
    if not rows:
        return f"<p>{text(say('results.none'))}</p>"
    head = [say("compare.run"), say("compare.part"), say("results.measure"), say("label.spread"),
            say("label.ensemble"), say("compare.epochs")]  # fmt: skip
    return table(head, rows, say("section.reached"), words=(1, 2), hidden=True)

"""What a run reaches on rows it did not learn from: classes, calibration, ROC, residuals, which columns matter."""

from collections.abc import Iterator

import numpy as np

from talweg.data.evenly import evenly
from talweg.record.evaluation import Evaluation
from talweg.view.report.denoised import denoised
from talweg.view.report.markup import Safe, figure, table, text
from talweg.view.report.mistaken import mistaken
from talweg.view.report.segmented import segmented
from talweg.view.report.svg import Axis, Frame, axis_of, chart
from talweg.view.telling.quality import by_class, calibration, confused, roc, worst
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital, plain

MOST_CLASSES = 20
"""Up to so many classes a confusion matrix is shown whole."""
MOST_DOTS = 2000
MOST_BARS = 15


def results(told: Told, say: Tongue) -> str:
    """The section's content."""
    part = told.held_back
    if part is None:
        return f"<p>{text(say('results.none'))}</p>"
    on = f"results.on.{part}.pictures" if told.summary["data"].get("photographs") else f"results.on.{part}"
    head = f"<p>{text(say(on))}.</p>"
    return (
        head
        + _measures(told, part, say)
        + denoised(told, say)
        + segmented(told, say)
        + "".join(_drawn(told, part, say))
        + _importance(told, say)
    )


def _measures(told: Told, part: str, say: Tongue) -> str:
    """Every quality measure: the members' spread beside the ensemble."""
    spread, ensemble = told.summary["spread"][part], told.summary["ensemble"][part]
    names = dict.fromkeys([told.metric, *(name for name in spread if name != "loss"), "loss"])
    rows = [
        (
            capital(say.curve(name)),
            say.number(plain(spread[name]["mean"])),
            say.number(plain(spread[name]["std"]), 2),
            say.number(plain(spread[name]["worst"])),
            say.number(plain(spread[name]["best"])),
            say.number(plain(ensemble.get(name))),
        )
        for name in names
        if name in spread
    ]
    head = [say(f"results.{word}") for word in ("measure", "mean", "std", "worst", "best")]
    head.append(say("label.ensemble"))
    return table(head, rows, say("results.measures"))


def _drawn(told: Told, part: str, say: Tongue) -> Iterator[str]:
    kept = told.evaluation.get(part)
    if kept is None and told.summary.get("denoising"):
        return
    if kept is None:
        yield f"<p>{text(say('results.unknown'))}</p>"
        return
    if not kept.complete:
        of = "results.sample.pixels" if told.summary.get("segmentation") else "results.sample"
        sample = say(of, kept=say.whole(len(kept.place)), rows=say.whole(kept.rows))
        yield f"<p>{text(sample)}</p>"
    yield from (_classes if kept.ensemble.ndim > 1 else _quantity)(told, kept, part, say)


def _classes(told: Told, kept: Evaluation, part: str, say: Tongue) -> Iterator[str]:
    names = list(told.summary["data"]["classes"])
    if told.summary.get("segmentation") and kept.confusion is not None:
        # Class by class they stand beside the pictures; a single pixel is no mistake to look at.
        yield f'<div class="pair">{_confusion(kept.confusion, names, say)}{_calibration(kept, say)}</div>'
        return
    if kept.confusion is not None:
        both = _confusion(kept.confusion, names, say) + _by_class(kept.confusion, names, say)
        yield f'<div class="beside">{both}</div>'
    yield f'<div class="pair">{_calibration(kept, say)}{_roc(told, kept, part, names, say)}</div>'
    yield _mistakes(told, kept, part, names, say)


def _confusion(confusion: np.ndarray, names: list[str], say: Tongue) -> str:
    if len(names) > MOST_CLASSES:
        return _titled("confusion", _pairs(confusion, names, say), say)
    most = max(int(confusion.max()), 1)
    rows = []
    for true, counts in enumerate(confusion.tolist()):
        cells = [Safe(_shaded(count, most, true == said, say)) for said, count in enumerate(counts)]
        rows.append((names[true], *cells))
    head = [f"{say('results.true')} ↓ {say('results.predicted')} →", *names]
    return _titled("confusion", table(head, rows, say("results.confusion.caption"), css="confusion"), say)


def _titled(key: str, content: str, say: Tongue) -> str:
    return f"<div><h3>{text(say(f'results.{key}'))}</h3>{content}</div>"


def _pairs(confusion: np.ndarray, names: list[str], say: Tongue) -> str:
    """Of very many classes, the most frequent confusions."""
    pairs = [(names[true], names[said], say.whole(rows)) for true, said, rows in confused(confusion)]
    if not pairs:
        return f"<p>{text(say('results.confusion.clean'))}</p>"
    head = [say("results.true"), say("results.predicted"), say("results.count")]
    return table(head, pairs, say("results.confusion.pairs", classes=say.count("classes", len(names))), words=(1,))


def _shaded(count: int, most: int, right: bool, say: Tongue) -> str:
    if not count:
        return '<span class="zero">0</span>'
    share = 0.12 + 0.68 * (count / most) ** 0.5
    return f'<span class="{"right" if right else "wrong"}" style="--share:{share:.2f}">{say.whole(count)}</span>'


def _by_class(confusion: np.ndarray, names: list[str], say: Tongue) -> str:
    found = by_class(confusion)
    order = range(len(names)) if len(names) <= MOST_CLASSES else np.argsort(found.f1)[:MOST_CLASSES].tolist()
    rows = [
        (
            names[label],
            say.whole(int(found.rows[label])),
            *(say.number(float(share[label]), 3) for share in (found.recall, found.precision, found.f1)),
        )
        for label in order
    ]
    head = [say(f"results.{word}") for word in ("class", "count", "recall", "precision", "f1")]
    return _titled("classes", table(head, rows, say("results.classes"), hidden=True), say)


def _calibration(kept: Evaluation, say: Tongue) -> str:
    found = calibration(kept)
    frame = _square(say("results.confidence"), say("results.share_right"))
    size = 3 + 7 * np.sqrt(found.rows / found.rows.max())
    marks = [
        frame.segment((0, 0), (1, 1), "rule"),
        frame.line(found.confidence, found.right, "member test strong"),
        *(
            frame.dots(np.array([given]), np.array([right]), "dot test", float(radius), [say.count("rows", rows)])
            for given, right, radius, rows in zip(found.confidence, found.right, size, found.rows.tolist(), strict=True)
        ),
    ]
    caption = say("results.calibration.caption", ece=say.number(found.error, 3))
    return figure(say("results.calibration"), chart(frame, marks, say, caption, "square"), caption)


def _square(across: str, upward: str) -> Frame:
    return Frame(Axis(0.0, 1.0, label=across), Axis(0.0, 1.0, label=upward), 400, 400)


def _roc(told: Told, kept: Evaluation, part: str, names: list[str], say: Tongue) -> str:
    labels = [1] if len(names) == 2 else range(len(names))
    curves = [(label, roc(kept, label)) for label in labels]
    auc = plain(told.summary["ensemble"][part].get("roc_auc"))
    frame = _square(say("results.fpr"), say("results.tpr"))
    known = [(label, curve) for label, curve in curves if curve is not None]
    if not known:
        return f"<figure><h3>{text(say('results.roc'))}</h3><p>{text(say('results.roc.none'))}</p></figure>"
    css = "median" if len(known) == 1 else "member strong"
    marks = [frame.segment((0, 0), (1, 1), "rule")]
    marks += [frame.line(curve[0], curve[1], f"{css} test", names[label]) for label, curve in known]
    caption = say("results.roc.caption", auc=say.number(auc))
    return figure(say("results.roc"), chart(frame, marks, say, caption, "square"), caption)


def _mistakes(told: Told, kept: Evaluation, part: str, names: list[str], say: Tongue) -> str:
    wrong = worst(kept)
    if not len(wrong):
        return _titled("mistakes", f"<p>{text(say('results.mistakes.none'))}</p>", say)
    if gallery := mistaken(told, kept, part, names, say):
        return _titled("mistakes", f"<p>{text(say('results.mistakes.caption'))}</p>{gallery}", say)
    source = _source_rows(told, kept, part)
    rows = [
        (
            say.whole(int(source[row]) + 1),
            names[int(kept.target[row])],
            names[int(kept.ensemble[row].argmax())],
            say.number(float(kept.ensemble[row].max()), 3),
        )
        for row in wrong.tolist()
    ]
    head = [say(f"results.{word}") for word in ("row", "true", "predicted", "sure")]
    return _titled("mistakes", table(head, rows, say("results.mistakes.caption"), words=(1, 2)), say)


def _source_rows(told: Told, kept: Evaluation, part: str) -> np.ndarray:
    """Which rows of the source the kept rows are; positions in the part, where the split was not kept."""
    if told.split is None:
        return kept.place
    rows = np.flatnonzero(told.split == {"validation": 1, "test": 2}[part])
    return rows[kept.place] if len(rows) == kept.rows else kept.place


def _quantity(told: Told, kept: Evaluation, part: str, say: Tongue) -> Iterator[str]:
    true, said = kept.target.astype(np.float64), kept.ensemble.astype(np.float64)
    some = evenly(len(true), MOST_DOTS)
    both = axis_of(np.concatenate([true, said]))
    words = (say("results.true"), say("results.predicted"))
    frame = Frame(Axis(both.low, both.high, label=words[0]), Axis(both.low, both.high, label=words[1]), 400, 400)
    marks = [frame.segment((both.low, both.low), (both.high, both.high), "rule"),
             frame.cloud(true[some], said[some], "cloud test")]  # fmt: skip
    name, value = told.metric, told.summary["ensemble"][part].get(told.metric)
    caption = say("results.scatter.caption", metric=capital(say.curve(name)), value=say.number(plain(value)))
    scatter = figure(say("results.scatter"), chart(frame, marks, say, caption, "square"), caption)
    yield f'<div class="pair">{scatter}{_residuals(said - true, say)}</div>'
    if gallery := mistaken(told, kept, part, [], say):
        yield _titled("mistakes", gallery, say)
        return
    source = _source_rows(told, kept, part)
    rows = [
        (
            say.whole(int(source[row]) + 1),
            *(say.number(float(v)) for v in (true[row], said[row], said[row] - true[row])),
        )
        for row in worst(kept).tolist()
    ]
    head = [say(f"results.{word}") for word in ("row", "true", "predicted", "error")]
    yield _titled("mistakes", table(head, rows, say("results.mistakes"), hidden=True), say)


def _residuals(residuals: np.ndarray, say: Tongue) -> str:
    known = residuals[np.isfinite(residuals)]
    ends = np.quantile(known, [0.0, 1.0]) if len(known) else np.array([-1.0, 1.0])
    reach = float(np.abs(ends).max()) or 1.0
    counts, edges = np.histogram(known, bins=min(31, max(5, int(np.sqrt(len(known))) | 1)), range=(-reach, reach))
    frame = Frame(
        Axis(-reach, reach, label=say("results.residual")),
        Axis(0.0, float(counts.max()) * 1.06 or 1.0, label=say("results.count"), whole=True),
        400,
        400,
    )
    marks = [_bar(frame, edges[nth], edges[nth + 1], count) for nth, count in enumerate(counts.tolist()) if count]
    marks.append(frame.segment((0, 0), (0, frame.y.high), "rule"))
    caption = say(
        "results.residuals.caption",
        mean=say.number(float(known.mean()) if len(known) else None, 3),
        std=say.number(float(known.std()) if len(known) else None, 3),
    )
    return figure(say("results.residuals"), chart(frame, marks, say, caption, "square"), caption)


def _bar(frame: Frame, low: float, high: float, count: int) -> str:
    (left, top), (right, bottom) = frame.place(low, count), frame.place(high, 0)
    return (
        f'<rect class="bar" x="{left + 0.5:.1f}" y="{top:.1f}" width="{right - left - 1:.1f}" '
        f'height="{bottom - top:.1f}"/>'
    )


def _importance(told: Told, say: Tongue) -> str:
    measured = told.evidence.get("importance")
    if not measured:
        return ""
    columns = sorted(measured["columns"], key=lambda column: -column["rise"])
    most = max(columns[0]["rise"], 1e-12)
    rows = [
        (column["name"], Safe(_meter(column["rise"] / most)), say.number(column["rise"], 3))
        for column in columns[:MOST_BARS]
    ]
    caption = say(
        "results.importance.caption", repeats=say.whole(measured["repeats"]), rows=say.whole(measured["rows"])
    )
    more = len(columns) - MOST_BARS
    rest = f"<p>{text(say('results.importance.more', count=say.whole(more)))}</p>" if more > 0 else ""
    head = [say("results.column"), say("results.share"), say("results.rise")]
    shown = table(head, rows, caption, words=(1,), css="bars")
    return _titled("importance", shown + rest, say)


def _meter(share: float) -> str:
    bar = f'<rect class="bar" width="{240 * max(share, 0.0):.1f}" height="10" rx="2"/>'
    return f'<svg class="meter" viewBox="0 0 240 10" aria-hidden="true">{bar}</svg>'

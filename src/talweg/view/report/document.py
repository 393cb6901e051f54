"""The report as one JSON object (its shape is in docs/json.md): the page's words and marks, and the numbers."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from talweg.view.report.paragraph import paragraph
from talweg.view.telling.checklist import checklist
from talweg.view.telling.flags import flags
from talweg.view.telling.quality import by_class, calibration, disagreement
from talweg.view.telling.stops import outcome_words, watches
from talweg.view.telling.told import Told
from talweg.view.telling.wording import plain, tongue

VERSION = 1


def report_json(told: Told, *, lang: str = "en") -> dict[str, Any]:
    """The report as plain data.

    Raises:
        ConfigError: when there is no catalogue for the language.
    """
    say = tongue(lang)
    steps = checklist(told, say)
    return {
        "version": VERSION,
        "kind": "report",
        "lang": lang,
        "run": told.summary["run"],
        "place": told.place,
        "paragraph": paragraph(told, say),
        "checklist": [
            {**dataclasses.asdict(step), "facts": dict(step.facts), "flags": list(step.flags)} for step in steps
        ],
        "flags": [dataclasses.asdict(flag) for flag in flags(told, say)],
        "rules": [
            {
                "rule": dict(watch.rule),
                "with": [dict(rule) for rule in watch.with_others],
                "stopped": list(watch.stopped),
            }
            for watch in watches(told)
        ],
        "members": [
            {"member": member["member"], "epoch": member["outcome"]["epoch"], "why": outcome_words(told, nth, say)}
            for nth, member in enumerate(told.members)
        ],
        "results": {part: _results(told, part) for part in told.summary["spread"]},
    }


def _results(told: Told, part: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "spread": told.summary["spread"][part],
        "ensemble": told.summary["ensemble"][part],
        "sampling_error": told.summary["sampling_error"] if part == "test" else None,
    }
    kept = told.evaluation.get(part)
    if kept is None:
        return found
    found["disagreement"] = disagreement(kept, told.sound)
    if kept.ensemble.ndim > 1:
        found["calibration_error"] = calibration(kept).error
    if kept.confusion is not None:
        found["confusion"] = kept.confusion.tolist()
        found["classes"] = _classes(told.summary["data"], by_class(kept.confusion))
    return found


def _classes(data: Mapping[str, Any], by: Any) -> list[dict[str, Any]]:
    return [
        {
            "class": name,
            "rows": int(by.rows[label]),
            **{word: plain(float(getattr(by, word)[label])) for word in ("recall", "precision", "f1")},
        }
        for label, name in enumerate(data["classes"])
    ]

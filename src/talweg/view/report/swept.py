"""A sweep's table: each value that was tried, what it reaches on validation, and whether the best is told from it."""

from collections.abc import Mapping
from typing import Any

from talweg.view.report.markup import table, text
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital, plain


def swept(told: Told, say: Tongue) -> str:
    """The part of the members' section for a sweep; nothing for any other run."""
    found = told.summary.get("sweep")
    if not found:
        return ""
    measures = list(dict.fromkeys(["loss", told.metric]))
    head = [
        *(say.or_else(f"label.{name}", name) for name in found["settings"]),
        *(capital(f"{say('part.validation')}: {say.curve(name)}") for name in measures),
        say("sweep.behind"),
    ]
    rows = [
        [
            *(_value(value[name], say) for name in found["settings"]),
            *(_spread(value, name, say) for name in measures),
            _behind(value, found, say),
        ]
        for value in found["values"]
    ]
    lead = say("sweep.lead", starts=say.count("starts", found["starts"]))
    shown = table(head, rows, say("sweep.title"), hidden=True)
    return f"<h3>{text(say('sweep.title'))}</h3><p>{text(lead)}</p>{shown}"


def _value(value: Any, say: Tongue) -> str:
    return say.number(plain(value)) if plain(value) is not None else str(value)


def _spread(value: Mapping[str, Any], name: str, say: Tongue) -> str:
    told = (value.get("validation") or {}).get(name)
    return f"{say.number(plain(told['mean']))} ± {say.number(plain(told['std']), 2)}" if told else "–"


def _behind(value: Mapping[str, Any], found: Mapping[str, Any], say: Tongue) -> str:
    """How far a value lies behind the best, as its interval; the best says so."""
    if all(value[name] == best for name, best in (found["best"] or {}).items()):
        return say("sweep.best")
    behind = value.get("behind_best") or {}
    low, high = plain(behind.get("low")), plain(behind.get("high"))
    return say("fact.range", low=say.number(low, 3), high=say.number(high, 3)) if low is not None else "–"

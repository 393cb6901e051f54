"""A hike in the terminal: where the hikers arrived, in a table and in sentences. Trainings: `training_summary`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from talweg.view.terminal.columns import Columns, number

_OUTCOMES = {
    "arrived": "arrived",
    "saddle": "on a saddle or maximum",
    "walking": "still walking",
    "diverged": "fell off",
    "left": "left the window",
    "undefined": "came to where the function is not defined",
}
_MOST = 12
"""So many hikers at most all have their say; of more, a few of each kind that did not arrive."""
_FEW = 2


def hike_summary(hike: Mapping[str, Any]) -> RenderableType:
    """A hike: where the hikers arrived, how many at each place, and what they have to say.

    Args:
        hike: the JSON object of a hike (see docs/json.md).
    """
    head = (
        f"f({', '.join(hike['variables'])}) = {hike['expression']}: {len(hike['hikers'])} hikers by "
        f"{hike['optimizer']}, learning rate {number(hike['learning_rate'])}, step length {hike['step_length']}"
    )
    kinds = Counter(hiker["outcome"]["kind"] for hiker in hike["hikers"])
    outcomes = ", ".join(f"{count} {_OUTCOMES[kind]}" for kind, count in kinds.items())
    return Group(
        Text(head, style="bold"),
        Text(f"{outcomes}."),
        *([_places(hike)] if hike["minima"] else []),
        *map(Text, _sentences(hike["hikers"])),
        *(Text(f"Warning: {warning}.", style="yellow") for warning in hike["warnings"]),
    )


def _places(hike: Mapping[str, Any]) -> RenderableType:
    table = Columns()
    for title in (", ".join(hike["variables"]), "value", "hikers"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("what it is")
    lowest = min(place["value"] for place in hike["minima"])
    for place in hike["minima"]:
        point = ", ".join(number(_near_zero(value)) for value in place["point"])
        found = "the lowest found" if place["value"] <= lowest + 1e-9 * (1 + abs(lowest)) else "local"
        kind = f"minimum, {found}" if place["kind"] == "minimum" else place["kind"]
        table.add_row(point, number(_near_zero(place["value"])), str(place["hikers"]), kind)
    return table


def _near_zero(value: float) -> float:
    return 0.0 if abs(value) < 1e-9 else value


def _sentences(hikers: list[Mapping[str, Any]]) -> Iterator[str]:
    """What each hiker says; of many, some of each kind that did not arrive, for their fellows say the like."""
    said: Counter[str] = Counter()
    for hiker in hikers:
        kind = hiker["outcome"]["kind"]
        if len(hikers) <= _MOST or (kind != "arrived" and said[kind] < _FEW):
            yield f"hiker {hiker['hiker']}: {hiker['outcome']['sentence']}."
            said[kind] += 1
    left = Counter(hiker["outcome"]["kind"] for hiker in hikers) - said
    more = [f"{count} more {_OUTCOMES[kind]}" for kind, count in left.items() if kind != "arrived"]
    if more:
        yield f"... and {', '.join(more)} (--json tells all)."

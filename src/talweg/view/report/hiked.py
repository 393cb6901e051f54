"""The report of a hike: the lecture's checklist for a typed function, the playable map, and where everyone arrived."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from talweg.record.scene import Scene
from talweg.view.report.markup import table, text
from talweg.view.report.page import checklist_list, looks, whole_page
from talweg.view.scenes.page import landscape_element
from talweg.view.telling.checklist import Step
from talweg.view.telling.wording import Tongue, plain, tongue

STEPS = ("function", "start", "gradient", "rate", "stopping", "valley")
"""The steps of the lecture that a typed function has."""


def hike_page(hike: Mapping[str, Any], scene: Scene, *, lang: str = "en") -> str:
    """The report of a hike.

    Args:
        hike: the hike as plain data (see docs/json.md).
        scene: what is drawn of it.
        lang: ``"en"`` or ``"de"``.

    Returns:
        HTML that asks no server for anything.

    Raises:
        ConfigError: when there is no catalogue for the language.
    """
    say = tongue(lang)
    steps = [_step(hike, key, say) for key in STEPS]
    name = f"f({', '.join(hike['variables'])}) = {hike['expression']}"
    header = (
        f'<p class="over">{text(say("hike.report"))}</p><h1>{text(name)}</h1>'
        f"<p>{text(say.count('hikers', len(hike['hikers'])))} · {text(hike['optimizer'])}</p>"
    )
    sections = {
        "summary": f'<p class="lead">{text(_paragraph(hike, name, say))}</p>{looks(steps, say)}',
        "checklist": checklist_list(steps, say),
        "map": landscape_element(scene, lang=lang),
        "results": _places(hike, say) + _hikers(hike, say),
    }
    title = say("hike.title", name=hike["expression"])
    return whole_page(say, title, header, sections, {}, landscape=True)


def _paragraph(hike: Mapping[str, Any], name: str, say: Tongue) -> str:
    kinds = Counter(hiker["outcome"]["kind"] for hiker in hike["hikers"])
    lowest = min(hike["minima"], key=lambda place: place["value"], default=None)
    arrived = say("hike.arrived.none")
    if kinds["arrived"] and lowest is not None:
        arrived = say(
            "hike.arrived",
            count=say.whole(kinds["arrived"]),
            all=say.whole(len(hike["hikers"])),
            point=_point(lowest["point"], say),
            value=say.number(_near_zero(lowest["value"])),
        )
    return say(
        "hike.paragraph",
        hikers=say.count("hikers", len(hike["hikers"])),
        function=name,
        optimizer=hike["optimizer"],
        rate=say.number(hike["learning_rate"]),
        arrived=arrived,
    )


def _point(point: list[float | None], say: Tongue) -> str:
    separator = "; " if say.lang == "de" else ", "
    return f"({separator.join(say.number(_near_zero(value)) for value in point)})"


def _near_zero(value: float | None) -> float | None:
    return 0.0 if value is not None and abs(value) < 1e-9 else value


def _step(hike: Mapping[str, Any], key: str, say: Tongue) -> Step:
    facts = tuple((say(f"hike.label.{label}"), value) for label, value in _facts(hike, key, say))
    flags = tuple(_flags(hike, key, say))
    count = say.whole(len(hike["variables"]))
    words = say(f"hike.step.{key}.text", count=count)
    link = {"valley": "results", "stopping": "results", "start": "map"}.get(key, "")
    return Step(key, say(f"hike.step.{key}.title"), "look" if flags else "done", facts, words, flags, link)


def _facts(hike: Mapping[str, Any], key: str, say: Tongue) -> Iterator[tuple[str, str]]:
    if key == "function":
        yield "function", hike["expression"]
        yield "variables", ", ".join(hike["variables"])
        bounded = {True: "true", False: "false"}.get(hike["bounded_below"], "none")
        yield "bounded", say(f"hike.bounded.{bounded}")
    elif key == "start":
        yield "hikers", say.whole(len(hike["hikers"]))
        ranges = (say("fact.range", low=say.number(low), high=say.number(high)) for low, high in hike["window"])
        yield "window", "; ".join(f"{name}: {span}" for name, span in zip(hike["variables"], ranges, strict=True))
    elif key == "gradient":
        yield "derivatives", say.whole(len(hike["variables"]))
        yield "optimizer", hike["optimizer"]
    elif key == "rate":
        yield "rate", say.number(hike["learning_rate"])
        yield "step_length", hike["step_length"]
    elif key == "stopping":
        kinds = Counter(hiker["outcome"]["kind"] for hiker in hike["hikers"])
        yield "stopped", "; ".join(f"{say.whole(n)} × {say(f'hike.kind.{kind}')}" for kind, n in kinds.items())
        steps = [hiker["steps"] for hiker in hike["hikers"]]
        yield "steps", say("fact.range", low=say.whole(min(steps)), high=say.whole(max(steps)))
    else:
        yield "minima", say.whole(len(hike["minima"]))
        if hike["minima"]:
            yield "lowest", say.number(_near_zero(min(place["value"] for place in hike["minima"])))


def _flags(hike: Mapping[str, Any], key: str, say: Tongue) -> Iterator[str]:
    kinds, everyone = Counter(hiker["outcome"]["kind"] for hiker in hike["hikers"]), len(hike["hikers"])
    if key == "function" and hike["bounded_below"] is False:
        yield say("hike.flag.unbounded")
    if key == "rate" and kinds["diverged"]:
        yield say("hike.flag.lost", count=say.whole(kinds["diverged"]), all=say.whole(everyone))
    if key == "stopping" and kinds["walking"]:
        yield say("hike.flag.walking", count=say.whole(kinds["walking"]), all=say.whole(everyone))


def _places(hike: Mapping[str, Any], say: Tongue) -> str:
    title = f"<h3>{text(say('hike.places'))}</h3>"
    if not hike["minima"]:
        return title + f"<p>{text(say('hike.arrived.none'))}</p>"
    rows = [
        (_point(place["point"], say), say.number(_near_zero(plain(place["value"]))), say(f"hike.place.{place['kind']}"),
         say.whole(place["hikers"]))
        for place in hike["minima"]
    ]  # fmt: skip
    head = [say("hike.point"), say("hike.value"), say("hike.kind"), say("hike.label.hikers")]
    return title + table(head, rows, say("hike.places"), words=(2,), hidden=True)


def _hikers(hike: Mapping[str, Any], say: Tongue) -> str:
    rows = [
        (
            say.whole(hiker["hiker"] + 1),
            _point(hiker["start"], say),
            _point(hiker["end"], say),
            say.number(_near_zero(hiker["value"])),
            say.whole(hiker["steps"]),
            say(f"hike.kind.{hiker['outcome']['kind']}"),
        )
        for hiker in hike["hikers"]
    ]
    head = [say(f"hike.{word}") for word in ("hiker", "start", "end", "value", "steps", "kind")]
    return f"<h3>{text(say('hike.hikers'))}</h3>" + table(head, rows, say("hike.hikers"), words=(1, 2, 5), hidden=True)

"""A run in a paragraph: what was trained on what, what it reaches on rows never seen, and why it stopped."""

from collections import defaultdict
from collections.abc import Iterator

from talweg.view.telling.stops import why_words
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, plain


def paragraph(told: Told, say: Tongue) -> str:
    """The paragraph, as text."""
    return " ".join([_trained(told, say), *_reached(told, say), *_stopped(told, say)])


def _trained(told: Told, say: Tongue) -> str:
    data, task = told.summary["data"], told.summary["task"]
    key = f"paragraph.{task}" if task in ("classification", "regression") and data.get("target") else "paragraph.other"
    key = next((f"paragraph.{what}" for what in ("denoising", "segmentation") if told.summary.get(what)), key)
    return say(
        key,
        networks=say.count("networks", len(told.members)),
        params=say.whole(told.summary["model"]["params"]),
        target=say.quoted(str(data.get("target"))),
        classes=say.count("classes", len(data.get("classes", []))),
        features=say.count("features", data["features"]),
        name=data["name"],
        train=say.whole(told.summary["split"]["train"]),
        task=say.or_else(f"task.{task}", task),
    )


def _reached(told: Told, say: Tongue) -> Iterator[str]:
    part, metric = told.held_back, told.metric
    if not told.sound.any():
        yield say("paragraph.failed")
        return
    if part is None:
        yield say("paragraph.nothing")
        return
    # What is made of photographs is judged on whole ones, whatever tiles they were watched by.
    pictures = (told.summary.get("denoising") or told.summary.get("segmentation") or {}).get("pictures")
    rows = say.count("pictures", len(pictures)) if pictures else say.count("rows", told.summary["split"][part])
    value = say.number(plain(told.summary["ensemble"][part].get(metric)))
    error = told.summary["sampling_error"]
    if part == "test" and error and error["metric"] == metric:
        yield say(
            "paragraph.test" if len(told.members) > 1 else "paragraph.test.one",
            rows=rows,
            metric=say.curve(metric),
            value=value,
            low=say.number(error["low"]),
            high=say.number(error["high"]),
            method=say(_method(error["method"])),
        )
    elif part == "test":
        yield say("paragraph.test.plain", rows=rows, metric=say.curve(metric), value=value)
    else:
        yield say("paragraph.validation", rows=rows, metric=say.curve(metric), value=value)
    spread = told.summary["spread"][part][metric]
    if int(told.sound.sum()) > 1 and plain(spread["mean"]) is not None:
        yield say("paragraph.members", mean=say.number(spread["mean"]), std=say.number(spread["std"], 2))


def _stopped(told: Told, say: Tongue) -> Iterator[str]:
    """One sentence for each kind of end, the most frequent first."""
    ends: dict[str, list[int]] = defaultdict(list)
    for member in told.members:
        ends[member["outcome"]["kind"]].append(member["outcome"]["epoch"])
    for kind, epochs in sorted(ends.items(), key=lambda end: -len(end[1])):
        first, last = min(epochs), max(epochs)
        when = say("when.at" if first == last else "when.between", first=say.whole(first), last=say.whole(last))
        parts = {"why": why_words(kind, say), "when": when}
        if len(told.members) == 1:
            yield say("stopped.one", **parts)
        elif len(ends) == 1:
            yield say("stopped.all", **parts)
        else:
            yield say("stopped.some", count=say.whole(len(epochs)), all=say.whole(len(told.members)), **parts)


def _method(told: str) -> str:
    """The key of the words for how an interval was made."""
    return next(
        (f"method.{word.lower()}" for word in ("Wilson", "jackknife", "Student") if word in told), "method.normal"
    )

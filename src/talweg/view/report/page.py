"""The report as one HTML file that needs nothing else: light and dark, on screen and on paper. Words: `wording`."""

import functools
import importlib.resources
import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from talweg.view.report.curves import curve_charts
from talweg.view.report.markup import Safe, facts, figure, folded, mark, table, text
from talweg.view.report.paragraph import paragraph
from talweg.view.report.probed import probed
from talweg.view.report.results import results
from talweg.view.report.swept import swept
from talweg.view.scenes.page import landscape_assets
from talweg.view.telling.checklist import Step, checklist
from talweg.view.telling.stops import outcome_words, rule_words, watches
from talweg.view.telling.told import Told
from talweg.view.telling.wording import Tongue, capital, plain, tongue

FEW_MEMBERS = 16
"""Up to so many members their table is shown at once."""

_PAGE = string.Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Talweg">
<title>$title</title>
<link rel="icon" href="data:,">
<style>
$style
</style>
</head>
<body>
<a class="skip" href="#content">$skip</a>
<header>
$header
<button type="button" id="theme" hidden>$theme</button>
</header>
<nav aria-label="$contents">$links</nav>
<main id="content">
$main
</main>
<footer>$footer</footer>
<script>
$script
</script>
$assets
</body>
</html>
""")


def report_page(told: Told, *, lang: str = "en", landscape: str = "") -> str:
    """The report of a finished run.

    Args:
        told: the run.
        lang: ``"en"`` or ``"de"``.
        landscape: the run's map as an element of `view.page`, if one was made.

    Returns:
        HTML that asks no server for anything.

    Raises:
        ConfigError: when there is no catalogue for the language.
    """
    say = tongue(lang)
    steps = checklist(told, say)
    sections: dict[str, str] = {
        "summary": _summary(told, steps, say),
        "checklist": checklist_list(steps, say),
        "curves": _curves(told, say),
        "probes": probed(told, say),
        "map": f"<p>{text(say('map.lead'))}</p>{landscape}" if landscape else "",
        "results": results(told, say),
        "members": _members(told, say),
        "repeat": _repeat(told, say),
    }
    data = told.summary["data"]
    header = (
        f'<p class="over">{text(say("report"))}</p><h1>{text(told.name)}</h1><p>{text(_subtitle(told, data, say))}</p>'
    )
    return whole_page(say, say("title", name=told.name), header, sections, told.evidence, bool(landscape))


def _subtitle(told: Told, data: Mapping[str, Any], say: Tongue) -> str:
    task = say.or_else(f"task.{told.summary['task']}", told.summary["task"])
    what = f"{data['name']} → {data['target']}" if data.get("target") else str(data["name"])
    params = f"{say.whole(told.summary['model']['params'])} {say('label.params')}"
    return " · ".join([what, task, say.count("members", len(told.members)), params])


def whole_page(
    say: Tongue,
    title: str,
    header: str,
    sections: Mapping[str, str],
    evidence: Mapping[str, Any],
    landscape: bool = False,
) -> str:
    """Sections as a page; those without content are left out.

    Args:
        say: its language.
        title: of the window.
        header: what stands on top, as HTML.
        sections: HTML by the key of their title (``section.<key>``).
        evidence: of the run, for the version of Talweg that made it.
        landscape: whether a map stands on the page, which needs its script.
    """
    shown = {key: content for key, content in sections.items() if content}
    links = "".join(f'<a href="#{key}">{text(say(f"section.{key}"))}</a>' for key in shown)
    main = "".join(
        f'<section id="{key}" aria-labelledby="{key}-title"><h2 id="{key}-title">{text(say(f"section.{key}"))}</h2>'
        f"{content}</section>\n"
        for key, content in shown.items()
    )
    version = (evidence.get("environment") or {}).get("talweg") or _nested(evidence, "talweg") or ""
    return _PAGE.substitute(
        lang=say.lang,
        title=text(title),
        style=_static("report.css"),
        skip=text(say("skip")),
        header=header,
        theme=text(say("theme")),
        contents=text(say("contents")),
        links=links,
        main=main,
        footer=text(say("made", maker=f"Talweg {version}".strip())),
        script=_static("report.js"),
        assets=landscape_assets() if landscape else "",
    )


def _nested(evidence: Mapping[str, Any], name: str) -> str:
    versions = (evidence.get("environment") or {}).get("versions") or {}
    return str(versions.get(name, "")) if isinstance(versions, Mapping) else ""


def _summary(told: Told, steps: Sequence[Step], say: Tongue) -> str:
    return f'<p class="lead">{text(paragraph(told, say))}</p>' + looks(steps, say)


def looks(steps: Sequence[Step], say: Tongue) -> str:
    """Everything that should make one look twice, with a link to its step."""
    raised = [(step, flag) for step in steps for flag in step.flags]
    if not raised:
        return f"<p>{text(say('flags.none'))}</p>"
    items = "".join(f'<li><a href="#step-{step.key}">{text(step.title)}</a> {text(flag)}</li>' for step, flag in raised)
    return f'<div class="look-first"><h3>{text(say("flags.title"))}</h3><ul>{items}</ul></div>'


def checklist_list(steps: Sequence[Step], say: Tongue) -> str:
    """The checklist, step by step."""
    marks = [step.mark for step in steps]
    counts = {kind: say.whole(marks.count(kind)) for kind in ("done", "look", "missing")}
    items = "".join(_step(step, say) for step in steps)
    return f'<p>{text(say("checklist.lead", **counts))}</p><ol class="steps">{items}</ol>'


def _step(step: Step, say: Tongue) -> str:
    raised = "".join(f"<li>{text(flag)}</li>" for flag in step.flags)
    raised = f'<ul class="flags">{raised}</ul>' if raised else ""
    link = ""
    if step.link:
        where = text(say(f"section.{step.link}"))
        link = f'<p class="evidence">{text(say("evidence"))}: <a href="#{step.link}">{where}</a></p>'
    return (
        f'<li id="step-{step.key}" class="{step.mark}"><div><h3>{text(step.title)} {mark(step.mark, say)}</h3>'
        f"<p>{text(step.text)}</p>{raised}{link}</div>{facts(step.facts)}</li>"
    )


def _curves(told: Told, say: Tongue) -> str:
    charts = curve_charts(told, say)
    if not charts:
        return f"<p>{text(say('curves.none'))}</p>"
    lead = say("curves.lead" if len(told.members) > 1 else "curves.lead.one")
    drawn = "".join(
        figure(found.title, found.svg, legend=found.legend if nth == 0 else (), css="first" if nth == 0 else "")
        for nth, found in enumerate(charts)
    )
    return f'<p>{text(lead)}</p><div class="charts">{drawn}</div>{_rules(told, say)}'


def _rules(told: Told, say: Tongue) -> str:
    rows = []
    for watch in watches(told):
        words = capital(rule_words(watch.rule, say))
        if watch.with_others:
            words += f" ({say('rules.with', others=say.listed(rule_words(rule, say) for rule in watch.with_others))})"
        epochs = sorted({int(told.stops[member]) for member in watch.stopped})
        when = "–" if not epochs else say.whole(epochs[0])
        if len(epochs) > 1:
            when = say("fact.range", low=say.whole(epochs[0]), high=say.whole(epochs[-1]))
        stopped = say.count("members", len(watch.stopped)) if watch.stopped else say("rules.never")
        rows.append((words, stopped, when))
    if not rows:
        return ""
    head = [say("rules.rule"), say("rules.stopped"), say("rules.when")]
    return table(head, rows, say("rules.title"), words=(1,))


def _members(told: Told, say: Tongue) -> str:
    metric = told.metric
    norms = ((told.evidence.get("gradient") or {}).get("end") or {}).get("norm")
    head = [say("members.member"), say("members.stopped"), say("members.kept"),
            capital(say.curve("validation_loss")), f"{say('part.validation')}: {say.curve(metric)}",
            f"{say('part.test')}: {say.curve(metric)}", *([say("members.gradient")] if norms else []),
            say("members.why")]  # fmt: skip
    rows = []
    for nth, member in enumerate(told.members):
        validation, test = member["validation"] or {}, member["test"] or {}
        rows.append([
            say.whole(member["member"]), say.whole(member["epochs"]), say.whole(member["best_epoch"]),
            *(say.number(plain(value)) for value in (validation.get("loss"), validation.get(metric), test.get(metric))),
            *([say.number(norms[nth], 2)] if norms else []),
            outcome_words(told, nth, say),
        ])  # fmt: skip
    shown = table(head, rows, say("members.caption"), words=(len(head) - 1,), css="members")
    many = len(rows) > FEW_MEMBERS
    return swept(told, say) + (folded(say("members.all", count=say.whole(len(rows))), shown) if many else shown)


def _repeat(told: Told, say: Tongue) -> str:
    commands = [
        (f"talweg train --config {told.place}/run.toml --out {told.place}-again", say("repeat.again")),
        (told.application, say("repeat.predict")),
        (f"talweg show {told.place}", say("repeat.show")),
    ]
    typed = "".join(f"<li>{text(what)}<pre><code>{text(command)}</code></pre></li>" for command, what in commands)
    known = list(_environment(told.evidence.get("environment") or {}, say))
    data = [
        (say("label.seed"), Safe(f"<code>{text(told.summary['run']['seed'])}</code>")),
        (say("label.fingerprint"), Safe(f"<code>{text(told.summary['data'].get('fingerprint', '–'))}</code>")),
    ]
    head = [say("repeat.what"), say("repeat.value")]
    shown = table(head, [*data, *known], say("repeat.environment"), words=(1,), hidden=True)
    return (
        f"<p>{text(say('repeat.lead'))}</p>"
        f'<h3>{text(say("repeat.commands"))}</h3><ul class="commands">{typed}</ul>'
        f'<h3>{text(say("repeat.settings"))}</h3><pre tabindex="0"><code>{text(told.toml.strip())}</code></pre>'
        f"<h3>{text(say('repeat.environment'))}</h3>{shown}"
    )


def _environment(content: Mapping[str, Any], say: Tongue, above: str = "") -> Iterator[tuple[object, ...]]:
    """Everything recorded of the machine, one line each."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _environment(value, say, f"{above}{name} ")
        elif value not in (None, "", []):
            words = say.or_else(f"environment.{name}", name) if not above else f"{above}{name}".replace("_", " ")
            told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield words, Safe(f"<code>{text(told)}</code>")


@functools.cache
def _static(name: str) -> str:
    return importlib.resources.files("talweg.view").joinpath("static", name).read_text(encoding="utf-8").strip()

"""What the gate found, as text for the terminal. It comes in as plain data (see docs/json.md)."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.view.terminal.columns import Columns

_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}
_SHOWN_ROWS = 8
_MOST_CLASSES = 40
_PARTS = ("train", "validation", "test")


def check_summary(summary: Mapping[str, Any]) -> RenderableType:
    """A source looked over, as `talweg check` shows it.

    Args:
        summary: the check's summary (see docs/json.md).
    """
    split = ", ".join(f"{summary['split'][part]} {part}" for part in _PARTS)
    if "photographs" in summary:
        told = [Text(sentence, style="dim") for sentence in summary["told"]]
        classes = summary["photographs"].get("classes")
        shown: list[RenderableType] = [Text(), Text("Pixels of each class:"), _classes(classes)] if classes else []
        return Group(
            _photographs(summary, split),
            *told,
            *shown,
            Text(),
            *findings(summary["findings"], "Picture"),
            _verdict(summary),
        )
    if "pictures" in summary:
        told = [Text(sentence, style="dim") for sentence in summary["told"]]
        names = summary["pictures"]["names"]
        return Group(
            *_pictures(summary, split),
            *told,
            Text(),
            *findings(summary["findings"], "Picture", names),
            _verdict(summary),
        )
    head = Text(f"{summary['source']}: {summary['target']} ({summary['task']}), {summary['rows']} rows ({split}), ")
    head.append(f"{summary['features']} features")
    return Group(head, Text(), _columns(summary), Text(), *findings(summary["findings"]), _verdict(summary))


def _photographs(summary: Mapping[str, Any], split: str) -> Text:
    about = summary["photographs"]
    color, patch = "gray" if about["channels"] == 1 else "in color", about["patch"]
    ways = {
        "noise": f"noise {about.get('noise')}",
        "pairs": "pairs of noisy and clean",
        "self": "noisy pictures alone",
        "masks": "pictures with masks",
    }
    head = f"{summary['source']}: {ways[about['learning']]}, {summary['rows']} photographs {color} ({split}), "
    return Text(f"{head}{about['pixels'] / 1e6:.3g} million pixels, patches of {patch}x{patch}")


def _pictures(summary: Mapping[str, Any], split: str) -> list[RenderableType]:
    """Labeled pictures: what they are, what their files were, and how many of each class are in each part."""
    about, files = summary["pictures"], summary["pictures"]["files"]
    color = "gray" if about["channels"] == 1 else "in color"
    seen = f"{about['height']}x{about['width']} {color}"
    head = f"{summary['source']}: {summary['target']} ({summary['task']}), {summary['rows']} pictures ({split}), "
    shown: list[RenderableType] = [Text(f"{head}seen as {seen}")]
    if files:
        modes = ", ".join(f"{count} {mode.replace('rgb', 'in color')}" for mode, count in files["modes"].items())
        shown.append(Text(f"The files: {_sizes(files)}; {modes}."))
    if about["classes"]:
        shown += [Text(), _classes(about["classes"])]
    return [*shown, Text()]


def _sizes(files: Mapping[str, Any]) -> str:
    smallest, largest, commonest = (
        f"{high}x{wide}" for high, wide in (files[n] for n in ("smallest", "largest", "commonest"))
    )
    if files["sizes"] == 1:
        return f"all of {commonest}"
    return f"{files['sizes']} sizes from {smallest} to {largest}, {files['commonest_pictures']} of {commonest}"


def _classes(classes: list[Mapping[str, Any]]) -> Table:
    table = Columns(2)
    table.add_column("class", overflow="fold")
    for title in (*_PARTS, "all"):
        table.add_column(title, justify="right")
    for one in classes[:_MOST_CLASSES]:
        counts = [one[part] for part in _PARTS]
        table.add_row(Text(one["name"]), *map(str, counts), str(sum(counts)))
    if len(classes) > _MOST_CLASSES:
        table.add_row(f"and {len(classes) - _MOST_CLASSES} more")
    return table


def findings(
    found: list[Mapping[str, Any]], thing: str = "Row", names: Mapping[str, str] | None = None
) -> list[RenderableType]:
    """Each finding: its grade and sentence, then the mend and the rows (or what they are called) below.

    Args:
        found: as plain data.
        thing: what a row is.
        names: what rows are called, by their numbers.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in found:
        table.add_row(Text(finding["grade"], style=_STYLES[finding["grade"]]), Text(finding["sentence"]))
        table.add_row("", Text(finding["mend"] + _rows(finding, thing, names or {}), style="dim"))
    return [table, Text()] if found else []


def _rows(finding: Mapping[str, Any], thing: str, names: Mapping[str, str]) -> str:
    if not finding["rows"]:
        return ""
    shown = ", ".join(names.get(str(row), str(row)) for row in finding["rows"][:_SHOWN_ROWS])
    more = finding["count"] - min(len(finding["rows"]), _SHOWN_ROWS)
    return f" {thing}{'s' * (finding['count'] > 1)} {shown}{f' and {more} more' if more else ''}."


def _columns(summary: Mapping[str, Any]) -> RenderableType:
    table = Columns(2)
    for title in ("column", "kind", "why"):
        table.add_column(title, overflow="fold")
    for column in summary["columns"][:30]:
        table.add_row(Text(column["name"]), column["kind"], Text(column["reason"]))
    if len(summary["columns"]) > 30:
        table.add_row(f"and {len(summary['columns']) - 30} more", "", "")
    return table


def _verdict(summary: Mapping[str, Any]) -> Text:
    counts = ", ".join(
        f"{summary[f'{grade}s']} {grade}{'s' * (summary[f'{grade}s'] != 1)}" for grade in ("error", "warning", "note")
    )
    if summary["errors"]:
        return Text(f"{counts}: a training would not start. Mend the errors, or train all the same with --gate warn.")
    return Text(f"{counts}: a training would start.")

"""What a map of a network says in the terminal: where the members are, how wrong the picture is, what lies between."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from talweg.view.terminal.columns import Columns, number


def map_summary(told: Mapping[str, Any]) -> RenderableType:
    """A map: the members at their ends, as they are and as they are drawn, and the map's error in words.

    Args:
        told: the JSON object of a map (see docs/json.md).
    """
    (left, right), (bottom, top) = told["plane"]["window"]
    label = f"{_PARTS[told['on']]} {told['of'].replace('_', ' ')}"
    head = (
        f"{label.capitalize()} of {told['run']} over {_some(told)} rows; the plane is {told['plane']['made_by']}: "
        f"{told['size'][0]} × {told['size'][1]} points, {number(left)} to {number(right)} by {number(bottom)} to "
        f"{number(top)}, heights from {number(told['lowest'])} to {number(told['highest'])}."
    )
    error = told["error"]
    said = f"Map error: {error['sentence']}." if error["sentence"] else "The map is exact at every drawn point."
    return Group(
        Text(head, style="bold"),
        _ends(told),
        Text(said),
        *(Text(f"Warning: {warning}", style="yellow") for warning in told["warnings"]),
        *_made(told),
    )


_PARTS = {"train": "training", "validation": "validation"}


def _ends(told: Mapping[str, Any]) -> RenderableType:
    table = Columns()
    for title in ("member", "at the start", "at the end", "drawn there", "off the plane"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("why it stopped")
    for member in told["members"]:
        points = member["points"]
        ends = (points["true"][0], points["true"][-1], points["drawn"][-1], points["distance"][-1])
        rule = member["outcome"]["rule"].replace("_", " ")
        table.add_row(str(member["member"]), *(number(value) for value in ends), rule)
    return table


def atlas_summary(told: Mapping[str, Any]) -> RenderableType:
    """An atlas: each member's ends, as they are and as they are drawn, and what its plane holds.

    Args:
        told: the JSON object of an atlas (see docs/json.md).
    """
    label = f"{_PARTS[told['on']]} {told['of'].replace('_', ' ')}"
    head = f"{label.capitalize()} of {told['run']} over {_some(told)} rows, every member on a plane of its own."
    table = Columns()
    for title in ("member", "at the start", "at the end", "drawn there", "plane holds"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("why it stopped")
    for one in told["maps"]:
        [member] = one["members"]
        points = member["points"]
        ends = (points["true"][0], points["true"][-1], points["drawn"][-1])
        held, rule = f"{100 * one['error']['held']:.0f} %", member["outcome"]["rule"].replace("_", " ")
        table.add_row(str(member["member"]), *(number(value) for value in ends), held, rule)
    warnings = [f"member {one['members'][0]['member']}: {said}" for one in told["maps"] for said in one["warnings"]]
    return Group(
        Text(head, style="bold"),
        table,
        *(Text(f"Warning: {warning}", style="yellow") for warning in warnings),
        *_written(told, "Mapped"),
    )


def _some(told: Mapping[str, Any]) -> str:
    """How many rows were looked at, and of how many where not of all."""
    rows = told["rows"]
    return f"{rows['used']}" if rows["used"] == rows["total"] else f"{rows['used']} of {rows['total']}"


def _made(told: Mapping[str, Any]) -> list[Text]:
    before = told["known_before"]
    went_on = f", going on from {before} heights of an earlier map" if before else ""
    lines = [Text(f"Mapped in {told['seconds']:.1f} s{went_on}.")]
    if told["files"]:
        lines.append(Text("Written: " + ", ".join(told["files"].values()) + "."))
    return lines


def barrier_summary(told: Mapping[str, Any]) -> RenderableType:
    """The passes between members: who shares a valley, and how high the passes are.

    Args:
        told: the JSON object of barriers (see docs/json.md).
    """
    head = (
        f"Between {len(told['members'])} members of {told['run']}, over {_some(told)} {_PARTS[told['on']]} rows; a "
        f"pass above {number(told['tolerance'])} parts two valleys."
    )
    table = Columns()
    for title in ("", "lowest pass", "median", "highest"):
        table.add_column(title, justify="left" if not title else "right", no_wrap=True)
    for name, words in (("straight", "straight lines"), ("aligned", "hidden units aligned")):
        part = told[name]
        for height in ("loss", "error") if part else ():
            passes = sorted(value for row, line in enumerate(part[height]) for value in line[:row] if value is not None)
            if passes:
                ends = (passes[0], passes[len(passes) // 2], passes[-1])
                what = "loss" if height == "loss" else told["error"].replace("_", " ")
                table.add_row(f"{words}, {what}", *map(number, ends))
    return Group(
        Text(head, style="bold"),
        table,
        *(Text(sentence) for sentence in told["sentences"]),
        *_written(told),
    )


def _written(told: Mapping[str, Any], done: str = "Looked at") -> list[Text]:
    lines = [Text(f"{done} in {told['seconds']:.1f} s.")]
    return [*lines, Text("Written: " + ", ".join(told["files"].values()) + ".")] if told["files"] else lines


def sharpness_summary(told: Mapping[str, Any]) -> RenderableType:
    """How sharp the loss is where the members ended.

    Args:
        told: the JSON object of a sharpness (see docs/json.md).
    """
    head = f"How sharp the {_PARTS[told['on']]} loss of {told['run']} is at its members, over {_some(told)} rows."
    table = Columns()
    for title in ("member", "loss", "gradient", "at start", "λ₁", "λ₂", "trace", "lowest λ", "2/λ₁", "rate"):
        table.add_column(title, justify="right", no_wrap=True)
    for member in told["members"]:
        values = (
            member["loss"],
            member["gradient_norm"],
            member["gradient_norm_at_start"],
            *[*member["eigenvalues"], None][:2],
            member["trace"],
            member["lowest"],
            member["largest_stable_learning_rate"],
            member["learning_rate"],
        )
        table.add_row(str(member["member"]), *("–" if value is None else f"{value:.3g}" for value in values))
    sentences = told["sentences"] if len(told["sentences"]) <= 4 else told["sentences"][len(told["members"]) :]
    return Group(Text(head, style="bold"), table, *(Text(sentence) for sentence in sentences), *_written(told))


SUMMARIES = {"map": map_summary, "atlas": atlas_summary, "barriers": barrier_summary, "sharpness": sharpness_summary}
"""The summaries by the kind of the object."""

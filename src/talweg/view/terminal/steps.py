"""Schedules, range tests and the gradient's noise in the terminal. Numbers come in as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from talweg.view.terminal.columns import Columns, number, words


def schedules_text(content: Mapping[str, Any], chosen: bool, notes: Sequence[str]) -> RenderableType:
    """The table of schedules, or some rates of those that were asked for.

    Args:
        content: the JSON object of `talweg schedules` (see docs/json.md).
        chosen: whether schedules were asked for by name.
        notes: what one should know of the picture.
    """
    table = _rates(content) if chosen else _known(content)
    written = [Text(f"Written to {path}.") for path in content["files"].values()]
    return Group(table, *(Text(f"Note: {note}.") for note in notes), *written)


def _plain_table(titles: Sequence[str], right: bool = False) -> Table:
    table = Columns()
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if right and place else "left", overflow="fold")
    return table


def _known(content: Mapping[str, Any]) -> Table:
    table = _plain_table(("schedule", "settings, with their defaults", "what it does", "source"))
    for known in content["known"]:
        settings = ", ".join(f"{name}={value:g}" for name, value in known["settings"].items())
        table.add_row(known["name"], settings, known["meaning"], known["source"])
    return table


def _rates(content: Mapping[str, Any]) -> Table:
    epochs, texts = content["epoch"], [entry["schedule"] for entry in content["schedules"]]
    table = _plain_table(("epoch", *texts), right=True)
    for share in range(11):
        place = round(share / 10 * (len(epochs) - 1))
        rates = [number(entry["learning_rate"][place]) for entry in content["schedules"]]
        table.add_row(number(epochs[place]), *rates)
    return table


def replay_text(content: Mapping[str, Any]) -> RenderableType:
    """What another rule would have done, member by member and in all.

    Args:
        content: the JSON object of `talweg replay` (see docs/json.md).
    """
    metric = words(content["metric"])
    places = (("stopped\nat", "would\nat"), ("kept\nepoch", "would\nkeep"))
    pairs = (*places, ("validation\nloss", "would\nbe"), (metric.replace(" ", "\n"), "would\nbe"))
    table = _plain_table(("member", *(title for pair in pairs for title in pair)), right=True)
    for entry in content["members"]:
        then, now = entry["recorded"], entry["replayed"]
        told = ((then[key], now[key]) for key in ("epochs", "kept_epoch", "validation_loss", "metric"))
        stopped = "later" if entry["outcome"] is None else str(now["epochs"])
        cells = [_cell(value) for pair in told for value in pair]
        table.add_row(str(entry["member"]), cells[0], stopped, *cells[2:])
    first = next((entry for entry in content["members"] if entry["outcome"] is not None), None)
    reasons = [] if first is None else [f"Member {first['member']}: {first['outcome']['sentence']}."]
    return Group(table, Text(), *(Text(line) for line in (*reasons, *_replay_lines(content))))


def _cell(value: float | int | None) -> str:
    return str(value) if isinstance(value, int) else number(value)


def _replay_lines(content: Mapping[str, Any]) -> list[str]:
    epochs, seconds, loss = content["epochs"], content["seconds"], content["mean_loss"]
    saved = 1 - epochs["replayed"] / max(epochs["recorded"], 1)
    lines = [
        f"{epochs['replayed']} epochs in place of {epochs['recorded']} over all members: {saved:.0%} saved, "
        f"{number(seconds['recorded'] - seconds['replayed'])} of {number(seconds['recorded'])} s."
    ]
    if loss["replayed"] is not None and loss["recorded"] is not None:
        then, now = content["mean_metric"]["recorded"], content["mean_metric"]["replayed"]
        lines.append(
            f"Mean validation loss {number(loss['replayed'])} in place of {number(loss['recorded'])}, "
            f"{words(content['metric'])} {number(now)} in place of {number(then)}."
        )
    if waiting := content["not_stopped"]:
        lines.append(f"It would not have stopped member {', '.join(map(str, waiting))} within what was recorded.")
    return lines + [f"Written to {path}." for path in content["files"].values()]


def noise_text(content: Mapping[str, Any]) -> RenderableType:
    """How good and how dear batches of each size are.

    Args:
        content: the JSON object of `talweg noise` (see docs/json.md).
    """
    titles = [f"{what}\n{stage['stage']}" for stage in content["stages"] for what in ("cosine", "error")]
    table = _plain_table(("batch size", *titles, "ms\na step", "ms\nan epoch"), right=True)
    for place, time in enumerate(content["times"]):
        told = [stage["sizes"][place][key] for stage in content["stages"] for key in ("cosine", "error")]
        times = [1000 * time["step_seconds"], 1000 * time["epoch_seconds"]]
        table.add_row(str(time["batch_size"]), *(f"{value:.3f}" for value in told), *(f"{ms:.3g}" for ms in times))
    return Group(table, Text(), *(Text(line) for line in _noise_lines(content)))


def _noise_lines(content: Mapping[str, Any]) -> list[str]:
    used = content["batch_size"]
    place = next(place for place, time in enumerate(content["times"]) if time["batch_size"] == used)
    step, whole = content["times"][place]["step_seconds"], content["times"][-1]["step_seconds"]
    first = content["stages"][0]["sizes"][place]
    scales = ", ".join(f"{number(stage['noise_scale'])} at the {stage['stage']}" for stage in content["stages"])
    if used == content["rows"]:
        head = f"The training sees all {used} rows at every step: its gradient is the full one."
    else:
        head = (
            f"At the start a random batch of {used} of {content['rows']} rows points the full gradient's way, "
            f"with a cosine of {first['cosine']:.2f}, "
            + (f"in 1/{whole / step:.0f} of its time." if whole >= 1.5 * step else "in about as much time.")
        )
    return [
        head,
        f"Simple noise scale: {scales.replace('at the midway', 'midway')}. It suggests batches of about "
        f"{content['suggestion']} rows.",
        *(f"Written to {path}." for path in content["files"].values()),
    ]


def range_test_text(content: Mapping[str, Any], typed: str) -> RenderableType:
    """What a range test suggests, and what to type next.

    Args:
        content: the JSON object of `talweg find-lr` (see docs/json.md).
        typed: what describes the training: its source and its flags.
    """
    said, members = content["sentence"], content["members"]
    crowd = "one member" if members == 1 else f"{members} members at once"
    head = f"{content['data']}, {content['optimizer']}, {crowd}."
    lines = [Text(head), Text(f"{said[0].upper()}{said[1:]}.", style="bold")]
    lines.append(Text(f"Without a test {number(content['usual'])} is taken."))
    lines += [Text(f"Written to {path}.") for path in content["files"].values()]
    rate = content["suggestion"]
    if rate is not None:
        command = f"talweg train {typed} --learning-rate {rate:g}"
        lines.append(Text.assemble("Next: ", (command, "bold")))
    return Group(*lines)

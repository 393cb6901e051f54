"""`talweg map`: a run's members on their own loss landscape, the passes between them, and how sharp it is there."""

from pathlib import Path
from typing import Any

import click

from talweg.cli.output import json_option, parse_window, put, quiet_option
from talweg.errors import ConfigError


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--plane", help="pca, members, random, hessian or gradient. [default: pca]")
@click.option("--of", help="The height: loss, or a metric such as accuracy. [default: loss]")
@click.option("--on", help="train or validation: whose rows. [default: train]")
@click.option("--size", type=int, help="Points along each side of the map. [default: 51]")
@click.option("--members", help="Whose ways are drawn, such as 0,3,5. [default: all, or as the plane asks]")
@click.option("--at", type=int, help="The member at the center of a plane around one. [default: the best]")
@click.option("--window", help="low,high,low,high along both axes. [default: around the ways]")
@click.option("--rows", type=int, help="Rows at most; of more, a sample. [default: 5000, fewer of pictures]")
@click.option("--seed", type=int, help="Of random directions. [default: 0]")
@click.option(
    "--animate",
    multiple=True,
    type=click.Choice(["gif", "mp4", "html"]),
    help="A film, or the interactive page; may be given several times. [default: html]",
)
@click.option("--align", is_flag=True, help="First bring every member's hidden units into the order of the best one's.")
@click.option("--atlas", is_flag=True, help="In place of one map: every member on a plane of its own, on one scale.")
@click.option("--barriers", is_flag=True, help="In place of the map: the passes between all pairs of members.")
@click.option("--curve", help="With --barriers: two members, such as 0,1, between which a low curve is sought.")
@click.option("--sharpness", is_flag=True, help="In place of the map: how sharp the loss is where the members ended.")
@click.option("--over", is_flag=True, help="With --sharpness: also on the members' ways there.")
@click.option("--data", help="Where the run's data are now, if they are no longer where they were.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the pictures. [default: RUN/map]")
@quiet_option
@json_option
def map(
    run: Path,
    animate: tuple[str, ...],
    align: bool,
    atlas: bool,
    barriers: bool,
    curve: str | None,
    sharpness: bool,
    over: bool,
    data: str | None,
    out: Path | None,
    quiet: bool,
    as_json: bool,
    members: str | None,
    window: str | None,
    **words: Any,
) -> None:
    """Draw the members of the run in folder RUN on their own loss landscape, and say how wrong the picture is.

    The heights are kept in RUN/map as they are computed: after an interruption the same command goes on.
    """
    from talweg.run.compilation import keep_compilations
    from talweg.run.surveying.mapping import FOLDER
    from talweg.run.written import explain, open_run
    from talweg.view.terminal.map_summary import SUMMARIES

    opened = open_run(run, source=data)
    keep_compilations()
    words = {name: word for name, word in words.items() if word is not None}
    asked = [name for name, wanted in (("atlas", atlas), ("barriers", barriers), ("sharpness", sharpness)) if wanted]
    if len(asked) > 1:
        raise ConfigError(f"--{asked[0]} and --{asked[1]} are two different looks; ask for one at a time")
    look = asked[0] if asked else "map"
    given = {**words, "members": _numbers("members", members)}
    flags = {"align": align, "over": over, "curve": _numbers("curve", curve), "window": parse_window(window)}
    given |= {name: value for name, value in flags.items() if value}
    _check(look, [*given, *(["animate"] if animate else [])])
    with _Bar(_COUNTED[look], quiet) as bar:
        found = getattr(opened, look)(bar.update, **given)
    films = {"films": animate or ("html",)} if look == "map" else {}
    files = found.save(out or run / FOLDER, **films)
    content = found.to_dict({name: str(path) for name, path in files.items()})
    if out is None and opened.folder is not None:
        explain(opened.folder)
    put(content, lambda: SUMMARIES[content["kind"]](content), as_json, quiet)


_COUNTED = {"map": "heights", "atlas": "heights", "barriers": "lines", "sharpness": "places"}
"""What the command looks at, by the method of a run that does it, and what its progress counts."""
_GO_WITH = {
    **dict.fromkeys(("at", "align", "animate"), ("map",)),
    **dict.fromkeys(("plane", "of", "size", "window"), ("map", "atlas")),
    "seed": ("map", "atlas", "sharpness"),
    "curve": ("barriers",),
    "over": ("sharpness",),
}
"""Options that go with some looks only."""


def _check(look: str, given: list[str]) -> None:
    for name in given:
        fitting = _GO_WITH.get(name, (look,))
        if look not in fitting:
            words = " or ".join("the map" if fit == "map" else f"--{fit}" for fit in fitting)
            raise ConfigError(f"--{name} goes with {words}" + ("" if look == "map" else f", not with --{look}"))


def _numbers(option: str, text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(",")) if text else ()
    except ValueError:
        raise ConfigError(f"--{option} takes members' numbers such as 0,3,5, got {text!r}") from None


class _Bar:
    """A line that moves while heights are computed; nothing if it is to be quiet, or where no terminal hears it."""

    def __init__(self, what: str, quiet: bool):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, quiet=quiet)
        columns = (TextColumn(what + " {task.completed}/{task.total}"), BarColumn(bar_width=24), TimeRemainingColumn())
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task("", total=None)

    def __enter__(self) -> "_Bar":
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def update(self, done: int, total: int) -> None:
        """Hears how many heights are known."""
        self.bar.update(self.task, completed=done, total=total)

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
@click.option("--rows", type=int, help="Rows at most; of more, a sample. [default: 5000]")
@click.option("--seed", type=int, help="Of random directions. [default: 0]")
@click.option(
    "--animate",
    multiple=True,
    type=click.Choice(["gif", "mp4", "html"]),
    help="A film, or the interactive page; may be given several times. [default: html]",
)
@click.option("--data", help="Where the run's data are now, if they are no longer where they were.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the pictures. [default: RUN/map]")
@quiet_option
@json_option
def map(
    run: Path,
    animate: tuple[str, ...],
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
    from talweg.run.mapping import FOLDER, MapSettings, map_run
    from talweg.run.result import open_run

    opened = open_run(run)
    given = {name: word for name, word in words.items() if word is not None}
    settings = MapSettings(members=_numbers(members), window=parse_window(window), **given)
    folder = run / FOLDER
    with _Bar(quiet) as bar:
        mapped = map_run(opened, settings, folder, bar.update, data)
        files = {name: str(path) for name, path in mapped.save(out or folder, animate or ("html",)).items()}
    content = mapped.to_dict(files)

    def text() -> Any:
        from talweg.view.map_summary import map_summary

        return map_summary(content)

    put(content, text, as_json, quiet)


def _numbers(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(",")) if text else ()
    except ValueError:
        raise ConfigError(f"--members takes members' numbers such as 0,3,5, got {text!r}") from None


class _Bar:
    """A line that moves while heights are computed; nothing if it is to be quiet, or where no terminal hears it."""

    def __init__(self, quiet: bool):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, quiet=quiet)
        columns = (TextColumn("heights {task.completed}/{task.total}"), BarColumn(bar_width=24), TimeRemainingColumn())
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

"""`talweg schedules`: which schedules there are, and a picture of what a setting will do before it is used."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from talweg.cli.output import json_option, plot_option, put, with_picture

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("schedule", nargs=-1)
@click.option("--epochs", type=int, default=100, show_default=True, help="How long the training is.")
@click.option("--steps-per-epoch", type=int, default=10, show_default=True, help="How many steps an epoch has.")
@click.option("--learning-rate", type=float, default=1.0, show_default=True, help="What a schedule is a factor of.")
@plot_option("Draw them into this file: .png, .svg or .pdf.")
@json_option
def schedules(
    schedule: tuple[str, ...],
    epochs: int,
    steps_per_epoch: int,
    learning_rate: float,
    plot: Path | None,
    as_json: bool,
) -> None:
    """List the schedules, or say what SCHEDULE, such as 'cosine(end=0.01, warmup=0.05)', will do.

    Each is a factor of the learning rate; `--plot` draws it over a training of so many epochs.
    """
    from talweg.run.probes.schedules import notes_of, schedules as look

    found = look(*schedule, epochs=epochs, steps_per_epoch=steps_per_epoch, learning_rate=learning_rate)
    content = with_picture(found, plot, "schedules")

    def text() -> "RenderableType":
        from talweg.view.terminal.steps import schedules_text

        return schedules_text(content, bool(schedule), notes_of(list(found.rates)) if plot else [])

    put(content, text, as_json)

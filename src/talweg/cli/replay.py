"""`talweg replay`: what another stopping rule would have done to a recorded run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from talweg.cli.output import json_option, plot_option, put, with_picture

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--stop", required=True, help="A stopping rule, such as 'flat(train_loss, 1e-3) and accuracy >= 0.9'.")
@plot_option("Draw the curves with its stops: .png, .svg or .pdf.")
@json_option
def replay(run: Path, stop: str, plot: Path | None, as_json: bool) -> None:
    """Say when another rule would have stopped the run in folder RUN, and what that would have cost or saved.

    Nothing is trained: the rule is shown the recorded curves. What would have come after their end nobody knows.
    """
    from talweg.run.probes.replay import replay as look

    found = look(run, stop)
    content = with_picture(found, plot, "curves")

    def text() -> "RenderableType":
        from talweg.view.terminal.steps import replay_text

        return replay_text(content)

    put(content, text, as_json)

"""`talweg verify`: every file of a run folder, whether it is as it was written. It does not import JAX."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from talweg.cli.output import json_option, put, quiet_option

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@quiet_option
@json_option
@click.pass_context
def verify(ctx: click.Context, run: Path, quiet: bool, as_json: bool) -> None:
    """Look over every file in the run folder RUN: what is damaged or missing, and the command that mends it.

    Nothing is changed. Files of your own are named and left alone. The exit code is 1 if a file is damaged or missing.
    """
    from talweg.record.verify import verify as look_over

    found = look_over(run)

    def text() -> "RenderableType":
        from talweg.view.terminal.verified import verified_text

        return verified_text(found)

    put(found.summary, text, as_json, quiet)
    if not found.whole:
        ctx.exit(1)

"""`talweg resume`: a run goes on from where it stands; progress goes to standard error."""

from pathlib import Path
from typing import Any

import click

from talweg.cli.output import json_option, put, quiet_option
from talweg.cli.train import Display


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--epochs", "max_epochs", help="Train on to so many epochs in all. [default: as it was begun]")
@click.option("--stop", help="Stopping rules from now on; they count from here. [default: as it was begun]")
@quiet_option
@json_option
def resume(run: Path, quiet: bool, as_json: bool, **changes: Any) -> None:
    """Go on with the run in folder RUN.

    One that was interrupted ends as if it never had been, to the bit on the same machine. A finished one goes on when
    it is given more epochs or another stopping rule.
    """
    go_on(run, {name: word for name, word in changes.items() if word is not None}, quiet, as_json)


def go_on(run: Path, changes: dict[str, Any], quiet: bool, as_json: bool) -> None:
    """Goes on with a run, shows its progress, and prints its summary."""
    from talweg.run.api import resume_run
    from talweg.view.terminal.training_summary import training_summary

    with Display(quiet) as display:
        done = resume_run(run, changes, listener=display.listener())
    put(done.summary, lambda: training_summary(done.summary), as_json, quiet)

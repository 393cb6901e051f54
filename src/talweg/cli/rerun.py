"""`talweg rerun`: a run trained again, and whether the result is the same."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from talweg.cli.output import json_option, put, quiet_option
from talweg.cli.train import Display

if TYPE_CHECKING:
    from talweg.run.resuming.rerun import Rerun


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@quiet_option
@json_option
@click.pass_context
def rerun(ctx: click.Context, run: Path, quiet: bool, as_json: bool) -> None:
    """Train the run in folder RUN again, and say whether the result is identical to the bit, close, or different.

    The run itself is not touched. The exit code is 1 if the result is different.
    """
    from talweg.record.plain import plain_data
    from talweg.run.resuming.rerun import trained_again

    with Display(quiet) as display:
        found = trained_again(run, listener=display.listener())
    content = {"version": 1, "kind": "rerun", "run": str(run), **dataclasses.asdict(found)}
    put(plain_data(content), lambda: _text(run, found), as_json, quiet)
    if found.verdict == "different":
        ctx.exit(1)


def _text(run: Path, found: "Rerun") -> str:
    if found.verdict == "identical":
        lines = [f"Trained again, {run} is identical to the bit: params, curves, and why each member stopped."]
    else:
        said = "close to" if found.verdict == "close" else "different from"
        lines = [
            f"Trained again, the result is {said} {run}: the params lie {found.distance:.2g} of their length apart."
        ]
        if found.first_difference is not None:
            lines.append(f"The curves differ from epoch {found.first_difference} on.")
        if not found.outcomes_same:
            lines.append("Members stopped at other epochs, or for other reasons.")
    if found.environment:
        lines.append("The environment differs: " + "; ".join(found.environment) + ".")
    elif found.verdict != "identical":
        lines.append("Nothing that is recorded of the environment differs.")
    return "\n".join(lines)

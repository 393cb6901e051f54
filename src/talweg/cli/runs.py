"""`talweg show` and `talweg runs`: what run folders hold. Neither imports JAX."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, put
from talweg.errors import RunFolderError
from talweg.record.places import existing_run, runs_in

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@json_option
def show(run: Path, as_json: bool) -> None:
    """Print the summary of the run in folder RUN again."""
    summary = existing_run(run).summary()

    def text() -> "RenderableType":
        from talweg.view.terminal.training_summary import training_summary

        return training_summary(summary)

    put(summary, text, as_json)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@json_option
def runs(folder: Path, as_json: bool) -> None:
    """List the runs in FOLDER, `runs` if none is named."""
    if not folder.is_dir():
        raise RunFolderError(f"there is no folder {folder}; train something first, or name the folder that holds runs")
    found: list[tuple[str, Mapping[str, Any] | None]] = [
        (str(run.path), run.summary() if run.finished() else None) for run in runs_in(folder)
    ]
    content = {
        "version": 1,
        "kind": "runs",
        "runs": [{"path": path, "finished": summary is not None, "summary": summary} for path, summary in found],
    }

    def text() -> "RenderableType":
        from talweg.view.terminal.columns import runs_table

        return runs_table(found) if found else f"No runs in {folder}."

    put(content, text, as_json)

"""`talweg report`: the page that explains a run, its model card, and both as JSON. It does not import JAX."""

import webbrowser
from pathlib import Path
from typing import Any

import click

from talweg.cli.output import json_option, put
from talweg.errors import ConfigError


@click.command()
@click.argument("run", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--lang", default="en", help="Language: en or de. [default: en]")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the files. [default: the run's own]")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@json_option
def report(run: tuple[Path, ...], lang: str, out: Path | None, show: bool, as_json: bool) -> None:
    """Explain the runs in the folders RUN ... from their own numbers: the lecture's checklist, filled in.

    Writes, for each run, report.html (one file that works offline), report.md (a model card) and report.json.
    """
    from talweg.record.places import existing_run
    from talweg.view.report.document import report_json
    from talweg.view.report.writing import FORMS, write_report
    from talweg.view.telling.told import read_run

    if out is not None and len(run) > 1:
        raise ConfigError("--out takes one run at a time; without it each report goes into its run's own folder")
    folders = [existing_run(path) for path in run]
    told: list[dict[str, Any]] = []
    for folder in folders:
        files = write_report(folder, lang, out, FORMS)
        found = report_json(read_run(folder), lang=lang)
        told.append({**found, "files": {form: str(path) for form, path in files.items()}})
        if show:
            webbrowser.open(files["html"].absolute().as_uri())
    content = told[0] if len(told) == 1 else {"version": 1, "kind": "reports", "reports": told}
    put(content, lambda: "\n\n".join(map(_words, told)), as_json)


def _words(found: dict[str, Any]) -> str:
    lines = [found["paragraph"], *(f"! {flag['text']}" for flag in found["flags"])]
    return "\n".join([*lines, "Written: " + ", ".join(found["files"].values())])

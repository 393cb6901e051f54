"""`talweg check`: the gate that every training passes first, alone. Nothing is trained or written."""

from pathlib import Path
from typing import Any

import click

from talweg.cli.data_options import data_options, given_settings, photograph_options
from talweg.cli.output import json_option, put
from talweg.cli.sections import Sectioned


@click.command(cls=Sectioned)
@click.argument("source", required=False)
@data_options
@photograph_options
@click.option("--seed", help="Decides the split. [default: 0]")
@click.option("--config", type=click.Path(path_type=Path), help="Settings as a TOML file; flags win over it.")
@json_option
def check(config: Path | None, as_json: bool, **words: Any) -> None:
    """Look SOURCE over as a training would, before its first step, and say what is wrong and how to mend it.

    Photographs to denoise are looked over with --noise, pairs as they are in a folder with noisy/ and clean/, masks in
    one with images/ and masks/.

    Exit code 1 if there is an error, with which no training would start.
    """
    from talweg.cli.train import Display
    from talweg.config.settings import make_settings
    from talweg.run.check import check_settings

    settings = make_settings(given_settings(config, words))
    with Display(quiet=False) as display:
        checked = check_settings(settings, hear=display.hear)

    def text() -> Any:
        from talweg.view.terminal.findings import check_summary

        return check_summary(checked.summary)

    put(checked.summary, text, as_json)
    if not checked.passed:
        raise click.exceptions.Exit(1)

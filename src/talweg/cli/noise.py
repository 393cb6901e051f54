"""`talweg noise`: how well a random batch knows the full gradient on a user's own data, and what it costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.data_options import data_options
from talweg.cli.output import json_option, put

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("source", required=False)
@data_options
@click.option("--members", help="How many initialisations are trained; the first four are looked at. [default: 8]")
@click.option("--epochs", "max_epochs", help="Passes over the training rows, at most.")
@click.option("--batch-size", help="Rows of a step in the training that is looked at.")
@click.option("--optimizer", help="How params change. [default: adamw]")
@click.option("--learning-rate", help="The step length.")
@click.option("--hidden", help="Units of the hidden layers, such as 128,64; 'none' for a linear model.")
@click.option("--layers", help="The network as a list, such as 'dense 64, relu, output'.")
@click.option("--seed", help="Decides split, starts, order, and the batches that are drawn. [default: 0]")
@click.option("--config", type=click.Path(path_type=Path), help="Settings as a TOML file; flags win over it.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the picture: .png, .svg or .pdf.")
@json_option
def noise(config: Path | None, plot: Path | None, as_json: bool, **words: Any) -> None:
    """Measure on SOURCE how good a random subset's gradient is: its direction, its error, its time.

    A training is run and looked at before its first step, midway and at its end; nothing of it is written.
    """
    from talweg.cli.train import Display, settings_of
    from talweg.run.build import build
    from talweg.run.probes.noise import noise_of

    with Display(quiet=False) as display:
        built = build(settings_of(config, words), hear=display.hear)
    found = noise_of(built)
    if plot is not None:
        from talweg.view.save import save_figure

        save_figure(found.figure(), plot)
    content = {**found.summary, "files": {} if plot is None else {"noise": str(plot)}}

    def text() -> "RenderableType":
        from talweg.view.steps import noise_text

        return noise_text(content)

    put(content, text, as_json)

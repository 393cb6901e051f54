"""`talweg noise`: how well a random batch knows the full gradient on a user's own data, and what it costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, plot_option, put, with_picture
from talweg.cli.sections import Sectioned
from talweg.cli.training_options import course_options, training_options
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from talweg.run.probes.batches import Noise


@click.command(cls=Sectioned)
@click.argument("source", required=False, metavar="SOURCE|RUN")
@training_options
@course_options
@plot_option("Draw the picture: .png, .svg or .pdf.")
@json_option
def noise(config: Path | None, plot: Path | None, as_json: bool, **words: Any) -> None:
    """Measure on SOURCE how good a random subset's gradient is: its direction, its error, its time.

    A training is run and looked at before its first step, midway and at its end; nothing of it is written. If SOURCE is
    the folder of a finished run, its members are looked at where they have been; nothing is trained, and the
    measurement is kept in the folder and told in its report.
    """
    found = _measured(config, words)
    content = with_picture(found, plot, "noise")

    def text() -> "RenderableType":
        from talweg.view.terminal.steps import noise_text

        return noise_text(content)

    put(content, text, as_json)


def _measured(config: Path | None, words: dict[str, Any]) -> "Noise":
    from talweg.cli.train import Display, settings_of
    from talweg.run.build import build
    from talweg.run.probes.noise import is_run, noise_of, noise_of_run
    from talweg.run.written import open_run

    source = words["source"]
    if not is_run(source):
        with Display(quiet=False) as display:
            built = build(settings_of(config, words), hear=display.hear)
        return noise_of(built)
    given = [name for name, word in {"config": config, **words}.items() if name != "source" and word not in (None, ())]
    if given:
        raise ConfigError(f"{source} is a run, which has its settings already: leave {', '.join(given)} away")
    return noise_of_run(open_run(source))

"""`talweg find-lr`: a learning rate by a range test, before anything is trained."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, plot_option, put, with_picture
from talweg.cli.sections import Sectioned
from talweg.cli.training_options import training_options

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command("find-lr", cls=Sectioned)
@click.argument("source", required=False)
@training_options
@plot_option("Draw the picture: .png, .svg or .pdf.")
@json_option
def find_lr(config: Path | None, plot: Path | None, as_json: bool, **words: Any) -> None:
    """Suggest a learning rate for SOURCE: it climbs from step to step, and all members tell where the loss falls.

    The answer may be that there is no reliable suggestion. Nothing of a later training changes;
    `talweg train --learning-rate auto` does this by itself.
    """
    from talweg.cli.train import Display, settings_of
    from talweg.config.settings import USUAL
    from talweg.run.build import build
    from talweg.run.probes.find_lr import range_test

    settings = settings_of(config, words).model_copy(update={"learning_rate": USUAL})
    with Display(quiet=False) as display:
        job = build(settings, hear=display.hear).job
    found = range_test(job)
    content = with_picture(found, plot, "range_test")

    def text() -> "RenderableType":
        from talweg.view.terminal.steps import range_test_text

        return range_test_text(content, training_words(sys.argv[2:]))

    put(content, text, as_json)


def training_words(typed: Sequence[str]) -> str:
    """What was typed behind `talweg find-lr` as it is typed behind `talweg train`.

    Example:
        >>> training_words(["digits", "--plot", "rates.png", "--members", "4", "--json"])
        'digits --members 4'
    """

    def kept() -> Iterator[str]:
        words = iter(typed)
        for word in words:
            if word == "--plot":
                next(words, "")
            elif word != "--json" and not word.startswith("--plot="):
                yield word

    return shlex.join(kept())

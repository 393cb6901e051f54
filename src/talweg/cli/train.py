"""`talweg train`: words become settings, then a run; progress goes to standard error."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.data_options import given_settings
from talweg.cli.output import json_option, put, quiet_option, screen
from talweg.cli.sections import Sectioned, under
from talweg.cli.training_options import course_options, training_options
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from talweg.config.settings import Settings
    from talweg.run.listening import Listener, Within
    from talweg.view.terminal.progress import PreparationProgress, TrainingProgress

_stopping, _members, _folder = map(under, ("Stopping", "Members", "Run folder"))


@click.command(cls=Sectioned)
@click.argument("source", required=False)
@training_options
@course_options
@_stopping("--keep", help="Keep each member's 'best' params on validation, or its 'last'. [default: best]")
@_members(
    "--sweep",
    is_flag=True,
    default=None,
    help="Choose among the values of a list, such as --learning-rate 0.001,0.01,0.1: the best ones' members are kept.",
)
@_members("--on-divergence", help="'stop' a member that diverges, or 'restart' it at half the rate. [default: stop]")
@_folder("--out", type=click.Path(path_type=Path), help="Run folder. [default: runs/<source>-<number>]")
@_folder("--force", is_flag=True, help="Replace a run that is in the folder already.")
@_folder("--resume", is_flag=True, help="Go on with the run in --out if there is one.")
@_folder("--detach", is_flag=True, help="Train in the background; a closed terminal does not end it.")
@_folder("--checkpoint-every", help="5m, 90s, '10 epochs', '500 steps', or never. [default: 30 s, or rarer]")
@_folder("--checkpoint-keep", metavar="N", help="How many checkpoints are kept. [default: 2]")
@_folder("--record", metavar="MB", help="Room for the members' trajectories, which `talweg map` draws; 0 for none.")
@quiet_option
@json_option
def train(
    config: Path | None,
    out: Path | None,
    force: bool,
    resume: bool,
    detach: bool,
    quiet: bool,
    as_json: bool,
    **words: Any,
) -> None:
    """Train a network on SOURCE: a CSV or Parquet file, or digits, iris, wine, breast-cancer, diabetes, penguins.

    Pictures: a folder for each class (cats/, dogs/), or train/, val/, test/ with such folders; a table with a column
    of file names; an .npz or IDX file. With --noise, photographs to denoise: a folder of them, or photographs (ten,
    built in); or a folder with noisy/ and clean/. A folder with images/ and masks/ is learned pixel by pixel.

    All members are trained at once on the same rows from different starts; each stops by itself and says why.
    """
    settings = settings_of(config, words)
    from talweg.record.places import RUNS, next_folder, require_free

    if resume and (out is None or force):
        raise ConfigError("--resume goes on with the run in --out: name that folder, and leave --force out")
    from talweg.run.streaming.sources import without_credentials

    folder = out or next_folder(RUNS, without_credentials(settings)[0].source)
    if detach:
        from talweg.cli.detach import train_detached

        if not resume:
            require_free(folder, force)
        train_detached(folder, as_json)
        return
    if resume and _went_on(folder, settings, quiet, as_json):
        return
    require_free(folder, force)
    from talweg.run.api import train_settings
    from talweg.view.terminal.training_summary import training_summary

    with Display(quiet) as display:
        run = train_settings(settings, None, folder, force, display.listener())
    put(run.summary, lambda: training_summary(run.summary), as_json, quiet)


def _went_on(folder: Path, settings: "Settings", quiet: bool, as_json: bool) -> bool:
    """Goes on with the run in a folder if there is one; a finished one is shown again."""
    from talweg.cli.resume import go_on
    from talweg.record.folder import RunFolder

    run = RunFolder(folder)
    if not run.holds_run():
        return False
    from talweg.run.resuming.resume import changes_of
    from talweg.view.terminal.training_summary import training_summary

    changes = changes_of(run, settings)
    if changes or not run.finished():
        go_on(folder, changes, quiet, as_json)
    else:
        summary = run.summary()
        put(summary, lambda: training_summary(summary), as_json, quiet)
    return True


def settings_of(config: Path | None, words: dict[str, Any]) -> "Settings":
    """Settings from a TOML file and from flags, checked."""
    from talweg.config.settings import SWEPT, make_settings

    given = given_settings(config, words)
    for name in SWEPT:
        if isinstance(word := given.get(name), str) and "," in word:
            given[name] = [part.strip() for part in word.split(",")]
    return make_settings(given)


class Display:
    """The progress, once there is a job to show it for; nothing if it is to be quiet."""

    def __init__(self, quiet: bool):
        self.quiet = quiet
        self.bar: TrainingProgress | None = None
        self.preparing: PreparationProgress | None = None

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *error: object) -> None:
        self._end_preparation()
        if self.bar is not None:
            self.bar.__exit__(*error)

    def _end_preparation(self) -> None:
        if self.preparing is not None:
            self.preparing.close()

    def listener(self) -> "Listener":
        """What hears of a training for it."""
        from talweg.run.listening import Listener

        return Listener(self.hear, self.note, self.start, self.within, self.update, self.warn)

    def warn(self, sentence: str) -> None:
        """Hears what is hardly meant as it was asked for; that is told however quiet it is to be."""
        self._end_preparation()
        click.echo(f"Warning: {sentence}", file=screen())

    def note(self, sentence: str) -> None:
        """Hears what a person should know."""
        if not self.quiet:
            click.echo(f"Note: {sentence}", file=screen())

    def hear(self, doing: str, part: float) -> None:
        """Hears of what takes long before there is a job."""
        if self.quiet:
            return
        if self.preparing is None:
            from talweg.view.terminal.columns import plain_console
            from talweg.view.terminal.progress import PreparationProgress

            self.preparing = PreparationProgress(plain_console(screen()))
        self.preparing.update(doing, part)

    def start(self, built: Any) -> None:
        """Hears of the job before the first step."""
        if self.quiet:
            return
        self._end_preparation()
        from talweg.objective.metrics import default_metric
        from talweg.view.terminal.columns import plain_console
        from talweg.view.terminal.progress import TrainingProgress

        console, settings = plain_console(screen()), built.job.settings
        for note in built.notes:
            console.print(f"Note: {note}")
        for finding in built.report.graded("error") + built.report.graded("warning"):
            console.print(f"{finding.grade.capitalize()}: {finding.sentence} {finding.mend}")
        metric = default_metric(settings.task)
        self.bar = TrainingProgress(console, settings.members, settings.max_epochs, metric).__enter__()

    def within(self, told: "Within") -> None:
        """Hears of each segment of a long epoch."""
        if self.bar is not None:
            self.bar.within(told.epoch, told.part, told.seconds, told.train_loss, told.active)

    def update(self, told: Any) -> None:
        """Hears of each epoch."""
        if self.bar is not None:
            self.bar.update(told.epoch, told.seconds, told.curves, told.active)

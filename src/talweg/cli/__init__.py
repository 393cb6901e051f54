"""The front door: words become settings, results become text or JSON. What is done with them is in `run`.

Errors that a person can mend are one line on standard error and exit code 2; a bug of ours keeps its traceback. Below
the line, a text that was not understood is shown with a caret. With `--json` the error is an object on standard output
too.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import threading

import click

from talweg.errors import ExpressionError, TalwegError, TrainingInterruptedError, require_known

_COMMANDS = {
    "train": ("talweg.cli.train", "Train a network, many initializations at once."),
    "resume": ("talweg.cli.resume", "Go on with a run that was interrupted, or further than it was meant to go."),
    "rerun": ("talweg.cli.rerun", "Train a run again, and say whether the result is the same."),
    "verify": ("talweg.cli.verify", "Look over every file of a run, and say what is damaged and what mends it."),
    "check": ("talweg.cli.check", "Look a source over: what is wrong with it, and how to mend it."),
    "model": ("talweg.cli.model", "Print a network layer by layer before anything is trained."),
    "predict": ("talweg.cli.predict", "Apply a run to new rows."),
    "denoise": ("talweg.cli.denoise", "Take the noise away from photographs with a run."),
    "segment": ("talweg.cli.segment", "Draw the masks of pictures with a run."),
    "show": ("talweg.cli.runs", "Print a run's summary again."),
    "report": ("talweg.cli.report", "Explain a run from its own numbers: a page, a model card, JSON."),
    "compare": ("talweg.cli.compare", "Runs side by side, and whether their difference is more than noise."),
    "runs": ("talweg.cli.runs", "List the runs in a folder."),
    "map": ("talweg.cli.map", "Draw a run's members on their own loss landscape."),
    "cache": ("talweg.cli.cache", "List or clear the data that were prepared for large sources."),
    "sketch": ("talweg.cli.sketch", "Sketch a typed function: derivatives, stationary points, limits."),
    "find-lr": ("talweg.cli.find_lr", "Suggest a learning rate by a range test."),
    "noise": ("talweg.cli.noise", "Measure how good a random batch's gradient is, and what it costs."),
    "replay": ("talweg.cli.replay", "Say when another rule would have stopped a run."),
    "schedules": ("talweg.cli.schedules", "List the schedules, and draw what one will do."),
    "hike": ("talweg.cli.hike", "Let hikers go down a typed function."),
}


class _Rooms(click.Group):
    """Commands whose modules are imported when they are called, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return getattr(importlib.import_module(_COMMANDS[cmd_name][0]), cmd_name.replace("-", "_"))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-"):
            require_known("command", args[0], _COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(cls=_Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="talweg", message="talweg %(version)s")
def talweg() -> None:
    """Train networks by gradient descent, and see the way down."""


def main() -> None:
    """Runs the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A log on Windows or in the locale C has no arrow or umlaut: better a question mark than an end in a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = talweg.main(standalone_mode=False)
    except TrainingInterruptedError as error:
        code = _say(error, str(error), error.exit_code)
    except TalwegError as error:
        code = _say(error, str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        code = 2
    except click.ClickException as error:
        code = _say(error, error.format_message())
    except (click.Abort, KeyboardInterrupt) as error:
        # Click puts an exception of its own before the one that was raised.
        notes = getattr(error.__cause__ or error, "__notes__", ())
        code = _say(error, next(iter(notes), "interrupted"), 130)
        from talweg.record.checkpoints import WRITER

        if any(thread.name == WRITER for thread in threading.enumerate()):
            # A checkpoint is being written: to wait for it was not wanted, and a thread cannot be ended from outside.
            os._exit(code)
    except BrokenPipeError:
        code = 141
    sys.exit(code if isinstance(code, int) else 0)


def _say(error: BaseException, message: str, code: int = 2) -> int:
    line = " ".join(message.split())
    told = {"version": 1, "kind": "error", "error": type(error).__name__, "message": line, "exit_code": code}
    with contextlib.suppress(OSError):
        click.echo(f"talweg: {line}", err=True)
    if isinstance(error, ExpressionError):
        told |= {"text": error.text, "position": error.position}
        for shown in error.excerpt.splitlines():
            click.echo(f"  {shown}", err=True)
    if "--json" in sys.argv[1:]:
        click.echo(json.dumps(told, indent=2))
    return code

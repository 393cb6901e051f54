"""What several commands share: JSON as one object on standard output or text for a person, and words they read."""

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object (see docs/json.md).")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")


def plot_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The flag `--plot`. A file that no picture can be written to is refused before anything is computed."""

    def checked(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
        if path is not None:
            from talweg.view.save import require_picture

            require_picture(path)
        return path

    return click.option("--plot", type=click.Path(path_type=Path), callback=checked, help=help_text)


def screen() -> Any:
    """Standard error as it is now, to which one may write whether or not it is still there."""
    return _Screen()


class _Screen:
    """Standard error, which may go away: what a closed terminal can no longer show is lost, and ends no training."""

    def __init__(self) -> None:
        # The one of now: while a progress is shown, `rich` puts a stream of its own in its place.
        self.stream = sys.stderr

    def write(self, text: str) -> int:
        """Shows text, if anybody is there."""
        with contextlib.suppress(OSError):
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Shows at once what was written."""
        with contextlib.suppress(OSError):
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def put(content: Mapping[str, Any], text: Callable[[], "RenderableType"], as_json: bool, quiet: bool = False) -> None:
    """Prints a result in the form that was asked for.

    Args:
        content: the JSON object.
        text: makes the text for a person.
        as_json: whether the object is printed.
        quiet: whether the text is left out.
    """
    if as_json:
        click.echo(json.dumps(content, indent=2, allow_nan=False))
    elif not quiet:
        from talweg.view.terminal.columns import plain_console

        plain_console().print(text(), crop=False)


def with_picture(found: Any, plot: Path | None, name: str) -> dict[str, Any]:
    """A result as plain data, its picture written first if that was asked for.

    Args:
        found: has a `summary` and a `figure`.
        plot: the file of the picture.
        name: what it shows.
    """
    if plot is not None:
        from talweg.view.save import save_figure

        save_figure(found.figure(), plot)
    return {**found.summary, "files": {} if plot is None else {name: str(plot)}}


def parse_let(words: tuple[str, ...]) -> dict[str, float]:
    """The values of constants, typed as `a=2`.

    Raises:
        ConfigError: a word that is not a name, an equals sign and a number.
    """
    values = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            values[name.strip()] = float(number)
        except ValueError:
            raise ConfigError(f"--let takes a name and a number, such as a=2, got {word!r}") from None
    return values


def parse_window(text: str | None) -> tuple[float, ...] | None:
    """The ends of the window, typed as `-4,4,-4,4`.

    Raises:
        ConfigError: a word that is no number.
    """
    if text is None:
        return None
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise ConfigError(f"window must be numbers such as -4,4,-4,4, got {text!r}") from None


def folder_for(parent: str, function: str) -> Path:
    """A folder for a function's pictures: what may stand in a name, and no more than fits one."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in function.strip())
    return Path(parent) / ("-".join(part for part in kept.split("-") if part)[:60] or "function")

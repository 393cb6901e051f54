"""What every command shares: JSON as one object on standard output, or text for a person."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object (see docs/json.md).")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")


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
        from rich.console import Console

        Console(highlight=False, soft_wrap=False).print(text())

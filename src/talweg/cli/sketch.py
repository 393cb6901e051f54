"""`talweg sketch`: curve sketching of a typed function, as on a blackboard."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from talweg.cli.output import folder_for, json_option, parse_let, parse_window, put, quiet_option
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from talweg.api import Sketched


@click.command()
@click.argument("function")
@click.option("--window", help="low,high for each variable, to search and to show. [default: found from the function]")
@click.option("--let", multiple=True, metavar="NAME=VALUE", help="The value of a constant in the function.")
@click.option("--time-limit", type=float, default=5.0, help="Seconds of symbolic work. [default: 5]")
@click.option("--latex", is_flag=True, help="Print the steps in LaTeX.")
@click.option("--out", type=click.Path(path_type=Path), help="Picture. [default: sketches/<function>/sketch.png]")
@quiet_option
@json_option
def sketch(
    function: str,
    window: str | None,
    let: tuple[str, ...],
    time_limit: float,
    latex: bool,
    out: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Sketch FUNCTION: derivatives, their zeros, minima, maxima and saddles, limits, boundedness, convexity.

    FUNCTION is typed as people write it, such as "2x² + 4x" or "3x^2 - 2y".
    """
    from talweg.api import sketch as go
    from talweg.view.save import save_figure

    found = go(function, window=_pairs(window), let=parse_let(let), time_limit=time_limit)
    known = found.sketch.expression.known
    files = {}
    if len(found.sketch.variables) <= 2:
        picture = out or folder_for("sketches", known.name if known else function) / "sketch.png"
        files["picture"] = str(save_figure(found.figure(), picture))
    if latex and not as_json:
        click.echo(found.sketch.to_latex())
        return
    put({**found.summary, "kind": "sketch", "files": files}, lambda: _text(found, files), as_json, quiet)


def _pairs(window: str | None) -> list[tuple[float, float]] | None:
    ends = parse_window(window)
    if ends is None:
        return None
    if len(ends) % 2:
        raise ConfigError(f"window takes two numbers a variable, low and high, got {len(ends)}")
    return list(zip(ends[::2], ends[1::2], strict=True))


def _text(found: "Sketched", files: dict[str, str]) -> "RenderableType":
    from rich.text import Text

    return Text("\n".join([str(found), *(f"Written: {path}." for path in files.values())]))

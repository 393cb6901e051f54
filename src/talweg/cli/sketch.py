"""`talweg sketch`: curve sketching of a typed function, as on a blackboard."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from talweg.cli.output import folder_for, json_option, parse_let, parse_window, put, quiet_option
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from talweg.landscape.sketch import Sketch


@click.command()
@click.argument("function")
@click.option("--window", help="low,high for each variable, to search and to show. [default: found from the function]")
@click.option("--let", multiple=True, metavar="NAME=VALUE", help="The value of a constant in the function.")
@click.option("--time-limit", type=float, default=5.0, help="Seconds of symbolic work. [default: 5]")
@click.option("--latex", is_flag=True, help="Print the steps in LaTeX.")
@click.option("--out", type=click.Path(path_type=Path), help="Picture to write. [default: sketches/<function>/sketch.png]")
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
    from talweg.landscape.sketch import sketch as go
    from talweg.run.compilation import keep_compilations

    keep_compilations()
    found = go(function, _pairs(window), parse_let(let), time_limit)
    name = found.expression.known.name if found.expression.known else function
    picture = out or folder_for("sketches", name) / "sketch.png"
    files = _draw(found, picture)
    if latex and not as_json:
        click.echo(found.to_latex())
        return
    content = {**found.to_dict(), "kind": "sketch", "files": files}
    put(content, lambda: _text(found, files), as_json, quiet)


def _pairs(window: str | None) -> list[tuple[float, float]] | None:
    ends = parse_window(window)
    if ends is None:
        return None
    if len(ends) % 2:
        raise ConfigError(f"window takes two numbers a variable, low and high, got {len(ends)}")
    return list(zip(ends[::2], ends[1::2], strict=True))


def _text(found: "Sketch", files: dict[str, str]) -> "RenderableType":
    from rich.text import Text

    written = [f"Written: {', '.join(files.values())}."] if files else []
    return Text("\n".join([*found.steps(), *written]))


def _draw(found: "Sketch", picture: Path) -> dict[str, str]:
    """The curve, or the map from above; a function of more than two variables has no picture."""
    from talweg.run.sketch_scene import sketch_scene
    from talweg.view.figures import landscape_figure
    from talweg.view.save import save_figure
    from talweg.view.sketch import sketch_figure

    if len(found.variables) == 1:
        curve, variable = found.curve(), found.variables[0]
        points = [(p.point[0], p.value, p.kind, "") for p in found.stationary_points]
        low, high = found.window[0]
        shown = [point for point in points if low <= point[0] <= high]
        figure = sketch_figure(
            curve.x,
            curve.f,
            curve.slope,
            shown,
            title=f"f({variable}) = {found.expression.pretty()}",
            labels=(f"f({variable})", f"f′({variable})"),
            variable=variable,
        )
    elif len(found.variables) == 2:
        figure = landscape_figure(sketch_scene(found))
    else:
        return {}
    return {"picture": str(save_figure(figure, picture))}

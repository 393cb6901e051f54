"""`talweg hike`: a typed function and hikers on it; numbers, words, pictures, an interactive page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import json_option, parse_let, put, quiet_option
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from talweg.run.hike import Hike, HikeSettings

HIKES = Path("hikes")
"""Where pictures go when no folder is named."""


@click.command()
@click.argument("function")
@click.option("--hikers", type=int, help="How many start. [default: 24]")
@click.option("--start", help="grid, random, sobol, or points such as '(1,2) (-3,0)'. [default: sobol]")
@click.option("--window", help="low,high for each variable, such as -4,4,-4,4. [default: the function's own, or -4,4]")
@click.option("--optimizer", help="gd, momentum, nesterov, adam, rmsprop, newton, bfgs, ... [default: gd]")
@click.option("--learning-rate", type=float, help="The step length. [default: from the curvature]")
@click.option("--schedule", help="How it changes over the steps: constant or cosine. [default: constant]")
@click.option("--step-length", help="fixed, or backtracking: only as long as does not hurt. [default: fixed]")
@click.option("--momentum", type=float, help="For the optimizers that have one.")
@click.option("--noise", type=float, help="Noise on the gradient, as a share of the landscape's typical slope.")
@click.option("--steps", "max_steps", type=int, help="Steps of a hiker, at most. [default: 1000]")
@click.option("--stop", help="Further rules, such as 'flat(loss, 1e-9, patience=5)' or 'gradient_norm <= 0.01'.")
@click.option("--seed", type=int, help="Decides starts and noise. [default: 0]")
@click.option("--let", multiple=True, metavar="NAME=VALUE", help="The value of a constant in the function.")
@click.option("--compare", help="Optimizers side by side from the same starts, such as gd,momentum,adam.")
@click.option("--basins", is_flag=True, help="Color the plane by the minimum that each start reaches.")
@click.option("--animate", multiple=True, type=click.Choice(["gif", "mp4"]), help="Also a film; may be given twice.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the pictures. [default: hikes/<function>]")
@quiet_option
@json_option
def hike(
    function: str,
    let: tuple[str, ...],
    compare: str | None,
    basins: bool,
    animate: tuple[str, ...],
    out: Path | None,
    quiet: bool,
    as_json: bool,
    window: str | None,
    **words: Any,
) -> None:
    """Let hikers go down FUNCTION from different starts, and see where each arrives.

    FUNCTION is typed as people write it, such as "2x² + 4x" or "sin(x)cos(y) + 0.1(x^2 + y^2)", or the name of a
    test function, such as himmelblau.
    """
    from talweg.landscape.bounds import bounded_below
    from talweg.objective.expression import Expression
    from talweg.run.hike import HikeSettings
    from talweg.run.hike import hike as go

    expression = Expression.parse(function, parse_let(let))
    given = {name: word for name, word in words.items() if word is not None}
    settings = HikeSettings(window=_window(window), **given)
    folder = out or HIKES / _stem(expression.known.name if expression.known else function)
    bounded = bounded_below(expression)
    if compare is not None:
        _compare(expression, settings, compare, folder, animate, quiet, as_json)
        return
    found = go(expression, settings)
    files = _draw(found, folder, basins, animate)
    from talweg.run.hike_scene import hike_json

    put(hike_json(found, bounded, files), lambda: _text(found, bounded, files), as_json, quiet)


def _window(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise ConfigError(f"window must be numbers such as -4,4,-4,4, got {text!r}") from None


def _stem(function: str) -> str:
    """A folder's name for a function: what may stand in a name, and no more than fits one."""
    kept = "".join(letter if letter.isalnum() else "-" for letter in function.strip())
    return "-".join(part for part in kept.split("-") if part)[:60] or "function"

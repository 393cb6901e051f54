"""`talweg hike`: a typed function and hikers on it; numbers, words, pictures, an interactive page."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import folder_for, json_option, parse_let, parse_window, put, quiet_option
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from talweg.api import Hikers
    from talweg.objective.typed.expression import Expression


@click.command()
@click.argument("function")
@click.option("--hikers", type=int, help="How many start. [default: 24]")
@click.option("--start", help="grid, random, sobol, or points such as '(1,2) (-3,0)'. [default: sobol]")
@click.option("--window", help="low,high for each variable, such as -4,4,-4,4. [default: the function's own, or -4,4]")
@click.option("--optimizer", help="gd, momentum, nesterov, adam, rmsprop, newton, bfgs, ... [default: gd]")
@click.option("--learning-rate", type=float, help="The step length. [default: from the curvature]")
@click.option("--schedule", help="How it changes over the steps; see `talweg schedules`. [default: constant]")
@click.option("--step-length", help="fixed; backtracking: as long as does not hurt; or wolfe. [default: fixed]")
@click.option("--momentum", type=float, help="For the optimizers that have one.")
@click.option("--noise", type=float, help="Noise on the gradient, as a share of the landscape's typical slope.")
@click.option("--steps", "max_steps", type=int, help="Steps of a hiker, at most. [default: 1000]")
@click.option("--stop", help="Further rules, such as 'flat(loss, 1e-9, patience=5)' or 'gradient_norm <= 0.01'.")
@click.option("--seed", type=int, help="Decides starts and noise. [default: 0]")
@click.option("--let", multiple=True, metavar="NAME=VALUE", help="The value of a constant in the function.")
@click.option("--compare", help="Optimizers side by side from the same starts, such as gd,momentum,adam.")
@click.option("--basins", is_flag=True, help="Color the plane by the minimum that each start reaches.")
@click.option("--animate", multiple=True, type=click.Choice(["gif", "mp4"]), help="Also a film; may be given twice.")
@click.option("--lang", default="en", help="Language of the pages: en or de. [default: en]")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the pictures. [default: hikes/<function>]")
@quiet_option
@json_option
def hike(
    function: str,
    let: tuple[str, ...],
    compare: str | None,
    basins: bool,
    animate: tuple[str, ...],
    lang: str,
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
    from talweg.objective.typed.expression import Expression

    expression = Expression.parse(function, parse_let(let))
    given = {name: word for name, word in words.items() if word is not None}
    settings = {"window": parse_window(window), "basins": basins, **given}
    folder = out or folder_for("hikes", expression.known.name if expression.known else function)
    hikes = _walked(expression, settings, compare)
    reports = {label: found.report(lang).page for label, found in hikes.items()}
    files = _draw(hikes, folder, basins, animate, lang) | _written(reports, folder)
    put(_content(hikes, files), lambda: _text(hikes, files), as_json, quiet)


def _walked(expression: "Expression", settings: dict[str, Any], compare: str | None) -> dict[str, "Hikers"]:
    """The hikers by their optimizer; several where optimizers are compared."""
    from talweg.api import hike as go

    if compare is None:
        found = go(expression, **settings)
        return {found.hike.settings.optimizer: found}
    names = [name.strip() for name in compare.split(",") if name.strip()]
    if len(names) < 2:
        raise ConfigError(f"--compare takes two optimizers or more, such as gd,momentum,adam, got {compare!r}")
    return {name: go(expression, **{**settings, "optimizer": name}) for name in names}


def _draw(
    hikes: dict[str, "Hikers"], folder: Path, basins: bool, animate: tuple[str, ...], lang: str
) -> dict[str, str]:
    """Every picture and film that was asked for, by what it shows."""
    from talweg.view.save import save_figure
    from talweg.view.scenes.animation import save_gif, save_mp4
    from talweg.view.scenes.figures import comparison_figure

    labels, scenes = list(hikes), [found.scene for found in hikes.values()]
    files: dict[str, Path] = {}
    if len(hikes) > 1:
        files["comparison"] = save_figure(comparison_figure(scenes, labels), folder / "comparison.png")
    else:
        alone = hikes[labels[0]]
        pictures = {"map": alone.map, "mountain": alone.mountain, "heights": alone.heights}
        for name, draw in pictures.items():
            files[name] = save_figure(draw(), folder / f"{name}.png")
        if basins:
            files["basins"] = save_figure(alone.map(basins=True), folder / "basins.png")
    for label, found in hikes.items():
        name = "page" if len(hikes) == 1 else f"page_{label}"
        files[name] = found.animate(folder / f"{name}.html", lang=lang)
    for kind, save in (("gif", save_gif), ("mp4", save_mp4)):
        if kind in animate:
            files[kind] = save(scenes, folder / f"hike.{kind}", labels=labels if len(labels) > 1 else ())
    return {name: str(path) for name, path in files.items()}


def _written(reports: dict[str, str], folder: Path) -> dict[str, str]:
    """The page that explains each hike."""
    from talweg.record.writing import write_atomically

    files = {}
    for label, page in reports.items():
        name = "report" if len(reports) == 1 else f"report_{label}"
        write_atomically(folder / f"{name}.html", page.encode())
        files[name] = str(folder / f"{name}.html")
    return files


def _content(hikes: dict[str, "Hikers"], files: dict[str, str]) -> dict[str, Any]:
    """The JSON object: of the hike, or of the hikes that are compared."""
    if len(hikes) == 1:
        return {**next(iter(hikes.values())).summary, "files": files}
    told = {label: found.summary for label, found in hikes.items()}
    return {"version": 1, "kind": "comparison", "hikes": told, "files": files}


def _text(hikes: dict[str, "Hikers"], files: dict[str, str]) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from talweg.view.terminal.hike import hike_summary

    told = (hike_summary(found.summary) for found in hikes.values())
    return Group(*told, Text("Written: " + ", ".join(files.values()) + "."))

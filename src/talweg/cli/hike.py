"""`talweg hike`: a typed function and hikers on it; numbers, words, pictures, an interactive page."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talweg.cli.output import folder_for, json_option, parse_let, parse_window, put, quiet_option
from talweg.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from talweg.objective.expression import Expression
    from talweg.run.hike import Hike, HikeSettings

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
    from talweg.objective.expression import Expression
    from talweg.run.compilation import keep_compilations
    from talweg.run.hike import HikeSettings

    keep_compilations()
    expression = Expression.parse(function, parse_let(let))
    given = {name: word for name, word in words.items() if word is not None}
    settings = HikeSettings(window=parse_window(window), **given)
    folder = out or folder_for("hikes", expression.known.name if expression.known else function)
    hikes = _compared(expression, settings, compare) if compare else [_walked(expression, settings)]
    labels = [found.settings.optimizer for found in hikes]
    files = _draw(hikes, labels, folder, basins, animate)
    put(_content(hikes, labels, files, compare), lambda: _text(hikes, labels, files), as_json, quiet)


def _walked(expression: "Expression", settings: "HikeSettings") -> "Hike":
    from talweg.run.hike import hike as go

    return go(expression, settings)


def _compared(expression: "Expression", settings: "HikeSettings", compare: str) -> list["Hike"]:
    names = [name.strip() for name in compare.split(",") if name.strip()]
    if len(names) < 2:
        raise ConfigError(f"--compare takes two optimizers or more, such as gd,momentum,adam, got {compare!r}")
    return [_walked(expression, dataclasses.replace(settings, optimizer=name)) for name in names]


def _draw(
    hikes: list["Hike"], labels: list[str], folder: Path, basins: bool, animate: tuple[str, ...]
) -> dict[str, str]:
    """Every picture and film that was asked for, by what it shows."""
    from talweg.record.folder import write_atomically
    from talweg.run.hike_scene import scene_of
    from talweg.view.animation import save_gif, save_mp4
    from talweg.view.curves import heights_figure
    from talweg.view.figures import comparison_figure, landscape_figure
    from talweg.view.mountain import mountain_figure
    from talweg.view.page import landscape_page
    from talweg.view.save import save_figure

    scenes = [scene_of(found, basins=basins) for found in hikes]
    files: dict[str, Path] = {}
    if len(scenes) > 1:
        files["comparison"] = save_figure(comparison_figure(scenes, labels), folder / "comparison.png")
    else:
        files["map"] = save_figure(landscape_figure(scenes[0]), folder / "map.png")
        files["mountain"] = save_figure(mountain_figure(scenes[0]), folder / "mountain.png")
        files["heights"] = save_figure(heights_figure(scenes[0]), folder / "heights.png")
        if basins:
            files["basins"] = save_figure(landscape_figure(scenes[0], basins=True), folder / "basins.png")
    for label, scene in zip(labels, scenes, strict=True):
        name = "page" if len(scenes) == 1 else f"page_{label}"
        files[name] = folder / f"{name}.html"
        write_atomically(files[name], landscape_page(scene).encode())
    drawn, named = (scenes[0], ()) if len(scenes) == 1 else (scenes, labels)
    for kind, save in (("gif", save_gif), ("mp4", save_mp4)):
        if kind in animate:
            files[kind] = save(drawn, folder / f"hike.{kind}", labels=named)
    return {name: str(path) for name, path in files.items()}


def _content(hikes: list["Hike"], labels: list[str], files: dict[str, str], compare: str | None) -> dict[str, Any]:
    from talweg.run.hike_scene import VERSION, hike_json

    if not compare:
        return hike_json(hikes[0], files)
    return {
        "version": VERSION,
        "kind": "comparison",
        "hikes": {label: hike_json(found, {}) for label, found in zip(labels, hikes, strict=True)},
        "files": files,
    }


def _text(hikes: list["Hike"], labels: list[str], files: dict[str, str]) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from talweg.run.hike_scene import hike_json
    from talweg.view.terminal import hike_summary

    parts: list[RenderableType] = []
    for label, found in zip(labels, hikes, strict=True):
        parts += [Text(label, style="bold")] if len(hikes) > 1 else []
        parts.append(hike_summary(hike_json(found, {})))
    written = Text("Written: " + ", ".join(files.values()) + ".")
    return Group(*parts, written)

"""What Python packs and browsers unpack, as one small file that both sides' tests read: ``web/test/contract.json``.

Run as a program it writes the file anew.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from talweg.record.scene import Minimum, Scene
from talweg.view.scenes.packing import pack_scene
from talweg.view.scenes.terrain import height_scale, hillshade

FILE = Path(__file__).parents[2] / "web" / "test" / "contract.json"


def scene() -> Scene:
    """Small, and with one of each: a hole, a hiker outside, one that stops early, one that never started."""
    x, y = np.linspace(-2, 2, 13), np.linspace(-1, 3, 9)
    height = (1 - x) ** 2 + 100 * (y[:, None] - x**2) ** 2
    height[:2, :3] = np.nan
    paths = np.full((3, 5, 2), np.nan)
    paths[0] = [[-1.5, 2.0], [-1.0, 1.5], [-0.5, 0.5], [0.5, 0.25], [1.0, 1.0]]
    paths[1, :3] = [[1.5, 0.0], [1.75, -0.5], [30.0, -57.0]]
    losses = (1 - paths[..., 0]) ** 2 + 100 * (paths[..., 1] - paths[..., 0] ** 2) ** 2
    return Scene(
        x=x, y=y, height=height, paths=paths, path_heights=losses, path_lengths=np.array([5, 3, 0]),
        outcomes=("arrived", "left the window", "started where the function is not defined"),
        outcome_kinds=("arrived", "left", "undefined"), frames=np.array([0, 10, 20, 30, 40]),
        minima=(Minimum((1.0, 1.0), 0.0, 1, "lowest"),), title="Rosenbrock", axis_labels=("x", "y"),
        height_label="f(x, y)", note="", basins=np.where(np.isnan(height), -1, 0),
        kind_words={"arrived": "stopped by its rule"},
    )  # fmt: skip


def contract() -> dict[str, Any]:
    """The packed scene, and numbers that a browser must get out of it."""
    packed, source = pack_scene(scene()), scene()
    elevation = height_scale(source.height).elevation(source.height)
    shade = hillshade(np.where(np.isnan(elevation), 0.0, elevation))
    bowl = np.add.outer(np.linspace(-1, 1, 7) ** 2, np.linspace(-1, 2, 8) ** 2)
    even = height_scale(bowl)
    return {
        "packed": packed,
        "height": _listed(source.height),
        "elevation": _listed(elevation),
        # Images go from the top row down.
        "shade": _listed(255 * shade[::-1]),
        "even": {"base": even.base, "low": even.low, "high": even.high, "logarithmic": even.logarithmic},
        "evenHeight": _listed(bowl),
        "evenElevation": _listed(even.elevation(bowl)),
        "paths": [_listed(path[:n]) for path, n in zip(source.paths, source.path_lengths, strict=True)],
        "losses": [_listed(loss[:n]) for loss, n in zip(source.path_heights, source.path_lengths, strict=True)],
    }


def _listed(array: np.ndarray) -> list[float | None]:
    return [float(f"{v:.9g}") if np.isfinite(v) else None for v in np.ravel(array)]


if __name__ == "__main__":
    FILE.write_text(json.dumps(contract(), indent=1) + "\n")

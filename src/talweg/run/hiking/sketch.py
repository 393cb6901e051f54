"""A sketch of a function of two variables as a scene to be drawn. Nothing is drawn here."""

import numpy as np

from talweg.record.scene import Minimum, Scene
from talweg.sketching.sketch import Sketch


def sketch_scene(sketch: Sketch, side: int = 201) -> Scene:
    """The map from above with the stationary points, and nobody on it.

    Args:
        sketch: of a function of two variables.
        side: points along each axis.

    Raises:
        ConfigError: where the function has another number of variables.
    """
    x, y, height = sketch.surface(side)
    names = sketch.variables
    return Scene(
        x=x,
        y=y,
        height=height,
        paths=np.zeros((0, 1, 2)),
        path_heights=np.zeros((0, 1)),
        path_lengths=np.zeros(0, np.int64),
        outcomes=(),
        outcome_kinds=(),
        frames=np.zeros(1, np.int64),
        minima=_minima(sketch),
        title=f"f({', '.join(names)}) = {sketch.expression.pretty()}",
        axis_labels=(names[0], names[1]),
        height_label=f"f({', '.join(names)})",
    )


def _minima(sketch: Sketch) -> tuple[Minimum, ...]:
    """Minima and saddles; the lowest minimum is called so only where all of them are known."""
    minima = [point for point in sketch.stationary_points if point.kind == "minimum"]
    lowest = min((point.value for point in minima), default=np.inf)
    shown = []
    for point in sketch.stationary_points:
        if point.kind in ("minimum", "saddle"):
            low = point.value <= lowest + 1e-9 * (1 + abs(lowest))
            kind = "saddle" if point.kind == "saddle" else "lowest" if low else "local"
            shown.append(Minimum((point.point[0], point.point[1]), point.value, 0, kind))
    return tuple(shown)

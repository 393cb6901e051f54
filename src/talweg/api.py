"""What a Python user holds of a typed function: a hike or a sketch with its pictures. What is computed is below.

Training comes from `run.api`, which needs no pictures; this room stands above `view` so that a result can draw itself.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from talweg.objective.typed.expression import Expression
from talweg.record.scene import Scene
from talweg.run.compilation import keep_compilations
from talweg.run.hiking.hike import Hike, HikeSettings, hike as walk_down
from talweg.run.hiking.scene import hike_json, scene_of
from talweg.run.hiking.sketch import sketch_scene
from talweg.sketching.sketch import Sketch, sketch as sketch_function
from talweg.view.charts.curves import heights_figure
from talweg.view.charts.sketch import sketch_figure
from talweg.view.report.hiked import hike_page
from talweg.view.scenes.figures import landscape_figure
from talweg.view.scenes.mountain import mountain_figure
from talweg.view.scenes.page import landscape_page
from talweg.view.scenes.shown import Shown, animate


@dataclasses.dataclass(frozen=True, eq=False)
class Hikers:
    """Hikers who went down a function, and the pictures of it.

    Attributes:
        hike: where they went, as arrays and in words.
        scene: what is drawn.
    """

    hike: Hike
    scene: Scene

    def __repr__(self) -> str:
        return f"<Hikers: {len(self.hike.outcomes)} on {self.summary['expression']}>"

    @property
    def summary(self) -> dict[str, Any]:
        """The hike as plain data; its shape is in docs/json.md."""
        return hike_json(self.hike, {})

    def map(self, **options: Any) -> Figure:
        """The landscape from above, with every path on it (see `view.figures.landscape_figure`)."""
        return landscape_figure(self.scene, **options)

    def mountain(self, **options: Any) -> Figure:
        """The landscape in three dimensions (see `view.mountain.mountain_figure`)."""
        return mountain_figure(self.scene, **options)

    def heights(self, **options: Any) -> Figure:
        """The loss against the steps (see `view.curves.heights_figure`)."""
        return heights_figure(self.scene, **options)

    def animate(self, path: str | Path | None = None, **options: Any) -> Any:
        """A film of the way down, or the interactive page.

        Args:
            path: a file to write, ending in `.gif`, `.mp4` or `.html`; without one the result shows itself in a
                notebook.
            **options: `lang` of the page (``"en"`` or ``"de"``); for films those of `view.animation.save_gif` or
                `save_mp4`.

        Returns:
            The path, or an object that a notebook shows as the interactive page.

        Raises:
            ConfigError: for a path that ends otherwise, or an option of films where it makes a page.
        """
        return animate(self.scene, path, **options)

    def report(self, lang: str = "en") -> Shown:
        """The page that explains the hike by the lecture's checklist; in a notebook it shows itself.

        Raises:
            ConfigError: for a language that is not ``"en"`` or ``"de"``.
        """
        return Shown(hike_page(self.summary, self.scene, lang=lang))

    def _repr_html_(self) -> str:
        return Shown(landscape_page(self.scene))._repr_html_()


def hike(
    function: str | Expression | Callable[[Any], Any],
    *,
    variables: Sequence[str] = (),
    let: Mapping[str, float] | None = None,
    basins: bool = False,
    **settings: Any,
) -> Hikers:
    """Lets hikers go down a function from different starts.

    Args:
        function: a text such as ``"x^2 + 3y^2"``, the name of a test function such as ``"himmelblau"``, or any
            callable from an array of shape `(n,)` to a number that JAX can trace.
        variables: the names of a callable's variables.
        let: values of constants in a text.
        basins: whether the map is to know which minimum each start reaches.
        **settings: any field of `run.hike.HikeSettings`, such as `hikers`, `start`, `window`, `optimizer`,
            `learning_rate`, `step_length`, `noise`, `max_steps`, `stop`, `seed`.

    Raises:
        ExpressionError: a text that is no function.
        ConfigError: a setting that is out of range or does not fit.

    Example:
        >>> hikers = hike("x^2 + 3y^2", hikers=4)
        >>> [place["hikers"] for place in hikers.summary["minima"]]
        [4]
    """
    keep_compilations()
    found = walk_down(function, HikeSettings(**settings), variables, let)
    return Hikers(found, scene_of(found, basins=basins))


@dataclasses.dataclass(frozen=True, eq=False)
class Sketched:
    """A sketched function, and its picture.

    Attributes:
        sketch: what is known of it.
    """

    sketch: Sketch

    def __repr__(self) -> str:
        return f"<Sketched: {self.sketch.steps()[0]}>"

    def __str__(self) -> str:
        return "\n".join(self.sketch.steps())

    def _repr_latex_(self) -> str:
        return self.sketch.to_latex()

    @property
    def summary(self) -> dict[str, Any]:
        """The sketch as plain data; its shape is in docs/json.md."""
        return self.sketch.to_dict()

    def figure(self) -> Figure:
        """The curve with its derivative and marked points, or the map of a function of two variables.

        Raises:
            ConfigError: for a function of more than two variables.
        """
        sketch = self.sketch
        if len(sketch.variables) != 1:
            return landscape_figure(sketch_scene(sketch))
        curve, variable, (low, high) = sketch.curve(), sketch.variables[0], sketch.window[0]
        return sketch_figure(
            curve.x,
            curve.f,
            curve.slope,
            [(p.point[0], p.value, p.kind, "") for p in sketch.stationary_points if low <= p.point[0] <= high],
            title=f"f({variable}) = {sketch.expression.pretty()}",
            labels=(f"f({variable})", f"f′({variable})"),
            variable=variable,
        )


def sketch(
    function: str,
    *,
    window: Sequence[tuple[float, float]] | None = None,
    let: Mapping[str, float] | None = None,
    time_limit: float = 5.0,
) -> Sketched:
    """Sketches a function: derivatives, stationary points and their kinds, limits, boundedness, convexity.

    Args:
        function: as people write it, such as ``"2x² + 4x"``.
        window: the range of each variable to search and to show.
        let: values of constants in the text.
        time_limit: seconds of symbolic work.

    Raises:
        ExpressionError: a text that is no function.
        ConfigError: a window or a constant that does not fit.

    Example:
        >>> print(sketch("2x^2 + 4x", time_limit=60.0))  # doctest: +ELLIPSIS
        f(x) = 2x² + 4x
        f′(x) = 4x + 4
        ...
    """
    keep_compilations()
    return Sketched(sketch_function(function, window, let, time_limit))

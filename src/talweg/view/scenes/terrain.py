"""The numbers behind a drawn terrain: levels, elevation, light and shade, basins. Nothing is drawn here."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.view.numerals import format_number

LEVELS = 28
STRONG_EVERY = 5

# A range that fills at least three decades, or a quarter of the plane within the two lowest of the levels:
# there an even scale shows a dark floor and nothing of the way down.
_LOG_RATIO = 100.0
_FLOOR = 2 / LEVELS
# Poles: where the middle 98 % of the plane takes up less than this share of the range, the outermost levels
# swallow the rest.
_POLE = 0.1
_HUGE = 1e300
_TINY = 1e-290


@dataclasses.dataclass(frozen=True)
class HeightScale:
    """How heights become levels and colors.

    Attributes:
        levels: the edges of the 28 filled levels, increasing; they hold every finite height.
        strong: which of the edges are drawn stronger and labeled (every fifth).
        logarithmic: whether the edges are spaced evenly in the logarithm of the height above `base`.
        base: the height from which the logarithm counts; 0 on an even scale.
        low: the height at the lower end of the colors.
        high: the height at the upper end of the colors.
    """

    levels: Float[np.ndarray, " edges"]
    strong: Bool[np.ndarray, " edges"]
    logarithmic: bool
    base: float
    low: float
    high: float

    def elevation(self, height: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Smooth position of heights on the scale: 0 at its lower end, 1 at its upper; NaN stays NaN.

        Args:
            height: heights in their own units.

        Returns:
            Positions between 0 and 1, of the same shape.
        """
        height = _bounded(height)
        if not self.logarithmic:
            return np.clip((height - self.low) / (self.high - self.low), 0.0, 1.0)
        # Adding the floor instead of cutting at it keeps the bottom of a pit round.
        floor, top = self.low - self.base, self.high - self.base
        above = np.clip(height - self.base, 0.0, top)
        return np.log((above + floor) / floor) / np.log((top + floor) / floor)


def height_scale(height: Float[np.ndarray, "..."]) -> HeightScale:
    """Choose levels and their spacing for a surface: even, or logarithmic where the range asks for it.

    Args:
        height: the loss on a grid; NaN and infinities are holes.

    Returns:
        A scale with 29 edges around 28 levels, rounded to a few digits so that they can be read.

    Example:
        >>> import numpy as np
        >>> x, y = np.meshgrid(np.linspace(-2, 2, 41), np.linspace(-1, 3, 41))
        >>> height_scale(x**2 + y**2).logarithmic
        False
        >>> height_scale((1 - x) ** 2 + 100 * (y - x**2) ** 2).logarithmic
        True
    """
    finite = _bounded(height)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return _even(np.array([0.0, 1.0]), 0.0, 1.0)
    lowest, highest = float(finite.min()), float(finite.max())
    size = max(abs(lowest), abs(highest))
    # Differences at the level of rounding are a plain, not a landscape.
    if highest - lowest <= max(1e-12 * size, _TINY):
        half = 0.5 * size if size > _TINY else 0.5
        return _even(finite, lowest - half, highest + half)
    low, high = (float(q) for q in np.quantile(finite, [0.01, 0.99]))
    if not 0 < high - low < _POLE * (highest - lowest):
        low, high = lowest, highest
    if _asks_for_log(finite, low, high):
        return _logarithmic(finite, low, high)
    return _even(finite, low, high)


def wants_log(values: Float[np.ndarray, "..."], ratio: float = _LOG_RATIO) -> bool:
    """Whether a curve's axis is better logarithmic: all values positive, and their range wide.

    Args:
        values: what is drawn; NaN and infinities do not count.
        ratio: how many times the smallest the largest must be.

    Returns:
        True for a logarithmic axis.
    """
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() / ratio >= finite.min())


def level_labels(scale: HeightScale) -> tuple[tuple[str, ...], float]:
    """Labels of all edges of a scale, with as few digits as tell neighbors apart.

    Args:
        scale: of a surface.

    Returns:
        One label for each edge; and the height from which the labels count: 0, or, where a tiny range lies
        far from zero, the lowest edge (labels then begin with a plus).
    """
    labels, digits = _labels(scale.levels)
    if digits <= 6:
        return labels, 0.0
    above, _ = _labels(scale.levels - scale.levels[0])
    return tuple(f"+{label}" for label in above), float(scale.levels[0])


def _labels(levels: Float[np.ndarray, " edges"]) -> tuple[tuple[str, ...], int]:
    """The labels of levels, and how many digits they needed."""
    spacing = np.diff(levels)
    room = 0.05 * np.minimum(np.append(spacing, spacing[-1]), np.insert(spacing, 0, spacing[0]))
    # Both ends hold outliers and carry no label.
    inner = slice(1, -1)
    for digits in range(2, 17):
        rounded = np.array([float(f"{level:.{digits}g}") for level in levels])
        if np.all(np.abs(rounded - levels)[inner] <= room[inner]):
            break
    return tuple(format_number(float(level), digits) for level in levels), digits


def hillshade(
    elevation: Float[np.ndarray, "depth width"], strength: float = 0.42
) -> Float[np.ndarray, "depth width 4"]:
    """Light from the north-west, as an image to be laid over the colors.

    Args:
        elevation: the surface, as drawn (see `HeightScale.elevation`); NaN in holes.
        strength: opacity of the deepest shade, from 0 (no shade) to 1.

    Returns:
        Red, green, blue and opacity, each from 0 to 1: black where the slope turns from the light, white
        where it faces it, transparent on flat ground and in holes.
    """
    depth, width = elevation.shape
    image = np.zeros((depth, width, 4))
    if depth < 2 or width < 2:
        return image
    to_north, to_east = np.gradient(elevation, 1 / (depth - 1), 1 / (width - 1))
    slope = np.hypot(to_east, to_north)
    holes = ~np.isfinite(slope)
    if holes.all() or not (typical := float(np.quantile(slope[~holes], 0.8))):
        return image
    # The typical slope stands at some 40 degrees, whatever the units; the light falls at 45 degrees.
    east, north = (0.85 * np.where(holes, 0.0, g) / typical for g in (to_east, to_north))
    facing = (0.5 * east - 0.5 * north + np.sqrt(0.5)) / np.sqrt(1 + east**2 + north**2)
    light = facing - np.sqrt(0.5)
    image[..., :3] = (light > 0)[..., None]
    # Half as much white: yellow has no room to become lighter.
    image[..., 3] = np.clip(np.where(light > 0, 1.2 * light, -light), 0, 1) * strength
    image[holes] = 0.0
    return image


def height_at(
    x: Float[np.ndarray, " width"],
    y: Float[np.ndarray, " depth"],
    height: Float[np.ndarray, "depth width"],
    points: Float[np.ndarray, "... 2"],
) -> Float[np.ndarray, "..."]:
    """The drawn surface's height at points of the plane, by bilinear interpolation.

    Args:
        x: grid coordinates along the first axis, increasing.
        y: grid coordinates along the second axis, increasing.
        height: heights on the grid; NaN in holes.
        points: where to look.

    Returns:
        Heights; NaN outside of the grid and beside holes.

    Example:
        >>> import numpy as np
        >>> grid = np.array([0.0, 1.0])
        >>> float(height_at(grid, grid, np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([0.5, 0.5])))
        1.5
    """
    across, up = points[..., 0], points[..., 1]
    within = (across >= x[0]) & (across <= x[-1]) & (up >= y[0]) & (up <= y[-1])
    i = np.clip(np.searchsorted(x, across, side="right") - 1, 0, max(len(x) - 2, 0))
    j = np.clip(np.searchsorted(y, up, side="right") - 1, 0, max(len(y) - 2, 0))
    u = np.where(within, (across - x[i]) / (x[i + 1] - x[i]), np.nan)
    v = np.where(within, (up - y[j]) / (y[j + 1] - y[j]), np.nan)
    south = (1 - u) * height[j, i] + u * height[j, i + 1]
    north = (1 - u) * height[j + 1, i] + u * height[j + 1, i + 1]
    return np.asarray((1 - v) * south + v * north)


def basin_image(
    basins: Int[np.ndarray, "depth width"],
    elevation: Float[np.ndarray, "depth width"],
    colors: Float[np.ndarray, "colors 3"],
    nowhere: tuple[float, float, float] = (0.82, 0.82, 0.82),
) -> Float[np.ndarray, "depth width 4"]:
    """The plane in one hue for each minimum, darker where it is lower.

    Args:
        basins: which minimum each start reaches; -1 for none.
        elevation: the surface from 0 to 1; NaN in holes.
        colors: one hue each; used again from the first when there are more minima.
        nowhere: the color of starts that reach no minimum.

    Returns:
        Red, green, blue and opacity, each from 0 to 1; transparent in holes.
    """
    hue = np.where((basins < 0)[..., None], np.asarray(nowhere), colors[basins % len(colors)])
    holes = ~np.isfinite(elevation)
    light = 0.72 + 0.28 * np.where(holes, 0.0, elevation)
    image = np.ones((*basins.shape, 4))
    image[..., :3] = hue * light[..., None]
    image[holes] = 0.0
    return image


def _bounded(height: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Heights in double precision whose differences cannot overflow; infinities become holes."""
    height = np.asarray(height, dtype=np.float64)
    return np.where(np.isfinite(height), np.clip(height, -_HUGE, _HUGE), np.nan)


def _asks_for_log(finite: Float[np.ndarray, " cells"], low: float, high: float) -> bool:
    """Whether a quarter of the plane lies in the lowest even levels, and not the rest at the top."""
    quarter, half = (float(q) for q in np.quantile(np.clip(finite, low, high), [0.25, 0.5]))
    return quarter - low < _FLOOR * (high - low) and half - low < 0.3 * (high - low)


def _even(finite: Float[np.ndarray, " cells"], low: float, high: float) -> HeightScale:
    """Levels at multiples of a round step, so that their labels are short."""
    step = _round_up((high - low) / LEVELS)
    first = np.floor(low / step)
    while first * step + LEVELS * step < high:
        step = _round_up(step * 1.001)
        first = np.floor(low / step)
    multiples = first + np.arange(LEVELS + 1)
    levels = _distinct(multiples * step, low, high)
    low, high = float(levels[0]), float(levels[-1])
    return HeightScale(_around(levels, finite), multiples % STRONG_EVERY == 0, False, 0.0, low, high)


def _logarithmic(finite: Float[np.ndarray, " cells"], low: float, high: float) -> HeightScale:
    """Levels at even steps of the logarithm of the height above the base, rounded to two digits or three."""
    # Where all heights are positive and far apart, their own logarithm is what people expect to read.
    base = 0.0 if low >= 0 and high >= _LOG_RATIO * low else low
    above = np.clip(finite, low, high) - base
    top = high - base
    # The deepest cell of a pit is an accident of the grid: levels start above half a percent of the plane.
    floor = float(np.quantile(above[above > 0], 0.005))
    floor = min(max(floor, 1e-30 * top, 1e-14 * abs(base)), 0.5 * top)
    exact = np.geomspace(floor, top, LEVELS)
    for digits in (2, 3, 4):
        unit = 10.0 ** (np.floor(np.log10(exact)) - digits + 1)
        rounded = np.round((base + exact) / unit) * unit
        if _faithful(rounded - base, exact):
            break
    else:
        rounded = base + exact
    levels = _distinct(np.concatenate([[min(low, base)], rounded]), low, high)
    strong = np.arange(LEVELS + 1) % STRONG_EVERY == 0
    return HeightScale(_around(levels, finite), strong, True, base, base + floor, high)


def _faithful(rounded: Float[np.ndarray, " edges"], exact: Float[np.ndarray, " edges"]) -> bool:
    """Whether rounding moved no level by more than a fifth of the way to the next."""
    return bool(np.all(np.abs(rounded - exact)[1:] <= 0.2 * np.diff(exact)))


def _round_up(step: float) -> float:
    """The next number with two digits that is not smaller."""
    unit = 10.0 ** (np.floor(np.log10(step)) - 1)
    return float(np.ceil(step / unit * (1 - 1e-9)) * unit)


def _distinct(levels: Float[np.ndarray, " edges"], low: float, high: float) -> Float[np.ndarray, " edges"]:
    """The levels themselves, or plain even ones where rounding made two of them equal."""
    if np.all(np.diff(levels) > 0):
        return levels
    return np.linspace(low, high, LEVELS + 1)


def _around(levels: Float[np.ndarray, " edges"], finite: Float[np.ndarray, " cells"]) -> Float[np.ndarray, " edges"]:
    """The levels with both ends moved outward where heights lie beyond them."""
    levels = levels.copy()
    levels[0] = min(levels[0], finite.min())
    levels[-1] = max(levels[-1], finite.max())
    return levels

"""Where each hiker arrived, as a person would say it. What is computed for it is in `hike`."""

import functools
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from talweg.descent.recipes import ALIASES
from talweg.sketching.levenberg import derivatives

if TYPE_CHECKING:
    from talweg.run.hiking.hike import Hike

Told = tuple[str, str]


def place_words(names: tuple[str, ...], point: np.ndarray) -> str:
    """A point as prose, `(−0.5, 2)` for two variables, `x = −1` for one."""
    numbers = [number_words(value) for value in point]
    return f"{names[0]} = {numbers[0]}" if len(numbers) == 1 else f"({', '.join(numbers)})"


def number_words(value: float) -> str:
    """A number as prose, with a real minus sign; what differs from 0 by rounding alone is 0."""
    return f"{0.0 if abs(value) < 1e-9 else value:.5g}".replace("-", "−")


def outcomes_of(hike: "Hike") -> tuple[Told, ...]:
    """Where each hiker arrived: one word for pictures, and one sentence."""
    return tuple(_outcome(hike, hiker) for hiker in range(len(hike.paths)))


def _outcome(hike: "Hike", hiker: int) -> Told:
    steps, stop = int(hike.steps[hiker]), hike.stops[hiker]
    taken = f"{steps} step{'s' * (steps != 1)}"
    place = int(hike.arrivals.place[hiker])
    if place >= 0:
        return _arrived(hike, place, taken)
    end, height = hike.paths[hiker, steps], hike.heights[hiker, steps]
    start = hike.heights[hiker, 0]
    where = functools.partial(place_words, hike.variables)
    if steps == 1 and not np.isfinite(start):
        return "undefined", f"the function is not defined at its start {where(hike.paths[hiker, 0])}"
    if stop.kind == "non_finite" and np.isfinite(end).all() and not np.isfinite(height) and _inside(hike, end):
        return "undefined", f"after {taken} it came to {where(end)}, where the function is not defined"
    if stop.kind == "non_finite" or (stop.kind == "left" and height > start):
        return "diverged", f"it fell off after {taken}: {_too_long(hike, hiker)}"
    if stop.kind == "left":
        return "left", f"it left the window going down, and was at {where(end)} after {taken}"
    if stop.kind == "small_gradient":
        return "walking", f"it stands on level ground at {where(end)} after {taken}, but at no stationary point"
    return "walking", f"it was still walking at {where(end)} after {taken}, at height {number_words(height)}"


def _arrived(hike: "Hike", place: int, taken: str) -> Told:
    found, kind = hike.arrivals, hike.arrivals.kinds[place]
    point, value = found.points[place], found.values[place]
    where = f"{place_words(hike.variables, point)}, f = {number_words(value)}, after {taken}"
    if kind == "saddle":
        return "saddle", f"it stands on the saddle at {where}"
    if kind == "maximum":
        return "saddle", f"it stands on the maximum at {where}, where the ground is level too"
    lowest = value <= found.values.min() + 1e-9 * (1 + abs(found.values.min()))
    if kind == "minimum":
        return "arrived", f"it arrived at {'the lowest minimum found' if lowest else 'a local minimum'}, {where}"
    return "arrived", f"it arrived on level ground at {where}; the second-derivative test does not decide what it is"


def _inside(hike: "Hike", point: np.ndarray) -> bool:
    low, high = np.array(hike.window).T
    return bool(np.all((point >= 2 * low - high) & (point <= 2 * high - low)))


def _too_long(hike: "Hike", hiker: int) -> str:
    rate = number_words(hike.learning_rate)
    name = ALIASES.get(hike.settings.optimizer, hike.settings.optimizer)
    minima = [place for place, kind in enumerate(hike.arrivals.kinds) if kind == "minimum"]
    point = hike.arrivals.points[minima[0]] if minima else hike.paths[hiker, 0]
    curvature = float(np.abs(np.linalg.eigvalsh(derivatives(hike.function, point[None]).hessian[0])).max())
    if name != "sgd" or not np.isfinite(curvature) or curvature == 0:
        return f"the learning rate {rate} is too long for this ground"
    where = "the minimum" if minima else "its start"
    return (
        f"the learning rate {rate} is too long; the curvature at {where} {place_words(hike.variables, point)} is "
        f"{number_words(curvature)}, so that only one below 2/{number_words(curvature)} = "
        f"{number_words(2 / curvature)} settles there"
    )


def warnings_of(hike: "Hike", defined: bool) -> tuple[str, ...]:
    """What a person should know of the whole."""
    return tuple(_warnings(hike, defined))


def _warnings(hike: "Hike", defined: bool) -> Iterator[str]:
    if hike.bounded.holds is False:
        yield f"the function is not bounded below: {hike.bounded.reason.text}"
    kinds = Counter(kind for kind, _ in hike.outcomes)
    everyone = len(hike.outcomes)
    if not defined:
        yield "the function is not defined anywhere on the window; choose another with --window"
    if kinds["diverged"] > everyone / 2:
        first = next(sentence for kind, sentence in hike.outcomes if kind == "diverged")
        yield f"{kinds['diverged']} of {everyone} hikers fell off: {first.split(': ', 1)[-1]}"
    if kinds["walking"] > everyone / 2:
        yield f"{kinds['walking']} of {everyone} hikers were still walking; more steps or a longer one may help"

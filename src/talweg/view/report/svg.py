"""Charts as SVG text inside a page: axes, lines, bands, dots, bars. They take their colors from the page's style.

Why not matplotlib: a page follows light and dark, its text stays text, and 64 members of 500 epochs take no second.
"""

import dataclasses
import html
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from talweg.data.evenly import evenly
from talweg.view.telling.wording import Tongue

WIDTH, HEIGHT = 560, 330
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 42
MOST_POINTS = 240
"""Points of a line, at most: more would lie within a pixel of each other."""

Numbers = Float[np.ndarray, " points"]


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis of a chart.

    Attributes:
        low: its lower end.
        high: its upper end.
        log: whether it is logarithmic.
        label: what it shows.
        whole: whether its ticks are whole numbers.
    """

    low: float | int
    high: float | int
    log: bool = False
    label: str = ""
    whole: bool = False

    def share(self, values: np.ndarray) -> np.ndarray:
        """Where values lie between the ends, 0 to 1; what lies outside is put just beyond them."""
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        with np.errstate(divide="ignore", invalid="ignore"):
            place = np.log10(values) if self.log else np.asarray(values, dtype=np.float64)
        return np.asarray(np.clip((place - low) / (high - low), -0.02, 1.02))

    def ticks(self) -> list[float]:
        """Some five round numbers between the ends."""
        if self.log:
            return _decades(self.low, self.high)
        step = _round_step((self.high - self.low) / 5)
        step = max(1.0, 2.0 if step == 2.5 else step) if self.whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(power * unit for unit in (1, 2, 2.5, 5, 10) if power * unit >= rough - 1e-12 * power)


def _decades(low: float | int, high: float | int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    units = (1, 2, 5) if last - first <= 2 else (1, 3) if last - first <= 3 else (1,)
    skip = max(1, (last - first) // 6)
    found = [unit * 10.0**power for power in range(first, last + 1, skip) for unit in units]
    inside = [value for value in found if low * 0.999 <= value <= high * 1.001]
    return inside if len(inside) > 1 else [float(low), float(high)]


def axis_of(values: np.ndarray, label: str = "", log: bool = False, margin: float = 0.04) -> Axis:
    """An axis that holds all finite values, with a little room; for a log axis, the positive ones."""
    known = values[np.isfinite(values)]
    known = known[known > 0] if log else known
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if log:
        low, high = (low / 1.5, high * 1.5) if low == high else (low, high)
        room = (high / low) ** margin
        return Axis(low / room, high * room, True, label)
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    return Axis(low - margin * (high - low), high + margin * (high - low), False, label)


@dataclasses.dataclass(frozen=True)
class Frame:
    """The area between the axes; turns numbers into places."""

    x: Axis
    y: Axis
    width: int = WIDTH
    height: int = HEIGHT

    def across(self, values: np.ndarray) -> np.ndarray:
        """Horizontal places."""
        return LEFT + self.x.share(values) * (self.width - LEFT - RIGHT)

    def upward(self, values: np.ndarray) -> np.ndarray:
        """Vertical places."""
        return self.height - BOTTOM - self.y.share(values) * (self.height - TOP - BOTTOM)

    def place(self, x: float | int, y: float | int) -> tuple[float, float]:
        """Where a point lies."""
        return float(self.across(np.array([x]))[0]), float(self.upward(np.array([y]))[0])

    def line(self, x: Numbers, y: Numbers, css: str, title: str = "") -> str:
        """A line through points; a gap where one is not finite."""
        known = np.isfinite(y) & ((y > 0) | (not self.y.log))
        pieces = []
        for start, stop in _runs(known):
            kept = start + _thinned(y[start:stop])
            pieces.append(_path(self.across(x[kept]), self.upward(y[kept])))
        if not pieces:
            return ""
        told = f"<title>{html.escape(title)}</title>" if title else ""
        return f'<path class="{css}" d="{"".join(pieces)}">{told}</path>' if told else (
            f'<path class="{css}" d="{"".join(pieces)}"/>'
        )  # fmt: skip

    def band(self, x: Numbers, low: Numbers, high: Numbers, css: str) -> str:
        """The area between two lines."""
        known = np.flatnonzero(np.isfinite(low) & np.isfinite(high) & ((low > 0) | (not self.y.log)))
        if len(known) < 2:
            return ""
        kept = known[evenly(len(known), MOST_POINTS)]
        around = np.concatenate([kept, kept[::-1]])
        edge = np.concatenate([high[kept], low[kept[::-1]]])
        return f'<path class="{css}" d="{_path(self.across(x[around]), self.upward(edge))}z"/>'

    def dots(self, x: Numbers, y: Numbers, css: str, radius: float | int = 4, titles: Sequence[str] = ()) -> str:
        """Round marks."""
        return "".join(
            f'<circle class="{css}" cx="{left:.1f}" cy="{top:.1f}" r="{radius:g}">'
            + (f"<title>{html.escape(titles[nth])}</title>" if titles else "")
            + "</circle>"
            for nth, (left, top) in enumerate(zip(self.across(x), self.upward(y), strict=True))
        )

    def cloud(self, x: Numbers, y: Numbers, css: str) -> str:
        """Very many small dots as one path of strokes without length."""
        places = zip(self.across(x), self.upward(y), strict=True)
        return f'<path class="{css}" d="{"".join(f"M{left:.1f} {top:.1f}h0" for left, top in places)}"/>'

    def segment(self, start: tuple[float | int, float | int], end: tuple[float | int, float | int], css: str) -> str:
        """A straight line between two points of the axes."""
        (left, top), (right, bottom) = self.place(*start), self.place(*end)
        return f'<path class="{css}" d="M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}"/>'

    def text(
        self,
        x: float | int,
        y: float | int,
        words: str,
        css: str = "note",
        anchor: str = "start",
        lift: float | int = -5,
    ) -> str:
        """Words at a point, kept inside the chart."""
        left, top = self.place(x, y)
        top = min(max(top + lift, TOP + 11), self.height - BOTTOM - 4)
        return f'<text class="{css}" x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _runs(known: np.ndarray) -> list[tuple[int, int]]:
    """Where a mask is true without a break."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _thinned(values: Numbers) -> np.ndarray:
    """The positions that show a line's shape: the lowest and the highest point of each of its parts, and both ends."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), MOST_POINTS // 2 + 1).astype(int)
    kept = [0, len(values) - 1]
    for start, stop in itertools.pairwise(edges.tolist()):
        kept += [start + int(values[start:stop].argmin()), start + int(values[start:stop].argmax())]
    return np.unique(kept)


def _path(x: np.ndarray, y: np.ndarray) -> str:
    """A path in tenths of a pixel, each point relative to the last: a third of the letters."""
    tenths = np.stack([x, y], 1).__mul__(10).round().astype(int)
    moves = np.diff(tenths, axis=0)
    start = f"M{tenths[0, 0] / 10:g} {tenths[0, 1] / 10:g}"
    return start + ("l" + " ".join(f"{across / 10:g} {down / 10:g}" for across, down in moves) if len(moves) else "h0")


def chart(frame: Frame, marks: Sequence[str], say: Tongue, described: str, extra: str = "") -> str:
    """A whole chart: grid, axes with numbers, the marks, and a sentence for those who do not see it.

    Args:
        frame: its axes.
        marks: what is drawn, the lowest layer first.
        say: how numbers are written.
        described: the chart in words.
        extra: a class of its own.
    """
    body = "".join([*_grid(frame, say), *marks])
    return (
        f'<svg class="chart {extra}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{html.escape(described)}">{body}</svg>'
    )


def _grid(frame: Frame, say: Tongue) -> list[str]:
    right, bottom = frame.width - RIGHT, frame.height - BOTTOM
    parts = []
    write: Callable[[float], str] = lambda value: say.number(value, 3)  # noqa: E731
    for value in frame.y.ticks():
        _, top = frame.place(frame.x.low, value)
        parts.append(f'<path class="grid" d="M{LEFT} {top:.1f}H{right}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 7}" y="{top + 4:.1f}" text-anchor="end">{write(value)}</text>')
    for value in frame.x.ticks():
        left, _ = frame.place(value, frame.y.low)
        parts.append(f'<path class="axis" d="M{left:.1f} {bottom}v4"/>')
        parts.append(f'<text class="tick" x="{left:.1f}" y="{bottom + 17}" text-anchor="middle">{write(value)}</text>')
    parts.append(f'<path class="axis" d="M{LEFT} {bottom}H{right}"/>')
    middle = (LEFT + right) / 2
    parts.append(
        f'<text class="label" x="{middle:.0f}" y="{frame.height - 6}" text-anchor="middle">'
        f"{html.escape(frame.x.label)}</text>"
    )
    if frame.y.label:
        center = (TOP + bottom) / 2
        parts.append(
            f'<text class="label" transform="translate(13 {center:.0f}) rotate(-90)" text-anchor="middle">'
            f"{html.escape(frame.y.label)}</text>"
        )
    return parts

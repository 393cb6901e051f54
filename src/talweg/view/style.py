"""The look that all pictures share: colors, fonts, sizes. What they show is decided by their own modules.

Matplotlib is used through its objects alone: no pyplot, no change of the backend; its settings are put back
when a picture is done.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend_handler import HandlerTuple

_P = ParamSpec("_P")
_R = TypeVar("_R")

INK = "#1a1a1a"
GRAY = "#5f5f5f"
DOT = "#e10600"
TRAIL = "#7a0c0c"

# Okabe and Ito's colors, told apart with every common kind of color blindness.
BLUE = "#0072b2"
ORANGE = "#d55e00"
GREEN = "#009e73"

_FIXED: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 13,
    "axes.titlesize": 16,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 14,
    "axes.edgecolor": GRAY,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.8,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "hatch.color": "#b0b0b0",
    "hatch.linewidth": 0.8,
    "svg.hashsalt": "talweg",
    "agg.path.chunksize": 20000,
}
_KEPT = ("backend", "backend_fallback", "interactive")

# Matplotlib's settings belong to the process: two threads that draw take turns.
_TURN = threading.RLock()


def styled(draw: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run a drawing function under this look, whatever the user's own settings; they are put back after it.

    Args:
        draw: any function that makes or writes a picture.

    Returns:
        The same function, one thread at a time.
    """

    @functools.wraps(draw)
    def drawing(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        look: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if key not in _KEPT}
        with _TURN, mpl.rc_context(look | _FIXED):
            return draw(*args, **kwargs)

    return drawing


def new_figure(width: float, height: float) -> Figure:
    """An empty figure that lays itself out.

    Args:
        width: in inches.
        height: in inches.

    Returns:
        A figure of 100 dots an inch, unknown to pyplot.
    """
    layout = ConstrainedLayoutEngine(compress=True, w_pad=0.1, h_pad=0.1)
    return Figure(figsize=(width, height), dpi=100, layout=layout)


def quiet_frame(ax: Axes, lines: Literal["both", "x", "y"] = "both") -> None:
    """Axes to the left and below only, in gray, with faint lines behind what is drawn."""
    ax.grid(True, axis=lines)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GRAY)


def figure_of(ax: Axes) -> Figure:
    """The whole figure that axes belong to, also from within a subfigure."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("these axes belong to no figure")
    return figure


def literal(text: str) -> str:
    """Text from elsewhere, so that its dollar signs are not taken for formulas."""
    return text.replace("$", r"\$")


def shortened(text: str, width: int) -> str:
    """Text in one line of at most so many characters, cut in the middle."""
    text = " ".join(text.split())
    if len(text) <= width:
        return text
    return f"{text[: width * 2 // 3]} … {text[len(text) - width // 3 + 3 :]}"


def halo(width: float = 3.0, color: str = "white", alpha: float = 0.85) -> list[patheffects.AbstractPathEffect]:
    """A light rim around text that stands on a picture."""
    return [patheffects.withStroke(linewidth=width, foreground=color, alpha=alpha)]


def place_legend(parent: Figure | Axes, handles: Sequence[Any], words: Sequence[str]) -> None:
    """A legend below a figure of our own, or below a user's axes, in as few rows as its words need.

    Args:
        parent: what it belongs to.
        handles: the artists to show; those in one tuple lie on each other.
        words: what stands beside them; without words there is no legend.
    """
    if not words:
        return
    # A letter is a tenth of an inch wide, a mark and its margins take up two thirds.
    letters = [0.1 * len(word) + 0.65 for word in words]
    width = (parent if isinstance(parent, Figure) else figure_of(parent)).get_figwidth()
    columns = len(words)
    while columns > 1 and columns * max(letters) > width < sum(letters):
        columns -= 1
    how: dict[str, Any] = {
        "ncols": columns,
        "handler_map": {tuple: HandlerTuple(1, pad=0)},
        "columnspacing": 1.4,
        "handletextpad": 0.5,
    }
    if isinstance(parent, Figure):
        parent.legend(handles, words, loc="outside lower center", **how)
    else:
        parent.legend(handles, words, loc="upper center", bbox_to_anchor=(0.5, -0.12), **how)

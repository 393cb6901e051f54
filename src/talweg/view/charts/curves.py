"""Curves over time: a scene's heights against steps, a training's history against epochs."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from talweg.record.history import carried_on
from talweg.record.scene import Scene
from talweg.view.numerals import format_number
from talweg.view.scenes.hikers import LOOKS, dot_marks, dot_size, known_kinds
from talweg.view.scenes.terrain import wants_log
from talweg.view.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    TRAIL,
    figure_of,
    halo,
    literal,
    new_figure,
    place_legend,
    quiet_frame,
    shortened,
    styled,
)

_SPLITS = {"train_": ("training", BLUE), "validation_": ("validation", ORANGE), "test_": ("test", GREEN)}


@styled
def heights_figure(scene: Scene, *, ax: Axes | None = None) -> Figure:
    """Loss against steps for all hikers, each curve ending in the mark of its outcome.

    Args:
        scene: whose `path_heights` are drawn; heights that are not finite are gaps.
        ax: axes to draw on; a new figure where absent.

    Returns:
        The figure. Its loss axis is logarithmic where all losses are positive and far apart; what leaves the
        range of the others' losses (a diverged hiker) leaves the picture.
    """
    figure = new_figure(9.0, 6.2) if ax is None else figure_of(ax)
    legend_of: Figure | Axes = figure if ax is None else ax
    ax = figure.add_subplot() if ax is None else ax
    heights = _real_heights(scene)
    log = wants_log(np.where(heights == 0, np.nan, heights))
    limits = _height_limits(scene, heights, log)
    if log:
        ax.set_yscale("log")
        # A loss of exactly zero lies at the axis, not at minus infinity.
        heights = np.where(heights == 0, limits[0], heights)
    ax.set_ylim(*limits)
    width = float(np.interp(len(heights), [8, 200], [1.8, 0.7]))
    for curve in heights:
        ax.plot(scene.frames, curve, color=TRAIL, alpha=0.6, linewidth=width, solid_joinstyle="round")
    place_legend(legend_of, *_height_ends(ax, scene, heights))
    _dress(ax, scene.frame_label, scene.height_label)
    ax.set_title(literal(shortened(scene.title, 60)))
    return figure


@styled
def curves_figure(
    history: Mapping[str, Float[np.ndarray, "..."] | Int[np.ndarray, "..."]],
    *,
    stop_epochs: Sequence[int | None] | Int[np.ndarray, " members"] | None = None,
    thresholds: Mapping[str, float] | None = None,
    title: str = "",
) -> Figure:
    """Epochs against loss and against each metric: all members, their median and middle half, their stops.

    Args:
        history: ``"epoch"`` of shape (epochs,), and any number of curves of shape (epochs, members), NaN
            after a member's stop. ``"train_loss"`` and ``"validation_loss"`` share one panel, as do other
            names that differ in ``train_``, ``validation_`` or ``test_``; each other name has its own.
        stop_epochs: for each member the epoch at which it stopped, drawn as a dot; None (or -1) for those
            that did not stop. Where absent, no dots.
        thresholds: for a panel's name, such as ``"accuracy"``, a value drawn as a dashed line.
        title: above all panels.

    Returns:
        The figure, one panel for the loss and each metric.

    Raises:
        ValueError: when there is no ``"epoch"`` or no curve, or the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> epochs = np.arange(1, 4)
        >>> loss = np.array([[1.0, 1.2], [0.5, 0.7], [0.4, np.nan]])
        >>> figure = curves_figure({"epoch": epochs, "train_loss": loss}, stop_epochs=[3, 2])
        >>> figure.axes[0].get_ylabel()
        'loss'
    """
    epoch, panels = _panels(history)
    stops = _stops(stop_epochs, next(iter(next(iter(panels.values())).values())).shape[1])
    columns = min(len(panels), 2 if len(panels) in (2, 4) else 3)
    rows = -(-len(panels) // columns)
    figure = new_figure(9.0 if columns == 1 else 5.6 * columns, 1.2 + 4.4 * rows + (0.6 if columns == 1 else 0.0))
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for spare in grid[len(panels) :]:
        spare.remove()
    named: dict[str, Artist] = {}
    for ax, (name, curves) in zip(grid, panels.items(), strict=False):
        named |= _draw_panel(ax, name, epoch, curves, stops)
        if thresholds is not None and name in thresholds:
            _draw_threshold(ax, thresholds[name])
    place_legend(figure, list(named.values()), list(named))
    if title:
        figure.suptitle(literal(shortened(title, 36 * columns)), fontweight="bold", fontsize=16)
    return figure


def _panels(
    history: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, dict[str, dict[str, Float[np.ndarray, "epochs members"]]]]:
    """The epochs; and for each panel (the loss first) its curves by split."""
    if "epoch" not in history or len(history) < 2:
        raise ValueError(f"a history holds 'epoch' and at least one curve, got {sorted(history)}")
    epoch = np.asarray(history["epoch"])
    panels: dict[str, dict[str, np.ndarray]] = {}
    shape = None
    for key, values in history.items():
        if key == "epoch":
            continue
        curves = np.asarray(values, dtype=np.float64)
        shape = curves.shape if shape is None else shape
        if curves.ndim != 2 or len(curves) != len(epoch) or curves.shape != shape:
            raise ValueError(f"'{key}' must have the shape (epochs, members) of the others, got {curves.shape}")
        split = next((split for split in _SPLITS if key.startswith(split)), "")
        panels.setdefault(key.removeprefix(split), {})[split] = np.where(np.isfinite(curves), curves, np.nan)
    return epoch, dict(sorted(panels.items(), key=lambda panel: panel[0] != "loss"))


def _stops(stop_epochs: Sequence[int | None] | np.ndarray | None, members: int) -> Float[np.ndarray, " members"]:
    """The epoch of each member's stop; NaN for those that have none."""
    if stop_epochs is None:
        return np.full(members, np.nan)
    stops = np.array([np.nan if stop is None or stop < 0 else float(stop) for stop in stop_epochs])
    if stops.shape != (members,):
        raise ValueError(f"expected one stop epoch for each of {members} members, got {len(stops)}")
    return stops


def _draw_panel(
    ax: Axes,
    name: str,
    epoch: np.ndarray,
    curves: Mapping[str, Float[np.ndarray, "epochs members"]],
    stops: Float[np.ndarray, " members"],
) -> dict[str, Artist]:
    """All splits of one quantity; returns what the legend shows."""
    named: dict[str, Artist] = {}
    for split, values in curves.items():
        # A metric without a split is measured on the validation set, and looks like it.
        words, color = _SPLITS[split or "validation_"]
        named |= _draw_members(ax, epoch, values, words, color)
    # A stop is decided by what is validated; the dot lies on that curve.
    watched = curves.get("validation_", curves.get("", next(iter(curves.values()))))
    at = np.searchsorted(epoch, stops)
    stopped = np.flatnonzero(np.isfinite(stops) & (at < len(epoch)))
    if len(stopped) and len(epoch):
        height = carried_on(watched)[at[stopped], stopped]
        ring, dot = dot_marks(ax, LOOKS["arrived"], 0.72 * dot_size(len(stops)))
        for layer in (ring, dot):
            layer.set_data(stops[stopped], height)
        named["stop of a member"] = dot
    ax.autoscale_view()
    if wants_log(np.concatenate([np.ravel(values) for values in curves.values()]), 30.0):
        ax.set_yscale("log")
    _dress(ax, "epoch", name.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    return named


def _draw_members(
    ax: Axes, epoch: np.ndarray, values: Float[np.ndarray, "epochs members"], words: str, color: str
) -> dict[str, Artist]:
    """One split: every member thin, the median strong, the middle half as a band."""
    members = values.shape[1]
    if members == 1:
        return {words: ax.plot(epoch, values[:, 0], color=color, linewidth=2.4)[0]}
    lines = [np.column_stack([epoch, member]) for member in values.T]
    faint = float(np.interp(members, [4, 100], [0.4, 0.1]))
    ax.add_collection(LineCollection(lines, colors=color, alpha=faint, linewidths=0.9))
    known = carried_on(values)
    some = ~np.isnan(known).all(axis=1)
    quarters = np.full((3, len(epoch)), np.nan)
    quarters[:, some] = np.nanquantile(known[some], [0.25, 0.5, 0.75], axis=1)
    band = ax.fill_between(epoch, quarters[0], quarters[2], color=color, alpha=0.2, linewidth=0)
    median = ax.plot(epoch, quarters[1], color=color, linewidth=2.6, path_effects=halo(4.6, alpha=0.7))[0]
    return {f"{words}, median": median, f"{words}, middle half": band}


def _draw_threshold(ax: Axes, value: float) -> None:
    """A dashed line at a value that is aimed at, with the value on it."""
    ax.axhline(value, color=INK, linewidth=1.3, linestyle=(0, (5, 3)))
    ax.annotate(format_number(value, 4), (1, value), (-4, 3), xycoords=("axes fraction", "data"),
                textcoords="offset points", ha="right", fontsize=12, path_effects=halo())  # fmt: skip


def _dress(ax: Axes, across: str, upward: str) -> None:
    """Labels and a quiet frame."""
    ax.set(xlabel=literal(across), ylabel=literal(upward))
    quiet_frame(ax)


def _real_heights(scene: Scene) -> Float[np.ndarray, "hikers frames"]:
    """Heights on the way; NaN after the last and where they are not finite."""
    real = np.arange(scene.path_heights.shape[1]) < scene.path_lengths[:, None]
    return np.where(real & np.isfinite(scene.path_heights), scene.path_heights, np.nan).astype(np.float64)


def _height_limits(scene: Scene, heights: Float[np.ndarray, "hikers frames"], log: bool) -> tuple[float, float]:
    """Limits of the loss axis: all losses, or starts and arrivals where some hiker leaves far beyond them."""
    values = np.log10(np.where(heights > 0, heights, np.nan)) if log else heights
    known = values[~np.isnan(values)]
    if not known.size:
        return 0.0, 1.0
    stayed = ~np.isin(known_kinds(scene), ["diverged", "undefined", "left"])
    usual = np.concatenate([values[:, 0], values[stayed].ravel()])
    usual = usual[~np.isnan(usual)]
    low, high = (usual.min(), usual.max()) if usual.size else (known.min(), known.max())
    reach = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-300)
    low, high = max(known.min(), low - 0.5 * reach), min(known.max(), high + 0.5 * reach)
    if log:
        low = max(low, high - 18)
    margin = 0.06 * (high - low) or 0.5 * abs(high) or 0.5
    low, high = float(low - margin), float(high + margin)
    return (10.0**low, 10.0**high) if log else (low, high)


def _height_ends(
    ax: Axes, scene: Scene, heights: Float[np.ndarray, "hikers frames"]
) -> tuple[list[tuple[Artist, ...]], list[str]]:
    """The mark of its outcome where each curve ends; returns what the legend shows."""
    known = ~np.isnan(heights)
    ended = known.any(axis=1)
    kinds = known_kinds(scene)
    handles: list[tuple[Artist, ...]] = []
    words: list[str] = []
    for kind, look in LOOKS.items():
        chosen = np.flatnonzero(ended & (kinds == kind))
        if not len(chosen):
            continue
        last = heights.shape[1] - 1 - np.argmax(known[chosen, ::-1], axis=1)
        layers = dot_marks(ax, look, dot_size(len(heights)))
        for layer in layers:
            layer.set_data(scene.frames[last], np.clip(heights[chosen, last], *ax.get_ylim()))
        handles.append(layers)
        words.append(f"{look.words} ({len(chosen)})")
    return handles, words

"""A learning-rate range test as a picture: the loss while the rate climbs, for all members at once."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from talweg.view.style import (
    BLUE,
    INK,
    ORANGE,
    halo,
    literal,
    new_figure,
    place_legend,
    quiet_frame,
    shortened,
    styled,
)


@styled
def range_test_figure(
    rates: Float[np.ndarray, " steps"],
    losses: Float[np.ndarray, "members steps"],
    *,
    suggestion: float | None = None,
    interval: tuple[float, float] | None = None,
    tested: float | None = None,
    known: float | None = None,
    title: str = "",
    sentence: str = "",
) -> Figure:
    """All members thin, their median strong, the middle half as a band; the suggestion between what it is made of.

    Args:
        rates: the learning rate of each step.
        losses: the members' smoothed losses; NaN where one has fallen off.
        suggestion: the rate to take, if there is one.
        interval: where a good rate is as likely as not.
        tested: what the test alone says.
        known: near which rate the optimizer is taken to train well.
        title: above the picture.
        sentence: the suggestion in words, or why there is none.

    Returns:
        The figure. Losses far above the start leave the picture.
    """
    figure = new_figure(9.6, 6.4)
    ax = figure.add_subplot()
    finite = np.where(np.isfinite(losses), losses, np.nan)
    start, low = float(np.nanmedian(finite[:, : len(rates) // 10])), float(np.nanmin(finite))
    top = start + 0.35 * (start - low) if start > low else start * 1.5
    shown = np.clip(finite, None, 10 * top)
    ax.add_collection(
        LineCollection([np.column_stack([rates, one]) for one in shown], colors=BLUE, alpha=0.35, linewidths=0.9)
    )
    some = np.isfinite(shown).any(0)
    quarters = np.full((3, len(rates)), np.nan)
    quarters[:, some] = np.nanquantile(shown[:, some], [0.25, 0.5, 0.75], axis=0)
    band = ax.fill_between(rates, quarters[0], quarters[2], color=BLUE, alpha=0.2, linewidth=0)
    median = ax.plot(rates, quarters[1], color=BLUE, linewidth=2.8, path_effects=halo(4.6, alpha=0.7))[0]
    handles: list[Any] = [median, band]
    words = ["median of the members", "middle half"]
    if suggestion is not None and interval is not None:
        span = ax.axvspan(*interval, color=ORANGE, alpha=0.22, linewidth=0)
        line = ax.axvline(suggestion, color=ORANGE, linewidth=2.4)
        handles.append((span, line))
        span_words = f" ({interval[0]:g} to {interval[1]:g})" if interval[0] < interval[1] else ""
        words.append(f"suggestion {suggestion:g}{span_words}")
        for rate, style, word in ((tested, ":", "the test alone"), (known, "--", "taken to train well near")):
            if rate is not None:
                handles.append(ax.axvline(rate, color=INK, linewidth=1.6, linestyle=style))
                words.append(f"{word} {rate:g}")
    else:
        ax.text(0.5, 0.5, "no reliable suggestion", transform=ax.transAxes, ha="center", fontsize=17, color=INK,
                path_effects=halo())  # fmt: skip
    ax.set(xscale="log", xlim=(rates[0], rates[-1]), ylim=(low - 0.06 * (top - low), top))
    ax.set(xlabel="learning rate", ylabel="training loss of a step, smoothed")
    quiet_frame(ax)
    ax.set_title(literal(shortened(title, 60)))
    place_legend(figure, handles, words)
    return figure

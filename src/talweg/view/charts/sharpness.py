"""How sharp the loss is over the epochs, beside what the learning rate allows. What is computed is not known here."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from talweg.view.scenes.terrain import wants_log
from talweg.view.style import BLUE, ORANGE, literal, new_figure, place_legend, quiet_frame, shortened, styled


@styled
def sharpness_figure(
    epochs: Int[np.ndarray, " places"],
    sharpness: Float[np.ndarray, "members places"],
    limit: Float[np.ndarray, "members places"] | None = None,
    title: str = "",
) -> Figure:
    """The greatest eigenvalue of the Hessian on each member's way, beside the one that the learning rate allows.

    Args:
        epochs: of the places.
        sharpness: at each; NaN where it is not known.
        limit: the sharpness up to which the learning rate is stable; absent for optimizers of which none is known.
        title: of the picture.

    Returns:
        The figure.
    """
    figure = new_figure(9.0, 5.6)
    ax = figure.add_subplot()
    width = float(np.interp(len(sharpness), [1, 40], [2.2, 0.8]))
    for line in sharpness:
        known = np.isfinite(line)
        ax.plot(epochs[known], line[known], color=BLUE, linewidth=width, marker="o", markersize=2.5 * width, alpha=0.75)
    handles, words = [ax.plot([], [], color=BLUE, linewidth=2.2)[0]], ["greatest eigenvalue λ, each member"]
    if limit is not None:
        for line in np.unique(limit, axis=0):
            ax.plot(epochs, line, color=ORANGE, linewidth=2.2, linestyle=(0, (4, 2)))
        handles.append(ax.plot([], [], color=ORANGE, linewidth=2.2, linestyle=(0, (4, 2)))[0])
        words.append("2/learning rate: steeper valleys throw the steps out")
    if wants_log(sharpness, 20.0):
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=min(0.0, float(np.nanmin(sharpness))))
    if limit is not None:
        # A schedule that ends at 0 has no limit there: the picture ends a little above the sharpness.
        near = np.nanmax(sharpness) * 3
        ax.set_ylim(top=float(min(max(near, np.nanmin(limit) * 1.3), 30 * np.nanmax(sharpness))))
    ax.set(xlabel="epoch", ylabel="sharpness λ")
    quiet_frame(ax, "y")
    ax.set_title(literal(shortened(title, 60)))
    place_legend(figure, handles, words)
    return figure

"""What schedules will do: the learning rate against the epochs. The curves come in as plain numbers."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from talweg.view.style import BLUE, INK, literal, new_figure, quiet_frame, shortened, styled


@styled
def schedules_figure(
    epoch: Float[np.ndarray, " points"], rates: Mapping[str, Float[np.ndarray, " points"]], *, title: str = ""
) -> Figure:
    """One small panel for each schedule, all on the same axes, so that they can be told apart and compared.

    Args:
        epoch: where on the way, in epochs.
        rates: for each schedule as it is written, the learning rate there.
        title: above all panels.

    Returns:
        The figure.

    Example:
        >>> import numpy as np
        >>> line = np.linspace(0, 10, 11)
        >>> figure = schedules_figure(line, {"linear": 1 - line / 10})
        >>> len(figure.axes)
        1
    """
    columns = min(len(rates), 3) if len(rates) != 4 else 2
    rows = -(-len(rates) // columns)
    figure = new_figure(8.0 if columns == 1 else 4.4 * columns, 0.9 + (4.6 if columns == 1 else 2.6) * rows)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for spare in grid[len(rates) :]:
        spare.remove()
    top = max(float(np.max(values)) for values in rates.values()) * 1.06
    for place, (ax, (name, values)) in enumerate(zip(grid, rates.items(), strict=False)):
        ax.fill_between(epoch, values, color=BLUE, alpha=0.12, linewidth=0)
        ax.plot(epoch, values, color=BLUE, linewidth=2.4, clip_on=False)
        ax.set_title(literal(shortened(name, 46)), fontsize=13 if columns > 1 else 16, color=INK)
        ax.set(xlim=(epoch[0], epoch[-1]), ylim=(0, top))
        quiet_frame(ax)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        ax.tick_params(labelbottom=place + columns >= len(rates))
        if place + columns >= len(rates):
            ax.set_xlabel("epoch")
        if place % columns == 0:
            ax.set_ylabel("learning rate")
    if title:
        figure.suptitle(literal(title), fontweight="bold", fontsize=16)
    return figure

import numpy as np

from talweg.view.charts.valleys import barrier_figure, line_figure

PASSES = np.array([[0.0, 0.9, 0.01], [0.9, 0.0, np.inf], [0.01, np.inf, 0.0]])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_members_of_a_basin_stand_together_in_a_frame_and_cells_carry_their_numbers():
    figure = barrier_figure({"one": (PASSES, np.array([0, 1, 0])), "two": (np.zeros((3, 3)), np.zeros(3, int))}, "abc")
    one, two = figure.axes[:2]
    assert [tick.get_text() for tick in one.get_xticklabels()] == ["a", "c", "b"]
    assert texts(one) == ["0.010", "0.900", "0.010", "∞", "0.900", "∞"]
    assert [line.get_xdata().tolist()[:2] for line in one.lines] == [[-0.5, 1.5]]
    assert [line.get_xdata().tolist()[:2] for line in two.lines] == [[-0.5, 2.5]]
    assert figure.axes[0].images[0].norm.vmax == 0.9
    assert figure.axes[1].images[0].norm.vmax == 0.9, "one scale for both"


def test_many_members_have_no_numbers():
    figure = barrier_figure({"": (np.zeros((20, 20)), np.zeros(20, int))}, [str(n) for n in range(20)])
    assert texts(figure.axes[0]) == []


def test_all_lines_are_drawn_and_the_loss_counts_from_zero():
    along = np.linspace(0, 1, 5)
    figure = line_figure(along, {"straight": np.ones((3, 5)), "curve": np.full((1, 5), 0.5)}, "loss", "title")
    ax = figure.axes[0]
    assert len([line for line in ax.lines if len(line.get_xdata())]) == 4
    assert ax.get_ylim()[0] == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["straight (3)", "curve"]

import dataclasses

import numpy as np
import pytest
from landscapes import himmelblau, scene, waves
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from talweg.record.history import carried_on
from talweg.view.charts.curves import curves_figure, heights_figure
from talweg.view.style import BLUE, DOT, ORANGE, TRAIL

pytestmark = pytest.mark.filterwarnings("error")


def draw(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def dots(ax: Axes) -> np.ndarray:
    return np.concatenate([line.get_xydata() for line in ax.lines if line.get_markerfacecolor() == DOT])


def words(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def history(members: int = 5, epochs: int = 20) -> dict[str, np.ndarray]:
    """Falling losses of members that stop at epochs 10, 11, ... ."""
    rng = np.random.default_rng(3)
    epoch = np.arange(1, epochs + 1)
    loss = 2 * np.exp(-epoch[:, None] * rng.uniform(0.1, 0.4, members)) + 0.05
    loss = np.where(epoch[:, None] <= 10 + np.arange(members), loss, np.nan)
    return {"epoch": epoch, "train_loss": loss, "validation_loss": loss + 0.1, "accuracy": 1 - loss / 3}


def test_heights_are_the_scenes_own_and_end_in_the_outcomes_mark():
    drawn = scene(waves, hikers=3, lengths=np.array([31, 5, 1]), kinds=("walking", "arrived", "arrived"))
    figure = draw(heights_figure(drawn))
    ax = figure.axes[0]
    curves = [line for line in ax.lines if line.get_color() == TRAIL]
    assert len(curves) == 3
    for curve, heights in zip(curves, drawn.path_heights, strict=True):
        np.testing.assert_array_equal(curve.get_xdata(), drawn.frames)
        np.testing.assert_array_equal(curve.get_ydata(), heights)
    ends = {tuple(end) for end in dots(ax)}
    assert ends == {(n - 1.0, drawn.path_heights[h, n - 1]) for h, n in enumerate([31, 5, 1])}
    assert words(figure) == ["arrived (2)", "still walking (1)"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "loss")
    assert ax.get_yscale() == "linear"


def test_a_loss_that_falls_by_decades_has_a_logarithmic_axis():
    drawn = scene(himmelblau, rate=0.01, steps=60)
    heights = drawn.path_heights.copy()
    heights[0, -1] = 0.0
    ax = draw(heights_figure(dataclasses.replace(drawn, path_heights=heights))).axes[0]
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert 0 < low <= max(heights[heights > 0].min(), 1e-17 * heights.max())
    assert high >= heights.max()
    # A loss of exactly zero ends at the axis.
    assert dots(ax)[:, 1].min() == pytest.approx(low)


def test_a_diverged_hiker_does_not_flatten_the_others():
    drawn = scene(waves, hikers=3, kinds=("arrived", "diverged", "undefined"))
    heights = drawn.path_heights - 5
    heights[1, 3:] = 10.0 ** np.arange(28)
    heights[2, 4:] = np.nan
    heights[2, 5] = np.inf
    ax = draw(heights_figure(dataclasses.replace(drawn, path_heights=heights))).axes[0]
    assert np.ptp(ax.get_ylim()) < 4 * np.ptp(np.append(heights[0], heights[:, 0]))
    # Its mark is still there, at the upper edge.
    assert dots(ax)[:, 1].max() == pytest.approx(ax.get_ylim()[1])


@pytest.mark.parametrize("hikers", [0, 1])
def test_heights_of_nobody_and_of_one(hikers):
    draw(heights_figure(scene(waves, hikers=hikers, steps=0)))


def test_heights_on_a_users_own_axes():
    figure = Figure()
    ax = figure.subplots()
    assert heights_figure(scene(waves), ax=ax) is figure
    assert ax.get_legend() is not None


def test_members_median_and_middle_half():
    values = history()
    figure = draw(curves_figure(values))
    ax = figure.axes[0]
    assert [a.get_ylabel() for a in figure.axes] == ["loss", "accuracy"]
    for name, color in (("train_loss", BLUE), ("validation_loss", ORANGE)):
        median = next(line for line in ax.lines if line.get_color() == color)
        known = carried_on(values[name])
        np.testing.assert_allclose(median.get_ydata(), np.median(known, axis=1))
    members = [c for c in ax.collections if isinstance(c, LineCollection)]
    assert [len(c.get_segments()) for c in members] == [5, 5]
    np.testing.assert_allclose(
        members[0].get_segments()[0], np.column_stack([values["epoch"], values["train_loss"].T[0]])[:10]
    )
    bands = [c for c in ax.collections if isinstance(c, PolyCollection)]
    low, high = np.quantile(carried_on(values["train_loss"])[0], [0.25, 0.75])
    first = bands[0].get_paths()[0].vertices
    assert {round(y, 9) for x, y in first if x == 1} == {round(low, 9), round(high, 9)}
    assert words(figure) == [
        "training, median",
        "training, middle half",
        "validation, median",
        "validation, middle half",
    ]


def test_a_stop_moves_no_median():
    curves = np.array([[3.0, 1.0], [2.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(carried_on(curves), [[3, 1], [2, 1], [2, 1]])
    late = np.array([[np.nan], [1.0]])
    np.testing.assert_array_equal(carried_on(late), late)


def test_each_stop_is_a_dot_on_the_validation_curve():
    values = history()
    figure = draw(curves_figure(values, stop_epochs=[10, 11, None, -1, 14]))
    loss, accuracy = figure.axes
    expected = [(epoch, values["validation_loss"][epoch - 1, member]) for member, epoch in ((0, 10), (1, 11), (4, 14))]
    np.testing.assert_allclose(dots(loss), expected)
    assert dots(accuracy)[0, 1] == values["accuracy"][9, 0]
    assert words(figure)[-1] == "stop of a member"


def test_a_threshold_is_a_line_with_its_number():
    figure = draw(curves_figure(history(), thresholds={"accuracy": 0.9}))
    loss, accuracy = figure.axes
    assert [text.get_text() for text in accuracy.texts] == ["0.9"]
    assert any(np.all(np.asarray(line.get_ydata()) == 0.9) for line in accuracy.lines)
    assert not loss.texts


def test_the_loss_comes_first_and_splits_share_a_panel():
    values = history()
    values = {
        "epoch": values["epoch"],
        "accuracy": values["accuracy"],
        "train_f1_macro": values["accuracy"],
    } | {
        "validation_f1_macro": values["accuracy"],
        "loss": values["train_loss"],
    }
    assert [ax.get_ylabel() for ax in curves_figure(values).axes] == ["loss", "accuracy", "f1 macro"]


def test_one_member_is_one_line():
    values = {name: curve if name == "epoch" else curve[:, :1] for name, curve in history().items()}
    figure = draw(curves_figure(values, stop_epochs=[10], title="alone in $"))
    assert words(figure) == ["training", "validation", "stop of a member"]
    assert not figure.axes[0].collections


@pytest.mark.parametrize("members", [2, 200])
def test_losses_far_apart_have_a_logarithmic_axis_and_diverged_ones_do_not_break_it(members):
    values = history(members)
    values["train_loss"][:, 0] = np.inf
    values["train_loss"][:, 1] *= 1e-4
    assert draw(curves_figure(values)).axes[0].get_yscale() == "log"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train_loss": np.zeros((3, 2))}, "holds 'epoch' and at least one curve"),
        ({"epoch": np.arange(3)}, "holds 'epoch' and at least one curve"),
        ({"epoch": np.arange(3), "loss": np.zeros((4, 2))}, "'loss' must have the shape"),
        ({"epoch": np.arange(3), "loss": np.zeros(3)}, "'loss' must have the shape"),
        (
            {"epoch": np.arange(3), "loss": np.zeros((3, 2)), "f1": np.zeros((3, 1))},
            "'f1' must have the shape",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_named(values, message):
    with pytest.raises(ValueError, match=message):
        curves_figure(values)


def test_as_many_stops_as_members():
    with pytest.raises(ValueError, match="one stop epoch for each of 5 members, got 2"):
        curves_figure(history(), stop_epochs=[1, 2])

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from talweg.view.charts.sketch import sketch_figure
from talweg.view.style import BLUE, DOT, GREEN, ORANGE

pytestmark = pytest.mark.filterwarnings("error")
X = np.linspace(-4, 2, 301)
PARABOLA = (X, 2 * X**2 + 4 * X, 4 * X + 4, [(-1.0, -2.0, "minimum", "")])


def draw(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def curve(ax: Axes, color: str) -> np.ndarray:
    return next(line.get_xydata() for line in ax.lines if line.get_color() == color)


def labels(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_the_lectures_parabola():
    figure = draw(sketch_figure(*PARABOLA, title="2x² + 4x"))
    (ax,) = figure.axes
    np.testing.assert_array_equal(curve(ax, BLUE), np.column_stack(PARABOLA[:2]))
    np.testing.assert_array_equal(curve(ax, ORANGE), np.column_stack([X, PARABOLA[2]]))
    assert "minimum (−1, −2)" in labels(ax)
    assert ax.get_title(loc="left") == "2x² + 4x"
    # The axes cross in the origin.
    assert ax.spines["left"].get_position() == ("data", 0.0)
    assert ax.spines["bottom"].get_position() == ("data", 0.0)
    dot = next(line for line in ax.lines if line.get_markerfacecolor() == DOT)
    np.testing.assert_array_equal(dot.get_xydata(), [[-1, -2]])
    # The tangent is flat, and the derivative's zero is marked on the axis.
    tangent = curve(ax, GREEN)
    assert np.all(tangent[:, 1] == -2)
    assert tangent[:, 0].mean() == pytest.approx(-1)
    zero = next(line for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "white")
    np.testing.assert_array_equal(zero.get_xydata(), [[-1, 0]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["f(x)", "f′(x)"]


@pytest.mark.parametrize(("kind", "tangents"), [("maximum", 1), ("saddle", 1), ("riddle", 1), ("inflection", 0)])
def test_every_kind_but_an_inflection_has_a_flat_tangent(kind, tangents):
    (ax,) = draw(sketch_figure(X, X**3, 3 * X**2, [(0.0, 0.0, kind, "here in $")])).axes
    assert sum(line.get_color() == GREEN for line in ax.lines) == tangents
    assert r"here in \$" in labels(ax)


@pytest.mark.parametrize("count", [8, 9])
def test_of_many_points_the_lowest_and_the_highest_are_named(count):
    x = np.linspace(-1, 1, 401)
    points = [(at, at, "minimum", f"no {number}") for number, at in enumerate(np.linspace(-0.9, 0.9, count))]
    (ax,) = draw(sketch_figure(x, x, None, points)).axes
    named = [label for label in labels(ax) if label.startswith("no")]
    assert named == [f"no {number}" for number in (range(8) if count == 8 else (0, 8))]
    assert sum(line.get_color() == GREEN for line in ax.lines) == count


def test_axes_stay_in_the_picture_when_the_origin_is_not():
    x = np.linspace(3, 5, 50)
    (ax,) = draw(sketch_figure(x, x**2 + 50)).axes
    assert ax.spines["left"].get_position() == ("data", 3.0)
    assert ax.spines["bottom"].get_position() == ("data", ax.get_ylim()[0])


def test_poles_are_gaps_and_leave_room_for_the_rest():
    x = np.linspace(-4, 4, 400)
    f, slope = x + 1 / x, 1 - 1 / x**2
    (ax,) = draw(sketch_figure(x, f, slope, [(1.0, 2.0, "minimum", ""), (-1.0, -2.0, "maximum", "")])).axes
    drawn = curve(ax, BLUE)
    gap = np.flatnonzero(np.isnan(drawn[:, 0]))
    assert len(gap) == 1
    assert drawn[gap[0] - 1, 0] < 0 < drawn[gap[0] + 1, 0]
    low, high = ax.get_ylim()
    assert low < -2 < 2 < high
    assert high - low < 40 < np.ptp(f)


def test_gaps_where_it_is_not_defined():
    f = np.where(X > 0, np.log(np.maximum(X, 1e-300)), np.nan)
    slope = np.where(X > 0, 1 / np.where(X == 0, 1, X), np.nan)
    (ax,) = draw(sketch_figure(X, f, slope)).axes
    drawn = curve(ax, BLUE)
    assert np.isnan(drawn[X <= 0, 1]).all()
    np.testing.assert_allclose(drawn[X > 0, 1], f[X > 0])


@pytest.mark.parametrize("factor", [20.0, 200.0])
def test_ranges_far_apart_have_a_panel_each(factor):
    upper, lower = draw(sketch_figure(X, np.sin(factor * X), factor * np.cos(factor * X))).axes
    assert curve(upper, BLUE).shape == curve(lower, ORANGE).shape
    assert upper.get_xlim() == lower.get_xlim()


def test_a_far_offset_has_a_panel_of_its_own():
    assert len(sketch_figure(X, X**2 + 1000, 2 * X).axes) == 2


def test_a_users_own_axes_hold_everything():
    figure = Figure()
    ax = figure.subplots()
    assert sketch_figure(X, np.sin(20 * X), 20 * np.cos(20 * X), ax=ax) is figure
    assert len(figure.axes) == 1
    assert ax.get_legend() is not None


def test_many_labels_do_not_lie_on_each_other():
    x = np.linspace(-10, 10, 600)
    zeros = np.pi * (np.arange(-6, 6) + 0.5)
    zeros = zeros[np.abs(zeros) < 10]
    points = [(float(z), float(np.sin(z)), "maximum" if np.sin(z) > 0 else "minimum", "") for z in zeros]
    figure = draw(sketch_figure(x, np.sin(x), np.cos(x), points))
    texts = [text for text in figure.axes[0].texts if "m" in text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) >= 4
    for i, one in enumerate(boxes):
        assert 0 <= one.x0 <= one.x1 <= figure.bbox.width
        for other in boxes[:i]:
            assert not one.overlaps(other)


@pytest.mark.parametrize(
    "f",
    [
        np.full(301, np.nan),
        np.full(301, 7.0),
        np.zeros(301),
        np.full(301, np.inf),
        1e300 * X,
        1e-300 * X,
        np.exp(200 * X),
    ],
    ids=["undefined", "constant", "zero", "infinite", "huge", "tiny", "steep"],
)
def test_every_curve_can_be_drawn_without_a_warning(f):
    draw(sketch_figure(X, f, np.gradient(np.nan_to_num(f, posinf=0.0), X)))


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"one length of at least 2, got \[300, 301\]"):
        sketch_figure(X, X[1:])
    with pytest.raises(ValueError, match=r"one length of at least 2, got \[1\]"):
        sketch_figure(X[:1], X[:1])

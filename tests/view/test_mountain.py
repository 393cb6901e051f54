import dataclasses

import numpy as np
import pytest
from landscapes import bowl, half_plane, himmelblau, level, scene, waves
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from talweg.view.scenes.mountain import hidden, mountain_figure
from talweg.view.scenes.terrain import height_at
from talweg.view.style import DOT, TRAIL

pytestmark = pytest.mark.filterwarnings("error")


def draw(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def test_trails_lie_on_the_surface():
    drawn = scene(waves, hikers=3, lengths=np.array([31, 7, 1]))
    (ax,) = draw(mountain_figure(drawn)).axes
    trails = [np.column_stack(line.get_data_3d()) for line in ax.lines if line.get_color() == TRAIL]
    known = np.concatenate(trails)
    known = known[~np.isnan(known).any(axis=1)]
    expected = np.concatenate([path[:n] for path, n in zip(drawn.paths, (31, 7, 1), strict=True)])
    np.testing.assert_array_equal(known[np.lexsort(known[:, :2].T), :2], expected[np.lexsort(expected.T)])
    # An even scale: heights differ from the surface's by one factor, one offset and the little lift.
    height = height_at(drawn.x, drawn.y, drawn.height, known[:, :2])
    assert np.corrcoef(height, known[:, 2])[0, 1] == pytest.approx(1)
    dots = [line for line in ax.lines if line.get_markerfacecolor() == DOT]
    assert sum(len(line.get_data_3d()[0]) for line in dots) == 3


def test_the_square_root_is_drawn_where_the_map_has_a_logarithm():
    figure = draw(mountain_figure(scene(himmelblau, hikers=1, size=41)))
    assert figure.get_supxlabel() == "Heights are drawn by their square root."
    ax = figure.axes[0]
    named = {float(t.get_text()): at for t, at in zip(ax.get_zticklabels(), ax.get_zticks(), strict=True)}
    values = np.array(list(named))
    np.testing.assert_allclose(
        np.array(list(named.values())), np.sqrt(values / values.max()) * named[values.max()], rtol=0.02
    )
    assert not draw(mountain_figure(scene(bowl))).get_supxlabel()


def test_a_wall_hides_what_lies_behind_it():
    surface = np.zeros((51, 51))
    surface[:, 25] = 1.0
    points = np.array([[0.3, 0.5, 0.01], [0.7, 0.5, 0.01], [0.1, 0.5, 0.01], [0.3, 0.5, 0.9]])
    # The eye stands beyond the wall, 45 degrees above the plane.
    eye = np.array([1.0, 0.0, 1.0])
    np.testing.assert_array_equal(hidden(points, surface, eye), [True, False, True, False])
    # From high above nothing is hidden, and from the other side the other point is.
    assert not hidden(points, surface, np.array([0.01, 0.0, 1.0])).any()
    np.testing.assert_array_equal(hidden(points, surface, -eye * [1, 1, -1]), [False, True, False, False])


def test_a_hole_is_left_out():
    drawn = scene(half_plane, hikers=2, size=41)
    (ax,) = draw(mountain_figure(drawn)).axes
    surface = next(c for c in ax.collections if isinstance(c, Poly3DCollection))
    opacity = surface.get_facecolor()[:, 3]
    cells = drawn.height[:-1, :-1] + drawn.height[1:, :-1] + drawn.height[:-1, 1:] + drawn.height[1:, 1:]
    assert np.sum(opacity == 0) == np.sum(np.isnan(cells)) > 0


@pytest.mark.parametrize(
    "drawn",
    [
        scene(bowl, hikers=0, size=21),
        scene(level, hikers=1, size=21),
        dataclasses.replace(scene(bowl, size=21), height=np.full((21, 21), np.nan)),
        dataclasses.replace(scene(bowl, size=21), x=np.linspace(-3e5, 3e5, 21)),
        scene(bowl, hikers=40, rate=0.5, size=21, note="The plane holds half of it.", title="a$"),
    ],
    ids=["no hikers", "plain", "nothing defined", "long window", "diverging"],
)
def test_every_scene_can_be_drawn_without_a_warning(drawn):
    draw(mountain_figure(drawn))


def test_a_users_own_axes():
    figure = Figure()
    ax = figure.add_subplot(projection="3d")
    assert mountain_figure(scene(bowl, size=21), ax=ax, elevation=20.0, azimuth=10.0) is figure
    assert (ax.elev, ax.azim) == (20.0, 10.0)

import dataclasses
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from landscapes import WINDOWS, bowl, flat, half_plane, himmelblau, level, rosenbrock, saddle, scene, waves
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from talweg.errors import ConfigError, RunFolderError
from talweg.record.scene import Minimum, Scene
from talweg.view.save import save_figure
from talweg.view.scenes.contours import label_places
from talweg.view.scenes.figures import comparison_figure, landscape_figure
from talweg.view.scenes.hikers import LOOKS
from talweg.view.scenes.terrain import height_scale
from talweg.view.style import DOT, TRAIL

pytestmark = pytest.mark.filterwarnings("error")
ARRIVED = (Minimum((-1.3, 0.0), -0.8, 4, "lowest"), Minimum((1.3, 2.6), 0.06, 2, "local"))


def lines(ax: Axes, color: str) -> list[Line2D]:
    return [line for line in ax.lines if line.get_color() == color]


def dots(ax: Axes) -> list[Line2D]:
    """The red markers that have a place."""
    return [line for line in ax.lines if line.get_markerfacecolor() == DOT and len(line.get_xdata())]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def rgb(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def pixel(figure: Figure, ax: Axes, point: np.ndarray) -> np.ndarray:
    image = rgb(figure)
    x, y = ax.transData.transform(point)
    return image[image.shape[0] - 1 - int(y), int(x)]


def test_the_map_has_28_levels_and_every_fifth_line_is_labeled():
    drawn = scene(waves)
    ax = landscape_figure(drawn).axes[0]
    filled, thin, strong = [c for c in ax.collections if isinstance(c, ContourSet)]
    levels = height_scale(drawn.height).levels
    np.testing.assert_array_equal(filled.levels, levels)
    within = levels[(levels > drawn.height.min()) & (levels < drawn.height.max())]
    np.testing.assert_array_equal(np.sort(np.concatenate([thin.levels, strong.levels])), within)
    assert len(strong.levels) == pytest.approx(len(within) / 5, abs=1)
    assert strong.get_linewidths()[0] > thin.get_linewidths()[0]
    assert {float(text.get_text().replace("−", "-")) for text in strong.labelTexts} <= {
        round(float(at), 9) for at in strong.levels
    }
    assert len(strong.labelTexts) >= 4


def test_high_is_yellow_and_low_is_dark_blue():
    figure = landscape_figure(scene(bowl, hikers=0))
    low = pixel(figure, figure.axes[0], np.array([0.05, 0.05])).astype(int)
    high = pixel(figure, figure.axes[0], np.array([2.95, 1.95])).astype(int)
    assert high[0] > 150 < high[1]
    assert high[2] < 100
    assert low[2] > low[1]
    assert low.max() < 120


def test_trails_starts_and_dots_stand_where_the_scene_has_them():
    drawn = scene(waves, hikers=5, lengths=np.array([31, 4, 1, 12, 31]))
    ax = landscape_figure(drawn).axes[0]
    trail = lines(ax, TRAIL)[0].get_xydata()
    gaps = np.isnan(trail).any(axis=1)
    np.testing.assert_array_equal(
        trail[~gaps], np.concatenate([p[:n] for p, n in zip(drawn.paths, [31, 4, 1, 12, 31], strict=True)])
    )
    # Between two hikers there is always a gap.
    assert np.sum(np.diff(np.flatnonzero(~gaps)) > 1) == 4
    casing = next(line for line in ax.lines if line.get_color() == "white" and len(line.get_xdata()) == len(trail))
    assert casing.get_linewidth() > lines(ax, TRAIL)[0].get_linewidth()
    assert casing.get_zorder() < lines(ax, TRAIL)[0].get_zorder()
    (arrived,) = dots(ax)
    np.testing.assert_array_equal(arrived.get_xydata(), drawn.paths[np.arange(5), drawn.path_lengths - 1])
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    for circles in hollow:
        np.testing.assert_array_equal(circles.get_xydata(), drawn.paths[:, 0])
    assert len(hollow) == 2


def test_a_frame_shows_the_way_so_far():
    drawn = scene(waves, hikers=3, lengths=np.array([31, 4, 20]), kinds=("walking", "saddle", "arrived"))
    figure = landscape_figure(drawn, frame=6)
    ax = figure.axes[0]
    trail = lines(ax, TRAIL)[0].get_xydata()
    assert np.sum(~np.isnan(trail[:, 0])) == 7 + 4 + 7
    by_marker = {line.get_marker(): line.get_xydata() for line in dots(ax)}
    # On the way everyone is a circle; who has stopped says why by its shape.
    np.testing.assert_array_equal(by_marker["o"], drawn.paths[[0, 2], 6])
    np.testing.assert_array_equal(by_marker["D"], drawn.paths[[1], 3])
    assert "step 6" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("frame", [-1, 31])
def test_a_frame_that_does_not_exist_is_refused(frame):
    with pytest.raises(ValueError, match=f"frame must lie between 0 and 30, got {frame}"):
        landscape_figure(scene(waves), frame=frame)


def test_each_outcome_has_its_own_shape_and_a_word_in_the_legend():
    kinds = tuple(LOOKS)
    figure = landscape_figure(scene(bowl, hikers=len(kinds), kinds=kinds))
    assert len({line.get_marker() for line in dots(figure.axes[0])}) == len(kinds) == 6
    assert words(figure) == ["start", *(f"{look.words} (1)" for look in LOOKS.values())]


def test_an_outcome_of_a_later_version_is_still_drawn():
    figure = landscape_figure(scene(bowl, hikers=2, kinds=("tired", "arrived")))
    assert words(figure) == ["start", "arrived (1)", "still walking (1)"]


@pytest.mark.parametrize("f", [waves, himmelblau, rosenbrock, half_plane], ids=lambda f: f.__name__)
def test_dots_are_visible_over_every_color(f):
    left, right, bottom, top = WINDOWS[f]
    x, y = np.meshgrid(np.linspace(left, right, 7)[1:-1], np.linspace(bottom, top, 7)[1:-1])
    points = np.column_stack([x.ravel(), y.ravel()])
    drawn = dataclasses.replace(
        scene(f, hikers=len(points), steps=0, rate=0.0),
        paths=points[:, None],
        minima=(Minimum((x[0, 0], y[0, 0]), 0.0, 1),),
    )
    figure = landscape_figure(drawn)
    ax = figure.axes[0]
    image = rgb(figure)
    for point in points:
        across, up = ax.transData.transform(point)
        row, column = image.shape[0] - 1 - int(up), int(across)
        np.testing.assert_allclose(image[row, column], [225, 6, 0], atol=3)
        around = image[row - 9 : row + 10, column - 9 : column + 10].reshape(-1, 3).astype(int)
        assert (around.min(axis=1) > 240).sum() > 10, "a white rim"
        assert (around.max(axis=1) < 60).sum() > 10, "a thin dark ring"


def test_hikers_outside_of_the_window_stand_at_its_edge():
    drawn = scene(bowl, hikers=3, steps=2, kinds=("left", "diverged", "left"))
    paths = drawn.paths.copy()
    paths[:, -1] = [[99.0, 0.5], [np.inf, -np.inf], [-1e308, 0.0]]
    ax = landscape_figure(dataclasses.replace(drawn, paths=paths)).axes[0]
    places = np.concatenate([line.get_xydata() for line in dots(ax)])
    assert {tuple(place) for place in places} == {(3.0, 0.5), (3.0, -2.0), (-3.0, 0.0)}
    assert ax.get_xlim() == (-3.0, 3.0)
    assert ax.get_ylim() == (-2.0, 2.0)


def test_a_hole_is_hatched_and_named():
    figure = landscape_figure(scene(half_plane, hikers=2))
    ax = figure.axes[0]
    assert ax.patch.get_hatch() == "///"
    assert words(figure)[-1] == "not defined"
    assert landscape_figure(scene(waves)).axes[0].patch.get_hatch() is None
    # Nothing is painted over the hole but its own hatching.
    color = pixel(figure, ax, np.array([-0.5, -1.03])).astype(int)
    assert np.ptp(color) == 0


def test_minima_are_marked_and_the_lowest_is_told_apart():
    drawn = scene(
        waves, minima=(*ARRIVED, Minimum((99.0, 0.0), 3.0, 0, "local"), Minimum((1.0, 0.0), 0.9, 0, "saddle"))
    )
    figure = landscape_figure(drawn)
    marks = {
        line.get_marker(): tuple(line.get_xydata()[0])
        for line in figure.axes[0].lines
        if line.get_markerfacecolor() == "white" and line.get_marker() in "*Pd"
    }
    assert marks == {"*": (-1.3, 0.0), "P": (1.3, 2.6), "d": (1.0, 0.0)}
    assert words(figure)[-3:] == ["lowest found: −0.8", "local minimum", "saddle"]


def test_color_bar_names_strong_levels_in_the_heights_own_units():
    drawn = scene(himmelblau, height_label="training loss")
    bar = landscape_figure(drawn).axes[1]
    assert bar.get_ylabel() == "training loss"
    scale = height_scale(drawn.height)
    named = [float(label.get_text()) for label in bar.get_yticklabels()]
    np.testing.assert_allclose(named, scale.levels[1:-1][scale.strong[1:-1]], rtol=0.02)


def test_words_of_the_scene_are_on_the_map_as_they_are():
    drawn = scene(
        bowl,
        title="cost in $ of $x",
        axis_labels=("a$b$", "second"),
        note="The plane holds 26 % of the movement.",
    )
    figure = landscape_figure(drawn)
    ax = figure.axes[0]
    assert ax.get_title(loc="left").replace(r"\$", "$") == "cost in $ of $x"
    assert ax.get_xlabel().replace(r"\$", "$") == "a$b$"
    assert any("26 %" in text.get_text() for text in ax.texts)
    rgb(figure)


def test_a_long_title_is_shortened_not_cut_off():
    figure = landscape_figure(scene(bowl, title="sin(x)*cos(y) + " * 40))
    rgb(figure)
    box = figure.axes[0].title if figure.axes[0].title.get_text() else figure.axes[0]._left_title
    assert "…" in box.get_text()
    assert box.get_window_extent().x1 <= figure.bbox.width


@pytest.mark.parametrize("f", [waves, half_plane, rosenbrock, flat], ids=lambda f: f.__name__)
def test_nothing_is_cut_off_and_no_legend_lies_on_the_map(f):
    figure = landscape_figure(scene(f, hikers=4, note="A note. " * 20, title="f", minima=ARRIVED))
    rgb(figure)
    renderer = figure.canvas.get_renderer()
    for ax in figure.axes:
        box = ax.get_tightbbox(renderer)
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height + 1
    legend = figure.legends[0].get_window_extent(renderer)
    note = next(text for text in figure.axes[0].texts if "A note" in text.get_text()).get_window_extent(renderer)
    assert legend.y0 >= 0
    assert legend.y1 <= note.y0 + 1
    assert note.y1 <= figure.axes[0].xaxis.label.get_window_extent(renderer).y0 + 1


def test_labels_of_contours_keep_off_dots_edges_and_each_other():
    drawn = scene(waves, minima=ARRIVED)
    ring = np.column_stack([2 * np.cos(np.linspace(0, 6.3, 90)), 2 * np.sin(np.linspace(0, 6.3, 90))])
    edge = np.column_stack([np.linspace(-4, 4, 50), np.full(50, 3.99)])
    places = np.array(label_places([ring, 1.2 * ring, 0.01 * ring, edge], drawn))
    # The tiny ring and the line along the edge have no room.
    assert len(places) == 2
    assert np.hypot(*(places[0] - places[1])) > 0.05 * 8
    for minimum in ARRIVED:
        assert np.hypot(*(places - minimum.point).T).min() > 0.05 * 8


@pytest.mark.parametrize(
    "drawn",
    [
        scene(bowl, hikers=0),
        scene(bowl, hikers=0, steps=0),
        scene(bowl, hikers=1, steps=0),
        scene(level, hikers=2),
        scene(flat, hikers=2),
        scene(waves, hikers=300, steps=3),
        scene(saddle, hikers=4, rate=0.4, steps=60),
        dataclasses.replace(scene(bowl, hikers=2), path_lengths=np.array([0, 5])),
        dataclasses.replace(scene(bowl), height=np.full((41, 41), np.nan)),
        dataclasses.replace(scene(bowl), height=np.logspace(-12, 12, 41 * 41).reshape(41, 41)),
        dataclasses.replace(scene(bowl), height=scene(bowl).height.astype(np.float32)),
        dataclasses.replace(scene(bowl), x=np.linspace(0, 1, 41) ** 3 * 6 - 3),
        dataclasses.replace(scene(bowl), x=np.linspace(-3e5, 3e5, 41)),
        dataclasses.replace(scene(bowl), height=np.where(scene(bowl).height > 5, np.inf, scene(bowl).height)),
    ],
    ids=[
        "no hikers",
        "no frames",
        "one",
        "plain",
        "flat",
        "crowd",
        "diverging",
        "undefined start",
        "nothing defined",
        "huge range",
        "float32",
        "uneven grid",
        "long window",
        "infinite",
    ],
)
def test_every_scene_can_be_drawn_without_a_warning(drawn: Scene):
    assert rgb(landscape_figure(drawn)).std() > 5


def test_without_hikers_there_is_no_legend():
    assert not landscape_figure(scene(bowl, hikers=0)).legends
    assert not landscape_figure(scene(bowl), legend=False).legends


def test_basins_color_the_plane_by_the_minimum_reached():
    drawn = scene(waves, minima=ARRIVED, hikers=2)
    basins = np.where(drawn.x[None, :] + 0 * drawn.y[:, None] < 0, 0, 1)
    basins[:5] = -1
    figure = landscape_figure(dataclasses.replace(drawn, basins=basins), basins=True)
    ax = figure.axes[0]
    # No bar: color does not mean height.
    assert len(figure.axes) == 1
    assert words(figure)[-3:] == ["1: lowest found, −0.8", "2: local minimum, 0.06", "no minimum"]
    assert {"1", "2"} <= {text.get_text() for text in ax.texts}
    image = ax.images[0].get_array()
    assert image.shape == (41, 41, 4)
    hue = image[20, [5, 35], :3] / image[20, [5, 35], :3].max(axis=1, keepdims=True)
    assert np.abs(hue[0] - hue[1]).max() > 0.2
    assert np.ptp(image[2, 10, :3]) == pytest.approx(0)


def test_basins_must_be_there():
    with pytest.raises(ValueError, match="has no basins"):
        landscape_figure(scene(waves), basins=True)


def test_a_map_can_be_drawn_on_a_users_own_axes():
    figure = Figure(figsize=(12, 5))
    left, right = figure.subplots(1, 2)
    assert landscape_figure(scene(bowl), ax=left) is figure
    assert not right.collections
    assert left.get_legend() is not None
    nested = figure.subfigures(1, 1).subplots()
    assert landscape_figure(scene(bowl), ax=nested) is figure


def test_optimizers_side_by_side_share_one_scale():
    scenes = [scene(himmelblau, rate=rate, kinds=kinds) for rate, kinds in [(0.001, None), (0.004, ("walking",) * 6)]]
    figure = comparison_figure(scenes, ["gd", "momentum"])
    first, second = figure.axes[:2]
    assert [ax.get_title(loc="left").strip() for ax in (first, second)] == ["gd", "momentum"]
    assert first.get_xlim() == second.get_xlim()
    levels = [next(c for c in ax.collections if isinstance(c, ContourSet)).levels for ax in (first, second)]
    np.testing.assert_array_equal(*levels)
    summaries = [text.get_text() for ax in (first, second) for text in ax.texts]
    assert "6 of 6 arrived, median 30 steps" in summaries
    assert "0 of 6 arrived" in summaries
    assert words(figure) == ["start", "arrived", "still walking"]


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3)), (9, (3, 4))])
def test_a_comparison_fills_rows(count, grid):
    figure = comparison_figure([scene(bowl, hikers=1, size=11)] * count, ["a"] * count)
    specs = [ax.get_subplotspec() for ax in figure.axes if ax.get_subplotspec() and ax.get_xlabel()]
    assert len([spec for spec in specs if spec]) == count
    assert specs[0].get_gridspec().get_geometry() == grid


def test_a_comparison_needs_a_label_for_each_scene():
    with pytest.raises(ValueError, match="as many labels as scenes and at least one, got 1 and 2"):
        comparison_figure([scene(bowl), scene(bowl)], ["gd"])
    with pytest.raises(ValueError, match="got 0 and 0"):
        comparison_figure([], [])


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_scene_gives_the_same_bytes_whatever_the_users_settings(tmp_path, suffix):
    first = save_figure(
        landscape_figure(scene(waves, size=21)), tmp_path / f"deep/folder/one{suffix}", dpi=70
    ).read_bytes()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.hashsalt": None, "lines.linewidth": 9}):
        before = dict(mpl.rcParams)
        second = save_figure(landscape_figure(scene(waves, size=21)), tmp_path / f"two{suffix}", dpi=70).read_bytes()
        assert dict(mpl.rcParams) == before
    assert first == second
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [f"two{suffix}"]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "map.png"
    path.write_bytes(b"old")

    def full(self, name, **how):
        name.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(RunFolderError, match="could not be written: no space left"):
        save_figure(Figure(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.png or \.svg or \.pdf, not in 'map\.bmp'"):
        save_figure(Figure(), tmp_path / "map.bmp")


def test_importing_the_room_is_cheap_and_drawing_needs_neither_pyplot_nor_jax():
    code = """
import sys
import talweg.view
assert not {"matplotlib", "PIL", "numpy"} & set(sys.modules)
import talweg.view.scenes.animation, talweg.view.charts.curves, talweg.view.scenes.mountain, talweg.view.charts.sketch
print(sorted({"matplotlib.pyplot", "jax", "equinox", "imageio_ffmpeg"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_scatter_hides_in_the_map():
    """Dots are few lines of many markers: a collection for each hiker would make animations slow."""
    ax = landscape_figure(scene(waves, hikers=300, steps=3)).axes[0]
    assert not any(isinstance(child, PathCollection) for child in ax.collections)
    assert len(ax.lines) < 12

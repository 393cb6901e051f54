import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from landscapes import WINDOWS, bowl, flat, half_plane, himmelblau, rosenbrock, saddle, surface, waves
from scipy.interpolate import RegularGridInterpolator

from talweg.view.scenes.terrain import (
    LEVELS,
    basin_image,
    height_at,
    height_scale,
    hillshade,
    level_labels,
    wants_log,
)

pytestmark = pytest.mark.filterwarnings("error")
HEIGHTS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-1e3, 1e3),
    st.sampled_from([0.0, 1e-12, 1e12, -1e-300, 1e300, 5.0]),
)


@pytest.mark.parametrize("f", list(WINDOWS), ids=lambda f: f.__name__)
def test_there_are_28_levels_and_they_hold_every_height(f):
    height = surface(f)[2]
    levels = height_scale(height).levels
    assert len(levels) == LEVELS + 1 == 29
    assert np.all(np.diff(levels) > 0)
    assert levels[0] <= np.nanmin(height)
    assert levels[-1] >= np.nanmax(height)


@pytest.mark.parametrize(
    ("f", "logarithmic"),
    [
        (waves, False),
        (bowl, False),
        (saddle, False),
        (half_plane, False),
        (flat, False),
        (himmelblau, True),
        (rosenbrock, True),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_the_logarithm_is_taken_where_the_range_asks_for_it(f, logarithmic):
    height = surface(f)[2]
    assert height_scale(height).logarithmic is logarithmic
    # What is drawn depends neither on the unit of the height nor on where it counts from.
    assert height_scale(1e-6 * height).logarithmic is logarithmic
    assert height_scale(height - 7.0).logarithmic is logarithmic


def test_even_levels_are_multiples_of_a_short_step_and_every_fifth_is_strong():
    scale = height_scale(surface(waves)[2])
    step = np.diff(scale.levels)
    np.testing.assert_allclose(step, step[0])
    assert float(f"{step[0]:.2g}") == pytest.approx(step[0])
    assert np.all(np.diff(np.flatnonzero(scale.strong)) == 5)
    fives = scale.levels[scale.strong] / (5 * step[0])
    np.testing.assert_allclose(fives, np.round(fives), atol=1e-9)


def test_even_levels_waste_little_of_the_colors():
    height = surface(waves)[2]
    levels = height_scale(height).levels
    assert np.ptp(levels) < 1.2 * np.ptp(height)


def test_a_huge_range_is_shared_evenly_among_the_decades():
    height = np.logspace(-12, 12, 2500).reshape(50, 50)
    scale = height_scale(height)
    assert scale.logarithmic
    inner = np.log10(scale.levels[1:])
    assert inner[0] < -11.5
    assert inner[-1] == pytest.approx(12)
    np.testing.assert_allclose(np.diff(inner), np.diff(inner).mean(), atol=0.1)


def test_rosenbrock_shows_its_valley():
    """Of 28 levels of a logarithmic height at least ten lie in the lowest hundredth of the range."""
    levels = height_scale(surface(rosenbrock)[2]).levels
    assert np.sum(levels < 25) >= 10


def test_poles_do_not_take_all_levels():
    x, y = np.meshgrid(np.linspace(-4, 4, 200), np.linspace(-4, 4, 200))
    height = 1e6 / x**9 + y
    levels = height_scale(height).levels
    assert levels[0] <= height.min()
    assert levels[-1] >= height.max()
    assert np.ptp(levels[1:-1]) < 0.2 * np.ptp(height)


@pytest.mark.parametrize("value", [0.0, 2.0, -3.5, 1e12, 1e-300, 1e300, -1e308])
def test_a_plain_has_levels_around_it(value):
    scale = height_scale(np.full((5, 5), value))
    assert not scale.logarithmic
    assert scale.levels[0] <= max(value, -1e300) <= scale.levels[-1]
    assert np.all(np.diff(scale.levels) > 0)


def test_rounding_noise_is_a_plain():
    noise = 1e6 * (1 + 1e-15 * np.random.default_rng(0).normal(size=(20, 20)))
    levels = height_scale(noise).levels
    assert np.ptp(levels) > 1e5


def test_nothing_defined_still_has_a_scale():
    assert len(height_scale(np.full((4, 4), np.nan)).levels) == LEVELS + 1


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=HEIGHTS))
def test_any_surface_has_a_sound_scale(height):
    scale = height_scale(height)
    assert len(scale.levels) == LEVELS + 1
    assert np.all(np.diff(scale.levels) > 0)
    finite = np.clip(height[np.isfinite(height)], -1e300, 1e300)
    assert np.all((finite >= scale.levels[0]) & (finite <= scale.levels[-1]))
    elevation = scale.elevation(np.sort(finite))
    assert np.all((elevation >= 0) & (elevation <= 1))
    assert np.all(np.diff(elevation) >= 0)
    assert np.isnan(scale.elevation(np.array([np.nan, np.inf]))).all()
    labels, _ = level_labels(scale)
    assert len(labels) == LEVELS + 1
    assert all(labels)


@pytest.mark.parametrize("f", [waves, himmelblau, rosenbrock, bowl, flat], ids=lambda f: f.__name__)
def test_strong_levels_have_different_short_labels(f):
    scale = height_scale(surface(f)[2])
    labels, above = level_labels(scale)
    strong = [labels[i] for i in np.flatnonzero(scale.strong)]
    assert len(set(strong)) == len(strong)
    assert max(map(len, strong)) <= 11
    assert (above != 0) == (f is flat)


def test_labels_of_a_tiny_range_far_from_zero_count_from_its_foot():
    scale = height_scale(surface(flat)[2])
    labels, above = level_labels(scale)
    assert above == scale.levels[0]
    assert all(label.startswith("+") for label in labels)


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([1.0, 200.0], True),
        ([1.0, 50.0], False),
        ([0.0, 200.0], False),
        ([-1.0, 1000000.0], False),
        ([1.0, np.nan, 10000.0, np.inf], True),
        ([np.nan], False),
    ],
)
def test_an_axis_is_logarithmic_for_positive_values_far_apart(values, log):
    assert wants_log(np.array(values)) is log


def test_flat_ground_has_no_shade():
    assert not hillshade(np.full((6, 6), 0.3)).any()


def test_light_comes_from_the_north_west():
    across, up = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 9))
    facing = hillshade(across - up)
    turned = hillshade(up - across)
    # A slope that rises to the south-east faces the light: white; the other way around it is dark.
    assert np.all(facing[..., 0] == 1)
    assert np.all(turned[..., 0] == 0)
    assert np.all(facing[..., 3] > 0.02)
    assert np.all(turned[..., 3] > facing[..., 3])
    assert turned[..., 3].max() <= 0.42


def test_holes_stay_clear():
    height = surface(half_plane)[2]
    shade = hillshade(height_scale(height).elevation(height))
    assert not shade[np.isnan(height)].any()
    assert shade[..., 3].max() > 0.1
    assert np.isfinite(shade).all()


def test_height_between_grid_points_agrees_with_scipy():
    x, y, height = surface(himmelblau, 25)
    points = np.random.default_rng(1).uniform(-6, 6, (200, 2))
    known = RegularGridInterpolator((y, x), height, bounds_error=False)(points[:, ::-1])
    np.testing.assert_allclose(height_at(x, y, height, points), known)
    assert np.isnan(known).any()
    # The grid's own points, its upper edges included, are met exactly.
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    np.testing.assert_allclose(height_at(x, y, height, grid), height)


def test_basins_keep_their_hue_and_are_darker_where_it_is_lower():
    colors = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    basins = np.array([[0, 1], [2, -1]])
    elevation = np.array([[1.0, 0.0], [0.5, np.nan]])
    image = basin_image(basins, elevation, colors)
    np.testing.assert_allclose(image[0, 0], [1, 0, 0, 1])
    np.testing.assert_allclose(image[0, 1], [0, 0, 0.72, 1])
    np.testing.assert_allclose(image[1, 0], [0.86, 0, 0, 1])
    np.testing.assert_allclose(image[1, 1], 0)

import dataclasses
import itertools
import json
import zlib
from base64 import b64decode

import contract
import numpy as np
import pytest
import walks
from hypothesis import given, strategies as st

from talweg.record.scene import Scene
from talweg.view.scenes.packing import MAX_POINTS, MAX_SIDE, pack_scene


def unpack(packed):
    """The arrays of a packed scene, by a second implementation: straight from the description."""
    raw, arrays, at = zlib.decompress(b64decode(packed["bytes"])), {}, 0
    for entry in packed["arrays"]:
        kind = np.dtype("<" + entry["type"])
        size = entry["count"] * kind.itemsize
        planes = np.frombuffer(raw[at : at + size], np.uint8).reshape(kind.itemsize, entry["count"])
        values = np.ascontiguousarray(planes.T).view(kind).ravel()
        if entry["subtracted"]:
            values = np.cumsum(values, dtype=kind)
        arrays[entry["name"]] = values.astype(np.float64) + entry["offset"] if kind.kind == "f" else values
        at += size
    assert at == len(raw)
    return arrays


def line(points=5, *, x=None, height=None, **changes):
    """One hiker on a straight line across a bowl."""
    x = np.linspace(-1, 1, 21) if x is None else x
    path = np.linspace((-0.9, -0.9), (0.5, 0.5), points)
    bowl = Scene(
        x=x, y=x, height=np.add.outer(x**2, x**2) if height is None else height,
        paths=path[None], path_heights=(path**2).sum(axis=1)[None], path_lengths=np.array([points]),
        outcomes=("arrived",), outcome_kinds=("arrived",), frames=np.arange(points),
    )  # fmt: skip
    return dataclasses.replace(bowl, **changes)


def test_the_browsers_tests_read_what_python_packs_today():
    """The committed contract is today's: `python tests/view/contract.py` writes it anew."""
    kept, today = json.loads(contract.FILE.read_text()), contract.contract()
    for name, array in unpack(today["packed"]).items():
        np.testing.assert_array_equal(unpack(kept["packed"])[name], array, err_msg=name)
    # Compressed bytes may differ between versions of zlib.
    for each in (kept, today):
        del each["packed"]["bytes"]
    assert json.loads(json.dumps(today)) == kept


def test_places_come_back_to_a_65535th_of_three_windows():
    scene = line(200)
    places = unpack(pack_scene(scene))["paths"].reshape(2, -1)
    back = -3 + places / 65_535 * 6
    np.testing.assert_allclose(back.T, scene.paths[0], atol=0.51 * 6 / 65_535)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
def test_losses_keep_five_digits_above_their_lowest_whatever_their_offset(offset, scale):
    scene = line(50)
    losses = offset + scale * scene.path_heights
    back = unpack(pack_scene(dataclasses.replace(scene, path_heights=losses)))["losses"]
    lowest = losses.min()
    np.testing.assert_allclose(back - lowest, losses[0] - lowest, rtol=2**-17, atol=1e-12 * (abs(offset) + scale))


def test_heights_that_differ_in_the_tenth_digit_stay_apart():
    x = np.linspace(-1, 1, 21)
    height = 1e6 + 1e-4 * np.add.outer(x**2, x**2)
    back = unpack(pack_scene(line(height=height)))["height"].reshape(21, 21)
    np.testing.assert_allclose(back, height, rtol=0, atol=3e-10)


def test_infinite_heights_are_holes_and_huge_ones_stay_finite():
    height = np.ones((21, 21))
    height[0, 0], height[0, 1], height[5, 5] = np.inf, np.nan, 1e200
    back = unpack(pack_scene(line(height=height)))["height"].reshape(21, 21)
    assert np.isnan(back[0, 0])
    assert np.isnan(back[0, 1])
    assert np.isfinite(back[5, 5])
    assert np.isfinite(back).sum() == 21 * 21 - 2


def test_a_large_grid_is_thinned_and_a_bent_axis_straightened():
    x = np.linspace(0, 2, 700) ** 2
    height = np.add.outer(2 * x, x)
    packed = pack_scene(line(x=x, height=height))
    assert packed["size"] == [MAX_SIDE, MAX_SIDE]
    assert packed["window"] == [0, 0, 4, 4]
    even = np.linspace(0, 4, MAX_SIDE)
    back = unpack(packed)["height"].reshape(MAX_SIDE, MAX_SIDE)
    np.testing.assert_allclose(back, np.add.outer(2 * even, even), rtol=1e-5)


def test_basins_follow_the_grid():
    x = np.linspace(0, 1, 500)
    basins = np.where(np.add.outer(x, x) > 1, 3, -1)
    back = unpack(pack_scene(line(x=x, height=np.zeros((500, 500)), basins=basins)))["basins"]
    even = np.linspace(0, 1, MAX_SIDE)
    share = np.mean(back.reshape(MAX_SIDE, -1) == np.where(np.add.outer(even, even) > 1, 3, -1))
    assert share > 0.99
    assert set(back) == {-1, 3}


def test_long_paths_are_thinned_and_keep_their_ends():
    scene = walks.crowd(hikers=40, steps=5000)
    short = np.arange(40) * 100 + 1
    packed = pack_scene(dataclasses.replace(scene, path_lengths=short))
    arrays = unpack(packed)
    frames = arrays["frames"]
    assert frames[0] == 0
    assert frames[-1] == 5000
    assert len(frames) * 40 <= MAX_POINTS
    begins = np.cumsum([0] + [hiker["frames"] for hiker in packed["hikers"]])
    x = -15 + arrays["paths"][: begins[-1]] / 65_535 * 30
    for hiker, (begin, end) in enumerate(itertools.pairwise(begins)):
        path = scene.paths[hiker, : short[hiker]]
        assert x[begin] == pytest.approx(path[0, 0], abs=3e-4)
        assert x[end - 1] == pytest.approx(path[-1, 0], abs=3e-4)
        # It stands still from the first kept frame at or after its end.
        assert frames[end - begin - 1] >= short[hiker] - 1
        assert packed["hikers"][hiker]["last"] == short[hiker] - 1
        assert packed["hikers"][hiker]["end"] == pytest.approx(list(path[-1]), rel=1e-15)


def test_a_path_ends_before_its_first_point_that_is_not_finite():
    scene = line(5)
    scene.paths[0, 3] = [np.inf, 0]
    (hiker,) = pack_scene(scene)["hikers"]
    assert hiker["frames"] == 3
    assert hiker["end"] == pytest.approx(list(scene.paths[0, 2]))


def test_a_loss_that_is_not_finite_is_none_in_words():
    scene = line(5)
    scene.path_heights[0, -1] = np.inf
    packed = pack_scene(scene)
    assert packed["hikers"][0]["value"] is None
    json.dumps(packed, allow_nan=False)


def test_far_away_points_keep_the_direction_of_the_way_there():
    scene = line(3)
    scene.paths[0] = [[0, 0], [0.5, 0.25], [1e9, 0.5e9]]
    x, y = -3 + unpack(pack_scene(scene))["paths"].reshape(2, 3) / 65_535 * 6
    assert x[2] == pytest.approx(3, abs=1e-3)
    assert y[2] == pytest.approx(1.5, abs=1e-3)


@pytest.mark.parametrize("hikers", [0, 3])
@pytest.mark.parametrize("height", [np.zeros((21, 21)), np.full((21, 21), np.nan)])
def test_flat_landscapes_nothing_but_holes_and_nobody_there(hikers, height):
    frames = 4 if hikers else 0
    empty = {
        "paths": np.full((hikers, frames, 2), np.nan),
        "path_heights": np.full((hikers, frames), np.nan),
        "path_lengths": np.zeros(hikers, dtype=int),
        "outcomes": ("never started",) * hikers,
        "outcome_kinds": ("undefined",) * hikers,
        "frames": np.arange(frames),
    }
    packed = pack_scene(line(height=height, **empty))
    json.dumps(packed, allow_nan=False)
    assert [hiker["start"] for hiker in packed["hikers"]] == [None] * hikers
    assert unpack(packed)["paths"].size == 0

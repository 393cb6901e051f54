import dataclasses
import itertools
import re
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from landscapes import half_plane, himmelblau, scene, waves
from PIL import Image

from talweg.errors import ConfigError, MissingExtraError
from talweg.record.scene import Minimum
from talweg.view.scenes.animation import _film, chosen_frames, save_gif, save_mp4

pytestmark = pytest.mark.filterwarnings("error")
RED = np.array([225, 6, 0])


def frames(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """Each frame's pixels and milliseconds."""
    pixels, times = [], []
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        for number in range(image.n_frames):
            image.seek(number)
            pixels.append(np.asarray(image.convert("RGB")).astype(int))
            times.append(image.info["duration"])
    return pixels, times


def red(pixels: np.ndarray) -> np.ndarray:
    return (pixels == RED).all(axis=-1)


def test_a_gif_has_the_frames_asked_for_in_one_size_and_one_palette(tmp_path):
    drawn = scene(waves, hikers=4, steps=40, size=31)
    calls = []
    path = save_gif(
        drawn,
        tmp_path / "new/way.gif",
        frames=12,
        dpi=50,
        seconds=1.2,
        hold=2.0,
        progress=lambda *c: calls.append(c),
    )
    pixels, times = frames(path)
    assert len(pixels) == 12
    assert {frame.shape for frame in pixels} == {pixels[0].shape}
    assert times == [100] * 11 + [2000]
    assert calls == [(count, 12) for count in range(1, 13)]
    # One palette of at most 256 colors serves all frames.
    assert len(np.unique(np.stack(pixels) @ [1, 256, 65536])) <= 256
    assert local_color_tables(path.read_bytes()) == 0
    assert list(tmp_path.glob("new/*")) == [path]


def local_color_tables(data: bytes) -> int:
    """How many frames of a GIF carry a palette of their own, read from the file's blocks."""
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 128 else 0)
    tables = 0
    while data[at] != 0x3B:
        if data[at] == 0x21:
            at += 2
        else:
            flags = data[at + 9]
            tables += flags >> 7
            at += 10 + (3 << ((flags & 7) + 1) if flags & 128 else 0) + 1
        while data[at]:
            at += 1 + data[at]
        at += 1
    return tables


def test_what_does_not_move_stays_the_same_and_the_dots_move(tmp_path):
    drawn = scene(himmelblau, hikers=3, steps=30, rate=0.005, size=31, minima=(Minimum((3.0, 2.0), 0.0, 3, "lowest"),))
    pixels, _ = frames(save_gif(drawn, tmp_path / "way.gif", frames=10, dpi=60))
    changed = np.zeros(pixels[0].shape[:2], dtype=bool)
    for before, after in itertools.pairwise(pixels):
        changed |= (before != after).any(axis=-1)
    assert 0.001 < changed.mean() < 0.25
    # White paper stays white, dots are of their own red and are somewhere else at the end.
    assert (pixels[-1][:3] == 255).all()
    assert red(pixels[0]).sum() > 20
    assert red(pixels[0]).sum() != (red(pixels[0]) & red(pixels[-1])).sum()


def test_the_same_scene_gives_the_same_bytes(tmp_path):
    drawn = scene(waves, hikers=2, steps=5, size=21)
    one, two = (save_gif(drawn, tmp_path / name, dpi=40).read_bytes() for name in ("a.gif", "b.gif"))
    assert one == two


def test_fewer_steps_than_frames_give_a_frame_for_each(tmp_path):
    drawn = scene(waves, hikers=2, steps=30, lengths=np.array([4, 6]), size=21)
    pixels, times = frames(save_gif(drawn, tmp_path / "short.gif", dpi=40))
    assert len(pixels) == 6
    assert times[:-1] == [500] * 5


@pytest.mark.parametrize("hikers", [0, 1])
def test_nobody_and_one_who_stands_still(tmp_path, hikers):
    path = save_gif(scene(half_plane, hikers=hikers, steps=0, size=21), tmp_path / "still.gif", dpi=40)
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 1


def test_several_scenes_side_by_side(tmp_path):
    scenes = [scene(waves, hikers=2, steps=steps, size=21) for steps in (4, 9)]
    pixels, _ = frames(save_gif(scenes, tmp_path / "pair.gif", labels=["gd", "adam"], dpi=40))
    assert len(pixels) == 10
    assert pixels[0].shape[1] > 1.3 * pixels[0].shape[0]
    half = pixels[0].shape[1] // 2
    moved = [(before != after).any(axis=-1) for before, after in itertools.pairwise(pixels)]
    # The first descent ends after four steps, the second goes on.
    assert not any(frame[:, : half - 20].any() for frame in moved[4:])
    assert all(frame[:, half:].any() for frame in moved)


def test_basins_can_be_animated(tmp_path):
    drawn = scene(waves, hikers=2, steps=3, size=21, minima=(Minimum((-1.3, 0.0), -0.8, 2, "lowest"),))
    drawn = dataclasses.replace(drawn, basins=np.zeros((21, 21), dtype=np.int64))
    assert len(frames(save_gif(drawn, tmp_path / "basins.gif", basins=True, dpi=40))[0]) == 4


@pytest.mark.parametrize("save", [save_gif, save_mp4])
def test_an_animation_that_is_broken_off_leaves_the_old_file_whole(tmp_path, save):
    path = tmp_path / f"way.{save.__name__[-3:]}"
    path.write_bytes(b"old")

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(scene(waves, hikers=1, steps=5, size=21), path, dpi=40, progress=stop)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_is_an_mp4_of_25_frames_a_second(tmp_path):
    drawn = scene(waves, hikers=3, steps=9, size=21)
    path = save_mp4(drawn, tmp_path / "way.mp4", seconds=1.6, hold=1.0, dpi=51)
    assert path.read_bytes()[4:12] == b"ftypisom"
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    # Nine pictures of 0.16 seconds and one of a second.
    assert count == 9 * 4 + 25
    assert seconds == pytest.approx(2.44, abs=0.05)
    decode = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(decode, capture_output=True, check=True)
    said = done.stderr.decode()
    assert "Video: h264" in said
    assert "yuv420p" in said
    width, height = map(int, re.search(r", (\d+)x(\d+)", said).groups())
    assert width % 2 == height % 2 == 0
    pictures = np.frombuffer(done.stdout, np.uint8).reshape(count, height, width, 3)
    reddish = [((p[..., 0] > 170) & (p[..., 1:] < 90).all(axis=-1)) for p in (pictures[0], pictures[-1])]
    assert all(mask.sum() > 20 for mask in reddish)
    assert (reddish[0] != reddish[1]).any()
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_that_the_encoder_cannot_write_says_why(tmp_path):
    ffmpeg, nowhere = imageio_ffmpeg.get_ffmpeg_exe(), tmp_path / "gone" / "way.mp4"

    def shoot() -> None:
        with _film(ffmpeg, nowhere, (16, 16)) as film:
            for _ in range(1000):
                film.write(bytes(16 * 16 * 3))

    with pytest.raises(ConfigError, match=r"the film could not be written: .*No such file or directory"):
        shoot()


def test_without_the_extra_a_film_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtraError, match=r"an MP4 needs .* pip install 'talweg\[mp4\]'"):
        save_mp4(scene(waves, hikers=1, steps=1), tmp_path / "way.mp4")
    assert not list(tmp_path.iterdir())


def test_endings_are_checked_before_anything_is_drawn(tmp_path):
    with pytest.raises(ConfigError, match=r"must end in \.gif, not in 'way\.mp4'"):
        save_gif(scene(waves), tmp_path / "way.mp4")
    with pytest.raises(ConfigError, match=r"must end in \.mp4, not in 'way'"):
        save_mp4(scene(waves), tmp_path / "way")


@settings(deadline=None)
@given(st.integers(0, 5000), st.integers(1, 300))
def test_chosen_frames_rise_from_the_first_to_the_last_and_thin_out(last, count):
    chosen = chosen_frames(last, count)
    assert len(chosen) == min(count, last + 1)
    assert chosen[-1] == last
    gaps = np.diff(chosen)
    assert np.all(gaps >= 1)
    if count > 1:
        assert chosen[0] == 0
        # Rounding aside, gaps only grow: what is early and fast is seen most closely.
        assert np.all(np.diff(gaps) >= -1)


def test_at_least_one_frame():
    with pytest.raises(ValueError, match="at least 1 frame, got 0"):
        chosen_frames(5, 0)

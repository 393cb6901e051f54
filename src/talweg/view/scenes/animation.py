"""Hikers in motion: GIF and MP4 of a map, or of several side by side. How a map looks is decided in `maps`.

The terrain is drawn once; for each frame only trails, dots and the counter are drawn over a copy of it.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from jaxtyping import Int
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from talweg.errors import ConfigError, MissingExtraError
from talweg.record.scene import Scene
from talweg.view.save import replacing
from talweg.view.scenes.figures import draw_comparison, draw_landscape
from talweg.view.scenes.maps import Map, show_map_frame
from talweg.view.style import DOT, INK, TRAIL, styled

_MP4_RATE = 25
_COLORS = 255
_TRANSPARENT = 255
_TELLING = [[round(255 * part) for part in to_rgb(color)] for color in (DOT, TRAIL, INK, "white")]

Progress = Callable[[int, int], None]


@styled
def save_gif(
    scene: Scene | Sequence[Scene],
    path: str | os.PathLike[str],
    frames: int = 100,
    *,
    labels: Sequence[str] = (),
    basins: bool = False,
    seconds: float = 7.0,
    hold: float = 2.5,
    dpi: int = 90,
    progress: Progress | None = None,
) -> Path:
    """Write the hikers' way down as a GIF that repeats for ever.

    Args:
        scene: what is drawn; or several scenes, side by side on one scale.
        path: ends in ``.gif``; an old file of that name stays whole until the new one is.
        frames: how many at most; fewer when the hikers took fewer steps. Early steps, which are long, are all
            shown; later ones are left out evenly (see `chosen_frames`).
        labels: with several scenes, what each is called.
        basins: color the plane by the minimum that each start reaches (one scene only).
        seconds: how long one round takes, as far as a viewer's 0.04 to 0.5 seconds a frame allow.
        hold: how many seconds the last frame stays.
        dpi: dots an inch; a map is some 9 inches wide.
        progress: called after each frame with how many are done and how many there will be.

    Returns:
        The path.

    Raises:
        ConfigError: when the path does not end in ``.gif``.
        ValueError: when `frames` is below 1.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> x = y = np.linspace(-2, 2, 21)
        >>> bowl = Scene(
        ...     x, y, x**2 + y[:, None] ** 2, paths=np.array([[[1.5, 1.0], [0.5, 0.25]]]),
        ...     path_heights=np.array([[3.25, 0.3125]]), path_lengths=np.array([2]),
        ...     outcomes=("still walking",), outcome_kinds=("walking",), frames=np.array([0, 1]),
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_gif(bowl, f"{folder}/bowl.gif", dpi=40).stat().st_size > 0
        True
    """
    scenes = _several(scene)
    chosen = chosen_frames(_last_frame(scenes), frames)
    with replacing(path, (".gif",)) as temporary:
        draw = _artist(scenes, labels, basins, dpi)
        palette = _palette([draw(int(frame)) for frame in chosen[[0, len(chosen) // 2, -1]]])
        indexed = []
        for count, frame in enumerate(chosen, start=1):
            indexed.append(draw(int(frame)).quantize(palette=palette, dither=Image.Dither.NONE))
            if progress is not None:
                progress(count, len(chosen))
        durations = [round(1000 * second) for second in _durations(len(chosen), seconds, hold)]
        indexed[0].save(
            temporary, save_all=True, append_images=indexed[1:], duration=durations, loop=0, disposal=1,
            palette=palette.getpalette(), optimize=True, transparency=_TRANSPARENT,
        )  # fmt: skip
    return Path(path)


@styled
def save_mp4(
    scene: Scene | Sequence[Scene],
    path: str | os.PathLike[str],
    frames: int = 200,
    *,
    labels: Sequence[str] = (),
    basins: bool = False,
    seconds: float = 10.0,
    hold: float = 2.5,
    dpi: int = 120,
    progress: Progress | None = None,
) -> Path:
    """Write the hikers' way down as an MP4 (H.264, which every browser plays) of 25 frames a second.

    Args:
        scene: what is drawn; or several scenes, side by side on one scale.
        path: ends in ``.mp4``; an old file of that name stays whole until the new one is.
        frames: how many different pictures at most; each is repeated to fill its time.
        labels: with several scenes, what each is called.
        basins: color the plane by the minimum that each start reaches (one scene only).
        seconds: how long the way down takes, as far as 0.04 to 0.5 seconds a picture allow.
        hold: how many seconds the last picture stays.
        dpi: dots an inch; a map is some 9 inches wide.
        progress: called after each picture with how many are done and how many there will be.

    Returns:
        The path.

    Raises:
        MissingExtraError: when the extra ``mp4`` is not installed.
        ConfigError: when the path does not end in ``.mp4``.
        ValueError: when `frames` is below 1.
    """
    try:
        import imageio_ffmpeg
    except ImportError as missing:
        raise MissingExtraError("an MP4", "mp4") from missing
    scenes = _several(scene)
    chosen = chosen_frames(_last_frame(scenes), frames)
    repeats = np.diff(np.round(np.cumsum([0.0, *_durations(len(chosen), seconds, hold)]) * _MP4_RATE)).astype(int)
    with replacing(path, (".mp4",)) as temporary:
        draw = _artist(scenes, labels, basins, dpi)
        with _film(imageio_ffmpeg.get_ffmpeg_exe(), temporary, _even(draw(0)).size) as film:
            for count, (frame, repeat) in enumerate(zip(chosen, repeats, strict=True), start=1):
                pixels = _even(draw(int(frame))).tobytes()
                for _ in range(repeat):
                    film.write(pixels)
                if progress is not None:
                    progress(count, len(chosen))
    return Path(path)


def chosen_frames(last: int, frames: int) -> Int[np.ndarray, " chosen"]:
    """Which frames are shown when there are too many: every one at first, then ever fewer.

    Frame i of n stands at (i / (n - 1))² of the way, so that the long first steps are all seen and the long
    tail of short steps takes no more time than it deserves.

    Args:
        last: the number of the last frame, counted from 0.
        frames: how many to show at most.

    Returns:
        Increasing numbers from 0 to `last`.

    Raises:
        ValueError: when `frames` is below 1.

    Example:
        >>> chosen_frames(100, 6).tolist()
        [0, 4, 16, 36, 64, 100]
        >>> chosen_frames(3, 100).tolist()
        [0, 1, 2, 3]
    """
    if frames < 1:
        raise ValueError(f"expected at least 1 frame, got {frames}")
    if frames == 1:
        return np.array([last])
    if last < frames:
        return np.arange(last + 1)
    way = np.round(np.linspace(0, 1, frames) ** 2 * last).astype(np.int64)
    return np.maximum(way, np.arange(frames))


@contextlib.contextmanager
def _film(ffmpeg: str, path: Path, size: tuple[int, int]) -> Iterator[IO[bytes]]:
    """An H.264 film of that size, to which raw RGB pictures are written.

    The wheel's own writer forks the process, which may hang where JAX runs its threads; this does not. The encoder has
    a process group of its own, so that Ctrl-C ends the drawing, which then ends the encoder.
    """
    command = [
        ffmpeg, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}",
        "-r", str(_MP4_RATE), "-i", "-", "-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20",
        "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0) as encoder:
        assert encoder.stdin is not None
        try:
            yield encoder.stdin
        except BrokenPipeError:
            pass
        except BaseException:
            encoder.kill()
            raise
        said = encoder.communicate()[1].decode(errors="replace").strip()
        if encoder.returncode:
            raise ConfigError(f"the film could not be written: {said or 'the encoder gave no reason'}")


def _several(scene: Scene | Sequence[Scene]) -> list[Scene]:
    """A list of scenes, also of one."""
    return [scene] if isinstance(scene, Scene) else list(scene)


def _last_frame(scenes: Sequence[Scene]) -> int:
    """The frame after which no hiker moves."""
    return max([0, *(int(scene.path_lengths.max()) - 1 for scene in scenes if len(scene.path_lengths))])


def _durations(frames: int, seconds: float, hold: float) -> list[float]:
    """How long each frame is shown; in steps of 0.01 seconds, which is what a GIF can say."""
    each = round(min(max(seconds / frames, 0.04), 0.5), 2)
    return [each] * (frames - 1) + [round(max(hold, each), 2)]


def _artist(scenes: Sequence[Scene], labels: Sequence[str], basins: bool, dpi: int) -> Callable[[int], Image.Image]:
    """Draw everything that stands still; returns what draws a frame over it, always of the same size."""
    if len(scenes) == 1:
        figure, drawn = draw_landscape(scenes[0], frame=0, basins=basins)
        maps = [drawn]
    else:
        figure, maps = draw_comparison(scenes, labels, frame=0)
    figure.set_dpi(dpi)
    # Matplotlib declares no types for this canvas.
    canvas: Any = FigureCanvasAgg(figure)
    for drawn in maps:
        for artist in _moving(drawn):
            artist.set_animated(True)
    # The first drawing settles the layout, and leaves out what moves.
    canvas.draw()
    figure.set_layout_engine("none")
    background = canvas.copy_from_bbox(figure.bbox)

    def draw(frame: int) -> Image.Image:
        canvas.restore_region(background)
        for drawn in maps:
            show_map_frame(drawn, min(frame, max(drawn.hikers.scene.paths.shape[1] - 1, 0)))
            for artist in _moving(drawn):
                drawn.axes.draw_artist(artist)
        return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())

    return draw


def _moving(drawn: Map) -> tuple[Artist, ...]:
    """What is drawn for each frame, from the lowest to the uppermost: marks of minima lie under the dots."""
    trails, rest = drawn.hikers.artists()[:2], drawn.hikers.artists()[2:]
    return (*trails, *drawn.minima, *rest, drawn.counter)


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """255 colors for all frames, found on some; one is left to say "as before".

    Small but telling colors, such as the dots' red, are always among them: counting pixels would lose them.
    """
    sheet = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)))
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (0, place * picture.height))
    found = sheet.quantize(_COLORS - len(_TELLING), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colors = [*_TELLING, *np.reshape(found.getpalette() or [], (-1, 3))[: _COLORS - len(_TELLING)].tolist()]
    # The last entry is never drawn; the color of the one before it keeps it out of the search.
    colors += [colors[-1]] * (256 - len(colors))
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(part) for color in colors for part in color])
    return palette


def _even(picture: Image.Image) -> Image.Image:
    """A picture cut to an even width and height, as the codec wants."""
    return picture.crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2))

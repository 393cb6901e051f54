"""A run applied to new rows that may be too many for memory: block by block, written as they come."""

import dataclasses
import math
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from talweg.data.hearing import Hear, quiet
from talweg.data.images.pictures import Keeping, Pictures
from talweg.data.images.prepare import MaskPreparation, PhotographPreparation, PicturePreparation
from talweg.data.large.encoding import feature_blocks
from talweg.data.large.gather import gather
from talweg.data.large.sample import blocks
from talweg.errors import ConfigError, RunFolderError
from talweg.run.prediction import Chosen, Prediction, predict
from talweg.run.result import Run
from talweg.run.storage import cache
from talweg.run.streaming.sources import open_table, room_for_pixels

if TYPE_CHECKING:
    import polars as pl

_PIXELS = 2**25
"""Numbers of pictures that are predicted together."""


@dataclasses.dataclass(frozen=True)
class Told:
    """What became of predictions that were written as they came.

    Attributes:
        rows: how many.
        notes: what the rows hold that training never saw, a sentence each.
    """

    rows: int
    notes: tuple[str, ...]


def predictions_of(
    run: Run,
    source: Any,
    member: Chosen = "ensemble",
    query: str | None = None,
    stream: Literal["auto", "yes", "no"] = "auto",
    skip_broken: bool = False,
    hear: Hear = quiet,
    note: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Prediction]:
    """What a run says of new rows, block by block; with the first comes what is new in the rows.

    Args:
        run: a finished one.
        source: as for training.
        member: whose prediction.
        query: what is asked of a source that is a database.
        stream: whether the rows are put on disk first; `auto`: if they are too many for memory.
        skip_broken: whether broken pictures are left out rather than an error.
        hear: is told of the progress.
        note: hears what is new in the rows, before the first prediction.

    Raises:
        DataError: a source that cannot be read, or lacks a column that training had.
        ConfigError: there is no such member.
    """
    preparation = run.preparation
    if isinstance(preparation, PhotographPreparation):
        raise ConfigError("this run takes noise away: use talweg denoise RUN photo.png -o clean.png, or tw.denoise")
    if isinstance(preparation, MaskPreparation):
        raise ConfigError("this run draws masks: use talweg segment RUN picture.png -o mask.png, or tw.segment")
    if isinstance(preparation, PicturePreparation):
        keeping = Keeping(cache(), room_for_pixels(stream), again=False, hear=hear)
        pictures = preparation.read(source, skip_broken, keeping)
        for sentence in pictures.notes:
            note(sentence)
        yield from _of_pictures(run, pictures, member, hear)
        return
    name = source if isinstance(source, str) else str(getattr(source, "name", "the data"))
    settings = run.settings.model_copy(update={"source": name, "query": query, "stream": stream})
    table = open_table(settings, source, hear)
    notes, done = preparation.surprises(table), 0
    for sentence in notes:
        note(sentence)
    for _, features in feature_blocks(table, preparation, np.arange(table.rows), target=False):
        yield predict(run, features, notes if done == 0 else (), member)
        done += len(features)
        hear("predicting", done / table.rows)


def _of_pictures(run: Run, pictures: Pictures, member: Chosen, hear: Hear) -> Iterator[Prediction]:
    for some in blocks(len(pictures), max(1, _PIXELS // math.prod(pictures.shape))):
        pixels = gather(pictures.pixels, np.arange(some.start, some.stop))
        yield predict(run, pixels, pictures.notes if some.start == 0 else (), member, pictures.files[some])
        hear("predicting", some.stop / len(pictures))


def joined(parts: list[Prediction]) -> Prediction:
    """Predictions of blocks as one."""
    first = parts[0]
    probabilities = None
    if first.probabilities is not None:
        probabilities = np.concatenate([part.probabilities for part in parts if part.probabilities is not None])
    return dataclasses.replace(
        first,
        values=np.concatenate([part.values for part in parts]),
        probabilities=probabilities,
        spread=np.concatenate([part.spread for part in parts]),
        files=tuple(file for part in parts for file in part.files),
    )


def write_predictions(predictions: Iterator[Prediction], out: Path) -> Told:
    """Writes predictions into a CSV or Parquet file, whole or not at all.

    Args:
        predictions: block by block.
        out: ends with `.csv` or `.parquet`.

    Raises:
        RunFolderError: the system refuses.
    """
    making = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        making.mkdir()
        try:
            write = _written_as_parquet if out.suffix == ".parquet" else _written_as_csv
            told = write(predictions, making)
            (making / "whole").replace(out)
            return told
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise RunFolderError(f"{out} could not be written: {error.strerror or error}") from None


def _written_as_csv(predictions: Iterator[Prediction], folder: Path) -> Told:
    with (folder / "whole").open("wb") as file:
        return write_frames(predictions, lambda frame, first: frame.write_csv(file, include_header=first))


def write_frames(predictions: Iterator[Prediction], write: Callable[["pl.DataFrame", bool], Any]) -> Told:
    """Hands predictions on as frames; `write` hears whether a frame is the first."""
    rows, notes = 0, tuple[str, ...]()
    for part in predictions:
        write(part.frame(), rows == 0)
        rows, notes = rows + len(part.values), notes or part.notes
    return Told(rows, notes)


def _written_as_parquet(predictions: Iterator[Prediction], folder: Path) -> Told:
    """Pieces first: a Parquet file is not added to."""
    import polars as pl

    files: list[Path] = []

    def piece(frame: "pl.DataFrame", _: bool) -> None:
        files.append(folder / f"{len(files):06d}.arrow")
        frame.write_ipc(files[-1])

    told = write_frames(predictions, piece)
    pl.scan_ipc(files).sink_parquet(folder / "whole")
    return told

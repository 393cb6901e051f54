"""How pictures become the input of a network: their size, and the mean and spread of the training pictures. Plain data.

The standardization itself is a layer (`Standardize`), so that pixels stay bytes until a step needs them.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from talweg.data.clean import Preparation
from talweg.data.columns import ColumnKind
from talweg.data.encode import Encoder
from talweg.data.images.labels import Labels
from talweg.data.images.pictures import IN_MEMORY, Color, Keeping, Pictures, Wanted
from talweg.data.large.gather import Stack, gather
from talweg.data.large.sample import blocks
from talweg.data.table import Table
from talweg.data.targets import ClassTarget, NumberTarget, Scale, fit_target, target_from_dict, target_to_dict
from talweg.data.task import Label, Task
from talweg.errors import DataError, RunFolderError

VERSION = 1
_NUMBERS = 2**21
"""Numbers of pictures that are looked at together."""


@dataclasses.dataclass(frozen=True)
class PicturePreparation:
    """What was learned of the training pictures before the network.

    Attributes:
        height: rows of pixels.
        width: columns of pixels.
        channels: 1 for gray, 3 for color.
        center: the mean of each channel, in pixels of 0 to 255.
        scale: the standard deviation of each channel; 1 where it is 0.
        target: how the target is encoded.
    """

    height: int
    width: int
    channels: int
    center: tuple[float, ...]
    scale: tuple[float, ...]
    target: ClassTarget | NumberTarget

    @classmethod
    def fit(
        cls,
        pictures: Pictures,
        train_rows: Int[np.ndarray, " train"],
        target: str,
        task: Task,
        target_scale: Scale = "auto",
    ) -> "PicturePreparation":
        """Fit on the training pictures; no other picture changes anything.

        Example:
            >>> from talweg.data.images.arrays import of_arrays
            >>> pictures = of_arrays(np.full((4, 2, 2), 51, np.uint8), np.array(["a", "b", "a", "b"]))
            >>> PicturePreparation.fit(pictures, np.arange(2), "class", "classification").center
            (51.0,)
        """
        center, scale = channel_moments(pictures.pixels, train_rows)
        known = pictures.table().column(target).take(train_rows)
        return cls(*pictures.shape, center, scale, fit_target(known, target, task, pictures.name, target_scale))

    @property
    def task(self) -> Task:
        """Whether the target holds classes or a quantity."""
        return self.target.task

    @property
    def classes(self) -> tuple[Label, ...]:
        """The classes in sorted order; empty for a quantity."""
        return self.target.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.height, self.width, self.channels

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """Pictures have no columns that are encoded."""
        return ()

    @property
    def kinds(self) -> tuple[ColumnKind, ...]:
        """Nor are their columns found to be anything."""
        return ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name a pixel and channel."""
        place = np.ndindex(self.height, self.width, self.channels)
        return tuple(f"pixel {i},{j} channel {c}" for i, j, c in place)

    def targets(self, table: Table) -> Int[np.ndarray, " rows"] | Float[np.ndarray, " rows"]:
        """The encoded target: positions in `classes` (int32), or standardized quantities (float32)."""
        return self.target.encode(table.column(self.target.name), table.name)

    @property
    def wanted(self) -> Wanted:
        """How new pictures are to come."""
        return Wanted((self.height, self.width), "gray" if self.channels == 1 else "rgb")

    def read(self, source: Any, skip_broken: bool = False, keeping: Keeping = IN_MEMORY) -> Pictures:
        """The pictures of a new source, in the size and color of training.

        Raises:
            DataError: see `read_pictures`; or pictures in memory of another size.
        """
        # Not at the head: a table needs no decoder of pictures.
        from talweg.data.images.source import read_pictures

        pictures = read_pictures(source, dataclasses.replace(self.wanted, skip_broken=skip_broken), keeping)
        if pictures.shape != self.shape:
            raise DataError(f"{pictures.name} holds pictures of shape {pictures.shape}; training had {self.shape}")
        return pictures

    def to_dict(self) -> dict[str, Any]:
        """The preparation as plain data for JSON; floats come back exactly."""
        return {
            "kind": "pictures",
            "version": VERSION,
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "center": list(self.center),
            "scale": list(self.scale),
            "target": target_to_dict(self.target),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PicturePreparation":
        """The preparation that `to_dict` wrote.

        Raises:
            RunFolderError: the data are of another version or damaged.
        """
        if data.get("version") != VERSION:
            raise RunFolderError(
                f"The preparation is of version {data.get('version')!r}; this Talweg reads version {VERSION}."
            )
        try:
            target = target_from_dict(data["target"])
            height, width, channels = (int(data[name]) for name in ("height", "width", "channels"))
            return cls(height, width, channels, tuple(data["center"]), tuple(data["scale"]), target)
        except (KeyError, TypeError, ValueError) as error:
            raise RunFolderError(f"The preparation is damaged ({error!r}); train anew.") from None


class _OfPhotographs:
    """What is alike in all that is known of photographs.

    Attributes:
        channels: 1 for gray, 3 for color.
    """

    channels: int

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """Photographs have no columns that are encoded."""
        return ()

    @property
    def color(self) -> Color:
        """How new pictures are to come."""
        return "gray" if self.channels == 1 else "rgb"


@dataclasses.dataclass(frozen=True)
class PhotographPreparation(_OfPhotographs):
    """What a denoiser knows of its pictures.

    Attributes:
        channels: 1 for gray, 3 for color.
        learning: from what it learned: ``noise``, ``pairs`` or ``self``.
    """

    channels: int
    learning: str

    def to_dict(self) -> dict[str, Any]:
        """The preparation as plain data for JSON."""
        return {"kind": "photographs", "version": VERSION, **vars(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PhotographPreparation":
        """The preparation that `to_dict` wrote.

        Raises:
            RunFolderError: the data are of another version or damaged.
        """
        try:
            return cls(int(data["channels"]), str(data["learning"]))
        except (KeyError, TypeError, ValueError) as error:
            raise RunFolderError(f"The preparation is damaged ({error!r}); train anew.") from None


@dataclasses.dataclass(frozen=True)
class MaskPreparation(_OfPhotographs):
    """What a network that draws masks knows of its pictures, and how masks are written.

    Attributes:
        channels: 1 for gray, 3 for color.
        center: the mean of each channel, in pixels of 0 to 255.
        scale: the standard deviation of each channel; 1 where it is 0.
        labels: the classes, and the values that stand for them.
    """

    channels: int
    center: tuple[float, ...]
    scale: tuple[float, ...]
    labels: Labels

    def to_dict(self) -> dict[str, Any]:
        """The preparation as plain data for JSON."""
        return {"kind": "masks", "version": VERSION, **vars(self), "labels": self.labels.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "MaskPreparation":
        """The preparation that `to_dict` wrote.

        Raises:
            RunFolderError: the data are of another version or damaged.
        """
        try:
            labels = Labels.from_dict(data["labels"])
            return cls(int(data["channels"]), tuple(data["center"]), tuple(data["scale"]), labels)
        except (KeyError, TypeError, ValueError) as error:
            raise RunFolderError(f"The preparation is damaged ({error!r}); train anew.") from None


AnyPreparation = Preparation | PicturePreparation | PhotographPreparation | MaskPreparation
"""What stands between a source and a network: of a table, of pictures, of photographs to denoise or with masks."""


def channel_moments(
    pixels: Shaped[Stack, "pictures height width channels"], rows: Int[np.ndarray, " some"]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The mean and the standard deviation of each channel over some pictures, in float64, a block at a time."""
    count, total, square = 0, np.zeros(pixels.shape[-1]), np.zeros(pixels.shape[-1])
    for some in blocks(len(rows), max(1, _NUMBERS // math.prod(pixels.shape[1:]))):
        block: Float[np.ndarray, "block height width channels"] = gather(pixels, rows[some]).astype(np.float64)
        count += block[..., 0].size
        total += block.sum((0, 1, 2))
        square += (block**2).sum((0, 1, 2))
    mean = total / count
    spread = np.sqrt(np.maximum(square / count - mean**2, 0.0))
    return _rounded(mean), _rounded(np.where(spread > 1e-3, spread, 1.0))


def _rounded(values: Float[np.ndarray, " channels"]) -> tuple[float, ...]:
    """To a thousandth of a pixel, so that the numbers stay readable in the run folder."""
    return tuple(round(float(value), 3) for value in values)

"""What a report tells of: a run's folder as one object, and the few numbers that several of its parts ask for."""

import dataclasses
import functools
import tomllib
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from talweg.errors import RunFolderError
from talweg.record.evaluation import Evaluation
from talweg.record.folder import RunFolder
from talweg.record.history import History, carried_on
from talweg.record.measured import read_noise, read_sharpness
from talweg.record.plain import plain_data
from talweg.record.seals import intact

LEARNED = ("number", "category", "date", "text", "picture")
"""Kinds of columns that are learned from; the others are left out."""
FAILED = ("non_finite", "diverged")
"""The kinds of Outcome after which a member is left out of the ensemble."""


@dataclasses.dataclass(frozen=True, eq=False)
class Told:
    """A finished training, as its files tell it.

    Attributes:
        summary: what was reached.
        history: the curves.
        evaluation: predictions beside the truth, by part of the split.
        evidence: what was measured besides.
        settings: the resolved settings by name.
        toml: the same as they were written.
        split: which part each row of the source went to; `None` where that is not kept.
        place: the run folder, as a person would type it.
        pictures: the pictures to be looked at, by their paths within the run folder.
        sharpness: how sharp the valleys are (the JSON object of `talweg map --sharpness`); empty if not measured.
        noise: how good a random batch is (the JSON object of `talweg noise`); empty if not measured.
        range_test: the test that gave the learning rate (the object of `talweg find-lr`); empty if it was given.
    """

    summary: Mapping[str, Any]
    history: History
    evaluation: Mapping[str, Evaluation]
    evidence: Mapping[str, Any]
    settings: Mapping[str, Any]
    toml: str
    split: Int[np.ndarray, " rows"] | None
    place: str
    pictures: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    sharpness: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    noise: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    range_test: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.summary["run"]["name"])

    @property
    def metric(self) -> str:
        """The main quality measure."""
        return str(self.summary["metric"])

    @property
    def members(self) -> list[Mapping[str, Any]]:
        """The members' entries in the summary."""
        return list(self.summary["members"])

    @functools.cached_property
    def sound(self) -> Bool[np.ndarray, " members"]:
        """Which members did not fail."""
        kinds = [set(member["outcome"]["kind"].split(" and ")) for member in self.members]
        return np.array([not kind & set(FAILED) for kind in kinds])

    @functools.cached_property
    def stops(self) -> Int[np.ndarray, " members"]:
        """The epoch at which each member stopped."""
        return np.array([member["outcome"]["epoch"] for member in self.members])

    @property
    def application(self) -> str:
        """The command that applies the run to something new."""
        if self.summary.get("denoising"):
            return f"talweg denoise {self.place} photo.png -o clean.png"
        if self.summary.get("segmentation"):
            return f"talweg segment {self.place} picture.png -o mask.png"
        if self.summary.get("pictures"):
            return f"talweg predict {self.place} pictures/ -o predictions.csv"
        return f"talweg predict {self.place} new.csv -o predictions.csv"

    @property
    def rows_a_member(self) -> int:
        """How many rows a member was trained on; with folds of unlike size, the most that one was."""
        split = self.summary["split"]
        return int(split["train"]) - min(split.get("folds", [0]))

    @property
    def held_back(self) -> str | None:
        """The part of the split by which the run is judged: test, or else validation."""
        return next((part for part in ("test", "validation") if part in self.summary["spread"]), None)

    def upward(self, name: str) -> bool:
        """Whether a greater value of a curve is a better one."""
        told = self.evidence.get("metrics", {}).get(name)
        return bool(told["greater_is_better"]) if told else name in _UPWARD

    def median(self, curve: str) -> Float[np.ndarray, " epochs"]:
        """A curve's median over the members that did not fail, each carried on after its stop; NaN where unknown."""
        values = self.history[curve]
        chosen = values[:, self.sound] if self.sound.any() else values
        known = carried_on(chosen)
        median = np.full(len(known), np.nan)
        some = np.isfinite(known).any(axis=1)
        median[some] = np.nanmedian(np.where(np.isfinite(known[some]), known[some], np.nan), axis=1)
        return median

    def at(self, curve: str, member: int, epoch: int) -> float | None:
        """A member's value on a curve at an epoch; `None` where it told none."""
        place = int(np.searchsorted(self.history.epoch, epoch))
        if curve not in self.history.names or place >= len(self.history.epoch):
            return None
        return plain_data(float(self.history[curve][place, member]))


_UPWARD = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "roc_auc",
    "r2",
    "psnr",
    "ssim",
    "mean_iou",
    "pixel_accuracy",
    "dice",
)


def read_run(folder: RunFolder) -> Told:
    """A finished run from its folder.

    Raises:
        RunFolderError: if the run did not come to its end, or a file is damaged.
    """
    toml = folder.settings_toml()
    try:
        settings = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise RunFolderError(f"{folder.path / 'run.toml'} is damaged: {error}") from None
    try:
        split = folder.split()
    except RunFolderError:
        split = None
    summary = folder.summary()
    return Told(
        summary,
        folder.history(),
        folder.evaluation(),
        folder.evidence(),
        settings,
        toml,
        split,
        str(folder.path),
        read_pictures(folder, summary),
        read_sharpness(folder),
        read_noise(folder),
        folder.range_test(),
    )


def read_pictures(folder: RunFolder, summary: Mapping[str, Any]) -> dict[str, bytes]:
    """The PNG pictures that a summary names; those that are gone, damaged, or lie elsewhere, are left out."""
    judged = summary.get("denoising") or summary.get("segmentation") or {}
    samples = judged.get("samples") or (summary.get("pictures") or {}).get("mistakes") or []
    names = [name for sample in samples for name in sample.values() if str(name).endswith(".png")]
    inside = [name for name in names if (folder.path / name).resolve().is_relative_to(folder.path.resolve())]
    found = {name: (folder.path / name).read_bytes() for name in inside if (folder.path / name).is_file()}
    return {name: content for name, content in found.items() if intact(folder.path, name, content)}

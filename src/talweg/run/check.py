"""The gate as one call: a source is read, split, prepared and looked over, and nothing is trained or written."""

import dataclasses
from typing import Any, Unpack

import numpy as np

from talweg.config.given import Given
from talweg.config.grid import with_members
from talweg.config.settings import Settings
from talweg.data.gate.finding import Finding
from talweg.data.hearing import Hear, quiet
from talweg.data.images.pictures import Pictures
from talweg.data.task import labels_of
from talweg.run.build import is_denoising, is_segmentation
from talweg.run.named import named_settings
from talweg.run.prepare import Prepared, prepare
from talweg.run.streaming.sources import without_credentials

VERSION = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Checked:
    """What the gate says of a source.

    Attributes:
        summary: everything as plain data; its shape is in docs/json.md.
        findings: each thing that was found, the worst first.
    """

    summary: dict[str, Any]
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.summary[grade]} {grade}" for grade in ("errors", "warnings", "notes"))
        return f"<Checked {self.summary['source']}: {counts}>"

    @property
    def passed(self) -> bool:
        """Whether a training would start: there is no error."""
        return not self.summary["errors"]


def check(source: Any, target: Any = None, **settings: Unpack[Given]) -> Checked:
    """Looks a source over as a training would, before its first step.

    Args:
        source: a path to a table, the name of a built-in data set, a data frame, or an array of features; pictures,
            and with `noise` photographs to denoise, as `talweg.train` takes them.
        target: the column to predict; or, for features that come without it, its values, one a row.
        **settings: any field of `talweg.Settings` that concerns the data, such as `split`, `group`, `columns`, `noise`.

    Raises:
        ConfigError: a setting that is unknown or out of range.
        DataError: a source that cannot be read, or not be learned from at all.

    Example:
        >>> import talweg as tw
        >>> checked = tw.check("penguins")
        >>> checked.passed
        True
    """
    return check_settings(*named_settings(source, target, settings))


def check_settings(settings: Settings, source: Any = None, hear: Hear = quiet) -> Checked:
    """Looks a source over from checked settings (see `check`); `hear` is told of what takes long."""
    settings, query = without_credentials(with_members(settings))
    if is_segmentation(settings, source):
        from talweg.run.pictures.check import check_masked

        return Checked(*check_masked(settings, source))
    if is_denoising(settings, source):
        # Not at the head: a table needs no decoder of pictures.
        from talweg.run.pictures.check import check_photographs

        return Checked(*check_photographs(settings, source))
    prepared = prepare(settings, source if query is None else query, hear)
    return Checked(_summary(settings, prepared), prepared.report.findings)


def _summary(settings: Settings, prepared: Prepared) -> dict[str, Any]:
    parts = prepared.parts
    return {
        "version": VERSION,
        "kind": "check",
        "source": settings.source,
        "target": prepared.target.name,
        "task": prepared.target.task,
        "rows": prepared.table.rows,
        "split": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "columns": [dataclasses.asdict(kind) for kind in prepared.preparation.kinds],
        "features": len(prepared.preparation.feature_names),
        **prepared.report.to_dict(),
        "told": list(prepared.notes),
        **({} if prepared.pictures is None else {"pictures": _pictures(prepared, prepared.pictures)}),
    }


def _pictures(prepared: Prepared, pictures: Pictures) -> dict[str, Any]:
    """What is told of labeled pictures in the place of columns."""
    height, width, channels = pictures.shape
    named = sorted({row for finding in prepared.report.findings for row in finding.rows})
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "classes": _class_counts(prepared) if prepared.preparation.classes else [],
        "files": dict(pictures.found) or None,
        "names": {str(row): pictures.files[row - 1] for row in named},
    }


def _class_counts(prepared: Prepared) -> list[dict[str, Any]]:
    """How many rows of each part each class has."""
    codes, labels = labels_of(prepared.table.columns[prepared.target.name])
    parts = prepared.parts
    counts = {
        part: np.bincount(codes[rows], minlength=len(labels)).tolist()
        for part, rows in (("train", parts.train), ("validation", parts.validation), ("test", parts.test))
    }
    return [
        {"name": str(label), **{part: count[place] for part, count in counts.items()}}
        for place, label in enumerate(labels)
    ]

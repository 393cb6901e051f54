"""The gate for photographs, to denoise or with masks, as one call: read, dealt, measured; nothing is trained."""

from typing import Any

from talweg.config.settings import Settings
from talweg.data.gate.finding import Finding, Report
from talweg.data.images.photographs import Photographs
from talweg.data.split import PARTS, Split
from talweg.run.pictures.build import look_over, patch_of
from talweg.run.pictures.segmentation import look_over as look_over_masked

VERSION = 1


def check_photographs(settings: Settings, source: Any = None) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """What the gate says of photographs: as plain data (see docs/json.md), and each finding.

    Args:
        settings: those of the data are used.
        source: photographs as Python objects; the settings' source is read if it is absent.

    Raises:
        ConfigError: a noise that is none or does not fit.
        DataError: photographs that cannot be read, or are too few.
    """
    found = look_over(settings, source)
    patch = patch_of(settings, found.photographs, found.learning)
    summary = _summary(settings, found.photographs, found.parts, found.report, patch)
    summary |= {"target": "neighboring pixels" if found.learning == "self" else "clean picture", "task": "denoising"}
    summary["photographs"] |= {"learning": found.learning, "noise": settings.noise or "pairs"}
    return summary, found.report.findings


def check_masked(settings: Settings, source: Any = None) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """What the gate says of pictures with masks: as plain data (see docs/json.md), and each finding.

    Args:
        settings: those of the data are used.
        source: pictures and masks as Python objects; the settings' source is read if it is absent.

    Raises:
        ConfigError: a setting that does not fit.
        DataError: pictures or masks that cannot be read, or are too few.
    """
    found = look_over_masked(settings, source)
    masked, parts = found.masked, found.parts
    patch = patch_of(settings, masked.photographs, "masks")
    summary = _summary(settings, masked.photographs, parts, found.report, patch)
    counts = {part: masked.counts(getattr(parts, part)).sum(0).tolist() for part in PARTS}
    classes = [
        {"name": name, **{part: count[place] for part, count in counts.items()}}
        for place, name in enumerate(masked.labels.names)
    ]
    summary |= {"target": "mask", "task": "segmentation"}
    summary["photographs"] |= {"learning": "masks", "classes": classes}
    return summary, found.report.findings


def _summary(settings: Settings, photographs: Photographs, parts: Split, report: Report, patch: int) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": "check",
        "source": settings.source,
        "rows": len(photographs),
        "split": {part: len(getattr(parts, part)) for part in PARTS},
        "columns": [],
        "features": patch**2 * photographs.channels,
        **report.to_dict(),
        "told": list(photographs.notes),
        "photographs": {
            "channels": photographs.channels,
            "pixels": int(sum(picture[..., 0].size for picture in photographs.pictures)),
            "patch": patch,
        },
    }

"""The gate for photographs to denoise as one call: read, dealt, measured; nothing is trained or written."""

from typing import Any

from talweg.config.settings import Settings
from talweg.data.gate.finding import Finding
from talweg.run.pictures.build import look_over, patch_of

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
    photographs, parts = found.photographs, found.parts
    patch = patch_of(settings, photographs, found.learning)
    return {
        "version": VERSION,
        "kind": "check",
        "source": settings.source,
        "target": "neighboring pixels" if found.learning == "self" else "clean picture",
        "task": "denoising",
        "rows": len(photographs),
        "split": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "columns": [],
        "features": patch**2 * photographs.channels,
        **found.report.to_dict(),
        "told": list(photographs.notes),
        "photographs": {
            "channels": photographs.channels,
            "pixels": int(sum(picture[..., 0].size for picture in photographs.pictures)),
            "learning": found.learning,
            "noise": settings.noise or "pairs",
            "patch": patch,
        },
    }, found.report.findings

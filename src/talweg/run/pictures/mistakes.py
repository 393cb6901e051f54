"""The pictures that a run mistakes most, small enough to be looked at in a report. Which those are: `view.quality`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped

from talweg.data.images.decode import Decoded, scaled_within
from talweg.data.images.save import save_picture
from talweg.record.evaluation import Evaluation
from talweg.run.job import Job
from talweg.view.telling.quality import worst

MOST = 12
"""So many pictures are kept to be looked at."""
LONGEST = 96
"""Their longer side, at most."""
_MARKS = {"validation": 1, "test": 2}


def mistaken_pictures(
    job: Job,
    evaluation: Mapping[str, Evaluation],
    parts: Int[np.ndarray, " rows"],
    names: Sequence[str],
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a summary says of pictures, and the worst mistakes on the test set (or on validation) as PNG files.

    Args:
        job: what was trained.
        evaluation: predictions beside the truth, by part of the split.
        parts: which part each row of the source went to.
        names: what each row of the source is called; empty where nothing is known.

    Returns:
        Plain data (its shape is in docs/json.md), and the files by their paths within the run folder.
    """
    height, width, channels = job.network.input_shape
    told: dict[str, Any] = {"height": height, "width": width, "channels": channels, "part": None, "mistakes": []}
    files: dict[str, bytes] = {}
    part = next((part for part in ("test", "validation") if part in evaluation), None)
    if part is None:
        return told, files
    kept, rows = evaluation[part], job.test if part == "test" else job.validation
    source = np.flatnonzero(parts == _MARKS[part])
    for number, place in enumerate(worst(kept, MOST).tolist(), 1):
        row, file = int(kept.place[place]), f"pictures/mistake-{number}.png"
        found = int(source[row]) if len(source) == len(rows) else None
        files[file] = save_picture(_small(rows.x[row]))
        told["mistakes"].append({
            "place": place,
            "row": None if found is None else found + 1,
            "picture": None if found is None or len(names) != len(parts) else names[found],
            "file": file,
        })  # fmt: skip
    return {**told, "part": part}, files


def _small(pixels: Shaped[np.ndarray, "height width channels"]) -> Shaped[np.ndarray, "_ _ channels"]:
    return scaled_within(Decoded(np.asarray(pixels), ()), LONGEST).pixels

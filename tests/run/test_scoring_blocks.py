"""Scores that are added up over blocks are the scores of all rows at once."""

import dataclasses

import numpy as np
import pytest

from talweg.config.settings import make_settings
from talweg.data.builtin import load
from talweg.run.build import build
from talweg.run.scoring import score_members
from talweg.run.standing import first_standing
from talweg.run.streaming import scoring_blocks
from talweg.run.streaming.scoring_blocks import score_blocks


@pytest.mark.parametrize(
    ("source", "more"),
    [("iris", {"class_weight": "balanced"}), ("diabetes", {"loss": "huber"}), ("breast-cancer", {})],
)
def test_blocks_and_all_at_once_agree(source, more, monkeypatch):
    settings = make_settings({"source": source, "members": 3, "hidden": (4,), "batch_size": 16, **more})
    job = build(settings, load(source)).job
    params = first_standing(job).state.params
    whole = score_members(job, params, job.training, [0, 2])
    # Several blocks; `max(1024, ...)` is for speed alone.
    monkeypatch.setattr(
        scoring_blocks, "blocks", lambda rows, size: [slice(a, min(a + 13, rows)) for a in range(0, rows, 13)]
    )
    found = score_blocks(job, params, job.training, [0, 2])
    for one, other in zip((*whole.members, whole.ensemble), (*found.members, found.ensemble), strict=True):
        assert list(one) == list(other)
        np.testing.assert_allclose(list(other.values()), list(one.values()), rtol=1e-6)
    assert found.interval["metric"] == whole.interval["metric"]
    np.testing.assert_allclose(
        [found.interval["low"], found.interval["high"]], [whole.interval["low"], whole.interval["high"]], rtol=1e-9
    )
    for name, value in dataclasses.asdict(whole.evaluation).items():
        if value is not None:
            np.testing.assert_allclose(getattr(found.evaluation, name), value, rtol=1e-6)

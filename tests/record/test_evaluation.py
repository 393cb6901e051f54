"""Predictions beside the truth: bounded, and the same after a round trip through a folder."""

import dataclasses

import numpy as np
import pytest

from talweg.errors import RunFolderError
from talweg.record.evaluation import LARGEST, MOST_ROWS, Evaluation, kept_rows
from talweg.record.folder import EVALUATION, RunFolder


def told(classes=3, rows=7):
    generator = np.random.default_rng(0)
    return Evaluation(
        rows=rows,
        place=np.arange(rows),
        target=generator.integers(0, classes, rows).astype(np.int32),
        ensemble=generator.random((rows, classes)).astype(np.float32),
        members=generator.integers(0, classes, (2, rows)).astype(np.uint16),
        confusion=generator.integers(0, 9, (classes, classes)),
    )


def test_a_round_trip_changes_nothing(tmp_path):
    quantity = Evaluation(9, np.array([0, 8]), np.float32([1, 2]), np.float32([1.5, 2]), np.float32([[1, 2]]))
    folder, parts = RunFolder(tmp_path), {"validation": quantity, "test": told()}
    folder.write_evaluation(parts)
    back = folder.evaluation()
    assert list(back) == ["test", "validation"] or list(back) == ["validation", "test"]
    for part, before in parts.items():
        for name, value in dataclasses.asdict(before).items():
            np.testing.assert_array_equal(getattr(back[part], name), value)
    assert back["test"].complete
    assert not back["validation"].complete


def test_a_folder_without_it_tells_nothing_and_a_damaged_one_says_so(tmp_path):
    assert RunFolder(tmp_path).evaluation() == {}
    assert RunFolder(tmp_path).evidence() == {}
    (tmp_path / EVALUATION).write_bytes(b"no tensors")
    with pytest.raises(RunFolderError, match=rf"{EVALUATION} is damaged"):
        RunFolder(tmp_path).evaluation()


@pytest.mark.parametrize(("members", "columns"), [(1, 1), (64, 10), (4096, 2), (2, 1000)])
def test_what_is_kept_of_a_large_part_is_bounded_and_spread_over_it(members, columns):
    kept = kept_rows(10**6, members, columns)
    assert len(kept) == min(MOST_ROWS, LARGEST // max(members, columns))
    assert kept[0] == 0
    assert kept[-1] == 10**6 - 1
    assert np.ptp(np.diff(kept)) <= 1

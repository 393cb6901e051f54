"""Run folders of every version, as that version wrote them, are read: settings, curves, summary, params, predictions.

All are of `talweg train iris --members 2 --epochs 5 --hidden 4`, without the page. Version 1 has neither `origin.json`
nor checksums, version 2 no seals; each was written by the last Talweg before those.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

import talweg as tw
from talweg.errors import RunFolderError
from talweg.record.begun import FORMAT

FIXTURES = Path(__file__).parent / "fixtures"
WRITTEN = {
    1: {
        "loss": [1.245207667350769, 1.172801971435547, 1.1279308795928955, 1.0995906591415405, 1.0898816585540771],
        "test_loss": 1.055015394353543,
        "rows": [[0.31901336, 0.36733282, 0.31365383], [0.21748024, 0.20941297, 0.57310679]],
    },
    2: {
        "loss": [1.1554343700408936, 1.0958678722381592, 1.0586794614791870, 1.0351792573928833, 1.0270414352416992],
        "test_loss": 0.9802196172735581,
        "rows": [[0.37472932, 0.37776473, 0.24750594], [0.28330405, 0.21911993, 0.49757603]],
    },
}
WRITTEN[3] = WRITTEN[2]
"""What the Talweg of then told: member 0's losses, and the ensemble's probabilities of iris 0 and 60."""


def test_there_is_a_folder_of_every_version():
    assert [path.name for path in sorted(FIXTURES.iterdir())] == [f"version-{one}" for one in range(1, FORMAT + 1)]
    assert [*WRITTEN] == [*range(1, FORMAT + 1)]


@pytest.mark.parametrize("version", WRITTEN)
def test_a_folder_of_an_older_version_is_read(version):
    run, told = tw.open_run(FIXTURES / f"version-{version}"), WRITTEN[version]
    assert (run.settings.members, run.settings.hidden, run.settings.max_epochs) == (2, (4,), 5)
    assert run.summary["split"] == {"train": 105, "validation": 23, "test": 22}
    assert run.summary["members"][0]["outcome"]["sentence"] == "all 5 epochs were trained"
    np.testing.assert_allclose(run.history["train_loss"][1:, 0], told["loss"], rtol=1e-7)
    assert run.params["dense_1"]["weights"].shape == (2, 4, 4)
    assert np.bincount(run.folder.split()).tolist() == [105, 23, 22]
    test_rows = run.folder.split() == 2
    truth = np.repeat([0, 1, 2], 50)
    member = run.predict("iris", member=0).probabilities
    loss = -np.log(member[np.arange(150), truth])[test_rows].mean()
    assert loss == pytest.approx(told["test_loss"], rel=1e-5)
    np.testing.assert_allclose(run.predict("iris").probabilities[[0, 60]], told["rows"], atol=1e-6)
    assert run.trajectory() is None


def test_a_folder_of_version_1_is_not_continued(tmp_path):
    run = shutil.copytree(FIXTURES / "version-1", tmp_path / "run")
    with pytest.raises(RunFolderError, match="begun by an older Talweg and cannot be continued; train anew"):
        tw.resume(run, max_epochs=8)


def test_a_folder_of_version_2_is_vouched_for(tmp_path):
    run = shutil.copytree(FIXTURES / "version-2", tmp_path / "run")
    params = run / "params.safetensors"
    params.write_bytes(params.read_bytes()[:-1] + b"\0")
    with pytest.raises(RunFolderError, match=r"params\.safetensors is damaged: it is not as it was written"):
        tw.open_run(run)


@pytest.mark.parametrize("version", WRITTEN)
def test_what_vouches_for_an_older_folder_is_told(version):
    found = tw.verify(FIXTURES / f"version-{version}")
    assert (found.whole, found.readable, found.version) == (True, True, version)
    # Without checksums every file is told to have none, and is no error.
    assert {one.state for one in found.files} == ({"unsealed"} if version == 1 else {"whole"})
    assert found.resumable == (version > 1)


@pytest.mark.parametrize(
    ("version", "known"), [(1, ("params.safetensors", "summary.json", "split.npy")), (2, ()), (3, ())]
)
def test_damage_to_an_older_folder_is_named_as_far_as_it_can_be_known(tmp_path, version, known):
    run = shutil.copytree(FIXTURES / f"version-{version}", tmp_path / "run")
    for path in sorted(run.iterdir()):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        if not known or path.name in known:
            assert [one.file for one in tw.verify(run).files if one.wrong] == [path.name]
        path.write_bytes(content)
    assert tw.verify(run).whole

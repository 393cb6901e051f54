"""A run's place on disk: which files there are, and whether they are as they were written.

origin.json          where the run comes from: commands, versions, machine, and the checksums of what stood beforehand
run.toml             the resolved settings
history.jsonl        the curves, one line an epoch
params.safetensors   the members' params, the member axis first
preparation.json     how columns become features, fitted on the training rows
split.npy            for each row of the source: 0 training, 1 validation, 2 test, -1 left out; with folds 10 + fold
gate.json            what the gate found in the source before the first step
evaluation.safetensors  predictions beside the truth, on validation and test rows
evidence.json        what was measured to explain the run: its rules, its gradient, its environment
trajectory.safetensors  the members' snapshots, thinned to a budget; absent where none was recorded
map/                 the run's maps, what of them is computed so far, how sharp its valleys are; made later
pictures/            of a denoising some pictures noisy, denoised and clean; of masks some,
                     true, predicted and wrong; of other pictures the worst mistakes
seals.json           the checksums of pictures, pages, and what else no other file vouches for
summary.json         what was reached; written last, so that a folder without it is an unfinished run

What stands before the end is in `begun`, how a file is read and written in `files` and `writing`; checkpoints are in
`checkpoints`, where runs lie is in `places`.
"""

import shutil
from collections.abc import Iterable, Mapping
from typing import Any, final

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.begun import HISTORY, ORIGIN, PREPARATION, SETTINGS, SPLIT, Begun
from talweg.record.evaluation import Evaluation, from_arrays, to_arrays
from talweg.record.files import as_json
from talweg.record.flat import flatten, unflatten
from talweg.record.history import History
from talweg.record.sealed import Mark, mark, pack, sealed, unpack
from talweg.record.seals import SEALS, remove_sealed, write_sealed, write_seals
from talweg.record.writing import clear_halves, write_atomically

SUMMARY, PARAMS, GATE = "summary.json", "params.safetensors", "gate.json"
TRAJECTORY, MAPS, PICTURES = "trajectory.safetensors", "map", "pictures"
EVALUATION, EVIDENCE, REPORT = "evaluation.safetensors", "evidence.json", "report.html"
FILES = (
    *(SUMMARY, ORIGIN, SETTINGS, HISTORY, PARAMS, PREPARATION, SPLIT, GATE, TRAJECTORY, EVALUATION, EVIDENCE, REPORT),
    SEALS,
)
WORK = "talweg-work-1"
"""The kind of the arrays below `map/` from which a map goes on."""
RANGE_TEST = "range_test.json"
"""Only a run whose learning rate was found by one has it; all others are in every run."""
REPORTS = tuple(f"report{lang}.{form}" for lang in ("", ".de") for form in ("html", "md", "json"))
"""Every form of a run's report; a new run clears them all."""
REACHED = (HISTORY, PARAMS, GATE, TRAJECTORY, EVALUATION, EVIDENCE)
"""The files that the summary vouches for besides the range test; `origin.json` does for those before the first step."""
SUMMARY_VERSION = 1
"""The newest version of a summary that is understood."""


@final
class RunFolder(Begun):
    """A run's folder. Everything in it is plain data; nothing is ever unpickled."""

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / SUMMARY).exists()

    def begin(
        self,
        settings_toml: str,
        preparation: Mapping[str, Any],
        split: np.ndarray,
        sitting: Mapping[str, Any] | None = None,
    ) -> None:
        """Makes the folder, clears an earlier run's files out of it, and writes what is known before training.

        Args:
            settings_toml: the resolved settings.
            preparation: how columns become features.
            split: which part each row of the source goes to.
            sitting: what is recorded of the process that trains (see `add_sitting`).

        Raises:
            RunFolderError: if the folder cannot be made or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in (*FILES, RANGE_TEST, *REPORTS):
                (self.path / name).unlink(missing_ok=True)
            for sample in (self.path / PICTURES).glob("*.png"):
                sample.unlink()
            clear_halves(self.path)
            # An earlier run's maps are none of this one.
            shutil.rmtree(self.path / MAPS, ignore_errors=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} cannot be used as a run folder: {error.strerror}") from None
        write_seals(self.path, {})
        self._write_begun(settings_toml, preparation, split, sitting or {})

    def reopen(self, without: Iterable[str] = ()) -> None:
        """Takes the summary away, so that the run is an unfinished one, and files that no training makes anew.

        Raises:
            RunFolderError: if the system refuses.
        """
        try:
            for name in without:
                remove_sealed(self.path, name)
            (self.path / SUMMARY).unlink(missing_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} could not be mended: {error.strerror}") from None

    def write_gate(self, report: Mapping[str, Any]) -> None:
        """Writes what the gate found."""
        write_sealed(self.path / GATE, as_json(report))

    def gate(self) -> dict[str, Any]:
        """What the gate found in the source before the first step."""
        return self._parsed(GATE, self._verified(GATE, self._seal()))

    def write_range_test(self, found: Mapping[str, Any]) -> None:
        """Writes the range test that gave the learning rate."""
        write_sealed(self.path / RANGE_TEST, as_json(found))

    def range_test(self) -> dict[str, Any]:
        """The range test that gave the learning rate; empty for a run whose rate was given otherwise."""
        content = self._if_kept(RANGE_TEST)
        return {} if content is None else self._parsed(RANGE_TEST, content)

    def write_params(self, params: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
        """Writes the members' params, every array with the member axis first; an older summary is none of theirs."""
        from safetensors.numpy import save

        content = save(flatten(params), metadata=dict(metadata))
        try:
            (self.path / SUMMARY).unlink(missing_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path / SUMMARY} could not be replaced: {error.strerror}") from None
        write_atomically(self.path / PARAMS, content)

    def write_evaluation(self, parts: Mapping[str, Evaluation]) -> None:
        """Writes the predictions beside the truth, by part of the split."""
        from safetensors.numpy import save

        write_atomically(self.path / EVALUATION, save(to_arrays(parts), metadata={"format": "talweg-evaluation-1"}))

    def write_evidence(self, evidence: Mapping[str, Any]) -> None:
        """Writes what was measured to explain the run."""
        self._write_json(EVIDENCE, evidence)

    def write_trajectory(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Writes the members' snapshots, as a recorder gives them; nothing if there are none."""
        if arrays:
            write_atomically(self.path / TRAJECTORY, pack(arrays, {}, "talweg-trajectory-1"))

    def write_pictures(self, files: Mapping[str, bytes]) -> None:
        """Writes some pictures to be looked at, by their paths within the folder.

        Raises:
            RunFolderError: if the system refuses.
        """
        for name, content in files.items():
            path = self.path / name
            try:
                path.parent.mkdir(exist_ok=True)
            except OSError as error:
                raise RunFolderError(f"{path.parent} cannot be made: {error.strerror}") from None
            write_sealed(path, content)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Writes what was reached; the run is finished with it."""
        self.flush_history()
        marks = {name: mark(self._read(name)) for name in (*REACHED, RANGE_TEST) if (self.path / name).exists()}
        self._write_json(SUMMARY, sealed(summary, marks))

    def history(self) -> History:
        """The curves: of a finished run to its end, of another as far as they go."""
        seal = self._seal()
        if seal is None:
            return self.history_so_far()
        content = self._read(HISTORY)
        if HISTORY not in seal or not seal[HISTORY].begins(content):
            raise RunFolderError(f"{self.path / HISTORY} is damaged: it is not as it was written")
        # A finished run that goes on has more lines than its summary speaks of.
        return self._lines(content[: seal[HISTORY].length])

    def summary(self) -> dict[str, Any]:
        """What was reached.

        Raises:
            RunFolderError: if the run was not finished, or the file is damaged.
        """
        return self._sealed_summary()[0]

    def _sealed_summary(self) -> tuple[dict[str, Any], dict[str, Mark] | None]:
        if not self.finished() and self.holds_run():
            raise RunFolderError(
                f"{self.path} holds a run that did not come to its end: it has no {SUMMARY}; "
                f"go on with: talweg resume {self.path}"
            )
        content = self._read_json(SUMMARY)
        self._require_version(SUMMARY, content, SUMMARY_VERSION)
        summary, marks = self._unsealed(SUMMARY, content)
        if (marks is None) != (self._origin() is None):
            missing = f"{SUMMARY} is damaged: it has no seal" if marks is None else f"{ORIGIN} is missing"
            raise RunFolderError(f"{self.path / missing}")
        return summary, marks

    def _seal(self) -> dict[str, Mark] | None:
        """What the summary vouches for; `None` of a run that has not come to its end, or is of version 1."""
        return self._sealed_summary()[1] if self.finished() else None

    def _if_kept(self, name: str) -> bytes | None:
        """A file that not every run has; `None` where it is absent and the summary does not speak of it."""
        seal = self._seal()
        kept = (self.path / name).exists() or name in (seal or {})
        return self._verified(name, seal) if kept else None

    def params(self) -> dict[str, Any]:
        """The members' params.

        Raises:
            RunFolderError: if they are missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        content = self._verified(PARAMS, self._seal())
        try:
            return unflatten(load(content))
        except SafetensorError as error:
            raise RunFolderError(f"{self.path / PARAMS} is damaged: {error}") from None

    def params_mark(self) -> Mark | None:
        """By what the params of a finished run are known; `None` of an unfinished one, or one of version 1."""
        return (self._seal() or {}).get(PARAMS)

    def evaluation(self) -> dict[str, Evaluation]:
        """The predictions beside the truth by part of the split; empty for a run that kept none.

        Raises:
            RunFolderError: if the file is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        content = self._if_kept(EVALUATION)
        try:
            return {} if content is None else from_arrays(load(content))
        except (SafetensorError, KeyError) as error:
            raise RunFolderError(f"{self.path / EVALUATION} is damaged: {error}") from None

    def evidence(self) -> dict[str, Any]:
        """What was measured to explain the run; empty for a run that kept nothing."""
        content = self._if_kept(EVIDENCE)
        return {} if content is None else self._parsed(EVIDENCE, content)

    def trajectory(self) -> dict[str, np.ndarray]:
        """The members' snapshots, as a recorder gave them; empty where none were recorded.

        Raises:
            RunFolderError: if they are damaged.
        """
        content = self._if_kept(TRAJECTORY)
        try:
            return {} if content is None else unpack(content, "talweg-trajectory-1")[0]
        except ValueError as error:
            raise RunFolderError(f"{self.path / TRAJECTORY} is damaged: {error}") from None

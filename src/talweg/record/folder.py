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
pictures/            of a denoising: some pictures noisy, denoised and clean
summary.json         what was reached; written last, so that a folder without it is an unfinished run

How a file is read and written is in `files` and `writing`, checkpoints are in `checkpoints`, where runs lie is in
`places`.
"""

import os
import shutil
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from talweg.errors import RunFolderError
from talweg.record.evaluation import Evaluation, from_arrays, to_arrays
from talweg.record.files import Files
from talweg.record.flat import flatten, unflatten
from talweg.record.history import History, read_lines
from talweg.record.sealed import Mark, mark, pack, sealed, unpack
from talweg.record.writing import clear_halves, write_atomically

SETTINGS, HISTORY, PARAMS = "run.toml", "history.jsonl", "params.safetensors"
PREPARATION, SPLIT, SUMMARY, ORIGIN = "preparation.json", "split.npy", "summary.json", "origin.json"
GATE = "gate.json"
TRAJECTORY, MAPS = "trajectory.safetensors", "map"
PICTURES = "pictures"
EVALUATION, EVIDENCE, REPORT = "evaluation.safetensors", "evidence.json", "report.html"
FILES = (SUMMARY, ORIGIN, SETTINGS, HISTORY, PARAMS, PREPARATION, SPLIT, GATE, TRAJECTORY, EVALUATION, EVIDENCE, REPORT)
REPORTS = tuple(f"report{lang}.{form}" for lang in ("", ".de") for form in ("html", "md", "json"))
"""Every form of a run's report; a new run clears them all."""
REACHED = (HISTORY, PARAMS, GATE, TRAJECTORY, EVALUATION, EVIDENCE)
"""The files that the summary vouches for; `origin.json` does for those that stand before the first step."""
FORMAT = 2
"""The run folder's version, kept in `origin.json`. Version 1 had no such file and no checksums; it is still read."""
SUMMARY_VERSION = 1
"""The newest version of a summary that is understood."""


@final
class RunFolder(Files):
    """A run's folder. Everything in it is plain data; nothing is ever unpickled."""

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def holds_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / SETTINGS).exists()

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
            for name in (*FILES, *REPORTS):
                (self.path / name).unlink(missing_ok=True)
            for sample in (self.path / PICTURES).glob("*.png"):
                sample.unlink()
            clear_halves(self.path)
            # An earlier run's maps are none of this one.
            shutil.rmtree(self.path / MAPS, ignore_errors=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} cannot be used as a run folder: {error.strerror}") from None
        marks = {PREPARATION: self._write_json(PREPARATION, preparation), SPLIT: self._write_array(SPLIT, split)}
        self._write_origin([{**(sitting or {}), "settings": settings_toml}], marks)
        write_atomically(self.path / SETTINGS, settings_toml.encode())

    def add_sitting(self, settings_toml: str, sitting: Mapping[str, Any]) -> None:
        """Records one more process that trains this run, and under which settings it does."""
        origin = self._origin()
        if origin is None:
            raise RunFolderError(
                f"{self.path} was begun by an older Talweg and cannot be continued; train anew with --config run.toml"
            )
        content, marks = origin
        self._write_origin([*content["sittings"], {**sitting, "settings": settings_toml}], marks)
        write_atomically(self.path / SETTINGS, settings_toml.encode())

    def sittings(self) -> list[dict[str, Any]]:
        """The processes that trained this run, the first first; none if it is of version 1.

        Raises:
            RunFolderError: if what is recorded of them is damaged.
        """
        origin = self._origin()
        return [] if origin is None else origin[0]["sittings"]

    def _write_origin(self, sittings: list[dict[str, Any]], marks: Mapping[str, Mark]) -> None:
        content = {"version": FORMAT, "kind": "origin", "sittings": sittings}
        self._write_json(ORIGIN, sealed(content, marks))

    def _origin(self) -> tuple[dict[str, Any], dict[str, Mark]] | None:
        if not (self.path / ORIGIN).exists():
            return None
        content = self._read_json(ORIGIN)
        self._require_version(ORIGIN, content, FORMAT)
        found, marks = self._unsealed(ORIGIN, content)
        if marks is None:
            raise RunFolderError(f"{self.path / ORIGIN} is damaged: it has no seal")
        return found, marks

    def write_gate(self, report: Mapping[str, Any]) -> None:
        """Writes what the gate found."""
        self._write_json(GATE, report)

    def gate(self) -> dict[str, Any]:
        """What the gate found in the source before the first step."""
        self._verified(GATE, self._seal() if self.finished() else None)
        return self._read_json(GATE)

    def append(self, line: str) -> None:
        """Adds one line to the history.

        Raises:
            RunFolderError: if the system refuses.
        """
        try:
            with (self.path / HISTORY).open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise RunFolderError(f"{self.path / HISTORY} could not be written: {error.strerror}") from None

    def mark_history(self) -> Mark:
        """What the history is now, by its length and checksum."""
        return mark(self._read(HISTORY))

    def flush_history(self) -> None:
        """Waits until the history is on the disk.

        Raises:
            RunFolderError: if the system refuses.
        """
        try:
            with (self.path / HISTORY).open("rb+") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise RunFolderError(f"{self.path / HISTORY} could not be written: {error.strerror}") from None

    def cut_history(self, until: Mark | None) -> None:
        """Takes the history back to what it was; to nothing if `until` is absent.

        Raises:
            RunFolderError: if it is not a continuation of that.
        """
        if until is not None and not until.begins(self._read(HISTORY)):
            raise RunFolderError(f"{self.path / HISTORY} is damaged: its lines are not those that were written")
        try:
            with (self.path / HISTORY).open("ab") as file:
                file.truncate(until.length if until else 0)
        except OSError as error:
            raise RunFolderError(f"{self.path / HISTORY} could not be written: {error.strerror}") from None

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
            write_atomically(path, content)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Writes what was reached; the run is finished with it."""
        self.flush_history()
        marks = {name: mark(self._read(name)) for name in REACHED if (self.path / name).exists()}
        self._write_json(SUMMARY, sealed(summary, marks))

    def settings_toml(self) -> str:
        """The resolved settings as they were written."""
        try:
            text = self._read(SETTINGS).decode()
        except UnicodeDecodeError:
            raise RunFolderError(f"{self.path / SETTINGS} is damaged: it is no text") from None
        written = [sitting["settings"] for sitting in self.sittings()]
        # A kill between the two files leaves the settings of the sitting before.
        if written and text not in written[-2:]:
            raise RunFolderError(f"{self.path / SETTINGS} is damaged: it is not as it was written")
        return written[-1] if written else text

    def history(self) -> History:
        """The curves: of a finished run to its end, of another as far as they go."""
        seal = self._seal() if self.finished() else None
        if seal is None:
            return self.history_so_far()
        content = self._read(HISTORY)
        if HISTORY not in seal or not seal[HISTORY].begins(content):
            raise RunFolderError(f"{self.path / HISTORY} is damaged: it is not as it was written")
        # A finished run that goes on has more lines than its summary speaks of.
        return self._lines(content[: seal[HISTORY].length])

    def history_so_far(self) -> History:
        """The curves as far as they go."""
        return self._lines(self._read(HISTORY))

    def _lines(self, content: bytes) -> History:
        try:
            return read_lines(content.decode().splitlines(keepends=True))
        except UnicodeDecodeError:
            raise RunFolderError(f"{self.path / HISTORY} is damaged: it is no text") from None

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
        return self._sealed_summary()[1]

    def preparation(self) -> dict[str, Any]:
        """How columns become features."""
        self._verified(PREPARATION, self._begun())
        return self._read_json(PREPARATION)

    def split(self) -> np.ndarray:
        """Which part each row of the source went to."""
        import io

        try:
            content = self._verified(SPLIT, self._begun())
            return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        except ValueError:
            raise RunFolderError(f"{self.path / SPLIT} is damaged") from None

    def params(self) -> dict[str, Any]:
        """The members' params.

        Raises:
            RunFolderError: if they are missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        content = self._verified(PARAMS, self._seal() if self.finished() else None)
        try:
            return unflatten(load(content))
        except SafetensorError as error:
            raise RunFolderError(f"{self.path / PARAMS} is damaged: {error}") from None

    def evaluation(self) -> dict[str, Evaluation]:
        """The predictions beside the truth by part of the split; empty for a run that kept none.

        Raises:
            RunFolderError: if the file is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        seal = self._seal() if self.finished() else None
        if not (self.path / EVALUATION).exists() and EVALUATION not in (seal or {}):
            return {}
        content = self._verified(EVALUATION, seal)
        try:
            return from_arrays(load(content))
        except (SafetensorError, KeyError) as error:
            raise RunFolderError(f"{self.path / EVALUATION} is damaged: {error}") from None

    def evidence(self) -> dict[str, Any]:
        """What was measured to explain the run; empty for a run that kept nothing."""
        seal = self._seal() if self.finished() else None
        if not (self.path / EVIDENCE).exists() and EVIDENCE not in (seal or {}):
            return {}
        self._verified(EVIDENCE, seal)
        return self._read_json(EVIDENCE)

    def _begun(self) -> dict[str, Mark] | None:
        origin = self._origin()
        return None if origin is None else origin[1]

    def trajectory(self) -> dict[str, np.ndarray]:
        """The members' snapshots, as a recorder gave them; empty where none were recorded.

        Raises:
            RunFolderError: if they are damaged.
        """
        seal = self._seal() if self.finished() else None
        if not (self.path / TRAJECTORY).exists() and TRAJECTORY not in (seal or {}):
            return {}
        content = self._verified(TRAJECTORY, seal)
        try:
            return unpack(content, "talweg-trajectory-1")[0]
        except ValueError as error:
            raise RunFolderError(f"{self.path / TRAJECTORY} is damaged: {error}") from None

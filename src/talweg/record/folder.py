"""A run's place on disk: which files there are, and how they are written so that a kill never leaves half of one.

run.toml             the resolved settings
history.jsonl        the curves, one line an epoch
params.safetensors   the members' params, the member axis first
preparation.json     how columns become features, fitted on the training rows
split.npy            for each row of the source: 0 training, 1 validation, 2 test, -1 left out; with folds 10 + fold
gate.json            what the gate found in the source before the first step
evaluation.safetensors  predictions beside the truth, on validation and test rows
evidence.json        what was measured to explain the run: its rules, its gradient, its environment
trajectory.safetensors  the members' snapshots, thinned to a budget; absent where none was recorded
map/                 the run's maps, and what of them is computed so far; made later
pictures/            of a denoising: some pictures noisy, denoised and clean
summary.json         what was reached; written last, so that a folder without it is an unfinished run
"""

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from talweg.errors import RunFolderError, did_you_mean
from talweg.record.evaluation import Evaluation, from_arrays, to_arrays
from talweg.record.history import History, read_history
from talweg.record.sealed import pack, unpack

SETTINGS, HISTORY, PARAMS = "run.toml", "history.jsonl", "params.safetensors"
PREPARATION, SPLIT, SUMMARY = "preparation.json", "split.npy", "summary.json"
GATE = "gate.json"
TRAJECTORY, MAPS = "trajectory.safetensors", "map"
PICTURES = "pictures"
EVALUATION, EVIDENCE, REPORT = "evaluation.safetensors", "evidence.json", "report.html"
FILES = (SETTINGS, HISTORY, PARAMS, PREPARATION, SPLIT, GATE, TRAJECTORY, EVALUATION, EVIDENCE, SUMMARY, REPORT)
REPORTS = tuple(f"report{lang}.{form}" for lang in ("", ".de") for form in ("html", "md", "json"))
"""Every form of a run's report; a new run clears them all."""


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all: a temporary file beside it, flushed to disk, takes its name.

    Raises:
        RunFolderError: if the system refuses; the old file is then still there.
    """
    try:
        # Not `tempfile`, whose files only their owner may read.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _flush_folder(path.parent)
    except OSError as error:
        raise RunFolderError(f"{path} could not be written: {error.strerror or error}") from None


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, np.ndarray]:
    """Nested params as one level of names, ``dense_1/weights``."""
    flat: dict[str, np.ndarray] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}/")
        else:
            flat[prefix + name] = np.ascontiguousarray(value)
    return flat


def unflatten(flat: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The inverse of `flatten`."""
    params: dict[str, Any] = {}
    for path, value in flat.items():
        *groups, name = path.split("/")
        place = params
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return params


@final
class RunFolder:
    """A run's folder. Everything in it is plain data; nothing is ever unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def holds_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / SETTINGS).exists()

    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / SUMMARY).exists()

    def begin(self, settings_toml: str, preparation: Mapping[str, Any] | None, split: np.ndarray | None) -> None:
        """Makes the folder, clears an earlier run's files out of it, and writes what is known before training.

        Raises:
            RunFolderError: if the folder cannot be made or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for name in (*FILES, *REPORTS):
                (self.path / name).unlink(missing_ok=True)
            for sample in (self.path / PICTURES).glob("*.png"):
                sample.unlink()
            # An earlier run's maps are none of this one.
            shutil.rmtree(self.path / MAPS, ignore_errors=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} cannot be used as a run folder: {error.strerror}") from None
        if preparation is not None:
            self._write_json(PREPARATION, preparation)
        if split is not None:
            self._write_array(SPLIT, split)
        write_atomically(self.path / SETTINGS, settings_toml.encode())

    def write_gate(self, report: Mapping[str, Any]) -> None:
        """Writes what the gate found."""
        self._write_json(GATE, report)

    def gate(self) -> dict[str, Any]:
        """What the gate found in the source before the first step."""
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

    def write_params(self, params: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
        """Writes the members' params, every array with the member axis first."""
        from safetensors.numpy import save

        write_atomically(self.path / PARAMS, save(flatten(params), metadata=dict(metadata)))

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
        self._write_json(SUMMARY, summary)

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        write_atomically(self.path / name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())

    def _write_array(self, name: str, array: np.ndarray) -> None:
        import io

        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        write_atomically(self.path / name, buffer.getvalue())

    def settings_toml(self) -> str:
        """The resolved settings as they were written."""
        try:
            return self._read(SETTINGS).decode()
        except UnicodeDecodeError:
            raise RunFolderError(f"{self.path / SETTINGS} is damaged: it is no text") from None

    def history(self) -> History:
        """The curves."""
        return read_history(self.path / HISTORY)

    def summary(self) -> dict[str, Any]:
        """What was reached.

        Raises:
            RunFolderError: if the run was not finished, or the file is damaged.
        """
        if not self.finished() and self.holds_run():
            raise RunFolderError(f"{self.path} holds a run that did not come to its end: it has no {SUMMARY}")
        return self._read_json(SUMMARY)

    def preparation(self) -> dict[str, Any]:
        """How columns become features."""
        return self._read_json(PREPARATION)

    def split(self) -> np.ndarray:
        """Which part each row of the source went to."""
        import io

        try:
            return np.lib.format.read_array(io.BytesIO(self._read(SPLIT)), allow_pickle=False)
        except ValueError:
            raise RunFolderError(f"{self.path / SPLIT} is damaged") from None

    def params(self) -> dict[str, Any]:
        """The members' params.

        Raises:
            RunFolderError: if they are missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            return unflatten(load(self._read(PARAMS)))
        except SafetensorError as error:
            raise RunFolderError(f"{self.path / PARAMS} is damaged: {error}") from None

    def evaluation(self) -> dict[str, Evaluation]:
        """The predictions beside the truth by part of the split; empty for a run that kept none.

        Raises:
            RunFolderError: if the file is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        if not (self.path / EVALUATION).exists():
            return {}
        try:
            return from_arrays(load(self._read(EVALUATION)))
        except (SafetensorError, KeyError) as error:
            raise RunFolderError(f"{self.path / EVALUATION} is damaged: {error}") from None

    def evidence(self) -> dict[str, Any]:
        """What was measured to explain the run; empty for a run that kept nothing."""
        return self._read_json(EVIDENCE) if (self.path / EVIDENCE).exists() else {}

    def trajectory(self) -> dict[str, np.ndarray]:
        """The members' snapshots, as a recorder gave them; empty where none were recorded.

        Raises:
            RunFolderError: if they are damaged.
        """
        if not (self.path / TRAJECTORY).exists():
            return {}
        try:
            return unpack(self._read(TRAJECTORY), "talweg-trajectory-1")[0]
        except ValueError as error:
            raise RunFolderError(f"{self.path / TRAJECTORY} is damaged: {error}") from None

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} is no run folder: it has no {name}") from None
        except OSError as error:
            raise RunFolderError(f"{self.path / name} cannot be read: {error.strerror}") from None

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads(self._read(name))
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise RunFolderError(f"{self.path / name} is damaged: it is no valid JSON") from None
        if not isinstance(content, dict):
            raise RunFolderError(f"{self.path / name} is damaged: it holds no JSON object")
        return content


def existing_run(path: Path) -> RunFolder:
    """The run in a folder.

    Raises:
        RunFolderError: if there is none; the message names the nearest run beside it.
    """
    folder = RunFolder(path)
    if not folder.holds_run():
        beside = [run.path.name for run in runs_in(path.parent)]
        raise RunFolderError(f"{path} holds no run.{did_you_mean(path.name, beside)}")
    return folder


def runs_in(parent: Path) -> list[RunFolder]:
    """The runs in the folders of a folder, by name."""
    if not parent.is_dir():
        return []
    folders = (RunFolder(path) for path in sorted(parent.iterdir()) if path.is_dir())
    return [folder for folder in folders if folder.holds_run()]


def next_folder(parent: Path, name: str) -> Path:
    """A folder of its own for a new run: the name made safe, and the next free number behind it.

    Example:
        >>> next_folder(Path("no-such-folder"), "my data.csv").name
        'my-data-001'
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-") or "run"
    taken = [int(path.name[len(stem) + 1 :]) for path in parent.glob(f"{stem}-*") if _numbered(path.name, stem)]
    return parent / f"{stem}-{max(taken, default=0) + 1:03d}"


def _numbered(name: str, stem: str) -> bool:
    return name.startswith(f"{stem}-") and name[len(stem) + 1 :].isdecimal()


def require_free(path: Path, force: bool) -> None:
    """Makes sure that a new run may be written to a folder.

    Raises:
        RunFolderError: if it holds a run and `force` is not given, or is a file.
    """
    if path.exists() and not path.is_dir():
        raise RunFolderError(f"{path} is a file, not a folder for a run")
    if RunFolder(path).holds_run() and not force:
        raise RunFolderError(f"{path} already holds a run; name another folder, or replace it with --force")


def require_space(path: Path, needed: int) -> None:
    """Makes sure that there is room on the disk.

    Args:
        path: the run folder, which need not exist yet.
        needed: bytes.

    Raises:
        RunFolderError: if there is less.
    """
    place = path.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise RunFolderError(
            f"not enough disk for this run at {path}: it needs about {needed / 1e6:.1f} MB, "
            f"{free / 1e6:.1f} MB are free; name another place with --out"
        )

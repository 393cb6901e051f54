"""A run folder looked over: every file, whether the run can still be read or go on, and what mends each damage.

Nothing is changed here, and nothing imported that is heavy. How a training is mended is in `run.resuming`.
"""

import dataclasses
import os
from pathlib import Path, PurePosixPath
from typing import Any, final

from talweg.record.begun import ORIGIN, PREPARATION, SETTINGS, SPLIT
from talweg.record.checkpoints import FOLDER as CHECKPOINTS
from talweg.record.findings import MISSING, RESULT, WHOLE, Finding, Look
from talweg.record.folder import PICTURES, REPORTS, SUMMARY
from talweg.record.places import no_run
from talweg.record.seals import SEALS

BEFORE = (ORIGIN, SETTINGS, PREPARATION, SPLIT)
"""What is written before the first step."""
LOOKS = 3
"""How often a folder is looked over while its files change under the eyes."""


@final
@dataclasses.dataclass(frozen=True)
class Verified:
    """What is found of a run folder.

    Attributes:
        run: the folder.
        version: of the folder; 1 where that is not recorded.
        finished: whether the run came to its end.
        files: every file that is there or should be, by name.
    """

    run: Path
    version: int
    finished: bool
    files: tuple[Finding, ...]

    def __repr__(self) -> str:
        wrong = sum(found.wrong for found in self.files)
        return f"<Verified {self.run}: {len(self.files)} files, {wrong} damaged or missing>"

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged or missing."""
        return not any(found.wrong for found in self.files)

    @property
    def readable(self) -> bool:
        """Whether the run can be shown, explained and applied."""
        return self.finished and not self._wrong(*BEFORE, *RESULT)

    @property
    def resumable(self) -> bool:
        """Whether the run can go on, or its result be written anew: its beginnings are there."""
        return self.version > 1 and not self._wrong(ORIGIN) and (self.run / SETTINGS).exists()

    def _wrong(self, *names: str) -> bool:
        return any(found.wrong and found.file in names for found in self.files)

    def of(self, state: str) -> list[Finding]:
        """The files in one state."""
        return [found for found in self.files if found.state == state]

    @property
    def summary(self) -> dict[str, Any]:
        """All of it as plain data; its shape is in docs/json.md."""
        told = {"run": str(self.run), "format": self.version, "finished": self.finished}
        judged = {"whole": self.whole, "readable": self.readable, "resumable": self.resumable}
        files = [dataclasses.asdict(found) for found in self.files]
        return {"version": 1, "kind": "verify", **told, **judged, "files": files}

    def __str__(self) -> str:
        named = [f"{found.file}: {found.state}, {found.reason}" for found in self.files if found.wrong]
        return "\n".join(named) or f"{self.run} is whole: {len(self.of(WHOLE))} files are as they were written"


def verify(run: str | os.PathLike[str]) -> Verified:
    """Looks over every file of a run folder, whatever state it is in; nothing is changed.

    Args:
        run: the run, or its folder.

    Raises:
        RunFolderError: if no run was begun there, or a file cannot be read.

    Example:
        >>> import tempfile
        >>> import talweg as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = tw.train("iris", members=2, max_epochs=3, out=f"{folder}/run")
        ...     params = run.folder.path / "params.safetensors"
        ...     before = tw.verify(f"{folder}/run").whole
        ...     _ = params.write_bytes(params.read_bytes()[:-1])
        ...     before, [found.file for found in tw.verify(f"{folder}/run").files if found.wrong]
        (True, ['params.safetensors'])
    """
    path = Path(run)
    if not any((path / name).exists() for name in (SETTINGS, ORIGIN, SUMMARY)):
        raise no_run(path)
    for _ in range(LOOKS):
        before = _written(path)
        found = _look(path)
        # A file that was written meanwhile is not as the seals said a moment ago.
        if found.whole or _written(path) == before:
            break
    return found


def _written(run: Path) -> list[object]:
    return [((run / name).stat().st_mtime_ns if (run / name).exists() else None) for name in (SEALS, SUMMARY, ORIGIN)]


def _look(run: Path) -> Verified:
    look = Look(run)
    files = {name: look.judged(name) for name in look.names()}
    files |= {name: Finding(name, MISSING, "it is gone") for name in look.expected() if name not in files}
    version = look.version or 1
    found = Verified(run, version, (run / SUMMARY).exists(), tuple(files[name] for name in sorted(files)))
    mended = [dataclasses.replace(one, mend=_mend(found, one)) if one.wrong else one for one in found.files]
    return dataclasses.replace(found, files=tuple(mended))


def _mend(found: Verified, one: Finding) -> str:
    """What makes a file anew, or what else to do."""
    run, name = found.run, one.file
    if name == ORIGIN or (name in BEFORE and not found.resumable):
        return f"train anew: talweg train --config {run / SETTINGS} --out FOLDER" if name != SETTINGS else "train anew"
    if name in (*BEFORE, *RESULT) or name.startswith(f"{PICTURES}/"):
        return f"talweg resume {run}" if found.resumable else "train anew"
    if name in REPORTS:
        return f"talweg report {run}" + (" --lang de" if ".de." in name else "")
    if name == SEALS:
        return f"make pages and pictures anew, each seals itself: talweg report {run}, talweg map {run}"
    if name.startswith(f"{CHECKPOINTS}/"):
        return f"it is passed over for the one before it, and removed, by: talweg resume {run}"
    return _map_mend(run, PurePosixPath(name).name)


def _map_mend(run: Path, name: str) -> str:
    looks = ("atlas", "barriers", "sharpness")
    if name.startswith("noise"):
        return f"talweg noise {run}"
    look = next((f" --{look}" for look in looks if name.startswith(look)), "")
    return f"talweg map {run}{look}"

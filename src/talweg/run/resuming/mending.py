"""A run whose files are damaged or gone, mended as it goes on: what can be found again is compared with its checksum.

What is looked at to know of the damage is in `record.verify`; where a run goes on from is in `resume`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from talweg.errors import RunFolderError
from talweg.record.begun import PREPARATION, SETTINGS, SPLIT
from talweg.record.files import as_array, as_json
from talweg.record.findings import RESULT, Finding
from talweg.record.folder import PICTURES, RANGE_TEST, RunFolder
from talweg.record.verify import verify
from talweg.run.build import Built


def spoiled_result(folder: RunFolder, changes: Mapping[str, Any]) -> list[Finding]:
    """What a training wrote at the end of a finished run and is damaged or gone now.

    Args:
        folder: the run's.
        changes: the settings under which it is to go on.

    Raises:
        RunFolderError: if there is something, and the run is to go further all the same.
    """
    if not folder.finished():
        return []
    found = verify(folder.path).files
    spoiled = [one for one in found if one.wrong and (one.file in RESULT or one.file.startswith(f"{PICTURES}/"))]
    if spoiled and changes:
        raise RunFolderError(
            f"{folder.path} cannot go further as it is: {_are_damaged(spoiled)}; mend that first: "
            f"talweg resume {folder.path}"
        )
    return spoiled


def restore_settings(folder: RunFolder) -> list[str]:
    """Writes the settings anew from `origin.json` if they are damaged; a sentence if so."""
    sittings = folder.sittings()
    done = sittings and folder.restore(SETTINGS, sittings[-1]["settings"].encode())
    return [f"{folder.path / SETTINGS} was damaged: it is written anew from origin.json"] if done else []


def restore_beginnings(folder: RunFolder, built: Built) -> list[str]:
    """Writes preparation and split anew if they are damaged and the data still give them; a sentence on each."""
    again = {PREPARATION: as_json(built.preparation.to_dict()), SPLIT: as_array(built.parts)}
    return [
        f"{folder.path / name} was damaged: it is written anew from the data"
        for name, content in again.items()
        if folder.restore(name, content)
    ]


def reopen(folder: RunFolder, spoiled: Sequence[Finding]) -> list[str]:
    """Makes a finished run whose result is damaged an unfinished one, whose result is written anew; sentences on it."""
    if not spoiled:
        return []
    lost = [RANGE_TEST] if any(one.file == RANGE_TEST for one in spoiled) else []
    folder.reopen(lost)
    told = f"{_are_damaged(spoiled)}: the result is written anew"
    return [told, *(f"{name} is not: a range test is made before the first step only" for name in lost)]


def _are_damaged(spoiled: Sequence[Finding]) -> str:
    return ", ".join(one.file for one in spoiled) + (" are" if len(spoiled) > 1 else " is") + " damaged or gone"

"""A run in its folder: begun, finished, explained, and opened again. What a folder is made of is in `record.folder`."""

import contextlib
import os
import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from talweg.config.settings import Settings, make_settings, to_toml
from talweg.data.clean import Preparation
from talweg.data.images.prepare import AnyPreparation, MaskPreparation, PhotographPreparation, PicturePreparation
from talweg.errors import ConfigError, RunFolderError
from talweg.record.folder import RunFolder
from talweg.record.places import existing_run
from talweg.run.result import Run
from talweg.view.report.writing import write_report


def begin(
    folder: RunFolder,
    settings: Settings,
    preparation: AnyPreparation,
    parts: np.ndarray,
    sitting: Mapping[str, Any],
) -> None:
    """Writes what is known before the first step."""
    folder.begin(to_toml(settings), preparation.to_dict(), parts, sitting)


def save(run: Run, folder: RunFolder) -> None:
    """Writes what is known at the end: the params, what explains the run, and the summary that finishes it."""
    folder.write_params(run.params, {"format": "talweg-params-1"})
    folder.write_gate(run.summary["gate"])
    folder.write_evaluation(run.evaluation)
    folder.write_evidence(run.evidence)
    folder.write_trajectory(run.recorded or {})
    folder.write_summary(run.summary)
    explain(folder)


def explain(folder: RunFolder) -> None:
    """Writes the report of a finished run; where that fails, the run is none the worse, and a warning says so."""
    try:
        write_report(folder)
    except Exception as error:
        told = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(f"the run is whole, but its report was not written: {told}", RuntimeWarning, stacklevel=2)


def open_run(path: str | os.PathLike[str], *, source: Any = None, target: Any = None) -> Run:
    """The run in a folder.

    Args:
        path: a run folder, as training names it.
        source: the data, if they are elsewhere now or came as Python objects; maps look at them again.
        target: for an array of features, the array of targets.

    Raises:
        RunFolderError: if it holds no finished run, or is damaged.
    """
    folder = existing_run(Path(path))
    summary = folder.summary()
    settings = settings_of(folder)
    try:
        preparation = preparation_from(folder.preparation())
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RunFolderError(f"{folder.path / 'preparation.json'} is damaged: it is no preparation") from None
    return Run(
        settings,
        summary,
        folder.history(),
        preparation,
        folder.params(),
        folder,
        folder.evaluation(),
        folder.evidence(),
        data_of(folder, settings) if source is None else source if target is None else _joined(source, target),
    )


def data_of(folder: RunFolder, settings: Settings) -> Path | None:
    """A run's file of data, where it is called by a path that led there from another folder than the present one.

    Returns:
        Where it is; `None` if it is to be read as it is called.
    """
    with contextlib.suppress(OSError, ValueError, RunFolderError):
        if not Path(settings.source).exists():
            folders = [Path(sitting["environment"]["folder"]) for sitting in folder.sittings()]
            return next((there / settings.source for there in folders if (there / settings.source).exists()), None)
    return None


def _joined(source: Any, target: Any) -> Any:
    from talweg.run.named import with_target  # it brings the readers of all sources, which showing a run does without

    return with_target(source, target)


def settings_of(folder: RunFolder) -> Settings:
    """The settings of a run's last sitting.

    Raises:
        RunFolderError: if they are damaged.
    """
    return read_settings(folder, folder.settings_toml())


def read_settings(folder: RunFolder, text: str) -> Settings:
    """Settings as a run folder holds them."""
    try:
        # Runs of before this setting learned a quantity as it is.
        given = {"target_scale": "standard", **tomllib.loads(text)}
        if given.get("model", "mlp") not in ("auto", "mlp"):
            # Earlier runs wrote down an activation beside layers, which have their own.
            given.pop("activation", None)
        return make_settings(given)
    except (tomllib.TOMLDecodeError, ConfigError) as error:
        raise RunFolderError(f"{folder.path / 'run.toml'} is damaged: {error}") from None


def preparation_from(data: Mapping[str, Any]) -> AnyPreparation:
    """The preparation that a run folder holds.

    Raises:
        RunFolderError: it is of another version or damaged.
    """
    kinds: dict[str, type[Preparation | PicturePreparation | PhotographPreparation | MaskPreparation]] = {
        "pictures": PicturePreparation,
        "photographs": PhotographPreparation,
        "masks": MaskPreparation,
    }
    return kinds.get(str(data.get("kind")), Preparation).from_dict(data)

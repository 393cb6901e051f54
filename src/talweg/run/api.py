"""Training as one call, from a source to a finished run; the command line and `talweg.train` both come in here."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from talweg.config.settings import Settings, make_settings
from talweg.data.images.load import save_picture
from talweg.data.images.pictures import Pictures
from talweg.data.table import Table
from talweg.objective.models import parameter_count
from talweg.record.evaluation import LARGEST
from talweg.record.folder import FILES, TRAJECTORY, RunFolder, require_free, require_space
from talweg.record.history import read_lines, to_line
from talweg.record.trajectory import Recorder
from talweg.run.build import Built, build
from talweg.run.compilation import keep_compilations
from talweg.run.denoise_scoring import denoising_summary
from talweg.run.evidence import evidence
from talweg.run.prepare import of_arrays
from talweg.run.recording import recording
from talweg.run.result import Run, begin, save
from talweg.run.summary import in_ensemble, part_scores, summarize
from talweg.run.train import Progress
from talweg.run.train import train as descend


def train(
    source: Any,
    target: Any = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Run:
    """Trains a network, many initialisations at once, and stops each for a stated reason.

    Args:
        source: a path to a table, the name of a built-in data set, a pandas or polars data frame, or an array of
            features of shape `(rows, features)`.
        target: the column to predict; for an array of features, the array of targets of shape `(rows,)`.
        out: the run folder to write; nothing is written if it is absent.
        force: whether a run that is there already may be replaced.
        progress: is called after each epoch.
        **settings: any field of `talweg.Settings`.

    Returns:
        The finished run.

    Raises:
        ConfigError: a setting that is unknown, out of range, or does not fit the task.
        DataError: a source that cannot be read, or not be learned from.
        RunFolderError: an `out` that holds a run already, or cannot be written.

    Example:
        >>> import talweg as tw
        >>> run = tw.train("iris", members=2, max_epochs=20)
        >>> run.summary["split"]
        {'train': 105, 'validation': 23, 'test': 22}
        >>> run.predict("iris").values[:2].tolist()
        ['setosa', 'setosa']
    """
    if target is not None and not isinstance(target, str):
        source, target = of_arrays(np.asarray(source), np.asarray(target)), None
    name = (
        str(source)
        if isinstance(source, str | Path)
        else source.name
        if isinstance(source, Table | Pictures)
        else "data"
    )
    named = make_settings({"source": str(name), "target": target, **settings})
    return train_settings(named, source, Path(out) if out is not None else None, force, progress)


def train_settings(
    settings: Settings,
    source: Any = None,
    out: Path | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
    started: Callable[[Built], None] | None = None,
) -> Run:
    """Trains from checked settings (see `train`); `started` hears of the job before the first step."""
    if out is not None:
        require_free(out, force)
    built = build(settings, source)
    kept = recording(built.job)
    built = dataclasses.replace(built, notes=(*built.notes, kept.sentence()))
    folder = None if out is None else RunFolder(out)
    if folder is not None:
        require_space(folder.path, _bytes_needed(built))
        begin(folder, built.job.settings, built.preparation, built.parts)
        folder.write_gate(built.report.to_dict())
    if started is not None:
        started(built)
    keep_compilations()
    lines: list[str] = []

    def tell(told: Progress) -> None:
        lines.append(to_line(told.epoch, told.seconds, told.curves))
        if folder is not None:
            folder.append(lines[-1])
        if progress is not None:
            progress(told)

    trained = descend(built.job, tell, recorder=Recorder(kept))
    recorded = trained.recorder.arrays() if trained.recorder else {}
    names = [name for name in FILES if recorded or name != TRAJECTORY]
    files = {} if folder is None else {Path(name).stem: str(folder.path / name) for name in names}
    run_name = folder.path.name if folder else Path(built.job.settings.source).stem
    scores = part_scores(built.job, trained)
    summary = summarize(built.job, trained, files, run_name, scores)
    if built.job.pairs:
        summary["denoising"], samples = denoising_summary(built.job, trained.params, in_ensemble(trained))
        if folder is not None:
            folder.write_pictures({name: save_picture(pixels) for name, pixels in samples.items()})
    summary["notes"] = list(built.notes)
    summary["gate"] = built.report.to_dict()
    told_of = {part: found.evaluation for part, found in scores.items() if found.evaluation is not None}
    measured = evidence(built.job, trained, built.preparation, in_ensemble(trained), measure=folder is not None)
    run = Run(
        built.job.settings,
        summary,
        read_lines(lines),
        built.preparation,
        trained.params,
        folder,
        told_of,
        measured,
        source=source,
        recorded=recorded,
    )
    if folder is not None:
        save(run, folder)
    return run


def _bytes_needed(built: Built) -> int:
    """An upper bound of what a run writes: params twice while they are replaced, curves, and some room."""
    job = built.job
    params = 4 * parameter_count(job.network.model, job.network.input_shape) * job.settings.members
    curves = 20 * 8 * job.settings.members * int(job.settings.max_epochs)
    told = 2 * 3 * 4 * LARGEST
    return 2 * params + curves + built.parts.nbytes + told + recording(job).bytes + 10_000_000

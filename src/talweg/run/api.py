"""Training as one call, from a source to a finished run; the command line and `talweg.train` both come in here."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from talweg.config.given import Given
from talweg.config.settings import Settings, to_toml
from talweg.data.images.prepare import MaskPreparation, PicturePreparation
from talweg.errors import ConfigError, RunFolderError
from talweg.record.checkpoints import Checkpoints
from talweg.record.folder import FILES, RANGE_TEST, TRAJECTORY, RunFolder
from talweg.record.history import History, read_lines, to_line
from talweg.record.lock import locked
from talweg.record.places import existing_run, require_free, require_space
from talweg.record.plain import plain_data
from talweg.record.trajectory import Recorder
from talweg.run.build import Built, build
from talweg.run.compilation import keep_compilations
from talweg.run.evidence import evidence
from talweg.run.listening import NOBODY, Listener, listening
from talweg.run.memory import require_memory
from talweg.run.named import named_settings, with_target
from talweg.run.result import Run
from talweg.run.resuming.environment import environment
from talweg.run.resuming.interruption import noted
from talweg.run.resuming.keeping import Keeper
from talweg.run.resuming.resume import CHANGEABLE, continuation
from talweg.run.resuming.room import checkpoint_bytes, disk_bytes, sentence
from talweg.run.scoring import Scores
from talweg.run.standing import Standing
from talweg.run.streaming.sources import without_credentials
from talweg.run.summary import in_ensemble, part_scores, summary_of
from talweg.run.surveying.recording import recording
from talweg.run.train import Progress, Trained, train as descend
from talweg.run.written import begin, save
from talweg.view.report.live import live_curves


def train(
    source: Any,
    target: Any = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **settings: Unpack[Given],
) -> Run:
    """Trains a network, many initializations at once, and stops each for a stated reason.

    Args:
        source: a path to a table, the name of a built-in data set, a pandas or polars data frame, an array of
            features of shape `(rows, features)`, or with `query` the URI of a database.
        target: the column to predict; or, for features that come without it, its values, one a row.
        out: the run folder to write; nothing is written if it is absent.
        force: whether a run that is there already may be replaced.
        progress: is called after each epoch; in a notebook, live curves show them if it is absent.
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
    named, source = named_settings(source, target, settings)
    live = live_curves() if progress is None else None
    heard = Listener(started=live.start, epoch=live.update) if live is not None else listening(progress)
    return train_settings(named, source, Path(out) if out is not None else None, force, heard)


def train_settings(
    settings: Settings,
    source: Any = None,
    out: Path | None = None,
    force: bool = False,
    listener: Listener = NOBODY,
) -> Run:
    """Trains from checked settings (see `train`)."""
    if out is not None:
        require_free(out, force)
    settings, query = without_credentials(settings)
    source = source if query is None else query
    built = build(settings, source, listener.hear)
    require_memory(built.job)
    kept = recording(built.job)
    room = () if out is None else (sentence(built.job),)
    notes = (*built.notes, kept.sentence(), *room, *(() if query is None else query.notes))
    built = dataclasses.replace(built, notes=notes)
    if out is None:
        return _trained(built, source, None, None, listener)
    folder = RunFolder(out)
    require_space(folder.path, disk_bytes(built.job, built.parts))
    with locked(folder.path):
        require_free(out, force)
        Checkpoints(folder.path).clear()
        begin(folder, built.job.settings, built.preparation, built.parts, _sitting(built, None))
        folder.write_gate(built.report.to_dict())
        if built.range_test is not None:
            folder.write_range_test(built.range_test.summary)
        return _trained(built, source, folder, None, listener)


def resume(
    run: str | os.PathLike[str],
    *,
    source: Any = None,
    target: Any = None,
    progress: Callable[[Progress], None] | None = None,
    **changes: Any,
) -> Run:
    """Goes on with a run: one that was interrupted as if it never had been, a finished one further than it was meant.

    Args:
        run: the run, or its folder.
        source: the data, if they came as Python objects.
        target: for an array of features, the array of targets.
        progress: is called after each epoch.
        **changes: `max_epochs` or `stop`, if they are to differ from now on. Members whose time was up go on; under
            another stopping rule all do that did not fail.

    Returns:
        The finished run.

    Raises:
        ConfigError: if there is nothing to go on with.
        DataError: if the data are no longer those that the run was begun with.
        RunFolderError: if there is no such run, or it is damaged, or another process trains it.
    """
    return resume_run(Path(run), changes, with_target(source, target), listening(progress))


def resume_run(
    path: Path,
    changes: Mapping[str, Any],
    source: Any = None,
    listener: Listener = NOBODY,
) -> Run:
    """Goes on with a run (see `resume`)."""
    folder = existing_run(path)
    for name in changes:
        if name not in CHANGEABLE:
            raise ConfigError(f"a run that goes on may change {' and '.join(CHANGEABLE)}, not {name}; train a new one")
    with locked(folder.path):
        found = continuation(folder, changes, source, listener.hear)
        for sentence in found.notes:
            listener.note(sentence)
        require_memory(found.built.job)
        require_space(folder.path, disk_bytes(found.built.job, found.built.parts))
        sitting = _sitting(found.built, found.standing)
        folder.add_sitting(to_toml(found.built.job.settings), sitting)
        return _trained(found.built, source, folder, found.standing, listener)


def _sitting(built: Built, standing: Standing | None) -> dict[str, Any]:
    """What is recorded of a process that trains: where it goes on from, what data it sees, and in what it runs."""
    epoch, step = (standing.epoch, standing.step) if standing else (0, 0)
    return {
        "from": {"epoch": epoch, "step": step},
        **{name: built.job.facts[name] for name in ("fingerprint", "pixels") if name in built.job.facts},
        "environment": environment(),
    }


def _trained(
    built: Built,
    source: Any,
    folder: RunFolder | None,
    standing: Standing | None,
    listener: Listener,
) -> Run:
    """Trains a job to its end, from a standing on, and into a folder if there is one."""
    for told in built.idle:
        listener.warn(told)
    listener.started(built)
    keep_compilations()
    recorder, steps = Recorder(recording(built.job)), built.job.steps_per_epoch
    lines: list[str] = []

    def tell(told: Progress) -> None:
        line = to_line(told.epoch, told.seconds, told.curves)
        lines.append(line) if folder is None else folder.append(line)
        listener.epoch(told)

    if folder is None:
        trained = descend(built.job, tell, pause=lambda there: listener.pause(there, steps), recorder=recorder)
        return _run(built, source, trained, None, read_lines(lines))
    try:
        with noted() as asked:
            keeper = Keeper(folder, built.job.settings, asked, standing, checkpoint_bytes(built.job))

            def pause(there: Standing) -> None:
                listener.pause(there, steps)
                keeper.pause(there)

            trained = descend(built.job, tell, standing=standing, pause=pause, recorder=recorder)
            keeper.finish(trained.standing)
            run = _run(built, source, trained, folder, folder.history_so_far())
            save(run, folder)
            return run
    except KeyboardInterrupt as error:
        error.add_note(f"ended at once; go on from the last checkpoint with: talweg resume {folder.path}")
        raise
    except RunFolderError as error:
        raise RunFolderError(f"{error}. Once that is mended, go on with: talweg resume {folder.path}") from None


def _run(built: Built, source: Any, trained: Trained, folder: RunFolder | None, history: History) -> Run:
    """A finished training in the hand."""
    recorded = trained.recorder.arrays() if trained.recorder else {}
    names = [name for name in FILES if recorded or name != TRAJECTORY]
    names += [RANGE_TEST] if folder is not None and folder.range_test() else []
    files = {} if folder is None else {Path(name).stem: str(folder.path / name) for name in names}
    run_name = folder.path.name if folder else Path(built.job.settings.source).stem
    scores = part_scores(built.job, trained)
    told_of = {part: found.evaluation for part, found in scores.items() if found.evaluation is not None}
    kind, told, pictures = _pictures(built, trained, scores)
    if folder is not None:
        folder.write_pictures(pictures)
    summary = summary_of(built, trained, files, run_name, scores) | ({kind: plain_data(told)} if kind else {})
    measured = evidence(built.job, trained, built.preparation, in_ensemble(trained), measure=folder is not None)
    return Run(
        built.job.settings,
        summary,
        history,
        built.preparation,
        trained.params,
        folder,
        told_of,
        measured,
        source=source,
        recorded=recorded,
        pictures=pictures,
    )


def _pictures(
    built: Built, trained: Trained, scores: Mapping[str, Scores]
) -> tuple[str, dict[str, Any], dict[str, bytes]]:
    """What the summary says of pictures, under which name, and the PNG files to be looked at; nothing for a table."""
    # Not at the head: a table needs no pictures' libraries.
    members = in_ensemble(trained)
    if isinstance(built.preparation, MaskPreparation):
        from talweg.data.images.save import save_picture
        from talweg.run.pictures.mask_scoring import segmentation_summary

        told, samples = segmentation_summary(built.job, trained.params, members, scores)
        return "segmentation", told, {name: save_picture(pixels) for name, pixels in samples.items()}
    if built.job.pairs:
        from talweg.data.images.save import save_picture
        from talweg.run.pictures.scoring import denoising_summary

        told, samples = denoising_summary(built.job, trained.params, members)
        return "denoising", told, {name: save_picture(pixels) for name, pixels in samples.items()}
    if isinstance(built.preparation, PicturePreparation):
        from talweg.run.pictures.mistakes import mistaken_pictures

        evaluation = {part: found.evaluation for part, found in scores.items() if found.evaluation is not None}
        return "pictures", *mistaken_pictures(built.job, evaluation, built.parts, built.names)
    return "", {}, {}

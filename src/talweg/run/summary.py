"""A finished training as one JSON object, version 1 (its shape is in docs/json.md)."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from talweg.config.grid import grid_of, member_value
from talweg.data.feed import rows_per_batch
from talweg.descent.stopping import FAILED, Outcome
from talweg.objective.layers import Layer
from talweg.objective.metrics import METRICS, default_metric
from talweg.objective.models import layers_of, parameter_count
from talweg.record.plain import plain_data
from talweg.run.build import Built
from talweg.run.job import Job
from talweg.run.pictures.mask_scoring import constant_loss as masks_constant_loss, score_masks
from talweg.run.pictures.scoring import noisy_loss, score_pictures
from talweg.run.probes.sweep import sweep_report
from talweg.run.resuming.restart import Restart, told
from talweg.run.scoring import Scores, score_members
from talweg.run.streaming.scoring_blocks import HELD, score_blocks
from talweg.run.train import Trained

VERSION = 1


def in_ensemble(trained: Trained) -> list[int]:
    """The members that a sweep chose, or else those that did not fail; all of them if every one did."""
    if trained.chosen is not None:
        return list(trained.chosen)
    sound = [member for member, outcome in enumerate(trained.outcomes) if outcome.kind not in FAILED]
    return sound or list(range(len(trained.outcomes)))


def part_scores(job: Job, trained: Trained) -> dict[str, Scores]:
    """What is reached on the validation and on the test rows; without the parts that are empty."""
    members = in_ensemble(trained)
    if job.pairs:
        judge = score_masks if job.network.classes else score_pictures
        return {part: judge(job, trained.params, pairs, members) for part, pairs in job.pairs.items()}
    parts = {"validation": job.validation, "test": job.test}
    large = {part for part, rows in parts.items() if len(rows) > HELD and job.folds is None}
    scores = {
        part: (score_blocks if part in large else score_members)(job, trained.params, rows, members)
        for part, rows in parts.items()
    }
    return {part: found for part, found in scores.items() if found is not None}


def summary_of(
    built: Built, trained: Trained, files: Mapping[str, str], name: str, scores: Mapping[str, Scores]
) -> dict[str, Any]:
    """The summary of a training (see `summarize`), with what was decided and found before its first step."""
    summary = summarize(built.job, trained, files, name, scores)
    summary["training"]["idle"] = list(built.idle)
    summary["warnings"] = [*built.idle, *summary["warnings"]]
    return {**summary, "notes": list(built.notes), "gate": built.report.to_dict()}


def summarize(
    job: Job, trained: Trained, files: Mapping[str, str], name: str, scores: Mapping[str, Scores] | None = None
) -> dict[str, Any]:
    """Everything that was reached, as plain data.

    Args:
        job: what was trained.
        trained: where the members ended.
        files: the files written, by what they hold.
        name: the run's name.
        scores: what is reached, where it is known already (see `part_scores`).
    """
    scores = part_scores(job, trained) if scores is None else scores
    sound = [member for member, outcome in enumerate(trained.outcomes) if outcome.kind not in FAILED]
    members, validation, test = in_ensemble(trained), scores.get("validation"), scores.get("test")
    main = default_metric(job.network.row_loss.task)
    return plain_data(
        {
            "version": VERSION,
            "kind": "training",
            "run": {"name": name, "seed": job.settings.seed, **_pace(job, trained)},
            "task": job.network.row_loss.task,
            "metric": main,
            "data": job.facts,
            "split": {
                "train": len(job.training),
                "validation": len(job.validation),
                "test": len(job.test),
                **({} if job.folds is None else {"folds": np.bincount(job.folds.fold).tolist()}),
            },
            "model": _model(job),
            "training": _training(job),
            "members": [_member(member, trained, validation, test) for member in range(job.settings.members)],
            "spread": {part: _spread(found, main, members) for part, found in scores.items()},
            "ensemble": {"members": members, **{part: found.ensemble for part, found in scores.items()}},
            "sampling_error": test.interval if test else None,
            "sweep": sweep_report(
                grid_of(job.settings), trained.outcomes, validation.members if validation else None, main
            ),
            "warnings": [
                *_warnings(job, trained.outcomes, sound, validation or test),
                *_restarts(trained.standing.restarts),
            ],
            "files": dict(files),
        }
    )


def _pace(job: Job, trained: Trained) -> dict[str, Any]:
    epochs = max(outcome.epoch for outcome in trained.outcomes)
    steady = trained.seconds - trained.compile_seconds
    return {
        "seconds": round(trained.seconds, 3),
        "first_epoch_seconds": round(trained.compile_seconds, 3),
        "epochs_per_second": round((epochs - 1) / steady, 2) if epochs > 1 and steady > 0 else None,
    }


def _model(job: Job) -> dict[str, Any]:
    return {
        "layers": [_layer(layer) for layer in layers_of(job.network.model)],
        "inputs": int(np.prod(job.network.input_shape)),
        "params": parameter_count(job.network.model, job.network.input_shape),
        "loss": job.network.row_loss.name,
    }


def _layer(layer: Layer) -> dict[str, Any]:
    return {"kind": layer.kind, "units": getattr(layer, "units", None), "words": str(layer)}


def _training(job: Job) -> dict[str, Any]:
    settings = job.settings
    return {
        "optimizer": job.optimizer.name,
        "settings": {name: _number(values) for name, values in _settings(job).items()},
        "schedule": settings.schedule,
        "step_length": settings.step_length,
        "batch_size": rows_per_batch(settings.batch_size, job.rows_a_member()),
        "steps_per_epoch": job.steps_per_epoch,
        "max_epochs": settings.max_epochs,
        "stop": settings.stop,
        "keep": settings.keep,
    }


def _settings(job: Job) -> dict[str, Any]:
    """Every number that says how the steps go, one a member."""
    dropout = member_value(grid_of(job.settings), "dropout", job.settings.dropout)
    left_out = {} if dropout is None else {"dropout": np.broadcast_to(dropout, (job.settings.members,))}
    return {**job.optimizer.settings, **job.network.settings, **left_out}


def _number(values: Any) -> float | list[float]:
    """A setting that all members share, or one value for each; the nearest decimal numbers to their float32."""
    told = [float(str(value)) for value in np.asarray(values)]
    return told if len(set(told)) > 1 else told[0]


def _member(member: int, trained: Trained, validation: Scores | None, test: Scores | None) -> dict[str, Any]:
    outcome = trained.outcomes[member]
    return {
        "member": member,
        "outcome": {
            "kind": outcome.kind,
            "epoch": outcome.epoch,
            "sentence": outcome.sentence,
            "numbers": dict(outcome.numbers),
        },
        "epochs": outcome.epoch,
        "best_epoch": int(trained.best_epoch[member]),
        "restarts": told(trained.standing.restarts, member),
        "validation": validation.members[member] if validation else None,
        "test": test.members[member] if test else None,
    }


def _spread(scores: Scores, main: str, members: list[int]) -> dict[str, dict[str, float]]:
    """Mean, standard deviation, worst and best of each metric over the members that did not fail."""
    spread = {}
    for name in scores.ensemble:
        values = np.array([scores.members[member][name] for member in members])
        up = name in METRICS and METRICS[name].greater_is_better
        worst, best = (values.min(), values.max()) if up else (values.max(), values.min())
        spread[name] = {
            "mean": float(values.mean()),
            "std": float(values.std(ddof=1)) if np.ptp(values) > 0 else 0.0,
            "worst": float(worst),
            "best": float(best),
        }
    return spread


def _warnings(job: Job, outcomes: Iterable[Outcome], sound: list[int], scores: Scores | None) -> Iterable[str]:
    failed = [(member, outcome) for member, outcome in enumerate(outcomes) if outcome.kind in FAILED]
    if failed and sound:
        names = _named([member for member, _ in failed])
        left = "is left out" if len(failed) == 1 else "are left out"
        yield f"{names} failed and {left} of the ensemble: {failed[0][1].sentence}"
    elif failed:
        yield f"every member failed: {failed[0][1].sentence}"
    if scores is None:
        yield "there is neither a validation nor a test set: nothing here says how the network does on new rows"
        return
    denoises = job.pairs and not job.network.classes
    constant = noisy_loss(job) if denoises else masks_constant_loss(job) if job.pairs else _constant_loss(job)
    idle_as = "the noisy picture itself" if denoises else "a constant prediction"
    idle = [m for m in sound if not scores.members[m]["loss"] < constant]
    if idle:
        yield (
            f"{_named(idle)} {'ends' if len(idle) == 1 else 'end'} no better than {idle_as} "
            f"(loss {scores.members[idle[0]]['loss']:.4g} against {constant:.4g})"
        )


def _named(members: list[int]) -> str:
    return f"member{'s' * (len(members) > 1)} {', '.join(map(str, members))}"


def _restarts(restarts: tuple[Restart, ...]) -> Iterable[str]:
    for member, last in {restart.member: restart for restart in restarts}.items():
        often = sum(restart.member == member for restart in restarts)
        yield (
            f"member {member} diverged {often} time{'s' * (often > 1)}, last at epoch {last.epoch}, and went on from "
            f"its last good state at {last.rate:g} times its learning rate"
        )


def _constant_loss(job: Job) -> float:
    """The loss of always predicting the training rows' class shares, or their mean, on rows not trained on."""
    rows = job.validation if len(job.validation) else job.test
    if job.network.classes:
        weight = np.array(job.network.class_weight or (1.0,) * job.network.classes)
        shares = job.training.class_counts(job.network.classes) * weight
        told = -np.log(np.maximum(shares / shares.sum(), 1e-12))[rows.y]
        return float(np.average(told, weights=weight[rows.y]))
    mean = np.broadcast_to(job.training.y.mean(0), rows.y.shape)
    return float(np.asarray(job.network.row_loss.per_row(mean, rows.y)).mean())

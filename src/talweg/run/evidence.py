"""What is measured after a training to explain it: its rules as data, its gradient, which columns matter, its machine.

The costs are bounded, and nothing here changes the run. How it is told is in `view`.
"""

import os
import platform
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from talweg.data.feed import epoch_order, epoch_weight, rows_per_batch
from talweg.data.images.prepare import AnyPreparation
from talweg.descent import engine, evaluation
from talweg.descent.stopping import Both, Either, Rule
from talweg.objective.base import Batch, Objective, Params
from talweg.objective.metrics import METRICS
from talweg.objective.models import row_work
from talweg.record.plain import plain_data
from talweg.run.job import Job
from talweg.run.resuming.environment import installed_version
from talweg.run.scoring import predictions, scored
from talweg.run.train import Trained

VERSION = 1
BUDGET = 4e9
"""Multiplications that one measurement may cost, by a rough count: a fraction of a second."""
SHARE = 0.02
"""The part of the training's own work that one measurement may cost, at most."""
REPEATS = 3
"""How often a column is shuffled."""


def evidence(
    job: Job,
    trained: Trained,
    preparation: AnyPreparation | None,
    members: Sequence[int],
    measure: bool = True,
) -> dict[str, Any]:
    """Everything that explains a run besides its summary, as plain data (its shape is in docs/json.md).

    Args:
        job: what was trained.
        trained: where the members ended.
        preparation: how columns became features; `None` for rows that are no table.
        members: who is in the ensemble.
        measure: whether to measure what takes another program: the gradient and the columns' importance.
    """
    return {
        "version": VERSION,
        "kind": "evidence",
        "rules": rule_data(job.rule),
        "metrics": {
            metric.name: {"greater_is_better": metric.greater_is_better}
            for metric in METRICS.values()
            if metric.task == job.network.row_loss.task
        },
        "gradient": gradients(job, trained) if measure else None,
        "importance": importance(job, trained.params, preparation, members) if measure and preparation else None,
        "environment": _environment(),
    }


def rule_data(rule: Rule) -> dict[str, Any]:
    """A stopping rule as plain data: `kind` and its numbers, or `all` or `any` of several.

    Example:
        >>> from talweg.descent.stopping import Epochs, Reached
        >>> rule_data(Reached("accuracy", 0.9) | Epochs(5))["any"][1]
        {'kind': 'max_epochs', 'limit': 5}
    """
    if isinstance(rule, Both | Either):
        word = "all" if isinstance(rule, Both) else "any"
        parts = [rule_data(part) for part in (rule.first, rule.second)]
        # `a and b and c` is one list, not pairs of pairs.
        return {word: [one for part in parts for one in part.get(word, [part])]}
    return {"kind": rule.kind, **vars(rule)}


@jax.jit
def _gradients(objective: Objective, params: Params, batches: Batch) -> tuple[Array, Array]:
    """Of each member the length of the full gradient, and the mean squared length of a batch's."""

    def one(member: tuple[Objective, Params]) -> tuple[Array, Array]:
        objective, params = member

        def total(params: Params, batch: Batch) -> Array:
            return objective.metrics(params, batch)["loss"]

        def look(seen: tuple[Params, Array], batch: Batch) -> tuple[tuple[Params, Array], None]:
            gradient, weight = jax.grad(total)(params, batch), batch.weight.sum()
            full = jax.tree.map(jnp.add, seen[0], gradient)
            return (full, seen[1] + _squared(gradient) / weight), None

        start = (jax.tree.map(jnp.zeros_like, params), jnp.zeros(()))
        (full, squared), _ = jax.lax.scan(look, start, batches)
        rows = batches.weight.sum()
        return jnp.sqrt(_squared(full)) / rows, squared / rows

    return jax.lax.map(one, (objective, params))


def _squared(gradient: Params) -> Array:
    return sum((jnp.vdot(leaf, leaf) for leaf in jax.tree.leaves(gradient)), start=jnp.zeros(()))


def gradients(job: Job, trained: Trained) -> dict[str, Any]:
    """How long the gradient of the training loss is at the start and at the params kept, and what a batch misses.

    Of large sets some batches of an epoch's order are looked at, the same for every member; `rows` says how many rows.
    A batch's relative error is the root mean square of its gradient's distance from the full gradient, as a share of
    the full one's length.
    """
    batches = _some_batches(job, trained)
    state = engine.init(job.network, job.optimizer, job.keys)
    told: dict[str, Any] = {"rows": int(batches.weight.sum()), "batches": len(batches.weight)}
    for when, params in (("start", state.params), ("end", trained.params)):
        norm, squared = (np.asarray(value, np.float64) for value in _gradients(job.network, params, batches))
        with np.errstate(divide="ignore", invalid="ignore"):
            missed = np.sqrt(np.maximum(squared / norm**2 - 1, 0))
        told[when] = {"norm": plain_data(norm), "batch_error": plain_data(missed) if len(batches.weight) > 1 else None}
    return told


def _some_batches(job: Job, trained: Trained) -> Batch:
    rows, settings = len(job.training), job.settings
    size = rows_per_batch(settings.batch_size, rows)
    order = epoch_order(rows, size, settings.seed, 1)
    passes = settings.members * 6 * row_work(job.network.model, job.network.input_shape)
    epochs = max(outcome.epoch for outcome in trained.outcomes)
    affordable = min(BUDGET / passes, max(SHARE * epochs * rows, 4 * size)) / size
    # A power of two, so that runs of like size share one compilation.
    few = len(order) if affordable >= len(order) else 1 << max(int(affordable), 1).bit_length() - 1
    few = min(few, len(order))
    # Only the last batch of an epoch is filled up.
    weight = epoch_weight(order, np.ones(rows, np.float32)) if few == len(order) else np.ones((few, size), np.float32)
    seen = job.training.take(order[:few].reshape(-1))
    x, y = (np.asarray(values).reshape(few, size, *values.shape[1:]) for values in (seen.x, seen.y))
    return Batch(x, y, weight)


def importance(job: Job, params: Params, preparation: AnyPreparation, members: Sequence[int]) -> dict[str, Any] | None:
    """What the ensemble loses when a column's values are shuffled among the rows (Breiman 2001; Fisher et al. 2019).

    On validation rows, so that the test set is looked at once. Shuffled columns are stacked into one call. Where that
    costs too much, fewer members, rows and repeats do; `None` where even that is too much, or there are no such rows.
    """
    columns = _columns(preparation)
    rows = job.validation
    if not len(rows) or rows.x.ndim != 2 or len(columns) < 2 or rows.x.shape[1] != sum(map(len, columns.values())):
        return None
    one = 2 * row_work(job.network.model, job.network.input_shape) * len(columns)
    few = list(members)[: max(1, int(BUDGET / (one * min(len(rows), 256))))]
    most = int(BUDGET / (one * len(few)))
    if most < 32:
        return None
    some = rows.spread(min(most, 1024))
    repeats = max(1, min(REPEATS, most // len(some)))
    copies = _shuffled(np.asarray(some.x), list(columns.values()), repeats, job.settings.seed)
    network, chosen = jax.tree.map(lambda leaf: leaf[np.array(few)], (job.network, params))
    outputs = np.asarray(evaluation.outputs(network, chosen, copies))
    predicted = predictions(job.network, outputs).mean(0)
    losses = np.array([scored(job, each, some.y)["loss"] for each in predicted])
    rise = losses[1:].reshape(repeats, len(columns)) - losses[0]
    return {
        "loss": float(losses[0]),
        "rows": len(some),
        "members": few,
        "repeats": repeats,
        "columns": [
            {"name": name, "rise": float(rise[:, place].mean()), "std": float(rise[:, place].std())}
            for place, name in enumerate(columns)
        ],
    }


def _columns(preparation: AnyPreparation) -> dict[str, Int[np.ndarray, " features"]]:
    """Which features each column became."""
    start, columns = 0, {}
    for encoder in preparation.encoders:
        width = len(encoder.feature_names())
        columns[encoder.name] = np.arange(start, start + width)
        start += width
    return columns


def _shuffled(
    x: Float[np.ndarray, "rows features"], columns: Sequence[np.ndarray], repeats: int, seed: int
) -> Float[np.ndarray, "copies rows features"]:
    """The rows as they are, then for each repeat and column a copy in which that column is shuffled."""
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x73687566]))
    copies = np.repeat(x[None], 1 + repeats * len(columns), axis=0)
    for place in range(1, len(copies)):
        features = columns[(place - 1) % len(columns)]
        copies[place][:, features] = x[generator.permutation(len(x))][:, features]
    return copies


def _environment() -> dict[str, Any]:
    """The versions and the machine, as a report shows them; all that may change a result is in `origin.json`."""
    device = jax.devices()[0]
    return {
        "talweg": installed_version("talweg"),
        "python": platform.python_version(),
        **{name: installed_version(name) for name in ("jax", "jaxlib", "equinox", "optax", "numpy")},
        "system": f"{platform.system()} {platform.machine()}",
        "device": device.platform if device.platform == "cpu" else device.device_kind,
        "processors": os.cpu_count(),
    }

"""A network looked at before anything is trained: its layers, shapes, params and work for a given source."""

import dataclasses
from typing import Any, Unpack

from talweg.config.given import Given
from talweg.config.settings import Settings
from talweg.objective.describe import LayerRow, describe, table, totals
from talweg.run.build import build
from talweg.run.named import named_settings

VERSION = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Described:
    """A network layer by layer.

    Attributes:
        summary: everything as plain data; its shape is in docs/json.md.
        layers: one row a layer; those inside others behind them.
    """

    summary: dict[str, Any]
    layers: tuple[LayerRow, ...]

    def __str__(self) -> str:
        return table(self.layers)

    def __repr__(self) -> str:
        return f"<Described {self.summary['source']}: {self.summary['params']} params>"


def model(source: Any, target: Any = None, **settings: Unpack[Given]) -> Described:
    """The network that a training of a source would train, layer by layer; nothing is trained or written.

    Args:
        source: anything that `talweg.train` takes.
        target: the column to predict; for an array of features, the array of targets.
        **settings: any field of `talweg.Settings`, such as `layers`, `model` or `hidden`.

    Raises:
        ConfigError: layers that are not understood, or do not fit the rows of the source or its task.
        DataError: a source that cannot be read, or not be learned from.

    Example:
        >>> import talweg as tw
        >>> print(tw.model("iris", layers="dense 16, relu, output"))
        layer     output  params  multiply-adds
        input          4
        dense 16      16      80             64
        relu          16
        dense 3        3      51             48
        total                131            112
    """
    return model_of_settings(*named_settings(source, target, settings))


def model_of_settings(settings: Settings, source: Any = None) -> Described:
    """The network of checked settings (see `model`)."""
    job = build(settings, source).job
    rows = describe(job.network.model, job.network.input_shape)
    params, multiply_adds = totals(rows)
    summary = {
        "version": VERSION,
        "kind": "model",
        "source": settings.source,
        "task": job.settings.task,
        "model": job.settings.model,
        "words": str(job.network.model),
        "input": list(job.network.input_shape),
        "output": list(rows[-1].output_shape),
        "layers": [dataclasses.asdict(row) for row in rows],
        "params": params,
        "multiply_adds": multiply_adds,
    }
    return Described(summary, tuple(rows))

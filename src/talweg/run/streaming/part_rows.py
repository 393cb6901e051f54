"""The rows of the three parts as features and targets: in memory, or in a store on disk."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from talweg.data.clean import Preparation
from talweg.data.hearing import Hear, quiet
from talweg.data.large.cache import key_of
from talweg.data.large.encoding import feature_blocks
from talweg.data.large.gather import pick
from talweg.data.large.store import Writer
from talweg.data.split import PARTS
from talweg.run.job import Rows
from talweg.run.prepare import Prepared
from talweg.run.storage import cache

VERSION = "features 1"
"""Raised when the same columns would become other features."""


def part_rows(prepared: Prepared, hear: Hear = quiet) -> tuple[Rows, Rows, Rows]:
    """The training, validation and test rows.

    Those of a table on disk are encoded once into a store in the cache, and read from there. Pictures on disk stay
    where they are: a part is a choice of them.

    Args:
        prepared: the source.
        hear: is told of the progress.

    Raises:
        DataError: the disk is full; a target that training did not know.
    """
    table, target, parts = prepared.table, prepared.target, prepared.parts
    rows = (parts.train, parts.validation, parts.test)
    if prepared.features is None and isinstance(prepared.preparation, Preparation):
        return _stored(prepared, prepared.preparation, rows, hear)
    assert prepared.features is not None, "only a table's features may be on disk alone"
    x, y = prepared.features, _columns(prepared.preparation.targets(table.take(target.rows)))
    place = np.full(table.rows, -1)
    place[target.rows] = np.arange(len(target.rows))
    training, validation, test = (Rows(pick(x, place[part]), y[place[part]]) for part in rows)
    if isinstance(prepared.preparation, Preparation):
        for features, values in prepared.preparation.held_out(table, parts.train, parts.fold):
            assert isinstance(training.x, np.ndarray), "a table's features in memory are an array"
            training.x[:, features] = values
    return training, validation, test


def _columns(y: np.ndarray) -> np.ndarray:
    """Real targets one column each; classes as they are."""
    return y[:, None] if y.dtype.kind == "f" else y


def _stored(
    prepared: Prepared, preparation: Preparation, rows: tuple[np.ndarray, ...], hear: Hear
) -> tuple[Rows, Rows, Rows]:
    table = prepared.table
    marks = prepared.parts.marks(table.rows)
    key = key_of(VERSION, table.fingerprint, json.dumps(preparation.to_dict()), marks.tobytes())

    def make(writer: Writer) -> Mapping[str, Any]:
        done, total = 0, sum(map(len, rows))
        held_out = list(preparation.held_out(table, prepared.parts.train))
        for part, some in zip(PARTS, rows, strict=True):
            for block, x in feature_blocks(table, preparation, some, target=True):
                if part == PARTS[0]:
                    for features, values in held_out:
                        x[:, features] = values[done : done + len(x)]
                for name, values in (("x", x), ("y", _columns(preparation.targets(block)))):
                    full = f"{part}/{name}"
                    column = writer.columns.get(full) or writer.column(full, values.dtype, values.shape[1:])
                    column.append(values)
                done += len(x)
                hear("encoding", done / total)
        return {}

    needed = len(preparation.feature_names) * 4 * table.rows + 4 * table.rows
    store = cache().get(key, make, f"features of {table.name}", needed)
    training, validation, test = (Rows(store.arrays[f"{part}/x"], store.arrays[f"{part}/y"]) for part in PARTS)
    return training, validation, test

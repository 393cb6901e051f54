"""Rows that belong together, by a group or an instant, dealt to the parts as a whole. The choice is in `parts`."""

import numpy as np
from jaxtyping import Float, Int

from talweg.data.columns import as_dates, as_text
from talweg.data.large.sample import places
from talweg.data.split import PARTS, Fractions, Split, random_words
from talweg.data.table import Numbers, Table
from talweg.errors import DataError


def group_codes(table: Table, name: str, rows: Int[np.ndarray, " rows"]) -> Int[np.ndarray, " rows"]:
    """The number of each row's group.

    Raises:
        DataError: a row has none.
    """
    column = as_text(table.column(name))
    if len(lost := np.flatnonzero(column.missing())):
        raise DataError(
            f"Column {name!r} of {table.name} names no group in row {rows[lost[0]] + 1}; fill it in, or leave that"
            " row out."
        )
    return np.unique(column.codes, return_inverse=True)[1]


def instants(table: Table, name: str, rows: Int[np.ndarray, " rows"]) -> np.ndarray:
    """Each row's place in time, as dates or numbers.

    Raises:
        DataError: the column holds neither, or a row has none.
    """
    column = table.column(name)
    read = column if isinstance(column, Numbers) else as_dates(column)
    lost = np.flatnonzero(read.missing())
    if len(lost):
        word = "nothing" if column.missing()[lost[0]] else repr(as_text(column).levels[as_text(column).codes[lost[0]]])
        raise DataError(
            f"Column {name!r} of {table.name} holds {word} in row {rows[lost[0]] + 1}; to split by time every row needs"
            " a date (such as 2024-02-29) or a number."
        )
    return read.values


def split_groups(
    groups: Int[np.ndarray, " rows"],
    fractions: Fractions,
    seed: int = 0,
    strata: Int[np.ndarray, " rows"] | None = None,
) -> Split:
    """Whole groups dealt to the three parts, close to the shares asked for, in each class where there are strata.

    Args:
        groups: each row's group, a number from 0.
        fractions: the shares.
        seed: decides among groups of one size.
        strata: each row's class.

    Raises:
        DataError: fewer groups than parts.

    Example:
        >>> parts = split_groups(np.array([0, 0, 1, 1, 2, 2, 3, 3]), Fractions.parse("50/25/25"))
        >>> [len(rows) for rows in (parts.train, parts.validation, parts.test)]
        [4, 2, 2]
    """
    share = np.array([float(part) for part in fractions.exact()])
    count = int(groups.max(initial=-1)) + 1
    wanted = np.flatnonzero(share > 0)
    if count < len(wanted):
        named = ", ".join(PARTS[part] for part in wanted)
        raise DataError(
            f"{count} group{'s' * (count != 1)} cannot fill {len(wanted)} parts ({named}); give more groups or another"
            " split."
        )
    part = deal_groups(groups, share, seed, strata)
    return Split(*(places(part == which) for which in range(3)))


def deal_groups(
    groups: Int[np.ndarray, " rows"],
    share: Float[np.ndarray, " parts"],
    seed: int,
    strata: Int[np.ndarray, " rows"] | None,
) -> Int[np.ndarray, " rows"]:
    """The part of each row: large groups first, each to the part that its classes are owed to most."""
    classes = np.zeros(len(groups), np.int64) if strata is None else strata
    count, width = int(groups.max()) + 1, int(classes.max()) + 1
    held = np.zeros((count, width))
    np.add.at(held, (groups, classes), 1.0)
    held /= held.sum(0)
    owed = np.repeat(share[:, None], width, axis=1)
    order = np.lexsort((random_words(count, seed), -np.bincount(groups)))
    wanted = [int(part) for part in np.flatnonzero(share > 0)]
    empty = set(wanted)
    chosen = np.empty(count, np.int64)
    for place, group in enumerate(order):
        # The last groups go where none has gone yet, so that no part stays empty.
        choices = sorted(empty) if len(empty) >= count - place else wanted
        claims = owed[choices] @ held[group]
        part = choices[int(claims.argmax())]
        owed[part] -= held[group]
        empty.discard(part)
        chosen[group] = part
    return chosen[groups]


def split_by_time(when: np.ndarray, fractions: Fractions) -> Split:
    """The earliest rows train, the latest test; rows of one instant stay together.

    Args:
        when: each row's place in time.
        fractions: the shares.

    Raises:
        DataError: too few different instants for the parts.
    """
    order = np.argsort(when, kind="stable")
    ordered = when[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    train, validation, _ = (float(part) for part in fractions.exact())
    cuts = []
    for share in (train, train + validation):
        # The start of an instant that is nearest to the share.
        bounds = np.append(starts, len(when))
        cuts.append(int(bounds[np.argmin(np.abs(bounds - share * len(when)))]))
    parts = (order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :])
    for name, rows, part in zip(PARTS, parts, fractions.exact(), strict=True):
        if part > 0 and not len(rows):
            raise DataError(
                f"{len(starts)} different instant{'s' * (len(starts) != 1)} split {fractions} leave none for {name};"
                " give more, or another split."
            )
    return Split(*(np.sort(rows) for rows in parts))

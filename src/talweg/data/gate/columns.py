"""What the gate looks for in the columns: give-aways, identifiers, constants, gaps, infinities, drift."""

import math
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Int

from talweg.data.columns import as_dates, as_numbers, as_text
from talweg.data.encode import CategoryEncoder, DateEncoder, Encoder
from talweg.data.gate.finding import Case, Finding, counted, named, percent
from talweg.data.sentences import TextEncoder
from talweg.data.table import Column, Numbers
from talweg.data.task import quantities_of

_SAMPLE = 20_000
"""So many rows, evenly taken, are enough to see a give-away or a drift."""
_BINS = 64
_FEWEST_ROWS = 50
_GIVEN_AWAY = 0.01
"""The part of the error of a constant guess that a column alone may leave before it is called a give-away."""
_SURELY, _VISIBLE = 1e-6, 0.15
_SURE_DEVIATIONS = 5.0


def give_aways(case: Case) -> Iterable[Finding]:
    """Columns from which alone the target can be read."""
    rows = _spread(case.target.rows)
    if len(rows) < _FEWEST_ROWS:
        return
    target = case.table.columns[case.target.name].take(rows)
    for encoder in case.preparation.encoders:
        column = case.table.columns[encoder.name].take(rows)
        bins = _bins(encoder, column)
        if case.target.task == "classification":
            left, same = _left_of_classes(bins, as_text(target).codes)
        else:
            values = quantities_of(target, case.target.name, case.table.name).values
            left, same = _left_of_quantity(bins, values), _is_affine(encoder, column, values)
        if left > _GIVEN_AWAY:
            continue
        again = same and len(case.preparation.encoders) > 1
        yield Finding(
            "error" if again else "warning",
            "give_away",
            f"Column {encoder.name!r} {'is the target again' if same else 'all but gives the target away'}: alone it"
            f" leaves {percent(left)} of the error that a constant guess makes.",
            f"If it is not known when you predict, leave it out with --column {encoder.name}=ignore.",
            (encoder.name,),
        )


def _spread(rows: Int[np.ndarray, " rows"]) -> Int[np.ndarray, " some"]:
    """At most `_SAMPLE` of the rows, evenly taken."""
    return rows if len(rows) <= _SAMPLE else rows[np.linspace(0, len(rows) - 1, _SAMPLE).astype(np.int64)]


def _bins(encoder: Encoder, column: Column) -> Int[np.ndarray, " rows"]:
    """Each row's word, or the interval that its number lies in; a gap is a bin of its own."""
    if isinstance(encoder, CategoryEncoder):
        return np.unique(as_text(column).codes, return_inverse=True)[1]
    values = _line(encoder, column)
    known = values[np.isfinite(values)]
    edges = np.unique(known)
    if len(edges) > _BINS:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[:-1]))
    return np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), 0)


def _line(encoder: Encoder, column: Column) -> Float[np.ndarray, " rows"]:
    """A column of numbers or dates as numbers; NaN where there is none."""
    if isinstance(encoder, DateEncoder):
        dates = as_dates(column)
        return np.where(dates.missing(), np.nan, dates.values.astype(np.int64).astype(np.float64))
    numbers = as_numbers(column)
    return np.where(numbers.missing(), np.nan, numbers.values.astype(np.float64))


def _left_of_classes(bins: np.ndarray, codes: np.ndarray) -> tuple[float, bool]:
    """The share of a constant guess's error that is left by the best guess a bin, and whether bins are the classes.

    Each row is guessed from the others in its bin, so that a column of a value a row gives nothing away.
    """
    codes = np.unique(codes, return_inverse=True)[1]
    table = np.zeros((int(bins.max()) + 1, int(codes.max()) + 1), np.int64)
    np.add.at(table, (bins, codes), 1)
    others = table[bins]
    others[np.arange(len(codes)), codes] -= 1
    wrong = (others.argmax(1) != codes) | (others.sum(1) == 0)
    base = 1 - table.sum(0).max() / len(codes)
    full = table > 0
    same = bool((full.sum(1)[full.any(1)] == 1).all() and (full.sum(0) == 1).all())
    return float(wrong.mean() / base) if base else 1.0, same


def _left_of_quantity(bins: np.ndarray, values: np.ndarray) -> float:
    """The share of the variance that is left within the bins, each row judged by the others in its bin."""
    count, total = np.bincount(bins)[bins], np.bincount(bins, values)[bins]
    alone = count < 2
    others = np.where(alone, values.mean(), (total - values) / np.maximum(count - 1, 1))
    spread = float(values.var())
    return float(((values - others) ** 2).mean() / spread) if spread else 1.0


def _is_affine(encoder: Encoder, column: Column, values: np.ndarray) -> bool:
    if isinstance(encoder, CategoryEncoder):
        return False
    line = _line(encoder, column)
    if not np.isfinite(line).all() or not np.ptp(line):
        return False
    return abs(float(np.corrcoef(line, values)[0, 1])) > 1 - 1e-9


def identifiers(case: Case) -> Iterable[Finding]:
    """Columns that number or name the rows and are features all the same."""
    for encoder in case.preparation.encoders:
        column = case.table.columns[encoder.name].take(case.target.rows)
        if encoder.kind == "number":
            values = as_numbers(column).values
            counts = bool(
                len(values) >= _FEWEST_ROWS
                and np.isfinite(values).all()
                and np.ptp(values) == len(values) - 1
                and len(np.unique(values)) == len(values)
            )
            why = "numbers the rows one by one"
        else:
            text = as_text(column)
            different = int((text.counts() > 0).sum())
            counts = encoder.kind == "category" and different > 0.5 * len(text.codes) and different >= _FEWEST_ROWS
            why = f"holds {different} different words in {len(text.codes)} rows"
        if counts:
            yield Finding(
                "warning",
                "identifier",
                f"Column {encoder.name!r} {why}: what a network learns of it says nothing of new rows.",
                f"Leave it out with --column {encoder.name}=ignore.",
                (encoder.name,),
            )


def left_out(case: Case) -> Iterable[Finding]:
    """Columns that are no features, and why."""
    why = {
        "constant": ("the same in every training row", "Nothing can be learned of it"),
        "identifier": ("a name of each row", "A network can only learn it by heart"),
        "duplicate": ("another column again", "It would only count twice"),
    }
    for kind, (what, because) in why.items():
        names = tuple(found.name for found in case.preparation.kinds if found.kind == kind)
        if names:
            many = len(names) > 1
            yield Finding(
                "note",
                kind,
                f"Column{'s' * many} {named(names)} {'are' if many else 'is'} {what}, and left out.",
                f"{because}; if that is wrong, say what it is, such as --column {names[0]}=category.",
                names,
            )


def texts(case: Case) -> Iterable[Finding]:
    """Columns of sentences, and what became of them."""
    for encoder in case.preparation.encoders:
        if isinstance(encoder, TextEncoder):
            yield Finding(
                "note",
                "text",
                f"Column {encoder.name!r} is free text: {len(encoder.terms)} words and pairs of words that stand in it"
                f" twice or more are folded into {len(encoder.center)} features.",
                f"If it says nothing of the target, leave it out with --column {encoder.name}=ignore.",
                (encoder.name,),
            )


def non_finite(case: Case) -> Iterable[Finding]:
    """Infinite numbers among the features; they are taken as missing."""
    for name in case.used():
        column = case.table.columns[name]
        if not isinstance(column, Numbers):
            continue
        infinite = np.isinf(column.values[case.target.rows])
        if infinite.any():
            yield Finding(
                "warning",
                "non_finite",
                f"Column {name!r} is infinite in {counted(int(infinite.sum()))}; that is taken as missing.",
                "Find out how they came about: a division by zero, an overflow, a word that reads inf.",
                (name,),
                **case.rows(infinite),
            )


def mostly_missing(case: Case) -> Iterable[Finding]:
    """Features that are missing in more than half of the rows."""
    for name in case.used():
        missing = case.table.columns[name].missing()[case.target.rows]
        if missing.mean() > 0.5:
            yield Finding(
                "note",
                "mostly_missing",
                f"Column {name!r} is missing in {percent(float(missing.mean()))} of the rows.",
                f"If that it is missing says nothing, leave it out with --column {name}=ignore.",
                (name,),
            )


def many_features(case: Case) -> Iterable[Finding]:
    """More features than training rows."""
    features, rows = case.features.shape[1], len(case.parts.train)
    if features > rows:
        yield Finding(
            "note",
            "many_features",
            f"{features} features and {counted(rows)} to learn from: chance alone fits the training rows.",
            "Leave columns out, or give more rows.",
        )


def drift(case: Case) -> Iterable[Finding]:
    """Features whose values differ between training and another part by more than chance."""
    for encoder in case.preparation.encoders:
        train = case.table.columns[encoder.name].take(_spread(case.parts.train))
        for rows, part in ((case.parts.validation, "validation"), (case.parts.test, "test")):
            if len(rows) < 20:
                continue
            other = case.table.columns[encoder.name].take(_spread(rows))
            told = _drifted(encoder, train, other, part, len(case.preparation.encoders))
            if told:
                yield Finding(
                    "warning",
                    "drift",
                    told,
                    "Numbers of this part say less of the others; look how the rows were collected and split.",
                    (encoder.name,),
                )


def _drifted(encoder: Encoder, train: Column, other: Column, part: str, columns: int) -> str:
    if isinstance(encoder, CategoryEncoder):
        places = (encoder.places(train), encoder.places(other))
        width = encoder.width + 1
        here, there = (np.bincount(place, minlength=width) / len(place) for place in places)
        pooled = np.sqrt(np.maximum(here * (1 - here), 1e-9) * (1 / len(places[0]) + 1 / len(places[1])))
        sure = (np.abs(here - there) > _VISIBLE) & (np.abs(here - there) > _SURE_DEVIATIONS * pooled)
        if not sure.any():
            return ""
        most = int(np.argmax(np.where(sure, np.abs(here - there), 0)))
        word = [*encoder.words, *["a rare word"] * encoder.rare, *["missing"] * encoder.missing, "an unseen word"][most]
        return (
            f"Column {encoder.name!r} drifts: {word!r} in {percent(float(here[most]))} of the training rows and"
            f" {percent(float(there[most]))} of the {part} rows."
        )
    here, there = (values[np.isfinite(values)] for values in (_line(encoder, train), _line(encoder, other)))
    if len(here) < 20 or len(there) < 20:
        return ""
    distance = _largest_distance(here, there)
    # Kolmogorov's limit law, its first term; shared among all the columns.
    chance = 2 * math.exp(-2 * distance**2 * len(here) * len(there) / (len(here) + len(there)))
    if distance < _VISIBLE or chance * 2 * columns > _SURELY:
        return ""
    unit = 86_400_000_000.0 if isinstance(encoder, DateEncoder) else 1.0
    shown = [
        str(np.datetime64(int(np.median(values) // unit), "D")) if unit > 1 else f"{np.median(values):.4g}"
        for values in (here, there)
    ]
    return f"Column {encoder.name!r} drifts: its median is {shown[0]} in training and {shown[1]} in {part}."


def _largest_distance(one: Float[np.ndarray, " rows"], other: Float[np.ndarray, " others"]) -> float:
    """The largest distance of two distribution functions (Kolmogorov & Smirnov)."""
    one, other = np.sort(one), np.sort(other)
    both = np.concatenate([one, other])
    below = [np.searchsorted(values, both, side="right") / len(values) for values in (one, other)]
    return float(np.abs(below[0] - below[1]).max())

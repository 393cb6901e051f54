"""How one column becomes features: encoders of categories and dates; of `numbers` and `sentences` elsewhere.

An encoder is a row-wise function with a few fitted constants, all of them plain data. It knows one column and
no table; which column gets which encoder is for `clean` to say.
"""

import dataclasses
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from talweg.data.columns import as_dates, as_text
from talweg.data.means import drawn_means, held_out_means, shrinkage
from talweg.data.numbers import NumberEncoder, drawn_near
from talweg.data.sentences import TextEncoder
from talweg.data.table import Column, Text

_MOST_WORDS = 100
_MICROSECONDS_A_DAY = 86_400_000_000


@dataclasses.dataclass(frozen=True)
class CategoryEncoder:
    """One feature a word: 1 where it stands, else 0. Of a column of very many words also what they say of the target.

    Attributes:
        name: the column.
        words: the words with a feature of their own, sorted: those that stand in 1 % of the training rows or
            in ten, the 100 most frequent at most.
        rare: whether one feature stands for all other words; also for words never seen in training.
        missing: whether one feature says where there is no word.
        known: of a column of more than a hundred words, every word of the training rows, sorted; else none.
        means: for each of them what the target is on average where it stands, drawn toward the mean of all (see
            `means`); one feature for each output. Of an unseen word, and where there is none, it is 0.
        drawn: with how many rows at the mean of all each is mixed.
    """

    kind: ClassVar[str] = "category"
    name: str
    words: tuple[str, ...]
    rare: bool
    missing: bool
    known: tuple[str, ...] = ()
    means: tuple[tuple[float, ...], ...] = ()
    drawn: float = 0.0

    @classmethod
    def fit(cls, name: str, column: Column) -> "CategoryEncoder":
        """The encoder for the training rows of a column, of which one value at least is known."""
        text = as_text(column)
        counts = text.counts()
        enough = max(2, min(10, round(0.01 * len(text.codes))))
        frequent = sorted(np.flatnonzero(counts >= enough), key=lambda code: -counts[code])[:_MOST_WORDS]
        words = tuple(sorted(text.levels[code] for code in frequent))
        return cls(name, words, bool(len(words) < (counts > 0).sum()), bool(text.missing().any()))

    def with_means(self, column: Column, outputs: Float[np.ndarray, "rows outputs"]) -> "CategoryEncoder":
        """The encoder that knows means too, if the column has so many words that most have no feature of their own.

        Args:
            column: its training rows.
            outputs: what means are taken of, standardized, in the same rows.
        """
        text = as_text(column)
        there = np.flatnonzero(text.counts())
        if len(there) <= _MOST_WORDS:
            return self
        known = tuple(sorted(text.levels[code] for code in there))
        codes = _positions(known, text)
        if (drawn := shrinkage(codes, outputs)) is None:
            return self
        means = drawn_means(codes, outputs, len(known), drawn)
        return dataclasses.replace(self, known=known, means=tuple(map(tuple, means.tolist())), drawn=drawn)

    @property
    def width(self) -> int:
        """How many features say which word it is."""
        return len(self.words) + self.rare + self.missing

    def feature_names(self) -> tuple[str, ...]:
        """One name a feature."""
        others = ("(rare)",) * self.rare + ("(missing)",) * self.missing
        means = tuple(f"{self.name}:mean" + f"({place})" * (place > 0) for place in range(self._outputs))
        return tuple(f"{self.name}={word}" for word in self.words + others) + means

    @property
    def _outputs(self) -> int:
        return len(self.means[0]) if self.means else 0

    def apply(self, column: Column) -> Float[np.ndarray, "rows features"]:
        """The features of a column."""
        places = self.places(column)
        features = np.zeros((len(places), self.width + self._outputs), np.float32)
        rows = np.flatnonzero(places < self.width)
        features[rows, places[rows]] = 1
        if self.means:
            # One more row, of zeros, for what is not known.
            table = np.array([*self.means, (0.0,) * self._outputs])
            features[:, self.width :] = table[_positions(self.known, as_text(column))]
        return features

    def held_out(
        self, column: Column, outputs: Float[np.ndarray, "rows outputs"], fold: Int[np.ndarray, " rows"]
    ) -> Float[np.ndarray, "rows outputs"]:
        """The means of the training rows themselves, each taken over the other folds."""
        codes = _positions(self.known, as_text(column))
        return held_out_means(codes, outputs, fold, len(self.known), self.drawn)

    def places(self, column: Column) -> Int[np.ndarray, " rows"]:
        """For each row the position of its feature; the number of features where it has none."""
        text = as_text(column)
        found = _positions(self.words, text)
        other = len(self.words) if self.rare else self.width
        absent = self.width - 1 if self.missing else self.width
        return np.where(found >= 0, found, np.where(text.missing(), absent, other))

    def unseen(self, column: Column) -> Int[np.ndarray, " some"]:
        """The rows whose word has no feature of its own."""
        text = as_text(column)
        return np.flatnonzero((self.places(column) >= len(self.words)) & ~text.missing())


def _positions(words: tuple[str, ...], text: Text) -> Int[np.ndarray, " rows"]:
    """For each row the position of its word among some, or -1."""
    place = {word: position for position, word in enumerate(words)}
    # `true` for `True`: a table written by another program may change the case, and nothing else.
    folded = {word.casefold(): position for word, position in place.items()}
    if len(folded) < len(place):
        folded = {}
    of_level = [place.get(word, folded.get(word.casefold(), -1)) for word in text.levels]
    return np.array([*of_level, -1], dtype=np.int64)[text.codes]


@dataclasses.dataclass(frozen=True)
class DateEncoder:
    """A date as a place on the line of time and on the circles of the year, the week and the day.

    Attributes:
        name: the column.
        center: the mean, in days since 1970.
        scale: the standard deviation in days; 0 for one date only.
        circles: which circles turn at all in training: ``year``, ``week``, ``day``.
        missing: whether one feature says where there is no date.
    """

    kind: ClassVar[str] = "date"
    name: str
    center: float
    scale: float
    circles: tuple[str, ...]
    missing: bool

    @classmethod
    def fit(cls, name: str, column: Column) -> "DateEncoder":
        """The encoder for the training rows of a column, of which one value at least is known."""
        dates = as_dates(column)
        absent = dates.missing()
        days = _days(dates.values[~absent])
        turning = tuple(circle for circle in _PERIODS if np.ptp(_phase(dates.values[~absent], circle)) > 0)
        return cls(name, float(days.mean()), float(days.std()), turning, bool(absent.any()))

    def feature_names(self) -> tuple[str, ...]:
        """One name a feature."""
        circles = tuple(f"{self.name}:{wave}({circle})" for circle in self.circles for wave in ("sin", "cos"))
        return (self.name,) * (self.scale > 0) + circles + (f"{self.name}=(missing)",) * self.missing

    def apply(self, column: Column) -> Float[np.ndarray, "rows features"]:
        """The features of a column; all zeros, but for the last, where there is no date."""
        dates = as_dates(column)
        absent = dates.missing()
        known = np.where(absent, np.datetime64(0, "us"), dates.values)
        features = []
        if self.scale > 0:
            features.append(drawn_near((_days(known) - self.center) / self.scale))
        for circle in self.circles:
            angle = 2 * np.pi * _phase(known, circle)
            features += [np.sin(angle), np.cos(angle)]
        features = [np.where(absent, 0.0, feature) for feature in features]
        if self.missing:
            features.append(absent.astype(np.float64))
        return np.stack(features, axis=1)


_PERIODS = {"year": 365.2425, "week": 7.0, "day": 1.0}
"""The circles, with their length in days."""


def _days(dates: np.ndarray) -> Float[np.ndarray, " rows"]:
    return dates.astype(np.int64) / _MICROSECONDS_A_DAY


def _phase(dates: np.ndarray, circle: str) -> Float[np.ndarray, " rows"]:
    """Where on a circle, from 0 to 1: the part of the year that has passed, of the week, of the day."""
    if circle == "day":
        return _days(dates) % 1.0
    whole = dates.astype("datetime64[D]")
    if circle == "week":
        return (whole.astype(np.int64) % 7) / _PERIODS["week"]
    return (whole - dates.astype("datetime64[Y]")).astype(np.int64) / _PERIODS["year"]


Encoder = NumberEncoder | CategoryEncoder | DateEncoder | TextEncoder
ENCODERS: dict[str, type[NumberEncoder] | type[CategoryEncoder] | type[DateEncoder] | type[TextEncoder]] = {
    encoder.kind: encoder for encoder in (NumberEncoder, CategoryEncoder, DateEncoder, TextEncoder)
}
"""The encoder for each kind of column that becomes features."""

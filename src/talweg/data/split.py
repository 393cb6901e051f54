"""Which rows train, which validate, which test. No values are looked at but the strata.

A split is a pure function of (number of rows, fractions, seed, strata): it draws from its own counter-based
generator and from no global state, so that the same seed names the same rows on every machine.
"""

import dataclasses
import fractions
import re
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int, UInt64

from talweg.data.large.sample import blocks, places
from talweg.errors import ConfigError, DataError

PARTS = ("train", "validation", "test")

_STREAM = 0x73706C6974  # "split": this room's own half of the generator's key
FIRST_FOLD = 10
"""What marks the first fold among the parts of rows; the next is marked by one more."""


@dataclasses.dataclass(frozen=True)
class Fractions:
    """The shares of the three parts, in percent.

    Attributes:
        train: the rows that are learned from.
        validation: the rows that say when to stop; 0 for none.
        test: the rows looked at once, at the end; 0 for none.
    """

    train: float = 70.0
    validation: float = 15.0
    test: float = 15.0

    def __post_init__(self) -> None:
        shares = (self.train, self.validation, self.test)
        total = sum(fractions.Fraction(str(share)) for share in shares)
        if total != 100:
            raise ConfigError(f"The split {self} adds to {_number(float(total))}, not to 100; for example 70/15/15.")
        if self.train <= 0 or min(shares) < 0:
            raise ConfigError(f"The split {self} needs a first share above 0 and none below 0; for example 70/15/15.")

    def __str__(self) -> str:
        """``"70/15/15"``; a last share of 0 is left out."""
        return "/".join(_number(share) for share in (self.train, self.validation, self.test))

    @classmethod
    def parse(cls, text: str) -> "Fractions":
        """The shares that a person wrote.

        Args:
            text: ``train/validation/test`` or ``train/validation`` in percent; either of the last two may be
                0.

        Raises:
            ConfigError: not two or three numbers, a share below 0, or a sum other than 100.

        Example:
            >>> Fractions.parse("80/20")
            Fractions(train=80.0, validation=20.0, test=0.0)
        """
        words = [word.strip().removesuffix("%") for word in text.split("/")]
        if len(words) not in (2, 3) or not all(re.fullmatch(r"-?\d+(\.\d+)?", word) for word in words):
            raise ConfigError(
                f"Cannot read the split {text!r}; expected percentages for training/validation/test, such as 70/15/15."
            )
        shares = [float(word) for word in words]
        if sum(shares) != 100 and abs(sum(shares) - 100) > 1e-9:
            raise ConfigError(f"The split {text} adds to {_number(sum(shares))}, not to 100; for example 70/15/15.")
        return cls(*shares, *[0.0] * (3 - len(shares)))

    def exact(self) -> tuple[fractions.Fraction, fractions.Fraction, fractions.Fraction]:
        """The three shares of 1, without rounding."""
        train, validation, test = (
            fractions.Fraction(str(share)) / 100 for share in (self.train, self.validation, self.test)
        )
        return train, validation, test

    def of_training(self) -> "Fractions":
        """The shares of what is not for testing.

        Example:
            >>> str(Fractions.parse("70/15/15").of_training()), str(Fractions.parse("80/0/20").of_training())
            ('82.35/17.65/0', '100/0/0')
        """
        validation = round(100 * self.validation / (self.train + self.validation), 2)
        return Fractions(round(100 - validation, 2), validation, 0.0)


def _number(share: float) -> str:
    return f"{share:.10g}"


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """The rows of each part, as sorted positions in the table.

    Attributes:
        train: the rows that are learned from.
        validation: the rows that say when to stop.
        test: the rows looked at once, at the end.
        fold: for each training row the fold that holds it out, a number from 0; None without folds.
    """

    train: Int[np.ndarray, " train"]
    validation: Int[np.ndarray, " validation"]
    test: Int[np.ndarray, " test"]
    fold: Int[np.ndarray, " train"] | None = None

    def of(self, rows: Int[np.ndarray, " rows"]) -> "Split":
        """The same split in the positions of a larger table of which `rows` were split."""
        return Split(_at(rows, self.train), _at(rows, self.validation), _at(rows, self.test), self.fold)

    def without(self, rows: Int[np.ndarray, " some"]) -> "Split":
        """The same split, some rows of the validation and the test set left out."""
        return dataclasses.replace(
            self, validation=np.setdiff1d(self.validation, rows), test=np.setdiff1d(self.test, rows)
        )

    def marks(self, rows: int) -> Int[np.ndarray, " rows"]:
        """For each row 0 training, 1 validation, 2 test, -1 left out; with folds, 10 and the fold that holds it out."""
        marks = np.full(rows, -1, np.int8)
        for number, part in enumerate((self.train, self.validation, self.test)):
            for some in blocks(len(part)):
                marks[part[some]] = number
        if self.fold is not None:
            marks[self.train] = FIRST_FOLD + self.fold
        return marks


def _at(rows: Int[np.ndarray, " rows"], part: Int[np.ndarray, " some"]) -> Int[np.ndarray, " some"]:
    # Block by block: NumPy would turn all of a short type's positions into long ones at once.
    found = np.empty(len(part), rows.dtype)
    for some in blocks(len(part)):
        found[some] = rows[part[some]]
    return found


def split(
    rows: int,
    fractions: Fractions = Fractions(),
    seed: int = 0,
    strata: Int[np.ndarray, " rows"] | None = None,
) -> Split:
    """Divide rows at random into training, validation and test rows.

    The sizes are the shares of the number of rows, rounded so that they add up (largest remainder). With
    `strata`, the same holds within each class up to one row, every class stands in training, and a class
    stands in each part of which its share is a whole row or more.

    Args:
        rows: how many there are.
        fractions: the share of each part.
        seed: any integer; another seed draws another split.
        strata: the class of each row, from 0.

    Returns:
        Three sorted arrays of positions (int64) that together hold every row once.

    Raises:
        DataError: too few rows for a part that should not be empty.

    Example:
        >>> parts = split(10, Fractions.parse("60/20/20"), seed=1)
        >>> len(parts.train), len(parts.validation), len(parts.test)
        (6, 2, 2)
    """
    counts = np.array([rows]) if strata is None else np.bincount(strata)
    sizes = _sizes(counts, fractions)
    _refuse_empty(sizes.sum(axis=0), rows, fractions)
    part = _dealt(rows, seed, strata, sizes)
    return Split(*(places(part == which) for which in range(3)))


def _dealt(
    rows: int, seed: int, strata: Int[np.ndarray, " rows"] | None, sizes: Int[np.ndarray, "classes parts"]
) -> Int[np.ndarray, " rows"]:
    """The part of each row: of each class, those with the smallest words go to the first part, and so on.

    A very long table's words are never held nor sorted at once: they are drawn twice. The first time they are counted
    by their leading bits, which says between which of them each class is cut; the second time only those about a cut
    are put in order.
    """
    bits = max(1, min(rows.bit_length(), 16, 22 - len(sizes).bit_length()))
    counts = np.zeros(len(sizes) << bits, np.int64)
    for _, lead, _ in _drawn(rows, seed, strata, bits):
        counts += np.bincount(lead, minlength=len(counts))
    until = counts.reshape(len(sizes), -1).cumsum(1)
    cuts = sizes.cumsum(1)[:, :2]
    ends = np.stack([(until <= cuts[:, [end]]).sum(1) for end in range(2)])
    part, near = np.empty(rows, np.int8), []
    for some, lead, words in _drawn(rows, seed, strata, bits):
        (first, second), bare = ends[:, lead >> bits], lead & (1 << bits) - 1
        part[some] = (bare > first).astype(np.int8) + (bare > second)
        close = np.flatnonzero((bare == first) | (bare == second))
        near.append((some.start + close, lead[close], words[close]))
    position, lead, words = (np.concatenate(each) for each in zip(*near, strict=True))
    order = np.lexsort((words, lead))
    position, lead = position[order], lead[order]
    rank = (until.ravel() - counts)[lead] + np.arange(len(lead)) - np.searchsorted(lead, lead)
    part[position] = (rank[:, None] >= cuts[lead >> bits]).sum(1)
    return part


def _drawn(
    rows: int, seed: int, strata: Int[np.ndarray, " rows"] | None, bits: int
) -> Iterator[tuple[slice, Int[np.ndarray, " some"], UInt64[np.ndarray, " some"]]]:
    """The rows' words block by block, before them their leading bits behind the number of the class."""
    generator = np.random.Philox(key=_key(seed, _STREAM))
    for some in blocks(rows):
        words = generator.random_raw(some.stop - some.start)
        lead = (words >> np.uint64(64 - bits)).astype(np.int64)
        yield some, lead if strata is None else lead | strata[some].astype(np.int64) << bits, words


def deal_folds(
    rows: int, folds: int, seed: int = 0, strata: Int[np.ndarray, " rows"] | None = None
) -> Int[np.ndarray, " rows"]:
    """The fold of each row: folds of equal size to one row, and each class spread evenly over them.

    Raises:
        DataError: fewer rows than folds.

    Example:
        >>> np.bincount(deal_folds(10, 3)).tolist()
        [4, 3, 3]
    """
    if rows < folds:
        raise DataError(f"{rows} row{'s' * (rows != 1)} cannot fill {folds} folds; take fewer folds.")
    classes = np.zeros(rows, np.int64) if strata is None else strata
    # Another stream than that of the split before it, so that the folds do not follow its order.
    order = np.lexsort((np.arange(rows), random_words(rows, seed, _STREAM + 1), classes))
    fold = np.empty(rows, np.int64)
    fold[order] = np.arange(rows) % folds
    return fold


def random_words(count: int, seed: int, stream: int = _STREAM) -> UInt64[np.ndarray, " count"]:
    """Raw words of a counter-based generator: NumPy promises their stream, but not that of its shuffles."""
    return np.random.Philox(key=_key(seed, stream)).random_raw(count)


def _key(seed: int, stream: int) -> int:
    return (stream << 64) | (seed % 2**64)


def _refuse_empty(sizes: Int[np.ndarray, " parts"], rows: int, shares: Fractions) -> None:
    for part, size, share in zip(PARTS, sizes, shares.exact(), strict=True):
        if share > 0 and size == 0:
            raise DataError(
                f"{rows} row{'s' * (rows != 1)} split {shares} leave{'s' * (rows == 1)} none for {part}; give"
                " more rows or another split."
            )


def _sizes(counts: Int[np.ndarray, " classes"], shares: Fractions) -> Int[np.ndarray, "classes parts"]:
    """How many rows of each class go to each part: whole shares, then the rest to who is owed most so far."""
    exact = shares.exact()
    owed = [fractions.Fraction(0)] * 3
    sizes = np.zeros((len(counts), 3), np.int64)
    # Small classes first: the large ones, with rows to spare, then even out the totals.
    for label in np.argsort(counts, kind="stable"):
        ideal = [int(counts[label]) * share for share in exact]
        size = [int(wanted) for wanted in ideal]
        claims = sorted(range(3), key=lambda p: (ideal[p] == size[p], -(ideal[p] - size[p] + owed[p]), p))
        for p in claims[: int(counts[label]) - sum(size)]:
            size[p] += 1
        if counts[label] and size[0] == 0:
            size[max(1, 2, key=lambda p: size[p])] -= 1
            size[0] = 1
        owed = [owed[p] + ideal[p] - size[p] for p in range(3)]
        sizes[label] = size
    return sizes

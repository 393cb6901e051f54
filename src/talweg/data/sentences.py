"""How a column of free text becomes features: which words and pairs of words stand in it, folded into few directions.

Each text is a point among the words, as latent semantic analysis has it: a word counts the more, the fewer texts hold
it; the directions are those along which the training rows' texts spread most. The other encoders are in `encode`.

Deerwester et al., Indexing by latent semantic analysis (1990); Salton & Buckley, Term-weighting approaches in automatic
text retrieval (1988).
"""

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from scipy.sparse.linalg import svds

from talweg.data.columns import as_text
from talweg.data.evenly import evenly
from talweg.data.table import Column

MOST_TERMS = 10_000
"""Words and pairs of words of a column that count, at most; of more, those that stand in most texts."""
MOST_DIRECTIONS = 100
MOST_TEXTS = 20_000
"""Texts of which directions are learned, at most; of more, so many evenly spread."""
_LONGEST = 20_000
"""Characters of a text that are read."""
_FLAT = 1e-3
"""Along a direction in which texts spread by less than this share of the widest, there is nothing but rounding."""
_BLOCK = 2_048
_WORD = re.compile(r"\w\w+")


@dataclasses.dataclass(frozen=True)
class TextEncoder:
    """Latent semantic analysis of a column of sentences.

    Attributes:
        name: the column.
        terms: the words and pairs of words that count, sorted: those in two texts of the training rows or more.
        weights: how much each says: the logarithm of how rare it is.
        directions: for each of some directions in the space of terms its components; they are at right angles.
        center: the mean of the training rows along each.
        scale: their standard deviation in the space of directions, so that a column of text varies in all as much as
            one number does; with a scale for each direction a network takes rare words for as telling as common ones.
        missing: whether one feature says where there is no text.
    """

    kind: ClassVar[str] = "text"
    name: str
    terms: tuple[str, ...]
    weights: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    center: tuple[float, ...]
    scale: float
    missing: bool

    @classmethod
    def fit(cls, name: str, column: Column) -> "TextEncoder":
        """The encoder for the training rows of a column, of which one value at least is known."""
        text = as_text(column)
        counts = text.counts()
        there = np.flatnonzero(counts)
        some = there[evenly(len(there), MOST_TEXTS)]
        bags = [terms_of(text.levels[code]) for code in some]
        held = Counter(term for bag in bags for term in bag)
        often = sorted((term for term, texts in held.items() if texts > 1), key=lambda term: (-held[term], term))
        terms = tuple(sorted(often[:MOST_TERMS]))
        weights = np.log((1 + len(bags)) / (1 + np.array([held[term] for term in terms]))) + 1
        points = _points(bags, {term: place for place, term in enumerate(terms)}, weights)
        directions = _directions(points, MOST_DIRECTIONS)
        along, rows = points @ directions.T, counts[some]
        center = np.average(along, axis=0, weights=rows)
        spread = np.sqrt(np.average((along - center) ** 2, axis=0, weights=rows))
        kept = spread > _FLAT * spread.max(initial=0.0)
        return cls(
            name,
            terms,
            _plain(weights),
            tuple(map(_plain, directions[kept])),
            _plain(center[kept]),
            float(f"{np.sqrt((spread[kept] ** 2).sum()):.5g}"),
            bool(text.missing().any()),
        )

    def feature_names(self) -> tuple[str, ...]:
        """One name a feature."""
        along = tuple(f"{self.name}:text({place})" for place in range(len(self.center)))
        return along + (f"{self.name}=(missing)",) * self.missing

    def apply(self, column: Column) -> Float[np.ndarray, "rows features"]:
        """The features of a column; all zeros, but for the last, where there is no text."""
        text = as_text(column)
        there = np.flatnonzero(text.counts())
        features = np.zeros((len(text.levels) + 1, len(self.center)), np.float32)
        place, weights = {term: position for position, term in enumerate(self.terms)}, np.array(self.weights)
        directions = np.array(self.directions).reshape(len(self.center), len(self.terms)).T
        for start in range(0, len(there), _BLOCK):
            some = there[start : start + _BLOCK]
            points = _points([terms_of(text.levels[code]) for code in some], place, weights)
            features[some] = (points @ directions - np.array(self.center)) / self.scale
        absent = text.missing()
        found = features[text.codes]
        return np.column_stack([found, absent.astype(np.float32)]) if self.missing else found

    def strange(self, column: Column) -> Int[np.ndarray, " some"]:
        """The rows whose text holds no word that training knew."""
        text, known = as_text(column), set(self.terms)
        there = text.counts() > 0
        odd = [bool(there[code]) and known.isdisjoint(terms_of(word)) for code, word in enumerate(text.levels)]
        return np.flatnonzero(np.array([*odd, False])[text.codes])


def terms_of(text: str) -> Counter[str]:
    """The words of a text, in lower case and of two letters or more, and pairs of neighbors, with how often each is.

    Example:
        >>> sorted(terms_of("Not good, not good."))
        ['good', 'good not', 'not', 'not good']
    """
    words = _WORD.findall(text[:_LONGEST].lower())
    return Counter(itertools.chain(words, map(" ".join, itertools.pairwise(words))))


def _points(
    bags: Sequence[Mapping[str, int]], place: Mapping[str, int], weights: Float[np.ndarray, " terms"]
) -> scipy.sparse.csr_array:
    """Texts as points of length 1 among the terms; one without any known term is at 0."""
    known = [[(place[term], count) for term, count in bag.items() if term in place] for bag in bags]
    ends = np.cumsum([0, *map(len, known)])
    pairs = np.array([pair for bag in known for pair in bag], np.float64).reshape(-1, 2)
    columns = pairs[:, 0].astype(np.int64)
    values = (1 + np.log(pairs[:, 1])) * weights[columns]
    lengths = np.sqrt(np.add.reduceat(np.append(values**2, 0.0), np.minimum(ends[:-1], len(values))))
    values /= np.repeat(lengths, np.diff(ends))
    return scipy.sparse.csr_array((values, columns, ends), shape=(len(bags), len(place)))


def _directions(points: scipy.sparse.csr_array, most: int) -> Float[np.ndarray, "directions terms"]:
    """The directions along which points spread most, the widest first: right singular vectors."""
    few = min(points.shape)
    if few > most:
        _, widths, found = svds(points, k=most, v0=np.ones(few))
        found = found[np.argsort(-widths, kind="stable")]
    elif few:
        found = np.linalg.svd(points.toarray(), full_matrices=False)[2]
    else:
        return np.zeros((0, points.shape[1]))
    # Of the two ways that a direction may point, the one in which its greatest component is positive.
    greatest = np.abs(found).argmax(1)
    return found * np.sign(found[np.arange(len(found)), greatest])[:, None]


def _plain(values: Float[np.ndarray, " values"]) -> tuple[float, ...]:
    """Numbers to five digits, as they are written down."""
    return tuple(float(f"{value:.5g}") for value in values)

"""A number for each row that depends on what the row holds and on nothing else. Whole tables are in `fingerprint`.

Equal rows have equal numbers wherever they stand and from whatever file they came. The numbers have 64 bits: among a
million different rows, two share one with a chance of 3 in 100 million.
"""

import hashlib

import numpy as np
from jaxtyping import Float, UInt64

from talweg.data.table import Column, Dates, Numbers, Table, Text

_MISSING = np.uint64(0x9E3779B97F4A7C15)


def row_hashes(table: Table, names: tuple[str, ...], seed: int = 0) -> UInt64[np.ndarray, " rows"]:
    """A number for each row, from its values in some columns; the order of the columns does not count.

    Args:
        table: the table.
        names: the columns that count.
        seed: other seeds give other numbers.

    Example:
        >>> from talweg.data.reading.frames import from_mapping
        >>> one, two, three = row_hashes(from_mapping({"x": [1, 1, 2], "y": ["a", "a", "a"]}), ("x", "y"))
        >>> one == two, one == three
        (np.True_, np.False_)
    """
    total = np.full(table.rows, mixed(np.array([seed % 2**64], np.uint64))[0])
    for name in names:
        # Added up, so that the order of the columns does not count; mixed with the name, so that it does matter
        # which column holds which value.
        total += mixed(_bits(table.columns[name]) ^ _word_bits(name))
    return mixed(total)


def feature_hashes(features: Float[np.ndarray, "rows features"]) -> UInt64[np.ndarray, " rows"]:
    """A number for each row of features, equal for rows that are equal in float32."""
    total = np.zeros(len(features), np.uint64)
    for place in range(features.shape[1]):
        bits = (features[:, place].astype(np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)
        total += mixed(bits | np.uint64(place + 1) << np.uint64(32))
    return total


def shares(hashes: UInt64[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    """The numbers as places between 0 and 1, evenly spread."""
    return (hashes >> np.uint64(11)).astype(np.float64) / 2**53


def mixed(bits: UInt64[np.ndarray, " rows"]) -> UInt64[np.ndarray, " rows"]:
    """Every bit of the input moves every bit of the output: the finalizer of SplitMix64 (Steele et al. 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _bits(column: Column) -> UInt64[np.ndarray, " rows"]:
    match column:
        case Numbers(values):
            # One pattern for every NaN, one for both zeros; an infinity keeps its own.
            plain = values.astype(np.float64) + 0.0
            return np.where(np.isnan(plain), _MISSING, plain.view(np.uint64))
        case Dates(values):
            return values.astype("datetime64[us]").astype(np.int64).view(np.uint64)
        case Text(codes, levels):
            return np.array([*map(_word_bits, levels), _MISSING], np.uint64)[codes]


def _word_bits(word: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little"))

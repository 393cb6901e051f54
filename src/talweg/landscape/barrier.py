"""What lies between members: the loss along the straight line of each pair, the loss barrier, basins, a sentence.

Aligning hidden units beforehand is in `alignment`; going round a ridge instead of over it is in `curve`.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import connected_components

from talweg.landscape import vectors
from talweg.landscape.combination import LOSS, Height, sums_at_combinations
from talweg.landscape.shares import Shares
from talweg.landscape.vectors import HostParams
from talweg.objective.base import EMPTY, Batch, Objective

STEPS = 25
"""Points of a line, both ends among them (Entezari et al. 2022 take 11, Ainsworth et al. 2022 take 25)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Lines:
    """Heights along the straight line between each pair of members.

    Attributes:
        along: the place on a line, from 0 at its first member to 1 at its second.
        pairs: the members of each line, the lower number first.
        heights: of shape `(kinds, pairs, steps)`, the loss and metrics asked for; NaN where not known yet.
        kinds: what the heights are.
        members: how many there are.
    """

    along: Float[np.ndarray, " steps"]
    pairs: Int[np.ndarray, "pairs 2"]
    heights: Float[np.ndarray, "kinds pairs steps"]
    kinds: tuple[Height, ...]
    members: int

    def barriers(self, kind: int = 0) -> Float[np.ndarray, "members members"]:
        """The barrier of every pair, a symmetric matrix with 0 on its diagonal; see `barrier`.

        Args:
            kind: which of the heights. Their sign is not changed: take one of which less is better.
        """
        matrix = np.zeros((self.members, self.members))
        one, other = self.pairs.T
        matrix[one, other] = matrix[other, one] = barrier(self.along, self.heights[kind])
        return matrix


def barrier(
    along: Float[np.ndarray, " steps"], heights: Float[np.ndarray, "*lines steps"]
) -> Float[np.ndarray, "*lines"]:
    """The loss barrier: how far the loss along a line rises above the straight line between its values at the ends.

    `max over t of L((1 − t)·a + t·b) − ((1 − t)·L(a) + t·L(b))`, never below 0 as it is 0 at the ends (Entezari et
    al., The Role of Permutation Invariance in Linear Mode Connectivity of Neural Networks, 2022). Frankle et al.,
    Linear Mode Connectivity and the Lottery Ticket Hypothesis, 2020, subtract the mean of the ends instead; for ends
    of equal loss both are the same.

    Args:
        along: the places t, from 0 to 1.
        heights: the loss there.

    Returns:
        The barrier of each line; NaN where its loss is not known, infinite where it is infinite in between.

    Example:
        >>> float(barrier(np.array([0.0, 0.5, 1.0]), np.array([1.0, 4.0, 3.0])))
        2.0
    """
    chord = (1 - along) * heights[..., :1] + along * heights[..., -1:]
    return np.asarray(np.max(heights - chord, axis=-1))


def fill_lines(
    objective: Objective,
    members: HostParams,
    chunks: Batch = EMPTY,
    kinds: Sequence[Height] = (LOSS,),
    steps: int = STEPS,
    start: Float[np.ndarray, "kinds pairs steps"] | None = None,
    prepare: Callable[[HostParams], HostParams] = lambda ends: ends,
) -> Iterator[Lines]:
    """The heights along the lines of all pairs, one pair after the other, so that progress can be shown.

    Args:
        objective: what is evaluated, as in evaluation, without dropout.
        members: a stack of at least two.
        chunks: the rows in chunks of equal size, of shape `(chunks, rows, ...)`; padding has weight 0. `EMPTY` for an
            objective without rows.
        kinds: what to evaluate; all of it in one pass.
        steps: points of a line.
        start: heights that are known already, NaN elsewhere: lines with a NaN are computed.
        prepare: changes both ends of a line, a stack of two, before it is laid, such as `alignment.align`.

    Yields:
        The lines so far, after each pair; once if nothing is left to compute.
    """
    count = vectors.count_of(members)
    pairs = np.array(list(combinations(range(count), 2)), np.int64).reshape(-1, 2)
    along = np.linspace(0.0, 1.0, steps)
    shape = (len(kinds), len(pairs), steps)
    heights = np.full(shape, np.nan) if start is None else np.array(start, np.float64)
    coefficients = np.stack([1 - along, along], axis=1)
    loss_only = all(kind.is_loss for kind in kinds)
    rows = Shares.of(chunks)
    left = np.flatnonzero(np.isnan(heights).any((0, 2)))
    if not len(left):
        yield Lines(along, pairs, heights, tuple(kinds), count)
    for number in left:
        ends = prepare(vectors.at(members, pairs[number]))
        sums = sums_at_combinations(objective, ends, coefficients, rows, loss_only)
        heights[:, number] = [kind.from_sums(sums) for kind in kinds]
        yield Lines(along, pairs, heights.copy(), tuple(kinds), count)


def lines(
    objective: Objective,
    members: HostParams,
    chunks: Batch = EMPTY,
    kinds: Sequence[Height] = (LOSS,),
    steps: int = STEPS,
) -> Lines:
    """The heights along the lines of all pairs at once; see `fill_lines`, which gives them pair by pair."""
    *_, whole = fill_lines(objective, members, chunks, kinds, steps)
    return whole


def basins(barriers: Float[np.ndarray, "members members"], tolerance: float) -> Int[np.ndarray, " members"]:
    """Groups members that are connected by passes no higher than a tolerance, over others if need be.

    The groups are the connected components of the graph of low passes, as in the disconnectivity graphs of Becker &
    Karplus (1997). A pair within one basin may have a higher ridge on its own straight line.

    Args:
        barriers: of `Lines.barriers`; NaN and infinity connect nothing.
        tolerance: in the unit of the barriers. For the error of a classifier 0.02 is usual (Frankle et al. 2020); for
            a loss take 0.02 of what the descent gained.

    Returns:
        Each member's basin, numbered from 0 in the order of the members.

    Example:
        >>> basins(np.array([[0.0, 0.9, 0.01], [0.9, 0.0, 0.8], [0.01, 0.8, 0.0]]), tolerance=0.02).tolist()
        [0, 1, 0]
    """
    low: Bool[np.ndarray, "members members"] = barriers <= tolerance
    found = connected_components(low, directed=False)[1]
    _, first = np.unique(found, return_index=True)
    return np.argsort(np.argsort(first))[found].astype(np.int64)


def sentences(
    barriers: Float[np.ndarray, "members members"],
    groups: Int[np.ndarray, " members"],
    names: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Which members share a valley and how high the pass between two valleys is, a sentence each.

    The pass between two basins is the lowest barrier of any two of their members.

    Args:
        barriers: of `Lines.barriers`.
        groups: of `basins`.
        names: the members' names; their numbers from 1 if absent.

    Example:
        >>> sentences(np.array([[0.0, 0.9, 0.01], [0.9, 0.0, 0.8], [0.01, 0.8, 0.0]]), np.array([0, 1, 0]))
        ('members 1 and 3 share a valley; member 2 lies alone', 'between 2 and 3 lies a pass of 0.8')
    """
    called = [str(number + 1) for number in range(len(groups))] if names is None else list(names)
    valleys = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    if len(valleys) == 1:
        return (f"all {len(groups)} members share a valley" if len(groups) > 1 else "there is one member",)
    shared = [f"{_listed([called[m] for m in valley])} share a valley" for valley in valleys if len(valley) > 1]
    alone = [called[valley[0]] for valley in valleys if len(valley) == 1]
    if alone and not shared:
        shared = ["each member lies in a valley of its own"]
    elif alone:
        shared.append(f"{_listed(alone)} {'lies' if len(alone) == 1 else 'lie each'} alone")
    return ("; ".join(shared), *_passes(barriers, valleys, called))


def _passes(barriers: np.ndarray, valleys: list[np.ndarray], called: list[str]) -> list[str]:
    """The lowest and the highest of the passes between any two valleys; one if there is one."""
    passes = []
    for one, other in combinations(valleys, 2):
        between = np.where(np.isnan(barriers), np.inf, barriers)[np.ix_(one, other)]
        i, j = np.unravel_index(between.argmin(), between.shape)
        first, second = sorted((int(one[i]), int(other[j])))
        passes.append((float(between[i, j]), called[first], called[second]))
    passes.sort()
    ends = passes[:1] if len(passes) == 1 else [passes[0], passes[-1]]
    words = ["lies a pass of"] if len(ends) == 1 else ["lies the lowest pass, of", "the highest, of"]
    return [
        f"between {first} and {second} {word} {_height(height)}"
        for (height, first, second), word in zip(ends, words, strict=True)
    ]


def _height(height: float) -> str:
    return f"{height:.2g}" if np.isfinite(height) else "infinite height"


def _listed(names: list[str]) -> str:
    """Members by name: member 1; members 1 and 3; members 1, 4 and 6."""
    if len(names) == 1:
        return f"member {names[0]}"
    return f"members {', '.join(names[:-1])} and {names[-1]}"

"""Pictures of any size shown to trained members: tiles that overlap, each seen by the network, blended again.

A picture may also be seen turned and mirrored, in all eight ways of the square, and the eight answers averaged.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator

import jax
import numpy as np
from jaxtyping import Float, Shaped

from talweg.data.images.photographs import starts
from talweg.descent import evaluation
from talweg.objective.base import Params
from talweg.objective.denoising import Denoising
from talweg.objective.network import Network

TILE = 128
"""The side of a tile; one for all pictures, so that one program serves all."""
OVERLAP = 32
"""How far neighboring tiles overlap."""
_AT_ONCE = 8

Picture = Shaped[np.ndarray, "height width channels"]
Answers = Float[np.ndarray, "members height width said"]


def answers(
    network: Network,
    params: Params,
    picture: Picture,
    read: Callable[[np.ndarray], np.ndarray] = lambda outputs: outputs,
    tile: int = TILE,
    overlap: int = OVERLAP,
) -> Answers:
    """What each member says of every pixel of a picture.

    Args:
        network: its settings have a leading member axis, as `params` have.
        params: of the members that are asked.
        picture: in pixels of 0 to 255; smaller than a tile, it is mirrored at its border.
        read: makes of the outputs what is averaged where tiles overlap, such as probabilities.
        tile: the side of a tile.
        overlap: how far tiles overlap; in an overlap the weight goes over from one tile to the next.
    """
    height, width = picture.shape[:2]
    margins = [(0, max(0, tile - side)) for side in (height, width)]
    padded = np.pad(picture.astype(np.float32), (*margins, (0, 0)), mode="symmetric")
    places = [
        (top, left)
        for top in starts(padded.shape[0], tile, tile - overlap)
        for left in starts(padded.shape[1], tile, tile - overlap)
    ]
    total = np.zeros(())
    weight = np.zeros((*padded.shape[:2], 1), np.float32)
    ramp = _ramp(tile, overlap)
    for some in _batches(places):
        tiles = np.zeros((1, _AT_ONCE, tile, tile, picture.shape[-1]), np.float32)
        for number, (top, left) in enumerate(some):
            tiles[0, number] = padded[top : top + tile, left : left + tile]
        found = read(np.asarray(evaluation.outputs(network, params, tiles))[:, 0])
        if not total.ndim:
            total = np.zeros((len(found), *padded.shape[:2], found.shape[-1]), np.float32)
        for number, (top, left) in enumerate(some):
            total[:, top : top + tile, left : left + tile] += found[:, number] * ramp
            weight[top : top + tile, left : left + tile] += ramp
    total /= weight
    return total[:, :height, :width]


def denoised_by(
    network: Denoising, params: Params, noisy: Picture, tile: int = TILE, overlap: int = OVERLAP
) -> Answers:
    """What each member makes of a noisy picture, cut to 0 to 255 (see `answers`)."""
    return np.clip(answers(network, params, noisy, tile=tile, overlap=overlap), 0.0, 255.0)


def in_eight_ways(network: Denoising, params: Params, noisy: Picture) -> Answers:
    """The mean of what each member makes of the picture turned and mirrored, each answer turned back.

    The self-ensemble of Timofte, Rothe & Van Gool (Seven Ways to Improve Example-Based Single Image Super Resolution,
    2016): what a network answers only to one of the eight is no part of the picture. It takes eight times as long.

    Args:
        network: as for `denoised_by`.
        params: likewise.
        noisy: likewise.
    """
    answers = (
        _turned_back(denoised_by(network, params, _turned(noisy, way)), way)
        for way in itertools.product((False, True), repeat=3)
    )
    return np.mean([*answers], axis=0)


def _turned(picture: Float[np.ndarray, "... _ _ channels"], way: tuple[bool, ...]) -> np.ndarray:
    """A picture upside down, left for right, with rows for columns: each or not, in this order."""
    upside_down, mirrored, crossed = way
    picture = picture[..., ::-1, :, :] if upside_down else picture
    picture = picture[..., ::-1, :] if mirrored else picture
    return picture.swapaxes(-2, -3) if crossed else picture


def _turned_back(pictures: Float[np.ndarray, "members _ _ channels"], way: tuple[bool, ...]) -> np.ndarray:
    upside_down, mirrored, crossed = way
    return _turned(pictures.swapaxes(-2, -3) if crossed else pictures, (upside_down, mirrored, False))


def _batches(places: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    for first in range(0, len(places), _AT_ONCE):
        yield places[first : first + _AT_ONCE]


def _ramp(tile: int, overlap: int) -> Float[np.ndarray, "tile tile 1"]:
    """The weight of each pixel of a tile: 1 in the middle, falling towards the border over the overlap."""
    away = np.minimum(np.arange(tile), np.arange(tile)[::-1]) + 0.5
    side = np.minimum(1.0, away / max(overlap, 1)).astype(np.float32)
    return (side[:, None] * side[None, :])[..., None]


def members_of(tree: Params, members: Iterable[int]) -> Params:
    """Some members of params, or of a network's settings."""
    chosen = np.array(list(members))
    return jax.tree.map(lambda leaf: np.asarray(leaf)[chosen], tree)

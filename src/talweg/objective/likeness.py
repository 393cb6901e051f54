"""How like two pictures are: PSNR and SSIM of whole pictures, on the host. What training monitors is in `metrics`."""

import math

import numpy as np
from jaxtyping import Num

Picture = Num[np.ndarray, "height width channels"]

_SIGMA, _TRUNCATE = 1.5, 3.5  # a window of 11x11 pixels, as in the paper
_K1, _K2 = 0.01, 0.03


def psnr(picture: Picture, reference: Picture, white: float = 255.0) -> float:
    """Peak signal-to-noise ratio in decibels: 10 log10(white² / mean squared error); infinite for equal pictures.

    Example:
        >>> round(psnr(np.full((4, 4, 1), 25.5), np.zeros((4, 4, 1))), 6)
        20.0
    """
    squared = float(np.mean((picture.astype(np.float64) - reference) ** 2))
    return 10 * math.log10(white**2 / squared) if squared > 0 else math.inf


def ssim(picture: Picture, reference: Picture, white: float = 255.0) -> float:
    """Mean structural similarity, with the Gaussian window of Wang et al. 2004; the mean over the channels.

    1 for equal pictures. NaN for a side under 11 pixels, in which no window fits.

    Example:
        >>> ssim(np.ones((12, 12, 1)), np.ones((12, 12, 1)))
        1.0
    """
    from scipy import ndimage

    radius = round(_SIGMA * _TRUNCATE)
    if min(picture.shape[:2]) <= 2 * radius:
        return math.nan
    x, y = picture.astype(np.float64), reference.astype(np.float64)

    def blurred(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, (_SIGMA, _SIGMA, 0), truncate=_TRUNCATE)

    mean_x, mean_y = blurred(x), blurred(y)
    spread_x, spread_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    shared = blurred(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * white) ** 2, (_K2 * white) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * shared + c2)
    likeness /= (mean_x**2 + mean_y**2 + c1) * (spread_x + spread_y + c2)
    return float(likeness[radius:-radius, radius:-radius].mean())

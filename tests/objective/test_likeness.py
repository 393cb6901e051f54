"""Against scikit-image."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from talweg.data.images.photographs import read_photographs
from talweg.objective.likeness import psnr, ssim


@pytest.fixture(scope="module", params=[1, 3])
def pair(request):
    generator = np.random.default_rng(1)
    clean = np.repeat(read_photographs("photographs").pictures[0][:60, :80].astype(np.float32), request.param, axis=-1)
    return clean + 20 * generator.standard_normal(clean.shape).astype(np.float32), clean


def test_psnr(pair):
    noisy, clean = pair
    assert psnr(noisy, clean) == pytest.approx(peak_signal_noise_ratio(clean, noisy, data_range=255), rel=1e-9)


def test_ssim(pair):
    noisy, clean = (picture.astype(np.float64) for picture in pair)
    expected = structural_similarity(
        clean, noisy, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=-1
    )
    assert ssim(noisy, clean) == pytest.approx(expected, rel=1e-9)


def test_equal_and_tiny_pictures():
    picture = np.ones((10, 20, 1))
    assert psnr(picture, picture) == np.inf
    assert np.isnan(ssim(picture, picture))

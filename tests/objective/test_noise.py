"""Each kind of noise has the mean and spread of its distribution, in a step and on one picture alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from talweg.objective.noise import Noise

SHADE = 102.0  # 0.4 of white


def drawn(noise: Noise, how: str) -> np.ndarray:
    if how == "step":
        return np.asarray(noise.step(jnp.full((40, 32, 32, 1), SHADE), jax.random.key(1)))
    generator = np.random.default_rng(1)
    return np.stack([noise.on(np.full((32, 32, 1), SHADE, np.float32), generator) for _ in range(40)])


@pytest.mark.parametrize("how", ["step", "picture"])
@pytest.mark.parametrize(
    ("noise", "mean", "spread"),
    [
        (Noise("gaussian", 25.0, 25.0), SHADE, 25.0),
        # A Poisson variable's variance is its mean, of 0.4 * 30 photons.
        (Noise("poisson", 30.0, 30.0), SHADE, 255 / 30 * np.sqrt(12)),
        # A tenth is black or white with equal chance.
        (
            Noise("salt-and-pepper", 0.1, 0.1),
            0.9 * SHADE + 0.1 * 127.5,
            np.sqrt(0.9 * SHADE**2 + 0.05 * 255**2 - (0.9 * SHADE + 0.1 * 127.5) ** 2),
        ),
    ],
)
def test_mean_and_spread(noise, mean, spread, how):
    values = drawn(noise, how).astype(np.float64)
    assert values.mean() == pytest.approx(mean, abs=5 * spread / np.sqrt(values.size))
    assert values.std() == pytest.approx(spread, rel=0.02)


@pytest.mark.parametrize("how", ["step", "picture"])
def test_a_range_gives_each_picture_a_level_of_its_own(how):
    levels = drawn(Noise("gaussian", 5.0, 50.0), how).std((1, 2, 3))
    assert levels.min() < 15
    assert levels.max() > 40
    assert levels.max() < 55

"""Schedules against Optax's, which take Python's numbers, step for step; and the plateau, member by member."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from talweg.descent.plateau import scale_on_plateau
from talweg.descent.schedule import ALIASES, SHAPES, make_schedule
from talweg.errors import ConfigError

STEPS = 60

# a schedule's settings, and Optax's schedule of the same curve
WITNESS = {
    "constant": ({}, optax.constant_schedule(1.0)),
    "warmup": ({"warmup": 0.2}, optax.linear_schedule(0.0, 1.0, 12)),
    "step": ({"factor": 0.3, "drops": 3.0}, optax.exponential_decay(1.0, 15, 0.3, staircase=True, end_value=0.3**3)),
    "exponential": ({"end": 0.05}, optax.exponential_decay(1.0, STEPS, 0.05)),
    "polynomial": ({"power": 2.0, "end": 0.1}, optax.polynomial_schedule(1.0, 0.1, 2.0, STEPS)),
    "cosine": ({"end": 0.1}, optax.cosine_decay_schedule(1.0, STEPS, 0.1)),
    "cosine_restarts": (
        {"cycles": 2.0, "growth": 2.0, "end": 0.1},
        optax.join_schedules([optax.cosine_decay_schedule(1.0, n, 0.1) for n in (20, 40)], [20]),
    ),
    "one_cycle": (
        {"rise": 0.25, "start": 0.05, "end": 0.0005},
        optax.cosine_onecycle_schedule(STEPS, 1.0, 0.25, 20, 100),
    ),
    "inverse_sqrt": (
        {"warmup": 0.2},
        lambda t: jnp.where(t < 12, t / 12, jnp.sqrt(12 / jnp.maximum(t, 12))),
    ),
    "plateau": ({}, optax.constant_schedule(1.0)),
}


def factors(name, **settings):
    return np.asarray(make_schedule(name, 1, steps=STEPS, **settings).factor(np.arange(STEPS + 1)))


def test_every_schedule_has_a_witness():
    assert set(WITNESS) == set(SHAPES)
    assert set(ALIASES.values()) <= set(SHAPES)


@pytest.mark.parametrize("name", WITNESS)
def test_factors_are_those_of_optax(name):
    settings, witness = WITNESS[name]
    expected = np.array([float(witness(step)) for step in range(STEPS + 1)])
    np.testing.assert_allclose(factors(name, **settings), expected, atol=2e-6)


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("warmup", "inverse_sqrt")])
def test_a_warm_up_rises_evenly_and_then_the_whole_curve_follows(name):
    warm, plain = factors(name, warmup=0.5), make_schedule(name, 1, steps=STEPS // 2).factor(np.arange(STEPS // 2 + 1))
    np.testing.assert_allclose(warm[:30], np.arange(30) / 30, atol=1e-6)
    np.testing.assert_allclose(warm[30:], plain, atol=2e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_a_factor_is_from_0_to_1_and_stays_after_the_end(name):
    schedule = make_schedule(name, 1, steps=STEPS)
    assert ((factors(name) >= 0) & (factors(name) <= 1)).all()
    assert float(schedule.factor(10 * STEPS)[0]) == pytest.approx(float(schedule.factor(STEPS)[0]))


def test_another_length_or_setting_compiles_nothing():
    ask = jax.jit(lambda schedule, step: jax.vmap(lambda one: one.factor(step))(schedule))
    for steps, end in ((10, 0.0), (20, 0.5), (1000, 0.1)):
        ask(make_schedule("cosine", 2, steps=steps, end=end), 3)
    assert ask._cache_size() == 1


# each member's losses, its patience and its factor
LOSSES = np.array(
    [[3.0, 2.9, 3.1, 2.95, 2.0, 2.0, 2.0, 2.0], [1.0] * 8, np.linspace(2, 1, 8), [1.0, np.nan, *[1.0] * 6]]
)
PATIENCE, FACTOR = np.array([2, 1, 3, 3]), np.array([0.5, 0.1, 0.2, 0.3])


def test_the_plateau_drops_each_member_where_optax_drops_it():
    """Two steps an epoch; the epoch's mean is what counts."""

    def run(transformation, losses):
        state, scales = transformation.init({"x": jnp.ones(())}), []
        for loss in np.repeat(losses, 2) + np.tile([0.25, -0.25], len(losses)):
            updates, state = transformation.update({"x": jnp.ones(())}, state, value=jnp.asarray(loss, jnp.float32))
            scales.append(updates["x"])
        return jnp.stack(scales)

    settings = {"factor": FACTOR, "patience": PATIENCE, "tolerance": np.full(4, 0.01), "end": np.zeros(4)}
    settings |= {"epoch": np.full(4, 2)}
    found = np.stack([run(scale_on_plateau({k: v[m] for k, v in settings.items()}), LOSSES[m]) for m in range(4)])
    for member in range(4):
        witness = optax.contrib.reduce_on_plateau(
            float(FACTOR[member]), patience=int(PATIENCE[member]), rtol=0.01, accumulation_size=2
        )
        np.testing.assert_allclose(found[member], run(witness, LOSSES[member]), rtol=1e-6)
    assert (found[:3, -1] < 1).tolist() == [True, True, False]


def test_unknown_words():
    with pytest.raises(ConfigError, match=r"^'cosin' is no schedule\. Known: constant, .* Did you mean 'cosine'\?$"):
        make_schedule("cosin", 1)
    with pytest.raises(ConfigError, match=r"^'ends' is no setting of the schedule 'cosine'\. Known: warmup, end\."):
        make_schedule("cosine", 1, ends=0.1)

"""Many steps in one program: the same as one by one, and every member by itself."""

import jax
import numpy as np
import pytest
from scipy.optimize import minimize

from talweg.descent import engine
from talweg.descent.optimizer import make_optimizer
from talweg.descent.recipes import ALIASES, OPTIMIZERS
from talweg.descent.stopping import Epochs, Flat, Left, NonFinite, Reached, SmallGradient
from talweg.descent.walk import ends, walk
from talweg.objective.typed.expression import Expression
from talweg.objective.typed.function import Function
from talweg.run.job import member_keys

BOWL = Expression.parse("x^2 + 3y^2 - x")
STARTS = np.array([[2.0, 1.0], [-1.0, 2.0], [0.5, -3.0]])


def walked(rule, starts=STARTS, value=BOWL, noise=None, optimizer="sgd", seed=0, **settings):
    with jax.enable_x64(True):
        members = len(starts)
        objective = Function(value, starts, None if noise is None else np.full(members, noise))
        made = make_optimizer(optimizer, members, dtype=np.float64, **settings)
        state = engine.init(objective, made, member_keys(seed, members))
        return walk(objective, made, state, rule, chunk=10), ends(objective, made, state, rule, chunk=10)


def test_gradient_descent_is_the_closed_form():
    """On a quadratic each coordinate shrinks by 1 − rate · curvature with each step."""
    told, last = walked(Epochs(23), learning_rate=0.1)
    steps = np.arange(24)[:, None]
    x = 0.5 + (STARTS[:, 0] - 0.5) * (1 - 0.2) ** steps
    y = STARTS[:, 1] * (1 - 0.6) ** steps
    np.testing.assert_allclose(told.params, np.stack([x, y], -1), atol=1e-14)
    np.testing.assert_allclose(told.loss, x**2 + 3 * y**2 - x, atol=1e-13)
    slope = np.hypot(2 * x - 1, 6 * y)[:-1]
    np.testing.assert_allclose(told.gradient_norm, slope, atol=1e-13)
    np.testing.assert_array_equal(last, told.params[-1])
    assert {outcome.kind for outcome in told.outcomes} == {"max_epochs"}


def test_a_member_stops_by_itself_and_stays():
    told, last = walked(NonFinite() | SmallGradient(0.5) | Epochs(100), learning_rate=0.1)
    for member, steps in enumerate(told.steps):
        before = told.gradient_norm[:steps, member]
        assert (before[:-1] > 0.5).all()
        assert before[-1] <= 0.5
        assert np.unique(told.params[steps:, member], axis=0).shape == (1, 2)
        np.testing.assert_array_equal(last[member], told.params[steps, member])
        assert told.outcomes[member].epoch == steps
        assert told.outcomes[member].kind == "small_gradient"
    assert len(set(told.steps)) > 1


def test_a_member_alone_is_itself_in_a_crowd_with_noise_too():
    crowd, _ = walked(Epochs(15), learning_rate=0.1, noise=0.5)
    alone, _ = walked(Epochs(15), STARTS[:1], learning_rate=0.1, noise=0.5)
    np.testing.assert_allclose(crowd.params[:, :1], alone.params, rtol=1e-12)
    assert not np.allclose(crowd.params, walked(Epochs(15), learning_rate=0.1)[0].params)


def test_noise_is_the_gradients_own_scale():
    """The first step's scatter over many members is the noise times the learning rate."""
    starts = np.zeros((4000, 2))
    told, _ = walked(Epochs(1), starts, learning_rate=0.1, noise=2.0)
    step = told.params[1] - (starts - 0.1 * np.array([-1.0, 0.0]))
    assert step.std(0) == pytest.approx([0.2, 0.2], rel=0.05)
    assert abs(step.mean(0)).max() < 0.02


def test_outcomes_say_what_happened():
    steep, _ = walked(NonFinite() | Left(((-4.0, 4.0), (-4.0, 4.0))) | Epochs(50), learning_rate=0.5)
    assert {outcome.kind for outcome in steep.outcomes} == {"left"}
    low, _ = walked(Reached("loss", 0.0, at_least=False) | Epochs(50), learning_rate=0.1)
    assert all(loss <= 0 for loss in low.loss[low.steps, range(3)])
    flat, _ = walked(Flat("loss", 1e-3, patience=2) | Epochs(200), learning_rate=0.1)
    assert {outcome.kind for outcome in flat.outcomes} == {"flat"}
    hole, _ = walked(NonFinite() | Epochs(9), value=Expression.parse("sqrt(x) + y^2"), learning_rate=0.1)
    assert hole.outcomes[1].kind == "non_finite"


@pytest.mark.parametrize("name", [*OPTIMIZERS, *ALIASES])
def test_every_optimizer_goes_down_a_quadratic(name):
    own = {"newton": 1.0, "lbfgs": 1.0, "bfgs": 1.0, "adagrad": 0.5, "nesterov": 0.02, "momentum": 0.02}
    rate = own.get(name, 0.05)
    told, _ = walked(Epochs(60), optimizer=name, learning_rate=rate)
    assert (told.loss[-1] < told.loss[0] - 0.5 * (told.loss[0] + 0.25)).all()


def test_newton_is_at_the_minimum_of_a_quadratic_after_one_step_and_does_not_climb_to_saddles():
    told, _ = walked(Epochs(1), optimizer="newton", learning_rate=1.0)
    np.testing.assert_allclose(told.params[1], [[0.5, 0.0]] * 3, atol=1e-12)
    saddle, _ = walked(Epochs(3), np.array([[1.0, 0.1]]), Expression.parse("x^2 - y^2"), optimizer="newton")
    assert saddle.loss[-1] < saddle.loss[0] - 1


def test_backtracking_never_goes_up_and_takes_the_first_half_that_is_low_enough():
    """Against Armijo's rule written out: halve until f falls by a ten-thousandth of what the slope promises."""
    told, _ = walked(Epochs(20), step_length="backtracking", learning_rate=2.0)
    assert (np.diff(told.loss, axis=0) <= 0).all()
    x, y = STARTS[0]
    slope, rate = np.array([2 * x - 1, 6 * y]), 2.0

    def value(p):
        return p[0] ** 2 + 3 * p[1] ** 2 - p[0]

    while value(STARTS[0] - rate * slope) > value(STARTS[0]) - 1e-4 * rate * slope @ slope:
        rate /= 2
    np.testing.assert_allclose(told.params[1, 0], STARTS[0] - rate * slope, atol=1e-12)


@pytest.mark.parametrize("name", ["lbfgs", "newton"])
def test_second_order_methods_find_what_scipy_finds(name):
    rosenbrock = Expression.parse("rosenbrock")
    told, _ = walked(SmallGradient(1e-9) | Epochs(300), STARTS, rosenbrock, optimizer=name, step_length="fixed")
    witness = minimize(lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2, STARTS[0]).x
    np.testing.assert_allclose(told.params[-1][0], witness, atol=1e-4)

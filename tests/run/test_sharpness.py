"""How sharp a run's valleys are, against the exact Hessian of its small network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from talweg.errors import ConfigError
from talweg.landscape import vectors


@pytest.fixture(scope="module")
def found(iris):
    return iris.sharpness(over=True, members=(2, 0))


@pytest.fixture(scope="module")
def exact(found):
    """Gradient and Hessian of the mean training loss at some params, formed in full."""
    ground = found.ground
    unravel = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), ground.params))[1]

    def loss(flat):
        sums = jax.vmap(lambda rows: ground.objective.metrics(unravel(flat), rows))(ground.rows)
        return sums["loss"].sum() / sums["weight"].sum()

    both = jax.jit(lambda flat: (jax.grad(loss)(flat), jax.hessian(loss)(flat)))

    def at(params):
        flat = ravel_pytree(jax.tree.map(jnp.asarray, params))[0]
        return tuple(np.asarray(array, np.float64) for array in both(flat))

    return at


def test_eigenvalues_trace_and_gradient_are_those_of_the_exact_hessian(iris, found, exact):
    gradient, hessian = exact(vectors.at(iris.params, 2))
    values = np.linalg.eigvalsh(hessian)
    member = found.summary["members"][0]
    assert member["member"] == 2
    np.testing.assert_allclose(member["eigenvalues"], values[:-4:-1], rtol=2e-3)
    assert member["lowest"] == pytest.approx(values[0], abs=2e-3 * values[-1])
    assert abs(member["trace"] - np.trace(hessian)) < 5 * member["trace_error"]
    assert member["gradient_norm"] == pytest.approx(np.linalg.norm(gradient), rel=1e-3)
    assert member["largest_stable_learning_rate"] == pytest.approx(2 / values[-1], rel=2e-3)
    assert member["learning_rate"] == pytest.approx(0.02)


def test_along_the_way_it_ends_where_the_run_did(iris, found, exact):
    along = found.along
    assert along.epochs[0] == 0
    assert along.epochs[-1] == 12
    assert len(along.epochs) == 13
    assert np.isfinite(along.sharpness).all()
    np.testing.assert_allclose(along.gradient[:, 0], found.start_gradient, rtol=1e-5)
    np.testing.assert_allclose(along.rate[:, 0], 0.02, rtol=1e-6)
    trajectory = iris.trajectory()
    params = jax.tree.map(lambda leaf: leaf[5, 0], trajectory.params)
    values = np.linalg.eigvalsh(exact(params)[1])
    assert along.sharpness[1, 5] == pytest.approx(values[-1], rel=2e-3)


def test_the_limit_belongs_to_gradient_descent(runs, found):
    assert not found.descends
    assert found.sentences()[-1].startswith("The limit is that of gradient descent; adamw scales its steps")
    descent = runs["breast-cancer"].sharpness(eigenvalues=1)
    assert descent.descends
    assert descent.momentum[0] == pytest.approx(0.9)
    member = descent.summary["members"][0]
    assert member["largest_stable_learning_rate"] == pytest.approx(3.8 / member["eigenvalues"][0], rel=1e-6)
    assert "was used" in descent.sentences()[0]
    with pytest.raises(ConfigError, match=r"at the end only; measure it on the ways too \(over=True\)"):
        descent.figure()


def test_its_picture(found, tmp_path):
    files = found.save(tmp_path)
    assert files["sharpness"].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"members": (5,)}, "there is no member 5"),
        ({"eigenvalues": 0}, "eigenvalues must be from 1 to 50, got 0"),
        ({"samples": 1}, "samples must be 2 or more, got 1"),
    ],
)
def test_what_does_not_fit_is_told(iris, settings, message):
    with pytest.raises(ConfigError, match=message):
        iris.sharpness(**settings)


def test_the_run_folder_keeps_what_was_measured_for_the_report(iris):
    measured = iris.sharpness(members=(1,), eigenvalues=1, samples=2)
    kept = iris.told.sharpness
    assert kept == measured.summary
    assert (kept["descends"], kept["members"][0]["member"]) == (False, 1)

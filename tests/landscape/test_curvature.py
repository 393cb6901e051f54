import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from jax.flatten_util import ravel_pytree

from talweg.landscape import vectors
from talweg.landscape.curvature import (
    curvature,
    eigenvectors_as_params,
    gradient_norm,
    hessian_product,
    lanczos,
    largest_stable_learning_rate,
    loss_and_gradient,
    trace,
)


@pytest.fixture(scope="module")
def exact(network, members, data):
    """Loss, gradient and full Hessian of a small network, of all rows at once."""
    x, y = data
    flat, unravel = ravel_pytree(vectors.at(members, 0))

    def loss(flat):
        return network.row_loss.per_row(network.outputs(unravel(flat), jnp.asarray(x)), jnp.asarray(y)).mean()

    return jax.device_get(jax.jit(lambda flat: (loss(flat), jax.grad(loss)(flat), jax.hessian(loss)(flat)))(flat))


@pytest.mark.parametrize("size", [16, 128])
def test_gradient_and_products_are_the_exact_ones(network, members, data, chunks_of, exact, size):
    params, rows = vectors.at(members, 0), chunks_of(size, *data)
    loss, gradient, hessian = exact
    found, slope = loss_and_gradient(network, params, rows)
    assert found == pytest.approx(float(loss), rel=1e-5)
    np.testing.assert_allclose(ravel_pytree(slope)[0], gradient, atol=1e-6)
    assert gradient_norm(slope) == pytest.approx(float(np.linalg.norm(gradient)), rel=1e-5)
    vector = np.random.default_rng(0).normal(size=len(hessian)).astype(np.float32)
    np.testing.assert_allclose(hessian_product(network, params, rows)(vector), hessian @ vector, atol=1e-4)


def test_lanczos_agrees_with_the_exact_hessian(network, members, data, chunks_of, exact):
    params, hessian = vectors.at(members, 0), exact[2]
    values, directions = np.linalg.eigh(hessian.astype(np.float64))
    product = hessian_product(network, params, chunks_of(32, *data))
    found = lanczos(product, len(hessian), count=3, tolerance=1e-5)
    np.testing.assert_allclose(found.values, values[:-4:-1], rtol=1e-4)
    np.testing.assert_allclose(np.abs((found.vectors * directions.T[:-4:-1]).sum(1)), 1.0, atol=1e-3)
    assert found.lowest == pytest.approx(values[0], rel=0.05)
    estimate = trace(product, len(hessian), samples=200)
    assert abs(estimate.value - np.trace(hessian)) < 4 * estimate.error


def test_a_quadratics_curvature_is_the_closed_form(quadratic):
    point = {"a": np.ones((2, 2), np.float32), "b": np.arange(5, dtype=np.float32)}
    flat = np.append(np.ones(4), np.arange(5.0))
    found = curvature(quadratic, point, samples=400)
    hessian = np.asarray(quadratic.hessian, np.float64)
    np.testing.assert_allclose(found.spectrum.values, [9.0, 5.0], rtol=1e-4)
    assert -1.5 - 1e-5 <= found.spectrum.lowest < -1.4
    assert found.loss == pytest.approx(flat @ hessian @ flat / 2, rel=1e-5)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(hessian @ flat), rel=1e-5)
    assert abs(found.trace.value - 19.3) < 4 * found.trace.error
    words = found.sentence(learning_rate=0.1)
    assert words.startswith("sharpness λ = 9, so that learning rates up to 0.222 are stable; 0.1 was used; gradient")
    assert words.endswith("a direction leads down (λ = -1.5)")
    steepest = eigenvectors_as_params(found.spectrum, point)
    assert steepest["a"].shape == (2, 2, 2)
    np.testing.assert_allclose(
        np.concatenate([steepest["a"].reshape(2, 4), steepest["b"]], axis=1), found.spectrum.vectors
    )


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.integers(-4, 9), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_lanczos_finds_repeated_eigenvalues_as_often_as_they_occur(values, seed):
    diagonal = np.array(values, float)
    count = min(3, len(values))
    found = lanczos(lambda vector: diagonal * vector, len(values), count, seed=seed, tolerance=1e-8)
    np.testing.assert_allclose(found.values, np.sort(diagonal)[::-1][:count], atol=1e-5)
    assert found.lowest == pytest.approx(diagonal.min(), abs=1e-5)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(count), atol=1e-5)


def test_twenty_iterations_are_enough_for_a_spectrum_like_a_networks():
    generator = np.random.default_rng(0)
    diagonal = np.append([30.0, 22.0, 15.0], generator.uniform(-0.5, 1.0, 3000))
    found = lanczos(lambda vector: diagonal * vector, len(diagonal), count=2, max_iterations=20)
    np.testing.assert_allclose(found.values, [30.0, 22.0], rtol=1e-4)
    assert found.iterations <= 20
    assert (found.residuals <= 1e-3 * 30.0).all()


def test_a_hessian_that_is_not_finite_is_told_as_nan():
    found = lanczos(lambda vector: vector * np.nan, 5)
    assert np.isnan(found.values).all()
    assert np.isnan(found.lowest)


def test_trace_error_is_that_of_the_mean():
    matrix = np.array([[1.0, 0.5], [0.5, 2.0]])
    errors = [trace(lambda v: matrix @ v, 2, samples, seed=1).error for samples in (64, 4096)]
    # Each sample is 3 ± 1 with equal chance, so its standard deviation is 1.
    np.testing.assert_allclose(errors, [1 / 8, 1 / 64], rtol=0.02)


def test_descent_is_stable_below_the_limit_and_thrown_out_above():
    def furthest(learning_rate, momentum):
        place, speed, seen = 1.0, 0.0, []
        for _ in range(400):
            speed = momentum * speed - learning_rate * 5.0 * place
            place += speed
            seen.append(abs(place))
        return max(seen[-20:])

    for momentum in (0.0, 0.5, 0.9):
        limit = largest_stable_learning_rate(5.0, momentum)
        assert furthest(0.98 * limit, momentum) < 1.0 < furthest(1.02 * limit, momentum)
    assert largest_stable_learning_rate(-1.0) == float("inf")
    assert largest_stable_learning_rate(0.0) == float("inf")


def test_products_compile_once(network, members, data, chunks_of, compilations):
    rows = chunks_of(32, *data)
    for member in range(3):
        product = hessian_product(network, vectors.at(members, member), rows)
        lanczos(product, vectors.size_of(vectors.at(members, 0)), max_iterations=5)
    assert len([name for name in compilations if "hessian" in name]) <= 1
    assert len(compilations) <= 1

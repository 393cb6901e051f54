"""A user's functions in Talweg's forms: the numbers and gradients that JAX alone gives, and what is left as it is."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from talweg.objective.foreign import user_model
from talweg.objective.losses import LOSSES
from talweg.objective.network import Network
from talweg.objective.recast import holds_slow, recast
from talweg.run.crowd import choose_crowd

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (3, 4, 9, 8))

LAYERS = {
    "plain": eqx.nn.Conv2d(4, 6, 3, key=KEY),
    "strided, dilated, in groups": eqx.nn.Conv2d(4, 6, (3, 2), (2, 1), ((1, 0), (2, 1)), (1, 2), groups=2, key=KEY),
    "transposed": eqx.nn.ConvTranspose2d(4, 5, 3, 2, 1, 1, key=KEY),
    "greatest of windows": eqx.nn.MaxPool2d(2, 2),
    "overlapping, padded": eqx.nn.MaxPool2d(3, 2, padding=1),
    "mean of windows": eqx.nn.AvgPool2d((2, 3), (1, 2)),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_of_equinox_has_the_values_and_the_gradients_that_it_has_alone(layer):
    arrays, rest = eqx.partition(layer, eqx.is_inexact_array)

    def alone(arrays, x):
        return jax.vmap(eqx.combine(arrays, rest))(x)

    def told(function):
        def value(arrays, x):
            found = function(arrays, x)
            return jnp.sum(jnp.sin(found)), found

        return jax.jit(jax.value_and_grad(value, (0, 1), has_aux=True))(arrays, X)

    assert not holds_slow(alone, arrays, X)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5), told(recast(alone)), told(alone))


def test_members_as_one_program_get_what_each_gets_alone():
    layer = LAYERS["plain"]
    kernels = jnp.stack([layer.weight, 2 * layer.weight])

    def alone(kernel):
        return jax.vmap(eqx.tree_at(lambda conv: conv.weight, layer, kernel))(X)

    each = [alone(kernel) for kernel in kernels]
    np.testing.assert_allclose(jax.jit(jax.vmap(recast(alone)))(kernels), jnp.stack(each), rtol=2e-4, atol=2e-5)


def test_what_a_function_jits_and_differentiates_by_its_own_rule_is_reached_and_kept():
    @jax.custom_vjp
    def halved(x):
        return x

    halved.defvjp(lambda x: (x, None), lambda _, slope: (slope / 2,))

    @jax.jit
    def convolved(x, kernel):
        return halved(lax.conv_general_dilated(jax.nn.relu(x), kernel, (1, 1), "SAME"))

    kernel = jax.random.normal(KEY, (2, 4, 3, 3))
    channels_first = "lhs_spec=(0, 1, 2, 3)"
    assert channels_first in str(jax.make_jaxpr(convolved)(X, kernel))
    assert channels_first not in str(jax.make_jaxpr(recast(convolved))(X, kernel))
    expected, found = (
        jax.grad(lambda x, function=function: function(x, kernel).sum())(X)
        for function in (convolved, recast(convolved))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_stands_in_a_loop_of_its_own_or_is_of_another_kind_is_left_as_it_is():
    kernel = jnp.ones((4, 4, 3, 3))

    def looped(x):
        return lax.fori_loop(0, 2, lambda _, x: lax.conv_general_dilated(x, kernel, (1, 1), "SAME"), x)

    def cut(x):
        return lax.conv_general_dilated(x, kernel, (1, 1), ((-1, 0), (0, 0)))

    for function in (looped, cut):
        assert holds_slow(function, X)
        np.testing.assert_array_equal(recast(function)(X), function(X))


def build_net(key, outputs):
    return eqx.nn.Sequential(
        [
            eqx.nn.Lambda(lambda x: x.transpose(2, 0, 1)),
            eqx.nn.Conv2d(1, 4, 3, key=key),
            eqx.nn.Lambda(lambda x: x.mean((1, 2))),
        ]
    )


def build_looped(key, outputs):
    conv = eqx.nn.Conv2d(1, 1, 3, padding=1, key=key)
    looped = eqx.nn.Lambda(lambda x: lax.fori_loop(0, 2, lambda _, x: conv(x), x.transpose(2, 0, 1)))
    return eqx.nn.Sequential([looped, eqx.nn.Lambda(jnp.ravel)])


@pytest.mark.parametrize(("build", "crowd"), [(build_net, "map"), (build_looped, "step")])
def test_a_network_whose_convolutions_are_recast_needs_no_call_for_each_step(build, crowd):
    model = user_model(build, (6, 6, 1), 4)
    assert choose_crowd(Network(model, LOSSES["mean_squared_error"], (6, 6, 1))) == crowd
